/* The rows of the log's origin, of its heads and of its keys. */
#include "broker/store/evidence.h"

#include <stdio.h>
#include <string.h>

#include "broker/store/evidence_row.h"

/* Sequences of mail that a lost end of the store may have given out: those of
 * 50 days at a thousand a second. */
#define MAIL_SKIPPED (UINT64_C(1) << 32)

/* --- origin --------------------------------------------------------------- */

enum alm_err alm_store_origin(
	struct alm_store *store, char out[ALM_NOTE_NAME_BYTES])
{
	struct alm_evidence_key key =
		alm_evidence_key(ALM_EVIDENCE_ORIGIN, NULL, 0);
	char id[2 * ALM_STORE_ID_BYTES + 1];
	struct alm_bytes value = {NULL, 0};
	struct alm_reader r;
	MDB_txn *txn = NULL;
	int64_t since_us = 0;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = alm_row_get(store, txn, ALM_TABLE_EVIDENCE,
		alm_evidence_key_bytes(&key), &value);
	if (err == ALM_OK) {
		alm_reader_init(&r, value.data, value.bytes);
		(void)alm_read_u8(&r);
		since_us = (int64_t)alm_read_u64(&r);
		(void)alm_read_u64(&r);
		err = alm_reader_is_done(&r) ? ALM_OK : ALM_STORE_CORRUPT;
	}
	alm_store_view_end(store);
	if (err != ALM_OK && err != ALM_NOT_FOUND) {
		return err;
	}
	alm_hex(store->id, ALM_STORE_ID_BYTES, id);
	(void)snprintf(out, ALM_NOTE_NAME_BYTES,
		err == ALM_OK ? "almoner/%s/%lld" : "almoner/%s", id,
		(long long)since_us);
	return ALM_OK;
}

enum alm_err alm_store_origin_renew(
	struct alm_store *store, int64_t now_us, uint64_t seq)
{
	struct alm_evidence_key key =
		alm_evidence_key(ALM_EVIDENCE_ORIGIN, NULL, 0);
	uint8_t row[64];
	struct alm_writer w;

	store->state.mail_seq += MAIL_SKIPPED;
	store->is_state_changed = true;
	alm_evidence_begin(&w, row, sizeof(row));
	alm_write_u64(&w, (uint64_t)now_us);
	alm_write_u64(&w, seq);
	return alm_evidence_put(store, &key, &w);
}

/* --- heads ---------------------------------------------------------------- */

static enum alm_err head_read(
	uint64_t size, struct alm_reader *r, struct alm_signed_head *out)
{
	struct alm_signed_head head = {.size = size};

	head.signed_at_us = (int64_t)alm_read_u64(r);
	head.is_published = alm_read_u8(r) == 1;
	head.note = alm_read_bytes(r);
	if (!alm_reader_is_done(r)) {
		return ALM_STORE_CORRUPT;
	}
	*out = head;
	return ALM_OK;
}

enum alm_err alm_store_head_from(struct alm_store *store, uint64_t size,
	struct alm_arena *arena, struct alm_signed_head *out_head)
{
	struct alm_evidence_key key =
		alm_evidence_key(ALM_EVIDENCE_HEAD, &size, 1);
	struct alm_evidence_key found;
	struct alm_reader r;
	enum alm_err err = alm_evidence_seek(store, &key, 1, arena, &found, &r);

	return err == ALM_OK
		       ? head_read(alm_get_u64(found.data + 1), &r, out_head)
		       : err;
}

/* The last row of a kind stands before the first of the next. */
enum alm_err alm_store_head_last(struct alm_store *store,
	struct alm_arena *arena, struct alm_signed_head *out_head)
{
	const uint8_t after[1] = {ALM_EVIDENCE_HEAD + 1};
	MDB_val key = alm_val(after, sizeof(after));
	MDB_val value;
	MDB_cursor *cursor = NULL;
	MDB_txn *txn = NULL;
	uint64_t size = 0;
	enum alm_err err = alm_store_view(store, &txn);
	int rc;

	if (err != ALM_OK) {
		return err;
	}
	rc = mdb_cursor_open(txn, store->tables[ALM_TABLE_EVIDENCE], &cursor);
	if (rc == MDB_SUCCESS) {
		rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
		rc = mdb_cursor_get(cursor, &key, &value,
			rc == MDB_SUCCESS ? MDB_PREV : MDB_LAST);
		if (rc == MDB_SUCCESS && key.mv_size == 9 &&
			((const uint8_t *)key.mv_data)[0] ==
				ALM_EVIDENCE_HEAD) {
			size = alm_get_u64((const uint8_t *)key.mv_data + 1);
		}
		mdb_cursor_close(cursor);
	}
	err = alm_store_map_rc(rc);
	alm_store_view_end(store);
	if (err == ALM_OK && size == 0) {
		err = ALM_NOT_FOUND;
	}
	return err == ALM_OK ? alm_store_head_from(store, size, arena, out_head)
			     : err;
}

