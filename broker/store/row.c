/*
 * Sealed rows.  A value ends with a keyed hash of table, key and value, so a
 * damaged, moved or invented row is refused wherever it is read.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "broker/store/inside.h"
#include "broker/store/whole.h"

const char *alm_table_name(enum alm_table table)
{
	static const char *const names[ALM_TABLE_COUNT] = {
#define X(name, number, word) [number] = (word),
		ALM_TABLE_MAP(X)
#undef X
	};

	ALM_ASSERT(table < ALM_TABLE_COUNT);
	return names[table];
}

enum alm_err alm_store_map_rc(int rc)
{
	switch (rc) {
	case MDB_SUCCESS:
		return ALM_OK;
	case MDB_NOTFOUND:
		return ALM_NOT_FOUND;
	case MDB_MAP_FULL:
	case MDB_TXN_FULL:
	case ENOSPC:
	case EDQUOT:
	case EFBIG: /* the process may write no larger file */
		return ALM_STORE_FULL;
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_KEYEXIST:
	case MDB_BAD_VALSIZE:
	case MDB_INCOMPATIBLE:
		return ALM_STORE_CORRUPT;
	case ENOMEM:
		return ALM_NOMEM;
	case EROFS:
		return ALM_STORE_READ_ONLY;
	default:
		return ALM_STORE_IO;
	}
}

enum alm_err alm_store_fail(struct alm_store *store, int rc)
{
	enum alm_err err = alm_store_map_rc(rc);

	if (store->turn != NULL && err != ALM_OK && err != ALM_NOT_FOUND &&
		store->turn_err == ALM_OK) {
		store->turn_err = err;
	}
	return err;
}

enum alm_err alm_store_view(struct alm_store *store, MDB_txn **out_txn)
{
	enum alm_err err = alm_log_rows_write(store);

	return err == ALM_OK ? alm_store_view_beside_log(store, out_txn) : err;
}

enum alm_err alm_store_view_beside_log(
	struct alm_store *store, MDB_txn **out_txn)
{
	int rc;

	if (store->turn != NULL) {
		*out_txn = store->turn;
		return ALM_OK;
	}
	if (store->is_dead) {
		return ALM_STORE_IO;
	}
	if (store->reader != NULL) {
		rc = mdb_txn_renew(store->reader);
	} else {
		rc = mdb_txn_begin(
			store->env, NULL, MDB_RDONLY, &store->reader);
	}
	if (rc == MDB_MAP_RESIZED) {
		/* Another process has made the file larger. */
		mdb_txn_abort(store->reader);
		store->reader = NULL;
		rc = mdb_env_set_mapsize(store->env, 0);
		if (rc == MDB_SUCCESS) {
			rc = mdb_txn_begin(
				store->env, NULL, MDB_RDONLY, &store->reader);
		}
	}
	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	*out_txn = store->reader;
	return ALM_OK;
}

void alm_store_view_end(struct alm_store *store)
{
	if (store->turn == NULL && store->reader != NULL) {
		mdb_txn_reset(store->reader);
	}
}

/* In constant time, because a seal is one number. */
static bool same_seal(
	const uint8_t a[ALM_SEAL_BYTES], const uint8_t b[ALM_SEAL_BYTES])
{
	uint64_t x;
	uint64_t y;

	static_assert(sizeof(x) == ALM_SEAL_BYTES, "a seal is one number");
	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x == y;
}

static struct alm_bytes of_digest(const struct alm_digest *digest)
{
	return (struct alm_bytes){digest->raw, sizeof(digest->raw)};
}

/* Cut the seal off `value` and compare it with that of `sealed`. */
static enum alm_err check_seal(const struct alm_store *store,
	enum alm_table table, struct alm_bytes key, struct alm_bytes sealed,
	const uint8_t found[ALM_SEAL_BYTES])
{
	uint8_t seal[ALM_SEAL_BYTES];

	if (store->keys == NULL) {
		return ALM_OK;
	}
	alm_store_keys_seal(store->keys, (uint8_t)table, key, sealed, seal);
	return same_seal(seal, found) ? ALM_OK : ALM_STORE_CORRUPT;
}

