#include "broker/store/lists.h"

#include <string.h>

#include "broker/store/inside.h"
#include "broker/store/whole.h"

#define NUMBER_BYTES 4u
#define ROW_BYTES_MAX (64 + ALM_ID_BYTES_MAX)

static struct alm_bytes number_key(uint8_t raw[NUMBER_BYTES], uint32_t number)
{
	alm_put_u32(raw, number);
	return (struct alm_bytes){raw, NUMBER_BYTES};
}

static enum alm_err write_row(
	struct alm_store *store, const struct alm_list_row *row)
{
	uint8_t bytes[ROW_BYTES_MAX];
	uint8_t raw[NUMBER_BYTES];
	struct alm_writer w;

	alm_writer_init(&w, bytes, sizeof(bytes));
	alm_write_u8(&w, (uint8_t)row->list);
	alm_write_u8(&w, row->is_in_use ? 1 : 0);
	alm_write_u64(&w, (uint64_t)row->as_of_s);
	alm_write_u64(&w, (uint64_t)row->recorded_s);
	alm_write_u64(&w, (uint64_t)row->in_use_us);
	alm_write_u64(&w, row->count);
	alm_write_text(&w, row->source);
	if (w.is_bad) {
		return ALM_FIELD_TOO_LARGE;
	}
	store->is_state_changed = true;
	return alm_row_put(store, ALM_TABLE_OPT_OUT_LIST,
		number_key(raw, row->number),
		(struct alm_bytes){bytes, w.bytes}, 0);
}

/* The text is borrowed from `value`. */
static enum alm_err read_row(
	struct alm_bytes key, struct alm_bytes value, struct alm_list_row *out)
{
	struct alm_list_row row = {.number = 0};
	struct alm_reader r;
	unsigned list;

	alm_reader_init(&r, value.data, value.bytes);
	list = alm_read_u8(&r);
	row.list = (enum alm_opt_out_list)list;
	row.is_in_use = alm_read_u8(&r) == 1;
	row.as_of_s = (int64_t)alm_read_u64(&r);
	row.recorded_s = (int64_t)alm_read_u64(&r);
	row.in_use_us = (int64_t)alm_read_u64(&r);
	row.count = alm_read_u64(&r);
	row.source = alm_read_text(&r);
	if (!alm_reader_is_done(&r) || key.bytes != NUMBER_BYTES ||
		list < ALM_OPT_OUT_NATIONAL || list > ALM_OPT_OUT_TYPE_1 ||
		row.as_of_s < 0 || row.recorded_s < 0 || row.in_use_us < 0) {
		return ALM_STORE_CORRUPT;
	}
	row.number = alm_get_u32(key.data);
	if (row.number == UINT32_MAX) {
		return ALM_STORE_CORRUPT; /* none comes after that one */
	}
	*out = row;
	return ALM_OK;
}

/* The first one with a number from `number` on; its text is in the page.  What
 * is damaged is passed, and told. */
static enum alm_err seek(struct alm_store *store, MDB_txn *txn, uint32_t number,
	struct alm_list_row *out, bool *has_damage)
{
	uint8_t raw[NUMBER_BYTES];
	struct alm_bytes key = {NULL, 0};
	struct alm_bytes value = {NULL, 0};
	enum alm_err err =
		alm_row_seek_whole(store, txn, ALM_TABLE_OPT_OUT_LIST,
			number_key(raw, number), &key, &value, has_damage);

	return err == ALM_OK ? read_row(key, value, out) : err;
}

/* Damaged rows: nothing says any more which list they were of. */
static enum alm_err remove_damaged(struct alm_store *store)
{
	MDB_cursor *cursor;
	MDB_val key;
	MDB_val value;
	int rc = mdb_cursor_open(
		store->turn, store->tables[ALM_TABLE_OPT_OUT_LIST], &cursor);

	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) ==
		MDB_SUCCESS) {
		struct alm_list_row row;
		struct alm_bytes bytes = alm_of_val(value);

		if (alm_row_open(store, ALM_TABLE_OPT_OUT_LIST, alm_of_val(key),
			    &bytes) == ALM_OK &&
			read_row(alm_of_val(key), bytes, &row) == ALM_OK) {
			continue;
		}
		rc = mdb_cursor_del(cursor, 0);
		if (rc != MDB_SUCCESS) {
			break;
		}
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? ALM_OK : alm_store_fail(store, rc);
}

/* A row stands there, whole or damaged. */
static bool is_taken(struct alm_store *store, uint32_t number)
{
	uint8_t raw[NUMBER_BYTES];
	MDB_val key = alm_val(number_key(raw, number).data, NUMBER_BYTES);
	MDB_val value;

	return mdb_get(store->turn, store->tables[ALM_TABLE_OPT_OUT_LIST], &key,
		       &value) == MDB_SUCCESS;
}

static bool is_same_source(
	const struct alm_list_row *a, const struct alm_list_row *b)
{
	return a->list == b->list && strcmp(a->source, b->source) == 0;
}

/* Remove the rows of this source but `row` itself: those in use, or those that
 * are still coming. */
static enum alm_err remove_others(
	struct alm_store *store, const struct alm_list_row *row, bool in_use)
{
	struct alm_list_row other = {.number = 0};
	uint8_t raw[NUMBER_BYTES];
	bool has_damage = false;
	enum alm_err err = ALM_OK;

