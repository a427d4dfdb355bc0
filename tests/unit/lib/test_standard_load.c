/* Reads the compiled standards; the tests run from the root of the tree. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/protowire.h"
#include "lib/wire/standard_load.h"
#include "lib/wire/standard_set.h"

#define FOLDER "build/standards"

static struct alm_arena arena;
static struct alm_problem problem;

static void set_up(void)
{
	alm_arena_init(&arena, (size_t)16 * 1024 * 1024);
}

static void tear_down(void)
{
	alm_arena_fini(&arena);
}

TestSuite(standard_load, .init = set_up, .fini = tear_down);

/* The file's bytes, in the arena. */
static struct alm_bytes read_set(const char *name)
{
	char path[256];
	struct alm_bytes set = {NULL, 0};
	uint8_t *data;

	snprintf(path, sizeof(path), FOLDER "/%s", name);
	cr_assert_eq(alm_file_read(path, ALM_STANDARD_BYTES_MAX, &data,
			     &set.bytes, &problem),
		ALM_OK, "%s", problem.detail);
	set.data = data;
	set.data = alm_arena_copy(&arena, set);
	free(data);
	return set;
}

static const struct alm_standard_field *find(
	const struct alm_standard_message *message, const char *path)
{
	for (size_t i = 0; i < message->field_count; i++) {
		const struct alm_standard_field *field = &message->fields[i];
		const struct alm_standard_field *inner;

		if (strcmp(field->path, path) == 0) {
			return field;
		}
		inner = field->message == NULL ? NULL
					       : find(field->message, path);
		if (inner != NULL) {
			return inner;
		}
	}
	return NULL;
}

Test(standard_load, every_standard_of_the_tree_loads)
{
	DIR *folder = opendir(FOLDER);
	const struct dirent *entry;
	size_t count = 0;

	cr_assert_not_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		const struct alm_standard *standard;
		enum alm_err err;

		if (strstr(entry->d_name, ".fds") == NULL) {
			continue;
		}
		err = alm_standard_load(
			read_set(entry->d_name), &arena, &standard, &problem);
		cr_assert_eq(
			err, ALM_OK, "%s: %s", entry->d_name, problem.detail);
		/* The file is named for the standard. */
		cr_assert_eq(strncmp(entry->d_name, standard->id,
				     strlen(standard->id)),
			0);
		count++;
	}
	closedir(folder);
	cr_assert_geq(count, 8);
}

Test(standard_load, labels_become_tables)
{
	const struct alm_standard *standard;
	const struct alm_standard_field *field;

	cr_assert_eq(alm_standard_load(read_set("treatment-summary.fds"),
			     &arena, &standard, &problem),
		ALM_OK, "%s", problem.detail);
	cr_assert_str_eq(standard->id, "treatment-summary");
	cr_assert_str_eq(standard->version, "1.0.0");
	cr_assert_eq(standard->pseudonym_number, 16);
	field = find(standard->payload, "person.nhs_number");
	cr_assert_not_null(field);
	cr_assert_eq(field->class, ALM_FIELD_DIR);
	cr_assert_eq(field->format, ALM_FORMAT_NHS_NUMBER);
	cr_assert(field->is_mandatory);
	cr_assert_str_eq(field->category, "any");
	field = find(standard->payload, "medications.change");
	cr_assert_not_null(field);
	cr_assert_eq(field->type, ALM_FIELD_ENUM);
	cr_assert_eq(field->value_count, 5);
	cr_assert_str_eq(field->category, "medications");
	field = find(standard->payload, "contact.postcode");
	cr_assert_not_null(field);
	cr_assert_eq(field->coarsening, ALM_COARSEN_DISTRICT);
	cr_assert_str_eq(field->coarse_path, "contact.postcode:district");
	field = find(standard->payload, "contact.address");
	cr_assert_not_null(field);
	cr_assert_eq(field->coarsening, ALM_COARSEN_NONE);
	field = find(standard->payload, "procedures.done");
	cr_assert_not_null(field);
	cr_assert_eq(field->coarsening, ALM_COARSEN_MONTH);
	field = find(standard->payload, "clinical_summary");
	cr_assert(field != NULL && field->is_free_text);
	cr_assert_eq(field->bytes_max, 4096);
	field = find(standard->payload, "medications");
	cr_assert(field != NULL && field->is_repeated);
	cr_assert_eq(field->class, ALM_FIELD_NONE);
	cr_assert_eq(field->count_max, 64);
}

Test(standard_load, an_index_is_unique_and_below_the_count)
{
	const struct alm_standard *standard;
	bool seen[ALM_STANDARD_FIELDS_MAX] = {false};
	const struct alm_standard_message *stack[64];
	size_t depth = 1;
	size_t count = 0;

	cr_assert_eq(alm_standard_load(read_set("home-care-package.fds"),
			     &arena, &standard, &problem),
		ALM_OK);
	stack[0] = standard->payload;
	while (depth > 0) {
		const struct alm_standard_message *message = stack[--depth];

		for (size_t i = 0; i < message->field_count; i++) {
			uint32_t index = message->fields[i].index;

			cr_assert_lt(index, standard->field_count);
			cr_assert_not(seen[index]);
			seen[index] = true;
			count++;
			if (message->fields[i].message != NULL) {
				stack[depth++] = message->fields[i].message;
			}
		}
	}
	cr_assert_eq(count, standard->field_count);
}

