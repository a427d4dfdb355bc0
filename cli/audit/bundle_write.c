/*
 * Records go out in the order of their numbers, range and single ones alike,
 * each with its private part and its policy right behind it, so that who
 * reads the bundle needs one pass.
 */
#include <stdlib.h>

#include "cli/audit/bundle.h"

enum alm_err alm_bundle_count_before(
	struct alm_store *store, int64_t time_us, uint64_t *out_count)
{
	struct alm_audit_head head;
	struct alm_arena arena;
	uint64_t low = 0;
	uint64_t high;
	enum alm_err err = ALM_OK;

	alm_store_audit_head(store, &head);
	high = head.size;
	alm_arena_init(&arena, ALM_AUDIT_LEAF_ARENA_BYTES_MAX);
	while (low < high && err == ALM_OK) {
		uint64_t middle = low + (high - low) / 2;
		struct alm_audit_record record;
		struct alm_bytes header;

		alm_arena_reset(&arena);
		err = alm_audit_leaf(store, middle + 1, &arena, &header);
		if (err == ALM_OK) {
			err = alm_audit_header_read(header, &record);
		}
		if (err == ALM_OK && record.time_us < time_us) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	alm_arena_fini(&arena);
	*out_count = low;
	return err;
}

enum alm_err alm_bundle_add(
	struct alm_bundle *bundle, uint64_t seq, bool is_shown)
{
	if (seq == 0 || seq > bundle->size ||
		(seq > bundle->first && seq <= bundle->end)) {
		return ALM_OK;
	}
	for (size_t i = bundle->single_count; i-- > 0;) {
		if (bundle->singles[i].seq == seq) {
			bundle->singles[i].is_shown |= is_shown;
			return ALM_OK;
		}
		/* Those of a selection come in order. */
		if (is_shown && bundle->singles[i].seq < seq) {
			break;
		}
	}
	if (bundle->single_count == ALM_BUNDLE_SINGLES_MAX) {
		return ALM_TOO_MANY_VALUES;
	}
	bundle->singles[bundle->single_count++] =
		(struct alm_bundle_single){seq, is_shown};
	return ALM_OK;
}

static bool begins_policy(const struct alm_audit_record *record, uint64_t epoch)
{
	return record->policy_epoch == epoch &&
	       (record->kind == ALM_AUDIT_POLICY ||
		       record->kind == ALM_AUDIT_POLICY_ROLLED_BACK ||
		       record->kind == ALM_AUDIT_POLICY_EMERGENCY ||
		       record->kind == ALM_AUDIT_POLICY_EXPIRED);
}

static bool has_policy(const struct alm_bundle *bundle, uint64_t epoch)
{
	for (size_t i = 0; i < bundle->policy_count; i++) {
		if (bundle->policies[i].epoch == epoch) {
			return true;
		}
	}
	return false;
}

enum alm_err alm_bundle_add_policy(struct alm_bundle *bundle, uint64_t epoch)
{
	struct alm_policy_epoch row;
	struct alm_audit_record record = {.seq = 0};
	struct alm_bytes header;
	uint64_t before = 0;
	enum alm_err err;

	if (epoch == 0 || has_policy(bundle, epoch)) {
		return ALM_OK;
	}
	if (bundle->policy_count == ALM_BUNDLE_POLICIES_MAX) {
		return ALM_TOO_MANY_VALUES;
	}
	err = alm_store_policy_get(bundle->store, epoch, bundle->arena, &row);
	if (err == ALM_OK) {
		err = alm_bundle_count_before(
			bundle->store, row.activated_at_us, &before);
	}
	while (err == ALM_OK && before < bundle->size) {
		err = alm_audit_leaf(
			bundle->store, ++before, bundle->arena, &header);
		if (err == ALM_OK) {
			err = alm_audit_header_read(header, &record);
		}
		if (err == ALM_OK && begins_policy(&record, epoch)) {
			break;
		}
	}
	if (err == ALM_OK && begins_policy(&record, epoch)) {
		bundle->policies[bundle->policy_count++] =
			(struct alm_bundle_policy){epoch, record.seq};
		err = alm_bundle_add(bundle, record.seq, false);
	}
	return err;
}

static enum alm_err add_log_keys(struct alm_bundle *bundle)
{
	struct alm_audit_key key;
	const uint8_t *after = NULL;
	enum alm_err err;