enum alm_err alm_row_open(const struct alm_store *store, enum alm_table table,
	struct alm_bytes key, struct alm_bytes *value)
{
	struct alm_digest leaf;

	if (table == ALM_TABLE_REC) {
		return alm_record_row_open(store, key, value, &leaf);
	}
	if (value->bytes < ALM_SEAL_BYTES) {
		return ALM_STORE_CORRUPT;
	}
	value->bytes -= ALM_SEAL_BYTES;
	return check_seal(
		store, table, key, *value, value->data + value->bytes);
}

enum alm_err alm_record_row_open(const struct alm_store *store,
	struct alm_bytes key, struct alm_bytes *value,
	struct alm_digest *out_leaf)
{
	if (value->bytes < ALM_SEAL_BYTES) {
		return ALM_STORE_CORRUPT;
	}
	value->bytes -= ALM_SEAL_BYTES;
	alm_merkle_leaf(store->hash, *value, out_leaf);
	return check_seal(store, ALM_TABLE_REC, key, of_digest(out_leaf),
		value->data + value->bytes);
}

enum alm_err alm_row_get(struct alm_store *store, MDB_txn *txn,
	enum alm_table table, struct alm_bytes key, struct alm_bytes *out)
{
	MDB_val mdb_key = alm_val(key.data, key.bytes);
	MDB_val value;
	int rc = mdb_get(txn, store->tables[table], &mdb_key, &value);

	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	*out = alm_of_val(value);
	return alm_row_open(store, table, key, out);
}

enum alm_err alm_hand_row_get(struct alm_store *store, enum alm_table table,
	struct alm_bytes key, struct alm_bytes *out)
{
	MDB_val mdb_key = alm_val(key.data, key.bytes);
	MDB_val value;
	MDB_cursor *cursor;
	enum alm_err err = alm_hand_get(store, table, ALM_HAND_PUTS, &cursor);

	if (err == ALM_OK) {
		err = alm_store_fail(store,
			mdb_cursor_get(cursor, &mdb_key, &value, MDB_SET));
	}
	if (err != ALM_OK) {
		return err;
	}
	*out = alm_of_val(value);
	return alm_row_open(store, table, key, out);
}

enum alm_err alm_row_put(struct alm_store *store, enum alm_table table,
	struct alm_bytes key, struct alm_bytes value, unsigned flags)
{
	MDB_val mdb_key = alm_val(key.data, key.bytes);
	MDB_val room = {.mv_size = value.bytes + ALM_SEAL_BYTES};
	MDB_cursor *cursor;
	uint8_t *at;
	enum alm_err err = alm_hand_get(store, table, ALM_HAND_PUTS, &cursor);

	if (err == ALM_OK) {
		err = alm_store_fail(
			store, (flags & MDB_APPEND) != 0
				       ? alm_hand_append(cursor, &mdb_key,
						 &room, MDB_RESERVE)
				       : mdb_cursor_put(cursor, &mdb_key, &room,
						 flags | MDB_RESERVE));
	}
	if (err != ALM_OK) {
		return err;
	}
	at = room.mv_data;
	if (value.bytes > 0) {
		memcpy(at, value.data, value.bytes);
	}
	alm_store_keys_seal(
		store->keys, (uint8_t)table, key, value, at + value.bytes);
	return ALM_OK;
}

enum alm_err alm_row_remove(
	struct alm_store *store, enum alm_table table, struct alm_bytes key)
{
	MDB_val mdb_key = alm_val(key.data, key.bytes);
	MDB_cursor *cursor;
	enum alm_err err = alm_hand_get(store, table, ALM_HAND_TAKES, &cursor);

	if (err == ALM_OK) {
		err = alm_store_fail(
			store, mdb_cursor_get(cursor, &mdb_key, NULL, MDB_SET));
	}
	return err == ALM_OK ? alm_store_fail(store, mdb_cursor_del(cursor, 0))
			     : err;
}

