/*
 * The payload's message is expanded into a tree, depth first.  The number of
 * fields is limited over the whole tree, so a type that is used in many
 * places, or in itself, cannot make it grow.
 */
#include "lib/wire/standard_load.h"

#include <stdlib.h>
#include <string.h>

#include "lib/id.h"
#include "lib/wire/standard_set.h"

#define SCRATCH_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define TEXT_BYTES_DEFAULT 256u
#define FREE_TEXT_BYTES_DEFAULT 4096u
#define COUNT_DEFAULT 64u
#define COUNT_MAX 65536u
#define PSEUDONYM_BYTES 16u

typedef Google__Protobuf__FieldDescriptorProto descriptor_field;
typedef Google__Protobuf__DescriptorProto descriptor_message;

struct loader {
	struct alm_arena *arena;  /* of the standard */
	struct alm_arena scratch; /* of the descriptors */
	struct alm_standard_set set;
	struct alm_standard *standard;
	struct alm_problem *problem;
};

static enum alm_err invalid(
	const struct loader *l, const char *path, const char *what)
{
	return alm_problem_set(l->problem, ALM_STANDARD_INVALID, "%s: %s",
		path[0] == '\0' ? "payload" : path, what);
}

static enum alm_err no_memory(const struct loader *l)
{
	return alm_problem_set(l->problem, ALM_NOMEM, "standard");
}

static bool is_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

	return name != NULL && name[0] != '\0' &&
	       name[strspn(name, letters)] == '\0';
}

static enum alm_err take_type(const struct loader *l,
	const descriptor_field *in, struct alm_standard_field *out)
{
	switch ((int)in->type) {
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_DOUBLE:
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FIXED64:
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SFIXED64:
		out->type = ALM_FIELD_FIXED64;
		return ALM_OK;
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FLOAT:
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FIXED32:
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SFIXED32:
		out->type = ALM_FIELD_FIXED32;
		return ALM_OK;
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_INT64:
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_UINT64:
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_INT32:
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_UINT32:
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SINT32:
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SINT64:
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BOOL:
		out->type = ALM_FIELD_NUMBER;
		return ALM_OK;
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_ENUM:
		out->type = ALM_FIELD_ENUM;
		return ALM_OK;
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING:
		out->type = ALM_FIELD_TEXT;
		return ALM_OK;
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BYTES:
		out->type = ALM_FIELD_BYTES;
		return ALM_OK;
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_MESSAGE:
		out->type = ALM_FIELD_MESSAGE;
		return ALM_OK;
	default:
		return invalid(l, out->path, "a type that is not supported");
	}
}

static bool is_category(const char *category, enum alm_field_class class)
{
	if (strcmp(category, "any") == 0) {
		return class == ALM_FIELD_DIR || class == ALM_FIELD_ORG ||
		       class == ALM_FIELD_PSEU;
	}
	return alm_id_is_valid(category);
}

static enum alm_err check_label(const struct loader *l,
	const Almoner__V1__Label *label, const struct alm_standard_field *field)
{
	bool is_text = field->type == ALM_FIELD_TEXT;
	int class = (int)label->class_;
	int format = (int)label->format;

	if (class < ALM_FIELD_DIR || class > ALM_FIELD_PROT) {
		return invalid(l, field->path, "no class");
	}
	if (!is_category(label->category, (enum alm_field_class) class)) {
		return invalid(l, field->path,
			"no category of the policy; \"any\" is for DIR, ORG "
			"and PSEU");
	}
	if (format < ALM_FORMAT_ANY || format > ALM_FORMAT_PERIOD) {
		return invalid(l, field->path, "a format that is not known");
	}
	if (!is_text && (format != ALM_FORMAT_ANY || label->free_text)) {
		return invalid(l, field->path, "formats are for texts");
	}
	if (label->free_text && format != ALM_FORMAT_ANY) {
		return invalid(l, field->path, "free text has no format");
	}
	if (label->mandatory && field->type != ALM_FIELD_ENUM &&
		field->type < ALM_FIELD_TEXT) {
		return invalid(l, field->path,
			"a number is absent when it is 0, so it cannot be "
			"mandatory");
	}
	if (label->bytes_max > ALM_PAYLOAD_BYTES_MAX ||
		label->count_max > COUNT_MAX) {
		return invalid(l, field->path, "a limit out of its range");
	}
	return ALM_OK;
}

