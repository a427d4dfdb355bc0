/*
 * DescriptorProto holds itself, and protobuf-c unpacks to any depth; so the
 * bytes are walked first, against the generated descriptors.
 */
#include "lib/wire/standard_set.h"

#include <string.h>

#include "lib/limits.h"
#include "lib/protowire.h"
#include "lib/wire/unpack.h"

#define OPTION_NUMBER 50731u
#define SCAN_FIELDS_MAX 65536u
#define NAMED_MAX 4096u

static enum alm_err scan(const ProtobufCMessageDescriptor *descriptor,
	struct alm_bytes rest, unsigned depth, size_t *fields_left)
{
	struct alm_proto_field read;

	if (depth >= ALM_DESCRIPTOR_DEPTH_MAX) {
		return ALM_TOO_DEEP;
	}
	while (rest.bytes > 0) {
		const ProtobufCFieldDescriptor *field;
		enum alm_err err = alm_proto_next(&rest, &read);

		if (err != ALM_OK || *fields_left == 0) {
			return ALM_MALFORMED;
		}
		(*fields_left)--;
		field = protobuf_c_message_descriptor_get_field(
			descriptor, read.number);
		if (field == NULL || field->type != PROTOBUF_C_TYPE_MESSAGE) {
			continue;
		}
		if (read.type != ALM_PROTO_BYTES) {
			return ALM_MALFORMED;
		}
		err = scan(
			field->descriptor, read.bytes, depth + 1, fields_left);
		if (err != ALM_OK) {
			return err;
		}
	}
	return ALM_OK;
}

static enum alm_err add(struct alm_standard_set *set, const char *name,
	const Google__Protobuf__DescriptorProto *message,
	const Google__Protobuf__EnumDescriptorProto *list)
{
	if (name == NULL) {
		return ALM_NOMEM;
	}
	if (set->count == set->capacity) {
		return ALM_STANDARD_INVALID;
	}
	set->items[set->count++] = (struct alm_named){name, message, list};
	return ALM_OK;
}

static enum alm_err add_lists(struct alm_standard_set *set,
	struct alm_arena *arena, const char *prefix,
	Google__Protobuf__EnumDescriptorProto *const *lists, size_t count)
{
	enum alm_err err = ALM_OK;

	for (size_t i = 0; i < count && err == ALM_OK; i++) {
		const char *name = lists[i]->name == NULL ? "" : lists[i]->name;

		err = add(set, alm_arena_printf(arena, "%s.%s", prefix, name),
			NULL, lists[i]);
	}
	return err;
}

/* As deep as the scan allowed. */
static enum alm_err add_messages(struct alm_standard_set *set,
	struct alm_arena *arena, const char *prefix,
	Google__Protobuf__DescriptorProto *const *messages, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const Google__Protobuf__DescriptorProto *message = messages[i];
		const char *name = alm_arena_printf(arena, "%s.%s", prefix,
			message->name == NULL ? "" : message->name);
		enum alm_err err = add(set, name, message, NULL);

		if (err == ALM_OK) {
			err = add_lists(set, arena, name, message->enum_type,
				message->n_enum_type);
		}
		if (err == ALM_OK) {
			err = add_messages(set, arena, name,
				message->nested_type, message->n_nested_type);
		}
		if (err != ALM_OK) {
			return err;
		}
	}
	return ALM_OK;
}

static enum alm_err add_file(struct alm_standard_set *set,
	struct alm_arena *arena,
	const Google__Protobuf__FileDescriptorProto *file)
{
	bool has_package = file->package != NULL && file->package[0] != '\0';
	const char *prefix = alm_arena_printf(arena, "%s%s",
		has_package ? "." : "", has_package ? file->package : "");
	enum alm_err err;

	if (prefix == NULL) {
		return ALM_NOMEM;
	}
	err = add_lists(set, arena, prefix, file->enum_type, file->n_enum_type);
	if (err != ALM_OK) {
		return err;
	}
	return add_messages(
		set, arena, prefix, file->message_type, file->n_message_type);
}

static enum alm_err unpack(struct alm_bytes bytes, struct alm_arena *arena,
	const Google__Protobuf__FileDescriptorSet **out_files,
	struct alm_problem *problem)
{
	size_t fields_left = SCAN_FIELDS_MAX;
	ProtobufCMessage *base = NULL;