	while ((err = alm_store_audit_key_next(bundle->store, after, &key)) ==
		ALM_OK) {
		err = alm_bundle_add(bundle, key.seq, false);
		if (err != ALM_OK) {
			return err;
		}
		after = key.key;
	}
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

/* The witness whose line it is, if a record before the head says so. */
static enum alm_err find_witness(struct alm_bundle *bundle,
	const struct alm_note_signature *line, struct alm_witness *out,
	struct alm_note_key *out_key)
{
	struct alm_witness witness = {.agent = 0};
	enum alm_err err;

	while ((err = alm_store_witness_next(bundle->store, witness.agent,
			bundle->arena, &witness)) == ALM_OK) {
		if (alm_note_key_make(witness.name, ALM_NOTE_COSIGNATURE,
			    witness.key, out_key) == ALM_OK &&
			witness.seq <= bundle->size &&
			alm_note_is_by(line, out_key)) {
			*out = witness;
			return ALM_OK;
		}
	}
	return err;
}

enum alm_err alm_bundle_add_keys(struct alm_bundle *bundle)
{
	struct alm_note *note = alm_arena_take(bundle->arena, sizeof(*note));
	uint8_t *data = alm_arena_take(bundle->arena, ALM_HEAD_BYTES_MAX);
	struct alm_signed_head head;
	struct alm_writer w;
	enum alm_err err =
		note == NULL || data == NULL ? ALM_NOMEM : add_log_keys(bundle);

	if (err == ALM_OK) {
		err = alm_note_parse(bundle->note, note);
	}
	if (err == ALM_OK) {
		err = alm_store_head_from(
			bundle->store, bundle->size, bundle->arena, &head);
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_writer_init(&w, data, ALM_HEAD_BYTES_MAX);
	alm_write_raw(&w, head.note.data, head.note.bytes);
	for (size_t i = 0; i < note->signature_count && err == ALM_OK; i++) {
		struct alm_witness witness;
		struct alm_note_key key;

		err = find_witness(
			bundle, &note->signatures[i], &witness, &key);
		if (err == ALM_OK) {
			alm_note_put_line(&w, &key,
				(struct alm_bytes){note->signatures[i].raw,
					note->signatures[i].bytes});
			err = alm_bundle_add(bundle, witness.seq, false);
		} else if (err == ALM_NOT_FOUND) {
			err = ALM_OK; /* the log's own, or too new */
		}
	}
	bundle->note = (struct alm_bytes){data, w.bytes};
	return err;
}

/* --- writing -------------------------------------------------------------- */

static void put_digest(struct alm_bundle *bundle, const char *word,
	const struct alm_digest *digest)
{
	alm_stream_text(&bundle->stream, word);
	alm_stream_base64(&bundle->stream,
		(struct alm_bytes){digest->raw, ALM_DIGEST_BYTES});
}

static enum alm_err write_range(struct alm_bundle *bundle)
{
	struct alm_merkle_range range;
	enum alm_err err = alm_audit_prove_range(bundle->store, bundle->first,
		bundle->end, bundle->size, &range);

	if (err != ALM_OK) {
		return err;
	}
	alm_stream_text(&bundle->stream, "range ");
	alm_stream_number(&bundle->stream, bundle->first);
	alm_stream_text(&bundle->stream, " ");
	alm_stream_number(&bundle->stream, bundle->end);
	alm_stream_text(&bundle->stream, " ");
	alm_stream_number(&bundle->stream, bundle->size);
	for (int i = 0; i < __builtin_popcountll(bundle->first); i++) {
		put_digest(bundle, "\nleft ", &range.left[i]);
	}
	for (size_t i = 0; i < range.right_count; i++) {
		put_digest(bundle, "\nright ", &range.right[i]);
	}
	alm_stream_text(&bundle->stream, "\n");
	return ALM_OK;
}

static enum alm_err write_policy(struct alm_bundle *bundle, uint64_t epoch)
{
	struct alm_policy_epoch row;
	enum alm_err err =
		alm_store_policy_get(bundle->store, epoch, bundle->arena, &row);

	if (err != ALM_OK) {
		return err;
	}
	alm_stream_text(&bundle->stream, "policy ");
	alm_stream_number(&bundle->stream, epoch);
	alm_stream_text(&bundle->stream, "\n");
	for (size_t i = 0; i < row.file_count; i++) {
		alm_stream_text(&bundle->stream, "file ");
		alm_stream_text(&bundle->stream, row.files[i].name);
		alm_stream_text(&bundle->stream,
			row.files[i].content.bytes == 0 ? " -" : " ");
		alm_stream_base64(&bundle->stream, row.files[i].content);
		alm_stream_text(&bundle->stream, "\n");
	}
	return ALM_OK;
}

static enum alm_err write_behind(
	struct alm_bundle *bundle, uint64_t seq, bool is_shown)
{
	struct alm_arena arena;
	struct alm_bytes salted = {NULL, 0};
	enum alm_err err = ALM_OK;

