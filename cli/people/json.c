/* One record about a person from JSON; the rules of form are in core. */
#include "cli/people/json.h"

#include <stdbool.h>
#include <string.h>

#include <jansson.h>

#include "broker/core/record.h"
#include "cli/people/object.h"
#include "lib/limits.h"
#include "lib/nhs_number.h"
#include "lib/time.h"

/* What reading a record needs to know. */
struct reading {
	json_t *object;
	struct alm_arena *arena;
	struct alm_problem *problem;
	enum alm_err err; /* the first fault */
};

static void fail(struct reading *r, const char *field, const char *what)
{
	if (r->err == ALM_OK) {
		r->err = alm_problem_set(
			r->problem, ALM_RECORD_INVALID, "%s: %s", field, what);
	}
}

static void *take(struct reading *r, size_t bytes)
{
	void *at = alm_arena_take(r->arena, bytes);

	if (at == NULL && r->err == ALM_OK) {
		r->err = alm_problem_set(
			r->problem, ALM_NOMEM, "the records are too many");
	}
	return at;
}

/* A copy of a string; "" after a fault. */
static const char *copy_text(
	struct reading *r, const json_t *value, const char *field)
{
	const char *text = json_string_value(value);
	char *copy;

	if (text == NULL) {
		fail(r, field, value == NULL ? "missing" : "not a string");
		return "";
	}
	copy = take(r, json_string_length(value) + 1);
	if (copy == NULL) {
		return "";
	}
	return memcpy(copy, text, json_string_length(value) + 1);
}

static const char *read_text(struct reading *r, const char *field)
{
	return copy_text(r, json_object_get(r->object, field), field);
}

static int64_t read_instant(struct reading *r, const char *field)
{
	int64_t instant_s = 0;
	const char *text = read_text(r, field);

	if (r->err == ALM_OK && alm_instant_parse(text, &instant_s) != ALM_OK) {
		fail(r, field, "not an instant, YYYY-MM-DDTHH:MM:SSZ");
	}
	return instant_s;
}

static struct alm_period read_period(struct reading *r)
{
	struct alm_period period = {0, 0};
	const char *text = read_text(r, "valid");

	if (r->err == ALM_OK && alm_period_parse(text, &period) != ALM_OK) {
		fail(r, "valid",
			"not a period, YYYY-MM-DD to YYYY-MM-DD or until "
			"further notice");
	}
	return period;
}

static struct alm_word_list read_list(
	struct reading *r, const json_t *object, const char *field)
{
	const json_t *list = json_object_get(object, field);
	struct alm_word_list words = {NULL, 0};
	const char **items;
	size_t count = json_array_size(list);

	if (!json_is_array(list)) {
		fail(r, field, list == NULL ? "missing" : "not a list");
		return words;
	}
	if (count == 0) {
		fail(r, field, "an empty list");
		return words;
	}
	items = take(r, count * sizeof(*items));
	for (size_t i = 0; items != NULL && i < count; i++) {
		items[i] = copy_text(r, json_array_get(list, i), field);
	}
	if (items != NULL) {
		words = (struct alm_word_list){items, count};
	}
	return words;
}

static enum alm_effect_word effect_of(
	struct reading *r, const char *text, const char *field)
{
	if (strcmp(text, "deny") == 0) {
		return ALM_WORD_DENY;
	}
	if (strcmp(text, "permit") == 0) {
		return ALM_WORD_PERMIT;
	}
	if (strcmp(text, "withdrawn") == 0) {
		return ALM_WORD_WITHDRAWN;
	}
	fail(r, field, "not one of its words");
	return ALM_WORD_DENY;
}

/* Only letters and dashes are shown: a stray key could be anything. */
static bool can_show(const char *key)
{
	return strlen(key) <= 32 &&
	       key[strspn(key, "abcdefghijklmnopqrstuvwxyz-")] == '\0';
}

