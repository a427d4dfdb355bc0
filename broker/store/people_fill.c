/*
 * Filling an empty register: in the order of the keys every row goes behind
 * the last one, so pages are written once and full.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/core/record.h"
#include "broker/store/inside.h"
#include "broker/store/people_order.h"
#include "broker/store/people_row.h"
#include "broker/store/register.h"

/* More short records than fit into a row. */
#define RECORDS_MAX 256u

struct alm_people_fill {
	struct alm_store *store;
	const struct alm_people_source *source;
	struct alm_people_order *order;
	uint32_t at;
	struct alm_person_record records[RECORDS_MAX];
};

static enum alm_err check_empty(struct alm_store *store)
{
	MDB_txn *txn = NULL;
	uint64_t rows = 0;
	enum alm_err err = alm_store_view(store, &txn);

	if (err == ALM_OK) {
		err = alm_table_rows(store, txn, ALM_TABLE_PEOPLE, &rows);
		alm_store_view_end(store);
	}
	return err == ALM_OK && rows > 0 ? ALM_RECORD_CONFLICT : err;
}

static void key_of(const struct alm_people_fill *fill, uint32_t number,
	uint8_t out[ALM_SUBJECT_BYTES])
{
	char subject[ALM_SUBJECT_TEXT_BYTES];

	fill->source->subject(fill->source->cookie, number, subject);
	alm_store_keys_lookup(fill->store->keys, subject, out);
}

static enum alm_err sort_people(struct alm_people_fill *fill)
{
	size_t count = fill->source->count;
	struct alm_people_order *spare =
		malloc((count + 1) * sizeof(*fill->order));

	fill->order = malloc((count + 1) * sizeof(*fill->order));
	if (spare == NULL || fill->order == NULL) {
		free(spare);
		return ALM_NOMEM;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint8_t key[ALM_SUBJECT_BYTES];

		key_of(fill, i, key);
		fill->order[i] = (struct alm_people_order){
			.key = alm_get_u64(key), .number = i};
	}
	alm_people_sort(fill->order, spare, count);
	free(spare);
	return ALM_OK;
}

enum alm_err alm_people_fill_open(struct alm_store *store,
	const struct alm_people_source *source,
	struct alm_people_fill **out_fill)
{
	struct alm_people_fill *fill;
	enum alm_err err = check_empty(store);

	if (err != ALM_OK) {
		return err;
	}
	fill = calloc(1, sizeof(*fill));
	if (fill == NULL) {
		return ALM_NOMEM;
	}
	fill->store = store;
	fill->source = source;
	err = sort_people(fill);
	if (err != ALM_OK) {
		alm_people_fill_close(fill);
		return err;
	}
	*out_fill = fill;
	return ALM_OK;
}

void alm_people_fill_close(struct alm_people_fill *fill)
{
	if (fill != NULL) {
		free(fill->order);
		free(fill);
	}
}

/* The row of one person, in the scratch behind the record being written. */
static enum alm_err make_row(struct alm_people_fill *fill, uint32_t number,
	struct alm_bytes *out_row, size_t *out_count)
{
	struct alm_store *store = fill->store;
	uint8_t *row = store->scratch + ALM_PERSON_RECORD_BYTES_MAX;
	struct alm_bytes entries = {row, 0};
	size_t count = fill->source->records(
		fill->source->cookie, number, fill->records, RECORDS_MAX);
	struct alm_writer w;

	alm_writer_init(&w, row, ALM_PEOPLE_ROW_BYTES_MAX);
	if (!alm_people_row_write(0, entries, NULL, &w)) {
		return ALM_RECORD_INVALID;
	}
	for (size_t i = 0; i < count; i++) {
		struct alm_person_record *record = &fill->records[i];
		struct alm_people_entry entry;
		struct alm_writer one;

		record->subject[0] = '\0';
		alm_writer_init(
			&one, store->scratch, ALM_PERSON_RECORD_BYTES_MAX);
		alm_record_encode(record, &one);
		entry = alm_people_entry_of(
			record, (struct alm_bytes){one.data, one.bytes});
		if (one.is_bad || !alm_people_row_add(&entry, &w)) {
			return ALM_RECORD_INVALID;
		}
	}
	*out_row = (struct alm_bytes){w.data, w.bytes};
	*out_count = count;
	return ALM_OK;
}

static enum alm_err append(
	struct alm_people_fill *fill, uint32_t number, size_t *out_count)
{
	struct alm_store *store = fill->store;
	uint8_t key[ALM_SUBJECT_BYTES];
	struct alm_bytes row = {NULL, 0};
	enum alm_err err;

	key_of(fill, number, key);
	err = make_row(fill, number, &row, out_count);
	if (err == ALM_OK) {
		err = alm_row_put(store, ALM_TABLE_PEOPLE,
			(struct alm_bytes){key, sizeof(key)}, row, MDB_APPEND);
		/* It does not come behind the last one: it is the same. */
		err = err == ALM_STORE_CORRUPT ? ALM_RECORD_CONFLICT : err;
	}
	return err;
}

/* Keys that agree in their first eight bytes: the order of the rest. */
static void order_twins(struct alm_people_fill *fill)
{
	struct alm_people_order *at = &fill->order[fill->at];
	uint32_t left = fill->source->count - fill->at;

	for (uint32_t i = 1; i < left && at[i].key == at[0].key; i++) {
		uint8_t first[ALM_SUBJECT_BYTES];
		uint8_t other[ALM_SUBJECT_BYTES];

		key_of(fill, at[0].number, first);
		key_of(fill, at[i].number, other);
		if (memcmp(other, first, sizeof(first)) < 0) {
			struct alm_people_order item = at[0];

			at[0] = at[i];
			at[i] = item;
		}
	}
}

enum alm_err alm_people_fill_next(
	struct alm_people_fill *fill, uint32_t count_max, uint32_t *out_left)
{
	struct alm_store *store = fill->store;
	uint32_t end = fill->source->count;
	enum alm_err err = ALM_OK;

	ALM_ASSERT(store->turn != NULL);
	if (end - fill->at > count_max) {
		end = fill->at + count_max;
	}
	while (fill->at < end && err == ALM_OK) {
		size_t count = 0;

		order_twins(fill);
		err = append(fill, fill->order[fill->at].number, &count);
		store->state.people_seq += count;
		fill->at++;
	}
	store->is_state_changed = true;
	store->changed.is_over = true;
	if (err == ALM_OK) {
		*out_left = fill->source->count - fill->at;
	}
	return err;
}
