/*
 * The verification of the log itself: every record's form, order and seal,
 * every leaf, tile and root, and every private part against its commitment.
 */
#include "broker/store/verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/store/tree.h"

#define PAGE_BYTES ((size_t)4096)
#define LINE_BYTES ((size_t)64) /* of the processor's caches */

enum alm_err alm_verify_damage(
	struct alm_verify *verify, uint64_t seq, const char *format, ...)
{
	struct alm_audit_report *report = verify->report;
	va_list args;

	report->first_bad_seq = seq;
	va_start(args, format);
	(void)vsnprintf(report->what, sizeof(report->what), format, args);
	va_end(args);
	return ALM_AUDIT_DAMAGED;
}

enum alm_err alm_verify_read_error(
	struct alm_verify *verify, const char *table, enum alm_err err)
{
	if (err == ALM_STORE_CORRUPT || err == ALM_NOT_FOUND) {
		return alm_verify_damage(
			verify, 0, "table %s is not readable", table);
	}
	return err;
}

/* One entry of a tile that has just been completed. */
static enum alm_err check_entry(struct alm_verify *verify, MDB_txn *txn,
	unsigned level, uint64_t entry, const struct alm_digest *node)
{
	size_t at = (size_t)(entry % ALM_TILE_WIDTH) * ALM_DIGEST_BYTES;
	struct alm_bytes tile = {NULL, 0};
	enum alm_err err = alm_tree_tile(
		verify->store, txn, level, entry / ALM_TILE_WIDTH, &tile);

	if (err != ALM_OK && err != ALM_NOT_FOUND && err != ALM_STORE_CORRUPT) {
		return err;
	}
	if (err != ALM_OK || at + ALM_DIGEST_BYTES > tile.bytes ||
		memcmp(tile.data + at, node->raw, ALM_DIGEST_BYTES) != 0) {
		return alm_verify_damage(verify, 0,
			"tile %u/%" PRIu64
			", entry %u, is not the hash of its records",
			level, entry / ALM_TILE_WIDTH,
			(unsigned)(entry % ALM_TILE_WIDTH));
	}
	return ALM_OK;
}

/* As alm_tree_append(), but comparing where that one writes. */
static enum alm_err add_leaf(
	struct alm_verify *verify, MDB_txn *txn, const struct alm_digest *leaf)
{
	struct alm_frontier *frontier = &verify->frontier;
	size_t count = (size_t)__builtin_popcountll(frontier->size);
	struct alm_digest node = *leaf;
	unsigned height = 0;

	for (uint64_t rest = frontier->size; (rest & 1u) != 0; rest >>= 1) {
		alm_merkle_node(verify->store->hash, &frontier->roots[--count],
			&node, &node);
		height++;
		if (height % 8 == 0) {
			enum alm_err err = check_entry(verify, txn, height / 8,
				frontier->size >> height, &node);

			if (err != ALM_OK) {
				return err;
			}
		}
	}
	frontier->roots[count] = node;
	frontier->size++;
	return ALM_OK;
}

enum alm_err alm_verify_private(struct alm_verify *verify, MDB_txn *txn,
	const struct alm_audit_record *record, struct alm_bytes sealed)
{
	struct alm_store *store = verify->store;
	size_t bytes = 0;
	enum alm_err err = ALM_STORE_CORRUPT;

	if (sealed.bytes <= ALM_SCRATCH_BYTES) {
		err = alm_audit_open_private(
			store, txn, record, sealed, store->scratch, &bytes);
	}
	switch (err) {
	case ALM_OK:
		verify->report->private_parts++;
		return ALM_OK;
	case ALM_NOT_FOUND: /* how many keys there are is checked elsewhere */
		verify->report->private_erased++;
		verify->gone_key = record->seq;
		return ALM_OK;
	case ALM_STORE_CORRUPT:
		return alm_verify_damage(verify, record->seq,
			"record %" PRIu64
			": its private part does not decrypt to what it"
			" commits to",
			record->seq);
	default:
		return err;
	}
}

/* The private parts, walked beside the records. */
struct beside {
	MDB_cursor *cursor;
	MDB_val key;
	MDB_val value;
	int rc;
};

