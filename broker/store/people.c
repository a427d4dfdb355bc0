/*
 * Records about people.  A key begins with a keyed hash of the subject, whose
 * number is nowhere else; then type, and the id of a directive or a keyed
 * hash of the content, so that the same record again is known.
 */
#include <string.h>

#include "broker/core/record.h"
#include "broker/store/inside.h"

#define SUBJECT_BYTES 16u
#define KEY_BYTES_MAX (SUBJECT_BYTES + 1 + ALM_ID_BYTES_MAX)

/* The bytes of `record` without its subject, in the scratch buffer. */
static enum alm_err encode(struct alm_store *store,
	const struct alm_person_record *record, struct alm_bytes *out)
{
	struct alm_person_record copy = *record;
	struct alm_writer w;

	memset(copy.subject, 0, sizeof(copy.subject));
	alm_writer_init(&w, store->scratch, ALM_PERSON_RECORD_BYTES_MAX);
	alm_record_encode(&copy, &w);
	if (w.is_bad) {
		return ALM_RECORD_INVALID;
	}
	*out = (struct alm_bytes){store->scratch, w.bytes};
	return ALM_OK;
}

static enum alm_err make_key(const struct alm_store *store,
	const struct alm_person_record *record, struct alm_bytes content,
	uint8_t key[KEY_BYTES_MAX], size_t *out_bytes)
{
	alm_store_keys_lookup(store->keys, record->subject, key);
	key[SUBJECT_BYTES] = (uint8_t)record->type;
	if (record->type == ALM_RECORD_DIRECTIVE) {
		size_t bytes = strlen(record->directive.id);

		if (bytes == 0 || bytes > ALM_ID_BYTES_MAX) {
			return ALM_RECORD_INVALID;
		}
		memcpy(key + SUBJECT_BYTES + 1, record->directive.id, bytes);
		*out_bytes = SUBJECT_BYTES + 1 + bytes;
	} else {
		alm_store_keys_content(
			store->keys, content, key + SUBJECT_BYTES + 1);
		*out_bytes = SUBJECT_BYTES + 1 + 16;
	}
	return ALM_OK;
}

/* Called for each row of a person; stops at the first that is not OK. */
typedef enum alm_err (*visit_row)(
	void *cookie, struct alm_bytes key, struct alm_bytes value);