/* What each rule reads, and the word for what it leaves. */
static const struct coarsening {
	enum alm_field_format format;
	const char *form;
	const char *fault;
} coarsenings[] = {
	[ALM_COARSEN_YEAR] = {ALM_FORMAT_BIRTH_DATE, "year",
		"BIRTH_YEAR is for texts of the format BIRTH_DATE"},
	[ALM_COARSEN_AGE_BAND] = {ALM_FORMAT_BIRTH_DATE, "age-band",
		"AGE_BAND is for texts of the format BIRTH_DATE"},
	[ALM_COARSEN_DISTRICT] = {ALM_FORMAT_POSTCODE, "district",
		"DISTRICT is for texts of the format POSTCODE"},
	[ALM_COARSEN_MONTH] = {ALM_FORMAT_DATE, "month",
		"MONTH is for texts of the format DATE"},
	[ALM_COARSEN_ETHNIC_GROUP] = {ALM_FORMAT_CODE, "ethnic-group",
		"ETHNIC_GROUP is for texts of the format CODE"},
	[ALM_COARSEN_ICD10] = {ALM_FORMAT_CODE, "icd10-category",
		"ICD10_CATEGORY is for texts of the format CODE"},
};

static enum alm_err take_coarsening(struct loader *l,
	const Almoner__V1__Label *label, struct alm_standard_field *field)
{
	int rule = (int)label->coarsen;
	const struct coarsening *known;

	if (rule == ALM_COARSEN_NONE) {
		return ALM_OK;
	}
	if (rule < 0 || (size_t)rule >= ALM_COUNT(coarsenings)) {
		return invalid(l, field->path, "a coarsening that is unknown");
	}
	known = &coarsenings[rule];
	if (field->type != ALM_FIELD_TEXT || field->format != known->format) {
		return invalid(l, field->path, known->fault);
	}
	if (field->class != ALM_FIELD_LOC && field->class != ALM_FIELD_QID &&
		field->class != ALM_FIELD_CLIN &&
		field->class != ALM_FIELD_SENS) {
		return invalid(l, field->path,
			"only LOC, QID, CLIN and SENS are made coarser");
	}
	field->coarsening = (enum alm_coarsening)rule;
	field->coarse_path =
		alm_arena_printf(l->arena, "%s:%s", field->path, known->form);
	if (field->coarse_path == NULL) {
		return no_memory(l);
	}
	return strlen(field->coarse_path) > ALM_REF_BYTES_MAX
		       ? invalid(l, field->path, "a path that is too long")
		       : ALM_OK;
}

static enum alm_err take_label(struct loader *l,
	const Almoner__V1__Label *label, struct alm_standard_field *field)
{
	enum alm_err err = check_label(l, label, field);
	size_t bytes = strlen(label->category);

	if (err != ALM_OK) {
		return err;
	}
	field->category = alm_arena_text(l->arena, label->category, bytes);
	if (field->category == NULL) {
		return no_memory(l);
	}
	field->class = (enum alm_field_class)label->class_;
	field->format = (enum alm_field_format)label->format;
	field->is_mandatory = label->mandatory;
	field->is_free_text = label->free_text;
	field->bytes_max = label->bytes_max != 0 ? label->bytes_max
			   : label->free_text    ? FREE_TEXT_BYTES_DEFAULT
						 : TEXT_BYTES_DEFAULT;
	if (label->count_max != 0 && field->is_repeated) {
		field->count_max = label->count_max;
	}
	return take_coarsening(l, label, field);
}

