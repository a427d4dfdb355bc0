/*
 * A head is good when every key that the reader trusts and that signed it did
 * so rightly, and at least one did.  Two heads of one log that nobody can fit
 * together are what all this is for, so their comparison has its own error.
 */
#include "broker/store/check.h"

#include <string.h>

#include "broker/store/check_inside.h"
#include "lib/lines.h"

static enum alm_err malformed(struct alm_problem *problem, const char *what)
{
	return alm_problem_set(problem, ALM_NOTE_MALFORMED, "%s", what);
}

static enum alm_err count_signatures(const struct alm_trust *trust,
	const struct alm_note *note, struct alm_checked *checked,
	struct alm_problem *problem)
{
	unsigned good = 0;

	for (size_t i = 0; i < trust->key_count + trust->witness_count; i++) {
		bool is_log = i < trust->key_count;
		struct alm_note_key key;

		if (is_log) {
			if (alm_note_key_make(checked->head.origin,
				    ALM_NOTE_ED25519, trust->keys[i],
				    &key) != ALM_OK) {
				return malformed(problem, "origin");
			}
		} else {
			key = trust->witnesses[i - trust->key_count];
		}
		switch (alm_note_verify(note, &key, NULL)) {
		case ALM_NOTE_ABSENT:
			break;
		case ALM_NOTE_INVALID:
			return alm_problem_set(problem, ALM_SIGNATURE_ABSENT,
				"the signature of %s is wrong", key.name);
		case ALM_NOTE_GOOD:
			good += is_log ? 1 : 0;
			checked->witnesses += is_log ? 0 : 1;
			break;
		}
	}
	checked->strangers =
		(unsigned)note->signature_count - good - checked->witnesses;
	if (good == 0) {
		return alm_problem_set(problem, ALM_SIGNATURE_ABSENT, "%s",
			checked->head.origin);
	}
	if (trust->needs_witness && checked->witnesses == 0) {
		return alm_problem_set(problem, ALM_SIGNATURE_ABSENT,
			"no witness that was given has cosigned");
	}
	if (trust->is_strict && checked->strangers > 0) {
		return alm_problem_set(problem, ALM_SIGNATURE_ABSENT,
			"%u signatures are by keys that were not given",
			checked->strangers);
	}
	return ALM_OK;
}

enum alm_err alm_check_head(const struct alm_trust *trust,
	struct alm_bytes bytes, struct alm_checked *out_checked,
	struct alm_problem *problem)
{
	struct alm_checked checked = {.seq = 0};
	struct alm_note note;

	if (alm_note_parse(bytes, &note) != ALM_OK ||
		alm_checkpoint_parse(note.text, &checked.head) != ALM_OK) {
		return malformed(problem, "the signed head");
	}
	if (count_signatures(trust, &note, &checked, problem) != ALM_OK) {
		return ALM_SIGNATURE_ABSENT;
	}
	*out_checked = checked;
	return ALM_OK;
}

/* --- receipts ------------------------------------------------------------- */

enum alm_err alm_check_leaf(struct alm_hash *hash,
	const struct alm_receipt_extra *extra, uint64_t seq,
	struct alm_problem *problem)
{
	struct alm_audit_record record;

	(void)hash;
	if (extra->shows == ALM_RECEIPT_DIGEST) {
		return ALM_OK;
	}
	if (alm_audit_header_read(extra->header, &record) != ALM_OK ||
		record.seq != seq) {
		return alm_problem_set(problem, ALM_PROOF_WRONG,
			"record %llu is not what the proof is about",
			(unsigned long long)seq);
	}
	if (extra->shows == ALM_RECEIPT_PRIVATE &&
		!alm_audit_commits_to(&record, extra->salted)) {
		return alm_problem_set(problem, ALM_PROOF_WRONG,
			"record %llu does not commit to the private part",
			(unsigned long long)seq);
	}
	return ALM_OK;
}

static enum alm_err check_proof(struct alm_hash *hash,
	const struct alm_tlog_proof *proof, struct alm_bytes extra_bytes,
	struct alm_checked *checked, struct alm_problem *problem)
{
	struct alm_receipt_extra extra;

	if (alm_receipt_extra_parse(hash, extra_bytes, &extra) != ALM_OK) {
		return malformed(problem, "the receipt's record");
	}
	if (!alm_merkle_verify_inclusion(hash, proof->index, checked->head.size,
		    &extra.leaf, proof->path, proof->path_count,
		    &checked->head.root)) {
		return alm_problem_set(problem, ALM_PROOF_WRONG, "%s", "");
	}
	checked->seq = proof->index + 1;
	checked->shows = extra.shows;
	checked->header = extra.header;
	checked->salted = extra.salted;
	return alm_check_leaf(hash, &extra, checked->seq, problem);
}

enum alm_err alm_check_receipt(const struct alm_trust *trust,
	struct alm_bytes bytes, struct alm_arena *arena,
	struct alm_checked *out_checked, struct alm_problem *problem)
{
	struct alm_hash *hash = alm_hash_new();
	uint8_t *extra = alm_arena_take(arena, bytes.bytes + 1);
	struct alm_tlog_proof proof = {.path_count = 0};
	struct alm_checked checked = {.seq = 0};
	size_t extra_bytes = 0;
	enum alm_err err;

	if (hash == NULL || extra == NULL) {
		alm_hash_free(hash);
		return alm_problem_set(problem, ALM_NOMEM, "receipt");
	}
	if (alm_tlog_proof_parse(bytes, &proof) != ALM_OK ||
		!alm_line_base64_any(
			proof.extra, extra, bytes.bytes, &extra_bytes)) {
		err = malformed(problem, "the receipt");
	} else {
		err = alm_check_head(trust, proof.note, &checked, problem);
	}
	if (err == ALM_OK) {
		err = check_proof(hash, &proof,
			(struct alm_bytes){extra, extra_bytes}, &checked,
			problem);
	}
	alm_hash_free(hash);
	if (err == ALM_OK) {
		*out_checked = checked;
	}
	return err;
}

/* --- growth --------------------------------------------------------------- */

enum alm_err alm_check_growth(const struct alm_trust *trust,
	const struct alm_checkpoint *old, struct alm_bytes bytes,
	struct alm_checked *out_checked, struct alm_problem *problem)
{
	struct alm_hash *hash = alm_hash_new();
	struct alm_tlog_growth growth = {.path_count = 0};
	struct alm_checked checked = {.seq = 0};
	enum alm_err err = hash == NULL ? ALM_NOMEM : ALM_OK;

	if (err == ALM_OK && alm_tlog_growth_parse(bytes, &growth) != ALM_OK) {
		err = malformed(problem, "the proof");
	}
	if (err == ALM_OK) {
		err = alm_check_head(trust, growth.note, &checked, problem);
	}
	if (err == ALM_OK &&
		(growth.old_size != old->size ||
			strcmp(checked.head.origin, old->origin) != 0)) {
		err = alm_problem_set(problem, ALM_PROOF_WRONG,
			"it is not from the head that was given");
	}
	if (err == ALM_OK &&
		!alm_merkle_verify_consistency(hash, old->size,
			checked.head.size, growth.path, growth.path_count,
			&old->root, &checked.head.root)) {
		err = alm_problem_set(problem, ALM_HEAD_INCONSISTENT,
			"%llu and %llu records", (unsigned long long)old->size,
			(unsigned long long)checked.head.size);
	}
	alm_hash_free(hash);
	if (err == ALM_OK) {
		checked.old_size = old->size;
		*out_checked = checked;
	}
	return err;
}
