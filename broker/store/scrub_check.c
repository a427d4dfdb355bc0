/*
 * What one step of a pass checks.  Damage is told once for each row, by a hash
 * of its table and key, for as long as the program runs.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "broker/store/scrub_internal.h"
#include "broker/store/tree.h"

#define STEP_UNITS_MAX 1024u
#define UNIT_BYTES 4096u
#define TILE_BYTES ((size_t)ALM_TILE_WIDTH * ALM_DIGEST_BYTES)

/* --- findings ------------------------------------------------------------- */

static bool is_known(const struct alm_scrub *scrub, uint64_t name)
{
	for (size_t i = 0; i < atomic_load(&scrub->damaged); i++) {
		if (scrub->known[i] == name) {
			return true;
		}
	}
	return false;
}

/* What tells one row from another, for as long as the program runs. */
static uint64_t name_of(enum alm_table table, struct alm_bytes key)
{
	uint64_t name = UINT64_C(14695981039346656037) ^ (uint64_t)table;

	for (size_t i = 0; i < key.bytes; i++) {
		name = (name ^ key.data[i]) * UINT64_C(1099511628211);
	}
	return name;
}

static void tell(struct alm_scrub *scrub, uint64_t name, uint64_t seq,
	const char *format, ...) ALM_PRINTF(4, 5);

static void tell(struct alm_scrub *scrub, uint64_t name, uint64_t seq,
	const char *format, ...)
{
	struct alm_scrub_finding *finding;
	size_t i;
	va_list args;

	i = atomic_load(&scrub->damaged);
	if (i < ALM_SCRUB_FINDINGS_MAX && !is_known(scrub, name)) {
		scrub->known[i] = name;
		finding = &scrub->findings[i];
		finding->seq = seq;
		va_start(args, format);
		(void)vsnprintf(
			finding->what, sizeof(finding->what), format, args);
		va_end(args);
		atomic_store(&scrub->damaged, i + 1);
	}
}

static void tell_record(struct alm_scrub *scrub, uint64_t seq, const char *what)
{
	uint8_t key[8];

	alm_put_u64(key, seq);
	tell(scrub,
		name_of(ALM_TABLE_REC, (struct alm_bytes){key, sizeof(key)}),
		seq, "record %" PRIu64 ": %s", seq, what);
}

static void count(struct alm_scrub *scrub, size_t bytes)
{
	scrub->units += 1 + (unsigned)(bytes / UNIT_BYTES);
}

/* --- records -------------------------------------------------------------- */

static void check_private(struct alm_scrub *scrub, MDB_txn *txn,
	const struct alm_audit_record *record)
{
	static const struct alm_digest none;
	struct alm_store *side = scrub->side;
	uint8_t raw[8];
	MDB_val key = alm_val(raw, sizeof(raw));
	MDB_val value;
	int rc;

	alm_put_u64(raw, record->seq);
	rc = mdb_get(txn, side->tables[ALM_TABLE_PRIV], &key, &value);
	if (rc == MDB_NOTFOUND) {
		return;
	}
	if (rc != MDB_SUCCESS ||
		memcmp(&record->commitment, &none, sizeof(none)) == 0) {
		tell(scrub, name_of(ALM_TABLE_PRIV, alm_of_val(key)),
			record->seq,
			"record %" PRIu64 ": its private part is not readable",
			record->seq);
		return;
	}
	count(scrub, value.mv_size);
	if (alm_verify_private(&scrub->verify, txn, record,
		    alm_of_val(value)) == ALM_AUDIT_DAMAGED) {
		tell(scrub, name_of(ALM_TABLE_PRIV, alm_of_val(key)),
			record->seq, "%s", scrub->report.what);
	}
}

/* False: it is damaged, and has no leaf. */
static bool check_record(struct alm_scrub *scrub, MDB_txn *txn, uint64_t seq,
	struct alm_digest *out_leaf)
{
	struct alm_store *side = scrub->side;
	struct alm_audit_record record;
	struct alm_bytes header;
	uint8_t raw[8];
	MDB_val key = alm_val(raw, sizeof(raw));
	MDB_val value;

