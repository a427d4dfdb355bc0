/*
 * The verification of everything but the records: the shape of the tables as
 * the state says it, and every row's seal, tag or digest.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "broker/store/parts.h"
#include "broker/store/prune.h"
#include "broker/store/tree.h"
#include "broker/store/verify.h"

/* Nothing but our tables may stand in the file. */
static enum alm_err check_names(struct alm_verify *verify, MDB_txn *txn)
{
	MDB_cursor *cursor;
	MDB_val key;
	enum alm_err err = ALM_OK;
	int rc = mdb_cursor_open(txn, 1, &cursor); /* LMDB's table of names */

	if (rc != MDB_SUCCESS) {
		return alm_store_map_rc(rc);
	}
	rc = mdb_cursor_get(cursor, &key, NULL, MDB_FIRST);
	while (rc == MDB_SUCCESS && err == ALM_OK) {
		bool is_ours = false;

		for (unsigned i = 0; i < ALM_TABLE_COUNT; i++) {
			const char *name = alm_table_name((enum alm_table)i);

			is_ours |= strlen(name) == key.mv_size &&
				   memcmp(name, key.mv_data, key.mv_size) == 0;
		}
		if (!is_ours) {
			err = alm_verify_damage(
				verify, 0, "the file has an unknown table");
		}
		rc = mdb_cursor_get(cursor, &key, NULL, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	if (err == ALM_OK && rc != MDB_NOTFOUND) {
		err = alm_verify_read_error(
			verify, "names", alm_store_map_rc(rc));
	}
	return err;
}

/* The greatest key of a table whose keys are numbers; 0 when it is empty. */
static enum alm_err last_number(struct alm_verify *verify, MDB_txn *txn,
	enum alm_table table, uint64_t *out_last)
{
	MDB_cursor *cursor;
	MDB_val key;
	int rc = mdb_cursor_open(txn, verify->store->tables[table], &cursor);

	if (rc != MDB_SUCCESS) {
		return alm_store_map_rc(rc);
	}
	rc = mdb_cursor_get(cursor, &key, NULL, MDB_LAST);
	if (rc == MDB_SUCCESS) {
		/* A key of another length is told of where it is read. */
		*out_last = key.mv_size == 8 ? alm_get_u64(key.mv_data)
					     : UINT64_MAX;
	} else if (rc == MDB_NOTFOUND) {
		*out_last = 0;
		rc = MDB_SUCCESS;
	}
	mdb_cursor_close(cursor);
	return alm_store_map_rc(rc);
}

static enum alm_err check_ends(struct alm_verify *verify, MDB_txn *txn)
{
	const struct {
		enum alm_table table;
		uint64_t last_max;
	} rows[] = {
		{ALM_TABLE_REC, verify->state.frontier.size},
		{ALM_TABLE_PRIV, verify->state.frontier.size},
		{ALM_TABLE_BODY, verify->state.mail_seq},
		{ALM_TABLE_AGENT, verify->state.agent_number},
		{ALM_TABLE_PERSON_KEY, verify->state.frontier.size},
	};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		uint64_t last = 0;
		enum alm_err err;

		err = last_number(verify, txn, rows[i].table, &last);
		if (err != ALM_OK) {
			return alm_verify_read_error(
				verify, alm_table_name(rows[i].table), err);
		}
		if (last > rows[i].last_max) {
			return alm_verify_damage(verify, 0,
				"table %s goes on past its end",
				alm_table_name(rows[i].table));
		}
	}
	return ALM_OK;
}

/* The tiles of a level, exactly: none missing, none too long or short. */
static enum alm_err check_level(struct alm_verify *verify, MDB_txn *txn,
	unsigned level, uint64_t *tiles)
{
	uint64_t entries = level < ALM_TILE_LEVELS
				   ? verify->state.frontier.size >> (8 * level)
				   : 0;

	for (uint64_t i = 0; i * ALM_TILE_WIDTH < entries; i++) {
		uint64_t width = entries - i * ALM_TILE_WIDTH;
		struct alm_bytes tile = {NULL, 0};
		enum alm_err err =
			alm_tree_tile(verify->store, txn, level, i, &tile);

		if (width > ALM_TILE_WIDTH) {
			width = ALM_TILE_WIDTH;
		}
		if (err == ALM_STORE_IO || err == ALM_NOMEM) {
			return err;
		}
		if (err != ALM_OK || tile.bytes != width * ALM_DIGEST_BYTES) {
			return alm_verify_damage(verify, 0,
				"tile %u/%" PRIu64
				" is missing or of another length",
				level, i);
		}
		++*tiles;
	}
	return ALM_OK;
}

static enum alm_err check_tiles(struct alm_verify *verify, MDB_txn *txn)
{
	uint64_t tiles = 0;
	uint64_t rows = 0;
	enum alm_err err = ALM_OK;

