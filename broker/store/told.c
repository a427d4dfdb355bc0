/*
 * Rows of the table watch, beside those of watch.c.  Ids of messages begin
 * with their time, so the rows stand in the order in which they are forgotten.
 */
#include "broker/store/told.h"

#include <string.h>

#include "broker/store/inside.h"

/* The first byte of the key; watch.c and trial.c have the others. */
#define ROW_TOLD 4u
#define TOLD_KEY_BYTES (1u + ALM_MESSAGE_ID_BYTES + 8u)

static void make_key(const struct alm_told_of *of, uint8_t key[TOLD_KEY_BYTES])
{
	key[0] = ROW_TOLD;
	memcpy(key + 1, of->message_id.raw, ALM_MESSAGE_ID_BYTES);
	alm_put_u64(key + 1 + ALM_MESSAGE_ID_BYTES, of->audit_seq);
}

enum alm_err alm_store_told_get(struct alm_store *store,
	const struct alm_told_of *of, uint8_t *out_kinds)
{
	uint8_t key[TOLD_KEY_BYTES];
	struct alm_bytes value = {NULL, 0};
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view_beside_log(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	make_key(of, key);
	err = alm_row_get(store, txn, ALM_TABLE_WATCH,
		(struct alm_bytes){key, sizeof(key)}, &value);
	*out_kinds = err == ALM_OK && value.bytes == 1 ? value.data[0] : 0;
	alm_store_view_end(store);
	return err == ALM_NOT_FOUND || err == ALM_STORE_CORRUPT ? ALM_OK : err;
}

enum alm_err alm_store_told_put(
	struct alm_store *store, const struct alm_told_of *of, uint8_t kinds)
{
	uint8_t key[TOLD_KEY_BYTES];
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	make_key(of, key);
	err = alm_row_put(store, ALM_TABLE_WATCH,
		(struct alm_bytes){key, sizeof(key)},
		(struct alm_bytes){&kinds, 1}, 0);
	store->is_state_changed |= err == ALM_OK;
	return err;
}

static bool is_older(MDB_val key, int64_t before_ms)
{
	const uint8_t *data = key.mv_data;
	struct alm_message_id id;

	if (key.mv_size != TOLD_KEY_BYTES || data[0] != ROW_TOLD) {
		return false;
	}
	memcpy(id.raw, data + 1, sizeof(id.raw));
	return alm_message_id_ms(&id) < before_ms;
}

enum alm_err alm_store_told_prune(struct alm_store *store, int64_t before_ms,
	unsigned count_max, unsigned *out_count)
{
	static const uint8_t first[] = {ROW_TOLD};
	MDB_val key = alm_val(first, sizeof(first));
	MDB_val value;
	MDB_cursor *cursor = NULL;
	unsigned count = 0;
	int rc;

	ALM_ASSERT(store->turn != NULL);
	rc = mdb_cursor_open(
		store->turn, store->tables[ALM_TABLE_WATCH], &cursor);
	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
	while (rc == MDB_SUCCESS && count < count_max &&
		is_older(key, before_ms)) {
		rc = mdb_cursor_del(cursor, 0);
		if (rc == MDB_SUCCESS) {
			count++;
			rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
		}
	}
	mdb_cursor_close(cursor);
	store->is_state_changed |= count > 0;
	*out_count = count;
	return rc == MDB_NOTFOUND ? ALM_OK : alm_store_fail(store, rc);
}
