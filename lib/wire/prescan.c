/*
 * One pass over the bytes, one stack frame for each level.  Values are counted
 * by field number, so that a second value of a singular field is seen; the
 * members of a oneof share count 0, and in a message without one so do fields
 * of a later release.
 */
#include "lib/wire/prescan.h"

#include <stdio.h>
#include <string.h>

#include "lib/limits.h"
#include "lib/protowire.h"

/* Where the scan is: a list from the innermost message outwards. */
struct level {
	const struct level *outer;
	const struct alm_wire_rules *rules;
	uint32_t number; /* of the field being read; 0: none yet */
	uint32_t index;  /* of its value */
	uint32_t depth;
	uint32_t counts[ALM_WIRE_FIELDS_MAX];
};

static size_t write_path(const struct level *level, char *out, size_t bytes)
{
	const struct alm_wire_field *field =
		&level->rules->fields[level->number];
	size_t at =
		level->outer == NULL ? 0 : write_path(level->outer, out, bytes);
	int written;

	if (level->number == 0 || at >= bytes) {
		return at;
	}
	if (field->count_max > 1) {
		written = snprintf(out + at, bytes - at, "%s%s[%u]",
			at == 0 ? "" : ".", field->name, level->index);
	} else {
		written = snprintf(out + at, bytes - at, "%s%s",
			at == 0 ? "" : ".", field->name);
	}
	return written < 0 ? at : at + (size_t)written;
}

static enum alm_err fault(const struct level *level,
	struct alm_problem *problem, enum alm_err err, const char *what)
{
	char path[256] = "";

	if (problem == NULL) {
		return err;
	}
	(void)write_path(level, path, sizeof(path));
	return alm_problem_set(problem, err, "%s%s%s",
		path[0] == '\0' ? "frame" : path, what[0] == '\0' ? "" : ": ",
		what);
}

static bool is_length_delimited(ProtobufCType type)
{
	return type == PROTOBUF_C_TYPE_STRING ||
	       type == PROTOBUF_C_TYPE_BYTES || type == PROTOBUF_C_TYPE_MESSAGE;
}

/* The contract uses varints of these types only; a test keeps it so. */
static bool is_in_range(ProtobufCType type, uint64_t value)
{
	switch ((int)type) {
	case PROTOBUF_C_TYPE_UINT64:
		return true;
	case PROTOBUF_C_TYPE_BOOL:
		return value <= 1;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_ENUM:
		return value <= UINT32_MAX;
	default:
		return false;
	}
}

static enum alm_err count_values(
	struct level *level, uint32_t count, struct alm_problem *problem)
{
	const struct alm_wire_field *field =
		&level->rules->fields[level->number];
	uint32_t *counted = &level->counts[level->number];

	level->index = *counted;
	*counted += count;
	if (*counted <= field->count_max) {
		return ALM_OK;
	}
	if (field->count_max == 1) {
		return fault(level, problem, ALM_DUPLICATE_FIELD, "");
	}
	if (level->rules == &alm_wire_frame_rules) {
		return fault(level, problem, ALM_TOO_MANY_ENVELOPES, "");
	}
	level->index = field->count_max;
	return fault(level, problem, ALM_TOO_MANY_VALUES, "");
}

static enum alm_err scan_packed(struct level *level, ProtobufCType type,
	struct alm_bytes rest, struct alm_problem *problem)
{
	uint32_t count = 0;
	uint64_t value;

	while (rest.bytes > 0) {
		if (alm_proto_varint(&rest, ALM_PROTO_VARINT_BYTES_MAX,
			    &value) != ALM_OK ||
			!is_in_range(type, value)) {
			return fault(level, problem, ALM_MALFORMED,
				"not a number of its type");
		}
		count++;
	}
	return count_values(level, count, problem);
}

static enum alm_err scan_message(const struct level *outer,
	const struct alm_wire_rules *rules, struct alm_bytes rest,
	struct alm_problem *problem);

static enum alm_err scan_bytes(struct level *level, ProtobufCType type,
	struct alm_bytes bytes, struct alm_problem *problem)
{
	const struct alm_wire_field *field =
		&level->rules->fields[level->number];

	if (bytes.bytes > field->bytes_max) {
		return fault(level, problem, ALM_FIELD_TOO_LARGE, "");
	}
	if (type == PROTOBUF_C_TYPE_MESSAGE) {
		return scan_message(level, field->child, bytes, problem);
	}
	if (type == PROTOBUF_C_TYPE_STRING && !alm_text_is_clean(bytes)) {
		return fault(level, problem, ALM_NOT_TEXT, "");
	}
	return ALM_OK;
}

static enum alm_err scan_field(struct level *level,
	const struct alm_proto_field *read, struct alm_problem *problem)
{
	const ProtobufCFieldDescriptor *known =
		protobuf_c_message_descriptor_get_field(
			level->rules->descriptor, read->number);
	enum alm_err err;

	level->number = read->number;
	if ((known->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
		level->counts[0]++ > 0) {
		return fault(level, problem, ALM_DUPLICATE_FIELD,
			"one member of the choice only");
	}
	if (known->label == PROTOBUF_C_LABEL_REPEATED &&
		!is_length_delimited(known->type) &&
		read->type == ALM_PROTO_BYTES) {
		return scan_packed(level, known->type, read->bytes, problem);
	}
	err = count_values(level, 1, problem);
	if (err != ALM_OK) {
		return err;
	}
	if (read->type == ALM_PROTO_BYTES && is_length_delimited(known->type)) {
		return scan_bytes(level, known->type, read->bytes, problem);
	}
	if (read->type != ALM_PROTO_VARINT ||
		!is_in_range(known->type, read->value)) {
		return fault(level, problem, ALM_MALFORMED,
			"not a value of its type");
	}
	return ALM_OK;
}

/* What a later release has added to it, if that may be passed over. */
static enum alm_err scan_unknown(
	struct level *level, uint32_t number, struct alm_problem *problem)
{
	char what[32];

	if (level->rules->is_open &&
		level->counts[0]++ < ALM_WIRE_UNKNOWN_MAX) {
		return ALM_OK;
	}
	(void)snprintf(what, sizeof(what), "field %u", number);
	return fault(level, problem, ALM_UNKNOWN_FIELD, what);
}

static enum alm_err scan_message(const struct level *outer,
	const struct alm_wire_rules *rules, struct alm_bytes rest,
	struct alm_problem *problem)
{
	struct level level = {.outer = outer,
		.rules = rules,
		.depth = outer == NULL ? 0 : outer->depth + 1};
	struct alm_proto_field read;

	if (level.depth >= ALM_WIRE_DEPTH_MAX) {
		return fault(&level, problem, ALM_TOO_DEEP, "");
	}
	while (rest.bytes > 0) {
		enum alm_err err;

		level.number = 0;
		if (alm_proto_next(&rest, &read) != ALM_OK) {
			return fault(&level, problem, ALM_MALFORMED,
				"the bytes end or break inside it");
		}
		err = read.number > rules->field_count ||
				      rules->fields[read.number].name == NULL
			      ? scan_unknown(&level, read.number, problem)
			      : scan_field(&level, &read, problem);
		if (err != ALM_OK) {
			return err;
		}
	}
	return ALM_OK;
}

enum alm_err alm_wire_prescan(const struct alm_wire_rules *rules,
	struct alm_bytes bytes, struct alm_problem *problem)
{
	return scan_message(NULL, rules, bytes, problem);
}
