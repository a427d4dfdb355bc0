/*
 * rows.h - a store of its own for one fuzz target, and the rows of an input:
 * table, length of the key, length of the value (two bytes), key, value.
 */
#ifndef ALM_TESTS_FUZZ_ROWS_H
#define ALM_TESTS_FUZZ_ROWS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/store/inside.h"

#define NOW_US INT64_C(1790000000000000)

struct row {
	enum alm_table table;
	struct alm_bytes key;
	char name[ALM_ID_BYTES_MAX + 1]; /* that the key may begin with */
	uint64_t number;                 /* that it may begin with */
	uint64_t last;                   /* that it may end with */
	struct alm_message_id id;        /* the same */
};

static struct alm_store *store;
static struct alm_arena arena;

static inline void end(void)
{
	alm_store_close(store);
}

static inline void remove_files(const char *folder)
{
	static const char *const names[] = {"data.mdb", "lock.mdb", "lock", ""};
	char path[64];

	for (size_t i = 0; i < ALM_COUNT(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)remove(path);
	}
}

static inline void begin(void)
{
	static const uint8_t key[ALM_STORE_KEY_BYTES] = {7, 1, 2, 3};
	char folder[] = "/tmp/almoner-fuzz-XXXXXX";
	struct alm_problem problem = {.err = ALM_OK};
	const struct alm_store_options options = {.path = folder,
		.map_bytes_max = (uint64_t)256 << 20,
		.key = key};

	if (mkdtemp(folder) == NULL ||
		alm_store_open(&options, &store, &problem) != ALM_OK) {
		(void)fprintf(stderr, "%s: %s\n", folder, problem.detail);
		abort();
	}
	remove_files(folder); /* they stay open, and are not wanted after */
	alm_arena_init(&arena, (size_t)64 << 20);
	(void)atexit(end);
}

static inline bool next_row(struct alm_bytes *input, struct row *row)
{
	struct alm_reader r;
	size_t key_bytes;
	struct alm_bytes value;
	size_t text;

	if (input->bytes < 4) {
		return false;
	}
	alm_reader_init(&r, input->data, input->bytes);
	memset(row, 0, sizeof(*row));
	row->table = (enum alm_table)(alm_read_u8(&r) % ALM_TABLE_COUNT);
	key_bytes = alm_read_u8(&r);
	value.bytes = alm_read_u16(&r);
	if (key_bytes == 0 || key_bytes + value.bytes > r.bytes_left) {
		return false;
	}
	row->key = (struct alm_bytes){input->data + 4, key_bytes};
	value.data = row->key.data + key_bytes;
	input->data = value.data + value.bytes;
	input->bytes -= 4 + key_bytes + value.bytes;
	text = strnlen((const char *)row->key.data,
		key_bytes < ALM_ID_BYTES_MAX ? key_bytes : ALM_ID_BYTES_MAX);
	memcpy(row->name, row->key.data, text);
	if (key_bytes >= 8) {
		row->number = alm_get_u64(row->key.data);
		row->last = alm_get_u64(row->key.data + key_bytes - 8);
	}
	if (key_bytes >= sizeof(row->id.raw)) {
		memcpy(row->id.raw,
			row->key.data + key_bytes - sizeof(row->id.raw),
			sizeof(row->id.raw));
	}
	(void)!alm_row_put(store, row->table, row->key, value, 0);
	return true;
}

#endif /* ALM_TESTS_FUZZ_ROWS_H */