	alm_arena_init(&arena, ALM_AUDIT_LEAF_ARENA_BYTES_MAX);
	if (is_shown) {
		err = alm_audit_opened(bundle->store, seq, &arena, &salted);
		if (err == ALM_OK) {
			alm_stream_text(&bundle->stream, "private ");
			alm_stream_base64(&bundle->stream, salted);
			alm_stream_text(&bundle->stream, "\n");
		}
		err = err == ALM_NOT_FOUND ? ALM_OK : err;
	}
	alm_arena_fini(&arena);
	for (size_t i = 0; i < bundle->policy_count && err == ALM_OK; i++) {
		if (bundle->policies[i].activation == seq) {
			err = write_policy(bundle, bundle->policies[i].epoch);
		}
	}
	return err;
}

static enum alm_err write_single(
	struct alm_bundle *bundle, const struct alm_bundle_single *single)
{
	struct alm_audit_proof proof;
	struct alm_bytes header = {NULL, 0};
	struct alm_arena arena;
	enum alm_err err;

	alm_arena_init(&arena, ALM_AUDIT_LEAF_ARENA_BYTES_MAX);
	err = alm_audit_leaf(bundle->store, single->seq, &arena, &header);
	if (err == ALM_OK) {
		err = alm_audit_prove(
			bundle->store, single->seq, bundle->size, &proof);
	}
	if (err == ALM_OK) {
		alm_stream_text(&bundle->stream, "single ");
		alm_stream_number(&bundle->stream, single->seq);
		alm_stream_text(&bundle->stream, " ");
		alm_stream_base64(&bundle->stream, header);
		for (size_t i = 0; i < proof.path_count; i++) {
			put_digest(bundle, " ", &proof.path[i]);
		}
		alm_stream_text(&bundle->stream, "\n");
		err = write_behind(bundle, single->seq, single->is_shown);
	}
	alm_arena_fini(&arena);
	return err;
}

static enum alm_err write_records(struct alm_bundle *bundle)
{
	struct alm_arena arena;
	enum alm_err err = ALM_OK;

	alm_arena_init(&arena, ALM_AUDIT_LEAF_ARENA_BYTES_MAX);
	for (uint64_t seq = bundle->first + 1;
		seq <= bundle->end && err == ALM_OK; seq++) {
		struct alm_bytes header;

		alm_arena_reset(&arena);
		err = alm_audit_leaf(bundle->store, seq, &arena, &header);
		if (err == ALM_OK) {
			alm_stream_text(&bundle->stream, "record ");
			alm_stream_base64(&bundle->stream, header);
			alm_stream_text(&bundle->stream, "\n");
			err = write_behind(bundle, seq,
				bundle->reveals || seq == bundle->question);
		}
		alm_bar_show(&bundle->bar, seq - bundle->first,
			bundle->end - bundle->first);
	}
	alm_arena_fini(&arena);
	return err;
}

static int by_seq(const void *a, const void *b)
{
	const struct alm_bundle_single *x = a;
	const struct alm_bundle_single *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

enum alm_err alm_bundle_write(struct alm_bundle *bundle)
{
	struct alm_stream *stream = &bundle->stream;
	size_t at = 0;
	enum alm_err err = ALM_OK;

	qsort(bundle->singles, bundle->single_count, sizeof(*bundle->singles),
		by_seq);
	alm_stream_text(stream, ALM_BUNDLE_FIRST_LINE "\n");
	if (bundle->question != 0) {
		alm_stream_text(stream, "question ");
		alm_stream_number(stream, bundle->question);
		alm_stream_text(stream, "\n");
	}
	if (bundle->end > 0) {
		err = write_range(bundle);
	}
	while (err == ALM_OK && at < bundle->single_count &&
		(bundle->end == 0 ||
			bundle->singles[at].seq <= bundle->first)) {
		err = write_single(bundle, &bundle->singles[at++]);
	}
	if (err == ALM_OK && bundle->end > 0) {
		err = write_records(bundle);
	}
	while (err == ALM_OK && at < bundle->single_count) {
		err = write_single(bundle, &bundle->singles[at++]);
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_stream_text(stream, "head\n");
	alm_stream_raw(stream, bundle->note);
	return alm_stream_end(stream) ? ALM_OK : ALM_IO;
}
