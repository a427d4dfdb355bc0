/*
 * Queue rows.  One that is damaged does not hide the others: its key says
 * which mail it was about, and that is what is given.
 */
#include "broker/store/queue.h"

#include <string.h>

#include "broker/store/mailbox.h"

bool alm_queue_key_make(
	const char *recipient, uint64_t place, struct alm_queue_key *out_key)
{
	size_t bytes = strlen(recipient);

	if (bytes == 0 || bytes > ALM_ID_BYTES_MAX) {
		return false;
	}
	memcpy(out_key->data, recipient, bytes + 1);
	alm_put_u64(out_key->data + bytes + 1, place);
	out_key->bytes = bytes + 1 + 8;
	return true;
}

bool alm_queue_key_parse(
	struct alm_bytes key, const char **out_recipient, uint64_t *out_place)
{
	size_t bytes = key.bytes - 9; /* of the recipient */

	if (key.bytes < 1 + 9 || bytes > ALM_ID_BYTES_MAX ||
		memchr(key.data, 0, bytes + 1) != key.data + bytes) {
		return false;
	}
	*out_recipient = (const char *)key.data;
	*out_place = alm_get_u64(key.data + bytes + 1);
	return true;
}

void alm_queue_row_bytes(
	const struct alm_queue_row *row, uint8_t out[ALM_QUEUE_ROW_BYTES])
{
	out[0] = (uint8_t)((unsigned)row->entry.kind |
			   (row->entry.has_parts ? ALM_QUEUE_HAS_PARTS : 0) |
			   (row->is_shared ? ALM_QUEUE_SHARED : 0));
	alm_put_u32(out + 1, row->entry.attempts);
	alm_put_u32(out + 5, row->entry.bytes);
	alm_put_u64(out + 9, (uint64_t)row->entry.expires_ms);
	alm_put_u64(out + 17, (uint64_t)row->accepted_at_ms);
	memcpy(out + ALM_QUEUE_PERSON_AT, row->person, sizeof(row->person));
}

enum alm_err alm_queue_write(struct alm_store *store,
	const struct alm_queue_key *key, const struct alm_queue_row *row)
{
	uint8_t data[ALM_QUEUE_ROW_BYTES];

	alm_queue_row_bytes(row, data);
	return alm_row_put(store, ALM_TABLE_QUEUE, alm_queue_key_bytes(key),
		(struct alm_bytes){data, row->bytes}, 0);
}

enum alm_err alm_queue_row_parse(
	struct alm_bytes value, uint64_t place, struct alm_queue_row *out_row)
{
	unsigned kind;

	if (value.bytes != ALM_QUEUE_ROW_BYTES &&
		value.bytes != ALM_QUEUE_PERSON_AT) {
		return ALM_STORE_CORRUPT;
	}
	kind = value.data[0] & ~(ALM_QUEUE_SHARED | ALM_QUEUE_HAS_PARTS);
	if (kind != ALM_MAIL_MESSAGE && value.data[0] != ALM_MAIL_NOTICE) {
		return ALM_STORE_CORRUPT;
	}
	*out_row = (struct alm_queue_row){
		.entry =
			{
				.seq = alm_place_seq(place),
				.place = place,
				.kind = (enum alm_mail_kind)kind,
				.has_parts = (value.data[0] &
						     ALM_QUEUE_HAS_PARTS) != 0,
				.attempts = alm_get_u32(value.data + 1),
				.bytes = alm_get_u32(value.data + 5),
				.expires_ms =
					(int64_t)alm_get_u64(value.data + 9),
			},
		.accepted_at_ms = (int64_t)alm_get_u64(value.data + 17),
		.bytes = value.bytes,
		.is_shared = (value.data[0] & ALM_QUEUE_SHARED) != 0,
	};
	if (value.bytes == ALM_QUEUE_ROW_BYTES) {
		memcpy(out_row->person, value.data + ALM_QUEUE_PERSON_AT,
			sizeof(out_row->person));
	}
	return ALM_OK;
}

void alm_queue_row_open(const struct alm_store *store, struct alm_bytes key,
	struct alm_bytes value, uint64_t place, struct alm_queue_row *out_row)
{
	if (alm_row_open(store, ALM_TABLE_QUEUE, key, &value) != ALM_OK ||
		alm_queue_row_parse(value, place, out_row) != ALM_OK) {
		*out_row = (struct alm_queue_row){
			.entry = {.seq = alm_place_seq(place),
				.place = place,
				.is_damaged = true}};
	}
}