static void refuses(struct alm_bytes set, const char *detail)
{
	const struct alm_standard *standard = NULL;

	cr_assert_eq(alm_standard_load(set, &arena, &standard, &problem),
		ALM_STANDARD_INVALID);
	cr_assert_null(standard);
	cr_assert_not_null(
		strstr(problem.detail, detail), "%s", problem.detail);
}

/* Pack a changed set again. */
static struct alm_bytes pack(const Google__Protobuf__FileDescriptorSet *set)
{
	size_t bytes =
		google__protobuf__file_descriptor_set__get_packed_size(set);
	uint8_t *data = alm_arena_take(&arena, bytes);

	cr_assert_not_null(data);
	google__protobuf__file_descriptor_set__pack(set, data);
	return (struct alm_bytes){data, bytes};
}

/* The support referral, to change; its own file is the last. */
static Google__Protobuf__FileDescriptorSet *unpack(void)
{
	struct alm_bytes set = read_set("support-referral.fds");
	Google__Protobuf__FileDescriptorSet *out =
		google__protobuf__file_descriptor_set__unpack(
			NULL, set.bytes, set.data);

	cr_assert_not_null(out);
	return out;
}

static Google__Protobuf__DescriptorProto *payload_of(
	Google__Protobuf__FileDescriptorSet *set)
{
	return set->file[set->n_file - 1]->message_type[0];
}

static void refuses_changed(
	Google__Protobuf__FileDescriptorSet *set, const char *detail)
{
	refuses(pack(set), detail);
	google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
}

Test(standard_load, refuses_a_field_without_a_label)
{
	Google__Protobuf__FileDescriptorSet *set = unpack();
	Google__Protobuf__FieldDescriptorProto *field =
		payload_of(set)->field[1];

	google__protobuf__field_options__free_unpacked(field->options, NULL);
	field->options = NULL;
	refuses_changed(set, "telephone: no label");
}

Test(standard_load, refuses_a_payload_without_a_mark)
{
	Google__Protobuf__FileDescriptorSet *set = unpack();

	google__protobuf__message_options__free_unpacked(
		payload_of(set)->options, NULL);
	payload_of(set)->options = NULL;
	refuses_changed(set, "one message must carry");
}

Test(standard_load, refuses_a_message_in_itself)
{
	Google__Protobuf__FileDescriptorSet *set = unpack();
	Google__Protobuf__FieldDescriptorProto *field =
		payload_of(set)->field[0];

	free(field->type_name);
	field->type_name = strdup(
		".almoner.standards.support_referral.v1.SupportReferral");
	refuses_changed(set, "nested too deep");
}

Test(standard_load, refuses_a_message_or_a_list_that_is_missing)
{
	Google__Protobuf__FileDescriptorSet *set = unpack();

	free(payload_of(set)->field[0]->type_name);
	payload_of(set)->field[0]->type_name = strdup(".nowhere");
	refuses_changed(set, "person: its message is missing");
	set = unpack();
	free(payload_of(set)->field[3]->type_name);
	payload_of(set)->field[3]->type_name = strdup(".nowhere");
	refuses_changed(set, "needs: its list of values is missing");
}

Test(standard_load, refuses_a_number_twice)
{
	Google__Protobuf__FileDescriptorSet *set = unpack();

	payload_of(set)->field[2]->number = 2;
	refuses_changed(set, "its number twice");
}

Test(standard_load, refuses_a_mandatory_number)
{
	Google__Protobuf__FileDescriptorSet *set = unpack();
	Google__Protobuf__FieldDescriptorProto *field =
		payload_of(set)->field[3];

	field->type =
		GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_INT32;
	refuses_changed(set, "cannot be mandatory");
}

Test(standard_load, refuses_a_format_on_what_is_not_text)
{
	Google__Protobuf__FileDescriptorSet *set = unpack();
	Google__Protobuf__FieldDescriptorProto *field =
		payload_of(set)->field[4];

	field->type =
		GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BYTES;
	refuses_changed(set, "referred_by: formats are for texts");
}

Test(standard_load, refuses_groups)
{
	Google__Protobuf__FileDescriptorSet *set = unpack();
	Google__Protobuf__FieldDescriptorProto *field =
		payload_of(set)->field[1];

	field->type =
		GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_GROUP;
	refuses_changed(set, "telephone: a type that is not supported");
}