	alm_put_u64(raw, seq);
	if (mdb_get(txn, side->tables[ALM_TABLE_REC], &key, &value) !=
		MDB_SUCCESS) {
		tell_record(scrub, seq, "it is missing");
		return false;
	}
	count(scrub, value.mv_size);
	header = alm_of_val(value);
	if (alm_record_row_open(side, alm_of_val(key), &header, out_leaf) !=
			ALM_OK ||
		alm_audit_record_decode(header, &record) != ALM_OK ||
		record.seq != seq) {
		tell_record(scrub, seq, "it is not the one that was written");
		return false;
	}
	if (record.time_us < scrub->time_us) {
		tell_record(scrub, seq, "its time is before the last one's");
	}
	scrub->time_us = record.time_us;
	check_private(scrub, txn, &record);
	return true;
}

static void check_entry(struct alm_scrub *scrub, MDB_txn *txn, unsigned level,
	uint64_t entry, const struct alm_frontier *part)
{
	size_t at = (size_t)(entry % ALM_TILE_WIDTH) * ALM_DIGEST_BYTES;
	struct alm_bytes tile = {NULL, 0};
	uint8_t key[9];

	if (alm_tree_tile(scrub->side, txn, level, entry / ALM_TILE_WIDTH,
		    &tile) == ALM_OK &&
		at + ALM_DIGEST_BYTES <= tile.bytes &&
		memcmp(tile.data + at, part->roots[0].raw, ALM_DIGEST_BYTES) ==
			0) {
		return;
	}
	key[0] = (uint8_t)level;
	alm_put_u64(key + 1, entry);
	tell(scrub,
		name_of(ALM_TABLE_TILE, (struct alm_bytes){key, sizeof(key)}),
		0,
		"tile %u/%" PRIu64 ", entry %u: not the hash of what it covers",
		level, entry / ALM_TILE_WIDTH,
		(unsigned)(entry % ALM_TILE_WIDTH));
}

static void check_group(struct alm_scrub *scrub, MDB_txn *txn)
{
	uint64_t size = scrub->side->state.frontier.size;
	uint64_t first = scrub->leaf;
	struct alm_frontier part = {.size = 0};
	bool is_whole = true;

	while (scrub->leaf < size && scrub->leaf - first < ALM_TILE_WIDTH) {
		struct alm_digest leaf;

		if (check_record(scrub, txn, scrub->leaf + 1, &leaf)) {
			alm_frontier_append(scrub->side->hash, &part, &leaf);
		} else {
			is_whole = false;
		}
		scrub->leaf++;
	}
	if (is_whole && part.size == ALM_TILE_WIDTH) {
		check_entry(scrub, txn, 1, first / ALM_TILE_WIDTH, &part);
	}
	if (atomic_load(&scrub->verified_seq) < scrub->leaf) {
		atomic_store(&scrub->verified_seq, scrub->leaf);
	}
	if (scrub->leaf >= size) {
		scrub->phase = ALM_SCRUB_TILES;
		scrub->level = 1;
		scrub->tile = 0;
	}
}

/* --- tiles and head ------------------------------------------------------- */

/* One full tile, against its entry in the one above. */
static void check_tile(struct alm_scrub *scrub, MDB_txn *txn)
{
	struct alm_store *side = scrub->side;
	uint64_t size = side->state.frontier.size;
	uint64_t entries = scrub->level + 1 < ALM_TILE_LEVELS
				   ? size >> (8 * (scrub->level + 1))
				   : 0;
	struct alm_frontier part = {.size = 0};
	struct alm_bytes tile = {NULL, 0};

	if (entries == 0) {
		scrub->phase = ALM_SCRUB_HEAD;
		return;
	}
	if (scrub->tile >= entries) {
		scrub->level++;
		scrub->tile = 0;
		return;
	}
	count(scrub, TILE_BYTES);
	if (alm_tree_tile(side, txn, scrub->level, scrub->tile, &tile) ==
			ALM_OK &&
		tile.bytes == TILE_BYTES) {
		for (size_t i = 0; i < ALM_TILE_WIDTH; i++) {
			struct alm_digest node;

			memcpy(node.raw, tile.data + i * ALM_DIGEST_BYTES,
				ALM_DIGEST_BYTES);
			alm_frontier_append(side->hash, &part, &node);
		}
		check_entry(scrub, txn, scrub->level + 1, scrub->tile, &part);
	}
	scrub->tile++;
}