/* The same mail at another priority. */
static void move_key(struct alm_queue_key *key, uint8_t priority)
{
	key->data[key->bytes - 8] = priority;
}

enum alm_err alm_queue_find(struct alm_store *store, MDB_txn *txn,
	enum alm_table table, const char *recipient, uint64_t seq,
	struct alm_queue_key *out_key, MDB_val *out_value)
{
	int rc = MDB_NOTFOUND;

	if (!alm_queue_key_make(recipient, seq, out_key)) {
		return ALM_NOT_FOUND;
	}
	for (unsigned i = 0; rc == MDB_NOTFOUND && i < ALM_MAIL_PRIORITIES;
		i++) {
		MDB_val key;

		move_key(out_key, (uint8_t)i);
		key = alm_val(out_key->data, out_key->bytes);
		rc = mdb_get(txn, store->tables[table], &key, out_value);
	}
	return alm_store_fail(store, rc);
}

enum alm_err alm_queue_read(struct alm_store *store, MDB_txn *txn,
	const char *recipient, uint64_t seq, struct alm_queue_key *out_key,
	struct alm_queue_row *out_row)
{
	MDB_val value;
	enum alm_err err = alm_queue_find(
		store, txn, ALM_TABLE_QUEUE, recipient, seq, out_key, &value);

	if (err == ALM_OK) {
		alm_queue_row_open(store, alm_queue_key_bytes(out_key),
			alm_of_val(value), alm_queue_key_place(out_key),
			out_row);
	}
	return err;
}

enum alm_err alm_queue_remove(struct alm_store *store, const char *recipient,
	uint64_t seq, struct alm_queue_row *out_row)
{
	struct alm_queue_key at;
	MDB_cursor *cursor;
	MDB_val key;
	MDB_val value;
	int rc = MDB_NOTFOUND;
	enum alm_err err;

	if (!alm_queue_key_make(recipient, seq, &at)) {
		return ALM_NOT_FOUND;
	}
	err = alm_hand_get(store, ALM_TABLE_QUEUE, ALM_HAND_TAKES, &cursor);
	if (err != ALM_OK) {
		return err;
	}
	for (unsigned i = 0; rc == MDB_NOTFOUND && i < ALM_MAIL_PRIORITIES;
		i++) {
		move_key(&at, (uint8_t)i);
		key = alm_val(at.data, at.bytes);
		rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_KEY);
	}
	if (rc == MDB_SUCCESS) {
		alm_queue_row_open(store, alm_of_val(key), alm_of_val(value),
			alm_queue_key_place(&at), out_row);
		rc = mdb_cursor_del(cursor, 0);
	}
	return alm_store_fail(store, rc);
}

/* From where `cursor` stands, what is `recipient`'s, whose keys all begin and
 * end like `from`.  Gives the LMDB result that ended it. */
static int list_rows(struct alm_store *store, MDB_cursor *cursor,
	const struct alm_queue_key *from, struct alm_queue_row *rows,
	size_t row_max, size_t *out_count)
{
	size_t prefix_bytes = from->bytes - 8;
	MDB_val key = alm_val(from->data, from->bytes);
	MDB_val value;
	int rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);

	while (rc == MDB_SUCCESS && key.mv_size >= prefix_bytes &&
		memcmp(key.mv_data, from->data, prefix_bytes) == 0) {
		/* A key of another length is damaged: it is nobody's mail. */
		if (key.mv_size == from->bytes) {
			const uint8_t *place =
				(const uint8_t *)key.mv_data + prefix_bytes;

			alm_queue_row_open(store, alm_of_val(key),
				alm_of_val(value), alm_get_u64(place),
				&rows[(*out_count)++]);
		}
		if (*out_count == row_max) {
			return rc;
		}
		rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	return rc;
}