static void check_keys(struct reading *r, json_t *object,
	const char *const *allowed, size_t allowed_count)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		size_t i = 0;

		while (i < allowed_count && strcmp(key, allowed[i]) != 0) {
			i++;
		}
		if (i == allowed_count) {
			fail(r, can_show(key) ? key : "a key",
				"not a field of this type of record");
		}
	}
}

static void read_exception(
	struct reading *r, json_t *object, struct alm_directive_exception *out)
{
	static const char *const fields[] = {
		"effect", "purposes", "categories", "to"};

	if (!json_is_object(object)) {
		fail(r, "except", "not a list of objects");
		return;
	}
	check_keys(r, object, fields, ALM_COUNT(fields));
	out->effect = effect_of(r,
		copy_text(r, json_object_get(object, "effect"), "except"),
		"except");
	out->purposes = read_list(r, object, "purposes");
	out->categories = read_list(r, object, "categories");
	out->to = read_list(r, object, "to");
}

static void read_exceptions(struct reading *r, struct alm_directive *out)
{
	json_t *list = json_object_get(r->object, "except");
	struct alm_directive_exception *items;
	size_t count = json_array_size(list);

	if (list == NULL) {
		return;
	}
	if (count == 0) {
		fail(r, "except",
			json_is_array(list) ? "an empty list" : "not a list");
		return;
	}
	items = take(r, count * sizeof(*items));
	for (size_t i = 0; items != NULL && i < count; i++) {
		read_exception(r, json_array_get(list, i), &items[i]);
	}
	if (items != NULL) {
		out->exceptions = items;
		out->exception_count = count;
	}
}

static void read_directive(struct reading *r, struct alm_directive *out)
{
	static const char *const fields[] = {"type", "id", "subject",
		"authority", "scope", "recorded", "effect", "purposes",
		"categories", "to", "except", "valid"};

	out->effect = effect_of(r, read_text(r, "effect"), "effect");
	check_keys(r, r->object, fields,
		out->effect == ALM_WORD_WITHDRAWN ? 7 : ALM_COUNT(fields));
	out->id = read_text(r, "id");
	out->authority = read_text(r, "authority");
	out->scope = read_text(r, "scope");
	out->recorded_s = read_instant(r, "recorded");
	if (out->effect != ALM_WORD_WITHDRAWN) {
		out->purposes = read_list(r, r->object, "purposes");
		out->categories = read_list(r, r->object, "categories");
		out->to = read_list(r, r->object, "to");
		out->valid = read_period(r);
		read_exceptions(r, out);
	}
}

/* True if the record ends an earlier one; else its period is in `out`. */
static bool read_end(struct reading *r, struct alm_period *out)
{
	if (json_object_get(r->object, "effect") == NULL) {
		*out = read_period(r);
		return false;
	}
	if (strcmp(read_text(r, "effect"), "withdrawn") != 0) {
		fail(r, "effect", "not withdrawn");
	}
	if (json_object_get(r->object, "valid") != NULL) {
		fail(r, "valid", "a withdrawal has none");
	}
	return true;
}

static void read_relationship(struct reading *r, struct alm_relationship *out)
{
	static const char *const fields[] = {"type", "subject", "organisation",
		"role", "recorded", "valid", "effect"};

	check_keys(r, r->object, fields, ALM_COUNT(fields));
	out->organisation = read_text(r, "organisation");
	out->role = read_text(r, "role");
	out->recorded_s = read_instant(r, "recorded");
	out->is_withdrawal = read_end(r, &out->valid);
}