/* LMDB appends rows from the end of a page down, which the processor does not
 * foresee.  What lies at the same place a page further is read some rows
 * later: fetching it now takes a fifth of all time off. */
static void foresee(MDB_val row)
{
	const char *at = (const char *)row.mv_data + PAGE_BYTES;

	for (size_t i = 0; i < row.mv_size + LINE_BYTES; i += LINE_BYTES) {
		__builtin_prefetch(at + i);
	}
}

static enum alm_err match_private(struct alm_verify *verify, MDB_txn *txn,
	struct beside *beside, const struct alm_audit_record *record)
{
	static const struct alm_digest none;
	bool wants = memcmp(&record->commitment, &none, sizeof(none)) != 0;
	bool has = beside->rc == MDB_SUCCESS && beside->key.mv_size == 8 &&
		   alm_get_u64(beside->key.mv_data) == record->seq;
	enum alm_err err = ALM_OK;

	if (beside->rc != MDB_SUCCESS && beside->rc != MDB_NOTFOUND) {
		return alm_verify_read_error(
			verify, "priv", alm_store_map_rc(beside->rc));
	}
	if (beside->rc == MDB_SUCCESS && !has &&
		(beside->key.mv_size != 8 ||
			alm_get_u64(beside->key.mv_data) < record->seq)) {
		return alm_verify_damage(verify, record->seq,
			"before record %" PRIu64
			": a private part without a record",
			record->seq);
	}
	if (has && !wants) {
		return alm_verify_damage(verify, record->seq,
			"record %" PRIu64
			": a private part that it does not commit to",
			record->seq);
	}
	if (wants && !has && record->seq <= verify->report->pruned_through) {
		verify->report->private_pruned++;
	} else if (wants && !has) {
		verify->report->private_absent++;
	}
	if (!has) {
		verify->gone_part = wants ? record->seq : verify->gone_part;
		return ALM_OK;
	}
	verify->private_met++;
	if (verify->store->keys != NULL) {
		err = alm_verify_private(
			verify, txn, record, alm_of_val(beside->value));
	}
	beside->rc = mdb_cursor_get(
		beside->cursor, &beside->key, &beside->value, MDB_NEXT);
	if (beside->rc == MDB_SUCCESS) {
		foresee(beside->value);
	}
	return err;
}

static enum alm_err check_record(struct alm_verify *verify, MDB_txn *txn,
	MDB_val key, MDB_val value, struct beside *beside)
{
	uint64_t seq = verify->frontier.size + 1;
	struct alm_bytes header = alm_of_val(value);
	struct alm_audit_record record = {.seq = 0};
	struct alm_digest leaf;
	enum alm_err err;

	if (key.mv_size != 8 || alm_get_u64(key.mv_data) != seq) {
		return alm_verify_damage(
			verify, seq, "record %" PRIu64 " is missing", seq);
	}
	if (alm_record_row_open(
		    verify->store, alm_of_val(key), &header, &leaf) != ALM_OK ||
		alm_audit_record_decode(header, &record) != ALM_OK ||
		record.seq != seq) {
		return alm_verify_damage(verify, seq,
			"record %" PRIu64 " is damaged or not the one that"
			" was written",
			seq);
	}
	if (record.time_us < verify->time_us) {
		return alm_verify_damage(verify, seq,
			"record %" PRIu64 " is earlier than the one before it",
			seq);
	}
	verify->time_us = record.time_us;
	verify->pruned = record.kind == ALM_AUDIT_PRUNED ? seq : verify->pruned;
	verify->erased = record.kind == ALM_AUDIT_ERASED ? seq : verify->erased;
	err = add_leaf(verify, txn, &leaf);
	if (err == ALM_OK) {
		err = alm_verify_note_policy(verify, &record);
	}
	if (err == ALM_OK) {
		err = match_private(verify, txn, beside, &record);
	}
	if (err == ALM_OK) {
		verify->report->records++;
	}
	return err;
}

