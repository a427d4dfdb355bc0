/*
 * A bundle is read in one pass.  Its records are hashed as they come, the
 * head stands at the end, and only the keys that proven records name may have
 * signed it beside those that the reader trusts.  The last line is the hash
 * of all before it: it proves nothing, but says which files are cut or bent.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "broker/store/check.h"
#include "broker/store/check_inside.h"
#include "lib/id.h"
#include "lib/lines.h"

#define SINGLES_MAX 100000u
#define END_BYTES (sizeof("end \n") - 1 + 2 * (size_t)ALM_DIGEST_BYTES)

/** A record that stands alone, and is proved when the head is known. */
struct single {
	uint64_t index;
	struct alm_digest leaf;
	struct alm_digest path[ALM_TLOG_PATH_MAX];
	size_t path_count;
};

/** A policy whose files are being read. */
struct policy {
	struct alm_digest want;
	struct alm_digest digest;
	bool is_open;
};

struct reading {
	struct alm_hash *hash;
	struct alm_arena *arena;
	struct alm_bytes rest;
	struct alm_merkle_range range;
	struct alm_frontier frontier;
	bool has_range;
	size_t left_count;
	struct single *singles;
	size_t single_count;
	size_t single_max; /* that there is room for */
	struct alm_named_keys named;
	struct policy policy;
	uint64_t last_seq; /* of the last record that was read */
	struct alm_bytes last_header;
	bool is_last_open; /* its private part may follow */
	uint64_t question;
	bool is_question_met;
	struct alm_checked checked;
	alm_checked_record_fn *each;
	void *cookie;
	struct alm_problem *problem;
};

static enum alm_err bad(struct reading *r, const char *what)
{
	return alm_problem_set(r->problem, ALM_NOTE_MALFORMED, "%s", what);
}

static enum alm_err wrong(struct reading *r, const char *what)
{
	return alm_problem_set(r->problem, ALM_PROOF_WRONG, "%s", what);
}

/* Base64 to the arena. */
static bool take_bytes(
	struct reading *r, struct alm_bytes text, struct alm_bytes *out)
{
	uint8_t *data = alm_arena_take(r->arena, text.bytes + 1);
	size_t bytes = 0;

	if (data == NULL ||
		!alm_line_base64_any(text, data, text.bytes, &bytes)) {
		return false;
	}
	*out = (struct alm_bytes){data, bytes};
	return true;
}

static bool take_number(struct alm_bytes *line, uint64_t *out)
{
	struct alm_bytes field;

	return alm_line_field(line, &field) && alm_line_number(field, out);
}

/* --- the range ------------------------------------------------------------ */

static enum alm_err read_range(struct reading *r, struct alm_bytes line)
{
	struct alm_merkle_range *range = &r->range;

	if (r->has_range || r->last_seq > 0 ||
		!take_number(&line, &range->first) ||
		!take_number(&line, &range->end) ||
		!take_number(&line, &range->size) || line.bytes != 0 ||
		range->first >= range->end || range->end > range->size ||
		range->size > INT64_MAX) {
		return bad(r, "range");
	}
	r->has_range = true;
	r->left_count = (size_t)__builtin_popcountll(range->first);
	r->frontier.size = range->first;
	for (size_t i = 0; i < r->left_count; i++) {
		if (!alm_line_take(&r->rest, &line) ||
			!alm_line_word(&line, "left") ||
			!alm_line_base64(line, r->frontier.roots[i].raw,
				ALM_DIGEST_BYTES)) {
			return bad(r, "left");
		}
	}
	range->right_count = alm_merkle_right_count(range->end, range->size);
	for (size_t i = 0; i < range->right_count; i++) {
		if (!alm_line_take(&r->rest, &line) ||
			!alm_line_word(&line, "right") ||
			!alm_line_base64(
				line, range->right[i].raw, ALM_DIGEST_BYTES)) {
			return bad(r, "right");
		}
	}
	return ALM_OK;
}

