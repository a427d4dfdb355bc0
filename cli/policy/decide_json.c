/*
 * A request is read member by member, so that a fault in one still leaves the
 * others to be judged.  A NUL inside a text becomes U+0001, which no word may
 * hold either, because a C string would end there and seem to be valid.
 */
#include "cli/policy/decide_json.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include <jansson.h>

#include "lib/id.h"
#include "lib/time.h"
#include "lib/words.h"

struct reading {
	struct alm_arena *arena;
	struct alm_request *out;
	int64_t at_s;
};

/* A copy of a string; NULL, and malformed, if it is none. */
static const char *copy_text(struct reading *r, const json_t *value)
{
	size_t bytes = json_string_length(value);
	char *copy = json_is_string(value)
			     ? alm_arena_text(r->arena,
				       json_string_value(value), bytes)
			     : NULL;

	if (copy == NULL) {
		r->out->is_malformed = true;
		return NULL;
	}
	for (size_t i = 0; i < bytes; i++) {
		if (copy[i] == '\0') {
			copy[i] = 1;
		}
	}
	return copy;
}

static void read_id(struct reading *r, const json_t *value)
{
	const char *text = copy_text(r, value);

	if (text != NULL && alm_request_id_is_valid(text)) {
		r->out->id = text;
	} else {
		r->out->is_malformed = true;
	}
}

static void read_at(struct reading *r, const json_t *value)
{
	const char *text = copy_text(r, value);

	if (text == NULL || alm_instant_parse(text, &r->at_s) != ALM_OK) {
		r->out->is_malformed = true;
	}
}

static void read_categories(struct reading *r, const json_t *value)
{
	size_t count = json_array_size(value);
	const char **items = NULL;
	size_t used = 0;

	if (json_is_array(value)) {
		items = alm_arena_take(r->arena, (count + 1) * sizeof(*items));
	}
	if (items == NULL) {
		r->out->is_malformed = true;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const char *text = copy_text(r, json_array_get(value, i));

		if (text != NULL) {
			items[used++] = text;
		}
	}
	if (used > 0 || count == 0) {
		r->out->categories = items;
		r->out->category_count = used;
	}
}

static void read_payload(struct reading *r, const json_t *value)
{
	const char *text = copy_text(r, value);

	if (text == NULL) {
		return;
	}
	r->out->has_payload = true;
	r->out->payload = (enum alm_level)alm_level_of(text);
}

static void read_override_kind(struct reading *r, const json_t *value)
{
	const char *text = copy_text(r, value);

	r->out->lacks_override_kind = text == NULL;
	if (text != NULL && strcmp(text, "emergency") == 0) {
		r->out->override_kind = ALM_OVERRIDE_EMERGENCY;
	} else if (text != NULL && strcmp(text, "guardian") == 0) {
		r->out->override_kind = ALM_OVERRIDE_GUARDIAN;
	}
}

static void read_override(struct reading *r, json_t *object)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object)) {
		r->out->is_malformed = true;
		return;
	}
	r->out->has_override = true;
	r->out->lacks_override_kind = true;
	json_object_foreach(object, key, value)
	{
		if (strcmp(key, "kind") == 0) {
			read_override_kind(r, value);
		} else if (strcmp(key, "by") == 0) {
			r->out->override_by = copy_text(r, value);
		} else if (strcmp(key, "reason") == 0) {
			r->out->override_reason = copy_text(r, value);
		} else {
			r->out->is_malformed = true;
		}
	}
}

static void read_relationship(struct reading *r, json_t *object)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object)) {
		r->out->is_malformed = true;
		return;
	}
	r->out->has_relationship = true;
	json_object_foreach(object, key, value)
	{
		if (strcmp(key, "kind") == 0) {
			r->out->relationship_kind = copy_text(r, value);
		} else if (strcmp(key, "ref") == 0) {
			r->out->relationship_ref = copy_text(r, value);
		} else if (strcmp(key, "organisation") == 0) {
			r->out->relationship_organisation = copy_text(r, value);
		} else {
			r->out->is_malformed = true;
		}
	}
}

static bool is_count(const json_t *value)
{
	return json_is_integer(value) && json_integer_value(value) >= 0;
}

static void read_not_before(struct reading *r, const json_t *object)
{
	const json_t *epoch = json_object_get(object, "epoch");
	const json_t *seq = json_object_get(object, "seq");

	if (json_object_size(object) != 2 || !is_count(epoch) ||
		!is_count(seq)) {
		r->out->is_malformed = true;
		return;
	}
	r->out->has_not_before = true;
	r->out->not_before_epoch = (uint64_t)json_integer_value(epoch);
	r->out->not_before_seq = (uint64_t)json_integer_value(seq);
}

static void read_batch(struct reading *r, const json_t *value)
{
	if (!json_is_boolean(value)) {
		r->out->is_malformed = true;
		return;
	}
	r->out->is_batch = json_is_true(value);
}

static bool read_text_member(
	struct reading *r, const char *key, const json_t *value)
{
	const struct {
		const char *key;
		const char **field;
	} members[] = {
		{"from", &r->out->from},
		{"to", &r->out->to},
		{"purpose", &r->out->purpose},
		{"subject", &r->out->subject},
		{"subject-unknown", &r->out->subject_unknown},
		{"basis", &r->out->basis},
	};

	for (size_t i = 0; i < ALM_COUNT(members); i++) {
		if (strcmp(key, members[i].key) == 0) {
			*members[i].field = copy_text(r, value);
			return true;
		}
	}
	return false;
}