	if (bytes.bytes > ALM_STANDARD_BYTES_MAX) {
		return alm_problem_set(problem, ALM_STANDARD_INVALID,
			"%zu bytes, at most %zu", bytes.bytes,
			ALM_STANDARD_BYTES_MAX);
	}
	if (scan(&google__protobuf__file_descriptor_set__descriptor, bytes, 0,
		    &fields_left) != ALM_OK ||
		alm_wire_unpack(
			&google__protobuf__file_descriptor_set__descriptor,
			bytes, arena, &base, NULL) != ALM_OK) {
		return alm_problem_set(problem, ALM_STANDARD_INVALID,
			"not a FileDescriptorSet");
	}
	*out_files = (const Google__Protobuf__FileDescriptorSet *)base;
	return ALM_OK;
}

enum alm_err alm_standard_set_read(struct alm_bytes bytes,
	struct alm_arena *arena, struct alm_standard_set *out_set,
	struct alm_problem *problem)
{
	const Google__Protobuf__FileDescriptorSet *files = NULL;
	struct alm_standard_set set = {.capacity = NAMED_MAX};
	enum alm_err err = unpack(bytes, arena, &files, problem);

	if (err != ALM_OK || files == NULL) {
		return err;
	}
	set.items = alm_arena_take(arena, NAMED_MAX * sizeof(set.items[0]));
	if (set.items == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "names");
	}
	for (size_t i = 0; i < files->n_file && err == ALM_OK; i++) {
		err = add_file(&set, arena, files->file[i]);
	}
	if (err != ALM_OK) {
		return alm_problem_set(
			problem, err, "too many messages and lists");
	}
	*out_set = set;
	return ALM_OK;
}

const struct alm_named *alm_standard_set_find(
	const struct alm_standard_set *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++) {
		if (strcmp(set->items[i].name, name) == 0) {
			return &set->items[i];
		}
	}
	return NULL;
}

/* Our option among those that descriptor.proto does not know. */
static enum alm_err read_option(const ProtobufCMessage *options,
	const ProtobufCMessageDescriptor *descriptor, struct alm_arena *arena,
	const ProtobufCMessage **out_option)
{
	const ProtobufCMessageUnknownField *found = NULL;
	ProtobufCMessage *option = NULL;
	struct alm_bytes bytes;
	uint64_t length;

	for (size_t i = 0; i < options->n_unknown_fields; i++) {
		if (options->unknown_fields[i].tag != OPTION_NUMBER) {
			continue;
		}
		if (found != NULL) {
			return ALM_STANDARD_INVALID;
		}
		found = &options->unknown_fields[i];
	}
	*out_option = NULL;
	if (found == NULL) {
		return ALM_OK;
	}
	/* protobuf-c leaves the length in front of the bytes. */
	bytes = (struct alm_bytes){found->data, found->len};
	if (found->wire_type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED ||
		alm_proto_varint(&bytes, 5, &length) != ALM_OK ||
		length != bytes.bytes ||
		alm_wire_unpack(descriptor, bytes, arena, &option, NULL) !=
			ALM_OK ||
		option->n_unknown_fields > 0) {
		return ALM_STANDARD_INVALID;
	}
	*out_option = option;
	return ALM_OK;
}

enum alm_err alm_standard_label(const Google__Protobuf__FieldOptions *options,
	struct alm_arena *arena, const Almoner__V1__Label **out_label)
{
	const ProtobufCMessage *option = NULL;
	enum alm_err err = options == NULL
				   ? ALM_OK
				   : read_option(&options->base,
					     &almoner__v1__label__descriptor,
					     arena, &option);

	if (err == ALM_OK) {
		*out_label = (const Almoner__V1__Label *)option;
	}
	return err;
}

enum alm_err alm_standard_mark(const Google__Protobuf__MessageOptions *options,
	struct alm_arena *arena, const Almoner__V1__Standard **out_mark)
{
	const ProtobufCMessage *option = NULL;
	enum alm_err err = options == NULL
				   ? ALM_OK
				   : read_option(&options->base,
					     &almoner__v1__standard__descriptor,
					     arena, &option);

	if (err == ALM_OK) {
		*out_mark = (const Almoner__V1__Standard *)option;
	}
	return err;
}