/* Whether anybody has cosigned the head of this size. */
static enum alm_err is_cosigned(
	struct alm_store *store, uint64_t size, struct alm_arena *arena)
{
	uint64_t numbers[2] = {size, 0};
	struct alm_evidence_key key =
		alm_evidence_key(ALM_EVIDENCE_COSIGNATURE, numbers, 2);
	struct alm_evidence_key found;
	struct alm_reader r;

	return alm_evidence_seek(store, &key, 9, arena, &found, &r);
}

/* One that nobody was given for good need not stay. */
static enum alm_err forget_last(struct alm_store *store)
{
	struct alm_signed_head last;
	struct alm_arena arena;
	enum alm_err err;

	alm_arena_init(&arena, ALM_HEAD_BYTES_MAX * 4);
	err = alm_store_head_last(store, &arena, &last);
	if (err == ALM_OK && !last.is_published) {
		err = is_cosigned(store, last.size, &arena);
		if (err == ALM_NOT_FOUND) {
			struct alm_evidence_key key = alm_evidence_key(
				ALM_EVIDENCE_HEAD, &last.size, 1);

			err = alm_row_remove(store, ALM_TABLE_EVIDENCE,
				alm_evidence_key_bytes(&key));
		}
	}
	alm_arena_fini(&arena);
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

enum alm_err alm_store_head_put(
	struct alm_store *store, const struct alm_signed_head *head)
{
	struct alm_evidence_key key =
		alm_evidence_key(ALM_EVIDENCE_HEAD, &head->size, 1);
	uint8_t row[ALM_EVIDENCE_ROW_BYTES_MAX];
	struct alm_writer w;
	enum alm_err err = forget_last(store);

	alm_evidence_begin(&w, row, sizeof(row));
	alm_write_u64(&w, (uint64_t)head->signed_at_us);
	alm_write_u8(&w, head->is_published ? 1 : 0);
	alm_write_bytes(&w, head->note);
	return err == ALM_OK ? alm_evidence_put(store, &key, &w) : err;
}

/* --- keys ----------------------------------------------------------------- */

enum alm_err alm_store_audit_key_put(
	struct alm_store *store, const struct alm_audit_key *audit_key)
{
	struct alm_evidence_key key = {.data = {ALM_EVIDENCE_KEY}, .bytes = 33};
	uint8_t row[64];
	struct alm_writer w;

	memcpy(key.data + 1, audit_key->key, ALM_KEY_BYTES);
	alm_evidence_begin(&w, row, sizeof(row));
	alm_write_u64(&w, (uint64_t)audit_key->added_at_us);
	alm_write_u64(&w, (uint64_t)audit_key->retired_at_us);
	alm_write_u64(&w, audit_key->seq);
	return alm_evidence_put(store, &key, &w);
}

enum alm_err alm_store_audit_key_next(struct alm_store *store,
	const uint8_t *after, struct alm_audit_key *out_key)
{
	struct alm_evidence_key key = {.data = {ALM_EVIDENCE_KEY}, .bytes = 33};
	struct alm_evidence_key found;
	struct alm_audit_key row;
	struct alm_arena arena;
	struct alm_reader r;
	enum alm_err err;

	if (after != NULL) {
		memcpy(key.data + 1, after, 32);
		for (size_t i = 33; i > 1 && ++key.data[i - 1] == 0; i--) {
		}
	}
	alm_arena_init(&arena, ALM_EVIDENCE_ROW_BYTES_MAX);
	err = alm_evidence_seek(store, &key, 1, &arena, &found, &r);
	if (err == ALM_OK) {
		memcpy(row.key, found.data + 1, ALM_KEY_BYTES);
		row.added_at_us = (int64_t)alm_read_u64(&r);
		row.retired_at_us = (int64_t)alm_read_u64(&r);
		row.seq = alm_read_u64(&r);
		err = alm_reader_is_done(&r) ? ALM_OK : ALM_STORE_CORRUPT;
	}
	if (err == ALM_OK) {
		*out_key = row;
	}
	alm_arena_fini(&arena);
	return err;
}
