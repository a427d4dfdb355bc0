/*
 * Reading what is known of a person, for a decision: one row for most people,
 * so what it costs is one look-up.
 */
#include <assert.h>
#include <string.h>

#include "broker/core/record.h"
#include "broker/store/inside.h"
#include "broker/store/people_row.h"

static_assert(ALM_SUBJECT_BYTES == 16, "a place is a subject's key");

enum alm_err alm_people_row_find(struct alm_store *store, MDB_txn *txn,
	const uint8_t subject[ALM_SUBJECT_BYTES], struct alm_people_row *out,
	bool *out_is_there)
{
	struct alm_bytes value = {NULL, 0};
	enum alm_err err = alm_row_get(store, txn, ALM_TABLE_PEOPLE,
		(struct alm_bytes){subject, ALM_SUBJECT_BYTES}, &value);

	if (err == ALM_NOT_FOUND) {
		*out = (struct alm_people_row){
			.row_count = 0, .entries = {subject, 0}};
		*out_is_there = false;
		return ALM_OK;
	}
	if (err == ALM_OK) {
		*out_is_there = true;
		err = alm_people_row_open(value, out);
	}
	return err;
}

/* The person being read.  The lists are as long as their type has records. */
struct reading {
	struct alm_store *store;
	struct alm_arena *arena;
	size_t counts[ALM_RECORD_FLAG + 1];
	size_t count; /* of all of them */
	size_t bytes; /* of those with a row of their own */
	struct alm_directive *directives;
	struct alm_relationship *relationships;
	struct alm_opt_out *opt_outs;
	struct alm_flag *flags;
	struct alm_person person;
};

/* Damage does not end the reading: it is part of the answer. */
static enum alm_err bear(struct reading *reading, enum alm_err err)
{
	if (err == ALM_STORE_FORMAT) {
		reading->person.is_unknown_version = true;
		return ALM_OK;
	}
	if (err == ALM_STORE_CORRUPT) {
		reading->person.is_corrupt = true;
		return ALM_OK;
	}
	return err;
}

/* Called for each row behind the person's; stops at the first not OK. */
typedef enum alm_err (*visit_row)(
	struct reading *reading, struct alm_bytes key, struct alm_bytes value);

