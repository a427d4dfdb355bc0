/*
 * Dead letters.  A row is moved between the queue and the table of the dead
 * byte for byte, with when and why before it; the body does not move.  Its
 * key is that of the queue, so that it goes back to where it stood.
 */
#include "broker/store/dead.h"

#include <string.h>

#include "broker/store/mailbox.h"
#include "broker/store/queue.h"

#define ROW_BYTES_MAX (ALM_DEAD_QUEUE_ROW_AT + ALM_QUEUE_ROW_BYTES)

/* What stands under a key, opened; damage is told in the entry. */
static void open_row(const struct alm_store *store, struct alm_bytes key,
	struct alm_bytes value, uint64_t place,
	struct alm_dead_letter *out_dead, struct alm_queue_row *out_row)
{
	struct alm_bytes inner;
	enum alm_err err = alm_row_open(store, ALM_TABLE_DEAD, key, &value);

	if (err == ALM_OK && value.bytes < ALM_DEAD_QUEUE_ROW_AT) {
		err = ALM_STORE_CORRUPT;
	}
	if (err == ALM_OK) {
		inner = (struct alm_bytes){value.data + ALM_DEAD_QUEUE_ROW_AT,
			value.bytes - ALM_DEAD_QUEUE_ROW_AT};
		err = alm_queue_row_parse(inner, place, out_row);
	}
	if (err != ALM_OK) {
		*out_row = (struct alm_queue_row){.bytes = 0};
		*out_dead = (struct alm_dead_letter){
			.entry = {.seq = alm_place_seq(place),
				.place = place,
				.is_damaged = true}};
		return;
	}
	*out_dead = (struct alm_dead_letter){
		.entry = out_row->entry,
		.accepted_at_ms = out_row->accepted_at_ms,
		.died_at_ms = (int64_t)alm_get_u64(value.data),
		.code = alm_get_u32(value.data + 8),
		.audit_seq = alm_get_u64(value.data + 12),
	};
}

void alm_dead_row_open(const struct alm_store *store, struct alm_bytes key,
	struct alm_bytes value, uint64_t place,
	struct alm_dead_letter *out_dead)
{
	struct alm_queue_row row;

	open_row(store, key, value, place, out_dead, &row);
}

/* Find one by its sequence, whatever its priority. */
static enum alm_err find(struct alm_store *store, MDB_txn *txn,
	const char *recipient, uint64_t seq, struct alm_queue_key *out_key,
	struct alm_dead_letter *out_dead, struct alm_queue_row *out_row)
{
	MDB_val value;
	enum alm_err err = alm_queue_find(
		store, txn, ALM_TABLE_DEAD, recipient, seq, out_key, &value);

	if (err == ALM_OK) {
		open_row(store, alm_queue_key_bytes(out_key), alm_of_val(value),
			alm_queue_key_place(out_key), out_dead, out_row);
	}
	return err;
}

enum alm_err alm_store_dead_put(struct alm_store *store, const char *recipient,
	const struct alm_dead_letter *dead)
{
	uint8_t data[ROW_BYTES_MAX];
	struct alm_mailbox_slot *slot;
	struct alm_queue_key key;
	struct alm_queue_row row;
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	err = alm_queue_read(
		store, store->turn, recipient, dead->entry.seq, &key, &row);
	if (err == ALM_OK && row.entry.is_damaged) {
		err = ALM_STORE_CORRUPT;
	}
	if (err == ALM_OK) {
		err = alm_mailbox_slot(store, recipient, &slot);
	}
	if (err != ALM_OK) {
		return err;
	}
	row.entry.attempts = dead->entry.attempts;
	alm_put_u64(data, (uint64_t)dead->died_at_ms);
	alm_put_u32(data + 8, dead->code);
	alm_put_u64(data + 12, dead->audit_seq);
	alm_queue_row_bytes(&row, data + ALM_DEAD_QUEUE_ROW_AT);
	err = alm_row_put(store, ALM_TABLE_DEAD, alm_queue_key_bytes(&key),
		(struct alm_bytes){data, ALM_DEAD_QUEUE_ROW_AT + row.bytes}, 0);
	if (err == ALM_OK) {
		err = alm_row_remove(
			store, ALM_TABLE_QUEUE, alm_queue_key_bytes(&key));
	}
	if (err != ALM_OK) {
		return err;
	}
	slot->count -= slot->count > 0 ? 1 : 0;
	slot->bytes -=
		slot->bytes > row.entry.bytes ? row.entry.bytes : slot->bytes;
	slot->dead_count++;
	slot->is_changed = true;
	store->is_state_changed = true;
	return ALM_OK;
}

/* The row leaves the table; what becomes of the mail is for the caller. */
static enum alm_err take_out(struct alm_store *store, const char *recipient,
	const struct alm_queue_key *key, struct alm_mailbox_slot **out_slot)
{
	enum alm_err err = alm_mailbox_slot(store, recipient, out_slot);

	if (err == ALM_OK) {
		err = alm_row_remove(
			store, ALM_TABLE_DEAD, alm_queue_key_bytes(key));
	}
	if (err == ALM_OK) {
		(*out_slot)->dead_count -= (*out_slot)->dead_count > 0 ? 1 : 0;
		(*out_slot)->is_changed = true;
		store->is_state_changed = true;
	}
	return err;
}

