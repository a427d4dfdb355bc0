/*
 * The national opt-out of many people: in the order of their keys the pages
 * above the leaves stay near, and each leaf is met once.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/core/decide.h"
#include "broker/store/inside.h"
#include "broker/store/people_order.h"
#include "broker/store/people_row.h"
#include "broker/store/register.h"

/* Of nine bytes each, no more fit into a row. */
#define OPT_OUTS_MAX (ALM_PEOPLE_ROW_BYTES_MAX / 9)
#define ARENA_BYTES_MAX ((size_t)512 << 20)

struct asking {
	struct alm_store *store;
	MDB_cursor *cursor;
	const char (*subjects)[ALM_SUBJECT_TEXT_BYTES];
	int64_t t_s;
	struct alm_arena arena; /* for people with records of another form */
};

static struct alm_opt_out_answer answer_from(const struct asking *asking,
	const struct alm_opt_out *all, size_t count)
{
	const struct alm_opt_out *found = alm_opt_out_counting(
		all, count, ALM_OPT_OUT_NATIONAL, asking->t_s);

	if (found == NULL) {
		return (struct alm_opt_out_answer){ALM_OPT_OUT_ABSENT, 0};
	}
	return (struct alm_opt_out_answer){
		found->is_objecting ? ALM_OPT_OUT_OBJECTED : ALM_OPT_OUT_CLEAR,
		found->as_of_s};
}

/* What cannot be read says nothing, least of all that somebody is clear. */
static enum alm_err bear(enum alm_err err, struct alm_opt_out_answer *out)
{
	if (err == ALM_STORE_CORRUPT || err == ALM_STORE_FORMAT) {
		*out = (struct alm_opt_out_answer){ALM_OPT_OUT_UNREADABLE, 0};
		return ALM_OK;
	}
	return err;
}

/* The long way, for a person with records that are read one by one. */
static enum alm_err ask_person(struct asking *asking, const char *subject,
	struct alm_opt_out_answer *out)
{
	struct alm_person person;
	enum alm_err err;

	alm_arena_reset(&asking->arena);
	err = alm_people_read(asking->store, mdb_cursor_txn(asking->cursor),
		subject, &asking->arena, &person);
	if (err != ALM_OK) {
		return err;
	}
	if (person.is_corrupt || person.is_unknown_version ||
		person.is_over_limit) {
		return ALM_STORE_CORRUPT;
	}
	*out = answer_from(asking, person.opt_outs, person.opt_out_count);
	return ALM_OK;
}

/* The opt-outs of a row; `out_is_all` false: others may stand elsewhere. */
static enum alm_err list_opt_outs(const struct alm_store *store,
	const struct alm_people_row *row, struct alm_opt_out out[OPT_OUTS_MAX],
	size_t *out_count, bool *out_is_all)
{
	struct alm_bytes rest = row->entries;
	struct alm_people_entry entry;

	*out_count = 0;
	*out_is_all = row->row_count == 0;
	while (rest.bytes > 0) {
		enum alm_err err = alm_people_row_next(&rest, &entry);

		if (err != ALM_OK) {
			return err;
		}
		if (entry.type != ALM_RECORD_OPT_OUT) {
			continue;
		}
		if (entry.record.data == NULL &&
			alm_list_replaces(store, &entry.opt_out)) {
			continue;
		}
		if (entry.record.data != NULL || *out_count == OPT_OUTS_MAX) {
			*out_is_all = false;
		} else {
			out[(*out_count)++] = entry.opt_out;
		}
	}
	return ALM_OK;
}

static enum alm_err ask(struct asking *asking, const char *subject,
	struct alm_opt_out_answer *out)
{
	ALM_UNINITIALIZED struct alm_opt_out opt_outs[OPT_OUTS_MAX];
	uint8_t key_bytes[ALM_SUBJECT_BYTES];
	MDB_val key = alm_val(key_bytes, sizeof(key_bytes));
	MDB_val value;
	struct alm_bytes row_bytes;
	struct alm_people_row row;
	size_t count = 0;
	bool is_all = true;
	enum alm_err err;
	int rc;

	alm_store_keys_lookup(asking->store->keys, subject, key_bytes);
	rc = mdb_cursor_get(asking->cursor, &key, &value, MDB_SET);
	if (rc == MDB_NOTFOUND) {
		*out = (struct alm_opt_out_answer){ALM_OPT_OUT_ABSENT, 0};
		return ALM_OK;
	}
	if (rc != MDB_SUCCESS) {
		return alm_store_fail(asking->store, rc);
	}
	row_bytes = alm_of_val(value);
	err = alm_row_open(asking->store, ALM_TABLE_PEOPLE,
		(struct alm_bytes){key_bytes, sizeof(key_bytes)}, &row_bytes);
	if (err == ALM_OK) {
		err = alm_people_row_open(row_bytes, &row);
	}
	if (err == ALM_OK) {
		err = list_opt_outs(
			asking->store, &row, opt_outs, &count, &is_all);
	}
	if (err == ALM_OK && !is_all) {
		err = ask_person(asking, subject, out);
	} else if (err == ALM_OK) {
		*out = answer_from(asking, opt_outs, count);
	}
	return bear(err, out);
}

/* Whom to ask about next; NULL when memory is out. */
static struct alm_people_order *make_order(
	const struct asking *asking, size_t count)
{
	struct alm_people_order *items =
		malloc((2 * count + 1) * sizeof(*items));

	for (size_t i = 0; items != NULL && i < count; i++) {
		uint8_t key[ALM_SUBJECT_BYTES];

		alm_store_keys_lookup(
			asking->store->keys, asking->subjects[i], key);
		items[i] = (struct alm_people_order){
			.key = alm_get_u64(key), .number = (uint32_t)i};
	}
	if (items != NULL) {
		alm_people_sort(items, items + count, count);
	}
	return items;
}

enum alm_err alm_store_opt_outs(struct alm_store *store,
	const char (*subjects)[ALM_SUBJECT_TEXT_BYTES], size_t count,
	int64_t t_s, struct alm_opt_out_answer *out_answers)
{
	struct asking asking = {
		.store = store, .subjects = subjects, .t_s = t_s};
	struct alm_people_order *order = make_order(&asking, count);
	MDB_txn *txn = NULL;
	enum alm_err err =
		order == NULL ? ALM_NOMEM : alm_store_view(store, &txn);

	if (err != ALM_OK) {
		free(order);
		return err;
	}
	alm_arena_init(&asking.arena, ARENA_BYTES_MAX);
	err = alm_store_fail(
		store, mdb_cursor_open(txn, store->tables[ALM_TABLE_PEOPLE],
			       &asking.cursor));
	for (size_t i = 0; i < count && err == ALM_OK; i++) {
		uint32_t number = order[i].number;

		err = ask(&asking, subjects[number], &out_answers[number]);
	}
	if (asking.cursor != NULL) {
		mdb_cursor_close(asking.cursor);
	}
	alm_store_view_end(store);
	alm_arena_fini(&asking.arena);
	free(order);
	return err;
}