static void read_opt_out(struct reading *r, struct alm_opt_out *out)
{
	static const char *const fields[] = {
		"type", "subject", "list", "state", "as-of", "recorded"};
	const char *list = read_text(r, "list");
	const char *state = read_text(r, "state");
	bool is_national = strcmp(list, "national") == 0;
	const char *objecting = is_national ? "opted-out" : "objected";

	check_keys(r, r->object, fields, ALM_COUNT(fields));
	if (!is_national && strcmp(list, "type-1") != 0) {
		fail(r, "list", "neither national nor type-1");
	}
	out->list = is_national ? ALM_OPT_OUT_NATIONAL : ALM_OPT_OUT_TYPE_1;
	out->is_objecting = strcmp(state, objecting) == 0;
	if (!out->is_objecting &&
		strcmp(state, is_national ? "clear" : "none") != 0) {
		fail(r, "state", "not a state of this list");
	}
	out->as_of_s = read_instant(r, "as-of");
	out->recorded_s = read_instant(r, "recorded");
}

static void read_flag(struct reading *r, struct alm_flag *out)
{
	static const char *const fields[] = {
		"type", "subject", "flag", "recorded", "valid", "effect"};

	check_keys(r, r->object, fields, ALM_COUNT(fields));
	if (strcmp(read_text(r, "flag"), "location-withheld") != 0) {
		fail(r, "flag", "not location-withheld");
	}
	out->flag = ALM_FLAG_LOCATION_WITHHELD;
	out->recorded_s = read_instant(r, "recorded");
	out->is_withdrawal = read_end(r, &out->valid);
}

static void read_record(struct reading *r, struct alm_person_record *out)
{
	const char *type = read_text(r, "type");
	const char *subject = read_text(r, "subject");

	if (r->err == ALM_OK && !alm_nhs_number_is_valid(subject)) {
		fail(r, "subject", "not 10 digits with a correct check digit");
	}
	if (r->err != ALM_OK) {
		return;
	}
	memcpy(out->subject, subject, sizeof(out->subject));
	if (strcmp(type, "directive") == 0) {
		out->type = ALM_RECORD_DIRECTIVE;
		read_directive(r, &out->directive);
	} else if (strcmp(type, "relationship") == 0) {
		out->type = ALM_RECORD_RELATIONSHIP;
		read_relationship(r, &out->relationship);
	} else if (strcmp(type, "opt-out") == 0) {
		out->type = ALM_RECORD_OPT_OUT;
		read_opt_out(r, &out->opt_out);
	} else if (strcmp(type, "flag") == 0) {
		out->type = ALM_RECORD_FLAG;
		read_flag(r, &out->flag);
	} else {
		fail(r, "type", "not directive, relationship, opt-out or flag");
	}
}

enum alm_err alm_people_object_read(json_t *object, struct alm_arena *arena,
	struct alm_person_record *out, struct alm_problem *problem)
{
	struct reading r = {
		.object = object, .arena = arena, .problem = problem};
	struct alm_person_record record;

	memset(&record, 0, sizeof(record));
	read_record(&r, &record);
	if (r.err == ALM_OK) {
		r.err = alm_record_check(&record, problem);
	}
	if (r.err == ALM_OK) {
		*out = record;
	}
	return r.err;
}

enum alm_err alm_people_json_read(struct alm_bytes line,
	struct alm_arena *arena, struct alm_person_record *out,
	struct alm_problem *problem)
{
	json_error_t error;
	json_t *object;
	enum alm_err err;

	if (line.bytes > ALM_PERSON_RECORD_BYTES_MAX) {
		return alm_problem_set(problem, ALM_RECORD_INVALID,
			"the line is longer than %zu bytes",
			ALM_PERSON_RECORD_BYTES_MAX);
	}
	object = json_loadb((const char *)line.data, line.bytes,
		JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(object)) {
		bool is_twice =
			object == NULL &&
			json_error_code(&error) == json_error_duplicate_key;

		json_decref(object);
		return alm_problem_set(problem, ALM_RECORD_INVALID, "%s",
			is_twice ? "a key stands twice"
				 : "not one JSON object");
	}
	err = alm_people_object_read(object, arena, out, problem);
	json_decref(object);
	return err;
}
