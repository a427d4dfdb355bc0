/*
 * Receipts and consistency proofs as files, and the parts of records that
 * they show.  What a receipt carries beside the proof is bound by the proof:
 * the header is the leaf, and the private part what the header commits to.
 */
#include <string.h>

#include "broker/store/evidence.h"
#include "broker/store/inside.h"

/* Base64 of header and private part, a path, and a note. */
#define FILE_BYTES_MAX ((size_t)192 * 1024)

enum alm_err alm_audit_leaf(struct alm_store *store, uint64_t seq,
	struct alm_arena *arena, struct alm_bytes *out_header)
{
	struct alm_bytes header = {NULL, 0};
	const uint8_t *copy;
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = alm_audit_header(store, txn, seq, &header);
	if (err == ALM_OK) {
		copy = alm_arena_copy(arena, header);
		*out_header = (struct alm_bytes){copy, header.bytes};
		err = copy == NULL ? ALM_NOMEM : ALM_OK;
	}
	alm_store_view_end(store);
	return err;
}

enum alm_err alm_audit_header_read(
	struct alm_bytes header, struct alm_audit_record *out_record)
{
	return alm_audit_record_decode(header, out_record);
}

bool alm_audit_commits_to(
	const struct alm_audit_record *record, struct alm_bytes salted)
{
	struct alm_hash *hash = alm_hash_new();
	struct alm_digest found;
	bool is_same;

	if (hash == NULL) {
		return false;
	}
	alm_audit_commitment(hash, salted, &found);
	is_same = salted.bytes > ALM_AUDIT_SALT_BYTES &&
		  memcmp(&found, &record->commitment, sizeof(found)) == 0;
	alm_hash_free(hash);
	return is_same;
}

static enum alm_err open_private(struct alm_store *store, MDB_txn *txn,
	uint64_t seq, struct alm_arena *arena, struct alm_bytes *out_salted)
{
	uint8_t raw[8];
	MDB_val key = alm_val(raw, sizeof(raw));
	MDB_val value;
	struct alm_audit_record record;
	struct alm_bytes header = {NULL, 0};
	uint8_t *text;
	size_t bytes = 0;
	enum alm_err err = alm_audit_header(store, txn, seq, &header);

	if (err == ALM_OK) {
		err = alm_audit_record_decode(header, &record);
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_put_u64(raw, seq);
	err = alm_store_fail(store,
		mdb_get(txn, store->tables[ALM_TABLE_PRIV], &key, &value));
	if (err != ALM_OK) {
		return err;
	}
	text = alm_arena_take(arena, value.mv_size + 1);
	if (text == NULL || store->keys == NULL) {
		return text == NULL ? ALM_NOMEM : ALM_NOT_FOUND;
	}
	err = alm_audit_open_private(
		store, txn, &record, alm_of_val(value), text, &bytes);
	*out_salted = (struct alm_bytes){text, bytes};
	return err;
}

enum alm_err alm_audit_opened(struct alm_store *store, uint64_t seq,
	struct alm_arena *arena, struct alm_bytes *out_salted)
{
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err == ALM_OK) {
		err = open_private(store, txn, seq, arena, out_salted);
		alm_store_view_end(store);
	}
	return err;
}

/* --- what a receipt carries ----------------------------------------------- */

static enum alm_err make_extra(struct alm_store *store, uint64_t seq,
	enum alm_receipt_shows shows, struct alm_arena *arena,
	const struct alm_digest *leaf, struct alm_bytes *out)
{
	struct alm_bytes header = {NULL, 0};
	struct alm_bytes salted = {NULL, 0};
	struct alm_writer w;
	uint8_t *data;
	size_t bytes_max;
	enum alm_err err = alm_audit_leaf(store, seq, arena, &header);

	if (err == ALM_OK && shows == ALM_RECEIPT_PRIVATE) {
		err = alm_audit_opened(store, seq, arena, &salted);
	}
	if (err != ALM_OK) {
		return err;
	}
	bytes_max = 64 + header.bytes + salted.bytes;
	data = alm_arena_take(arena, bytes_max);
	if (data == NULL) {
		return ALM_NOMEM;
	}
	alm_writer_init(&w, data, bytes_max);
	alm_write_u8(&w, (uint8_t)shows);
	if (shows == ALM_RECEIPT_DIGEST) {
		alm_write_raw(&w, leaf->raw, ALM_DIGEST_BYTES);
	} else {
		alm_write_bytes(&w, header);
		alm_write_raw(&w, salted.data, salted.bytes);
	}
	*out = (struct alm_bytes){data, w.bytes};
	return ALM_OK;
}

enum alm_err alm_receipt_extra_parse(struct alm_hash *hash,
	struct alm_bytes bytes, struct alm_receipt_extra *out_extra)
{
	struct alm_receipt_extra extra = {.header = {NULL, 0}};
	struct alm_reader r;