enum alm_err alm_queue_list(struct alm_store *store, MDB_txn *txn,
	const char *recipient, uint64_t after, struct alm_queue_row *rows,
	size_t row_max, size_t *out_count)
{
	struct alm_queue_key from;
	MDB_cursor *cursor;
	int rc;

	*out_count = 0;
	if (after == UINT64_MAX ||
		!alm_queue_key_make(recipient, after + 1, &from)) {
		return ALM_OK;
	}
	rc = mdb_cursor_open(txn, store->tables[ALM_TABLE_QUEUE], &cursor);
	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	rc = list_rows(store, cursor, &from, rows, row_max, out_count);
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? ALM_OK : alm_store_fail(store, rc);
}

/* The first hand-over of routine mail is not written into the row: that it
 * lies below the mailbox's mark tells it, at the price of one row a turn.
 * Places of other mail lie above every mark. */
static void count_first(
	struct alm_queue_entry *entry, const struct alm_mailbox_slot *slot)
{
	if (entry->attempts == 0 && entry->place <= slot->handed_seq) {
		entry->attempts = 1;
	}
}

enum alm_err alm_store_queue_list(struct alm_store *store,
	const char *recipient, uint64_t after,
	struct alm_queue_entry entries[ALM_QUEUE_LIST_MAX], size_t entry_max,
	size_t *out_count)
{
	struct alm_queue_row rows[ALM_QUEUE_LIST_MAX];
	struct alm_mailbox_slot slot;
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view_beside_log(store, &txn);

	ALM_ASSERT(entry_max <= ALM_QUEUE_LIST_MAX);
	*out_count = 0;
	if (err != ALM_OK) {
		return err;
	}
	err = alm_queue_list(
		store, txn, recipient, after, rows, entry_max, out_count);
	if (err == ALM_OK) {
		err = alm_mailbox_view(store, txn, recipient, &slot);
	}
	alm_store_view_end(store);
	for (size_t i = 0; err == ALM_OK && i < *out_count; i++) {
		entries[i] = rows[i].entry;
		count_first(&entries[i], &slot);
	}
	return err;
}

enum alm_err alm_store_queue_next(struct alm_store *store,
	const char *recipient, uint64_t after,
	struct alm_queue_entry *out_entry)
{
	struct alm_queue_entry entries[ALM_QUEUE_LIST_MAX];
	size_t count = 0;
	enum alm_err err = alm_store_queue_list(
		store, recipient, after, entries, 1, &count);

	if (err == ALM_OK && count == 0) {
		return ALM_NOT_FOUND;
	}
	if (err == ALM_OK) {
		*out_entry = entries[0];
	}
	return err;
}

enum alm_err alm_store_queue_get(struct alm_store *store, const char *recipient,
	uint64_t seq, struct alm_queue_entry *out_entry)
{
	struct alm_mailbox_slot slot;
	struct alm_queue_key key;
	struct alm_queue_row row;
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view_beside_log(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = alm_queue_read(store, txn, recipient, seq, &key, &row);
	if (err == ALM_OK) {
		err = alm_mailbox_view(store, txn, recipient, &slot);
	}
	alm_store_view_end(store);
	if (err == ALM_OK) {
		*out_entry = row.entry;
		count_first(out_entry, &slot);
	}
	return err;
}

enum alm_err alm_store_queue_attempt(struct alm_store *store,
	const char *recipient, uint64_t place, bool is_anew,
	uint32_t *out_attempts)
{
	struct alm_mailbox_slot *slot;
	struct alm_queue_key key;
	struct alm_queue_row row = {.accepted_at_ms = 0};
	enum alm_err err = alm_mailbox_slot(store, recipient, &slot);

	ALM_ASSERT(store->turn != NULL);
	if (err != ALM_OK) {
		return err;
	}
	if (place < alm_mail_place(1, 0) && place > slot->handed_seq) {
		slot->handed_seq = place;
		slot->is_changed = true;
		*out_attempts = 1;
		return ALM_OK;
	}
	err = alm_queue_read(store, store->turn, recipient,
		alm_place_seq(place), &key, &row);
	if (err == ALM_OK && row.entry.is_damaged) {
		err = ALM_STORE_CORRUPT;
	}
	if (err != ALM_OK) {
		return err;
	}
	count_first(&row.entry, slot);
	if (is_anew) {
		row.entry.attempts = 1;
	}
	if (row.entry.attempts < UINT32_MAX) {
		row.entry.attempts++;
	}
	err = alm_queue_write(store, &key, &row);
	if (err == ALM_OK) {
		*out_attempts = row.entry.attempts;
	}
	return err;
}