static enum alm_err walk(struct alm_verify *verify, MDB_txn *txn,
	MDB_cursor *records, struct beside *beside)
{
	uint8_t raw[8];
	MDB_val key = alm_val(raw, sizeof(raw));
	MDB_val value;
	MDB_cursor_op op = MDB_SET_RANGE;
	enum alm_err err = ALM_OK;

	alm_put_u64(raw, verify->frontier.size + 1);
	beside->key = alm_val(raw, sizeof(raw));
	beside->rc = mdb_cursor_get(
		beside->cursor, &beside->key, &beside->value, MDB_SET_RANGE);
	for (unsigned i = 0;
		i < ALM_VERIFY_BATCH && err == ALM_OK &&
		verify->frontier.size < verify->state.frontier.size;
		i++) {
		int rc = mdb_cursor_get(records, &key, &value, op);

		if (rc == MDB_NOTFOUND) {
			return alm_verify_damage(verify,
				verify->frontier.size + 1,
				"record %" PRIu64 " is missing",
				verify->frontier.size + 1);
		}
		if (rc != MDB_SUCCESS) {
			return alm_verify_read_error(
				verify, "rec", alm_store_map_rc(rc));
		}
		foresee(value);
		err = check_record(verify, txn, key, value, beside);
		op = MDB_NEXT;
	}
	return err;
}

static enum alm_err walk_batch(struct alm_verify *verify)
{
	struct alm_store *store = verify->store;
	MDB_cursor *records = NULL;
	struct beside beside = {.cursor = NULL};
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);
	int rc;

	if (err != ALM_OK) {
		return err;
	}
	rc = mdb_cursor_open(txn, store->tables[ALM_TABLE_REC], &records);
	if (rc == MDB_SUCCESS) {
		rc = mdb_cursor_open(
			txn, store->tables[ALM_TABLE_PRIV], &beside.cursor);
	}
	err = rc == MDB_SUCCESS ? walk(verify, txn, records, &beside)
				: alm_store_map_rc(rc);
	if (beside.cursor != NULL) {
		mdb_cursor_close(beside.cursor);
	}
	if (records != NULL) {
		mdb_cursor_close(records);
	}
	alm_store_view_end(store);
	return err;
}

/* Every record, private part and tile. */
static enum alm_err verify_records(struct alm_verify *verify)
{
	const struct alm_frontier *want = &verify->state.frontier;

	while (verify->frontier.size < want->size) {
		enum alm_err err = walk_batch(verify);

		if (err != ALM_OK) {
			return err;
		}
		if (verify->progress != NULL) {
			verify->progress(verify->cookie, verify->frontier.size,
				want->size);
		}
	}
	if (!alm_tree_same(&verify->frontier, want)) {
		return alm_verify_damage(
			verify, 0, "the records do not give the stored head");
	}
	if (verify->time_us != verify->state.last_time_us) {
		return alm_verify_damage(verify, 0,
			"the last record's time is not the stored one");
	}
	verify->report->head.size = want->size;
	alm_frontier_root(verify->store->hash, &verify->frontier,
		&verify->report->head.root);
	return ALM_OK;
}

static enum alm_err verify_store(struct alm_verify *verify)
{
	enum alm_err err = alm_verify_shape(verify);

	if (err == ALM_OK) {
		err = verify_records(verify);
	}
	if (err == ALM_OK) {
		err = alm_verify_gone(verify);
	}
	if (err == ALM_OK) {
		err = alm_verify_rows(verify);
	}
	if (err == ALM_OK) {
		err = alm_verify_heads(verify);
	}
	return err;
}

enum alm_err alm_audit_verify(const char *path, const uint8_t *key,
	void (*progress)(void *cookie, uint64_t done, uint64_t total),
	void *cookie, struct alm_audit_report *out_report)
{
	const struct alm_store_options options = {
		.path = path, .key = key, .is_read_only = true};
	struct alm_verify verify = {
		.report = out_report, .progress = progress, .cookie = cookie};
	struct alm_problem problem = {.err = ALM_OK};
	enum alm_err err;

	*out_report = (struct alm_audit_report){.private_checked = key != NULL};
	err = alm_store_open_parts(&options, &verify.store, &problem);
	if (err == ALM_STORE_CORRUPT) {
		err = alm_verify_damage(&verify, 0, "%s", problem.detail);
	}
	if (err == ALM_OK && key != NULL) {
		alm_person_keys_remember(verify.store);
	}
	if (err == ALM_OK) {
		err = verify_store(&verify);
	}
	free(verify.activated);
	alm_store_close(verify.store);
	return err;
}