/* --- records -------------------------------------------------------------- */

/* The record that was read before is done with. */
static void close_last(struct reading *r, struct alm_bytes salted)
{
	if (r->is_last_open && r->each != NULL) {
		r->each(r->cookie, r->last_header, salted);
	}
	r->is_last_open = false;
}

static enum alm_err take_header(struct reading *r, uint64_t seq,
	struct alm_bytes header, struct alm_digest *out_leaf)
{
	struct alm_audit_record record;

	close_last(r, (struct alm_bytes){NULL, 0});
	if (seq <= r->last_seq) {
		return bad(r, "the records are not in order");
	}
	if (alm_audit_header_read(header, &record) != ALM_OK ||
		record.seq != seq) {
		return wrong(r, "a record is not the one of its number");
	}
	alm_merkle_leaf(r->hash, header, out_leaf);
	r->last_seq = seq;
	r->last_header = header;
	r->is_last_open = true;
	if (seq == r->question) {
		if (record.kind != ALM_AUDIT_QUERY) {
			return wrong(r, "the question is no question");
		}
		r->is_question_met = true;
	}
	return alm_named_keys_add(&r->named, &record)
		       ? ALM_OK
		       : bad(r, "more keys than a log has");
}

static enum alm_err read_record(struct reading *r, struct alm_bytes line)
{
	struct alm_bytes header;
	struct alm_digest leaf;
	uint64_t seq = r->frontier.size + 1;
	enum alm_err err;

	if (!r->has_range || r->frontier.size >= r->range.end ||
		!take_bytes(r, line, &header)) {
		return bad(r, "record");
	}
	err = take_header(r, seq, header, &leaf);
	if (err == ALM_OK) {
		alm_frontier_append(r->hash, &r->frontier, &leaf);
		r->checked.records++;
	}
	return err;
}

/* Room for one more. */
static struct single *new_single(struct reading *r)
{
	size_t wanted = r->single_max == 0 ? 64 : 2 * r->single_max;
	struct single *singles = r->singles;

	if (r->single_count == SINGLES_MAX) {
		return NULL;
	}
	if (r->single_count == r->single_max) {
		singles = realloc(r->singles, wanted * sizeof(*singles));
		if (singles == NULL) {
			return NULL;
		}
		r->singles = singles;
		r->single_max = wanted;
	}
	return &singles[r->single_count];
}

/* `single SEQ HEADER PATH...` */
static enum alm_err read_single(struct reading *r, struct alm_bytes line)
{
	struct single *single = new_single(r);
	struct alm_bytes field;
	struct alm_bytes header;
	uint64_t seq = 0;

	if (single == NULL || !take_number(&line, &seq) || seq == 0 ||
		!alm_line_field(&line, &field) ||
		!take_bytes(r, field, &header)) {
		return bad(r, "single");
	}
	single->index = seq - 1;
	single->path_count = 0;
	while (line.bytes > 0) {
		if (single->path_count == ALM_TLOG_PATH_MAX ||
			!alm_line_field(&line, &field) ||
			!alm_line_base64(field,
				single->path[single->path_count++].raw,
				ALM_DIGEST_BYTES)) {
			return bad(r, "single");
		}
	}
	r->single_count++;
	r->checked.singles++;
	return take_header(r, seq, header, &single->leaf);
}

static enum alm_err read_private(struct reading *r, struct alm_bytes line)
{
	struct alm_receipt_extra extra = {.shows = ALM_RECEIPT_PRIVATE};
	enum alm_err err;

	if (!r->is_last_open || !take_bytes(r, line, &extra.salted)) {
		return bad(r, "private");
	}
	extra.header = r->last_header;
	err = alm_check_leaf(r->hash, &extra, r->last_seq, r->problem);
	if (err == ALM_OK) {
		r->checked.private_parts++;
		close_last(r, extra.salted);
	}
	return err;
}

/* --- policies ------------------------------------------------------------- */