static enum alm_err visit(struct alm_store *store, MDB_txn *txn,
	const uint8_t subject[SUBJECT_BYTES], visit_row row, void *cookie)
{
	MDB_val key = alm_val(subject, SUBJECT_BYTES);
	MDB_val value;
	MDB_cursor *cursor;
	enum alm_err err = ALM_OK;
	int rc = mdb_cursor_open(txn, store->tables[ALM_TABLE_PEOPLE], &cursor);

	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
	while (rc == MDB_SUCCESS && err == ALM_OK &&
		key.mv_size > SUBJECT_BYTES &&
		memcmp(key.mv_data, subject, SUBJECT_BYTES) == 0) {
		err = row(cookie, alm_of_val(key), alm_of_val(value));
		rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	if (err == ALM_OK && rc != MDB_SUCCESS && rc != MDB_NOTFOUND) {
		err = alm_store_fail(store, rc);
	}
	return err;
}

static enum alm_err count_row(
	void *cookie, struct alm_bytes key, struct alm_bytes value)
{
	size_t *count = cookie;

	(void)key;
	(void)value;
	return ++*count > ALM_PERSON_RECORDS_MAX ? ALM_PERSON_LIMIT : ALM_OK;
}

enum alm_err alm_store_person_put(struct alm_store *store,
	const struct alm_person_record *record, bool *out_is_new)
{
	uint8_t key[KEY_BYTES_MAX];
	size_t key_bytes = 0;
	size_t count = 1; /* with the new one */
	struct alm_bytes content = {NULL, 0};
	struct alm_bytes old = {NULL, 0};
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	err = encode(store, record, &content);
	if (err == ALM_OK) {
		err = make_key(store, record, content, key, &key_bytes);
	}
	if (err != ALM_OK) {
		return err;
	}
	err = alm_row_get(store, store->turn, ALM_TABLE_PEOPLE,
		(struct alm_bytes){key, key_bytes}, &old);
	if (err == ALM_OK) {
		if (!alm_bytes_equal(old, content)) {
			return ALM_RECORD_CONFLICT;
		}
		*out_is_new = false;
		return ALM_OK;
	}
	if (err == ALM_NOT_FOUND) {
		err = visit(store, store->turn, key, count_row, &count);
	}
	if (err == ALM_OK) {
		err = alm_row_put(store, ALM_TABLE_PEOPLE,
			(struct alm_bytes){key, key_bytes}, content, 0);
	}
	if (err == ALM_OK) {
		store->state.people_seq++;
		store->is_state_changed = true;
		*out_is_new = true;
	}
	return err;
}

/* The person being read.  The lists are as long as their type has rows. */
struct reading {
	struct alm_store *store;
	struct alm_arena *arena;
	size_t counts[ALM_RECORD_FLAG + 1];
	struct alm_directive *directives;
	struct alm_relationship *relationships;
	struct alm_opt_out *opt_outs;
	struct alm_flag *flags;
	struct alm_person person;
};

static enum alm_err count_type(
	void *cookie, struct alm_bytes key, struct alm_bytes value)
{
	struct reading *reading = cookie;
	uint8_t type = key.data[SUBJECT_BYTES];
	size_t all = 0;

	(void)value;
	if (type < ALM_RECORD_DIRECTIVE || type > ALM_RECORD_FLAG) {
		reading->person.is_corrupt = true;
		return ALM_OK;
	}
	reading->counts[type]++;
	for (size_t i = 0; i < ALM_COUNT(reading->counts); i++) {
		all += reading->counts[i];
	}
	return all > ALM_PERSON_RECORDS_MAX ? ALM_PERSON_LIMIT : ALM_OK;
}

static bool take_lists(struct reading *reading)
{
	struct alm_arena *arena = reading->arena;
	const size_t *counts = reading->counts;

	reading->directives = alm_arena_take(arena,
		counts[ALM_RECORD_DIRECTIVE] * sizeof(*reading->directives));
	reading->relationships =
		alm_arena_take(arena, counts[ALM_RECORD_RELATIONSHIP] *
					      sizeof(*reading->relationships));
	reading->opt_outs = alm_arena_take(
		arena, counts[ALM_RECORD_OPT_OUT] * sizeof(*reading->opt_outs));
	reading->flags = alm_arena_take(
		arena, counts[ALM_RECORD_FLAG] * sizeof(*reading->flags));
	return reading->directives != NULL && reading->relationships != NULL &&
	       reading->opt_outs != NULL && reading->flags != NULL;
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

/* Damage does not end the reading: it is part of the answer. */
static enum alm_err read_row(
	void *cookie, struct alm_bytes key, struct alm_bytes value)
{
	struct reading *reading = cookie;
	struct alm_person_record record;
	const uint8_t *copy;
	enum alm_err err =
		alm_row_open(reading->store, ALM_TABLE_PEOPLE, key, &value);

	if (err == ALM_OK) {
		copy = alm_arena_copy(reading->arena, value);
		if (copy == NULL) {
			return ALM_NOMEM;
		}
		err = alm_record_decode((struct alm_bytes){copy, value.bytes},
			reading->arena, &record);
	}
	if (err == ALM_OK && record.type != key.data[SUBJECT_BYTES]) {
		err = ALM_STORE_CORRUPT;
	}
	if (err == ALM_OK) {
		add_record(reading, &record);
		return ALM_OK;
	}
	if (err == ALM_STORE_FORMAT) {
		reading->person.is_unknown_version = true;
	} else if (err == ALM_STORE_CORRUPT) {
		reading->person.is_corrupt = true;
	} else {
		return err;
	}
	return ALM_OK;
}

static enum alm_err read_person(struct reading *reading, MDB_txn *txn,
	const uint8_t subject[SUBJECT_BYTES])
{
	struct alm_person *person = &reading->person;
	enum alm_err err =
		visit(reading->store, txn, subject, count_type, reading);

	if (err == ALM_PERSON_LIMIT) {
		*person = (struct alm_person){.is_over_limit = true};
		return ALM_OK;
	}
	if (err != ALM_OK) {
		return err;
	}
	if (!take_lists(reading)) {
		return ALM_NOMEM;
	}
	if (!person->is_corrupt) {
		err = visit(reading->store, txn, subject, read_row, reading);
	}
	person->directives = reading->directives;
	person->relationships = reading->relationships;
	person->opt_outs = reading->opt_outs;
	person->flags = reading->flags;
	return err;
}

enum alm_err alm_store_person_get(struct alm_store *store, const char *subject,
	struct alm_arena *arena, struct alm_person *out_person)
{
	struct reading reading = {.store = store, .arena = arena};
	uint8_t key[SUBJECT_BYTES];
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	alm_store_keys_lookup(store->keys, subject, key);
	err = read_person(&reading, txn, key);
	alm_store_view_end(store);
	if (err == ALM_OK) {
		*out_person = reading.person;
	}
	return err;
}
