/*
 * A run from the log itself: the terms of each record, by dimension, sorted.
 * The records come in order, so a stable sort by the hash alone is enough.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/store/index/index.h"

/* Records that are read in one view. */
#define VIEW_RECORDS 4096u
#define DIGIT_BITS 8u
#define DIGITS (1u << DIGIT_BITS)

struct list {
	uint64_t *items;
	size_t count;
};

struct builder {
	struct alm_log_index *index;
	const struct alm_run_place *place;
	struct list lists[ALM_DIMENSIONS];
	uint64_t *spare; /* as large as one list */
	struct alm_digest anchor;
};

static enum alm_err builder_init(struct builder *builder,
	struct alm_log_index *index, const struct alm_run_place *place)
{
	size_t count = place->count;
	uint64_t *items = malloc(ALM_DIMENSIONS * count * sizeof(*items));

	*builder = (struct builder){.index = index, .place = place};
	if (items == NULL) {
		return ALM_NOMEM;
	}
	/* Dimension 0 is none. */
	builder->spare = items;
	for (size_t i = 1; i < ALM_DIMENSIONS; i++) {
		builder->lists[i].items = items + i * count;
	}
	return ALM_OK;
}

static void add_record(
	struct builder *builder, uint64_t leaf, MDB_val key, MDB_val value)
{
	struct alm_store *side = builder->index->side;
	struct alm_bytes header = alm_of_val(value);
	uint64_t place = leaf - builder->place->first;
	uint64_t terms[ALM_TERMS_MAX] = {alm_term_unreadable()};
	size_t count = 1;
	struct alm_audit_record record;

	if (alm_record_row_open(side, alm_of_val(key), &header,
		    &builder->anchor) == ALM_OK &&
		alm_audit_record_decode(header, &record) == ALM_OK &&
		record.seq == leaf + 1) {
		count = alm_terms_of_record(
			&builder->index->term_key, &record, terms);
	}
	for (size_t i = 0; i < count; i++) {
		struct list *list = &builder->lists[alm_dimension_of(terms[i])];

		list->items[list->count++] = terms[i] | place;
	}
}

/* Some records from `leaf` on, in one view; the last of them is the anchor. */
static enum alm_err read_some(
	struct builder *builder, uint64_t leaf, uint64_t end)
{
	struct alm_store *side = builder->index->side;
	uint8_t raw[8];
	MDB_val key = alm_val(raw, sizeof(raw));
	MDB_val value;
	MDB_cursor *cursor;
	MDB_cursor_op op = MDB_SET_KEY;
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(side, &txn);
	int rc;

	if (err != ALM_OK) {
		return err;
	}
	rc = mdb_cursor_open(txn, side->tables[ALM_TABLE_REC], &cursor);
	err = alm_store_map_rc(rc);
	if (err != ALM_OK) {
		alm_store_view_end(side);
		return err;
	}
	alm_put_u64(raw, leaf + 1);
	for (; leaf < end && err == ALM_OK; leaf++) {
		rc = mdb_cursor_get(cursor, &key, &value, op);
		if (rc == MDB_SUCCESS &&
			(key.mv_size != 8 ||
				alm_get_u64(key.mv_data) != leaf + 1)) {
			rc = MDB_NOTFOUND; /* verification tells of it */
		}
		err = alm_store_map_rc(rc);
		if (err == ALM_OK) {
			add_record(builder, leaf, key, value);
		}
		op = MDB_NEXT;
	}
	mdb_cursor_close(cursor);
	alm_store_view_end(side);
	return err == ALM_NOT_FOUND ? ALM_STORE_CORRUPT : err;
}

/* Radix sort by the hash, lowest digit first; a digit that is the same in all
 * is passed over. */
static void sort_list(struct builder *builder, struct list *list)
{
	uint64_t *from = list->items;
	uint64_t *to = builder->spare;

	for (unsigned shift = ALM_PLACE_BITS; shift < 56; shift += DIGIT_BITS) {
		size_t starts[DIGITS] = {0};
		size_t sum = 0;
		uint64_t *swap = from;

		for (size_t i = 0; i < list->count; i++) {
			starts[(from[i] >> shift) % DIGITS]++;
		}
		if (starts[(from[0] >> shift) % DIGITS] == list->count) {
			continue;
		}
		for (size_t i = 0; i < DIGITS; i++) {
			size_t count = starts[i];

			starts[i] = sum;
			sum += count;
		}
		for (size_t i = 0; i < list->count; i++) {
			to[starts[(from[i] >> shift) % DIGITS]++] = from[i];
		}
		from = to;
		to = swap;
	}
	list->items = from;
	builder->spare = to;
}

static enum alm_err write_run(struct builder *builder)
{
	struct alm_run_writer *writer = NULL;
	enum alm_err err = alm_run_writer_open(
		&builder->index->home, builder->place, &writer);

	if (err != ALM_OK) {
		return err;
	}
	for (size_t i = 1; i < ALM_DIMENSIONS; i++) {
		struct list *list = &builder->lists[i];

		if (list->count > 0) {
			sort_list(builder, list);
		}
		for (size_t k = 0; k < list->count; k++) {
			alm_run_writer_put(writer, list->items[k]);
		}
	}
	return alm_run_writer_finish(&writer, &builder->anchor);
}

enum alm_err alm_log_index_build(struct alm_log_index *index,
	const struct alm_run_place *place, struct alm_run **out_run)
{
	struct builder builder;
	uint64_t *items;
	uint64_t end = place->first + place->count;
	enum alm_err err = builder_init(&builder, index, place);

	if (err != ALM_OK) {
		return err;
	}
	items = builder.spare;
	for (uint64_t at = place->first; at < end && err == ALM_OK;
		at += VIEW_RECORDS) {
		uint64_t stop =
			end - at > VIEW_RECORDS ? at + VIEW_RECORDS : end;

		err = read_some(&builder, at, stop);
	}
	if (err == ALM_OK) {
		err = write_run(&builder);
	}
	free(items);
	if (err == ALM_OK) {
		err = alm_run_open(&index->home, place, out_run);
	}
	return err;
}
