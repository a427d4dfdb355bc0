/*
 * Conformance of a payload, on the wire bytes.  Messages nest as deep as the
 * standard's tree, which the loader has limited.
 */
#include "broker/core/fields.h"
#include "broker/core/format.h"
#include "broker/core/minimise.h"
#include "lib/protowire.h"

const struct alm_standard_field *alm_standard_find(
	const struct alm_standard_message *message, uint32_t number)
{
	size_t low = 0;
	size_t high = message->field_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (message->fields[middle].number == number) {
			return &message->fields[middle];
		}
		if (message->fields[middle].number < number) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return NULL;
}

/* The wire type of one value of the field. */
static enum alm_proto_type single_type(enum alm_field_type type)
{
	switch (type) {
	case ALM_FIELD_NUMBER:
	case ALM_FIELD_ENUM:
		return ALM_PROTO_VARINT;
	case ALM_FIELD_FIXED32:
		return ALM_PROTO_FIXED32;
	case ALM_FIELD_FIXED64:
		return ALM_PROTO_FIXED64;
	case ALM_FIELD_TEXT:
	case ALM_FIELD_BYTES:
	case ALM_FIELD_MESSAGE:
		return ALM_PROTO_BYTES;
	}
	return ALM_PROTO_BYTES;
}

bool alm_standard_takes(
	const struct alm_standard_field *field, enum alm_proto_type type)
{
	return type == single_type(field->type) ||
	       (type == ALM_PROTO_BYTES && field->is_repeated);
}

static void add_fault(struct alm_faults *faults, enum alm_err err,
	const char *path, uint32_t number)
{
	if (faults->count < ALM_FAULTS_MAX) {
		faults->items[faults->count++] =
			(struct alm_fault){err, path, number};
	}
}

static bool is_listed(const struct alm_standard_field *field, uint64_t value)
{
	for (size_t i = 0; i < field->value_count; i++) {
		/* A negative number travels as 64 bits with its sign. */
		if ((uint64_t)(int64_t)field->values[i] == value) {
			return true;
		}
	}
	return field->type != ALM_FIELD_ENUM;
}

/* Free text may break lines; other text may not. */
static bool is_text(struct alm_bytes text, bool is_free)
{
	size_t from = 0;

	for (size_t i = 0; is_free && i < text.bytes; i++) {
		uint8_t c = text.data[i];

		if (c == '\n' || c == '\r' || c == '\t') {
			struct alm_bytes part = {text.data + from, i - from};

			if (!alm_text_is_clean(part)) {
				return false;
			}
			from = i + 1;
		}
	}
	text.data += from;
	text.bytes -= from;
	return alm_text_is_clean(text);
}

static void check_bytes(struct alm_faults *faults,
	const struct alm_standard_field *field, struct alm_bytes bytes)
{
	if (bytes.bytes > field->bytes_max) {
		add_fault(faults, ALM_FIELD_TOO_LARGE, field->path, 0);
	} else if (field->type == ALM_FIELD_TEXT &&
		   !is_text(bytes, field->is_free_text)) {
		add_fault(faults, ALM_NOT_TEXT, field->path, 0);
	} else if (bytes.bytes > 0 && !alm_format_holds(field->format, bytes)) {
		add_fault(faults, ALM_VALUE_BAD, field->path, 0);
	}
}

/* Numbers side by side in one value; gives how many. */
static uint32_t check_packed(struct alm_faults *faults,
	const struct alm_standard_field *field, struct alm_bytes rest)
{
	size_t width = field->type == ALM_FIELD_FIXED32 ? 4 : 8;
	uint32_t count = 0;
	uint64_t value;

	if (single_type(field->type) != ALM_PROTO_VARINT) {
		if (rest.bytes % width != 0) {
			add_fault(faults, ALM_MALFORMED, field->path, 0);
		}
		return (uint32_t)(rest.bytes / width);
	}
	while (rest.bytes > 0) {
		if (alm_proto_varint(&rest, ALM_PROTO_VARINT_BYTES_MAX,
			    &value) != ALM_OK) {
			add_fault(faults, ALM_MALFORMED, field->path, 0);
			return count;
		}
		if (!is_listed(field, value)) {
			add_fault(faults, ALM_VALUE_BAD, field->path, 0);
		}
		count++;
	}
	return count;
}

