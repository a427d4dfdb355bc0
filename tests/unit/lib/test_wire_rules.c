/*
 * Walks every field of the contract: the rules agree with the descriptors,
 * and each limit holds on both sides.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "lib/limits.h"
#include "lib/protowire.h"
#include "lib/wire/prescan.h"

#define BUFFER_BYTES (ALM_BUNDLE_BYTES_MAX + 1024)

static uint8_t *buffer;

static void set_up(void)
{
	buffer = malloc(BUFFER_BYTES);
	cr_assert_not_null(buffer);
}

static void tear_down(void)
{
	free(buffer);
}

TestSuite(wire_rules, .init = set_up, .fini = tear_down);

typedef void visit(const struct alm_wire_rules *rules, uint32_t number);

static void walk(const struct alm_wire_rules *rules, visit *each)
{
	for (uint32_t n = 1; n <= rules->field_count; n++) {
		if (rules->fields[n].name == NULL) {
			continue;
		}
		each(rules, n);
		if (rules->fields[n].child != NULL) {
			walk(rules->fields[n].child, each);
		}
	}
}

static void walk_all(visit *each)
{
	walk(&alm_wire_frame_rules, each);
	walk(&alm_wire_message_rules, each);
}

static bool is_known_type(ProtobufCType type)
{
	switch ((int)type) {
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_BOOL:
	case PROTOBUF_C_TYPE_ENUM:
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return true;
	default:
		return false;
	}
}

static unsigned count_fields(const struct alm_wire_rules *rules)
{
	unsigned count = 0;

	for (uint32_t n = 1; n <= rules->field_count; n++) {
		count += rules->fields[n].name == NULL ? 0 : 1;
	}
	return count;
}

static void agrees(const struct alm_wire_rules *rules, uint32_t n)
{
	const struct alm_wire_field *rule = &rules->fields[n];
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field(rules->descriptor, n);
	bool has_bytes;

	cr_assert_eq(rules->descriptor->n_fields, count_fields(rules));
	cr_assert_not_null(field, "%s", rule->name);
	has_bytes = field->type == PROTOBUF_C_TYPE_STRING ||
		    field->type == PROTOBUF_C_TYPE_BYTES;
	cr_assert_lt(rules->field_count, ALM_WIRE_FIELDS_MAX);
	cr_assert_eq(field->id, n);
	cr_assert_str_eq(rule->name, field->name);
	cr_assert(is_known_type(field->type), "%s", rule->name);
	cr_assert_eq(field->label == PROTOBUF_C_LABEL_REPEATED,
		rule->count_max > 1, "%s", rule->name);
	cr_assert_eq(
		field->type == PROTOBUF_C_TYPE_MESSAGE, rule->child != NULL);
	cr_assert_eq(has_bytes && rule->child == NULL,
		rule->bytes_max > 0 && rule->child == NULL, "%s", rule->name);
	if (rule->child != NULL) {
		cr_assert_eq(rule->child->descriptor, field->descriptor);
	}
}

Test(wire_rules, agree_with_the_descriptors)
{
	walk_all(agrees);
}

static bool is_delimited(const struct alm_wire_rules *rules, uint32_t n)
{
	return rules->fields[n].bytes_max > 0;
}

/* One value of the field, of `bytes` letters if it is a text or bytes. */
static size_t put_value(
	const struct alm_wire_rules *rules, uint32_t n, size_t at, size_t bytes)
{
	bool has_length = is_delimited(rules, n);

	at += alm_proto_put_varint(buffer + at,
		n << 3 | (has_length ? ALM_PROTO_BYTES : ALM_PROTO_VARINT));
	at += alm_proto_put_varint(buffer + at, has_length ? bytes : 1);
	if (has_length) {
		memset(buffer + at, 'x', bytes);
		at += bytes;
	}
	return at;
}

static enum alm_err scan(const struct alm_wire_rules *rules, size_t bytes,
	struct alm_problem *problem)
{
	return alm_wire_prescan(
		rules, (struct alm_bytes){buffer, bytes}, problem);
}

static void holds_its_length(const struct alm_wire_rules *rules, uint32_t n)
{
	const struct alm_wire_field *rule = &rules->fields[n];
	struct alm_problem problem;
	size_t bytes;

	if (rule->child != NULL || rule->bytes_max == 0) {
		return;
	}
	bytes = put_value(rules, n, 0, rule->bytes_max);
	cr_assert_eq(scan(rules, bytes, &problem), ALM_OK, "%s", rule->name);
	bytes = put_value(rules, n, 0, (size_t)rule->bytes_max + 1);
	cr_assert_eq(scan(rules, bytes, &problem), ALM_FIELD_TOO_LARGE, "%s",
		rule->name);
	cr_assert_not_null(strstr(problem.detail, rule->name));
}

Test(wire_rules, hold_the_length_of_each_field)
{
	walk_all(holds_its_length);
}

static void holds_its_count(const struct alm_wire_rules *rules, uint32_t n)
{
	const struct alm_wire_field *rule = &rules->fields[n];
	enum alm_err expected = rule->count_max == 1 ? ALM_DUPLICATE_FIELD
				: rules == &alm_wire_frame_rules
					? ALM_TOO_MANY_ENVELOPES
					: ALM_TOO_MANY_VALUES;
	struct alm_problem problem;
	size_t bytes = 0;

	for (uint32_t i = 0; i < rule->count_max; i++) {
		bytes = put_value(rules, n, bytes, 0);
	}
	cr_assert_eq(scan(rules, bytes, &problem), ALM_OK, "%s", rule->name);
	bytes = put_value(rules, n, bytes, 0);
	cr_assert_eq(scan(rules, bytes, &problem), expected, "%s", rule->name);
	cr_assert_not_null(strstr(problem.detail, rule->name));
}