static bool is_policy_kind(enum alm_audit_kind kind)
{
	return kind == ALM_AUDIT_POLICY ||
	       kind == ALM_AUDIT_POLICY_ROLLED_BACK ||
	       kind == ALM_AUDIT_POLICY_EMERGENCY ||
	       kind == ALM_AUDIT_POLICY_EXPIRED;
}

static enum alm_err close_policy(struct reading *r)
{
	if (r->policy.is_open && memcmp(&r->policy.want, &r->policy.digest,
					 sizeof(r->policy.want)) != 0) {
		return wrong(r, "a policy is not the one of its record");
	}
	r->policy.is_open = false;
	return ALM_OK;
}

/* Behind the record of its activation. */
static enum alm_err read_policy(struct reading *r, struct alm_bytes line)
{
	static const char seed[] = "almoner/policy/v1";
	struct alm_audit_record record;
	uint64_t epoch = 0;
	enum alm_err err = close_policy(r);

	if (err != ALM_OK) {
		return err;
	}
	if (!alm_line_number(line, &epoch) || r->last_seq == 0 ||
		alm_audit_header_read(r->last_header, &record) != ALM_OK ||
		!is_policy_kind(record.kind) || record.policy_epoch != epoch) {
		return wrong(r, "a policy without the record of it");
	}
	r->policy.want = record.content;
	alm_hash_bytes(r->hash,
		(struct alm_bytes){(const uint8_t *)seed, sizeof(seed) - 1},
		r->policy.digest.raw);
	r->policy.is_open = true;
	r->checked.policies++;
	return ALM_OK;
}

/* `file NAME CONTENT`; an empty file has a dash for content. */
static enum alm_err read_file(struct reading *r, struct alm_bytes line)
{
	uint8_t parts[3 * ALM_DIGEST_BYTES];
	struct alm_bytes name;
	struct alm_bytes content = {NULL, 0};

	if (!r->policy.is_open || !alm_line_field(&line, &name) ||
		(!alm_line_is(line, "-") && !take_bytes(r, line, &content))) {
		return bad(r, "file");
	}
	memcpy(parts, r->policy.digest.raw, ALM_DIGEST_BYTES);
	alm_hash_bytes(r->hash, name, parts + ALM_DIGEST_BYTES);
	alm_hash_bytes(r->hash, content, parts + 2 * (size_t)ALM_DIGEST_BYTES);
	alm_hash_bytes(r->hash, (struct alm_bytes){parts, sizeof(parts)},
		r->policy.digest.raw);
	return ALM_OK;
}

/* --- the whole ------------------------------------------------------------ */

static enum alm_err read_line(struct reading *r, struct alm_bytes line)
{
	if (alm_line_word(&line, "record")) {
		return read_record(r, line);
	}
	if (alm_line_word(&line, "private")) {
		return read_private(r, line);
	}
	if (alm_line_word(&line, "single")) {
		return read_single(r, line);
	}
	if (alm_line_word(&line, "file")) {
		return read_file(r, line);
	}
	if (alm_line_word(&line, "policy")) {
		return read_policy(r, line);
	}
	if (alm_line_word(&line, "range")) {
		return read_range(r, line);
	}
	if (alm_line_word(&line, "question")) {
		bool is_first =
			r->last_seq == 0 && r->question == 0 && !r->has_range;

		return is_first && alm_line_number(line, &r->question) &&
				       r->question > 0
			       ? ALM_OK
			       : bad(r, "question");
	}
	return bad(r, "a line that has no meaning");
}

static enum alm_err check_all_proofs(struct reading *r)
{
	const struct alm_checkpoint *head = &r->checked.head;