	for (uint32_t next = 0; err == ALM_OK; next = other.number + 1) {
		err = seek(store, store->turn, next, &other, &has_damage);
		if (err == ALM_OK && other.number != row->number &&
			other.is_in_use == in_use &&
			is_same_source(&other, row)) {
			err = alm_row_remove(store, ALM_TABLE_OPT_OUT_LIST,
				number_key(raw, other.number));
		}
	}
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

enum alm_err alm_store_list_begin(
	struct alm_store *store, struct alm_list_row *row)
{
	struct alm_list_row other = {.number = 0};
	struct alm_list_row coming = {.number = 0};
	uint32_t last = 0;
	bool has_damage = false;
	enum alm_err err = ALM_OK;

	for (uint32_t next = 0; err == ALM_OK; next = last + 1) {
		err = seek(store, store->turn, next, &other, &has_damage);
		if (err != ALM_OK) {
			break;
		}
		last = other.number;
		if (!is_same_source(&other, row)) {
			continue;
		}
		if (other.is_in_use && other.as_of_s >= row->as_of_s) {
			return ALM_LIST_OLDER;
		}
		if (!other.is_in_use && other.as_of_s == row->as_of_s) {
			coming = other;
		}
	}
	if (err != ALM_NOT_FOUND) {
		return err;
	}
	while (is_taken(store, last + 1)) {
		last++; /* damaged, and what it says is not overwritten */
	}
	row->number = coming.number != 0 ? coming.number : last + 1;
	row->recorded_s = coming.number != 0 ? coming.recorded_s
					     : store->now_us / 1000000;
	row->is_in_use = false;
	row->in_use_us = 0;
	err = remove_others(store, row, false);
	return err == ALM_OK ? write_row(store, row) : err;
}

enum alm_err alm_store_list_finish(struct alm_store *store, uint32_t number,
	struct alm_arena *arena, struct alm_list_row *out_row)
{
	struct alm_list_row row;
	bool has_damage = false;
	enum alm_err err = seek(store, store->turn, number, &row, &has_damage);

	if (err == ALM_NOT_FOUND ||
		(err == ALM_OK && (row.number != number || row.is_in_use))) {
		return ALM_LIST_UNFINISHED;
	}
	if (err != ALM_OK) {
		return err;
	}
	/* It stands in a page that the writing changes. */
	row.source = alm_arena_text(arena, row.source, strlen(row.source));
	if (row.source == NULL) {
		return ALM_NOMEM;
	}
	row.is_in_use = true;
	row.in_use_us = store->now_us;
	err = remove_others(store, &row, true);
	if (err == ALM_OK && row.list == ALM_OPT_OUT_NATIONAL) {
		err = remove_damaged(store); /* this one is in their place */
	}
	if (err == ALM_OK) {
		err = write_row(store, &row);
	}
	if (err == ALM_OK && row.list == ALM_OPT_OUT_NATIONAL) {
		store->state.list_as_of_s = row.as_of_s;
		alm_everybody_changed(store);
	}
	if (err == ALM_OK) {
		*out_row = row;
	}
	return err;
}

enum alm_err alm_store_list_next(struct alm_store *store, uint32_t after,
	struct alm_arena *arena, struct alm_list_row *out_row)
{
	struct alm_list_row row;
	bool has_damage = false;
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = seek(store, txn, after + 1, &row, &has_damage);
	if (err == ALM_OK) {
		row.source =
			alm_arena_text(arena, row.source, strlen(row.source));
		err = row.source == NULL ? ALM_NOMEM : ALM_OK;
	}
	alm_store_view_end(store);
	if (err == ALM_OK) {
		*out_row = row;
	}
	return err;
}

static enum alm_err ages(struct alm_store *store, MDB_txn *txn,
	int64_t *out_national_s, int64_t *out_type_1_s, bool *has_damage)
{
	struct alm_list_row row = {.number = 0};
	enum alm_err err = ALM_OK;

	*out_national_s = 0;
	*out_type_1_s = 0;
	for (uint32_t next = 0; err == ALM_OK; next = row.number + 1) {
		err = seek(store, txn, next, &row, has_damage);
		if (err != ALM_OK || !row.is_in_use) {
			continue;
		}
		if (row.list == ALM_OPT_OUT_NATIONAL) {
			*out_national_s = row.as_of_s;
		} else if (*out_type_1_s == 0 || row.as_of_s < *out_type_1_s) {
			*out_type_1_s = row.as_of_s;
		}
	}
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

void alm_store_list_ages(
	struct alm_store *store, int64_t *out_national_s, int64_t *out_type_1_s)
{
	MDB_txn *txn = NULL;
	bool has_damage = false;

	*out_national_s = 0;
	*out_type_1_s = 0;
	if (alm_store_view(store, &txn) == ALM_OK) {
		/* A damaged row counts as no list: that alarms too. */
		(void)ages(
			store, txn, out_national_s, out_type_1_s, &has_damage);
		alm_store_view_end(store);
	}
}

int64_t alm_store_list_as_of_s(const struct alm_store *store)
{
	/* Not known is as none, and alarms. */
	return store->state.list_as_of_s == INT64_MAX
		       ? 0
		       : store->state.list_as_of_s;
}

enum alm_err alm_lists_load(
	struct alm_store *store, MDB_txn *txn, struct alm_store_state *state)
{
	int64_t type_1_s = 0;
	bool has_damage = false;
	enum alm_err err =
		ages(store, txn, &state->list_as_of_s, &type_1_s, &has_damage);

	if (err == ALM_OK && has_damage) {
		/* It may be the list in use: who was clear before it may have
		 * objected since, so nobody is until another is in use. */
		state->list_as_of_s = INT64_MAX;
	}
	return err;
}

bool alm_list_replaces(
	const struct alm_store *store, const struct alm_opt_out *opt_out)
{
	return opt_out->list == ALM_OPT_OUT_NATIONAL &&
	       !opt_out->is_objecting &&
	       opt_out->as_of_s < store->state.list_as_of_s;
}