/* The newest head, from tiles and the last records. */
static void check_head(struct alm_scrub *scrub, MDB_txn *txn)
{
	struct alm_store *side = scrub->side;
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_store_state state = {.last_time_us = 0};
	struct alm_frontier found = {.size = 0};
	enum alm_err err = alm_state_read(side, txn, &state, &problem);

	if (err == ALM_OK) {
		err = alm_tree_recompute(
			side, txn, state.frontier.size, &found);
	}
	if (err == ALM_OK && !alm_tree_same(&found, &state.frontier)) {
		err = ALM_STORE_CORRUPT;
	}
	if (err == ALM_STORE_CORRUPT || err == ALM_NOT_FOUND ||
		err == ALM_STORE_FORMAT) {
		tell(scrub, name_of(ALM_TABLE_META, alm_text_bytes("head", 4)),
			0, "the head or the counts of rows: %.100s",
			problem.detail);
	}
	scrub->phase = ALM_SCRUB_ROWS;
	scrub->table = 0;
	scrub->key_bytes = 0;
}

/* --- the other rows ------------------------------------------------------- */

static void check_row(struct alm_scrub *scrub, enum alm_table table,
	MDB_val key, MDB_val value)
{
	count(scrub, value.mv_size);
	if (alm_verify_row(&scrub->verify, table, alm_of_val(key),
		    alm_of_val(value)) == ALM_AUDIT_DAMAGED) {
		tell(scrub, name_of(table, alm_of_val(key)), 0, "%s",
			scrub->report.what);
	}
}

static void check_rows(struct alm_scrub *scrub, MDB_txn *txn)
{
	enum alm_table table = alm_verify_table(scrub->table);
	MDB_val key = alm_val(scrub->key, scrub->key_bytes);
	MDB_val value;
	MDB_cursor *cursor;
	int rc = mdb_cursor_open(txn, scrub->side->tables[table], &cursor);

	if (rc != MDB_SUCCESS) {
		scrub->table++;
		return;
	}
	rc = mdb_cursor_get(cursor, &key, &value,
		scrub->key_bytes == 0 ? MDB_FIRST : MDB_SET_RANGE);
	for (unsigned i = 0; i < ALM_SCRUB_STEP_ROWS && rc == MDB_SUCCESS &&
			     scrub->units < STEP_UNITS_MAX;
		i++) {
		check_row(scrub, table, key, value);
		rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	if (rc == MDB_SUCCESS && key.mv_size <= sizeof(scrub->key)) {
		memcpy(scrub->key, key.mv_data, key.mv_size);
		scrub->key_bytes = key.mv_size;
	} else {
		if (rc != MDB_NOTFOUND) {
			tell(scrub, name_of(table, alm_text_bytes("", 0)), 0,
				"table %s is not readable",
				alm_table_name(table));
		}
		scrub->table++;
		scrub->key_bytes = 0;
	}
	mdb_cursor_close(cursor);
}

void alm_scrub_work(struct alm_scrub *scrub, MDB_txn *txn)
{
	switch (scrub->phase) {
	case ALM_SCRUB_RECORDS:
		check_group(scrub, txn);
		break;
	case ALM_SCRUB_TILES:
		check_tile(scrub, txn);
		break;
	case ALM_SCRUB_HEAD:
		check_head(scrub, txn);
		break;
	case ALM_SCRUB_ROWS:
		check_rows(scrub, txn);
		break;
	}
}