/* Replace the label of field 1 (telephone) by these bytes. */
static void refuses_label(const char *raw, size_t bytes, const char *detail)
{
	Google__Protobuf__FileDescriptorSet *set = unpack();
	ProtobufCMessageUnknownField *option =
		&payload_of(set)->field[1]->options->base.unknown_fields[0];

	free(option->data);
	option->data = malloc(bytes + 1);
	option->len = bytes + 1;
	option->data[0] = (uint8_t)bytes;
	memcpy(option->data + 1, raw, bytes);
	refuses_changed(set, detail);
}

Test(standard_load, refuses_labels_that_say_too_little_or_nonsense)
{
	refuses_label("", 0, "telephone: no class");
	refuses_label("\x08\x02", 2, "telephone: no category");
	refuses_label("\x08\x02\x12\x03"
		      "any",
		7, "telephone: no category");
	refuses_label("\x08\x02\x12\x03"
		      "a b",
		7, "telephone: no category");
	refuses_label("\x08\x0d\x12\x01"
		      "a",
		5, "telephone: no class");
	refuses_label("\x08\x02\x12\x01"
		      "a\x20\x0a",
		7, "format");
	refuses_label("\x08\x02\x12\x01"
		      "a\x30\x81\x80\x40",
		9, "limit");
	refuses_label("\x08\x02\x12\x01"
		      "a\x78\x01",
		7, "cannot be read");
	refuses_label("\x08\x07\x12\x01"
		      "a",
		5, "a pseudonym is one field");
}

/* Class, category `a`, format and coarsening. */
static void refuses_rule(
	char class, char format, char coarsening, const char *detail)
{
	const char raw[] = {
		0x08, class, 0x12, 1, 'a', 0x20, format, 0x40, coarsening};

	refuses_label(raw, sizeof(raw), detail);
}

Test(standard_load, refuses_to_make_coarser_what_a_rule_does_not_read)
{
	static const char *const faults[] = {"telephone: BIRTH_YEAR is for",
		"telephone: AGE_BAND is for", "telephone: DISTRICT is for",
		"telephone: MONTH is for", "telephone: ETHNIC_GROUP is for",
		"telephone: ICD10_CATEGORY is for"};
	static const char right[] = {4, 4, 8, 3, 7, 7};

	for (char rule = 1; rule <= 6; rule++) {
		for (char format = 0; format <= 9; format++) {
			if (format != right[rule - 1]) {
				refuses_rule(2, format, rule, faults[rule - 1]);
			}
		}
		for (char class = 1; class <= 12; class ++) {
			if (class >= 6 || class == 1) {
				refuses_rule(class, right[rule - 1], rule,
					"telephone: only LOC, QID, CLIN and");
			}
		}
	}
	refuses_rule(2, 8, 7, "telephone: a coarsening that is unknown");
	refuses_label("\x08\x02\x12\x01"
		      "a\x20\x08\x40\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		18, "telephone: a coarsening that is unknown");
}

Test(standard_load, refuses_to_make_coarser_what_is_no_text)
{
	Google__Protobuf__FileDescriptorSet *set = unpack();
	Google__Protobuf__FieldDescriptorProto *field =
		payload_of(set)->field[1];
	ProtobufCMessageUnknownField *option =
		&field->options->base.unknown_fields[0];
	static const uint8_t raw[] = {7, 0x08, 2, 0x12, 1, 'a', 0x40, 4};

	free(option->data);
	option->data = malloc(sizeof(raw));
	option->len = sizeof(raw);
	memcpy(option->data, raw, sizeof(raw));
	field->type =
		GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_INT32;
	refuses_changed(set, "telephone: MONTH is for texts");
}

Test(standard_load, refuses_bytes_that_are_no_set)
{
	static const uint8_t noise[] = {0x0A, 0x05, 0x22, 0x80, 0xFF};
	uint8_t *large = alm_arena_take(&arena, ALM_STANDARD_BYTES_MAX + 1);

	refuses((struct alm_bytes){noise, sizeof(noise)}, "not a File");
	refuses((struct alm_bytes){NULL, 0}, "one message must carry");
	refuses((struct alm_bytes){large, ALM_STANDARD_BYTES_MAX + 1},
		"at most");
}

/* FileDescriptorSet.file = 1, .message_type = 4, then .nested_type = 3. */
Test(standard_load, refuses_descriptors_nested_without_end)
{
	enum { LEVELS = 2000 };
	uint8_t *data = alm_arena_take(&arena, 3 * (LEVELS + 2));
	size_t at = 3 * (LEVELS + 2);
	size_t end = at;

	for (int i = 0; i < LEVELS + 2; i++) {
		size_t inner = end - at;
		uint8_t header[8];
		size_t bytes;

		header[0] = i == LEVELS + 1 ? 0x0A : i == LEVELS ? 0x22 : 0x1A;
		bytes = 1 + alm_proto_put_varint(header + 1, inner);
		cr_assert_geq(at, bytes);
		at -= bytes;
		memcpy(data + at, header, bytes);
	}
	refuses((struct alm_bytes){data + at, end - at}, "not a File");
}
