/*
 * Overrides to be reviewed, and those that were, apart: the open ones are few
 * and are walked often.
 */
#include <string.h>

#include "broker/store/inside.h"

#define KEY_BYTES 9u

static void make_key(
	enum alm_override_outcome outcome, uint64_t audit_seq, uint8_t key[9])
{
	key[0] = outcome == ALM_OVERRIDE_OPEN ? 0 : 1;
	alm_put_u64(key + 1, audit_seq);
}

static void write_row(struct alm_writer *w, const struct alm_override_row *row)
{
	alm_write_u64(w, (uint64_t)row->used_at_us);
	alm_write_u64(w, (uint64_t)row->due_at_us);
	alm_write_u8(w, row->kind);
	alm_write_u8(w, (uint8_t)row->outcome);
	alm_write_u64(w, row->mail_seq);
	alm_write_raw(w, row->message_id.raw, ALM_MESSAGE_ID_BYTES);
	alm_write_text(w, row->sender);
	alm_write_text(w, row->recipient);
	alm_write_text(w, row->purpose);
	alm_write_text(w, row->basis);
	alm_write_u64(w, (uint64_t)row->reviewed_at_us);
	alm_write_u64(w, row->review_seq);
}

/* Texts are borrowed from `value`. */
static bool read_row(
	struct alm_bytes value, uint8_t state, struct alm_override_row *row)
{
	struct alm_reader r;
	uint8_t outcome;

	alm_reader_init(&r, value.data, value.bytes);
	row->used_at_us = (int64_t)alm_read_u64(&r);
	row->due_at_us = (int64_t)alm_read_u64(&r);
	row->kind = alm_read_u8(&r);
	outcome = alm_read_u8(&r);
	row->mail_seq = alm_read_u64(&r);
	alm_read_raw(&r, row->message_id.raw, ALM_MESSAGE_ID_BYTES);
	row->sender = alm_read_text(&r);
	row->recipient = alm_read_text(&r);
	row->purpose = alm_read_text(&r);
	row->basis = alm_read_text(&r);
	row->reviewed_at_us = (int64_t)alm_read_u64(&r);
	row->review_seq = alm_read_u64(&r);
	row->outcome = (enum alm_override_outcome)outcome;
	return alm_reader_is_done(&r) &&
	       outcome <= ALM_OVERRIDE_NOT_JUSTIFIED &&
	       (outcome == ALM_OVERRIDE_OPEN) == (state == 0);
}

/* What stands under a key, or that it is damaged. */
static enum alm_err open_row(const struct alm_store *store,
	struct alm_bytes key, struct alm_bytes value, struct alm_arena *arena,
	struct alm_override_row *out_row)
{
	struct alm_override_row row = {.audit_seq = alm_get_u64(key.data + 1)};
	struct alm_bytes copy = {NULL, 0};
	bool is_whole =
		alm_row_open(store, ALM_TABLE_OVERRIDE, key, &value) == ALM_OK;

	if (is_whole) {
		copy = (struct alm_bytes){
			alm_arena_copy(arena, value), value.bytes};
		if (copy.data == NULL) {
			return ALM_NOMEM;
		}
	}
	if (!is_whole || !read_row(copy, key.data[0], &row)) {
		row = (struct alm_override_row){
			.audit_seq = alm_get_u64(key.data + 1),
			.sender = "",
			.recipient = "",
			.purpose = "",
			.basis = "",
			.outcome = key.data[0] == 0 ? ALM_OVERRIDE_OPEN
						    : ALM_OVERRIDE_JUSTIFIED,
			.is_damaged = true,
		};
	}
	*out_row = row;
	return ALM_OK;
}

static enum alm_err put(
	struct alm_store *store, const struct alm_override_row *row)
{
	uint8_t key[KEY_BYTES];
	struct alm_writer w;
	enum alm_err err;

	alm_writer_init(&w, store->scratch, ALM_SCRATCH_BYTES);
	write_row(&w, row);
	if (w.is_bad) {
		return ALM_FIELD_TOO_LARGE;
	}
	make_key(row->outcome, row->audit_seq, key);
	err = alm_row_put(store, ALM_TABLE_OVERRIDE,
		(struct alm_bytes){key, sizeof(key)},
		(struct alm_bytes){store->scratch, w.bytes}, 0);
	store->is_state_changed |= err == ALM_OK;
	return err;
}

enum alm_err alm_store_override_put(
	struct alm_store *store, const struct alm_override_row *row)
{
	ALM_ASSERT(store->turn != NULL && row->outcome == ALM_OVERRIDE_OPEN);
	return put(store, row);
}

/* The first key of a state at or above a number, and its value. */
static enum alm_err seek(struct alm_store *store, MDB_txn *txn,
	const uint8_t from[KEY_BYTES], struct alm_arena *arena,
	struct alm_override_row *out_row)
{
	MDB_val key = alm_val(from, KEY_BYTES);
	MDB_val value;
	MDB_cursor *cursor;
	int rc = mdb_cursor_open(
		txn, store->tables[ALM_TABLE_OVERRIDE], &cursor);

	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
	while (rc == MDB_SUCCESS && key.mv_size != KEY_BYTES) {
		rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	if (((const uint8_t *)key.mv_data)[0] != from[0]) {
		return ALM_NOT_FOUND;
	}
	return open_row(
		store, alm_of_val(key), alm_of_val(value), arena, out_row);
}

enum alm_err alm_store_override_next(struct alm_store *store, bool is_reviewed,
	uint64_t after, struct alm_arena *arena,
	struct alm_override_row *out_row)
{
	uint8_t from[KEY_BYTES];
	MDB_txn *txn = NULL;
	enum alm_err err;

	if (after == UINT64_MAX) {
		return ALM_NOT_FOUND;
	}
	err = alm_store_view(store, &txn);
	if (err != ALM_OK) {
		return err;
	}
	make_key(is_reviewed ? ALM_OVERRIDE_JUSTIFIED : ALM_OVERRIDE_OPEN,
		after + 1, from);
	err = seek(store, txn, from, arena, out_row);
	alm_store_view_end(store);
	return err;
}

enum alm_err alm_store_override_get(struct alm_store *store, uint64_t audit_seq,
	struct alm_arena *arena, struct alm_override_row *out_row)
{
	for (unsigned is_reviewed = 0; is_reviewed < 2; is_reviewed++) {
		struct alm_override_row row = {.audit_seq = 0};
		enum alm_err err =
			audit_seq == 0 ? ALM_NOT_FOUND
				       : alm_store_override_next(store,
						 is_reviewed == 1,
						 audit_seq - 1, arena, &row);

		if (err == ALM_OK && row.audit_seq == audit_seq) {
			*out_row = row;
			return ALM_OK;
		}
		if (err != ALM_OK && err != ALM_NOT_FOUND) {
			return err;
		}
	}
	return ALM_NOT_FOUND;
}

enum alm_err alm_store_override_review(
	struct alm_store *store, const struct alm_override_row *row)
{
	uint8_t key[KEY_BYTES];
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL && row->outcome != ALM_OVERRIDE_OPEN);
	make_key(ALM_OVERRIDE_OPEN, row->audit_seq, key);
	err = alm_row_remove(store, ALM_TABLE_OVERRIDE,
		(struct alm_bytes){key, sizeof(key)});
	return err == ALM_OK ? put(store, row) : err;
}