Test(wire_rules, hold_the_count_of_each_field)
{
	walk_all(holds_its_count);
}

static void holds_its_packed_count(
	const struct alm_wire_rules *rules, uint32_t n)
{
	const struct alm_wire_field *rule = &rules->fields[n];
	size_t at;

	if (rule->count_max == 1 || is_delimited(rules, n)) {
		return;
	}
	at = alm_proto_put_varint(buffer, n << 3 | ALM_PROTO_BYTES);
	at += alm_proto_put_varint(buffer + at, rule->count_max);
	memset(buffer + at, 1, rule->count_max + 2);
	at += rule->count_max;
	cr_assert_eq(scan(rules, at, NULL), ALM_OK);
	/* One more, in the other encoding. */
	cr_assert_eq(scan(rules, put_value(rules, n, at, 0), NULL),
		ALM_TOO_MANY_VALUES);
	at = alm_proto_put_varint(buffer, n << 3 | ALM_PROTO_BYTES);
	at += alm_proto_put_varint(buffer + at, rule->count_max + 1);
	memset(buffer + at, 1, rule->count_max + 1);
	cr_assert_eq(scan(rules, at + rule->count_max + 1, NULL),
		ALM_TOO_MANY_VALUES);
}

Test(wire_rules, hold_the_count_of_packed_numbers)
{
	walk_all(holds_its_packed_count);
}

static void refuses_other_types(const struct alm_wire_rules *rules, uint32_t n)
{
	static const uint8_t values[] = {0, 0, 0, 0, 0, 0, 0, 0};
	bool is_packable = rules->fields[n].count_max > 1;

	for (uint32_t type = 0; type < 8; type++) {
		size_t at = alm_proto_put_varint(buffer, n << 3 | type);
		bool fits = type == (is_delimited(rules, n) ? ALM_PROTO_BYTES
							    : ALM_PROTO_VARINT);

		if (fits || (is_packable && type == ALM_PROTO_BYTES)) {
			continue;
		}
		memcpy(buffer + at, values, sizeof(values));
		at += type == ALM_PROTO_FIXED64   ? 8
		      : type == ALM_PROTO_FIXED32 ? 4
						  : 1;
		cr_assert_eq(scan(rules, at, NULL), ALM_MALFORMED, "%s type %u",
			rules->fields[n].name, type);
	}
}

Test(wire_rules, refuse_other_wire_types)
{
	walk_all(refuses_other_types);
}

static void refuses_unknown_fields(
	const struct alm_wire_rules *rules, uint32_t n)
{
	size_t at;

	if (n != 1 || rules->is_open) {
		return;
	}
	at = alm_proto_put_varint(
		buffer, ((uint64_t)rules->field_count + 1) << 3);
	buffer[at] = 1;
	cr_assert_eq(scan(rules, at + 1, NULL), ALM_UNKNOWN_FIELD);
	at = alm_proto_put_varint(buffer, UINT64_C(0x1FFFFFFF) << 3);
	buffer[at] = 1;
	cr_assert_eq(scan(rules, at + 1, NULL), ALM_UNKNOWN_FIELD);
}

static unsigned open_count;

/* Of every wire type, and a flood of them is one. */
static void passes_over_later_fields(
	const struct alm_wire_rules *rules, uint32_t n)
{
	static const uint8_t known[] = {8, 1};
	static const uint8_t fields[] = {0xF8, 1, 7, 0xFA, 1, 2, 'n', 'o', 0xFD,
		1, 1, 2, 3, 4, 0xF9, 1, 1, 2, 3, 4, 5, 6, 7, 8};
	static const uint8_t cut[] = {0xFA, 1, 200, 'n'};
	size_t at = sizeof(fields);

	if (n != 1 || !rules->is_open) {
		return;
	}
	open_count++;
	memcpy(buffer, fields, at);
	memcpy(buffer + at, known, sizeof(known));
	cr_assert_eq(scan(rules, at + sizeof(known), NULL), ALM_OK);
	memcpy(buffer, cut, sizeof(cut));
	cr_assert_eq(scan(rules, sizeof(cut), NULL), ALM_MALFORMED);
	for (unsigned i = 0; i < ALM_WIRE_UNKNOWN_MAX; i++) {
		memcpy(buffer + (size_t)3 * i, fields, 3);
	}
	cr_assert_eq(
		scan(rules, 3 * (size_t)ALM_WIRE_UNKNOWN_MAX, NULL), ALM_OK);
	memcpy(buffer + 3 * (size_t)ALM_WIRE_UNKNOWN_MAX, fields, 3);
	cr_assert_eq(scan(rules, 3 * ((size_t)ALM_WIRE_UNKNOWN_MAX + 1), NULL),
		ALM_UNKNOWN_FIELD);
}

Test(wire_rules, refuse_unknown_fields_in_every_message_but_two)
{
	walk_all(refuses_unknown_fields);
	walk_all(passes_over_later_fields);
	cr_expect_eq(open_count, 2, "hello and welcome");
}
