/*
 * What is remembered of accepted messages.  A key is sender, NUL and id; ids
 * begin with their time, so each sender's rows stand in the order in which
 * they may be forgotten.
 */
#include <string.h>

#include "broker/store/inside.h"

#define KEY_BYTES_MAX (ALM_ID_BYTES_MAX + 1 + ALM_MESSAGE_ID_BYTES)

struct duplicate_key {
	uint8_t data[KEY_BYTES_MAX];
	size_t bytes;
};

static bool make_key(const char *sender, const struct alm_message_id *id,
	struct duplicate_key *out)
{
	size_t bytes = strlen(sender);

	if (bytes == 0 || bytes > ALM_ID_BYTES_MAX) {
		return false;
	}
	memcpy(out->data, sender, bytes + 1);
	memcpy(out->data + bytes + 1, id->raw, ALM_MESSAGE_ID_BYTES);
	out->bytes = bytes + 1 + ALM_MESSAGE_ID_BYTES;
	return true;
}

static enum alm_err parse(struct alm_bytes value, struct alm_duplicate *out)
{
	struct alm_duplicate found = {.repeats = 0};
	struct alm_reader r;

	alm_reader_init(&r, value.data, value.bytes);
	found.seq = alm_read_u64(&r);
	found.audit_seq = alm_read_u64(&r);
	found.accepted_at_ms = (int64_t)alm_read_u64(&r);
	alm_read_raw(&r, found.content.raw, ALM_DIGEST_BYTES);
	found.receipt = alm_read_bytes(&r);
	if (!alm_reader_is_done(&r)) { /* few are sent again */
		found.repeats = alm_read_u32(&r);
		found.repeated_at_ms = (int64_t)alm_read_u64(&r);
	}
	if (!alm_reader_is_done(&r)) {
		return ALM_STORE_CORRUPT;
	}
	*out = found;
	return ALM_OK;
}

enum alm_err alm_store_duplicate_get(struct alm_store *store,
	const char *sender, const struct alm_message_id *id,
	struct alm_arena *arena, struct alm_duplicate *out_duplicate)
{
	return alm_store_duplicate_within(
		store, sender, id, SIZE_MAX, arena, out_duplicate);
}

enum alm_err alm_store_duplicate_within(struct alm_store *store,
	const char *sender, const struct alm_message_id *id, size_t bytes_max,
	struct alm_arena *arena, struct alm_duplicate *out_duplicate)
{
	struct duplicate_key key;
	struct alm_bytes value = {NULL, 0};
	const uint8_t *copy = NULL;
	MDB_txn *txn = NULL;
	enum alm_err err;

	if (!make_key(sender, id, &key)) {
		return ALM_NOT_FOUND;
	}
	err = alm_store_view_beside_log(store, &txn);
	if (err != ALM_OK) {
		return err;
	}
	err = store->turn != NULL
		      ? alm_hand_row_get(store, ALM_TABLE_DUPLICATE,
				(struct alm_bytes){key.data, key.bytes}, &value)
		      : alm_row_get(store, txn, ALM_TABLE_DUPLICATE,
				(struct alm_bytes){key.data, key.bytes},
				&value);
	if (err == ALM_OK && value.bytes > bytes_max) {
		err = ALM_BUSY;
	}
	if (err == ALM_OK) {
		copy = alm_arena_copy(arena, value);
		err = copy == NULL ? ALM_NOMEM : ALM_OK;
	}
	alm_store_view_end(store);
	return err == ALM_OK ? parse((struct alm_bytes){copy, value.bytes},
				       out_duplicate)
			     : err;
}

enum alm_err alm_store_duplicate_put(struct alm_store *store,
	const char *sender, const struct alm_message_id *id,
	const struct alm_duplicate *duplicate)
{
	struct duplicate_key key;
	struct alm_writer w;
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	alm_writer_init(&w, store->scratch, ALM_SCRATCH_BYTES);
	alm_write_u64(&w, duplicate->seq);
	alm_write_u64(&w, duplicate->audit_seq);
	alm_write_u64(&w, (uint64_t)duplicate->accepted_at_ms);
	alm_write_raw(&w, duplicate->content.raw, ALM_DIGEST_BYTES);
	alm_write_bytes(&w, duplicate->receipt);
	if (duplicate->repeats > 0) {
		alm_write_u32(&w, duplicate->repeats);
		alm_write_u64(&w, (uint64_t)duplicate->repeated_at_ms);
	}
	if (w.is_bad || !make_key(sender, id, &key)) {
		return ALM_FIELD_TOO_LARGE;
	}
	err = alm_row_put(store, ALM_TABLE_DUPLICATE,
		(struct alm_bytes){key.data, key.bytes},
		(struct alm_bytes){store->scratch, w.bytes}, 0);
	if (err == ALM_OK) {
		store->is_state_changed = true;
	}
	return err;
}

/* The key's id; false if the key is not one of ours. */
static bool split_key(MDB_val key, struct duplicate_key *out_sender,
	struct alm_message_id *out_id)
{
	size_t sender_bytes = key.mv_size - 1 - ALM_MESSAGE_ID_BYTES;
	const uint8_t *data = key.mv_data;

	if (key.mv_size <= 1 + ALM_MESSAGE_ID_BYTES ||
		key.mv_size > KEY_BYTES_MAX || data[sender_bytes] != 0) {
		return false;
	}
	memcpy(out_sender->data, data, sender_bytes + 1);
	out_sender->bytes = sender_bytes + 1;
	memcpy(out_id->raw, data + sender_bytes + 1, ALM_MESSAGE_ID_BYTES);
	return true;
}

static enum alm_err prune_with(struct alm_store *store, MDB_cursor *cursor,
	int64_t before_ms, unsigned count_max, unsigned *count)
{
	struct duplicate_key sender;
	MDB_val key;
	MDB_val value;
	int rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);

	while (rc == MDB_SUCCESS && *count < count_max) {
		struct alm_message_id id;

		if (!split_key(key, &sender, &id)) {
			/* Damaged, and nobody's; verification tells of it. */
			rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
			continue;
		}
		if (alm_message_id_ms(&id) < before_ms) {
			rc = mdb_cursor_del(cursor, 0);
			(*count)++;
		} else {
			/* The rest of this sender's are newer: go past. */
			sender.data[sender.bytes - 1] = 1;
		}
		if (rc == MDB_SUCCESS) {
			key = alm_val(sender.data, sender.bytes);
			rc = mdb_cursor_get(
				cursor, &key, &value, MDB_SET_RANGE);
		}
	}
	return rc == MDB_NOTFOUND ? ALM_OK : alm_store_fail(store, rc);
}

enum alm_err alm_store_duplicate_prune(struct alm_store *store,
	int64_t before_ms, unsigned count_max, unsigned *out_count)
{
	MDB_cursor *cursor = NULL;
	unsigned count = 0;
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	err = alm_store_fail(
		store, mdb_cursor_open(store->turn,
			       store->tables[ALM_TABLE_DUPLICATE], &cursor));
	if (err != ALM_OK) {
		return err;
	}
	err = prune_with(store, cursor, before_ms, count_max, &count);
	mdb_cursor_close(cursor);
	if (count > 0) {
		store->is_state_changed = true;
	}
	if (err == ALM_OK) {
		*out_count = count;
	}
	return err;
}