static enum alm_err check_pseudonym(
	struct loader *l, const struct alm_standard_field *field, bool is_root)
{
	if (field->class != ALM_FIELD_PSEU) {
		return ALM_OK;
	}
	if (field->type != ALM_FIELD_BYTES || field->is_repeated || !is_root ||
		field->bytes_max != PSEUDONYM_BYTES ||
		l->standard->pseudonym_number != 0) {
		return invalid(l, field->path,
			"a pseudonym is one field of 16 bytes of the payload "
			"itself");
	}
	l->standard->pseudonym_number = field->number;
	return ALM_OK;
}

static enum alm_err take_values(struct loader *l, const descriptor_field *in,
	struct alm_standard_field *out)
{
	const struct alm_named *named = alm_standard_set_find(
		&l->set, in->type_name == NULL ? "" : in->type_name);
	int32_t *values;

	if (named == NULL || named->list == NULL || named->list->n_value == 0) {
		return invalid(l, out->path, "its list of values is missing");
	}
	values = alm_arena_take(
		l->arena, named->list->n_value * sizeof(values[0]));
	if (values == NULL) {
		return no_memory(l);
	}
	for (size_t i = 0; i < named->list->n_value; i++) {
		values[i] = named->list->value[i]->number;
	}
	out->values = values;
	out->value_count = named->list->n_value;
	return ALM_OK;
}

static enum alm_err load_message(struct loader *l, const descriptor_message *in,
	const char *path, unsigned depth,
	const struct alm_standard_message **out_message);

static enum alm_err take_message(struct loader *l, const descriptor_field *in,
	unsigned depth, struct alm_standard_field *out)
{
	const struct alm_named *named = alm_standard_set_find(
		&l->set, in->type_name == NULL ? "" : in->type_name);

	if (named == NULL || named->message == NULL) {
		return invalid(l, out->path, "its message is missing");
	}
	out->bytes_max = (uint32_t)ALM_PAYLOAD_BYTES_MAX;
	return load_message(
		l, named->message, out->path, depth + 1, &out->message);
}

static enum alm_err take_identity(struct loader *l, const descriptor_field *in,
	const char *prefix, struct alm_standard_field *out)
{
	bool is_root = prefix[0] == '\0';

	if (!is_name(in->name) || in->number < 1) {
		return invalid(l, prefix, "a field without name or number");
	}
	out->path = alm_arena_printf(
		l->arena, "%s%s%s", prefix, is_root ? "" : ".", in->name);
	if (out->path == NULL) {
		return no_memory(l);
	}
	if (strlen(out->path) > ALM_REF_BYTES_MAX) {
		return invalid(l, prefix, "a path that is too long");
	}
	if (l->standard->field_count >= ALM_STANDARD_FIELDS_MAX) {
		return invalid(l, out->path, "too many fields");
	}
	out->index = (uint32_t)l->standard->field_count++;
	out->number = (uint32_t)in->number;
	out->is_repeated =
		in->label ==
		GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
	out->count_max = out->is_repeated ? COUNT_DEFAULT : 1;
	out->category = "";
	return ALM_OK;
}

static enum alm_err load_field(struct loader *l, const descriptor_field *in,
	const char *prefix, unsigned depth, struct alm_standard_field *out)
{
	const Almoner__V1__Label *label = NULL;
	enum alm_err err = take_identity(l, in, prefix, out);

	if (err == ALM_OK) {
		err = take_type(l, in, out);
	}
	if (err != ALM_OK) {
		return err;
	}
	if (alm_standard_label(in->options, &l->scratch, &label) != ALM_OK) {
		return invalid(l, out->path, "its label cannot be read");
	}
	if (label == NULL && out->type != ALM_FIELD_MESSAGE) {
		return invalid(l, out->path, "no label");
	}
	if (label != NULL) {
		err = take_label(l, label, out);
	}
	if (err == ALM_OK) {
		err = check_pseudonym(l, out, prefix[0] == '\0');
	}
	if (err == ALM_OK && out->type == ALM_FIELD_ENUM) {
		err = take_values(l, in, out);
	}
	if (err == ALM_OK && out->type == ALM_FIELD_MESSAGE) {
		err = take_message(l, in, depth, out);
	}
	return err;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = ((const struct alm_standard_field *)a)->number;
	uint32_t y = ((const struct alm_standard_field *)b)->number;

	return x < y ? -1 : x > y;
}