static void read_member(struct reading *r, const char *key, json_t *value)
{
	if (read_text_member(r, key, value)) {
		return;
	}
	if (strcmp(key, "id") == 0) {
		read_id(r, value);
	} else if (strcmp(key, "at") == 0) {
		read_at(r, value);
	} else if (strcmp(key, "categories") == 0) {
		read_categories(r, value);
	} else if (strcmp(key, "payload") == 0) {
		read_payload(r, value);
	} else if (strcmp(key, "relationship") == 0) {
		read_relationship(r, value);
	} else if (strcmp(key, "override") == 0) {
		read_override(r, value);
	} else if (strcmp(key, "batch") == 0) {
		read_batch(r, value);
	} else if (strcmp(key, "not-before") == 0) {
		read_not_before(r, value);
	} else {
		r->out->is_malformed = true;
	}
}

/*
 * Strictly first; then, malformed already, with what stands twice and with
 * numbers that are too large let through, so that the rest can be read.
 */
static json_t *parse(struct alm_bytes line, bool *out_is_malformed)
{
	size_t flags = JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES;

	for (;;) {
		json_error_t error;
		json_t *root = json_loadb(
			(const char *)line.data, line.bytes, flags, &error);
		size_t relaxed = flags;

		if (root != NULL) {
			return root;
		}
		*out_is_malformed = true;
		if (json_error_code(&error) == json_error_duplicate_key) {
			relaxed &= ~(size_t)JSON_REJECT_DUPLICATES;
		} else if (json_error_code(&error) ==
			   json_error_numeric_overflow) {
			relaxed |= JSON_DECODE_INT_AS_REAL;
		}
		if (relaxed == flags) {
			return NULL;
		}
		flags = relaxed;
	}
}

void alm_request_json_read(struct alm_bytes line, struct alm_arena *arena,
	struct alm_request *out, int64_t *out_at_s)
{
	struct reading r = {.arena = arena, .out = out, .at_s = 0};
	const char *key;
	json_t *value;
	json_t *root = NULL;

	memset(out, 0, sizeof(*out));
	if (line.bytes <= ALM_REQUEST_LINE_BYTES_MAX) {
		root = parse(line, &out->is_malformed);
	}
	if (!json_is_object(root) || json_object_get(root, "at") == NULL) {
		out->is_malformed = true;
	}
	json_object_foreach(root, key, value)
	{
		read_member(&r, key, value);
	}
	json_decref(root);
	*out_at_s = r.at_s;
}

static void write_text(FILE *out, const char *text)
{
	if (text == NULL) {
		(void)fputs("null", out);
		return;
	}
	(void)putc_unlocked('"', out);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\') {
			(void)putc_unlocked('\\', out);
			(void)putc_unlocked(c, out);
		} else if (c < 0x20) {
			(void)fprintf(out, "\\u%04x", c);
		} else {
			(void)putc_unlocked(c, out);
		}
	}
	(void)putc_unlocked('"', out);
}

static void write_ids(FILE *out, const char *key, struct alm_ids ids)
{
	(void)fputs(key, out);
	for (size_t i = 0; i < ids.count; i++) {
		(void)putc_unlocked(i == 0 ? '[' : ',', out);
		write_text(out, ids.items[i]);
	}
	(void)fputs(ids.count == 0 ? "[]" : "]", out);
}

static void write_reasons(FILE *out, const struct alm_decision *decision)
{
	(void)fputs(",\"reasons\":[", out);
	for (size_t i = 0; i < decision->reason_count; i++) {
		(void)fprintf(out, i == 0 ? "%u" : ",%u",
			(unsigned)decision->reasons[i]);
	}
	(void)putc_unlocked(']', out);
}

void alm_decision_json_write(
	FILE *out, const char *id, const struct alm_decision *decision)
{
	(void)fputs("{\"id\":", out);
	write_text(out, id);
	(void)fprintf(out, ",\"effect\":\"%s\",\"code\":%u",
		alm_effect_word(decision->effect), decision->code);
	write_reasons(out, decision);
	(void)fputs(",\"basis\":", out);
	write_text(out, decision->basis);
	(void)fputs(",\"nearest\":", out);
	write_text(out, decision->nearest);
	write_ids(out, ",\"candidates\":", decision->candidates);
	write_ids(out, ",\"release\":", decision->release);
	write_ids(out, ",\"redact\":", decision->redact);
	(void)fputs(decision->strips_location ? ",\"strip\":[\"LOC\"]"
					      : ",\"strip\":[]",
		out);
	(void)fputs(",\"level\":", out);
	write_text(out, decision->level == ALM_LEVEL_UNKNOWN
				? NULL
				: alm_level_word(decision->level));
	if (decision->smallest_group == 0) {
		(void)fputs(",\"smallest-group\":null", out);
	} else {
		(void)fprintf(out, ",\"smallest-group\":%" PRIu32,
			decision->smallest_group);
	}
	write_ids(out, ",\"obligations\":", decision->obligations);
	write_ids(out, ",\"directives\":", decision->directives);
	write_ids(out, ",\"prohibitions\":", decision->prohibitions);
	write_ids(out, ",\"lifts\":", decision->lifts);
	(void)fprintf(out, ",\"epoch\":%" PRIu64 ",\"seq\":%" PRIu64 "}\n",
		decision->epoch, decision->seq);
}
