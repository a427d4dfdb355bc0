/*
 * check_page.c - whether a page of `almoner audit query --proof --json` is what
 * the log says: its head is signed, each row leads to it, and each row says
 * what its header says.
 */
#include <string.h>

#include <jansson.h>

#include "cli/audit/evidence.h"
#include "lib/id.h"
#include "lib/time.h"
#include "lib/words.h"

#define HEADER_BYTES_MAX ((size_t)64 * 1024)
#define PATH_MAX_STEPS 64u

/** A page being checked. */
struct page {
	struct alm_hash *hash;
	struct alm_arena *arena;
	const struct alm_checkpoint *head;
	struct alm_problem *problem;
};

static enum alm_err wrong(
	struct page *page, const json_t *row, const char *what)
{
	return alm_problem_set(page->problem, ALM_PROOF_WRONG,
		"record %lld: %s",
		(long long)json_integer_value(json_object_get(row, "seq")),
		what);
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

/* The bytes that hex digits say; empty where there are none or other signs. */
static struct alm_bytes bytes_of(
	struct page *page, const json_t *row, const char *key)
{
	const char *text = text_of(row, key);
	size_t bytes = strlen(text) / 2;
	uint8_t *data;

	if (bytes == 0 || bytes > HEADER_BYTES_MAX || strlen(text) % 2 != 0) {
		return (struct alm_bytes){NULL, 0};
	}
	data = alm_arena_take(page->arena, bytes);
	return data != NULL && alm_unhex(text, data, bytes) == ALM_OK
		       ? (struct alm_bytes){data, bytes}
		       : (struct alm_bytes){NULL, 0};
}

/* null is 0: none. */
static bool has_number(const json_t *row, const char *key, uint64_t value)
{
	const json_t *number = json_object_get(row, key);

	return json_is_null(number)
		       ? value == 0
		       : json_is_integer(number) &&
				 (uint64_t)json_integer_value(number) == value;
}

static bool has_text(const json_t *row, const char *key, const char *value)
{
	return json_is_string(json_object_get(row, key)) &&
	       strcmp(text_of(row, key), value) == 0;
}

/* A person may be left out of a row, but not be another. */
static bool has_person(const json_t *row, const struct alm_audit_record *record)
{
	char person[2 * sizeof(record->person) + 1] = "";

	if (record->has_person) {
		alm_hex(record->person, sizeof(record->person), person);
	}
	return has_text(row, "person", "") || has_text(row, "person", person);
}

static bool says_the_same(
	const json_t *row, const struct alm_audit_record *record)
{
	char time_text[ALM_INSTANT_US_TEXT_BYTES];
	char message[ALM_UUID_TEXT_BYTES] = "";
	const char *name =
		record->code > 1
			? alm_err_info((enum alm_err)record->code)->name
			: "";

	alm_instant_us_text(record->time_us, time_text);
	if (record->has_message_id) {
		alm_message_id_text(&record->message_id, message);
	}
	return has_number(row, "seq", record->seq) &&
	       has_text(row, "time", time_text) &&
	       has_text(row, "kind", alm_audit_kind_word(record->kind)) &&
	       has_text(row, "effect", alm_effect_word(record->effect)) &&
	       has_number(row, "code", record->code) &&
	       has_text(row, "name", name) &&
	       has_text(row, "sender", record->sender) &&
	       has_text(row, "recipient", record->recipient) &&
	       has_text(row, "purpose", record->purpose) &&
	       has_text(row, "categories", record->categories) &&
	       has_text(row, "basis", record->basis) &&
	       has_text(row, "standard", record->standard) &&
	       has_text(row, "level-in", alm_level_word(record->level_in)) &&
	       has_text(row, "level-out", alm_level_word(record->level_out)) &&
	       has_text(row, "message-id", message) &&
	       has_number(row, "mail", record->mail_seq) &&
	       has_number(row, "ref", record->ref) &&
	       has_number(row, "epoch", record->policy_epoch) &&
	       has_number(row, "people-seq", record->people_seq) &&
	       has_person(row, record);
}

static enum alm_err check_header(struct page *page, const json_t *row,
	struct alm_bytes header, const struct alm_digest *leaf)
{
	struct alm_audit_record record;
	struct alm_digest found;

	alm_merkle_leaf(page->hash, header, &found);
	if (memcmp(&found, leaf, sizeof(found)) != 0) {
		return wrong(page, row, "its header is not its leaf");
	}
	return alm_audit_header_read(header, &record) == ALM_OK &&
			       says_the_same(row, &record)
		       ? ALM_OK
		       : wrong(page, row, "it says other than its header");
}

static enum alm_err check_row(
	struct page *page, const json_t *row, struct alm_checked *checked)
{
	json_int_t seq = json_integer_value(json_object_get(row, "seq"));
	struct alm_bytes leaf = bytes_of(page, row, "leaf");
	struct alm_bytes raw = bytes_of(page, row, "proof");
	struct alm_bytes header = bytes_of(page, row, "header");
	struct alm_digest path[PATH_MAX_STEPS];
	struct alm_digest digest;

	if (seq < 1 || leaf.bytes != sizeof(digest) ||
		raw.bytes % sizeof(digest) != 0 || raw.bytes > sizeof(path)) {
		return wrong(page, row, "it has no proof");
	}
	memcpy(&digest, leaf.data, sizeof(digest));
	if (raw.bytes > 0) {
		memcpy(path, raw.data, raw.bytes);
	}
	if (!alm_merkle_verify_inclusion(page->hash, (uint64_t)seq - 1,
		    page->head->size, &digest, path, raw.bytes / sizeof(digest),
		    &page->head->root)) {
		return wrong(page, row, "its proof does not lead to the head");
	}
	if (header.bytes == 0) {
		if (text_of(row, "header")[0] != '\0') {
			return wrong(page, row, "its header is not its leaf");
		}
		checked->singles++; /* its digest only */
		return ALM_OK;
	}
	checked->records++;
	return check_header(page, row, header, &digest);
}

static enum alm_err check_rows(
	struct page *page, const json_t *root, struct alm_checked *checked)
{
	const json_t *rows = json_object_get(root, "rows");
	enum alm_err err = ALM_OK;

	if (!json_is_array(rows)) {
		return ALM_NOTE_MALFORMED;
	}
	for (size_t i = 0; i < json_array_size(rows) && err == ALM_OK; i++) {
		err = check_row(page, json_array_get(rows, i), checked);
	}
	return err;
}

enum alm_err alm_audit_check_page(const struct alm_trust *trust,
	struct alm_bytes bytes, struct alm_arena *arena,
	struct alm_checked *out_checked, struct alm_problem *problem)
{
	json_t *root = json_loadb((const char *)bytes.data, bytes.bytes,
		JSON_REJECT_DUPLICATES, NULL);
	const char *note = text_of(root, "checkpoint");
	struct page page = {.hash = alm_hash_new(),
		.arena = arena,
		.head = &out_checked->head,
		.problem = problem};
	enum alm_err err;

	if (page.hash == NULL) {
		err = ALM_NOMEM;
	} else if (!has_text(root, "schema", "almoner.audit.query/1") ||
		   note[0] == '\0') {
		err = alm_problem_set(problem, ALM_NOTE_MALFORMED,
			"no page of audit query --proof --json under a signed "
			"head");
	} else {
		err = alm_check_head(trust,
			(struct alm_bytes){(const uint8_t *)note, strlen(note)},
			out_checked, problem);
	}
	if (err == ALM_OK) {
		err = check_rows(&page, root, out_checked);
	}
	alm_hash_free(page.hash);
	json_decref(root);
	return err;
}