	alm_reader_init(&r, bytes.data, bytes.bytes);
	extra.shows = (enum alm_receipt_shows)alm_read_u8(&r);
	switch (extra.shows) {
	case ALM_RECEIPT_DIGEST:
		alm_read_raw(&r, extra.leaf.raw, ALM_DIGEST_BYTES);
		break;
	case ALM_RECEIPT_HEADER:
	case ALM_RECEIPT_PRIVATE:
		extra.header = alm_read_bytes(&r);
		break;
	default:
		return ALM_NOTE_MALFORMED;
	}
	if (extra.shows == ALM_RECEIPT_PRIVATE) {
		extra.salted = (struct alm_bytes){r.data, r.bytes_left};
	} else if (!alm_reader_is_done(&r)) {
		return ALM_NOTE_MALFORMED;
	}
	if (r.is_bad || (extra.shows != ALM_RECEIPT_DIGEST &&
				extra.header.bytes == 0)) {
		return ALM_NOTE_MALFORMED;
	}
	if (extra.shows != ALM_RECEIPT_DIGEST) {
		alm_merkle_leaf(hash, extra.header, &extra.leaf);
	}
	*out_extra = extra;
	return ALM_OK;
}

/* --- files ---------------------------------------------------------------- */

static enum alm_err finish(const struct alm_writer *w, struct alm_bytes *out)
{
	*out = (struct alm_bytes){w->data, w->bytes};
	return w->is_bad ? ALM_FIELD_TOO_LARGE : ALM_OK;
}

enum alm_err alm_evidence_receipt(struct alm_store *store, uint64_t seq,
	enum alm_receipt_shows shows, struct alm_arena *arena,
	struct alm_bytes *out_file)
{
	uint8_t *data = alm_arena_take(arena, FILE_BYTES_MAX);
	struct alm_audit_proof proof;
	struct alm_bytes extra = {NULL, 0};
	struct alm_bytes note = {NULL, 0};
	struct alm_writer w;
	uint64_t size = 0;
	enum alm_err err;

	if (data == NULL) {
		return ALM_NOMEM;
	}
	if (seq == 0 || seq > store->state.frontier.size) {
		return ALM_NOT_FOUND;
	}
	err = alm_store_head_covering(store, seq, arena, &size, &note);
	if (err == ALM_OK) {
		err = alm_audit_prove(store, seq, size, &proof);
	}
	if (err == ALM_OK) {
		err = make_extra(store, seq, shows, arena, &proof.leaf, &extra);
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_writer_init(&w, data, FILE_BYTES_MAX);
	alm_tlog_proof_write(
		&w, extra, seq - 1, proof.path, proof.path_count, note);
	return finish(&w, out_file);
}

enum alm_err alm_evidence_growth_bare(struct alm_store *store, uint64_t old,
	uint64_t size, struct alm_arena *arena, struct alm_bytes *out_file)
{
	uint8_t *data = alm_arena_take(arena, FILE_BYTES_MAX);
	struct alm_tlog_growth growth = {.old_size = old};
	struct alm_writer w;
	enum alm_err err;

	if (data == NULL) {
		return ALM_NOMEM;
	}
	err = alm_audit_prove_growth(
		store, old, size, growth.path, &growth.path_count);
	if (err != ALM_OK) {
		return err;
	}
	alm_writer_init(&w, data, FILE_BYTES_MAX);
	alm_tlog_growth_write(&w, &growth);
	return finish(&w, out_file);
}

enum alm_err alm_evidence_growth(struct alm_store *store, uint64_t old,
	uint64_t size, struct alm_arena *arena, struct alm_bytes *out_file)
{
	uint8_t *data = alm_arena_take(arena, FILE_BYTES_MAX);
	struct alm_tlog_growth growth = {.old_size = old};
	struct alm_signed_head head;
	struct alm_writer w;
	enum alm_err err = data == NULL ? ALM_NOMEM : ALM_OK;

	if (err == ALM_OK && size == 0) {
		err = alm_store_head_last(store, arena, &head);
		size = err == ALM_OK ? head.size : 0;
		err = err == ALM_NOT_FOUND ? ALM_NOT_YET_SIGNED : err;
	}
	if (err == ALM_OK) {
		err = alm_store_head_note(store, size, arena, &growth.note);
	}
	/* A witness that has seen nothing yet needs no proof. */
	if (err == ALM_OK && old > 0) {
		err = alm_audit_prove_growth(
			store, old, size, growth.path, &growth.path_count);
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_writer_init(&w, data, FILE_BYTES_MAX);
	alm_tlog_growth_write(&w, &growth);
	return finish(&w, out_file);
}