	for (unsigned level = 1; level < ALM_TILE_LEVELS && err == ALM_OK;
		level++) {
		err = check_level(verify, txn, level, &tiles);
	}
	if (err == ALM_OK) {
		err = alm_table_rows(verify->store, txn, ALM_TABLE_TILE, &rows);
	}
	if (err == ALM_OK && rows != tiles) {
		err = alm_verify_damage(verify, 0, "there are tiles too many");
	}
	verify->report->tiles = tiles;
	return err;
}

/* Counts that must agree with each other. */
static enum alm_err check_counts(struct alm_verify *verify, MDB_txn *txn)
{
	uint64_t rows[ALM_TABLE_COUNT] = {0};

	for (unsigned i = 0; i < ALM_TABLE_COUNT; i++) {
		enum alm_err err = alm_table_rows(
			verify->store, txn, (enum alm_table)i, &rows[i]);

		if (err != ALM_OK) {
			return err;
		}
	}
	if (rows[ALM_TABLE_REC] != verify->state.frontier.size) {
		return alm_verify_damage(verify, 0,
			"the head says %" PRIu64 " records, there are %" PRIu64,
			verify->state.frontier.size, rows[ALM_TABLE_REC]);
	}
	if (rows[ALM_TABLE_BODY] != rows[ALM_TABLE_QUEUE] +
					    rows[ALM_TABLE_SHARED] +
					    rows[ALM_TABLE_DEAD]) {
		return alm_verify_damage(verify, 0,
			"bodies and entries of queue and dead letters do not "
			"go together");
	}
	verify->private_rows = rows[ALM_TABLE_PRIV];
	if (rows[ALM_TABLE_META] != 2) {
		return alm_verify_damage(
			verify, 0, "table meta has rows too many");
	}
	return ALM_OK;
}

enum alm_err alm_verify_shape(struct alm_verify *verify)
{
	struct alm_problem problem = {.err = ALM_OK};
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(verify->store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = alm_state_read(verify->store, txn, &verify->state, &problem);
	if (err == ALM_STORE_CORRUPT) {
		err = alm_verify_damage(verify, 0, "%s", problem.detail);
	}
	if (err == ALM_OK) {
		verify->store->state = verify->state;
		verify->report->pruned_through =
			alm_pruned_through(&verify->state);
		err = check_names(verify, txn);
	}
	if (err == ALM_OK) {
		err = check_counts(verify, txn);
	}
	if (err == ALM_OK) {
		err = check_ends(verify, txn);
	}
	if (err == ALM_OK) {
		err = check_tiles(verify, txn);
	}
	alm_store_view_end(verify->store);
	return err;
}

static bool is_sound(struct alm_bytes text, uint64_t seq)
{
	struct alm_mail mail;

	return text.bytes > 0 && text.data[0] == ALM_SHARED_VERSION
		       ? alm_shared_decode(text, &mail) == ALM_OK
		       : alm_mail_body_decode(text, seq, &mail) == ALM_OK;
}

static enum alm_err check_body(
	struct alm_verify *verify, struct alm_bytes key, struct alm_bytes value)
{
	struct alm_store *store = verify->store;
	struct alm_bytes text = {store->scratch, value.bytes - ALM_CRYPT_BYTES};

	verify->report->mail++;
	if (key.bytes != 8 || value.bytes < ALM_CRYPT_BYTES ||
		text.bytes > ALM_SCRATCH_BYTES) {
		return alm_verify_damage(
			verify, 0, "a body of table body is damaged");
	}
	if (store->keys == NULL) {
		return ALM_OK;
	}
	if (alm_store_keys_decrypt(store->keys, ALM_CRYPT_BODY,
		    alm_get_u64(key.data), value, store->scratch) != ALM_OK ||
		!is_sound(text, alm_get_u64(key.data))) {
		return alm_verify_damage(verify, 0,
			"mail %" PRIu64 ": its body does not authenticate",
			alm_get_u64(key.data));
	}
	return ALM_OK;
}

static enum alm_err check_part(
	struct alm_verify *verify, struct alm_bytes key, struct alm_bytes value)
{
	struct alm_store *store = verify->store;
	struct alm_stored_part part;