static enum alm_err visit(struct reading *reading, MDB_txn *txn,
	const uint8_t subject[ALM_SUBJECT_BYTES], visit_row row)
{
	struct alm_store *store = reading->store;
	MDB_val key = alm_val(subject, ALM_SUBJECT_BYTES);
	MDB_val value;
	MDB_cursor *cursor;
	enum alm_err err = ALM_OK;
	int rc = mdb_cursor_open(txn, store->tables[ALM_TABLE_PEOPLE], &cursor);

	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
	while (rc == MDB_SUCCESS && err == ALM_OK &&
		key.mv_size >= ALM_SUBJECT_BYTES &&
		memcmp(key.mv_data, subject, ALM_SUBJECT_BYTES) == 0) {
		if (key.mv_size > ALM_SUBJECT_BYTES) {
			err = row(reading, alm_of_val(key), alm_of_val(value));
		}
		rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	if (err == ALM_OK && rc != MDB_SUCCESS && rc != MDB_NOTFOUND) {
		err = alm_store_fail(store, rc);
	}
	return err;
}

static enum alm_err count_type(struct reading *reading, unsigned type)
{
	reading->counts[type]++;
	return ++reading->count > ALM_PERSON_RECORDS_MAX ? ALM_PERSON_LIMIT
							 : ALM_OK;
}

static enum alm_err count_row(
	struct reading *reading, struct alm_bytes key, struct alm_bytes value)
{
	uint8_t type = key.data[ALM_SUBJECT_BYTES];

	reading->bytes += value.bytes;
	if (reading->bytes > ALM_PERSON_BYTES_MAX) {
		return ALM_PERSON_LIMIT;
	}
	if (type < ALM_RECORD_DIRECTIVE || type > ALM_RECORD_FLAG) {
		return ALM_STORE_CORRUPT;
	}
	return count_type(reading, type);
}

static enum alm_err count_bytes(
	struct reading *reading, struct alm_bytes key, struct alm_bytes value)
{
	(void)key;
	reading->bytes += value.bytes;
	return ALM_OK;
}

enum alm_err alm_people_rows_bytes(struct alm_store *store, MDB_txn *txn,
	const uint8_t subject[ALM_SUBJECT_BYTES], size_t *out_bytes)
{
	struct reading reading = {.store = store};
	enum alm_err err = visit(&reading, txn, subject, count_bytes);

	*out_bytes = reading.bytes;
	return err;
}

/* Counts the short records; tells whether any needs more than its numbers. */
static enum alm_err count_entries(
	struct reading *reading, struct alm_bytes entries, bool *out_has_texts)
{
	struct alm_people_entry entry;

	*out_has_texts = false;
	while (entries.bytes > 0) {
		enum alm_err err = alm_people_row_next(&entries, &entry);

		if (err == ALM_OK) {
			err = count_type(reading, entry.type);
		}
		if (err != ALM_OK) {
			return err;
		}
		*out_has_texts = *out_has_texts || entry.record.data != NULL;
	}
	return ALM_OK;
}

static void *take(struct reading *reading, enum alm_record_type type,
	size_t bytes_each, bool *is_full)
{
	size_t count = reading->counts[type];
	void *at = NULL;

	if (count > 0) {
		at = alm_arena_take(reading->arena, count * bytes_each);
		*is_full = *is_full || at == NULL;
	}
	return at;
}

static bool take_lists(struct reading *reading)
{
	bool is_full = false;

	reading->directives = take(reading, ALM_RECORD_DIRECTIVE,
		sizeof(*reading->directives), &is_full);
	reading->relationships = take(reading, ALM_RECORD_RELATIONSHIP,
		sizeof(*reading->relationships), &is_full);
	reading->opt_outs = take(reading, ALM_RECORD_OPT_OUT,
		sizeof(*reading->opt_outs), &is_full);
	reading->flags = take(
		reading, ALM_RECORD_FLAG, sizeof(*reading->flags), &is_full);
	return !is_full;
}

static void add_record(
	struct reading *reading, const struct alm_person_record *record)
{
	struct alm_person *person = &reading->person;

	switch (record->type) {
	case ALM_RECORD_DIRECTIVE:
		reading->directives[person->directive_count++] =
			record->directive;
		break;
	case ALM_RECORD_RELATIONSHIP:
		reading->relationships[person->relationship_count++] =
			record->relationship;
		break;
	case ALM_RECORD_OPT_OUT:
		reading->opt_outs[person->opt_out_count++] = record->opt_out;
		break;
	case ALM_RECORD_FLAG:
		reading->flags[person->flag_count++] = record->flag;
		break;
	}
}

/* `bytes` stay as long as the arena. */
static enum alm_err read_record(
	struct reading *reading, struct alm_bytes bytes, unsigned type)
{
	struct alm_person_record record;
	enum alm_err err = alm_record_decode(bytes, reading->arena, &record);

	if (err == ALM_OK && record.type != type) {
		err = ALM_STORE_CORRUPT;
	}
	if (err == ALM_OK) {
		add_record(reading, &record);
	}
	return bear(reading, err);
}

static enum alm_err read_row(
	struct reading *reading, struct alm_bytes key, struct alm_bytes value)
{
	const uint8_t *copy;
	enum alm_err err =
		alm_row_open(reading->store, ALM_TABLE_PEOPLE, key, &value);

	if (err != ALM_OK) {
		return bear(reading, err);
	}
	copy = alm_arena_copy(reading->arena, value);
	if (copy == NULL) {
		return ALM_NOMEM;
	}
	return read_record(reading, (struct alm_bytes){copy, value.bytes},
		key.data[ALM_SUBJECT_BYTES]);
}

/* They were counted, so each one has its place. */
static enum alm_err read_entries(
	struct reading *reading, struct alm_bytes entries, bool has_texts)
{
	struct alm_people_entry entry;
	enum alm_err err = ALM_OK;

	if (has_texts) {
		entries.data = alm_arena_copy(reading->arena, entries);
		if (entries.data == NULL) {
			return ALM_NOMEM;
		}
	}
	while (err == ALM_OK && entries.bytes > 0) {
		err = alm_people_row_next(&entries, &entry);
		if (err == ALM_OK && entry.record.data != NULL) {
			err = read_record(reading, entry.record, entry.type);
		} else if (err == ALM_OK) {
			reading->opt_outs[reading->person.opt_out_count++] =
				entry.opt_out;
		}
	}
	return err;
}

static enum alm_err read_person(struct reading *reading, MDB_txn *txn,
	const uint8_t subject[ALM_SUBJECT_BYTES])
{
	struct alm_people_row row;
	bool is_there = false;
	bool has_texts = false;
	size_t short_count;
	enum alm_err err = alm_people_row_find(
		reading->store, txn, subject, &row, &is_there);

	if (err != ALM_OK || !is_there) {
		return err;
	}
	err = count_entries(reading, row.entries, &has_texts);
	short_count = reading->count;
	if (err == ALM_OK && row.row_count > 0) {
		err = visit(reading, txn, subject, count_row);
	}
	if (err == ALM_OK && reading->count - short_count != row.row_count) {
		err = ALM_STORE_CORRUPT;
	}
	if (err == ALM_OK && !take_lists(reading)) {
		err = ALM_NOMEM;
	}
	if (err == ALM_OK) {
		err = read_entries(reading, row.entries, has_texts);
	}
	if (err == ALM_OK && row.row_count > 0) {
		err = visit(reading, txn, subject, read_row);
	}
	return err;
}

/* A list replaces every clearance as of an older instant: whom it leaves out
 * is not clear.  What somebody objected to stays. */
static void drop_replaced(struct reading *reading)
{
	size_t count = 0;

	if (reading->store->state.list_as_of_s == 0) {
		return;
	}
	for (size_t i = 0; i < reading->person.opt_out_count; i++) {
		if (!alm_list_replaces(reading->store, &reading->opt_outs[i])) {
			reading->opt_outs[count++] = reading->opt_outs[i];
		}
	}
	reading->person.opt_out_count = count;
}

static enum alm_err read_at(struct alm_store *store, MDB_txn *txn,
	const uint8_t place[ALM_SUBJECT_BYTES], struct alm_arena *arena,
	struct alm_person *out_person)
{
	struct reading reading = {.store = store, .arena = arena};
	enum alm_err err = read_person(&reading, txn, place);

	if (err == ALM_PERSON_LIMIT) {
		*out_person = (struct alm_person){.is_over_limit = true};
		return ALM_OK;
	}
	drop_replaced(&reading);
	err = bear(&reading, err);
	if (err == ALM_OK) {
		reading.person.directives = reading.directives;
		reading.person.relationships = reading.relationships;
		reading.person.opt_outs = reading.opt_outs;
		reading.person.flags = reading.flags;
		*out_person = reading.person;
	}
	return err;
}

enum alm_err alm_people_read(struct alm_store *store, MDB_txn *txn,
	const char *subject, struct alm_arena *arena,
	struct alm_person *out_person)
{
	uint8_t place[ALM_SUBJECT_BYTES];

	alm_store_person_place(store, subject, place);
	return read_at(store, txn, place, arena, out_person);
}

void alm_store_person_place(
	const struct alm_store *store, const char *subject, uint8_t out[16])
{
	alm_store_keys_lookup(store->keys, subject, out);
}

enum alm_err alm_store_person_at(struct alm_store *store,
	const uint8_t place[16], struct alm_arena *arena,
	struct alm_person *out_person)
{
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view_beside_log(store, &txn);

	if (err == ALM_OK) {
		err = read_at(store, txn, place, arena, out_person);
		alm_store_view_end(store);
	}
	return err;
}

enum alm_err alm_store_person_get(struct alm_store *store, const char *subject,
	struct alm_arena *arena, struct alm_person *out_person)
{
	uint8_t place[ALM_SUBJECT_BYTES];

	alm_store_person_place(store, subject, place);
	return alm_store_person_at(store, place, arena, out_person);
}