enum alm_err alm_row_seek(struct alm_store *store, MDB_txn *txn,
	enum alm_table table, struct alm_bytes key, size_t prefix_bytes,
	struct alm_bytes *out_key, struct alm_bytes *out_value)
{
	MDB_val mdb_key = alm_val(key.data, key.bytes);
	MDB_val value;
	MDB_cursor *cursor;
	struct alm_bytes bytes;
	enum alm_err err;
	int rc;

	rc = mdb_cursor_open(txn, store->tables[table], &cursor);
	if (rc == MDB_SUCCESS) {
		rc = mdb_cursor_get(cursor, &mdb_key, &value,
			key.bytes == 0 ? MDB_FIRST : MDB_SET_RANGE);
		mdb_cursor_close(cursor);
	}
	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	if (mdb_key.mv_size < prefix_bytes ||
		(prefix_bytes > 0 &&
			memcmp(mdb_key.mv_data, key.data, prefix_bytes) != 0)) {
		return ALM_NOT_FOUND;
	}
	bytes = alm_of_val(value);
	err = alm_row_open(store, table, alm_of_val(mdb_key), &bytes);
	if (err == ALM_OK) {
		*out_key = alm_of_val(mdb_key);
		*out_value = bytes;
	}
	return err;
}

enum alm_err alm_row_seek_whole(struct alm_store *store, MDB_txn *txn,
	enum alm_table table, struct alm_bytes key, struct alm_bytes *out_key,
	struct alm_bytes *out_value, bool *has_damage)
{
	MDB_val mdb_key = alm_val(key.data, key.bytes);
	MDB_val value;
	MDB_cursor *cursor;
	int rc = mdb_cursor_open(txn, store->tables[table], &cursor);

	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	for (rc = mdb_cursor_get(cursor, &mdb_key, &value, MDB_SET_RANGE);
		rc == MDB_SUCCESS;
		rc = mdb_cursor_get(cursor, &mdb_key, &value, MDB_NEXT)) {
		struct alm_bytes bytes = alm_of_val(value);

		if (mdb_key.mv_size == key.bytes &&
			alm_row_open(store, table, alm_of_val(mdb_key),
				&bytes) == ALM_OK) {
			*out_key = alm_of_val(mdb_key);
			*out_value = bytes;
			break;
		}
		*has_damage = true;
	}
	mdb_cursor_close(cursor);
	return alm_store_fail(store, rc);
}

enum alm_err alm_table_rows(struct alm_store *store, MDB_txn *txn,
	enum alm_table table, uint64_t *out_rows)
{
	MDB_stat stat;
	int rc;

	rc = mdb_stat(txn, store->tables[table], &stat);
	if (rc == MDB_SUCCESS) {
		*out_rows = stat.ms_entries;
	}
	return alm_store_fail(store, rc);
}

/* Pages that are free for use again are in no table, so they do not count. */
enum alm_err alm_store_usage(struct alm_store *store, MDB_txn *txn,
	uint64_t *out_used, uint64_t *out_size)
{
	MDB_envinfo info;
	uint64_t used = 2; /* the two meta pages */
	uint64_t page_bytes = 0;

	for (unsigned dbi = 0; dbi < 2 + (unsigned)ALM_TABLE_COUNT; dbi++) {
		/* 0 and 1 are LMDB's own: free pages, and names. */
		MDB_stat stat;
		int rc = mdb_stat(
			txn, dbi < 2 ? dbi : store->tables[dbi - 2], &stat);

		if (rc != MDB_SUCCESS) {
			return alm_store_fail(store, rc);
		}
		used += stat.ms_branch_pages + stat.ms_leaf_pages +
			stat.ms_overflow_pages;
		page_bytes = stat.ms_psize;
	}
	(void)mdb_env_info(store->env, &info);
	*out_used = used * page_bytes;
	*out_size = info.me_mapsize;
	return ALM_OK;
}