	verify->report->others++;
	if (value.bytes > ALM_SCRATCH_BYTES ||
		(store->keys != NULL &&
			alm_part_open(store, key, value, store->scratch,
				&part) != ALM_OK)) {
		return alm_verify_damage(
			verify, 0, "a row of table part does not authenticate");
	}
	return ALM_OK;
}

enum alm_err alm_verify_row(struct alm_verify *verify, enum alm_table table,
	struct alm_bytes key, struct alm_bytes value)
{
	if (table == ALM_TABLE_BODY) {
		return check_body(verify, key, value);
	}
	if (table == ALM_TABLE_PART) {
		return check_part(verify, key, value);
	}
	verify->report->others++;
	if (alm_row_open(verify->store, table, key, &value) != ALM_OK) {
		return alm_verify_damage(verify, 0,
			"a row of table %s is damaged or not the one that was"
			" written",
			alm_table_name(table));
	}
	return ALM_OK;
}

/* The rows of a table, some in each view; `at` is where the next view goes
 * on.  Rows that come and go meanwhile are met or not, and none is torn. */
static enum alm_err check_batch(struct alm_verify *verify, MDB_txn *txn,
	enum alm_table table, uint8_t at[511], size_t *at_bytes, bool *is_done)
{
	unsigned rows_max =
		table == ALM_TABLE_PART ? ALM_VERIFY_PARTS : ALM_VERIFY_BATCH;
	MDB_val key = alm_val(at, *at_bytes);
	MDB_val value;
	MDB_cursor *cursor;
	enum alm_err err = ALM_OK;
	int rc = mdb_cursor_open(txn, verify->store->tables[table], &cursor);

	if (rc != MDB_SUCCESS) {
		return alm_store_map_rc(rc);
	}
	rc = mdb_cursor_get(cursor, &key, &value,
		*at_bytes == 0 ? MDB_FIRST : MDB_SET_RANGE);
	for (unsigned i = 0; i < rows_max && rc == MDB_SUCCESS && err == ALM_OK;
		i++) {
		err = alm_verify_row(
			verify, table, alm_of_val(key), alm_of_val(value));
		rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	if (rc == MDB_SUCCESS && key.mv_size <= 511) {
		memcpy(at, key.mv_data, key.mv_size);
		*at_bytes = key.mv_size;
	}
	*is_done = rc != MDB_SUCCESS;
	mdb_cursor_close(cursor);
	if (err == ALM_OK && rc != MDB_SUCCESS && rc != MDB_NOTFOUND) {
		err = alm_verify_read_error(
			verify, alm_table_name(table), alm_store_map_rc(rc));
	}
	return err;
}

static enum alm_err check_table(struct alm_verify *verify, enum alm_table table)
{
	uint8_t at[511];
	size_t at_bytes = 0;
	bool is_done = false;

	while (!is_done) {
		MDB_txn *txn = NULL;
		enum alm_err err = alm_store_view(verify->store, &txn);

		if (err != ALM_OK) {
			return err;
		}
		err = check_batch(verify, txn, table, at, &at_bytes, &is_done);
		alm_store_view_end(verify->store);
		if (err != ALM_OK) {
			return err;
		}
	}
	return ALM_OK;
}

enum alm_table alm_verify_table(size_t i)
{
	static const enum alm_table tables[] = {ALM_TABLE_BODY, ALM_TABLE_QUEUE,
		ALM_TABLE_MAILBOX, ALM_TABLE_DUPLICATE, ALM_TABLE_PEOPLE,
		ALM_TABLE_AGENT, ALM_TABLE_STANDARD, ALM_TABLE_POLICY,
		ALM_TABLE_OVERRIDE, ALM_TABLE_ASIDE, ALM_TABLE_PERSON_KEY,
		ALM_TABLE_OPT_OUT_LIST, ALM_TABLE_UPLOAD, ALM_TABLE_PART,
		ALM_TABLE_SHARED, ALM_TABLE_WATCH, ALM_TABLE_DEAD,
		ALM_TABLE_INVITE, ALM_TABLE_AGENT_KEY, ALM_TABLE_EVIDENCE};

	return i < ALM_COUNT(tables) ? tables[i] : ALM_TABLE_COUNT;
}

enum alm_err alm_verify_rows(struct alm_verify *verify)
{
	enum alm_err err = ALM_OK;

	for (size_t i = 0;
		alm_verify_table(i) != ALM_TABLE_COUNT && err == ALM_OK; i++) {
		err = check_table(verify, alm_verify_table(i));
	}
	return err == ALM_OK ? alm_verify_policy(verify) : err;
}
