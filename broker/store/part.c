/*
 * The parts themselves, in order under the number of their payload.  Each is
 * encrypted by itself, bound to its number and place.
 */
#include <string.h>

#include "broker/store/inside.h"
#include "broker/store/parts.h"

#define KEY_BYTES 12u /* number, index */
/* What a part takes besides its bytes: its head, and pages of its own. */
#define OVERHEAD_BYTES 8192u
#define HEAD_BYTES 2u /* encoding, steps of the path */
#define PART_TEXT_BYTES_MAX \
	(HEAD_BYTES + (size_t)ALM_PART_PATH_MAX * ALM_DIGEST_BYTES + \
		ALM_PART_BYTES)

static void make_key(uint8_t key[KEY_BYTES], uint64_t number, uint32_t index)
{
	alm_put_u64(key, number);
	alm_put_u32(key + 8, index);
}

/* What is bound into the ciphertext. */
static uint64_t place_of(uint64_t number, uint32_t index)
{
	return number << ALM_PART_PATH_MAX | index;
}

enum alm_err alm_store_part_put(struct alm_store *store, uint64_t number,
	uint32_t index, const struct alm_stored_part *part)
{
	uint8_t raw[KEY_BYTES];
	uint8_t nonce[ALM_NONCE_BYTES];
	MDB_val key = alm_val(raw, sizeof(raw));
	struct alm_writer w;
	MDB_val room;
	int rc;

	ALM_ASSERT(store->turn != NULL && index < ALM_PARTS_MAX);
	alm_writer_init(&w, store->scratch, PART_TEXT_BYTES_MAX);
	alm_write_u8(&w, part->encoding);
	alm_write_u8(&w, (uint8_t)(part->path.bytes / ALM_DIGEST_BYTES));
	alm_write_raw(&w, part->path.data, part->path.bytes);
	alm_write_raw(&w, part->data.data, part->data.bytes);
	if (w.is_bad || part->path.bytes % ALM_DIGEST_BYTES != 0) {
		return ALM_FIELD_TOO_LARGE;
	}
	if (w.bytes + OVERHEAD_BYTES > store->room_bytes) {
		return ALM_STORE_FULL;
	}
	store->room_bytes -= w.bytes + OVERHEAD_BYTES;
	make_key(raw, number, index);
	alm_noise_nonce(&store->noise, nonce);
	room.mv_size = w.bytes + ALM_CRYPT_BYTES;
	rc = mdb_put(store->turn, store->tables[ALM_TABLE_PART], &key, &room,
		MDB_NOOVERWRITE | MDB_RESERVE);
	if (rc == MDB_SUCCESS) {
		alm_store_keys_encrypt(store->keys, ALM_CRYPT_PART,
			place_of(number, index), nonce,
			(struct alm_bytes){store->scratch, w.bytes},
			room.mv_data);
		store->is_state_changed = true;
	}
	return alm_store_fail(store, rc);
}

enum alm_err alm_part_open(const struct alm_store *store, struct alm_bytes key,
	struct alm_bytes value, uint8_t *room, struct alm_stored_part *out_part)
{
	size_t bytes = value.bytes - ALM_CRYPT_BYTES;
	size_t path_bytes;

	if (key.bytes != KEY_BYTES || value.bytes < ALM_CRYPT_BYTES ||
		bytes < HEAD_BYTES || bytes > PART_TEXT_BYTES_MAX ||
		alm_store_keys_decrypt(store->keys, ALM_CRYPT_PART,
			place_of(alm_get_u64(key.data),
				alm_get_u32(key.data + 8)),
			value, room) != ALM_OK) {
		return ALM_STORE_CORRUPT;
	}
	path_bytes = (size_t)room[1] * ALM_DIGEST_BYTES;
	if (path_bytes > bytes - HEAD_BYTES) {
		return ALM_STORE_CORRUPT;
	}
	*out_part = (struct alm_stored_part){
		.encoding = room[0],
		.path = {room + HEAD_BYTES, path_bytes},
		.data = {room + HEAD_BYTES + path_bytes,
			bytes - HEAD_BYTES - path_bytes},
	};
	return ALM_OK;
}

