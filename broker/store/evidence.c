/*
 * The rows of table evidence: the log's origin, heads, keys, witnesses and
 * cosignatures.  A key begins with the kind of its row; numbers follow, so
 * that heads stand in the order of their sizes.
 */
#include "broker/store/evidence.h"

#include <stdio.h>
#include <string.h>

#include "broker/store/inside.h"

#define ROW_VERSION 1u
#define ROW_BYTES_MAX ((size_t)8 * 1024)
/* Sequences of mail that a lost end of the store may have given out: those of
 * 50 days at a thousand a second. */
#define MAIL_SKIPPED (UINT64_C(1) << 32)

enum row_kind {
	ROW_ORIGIN = 0,
	ROW_HEAD = 1,
	ROW_KEY = 2,
	ROW_WITNESS = 3,
	ROW_COSIGNATURE = 4,
};

struct row_key {
	uint8_t data[1 + 32];
	size_t bytes;
};

static struct alm_bytes bytes_of(const struct row_key *key)
{
	return (struct alm_bytes){key->data, key->bytes};
}

static struct row_key key_of(
	enum row_kind kind, const uint64_t *numbers, size_t count)
{
	struct row_key key = {.data = {(uint8_t)kind}, .bytes = 1 + 8 * count};

	for (size_t i = 0; i < count; i++) {
		alm_put_u64(key.data + 1 + 8 * i, numbers[i]);
	}
	return key;
}

static enum alm_err put(struct alm_store *store, const struct row_key *key,
	const struct alm_writer *w)
{
	ALM_ASSERT(store->turn != NULL);
	if (w->is_bad) {
		return ALM_FIELD_TOO_LARGE;
	}
	store->is_state_changed = true; /* it counts the rows */
	return alm_row_put(store, ALM_TABLE_EVIDENCE, bytes_of(key),
		(struct alm_bytes){w->data, w->bytes}, 0);
}

static void begin_row(struct alm_writer *w, uint8_t *data, size_t bytes)
{
	alm_writer_init(w, data, bytes);
	alm_write_u8(w, ROW_VERSION);
}

/* A copy of a row of this kind, its version read. */
static enum alm_err copy_row(
	struct alm_bytes value, struct alm_arena *arena, struct alm_reader *out)
{
	const uint8_t *copy = alm_arena_copy(arena, value);

	if (copy == NULL) {
		return ALM_NOMEM;
	}
	alm_reader_init(out, copy, value.bytes);
	return alm_read_u8(out) == ROW_VERSION ? ALM_OK : ALM_STORE_CORRUPT;
}

/* The first row at or after `key` of the same kind, and its key. */
static enum alm_err seek(struct alm_store *store, const struct row_key *key,
	size_t prefix_bytes, struct alm_arena *arena, struct row_key *out_key,
	struct alm_reader *out)
{
	struct alm_bytes found = {NULL, 0};
	struct alm_bytes value = {NULL, 0};
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = alm_row_seek(store, txn, ALM_TABLE_EVIDENCE, bytes_of(key),
		prefix_bytes, &found, &value);
	if (err == ALM_OK && found.bytes != key->bytes) {
		err = ALM_STORE_CORRUPT;
	}
	if (err == ALM_OK) {
		memcpy(out_key->data, found.data, found.bytes);
		out_key->bytes = found.bytes;
		err = copy_row(value, arena, out);
	}
	alm_store_view_end(store);
	return err;
}

/* --- origin --------------------------------------------------------------- */

enum alm_err alm_store_origin(
	struct alm_store *store, char out[ALM_NOTE_NAME_BYTES])
{
	struct row_key key = key_of(ROW_ORIGIN, NULL, 0);
	char id[2 * ALM_STORE_ID_BYTES + 1];
	struct alm_bytes value = {NULL, 0};
	struct alm_reader r;
	MDB_txn *txn = NULL;
	int64_t since_us = 0;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = alm_row_get(
		store, txn, ALM_TABLE_EVIDENCE, bytes_of(&key), &value);
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
	struct row_key key = key_of(ROW_ORIGIN, NULL, 0);
	uint8_t row[64];
	struct alm_writer w;

	store->state.mail_seq += MAIL_SKIPPED;
	store->is_state_changed = true;
	begin_row(&w, row, sizeof(row));
	alm_write_u64(&w, (uint64_t)now_us);
	alm_write_u64(&w, seq);
	return put(store, &key, &w);
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
	struct row_key key = key_of(ROW_HEAD, &size, 1);
	struct row_key found;
	struct alm_reader r;
	enum alm_err err = seek(store, &key, 1, arena, &found, &r);

