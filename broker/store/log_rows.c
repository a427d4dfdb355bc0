/*
 * Records of the open turn wait here and are hashed, sealed and written
 * together: so they take pages that lie side by side, and the pages of mail,
 * which go again, are not strewn among those of the log, which stay.  It is
 * less work as well, most of all the hashing.
 *
 * A row that waits: its key, how long the header is, the byte that a leaf
 * begins with, the header, and room for the seal.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/store/inside.h"
#include "broker/store/tree.h"
#include "broker/store/whole.h"

/* Of one turn under load; more is written at once. */
#define WAITING_BYTES_MAX ((size_t)1024 * 1024)
#define KEY_BYTES 8u
#define LEAF_AT (KEY_BYTES + sizeof(uint32_t))
#define HEADER_AT (LEAF_AT + 1)
#define ROW_BYTES(header_bytes) (HEADER_AT + (header_bytes) + ALM_SEAL_BYTES)
/* Written together; what they need is still in the first cache then. */
#define CHUNK_ROWS 128u

struct chunk {
	uint8_t *rows[CHUNK_ROWS];
	struct alm_digest leaves[CHUNK_ROWS];
	size_t count;
};

static size_t header_bytes_of(const uint8_t *row)
{
	return alm_get_u32(row + KEY_BYTES);
}

static enum alm_err open_rows(struct alm_log_rows *rows)
{
	if (rows->many == NULL) {
		rows->many = alm_hash_many_new();
	}
	if (rows->bytes == NULL) {
		rows->bytes = calloc(1, WAITING_BYTES_MAX);
	}
	return rows->many == NULL || rows->bytes == NULL ? ALM_NOMEM : ALM_OK;
}

enum alm_err alm_log_row_wait(
	struct alm_store *store, uint64_t seq, struct alm_bytes header)
{
	struct alm_log_rows *rows = &store->log_rows;
	size_t row_bytes = ROW_BYTES(header.bytes);
	enum alm_err err = open_rows(rows);
	uint8_t *row;

	ALM_ASSERT(row_bytes <= WAITING_BYTES_MAX);
	if (err == ALM_OK && rows->used + row_bytes > WAITING_BYTES_MAX) {
		err = alm_log_rows_write(store);
	}
	if (err != ALM_OK) {
		return err;
	}
	row = rows->bytes + rows->used;
	alm_put_u64(row, seq);
	alm_put_u32(row + KEY_BYTES, (uint32_t)header.bytes);
	row[LEAF_AT] = 0x00;
	memcpy(row + HEADER_AT, header.data, header.bytes);
	rows->used += row_bytes;
	rows->count++;
	return ALM_OK;
}

static void hash_chunk(struct alm_hash_many *many, struct chunk *chunk)
{
	struct alm_hash_job jobs[CHUNK_ROWS];

	for (size_t i = 0; i < chunk->count; i++) {
		const uint8_t *row = chunk->rows[i];

		jobs[i] = (struct alm_hash_job){
			{row + LEAF_AT, 1 + header_bytes_of(row)},
			chunk->leaves[i].raw};
	}
	alm_hash_many(many, jobs, chunk->count);
}

static enum alm_err put_row(struct alm_store *store, MDB_cursor *cursor,
	uint8_t *row, const struct alm_digest *leaf)
{
	uint8_t *header = row + HEADER_AT;
	size_t header_bytes = header_bytes_of(row);
	MDB_val key = alm_val(row, KEY_BYTES);
	MDB_val value = alm_val(header, header_bytes + ALM_SEAL_BYTES);

	alm_store_keys_seal(store->keys, ALM_TABLE_REC,
		(struct alm_bytes){row, KEY_BYTES},
		(struct alm_bytes){leaf->raw, sizeof(leaf->raw)},
		header + header_bytes);
	return alm_store_fail(store, alm_hand_append(cursor, &key, &value, 0));
}

static enum alm_err write_chunk(struct alm_store *store, struct chunk *chunk)
{
	MDB_cursor *cursor;
	enum alm_err err =
		alm_hand_get(store, ALM_TABLE_REC, ALM_HAND_PUTS, &cursor);

	if (err != ALM_OK) {
		return err;
	}
	hash_chunk(store->log_rows.many, chunk);
	for (size_t i = 0; i < chunk->count && err == ALM_OK; i++) {
		err = put_row(store, cursor, chunk->rows[i], &chunk->leaves[i]);
	}
	return err == ALM_OK ? alm_tree_append(store, store->log_rows.many,
				       chunk->leaves, chunk->count)
			     : err;
}

/* Those that fit in a chunk, from `*at` on. */
static void next_chunk(
	const struct alm_log_rows *rows, size_t *at, struct chunk *chunk)
{
	for (chunk->count = 0; *at < rows->used && chunk->count < CHUNK_ROWS;
		chunk->count++) {
		uint8_t *row = rows->bytes + *at;

		chunk->rows[chunk->count] = row;
		*at += ROW_BYTES(header_bytes_of(row));
	}
}

enum alm_err alm_log_rows_write(struct alm_store *store)
{
	struct alm_log_rows *rows = &store->log_rows;
	ALM_UNINITIALIZED struct chunk chunk;
	enum alm_err err = ALM_OK;
	size_t at = 0;

	while (at < rows->used && err == ALM_OK) {
		next_chunk(rows, &at, &chunk);
		err = write_chunk(store, &chunk);
	}
	alm_log_rows_drop(store);
	return err;
}

void alm_log_rows_drop(struct alm_store *store)
{
	store->log_rows.used = 0;
	store->log_rows.count = 0;
}

void alm_log_rows_free(struct alm_store *store)
{
	free(store->log_rows.bytes);
	alm_hash_many_free(store->log_rows.many);
	store->log_rows = (struct alm_log_rows){.bytes = NULL};
}