static void check_message(struct alm_faults *faults,
	const struct alm_standard_message *message, struct alm_bytes rest);

/* Gives how many values the field held. */
static uint32_t check_value(struct alm_faults *faults,
	const struct alm_standard_field *field,
	const struct alm_proto_field *read)
{
	if (!alm_standard_takes(field, read->type)) {
		add_fault(faults, ALM_MALFORMED, field->path, 0);
		return 1;
	}
	switch (field->type) {
	case ALM_FIELD_MESSAGE:
		check_message(faults, field->message, read->bytes);
		return 1;
	case ALM_FIELD_TEXT:
	case ALM_FIELD_BYTES:
		check_bytes(faults, field, read->bytes);
		return 1;
	case ALM_FIELD_NUMBER:
	case ALM_FIELD_ENUM:
	case ALM_FIELD_FIXED32:
	case ALM_FIELD_FIXED64:
		break;
	}
	if (read->type == ALM_PROTO_BYTES) {
		return check_packed(faults, field, read->bytes);
	}
	if (!is_listed(field, read->value)) {
		add_fault(faults, ALM_VALUE_BAD, field->path, 0);
	}
	return 1;
}

/* An empty text is as good as none. */
static bool is_present(const struct alm_standard_field *field,
	const struct alm_proto_field *read)
{
	switch (field->type) {
	case ALM_FIELD_TEXT:
	case ALM_FIELD_BYTES:
		return read->bytes.bytes > 0;
	case ALM_FIELD_ENUM:
		return read->value != 0 || read->bytes.bytes > 0;
	case ALM_FIELD_NUMBER:
	case ALM_FIELD_FIXED32:
	case ALM_FIELD_FIXED64:
	case ALM_FIELD_MESSAGE:
		return true;
	}
	return false;
}

static void check_counts(struct alm_faults *faults,
	const struct alm_standard_message *message, const uint32_t *counts,
	uint64_t present)
{
	for (size_t i = 0; i < message->field_count; i++) {
		const struct alm_standard_field *field = &message->fields[i];

		if (counts[i] > field->count_max) {
			add_fault(faults,
				field->is_repeated ? ALM_TOO_MANY_VALUES
						   : ALM_DUPLICATE_FIELD,
				field->path, 0);
		}
		if (field->is_mandatory && (present >> i & 1) == 0) {
			add_fault(faults, ALM_MISSING_FIELD, field->path, 0);
		}
	}
}

static void check_message(struct alm_faults *faults,
	const struct alm_standard_message *message, struct alm_bytes rest)
{
	uint32_t counts[ALM_STANDARD_MESSAGE_FIELDS_MAX] = {0};
	uint64_t present = 0;
	struct alm_proto_field read;

	while (rest.bytes > 0) {
		const struct alm_standard_field *field;
		size_t i;

		if (alm_proto_next(&rest, &read) != ALM_OK) {
			add_fault(faults, ALM_MALFORMED, message->path, 0);
			return;
		}
		field = alm_standard_find(message, read.number);
		if (field == NULL) {
			add_fault(faults, ALM_UNKNOWN_FIELD, message->path,
				read.number);
			continue;
		}
		i = (size_t)(field - message->fields);
		counts[i] += check_value(faults, field, &read);
		if (is_present(field, &read)) {
			present |= UINT64_C(1) << i;
		}
	}
	check_counts(faults, message, counts, present);
}

enum alm_err alm_standard_conforms(const struct alm_standard *standard,
	struct alm_bytes payload, struct alm_faults *out_faults)
{
	out_faults->count = 0;
	check_message(out_faults, standard->payload, payload);
	return out_faults->count == 0 ? ALM_OK : ALM_NOT_CONFORMANT;
}