enum alm_err alm_store_dead_rerun(
	struct alm_store *store, const char *recipient, uint64_t seq)
{
	struct alm_mailbox_slot *slot;
	struct alm_dead_letter dead = {.code = 0};
	struct alm_queue_key key;
	struct alm_queue_row row = {.bytes = 0};
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	err = find(store, store->turn, recipient, seq, &key, &dead, &row);
	if (err == ALM_OK && dead.entry.is_damaged) {
		err = ALM_STORE_CORRUPT;
	}
	if (err == ALM_OK) {
		err = take_out(store, recipient, &key, &slot);
	}
	if (err == ALM_OK) {
		row.entry.attempts = 1;
		err = alm_queue_write(store, &key, &row);
	}
	if (err == ALM_OK) {
		slot->count++;
		slot->bytes += row.entry.bytes;
	}
	return err;
}

enum alm_err alm_store_dead_remove(
	struct alm_store *store, const char *recipient, uint64_t seq)
{
	struct alm_mailbox_slot *slot;
	struct alm_dead_letter dead = {.code = 0};
	struct alm_queue_key key;
	struct alm_queue_row row = {.bytes = 0};
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	err = find(store, store->turn, recipient, seq, &key, &dead, &row);
	if (err == ALM_OK) {
		err = take_out(store, recipient, &key, &slot);
	}
	if (err != ALM_OK) {
		return err;
	}
	row.entry.is_damaged = dead.entry.is_damaged;
	return alm_mail_content_remove(store, &row, seq);
}

enum alm_err alm_store_dead_get(struct alm_store *store, const char *recipient,
	uint64_t seq, struct alm_dead_letter *out_dead)
{
	struct alm_queue_key key;
	struct alm_queue_row row = {.bytes = 0};
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = find(store, txn, recipient, seq, &key, out_dead, &row);
	alm_store_view_end(store);
	return err;
}

/* Go to the first key of a mailbox after a place.  Gives what LMDB gives. */
static int seek(MDB_cursor *cursor, const struct alm_queue_key *from,
	MDB_val *key, MDB_val *value)
{
	size_t prefix_bytes = from->bytes - 8;
	int rc;

	*key = alm_val(from->data, from->bytes);
	rc = mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
	while (rc == MDB_SUCCESS && key->mv_size >= prefix_bytes &&
		memcmp(key->mv_data, from->data, prefix_bytes) == 0) {
		if (key->mv_size == from->bytes) {
			return rc;
		}
		/* Of another length: damaged, and nobody's. */
		rc = mdb_cursor_get(cursor, key, value, MDB_NEXT);
	}
	return rc == MDB_SUCCESS ? MDB_NOTFOUND : rc;
}

static enum alm_err next(struct alm_store *store, MDB_txn *txn,
	const char *recipient, uint64_t after, struct alm_dead_letter *out_dead)
{
	struct alm_queue_key from;
	struct alm_queue_row row = {.bytes = 0};
	MDB_cursor *cursor;
	MDB_val key;
	MDB_val value;
	int rc;

	if (after == UINT64_MAX ||
		!alm_queue_key_make(recipient, after + 1, &from)) {
		return ALM_NOT_FOUND;
	}
	rc = mdb_cursor_open(txn, store->tables[ALM_TABLE_DEAD], &cursor);
	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	rc = seek(cursor, &from, &key, &value);
	if (rc == MDB_SUCCESS) {
		const uint8_t *end = (const uint8_t *)key.mv_data + key.mv_size;

		open_row(store, alm_of_val(key), alm_of_val(value),
			alm_get_u64(end - 8), out_dead, &row);
	}
	mdb_cursor_close(cursor);
	return alm_store_fail(store, rc);
}

enum alm_err alm_store_dead_next(struct alm_store *store, const char *recipient,
	uint64_t after, struct alm_dead_letter *out_dead)
{
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = next(store, txn, recipient, after, out_dead);
	alm_store_view_end(store);
	return err;
}

enum alm_err alm_dead_recount(struct alm_store *store, MDB_txn *txn,
	const char *recipient, uint64_t *out_count)
{
	struct alm_dead_letter dead = {.code = 0};
	uint64_t count = 0;
	enum alm_err err;

	while ((err = next(store, txn, recipient, dead.entry.place, &dead)) ==
		ALM_OK) {
		count++;
	}
	if (err == ALM_NOT_FOUND) {
		*out_count = count;
		err = ALM_OK;
	}
	return err;
}

uint64_t alm_store_dead_count(struct alm_store *store)
{
	uint64_t rows = 0;
	MDB_txn *txn = NULL;

	if (alm_store_view(store, &txn) != ALM_OK) {
		return 0;
	}
	if (alm_table_rows(store, txn, ALM_TABLE_DEAD, &rows) != ALM_OK) {
		rows = 0;
	}
	alm_store_view_end(store);
	return rows;
}