enum alm_err alm_store_part_get(struct alm_store *store, uint64_t number,
	uint32_t index, struct alm_arena *arena,
	struct alm_stored_part *out_part)
{
	uint8_t raw[KEY_BYTES];
	MDB_val key = alm_val(raw, sizeof(raw));
	MDB_val value;
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);
	uint8_t *room;

	if (err != ALM_OK) {
		return err;
	}
	make_key(raw, number, index);
	err = alm_store_fail(store,
		mdb_get(txn, store->tables[ALM_TABLE_PART], &key, &value));
	if (err == ALM_OK) {
		room = alm_arena_take(arena, value.mv_size);
		err = room == NULL ? ALM_NOMEM
				   : alm_part_open(store, alm_of_val(key),
					     alm_of_val(value), room, out_part);
	}
	alm_store_view_end(store);
	return err;
}

enum alm_err alm_store_part_count(
	struct alm_store *store, uint64_t number, uint32_t *out_count)
{
	uint8_t raw[KEY_BYTES];
	MDB_val key = alm_val(raw, sizeof(raw));
	MDB_val value;
	MDB_cursor *cursor = NULL;
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);
	int rc;

	if (err != ALM_OK) {
		return err;
	}
	/* The last one before the next number's. */
	make_key(raw, number + 1, 0);
	rc = mdb_cursor_open(txn, store->tables[ALM_TABLE_PART], &cursor);
	if (rc == MDB_SUCCESS) {
		rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
		rc = mdb_cursor_get(cursor, &key, &value,
			rc == MDB_SUCCESS ? MDB_PREV : MDB_LAST);
	}
	if (rc == MDB_SUCCESS && key.mv_size == KEY_BYTES &&
		alm_get_u64(key.mv_data) == number) {
		*out_count = alm_get_u32((const uint8_t *)key.mv_data + 8) + 1;
	} else if (rc == MDB_SUCCESS || rc == MDB_NOTFOUND) {
		*out_count = 0;
		rc = MDB_SUCCESS;
	}
	if (cursor != NULL) {
		mdb_cursor_close(cursor);
	}
	alm_store_view_end(store);
	return alm_store_fail(store, rc);
}

enum alm_err alm_parts_remove(struct alm_store *store, uint64_t number,
	unsigned part_max, unsigned *out_removed)
{
	uint8_t raw[KEY_BYTES];
	MDB_val key = alm_val(raw, sizeof(raw));
	MDB_val value;
	MDB_cursor *cursor = NULL;
	unsigned removed = 0;
	int rc = mdb_cursor_open(
		store->turn, store->tables[ALM_TABLE_PART], &cursor);

	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	make_key(raw, number, 0);
	rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
	while (rc == MDB_SUCCESS && removed < part_max &&
		key.mv_size == KEY_BYTES &&
		alm_get_u64(key.mv_data) == number) {
		rc = mdb_cursor_del(cursor, 0);
		removed++;
		if (rc == MDB_SUCCESS) {
			key = alm_val(raw, sizeof(raw));
			rc = mdb_cursor_get(
				cursor, &key, &value, MDB_SET_RANGE);
		}
	}
	mdb_cursor_close(cursor);
	*out_removed = removed;
	return rc == MDB_NOTFOUND ? ALM_OK : alm_store_fail(store, rc);
}

uint64_t alm_store_parts_stored(struct alm_store *store)
{
	uint64_t rows = 0;
	MDB_txn *txn = NULL;

	if (alm_store_view(store, &txn) != ALM_OK) {
		return 0;
	}
	if (alm_table_rows(store, txn, ALM_TABLE_PART, &rows) != ALM_OK) {
		rows = 0;
	}
	alm_store_view_end(store);
	return rows;
}