static enum alm_err load_message(struct loader *l, const descriptor_message *in,
	const char *path, unsigned depth,
	const struct alm_standard_message **out_message)
{
	struct alm_standard_message *message =
		alm_arena_take(l->arena, sizeof(*message));
	struct alm_standard_field *fields =
		alm_arena_take(l->arena, in->n_field * sizeof(fields[0]));

	if (message == NULL || fields == NULL) {
		return no_memory(l);
	}
	if (depth >= ALM_STANDARD_DEPTH_MAX) {
		return invalid(l, path, "nested too deep, or in itself");
	}
	if (in->n_field == 0 || in->n_field > ALM_STANDARD_MESSAGE_FIELDS_MAX) {
		return invalid(l, path, "no fields, or too many");
	}
	for (size_t i = 0; i < in->n_field; i++) {
		enum alm_err err =
			load_field(l, in->field[i], path, depth, &fields[i]);

		if (err != ALM_OK) {
			return err;
		}
	}
	qsort(fields, in->n_field, sizeof(fields[0]), by_number);
	for (size_t i = 1; i < in->n_field; i++) {
		if (fields[i].number == fields[i - 1].number) {
			return invalid(l, fields[i].path, "its number twice");
		}
	}
	*message = (struct alm_standard_message){path, fields, in->n_field};
	*out_message = message;
	return ALM_OK;
}

/* The one message with a mark. */
static enum alm_err find_payload(struct loader *l,
	const descriptor_message **out_message,
	const Almoner__V1__Standard **out_mark)
{
	size_t count = 0;

	for (size_t i = 0; i < l->set.count; i++) {
		const descriptor_message *message = l->set.items[i].message;
		const Almoner__V1__Standard *mark = NULL;

		if (message == NULL) {
			continue;
		}
		if (alm_standard_mark(message->options, &l->scratch, &mark) !=
			ALM_OK) {
			return invalid(l, "", "its option cannot be read");
		}
		if (mark != NULL) {
			*out_message = message;
			*out_mark = mark;
			count++;
		}
	}
	if (count != 1) {
		return invalid(l, "",
			"one message must carry the option "
			"almoner.v1.standard");
	}
	if (!alm_id_is_valid((*out_mark)->id) ||
		!alm_id_is_valid((*out_mark)->version)) {
		return invalid(l, "", "its id or version is not valid");
	}
	return ALM_OK;
}

static enum alm_err load(struct loader *l, struct alm_bytes set)
{
	const descriptor_message *message = NULL;
	const Almoner__V1__Standard *mark = NULL;
	enum alm_err err =
		alm_standard_set_read(set, &l->scratch, &l->set, l->problem);

	if (err == ALM_OK) {
		err = find_payload(l, &message, &mark);
	}
	if (err != ALM_OK || message == NULL || mark == NULL) {
		return err;
	}
	l->standard = alm_arena_take(l->arena, sizeof(*l->standard));
	if (l->standard == NULL) {
		return no_memory(l);
	}
	l->standard->id = alm_arena_text(l->arena, mark->id, strlen(mark->id));
	l->standard->version =
		alm_arena_text(l->arena, mark->version, strlen(mark->version));
	if (l->standard->id == NULL || l->standard->version == NULL) {
		return no_memory(l);
	}
	return load_message(l, message, "", 0, &l->standard->payload);
}

enum alm_err alm_standard_load(struct alm_bytes set, struct alm_arena *arena,
	const struct alm_standard **out_standard, struct alm_problem *problem)
{
	struct loader l = {.arena = arena, .problem = problem};
	enum alm_err err;

	alm_arena_init(&l.scratch, SCRATCH_BYTES_MAX);
	err = load(&l, set);
	alm_arena_fini(&l.scratch);
	if (err == ALM_OK) {
		*out_standard = l.standard;
	}
	return err;
}