	return err == ALM_OK
		       ? head_read(alm_get_u64(found.data + 1), &r, out_head)
		       : err;
}

/* The last row of a kind stands before the first of the next. */
enum alm_err alm_store_head_last(struct alm_store *store,
	struct alm_arena *arena, struct alm_signed_head *out_head)
{
	const uint8_t after[1] = {ROW_HEAD + 1};
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
			((const uint8_t *)key.mv_data)[0] == ROW_HEAD) {
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
	struct row_key key = key_of(ROW_COSIGNATURE, numbers, 2);
	struct row_key found;
	struct alm_reader r;

	return seek(store, &key, 9, arena, &found, &r);
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
			struct row_key key = key_of(ROW_HEAD, &last.size, 1);

			err = alm_row_remove(
				store, ALM_TABLE_EVIDENCE, bytes_of(&key));
		}
	}
	alm_arena_fini(&arena);
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

enum alm_err alm_store_head_put(
	struct alm_store *store, const struct alm_signed_head *head)
{
	struct row_key key = key_of(ROW_HEAD, &head->size, 1);
	uint8_t row[ROW_BYTES_MAX];
	struct alm_writer w;
	enum alm_err err = forget_last(store);

	begin_row(&w, row, sizeof(row));
	alm_write_u64(&w, (uint64_t)head->signed_at_us);
	alm_write_u8(&w, head->is_published ? 1 : 0);
	alm_write_bytes(&w, head->note);
	return err == ALM_OK ? put(store, &key, &w) : err;
}

/* --- keys ----------------------------------------------------------------- */

enum alm_err alm_store_audit_key_put(
	struct alm_store *store, const struct alm_audit_key *audit_key)
{
	struct row_key key = {.data = {ROW_KEY}, .bytes = 33};
	uint8_t row[64];
	struct alm_writer w;

	memcpy(key.data + 1, audit_key->key, ALM_KEY_BYTES);
	begin_row(&w, row, sizeof(row));
	alm_write_u64(&w, (uint64_t)audit_key->added_at_us);
	alm_write_u64(&w, (uint64_t)audit_key->retired_at_us);
	alm_write_u64(&w, audit_key->seq);
	return put(store, &key, &w);
}