	if (r->has_range && (r->range.size != head->size ||
				    !alm_merkle_verify_range(r->hash, &r->range,
					    &r->frontier, &head->root))) {
		return wrong(r, "the range is not whole");
	}
	for (size_t i = 0; i < r->single_count; i++) {
		const struct single *single = &r->singles[i];

		if (!alm_merkle_verify_inclusion(r->hash, single->index,
			    head->size, &single->leaf, single->path,
			    single->path_count, &head->root)) {
			return wrong(r, "a record's proof");
		}
	}
	if (r->question != 0 && !r->is_question_met) {
		return wrong(r, "the question's record is not there");
	}
	return ALM_OK;
}

static enum alm_err finish(struct reading *r, const struct alm_trust *trust)
{
	struct alm_checked plain;
	struct alm_checked head;
	struct alm_trust wide;
	struct alm_trust loose = *trust;
	enum alm_err err = close_policy(r);

	close_last(r, (struct alm_bytes){NULL, 0});
	/* A key of the reader's must have signed; then all others must be
	 * ones that the log itself names. */
	loose.is_strict = false;
	if (err == ALM_OK) {
		err = alm_check_head(&loose, r->rest, &plain, r->problem);
	}
	if (err == ALM_OK) {
		alm_trust_widen(trust, &r->named, r->rest, &wide);
		err = alm_check_head(&wide, r->rest, &head, r->problem);
	}
	if (err != ALM_OK) {
		return err;
	}
	r->checked.head = head.head;
	r->checked.witnesses = head.witnesses;
	r->checked.strangers = plain.strangers; /* the log itself names them */
	r->checked.question = r->question;
	r->checked.first = r->range.first;
	r->checked.end = r->range.end;
	return check_all_proofs(r);
}

/* The last line, which is the hash of what is before it. */
static enum alm_err check_end(struct reading *r)
{
	struct alm_digest found;
	char text[2 * ALM_DIGEST_BYTES + 1];
	struct alm_bytes line;

	if (r->rest.bytes < END_BYTES) {
		return bad(r, "it is cut off");
	}
	line = (struct alm_bytes){
		r->rest.data + r->rest.bytes - END_BYTES, END_BYTES};
	r->rest.bytes -= END_BYTES;
	alm_hash_bytes(r->hash, r->rest, found.raw);
	alm_hex(found.raw, ALM_DIGEST_BYTES, text);
	if (memcmp(line.data, "end ", 4) != 0 ||
		memcmp(line.data + 4, text, sizeof(text) - 1) != 0 ||
		line.data[END_BYTES - 1] != '\n') {
		return bad(r, "it was changed or is cut off");
	}
	return ALM_OK;
}

static enum alm_err check(struct reading *r, const struct alm_trust *trust)
{
	struct alm_bytes line;
	enum alm_err err = check_end(r);

	if (err != ALM_OK) {
		return err;
	}
	if (!alm_line_take(&r->rest, &line) ||
		!alm_line_is(line, ALM_BUNDLE_FIRST_LINE)) {
		return bad(r, "the first line");
	}
	while (alm_line_take(&r->rest, &line)) {
		if (alm_line_is(line, "head")) {
			return finish(r, trust);
		}
		err = read_line(r, line);
		if (err != ALM_OK) {
			return err;
		}
	}
	return bad(r, "it has no head");
}

enum alm_err alm_check_bundle(const struct alm_trust *trust,
	struct alm_bytes bytes, struct alm_arena *arena,
	alm_checked_record_fn *each, void *cookie,
	struct alm_checked *out_checked, struct alm_problem *problem)
{
	struct reading *r = calloc(1, sizeof(*r));
	enum alm_err err = ALM_NOMEM;

	if (r != NULL) {
		r->hash = alm_hash_new();
		r->arena = arena;
		r->rest = bytes;
		r->each = each;
		r->cookie = cookie;
		r->problem = problem;
	}
	if (r != NULL && r->hash != NULL) {
		err = check(r, trust);
	}
	if (err == ALM_OK) {
		*out_checked = r->checked;
	}
	if (r != NULL) {
		alm_hash_free(r->hash);
		free(r->singles);
		free(r);
	}
	return err;
}