enum alm_err alm_store_audit_key_next(struct alm_store *store,
	const uint8_t *after, struct alm_audit_key *out_key)
{
	struct row_key key = {.data = {ROW_KEY}, .bytes = 33};
	struct row_key found;
	struct alm_audit_key row;
	struct alm_arena arena;
	struct alm_reader r;
	enum alm_err err;

	if (after != NULL) {
		memcpy(key.data + 1, after, 32);
		for (size_t i = 33; i > 1 && ++key.data[i - 1] == 0; i--) {
		}
	}
	alm_arena_init(&arena, ROW_BYTES_MAX);
	err = seek(store, &key, 1, &arena, &found, &r);
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

/* --- witnesses ------------------------------------------------------------ */

enum alm_err alm_store_witness_put(
	struct alm_store *store, const struct alm_witness *witness)
{
	struct row_key key = key_of(ROW_WITNESS, &witness->agent, 1);
	uint8_t row[ROW_BYTES_MAX];
	struct alm_writer w;

	begin_row(&w, row, sizeof(row));
	alm_write_text(&w, witness->organisation);
	alm_write_text(&w, witness->name);
	alm_write_raw(&w, witness->key, sizeof(witness->key));
	alm_write_u64(&w, witness->seq);
	alm_write_u64(&w, witness->cosigned_size);
	alm_write_u64(&w, (uint64_t)witness->cosigned_at_us);
	return put(store, &key, &w);
}

enum alm_err alm_store_witness_next(struct alm_store *store, uint64_t after,
	struct alm_arena *arena, struct alm_witness *out)
{
	uint64_t from = after + 1;
	struct row_key key = key_of(ROW_WITNESS, &from, 1);
	struct row_key found;
	struct alm_witness row;
	struct alm_reader r;
	enum alm_err err = seek(store, &key, 1, arena, &found, &r);

	if (err != ALM_OK) {
		return err;
	}
	row.agent = alm_get_u64(found.data + 1);
	row.organisation = alm_read_text(&r);
	row.name = alm_read_text(&r);
	alm_read_raw(&r, row.key, sizeof(row.key));
	row.seq = alm_read_u64(&r);
	row.cosigned_size = alm_read_u64(&r);
	row.cosigned_at_us = (int64_t)alm_read_u64(&r);
	if (!alm_reader_is_done(&r) || row.agent == UINT64_MAX) {
		return ALM_STORE_CORRUPT; /* none comes after that one */
	}
	*out = row;
	return ALM_OK;
}

enum alm_err alm_store_witness_lag(struct alm_store *store,
	const struct alm_witness *witness, int64_t now_us, int64_t *out_us)
{
	struct alm_signed_head head = {.size = witness->cosigned_size};
	struct alm_arena arena;
	enum alm_err err;

	*out_us = 0;
	alm_arena_init(&arena, ALM_HEAD_BYTES_MAX * 4);
	do { /* only what is published is offered */
		err = alm_store_head_from(store, head.size + 1, &arena, &head);
	} while (err == ALM_OK && !head.is_published);
	if (err == ALM_OK && head.signed_at_us < now_us) {
		*out_us = now_us - head.signed_at_us;
	}
	alm_arena_fini(&arena);
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

enum alm_err alm_store_cosignature_put(struct alm_store *store, uint64_t size,
	const struct alm_witness *witness,
	const uint8_t raw[ALM_COSIGNATURE_BYTES])
{
	uint64_t numbers[2] = {size, witness->agent};
	struct row_key key = key_of(ROW_COSIGNATURE, numbers, 2);
	uint8_t row[ROW_BYTES_MAX];
	struct alm_writer w;

	begin_row(&w, row, sizeof(row));
	alm_write_text(&w, witness->name);
	alm_write_raw(&w, witness->key, sizeof(witness->key));
	alm_write_raw(&w, raw, ALM_COSIGNATURE_BYTES);
	return put(store, &key, &w);
}

enum alm_err alm_store_cosignature_line(struct alm_store *store, uint64_t size,
	uint64_t *agent, struct alm_arena *arena, struct alm_writer *note)
{
	uint64_t numbers[2] = {size, *agent + 1};
	struct row_key key = key_of(ROW_COSIGNATURE, numbers, 2);
	struct row_key found;
	struct alm_note_key note_key;
	uint8_t public_key[ALM_KEY_BYTES];
	uint8_t raw[ALM_COSIGNATURE_BYTES];
	struct alm_reader r;
	const char *name;
	enum alm_err err = seek(store, &key, 9, arena, &found, &r);

	if (err != ALM_OK) {
		return err;
	}
	*agent = alm_get_u64(found.data + 9);
	name = alm_read_text(&r);
	alm_read_raw(&r, public_key, sizeof(public_key));
	alm_read_raw(&r, raw, sizeof(raw));
	if (!alm_reader_is_done(&r) ||
		alm_note_key_make(name, ALM_NOTE_COSIGNATURE, public_key,
			&note_key) != ALM_OK) {
		return ALM_STORE_CORRUPT;
	}
	alm_note_put_line(
		note, &note_key, (struct alm_bytes){raw, sizeof(raw)});
	return ALM_OK;
}

enum alm_err alm_store_cosignature_next(
	struct alm_store *store, uint64_t *size, uint64_t *agent)
{
	uint64_t numbers[2] = {*size, *agent};
	struct row_key key = key_of(ROW_COSIGNATURE, numbers, 2);
	struct alm_bytes found = {NULL, 0};
	struct alm_bytes value = {NULL, 0};
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = alm_row_seek(store, txn, ALM_TABLE_EVIDENCE, bytes_of(&key), 1,
		&found, &value);
	if (err == ALM_OK && found.bytes != key.bytes) {
		err = ALM_STORE_CORRUPT;
	}
	if (err == ALM_OK) {
		*size = alm_get_u64(found.data + 1);
		*agent = alm_get_u64(found.data + 9);
	}
	alm_store_view_end(store);
	return err;
}

enum alm_err alm_store_cosignature_remove(
	struct alm_store *store, uint64_t size, uint64_t agent)
{
	uint64_t numbers[2] = {size, agent};
	struct row_key key = key_of(ROW_COSIGNATURE, numbers, 2);

	ALM_ASSERT(store->turn != NULL);
	store->is_state_changed = true; /* it counts the rows */
	return alm_row_remove(store, ALM_TABLE_EVIDENCE, bytes_of(&key));
}
