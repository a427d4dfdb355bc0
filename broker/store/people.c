/*
 * Records about people.  A key begins with a keyed hash of the subject, whose
 * number is nowhere else.  The row under the hash alone holds the person's
 * short records (people_row.h); a record that does not fit has a row of its
 * own, under the hash, its type, and the id of a directive or a keyed hash of
 * the content, so that the same record again is known.
 */
#include <string.h>

#include "broker/core/record.h"
#include "broker/store/inside.h"
#include "broker/store/people_row.h"

#define KEY_BYTES_MAX (ALM_SUBJECT_BYTES + 1 + ALM_ID_BYTES_MAX)

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
	key[ALM_SUBJECT_BYTES] = (uint8_t)record->type;
	if (record->type == ALM_RECORD_DIRECTIVE) {
		size_t bytes = strlen(record->directive.id);

		if (bytes == 0 || bytes > ALM_ID_BYTES_MAX) {
			return ALM_RECORD_INVALID;
		}
		memcpy(key + ALM_SUBJECT_BYTES + 1, record->directive.id,
			bytes);
		*out_bytes = ALM_SUBJECT_BYTES + 1 + bytes;
	} else {
		alm_store_keys_content(
			store->keys, content, key + ALM_SUBJECT_BYTES + 1);
		*out_bytes = ALM_SUBJECT_BYTES + 1 + 16;
	}
	return ALM_OK;
}

/* Looks for the record among the short ones and counts them. */
static enum alm_err search_row(const struct alm_people_row *row,
	const struct alm_people_entry *wanted, const char *id, bool *out_is_new,
	size_t *out_count)
{
	struct alm_bytes rest = row->entries;
	struct alm_people_entry entry;

	*out_is_new = true;
	*out_count = 0;
	while (rest.bytes > 0) {
		enum alm_err err = alm_people_row_next(&rest, &entry);

		if (err != ALM_OK) {
			return err;
		}
		++*out_count;
		if (alm_people_entry_same(&entry, wanted)) {
			*out_is_new = false;
			return ALM_OK;
		}
		if (entry.type == ALM_RECORD_DIRECTIVE && id != NULL &&
			strcmp(alm_people_entry_id(entry.record), id) == 0) {
			return ALM_RECORD_CONFLICT;
		}
	}
	return ALM_OK;
}

/* The same among those with rows of their own. */
static enum alm_err search_rows(struct alm_store *store, struct alm_bytes key,
	struct alm_bytes content, bool *out_is_new)
{
	struct alm_bytes old = {NULL, 0};
	enum alm_err err =
		alm_row_get(store, store->turn, ALM_TABLE_PEOPLE, key, &old);

	if (err == ALM_NOT_FOUND) {
		*out_is_new = true;
		return ALM_OK;
	}
	if (err == ALM_OK && !alm_bytes_equal(old, content)) {
		err = ALM_RECORD_CONFLICT;
	}
	if (err == ALM_OK) {
		*out_is_new = false;
	}
	return err;
}

/* The entries but for clearances that a list has replaced: they say nothing
 * any more, and are not to be kept. */
static struct alm_bytes without_replaced(const struct alm_store *store,
	struct alm_bytes entries, uint8_t out[ALM_PEOPLE_ROW_BYTES_MAX])
{
	struct alm_bytes rest = entries;
	size_t bytes = 0;

	if (store->state.list_as_of_s == 0 ||
		entries.bytes > ALM_PEOPLE_ROW_BYTES_MAX) {
		return entries;
	}
	while (rest.bytes > 0) {
		const uint8_t *from = rest.data;
		struct alm_people_entry entry;

		if (alm_people_row_next(&rest, &entry) != ALM_OK) {
			return entries;
		}
		if (entry.record.data == NULL &&
			alm_list_replaces(store, &entry.opt_out)) {
			continue;
		}
		memcpy(out + bytes, from, (size_t)(rest.data - from));
		bytes += (size_t)(rest.data - from);
	}
	return (struct alm_bytes){out, bytes};
}

/* Few rows cannot be over the limit, whatever is in them. */
static enum alm_err check_bytes(struct alm_store *store, struct alm_bytes key,
	size_t row_count, struct alm_bytes content)
{
	size_t bytes = 0;
	enum alm_err err;

	if ((row_count + 1) * (ALM_PERSON_RECORD_BYTES_MAX + ALM_SEAL_BYTES) <=
		ALM_PERSON_BYTES_MAX) {
		return ALM_OK;
	}
	err = alm_people_rows_bytes(store, store->turn, key.data, &bytes);
	bytes += content.bytes + ALM_SEAL_BYTES;
	return err == ALM_OK && bytes > ALM_PERSON_BYTES_MAX ? ALM_PERSON_LIMIT
							     : err;
}

/* Into the person's row if it has room, else into a row of its own. */
static enum alm_err add(struct alm_store *store, struct alm_bytes key,
	struct alm_bytes content, const struct alm_people_row *row,
	const struct alm_people_entry *entry)
{
	struct alm_bytes subject = {key.data, ALM_SUBJECT_BYTES};
	struct alm_writer w;
	enum alm_err err;

	alm_writer_init(&w, store->scratch + ALM_PERSON_RECORD_BYTES_MAX,
		ALM_PEOPLE_ROW_BYTES_MAX);
	if (alm_people_row_write(row->row_count, row->entries, entry, &w)) {
		return alm_row_put(store, ALM_TABLE_PEOPLE, subject,
			(struct alm_bytes){w.data, w.bytes}, 0);
	}
	alm_writer_init(&w, store->scratch + ALM_PERSON_RECORD_BYTES_MAX,
		ALM_PEOPLE_ROW_BYTES_MAX);
	if (!alm_people_row_write(
		    (uint16_t)(row->row_count + 1), row->entries, NULL, &w)) {
		return ALM_STORE_CORRUPT;
	}
	err = check_bytes(store, subject, row->row_count, content);
	if (err == ALM_OK) {
		err = alm_row_put(store, ALM_TABLE_PEOPLE, subject,
			(struct alm_bytes){w.data, w.bytes}, 0);
	}
	if (err == ALM_OK) {
		err = alm_row_put(store, ALM_TABLE_PEOPLE, key, content, 0);
	}
	return err;
}

static enum alm_err put_encoded(struct alm_store *store,
	const struct alm_person_record *record, struct alm_bytes key,
	struct alm_bytes content, bool *out_is_new)
{
	struct alm_people_entry entry = alm_people_entry_of(record, content);
	const char *id = record->type == ALM_RECORD_DIRECTIVE
				 ? record->directive.id
				 : NULL;
	ALM_UNINITIALIZED uint8_t kept[ALM_PEOPLE_ROW_BYTES_MAX];
	struct alm_people_row row;
	size_t count = 0;
	bool is_there = false;
	enum alm_err err = alm_people_row_find(
		store, store->turn, key.data, &row, &is_there);

	if (err == ALM_OK) {
		err = search_row(&row, &entry, id, out_is_new, &count);
	}
	if (err == ALM_OK && *out_is_new && row.row_count > 0) {
		err = search_rows(store, key, content, out_is_new);
	}
	if (err != ALM_OK || !*out_is_new) {
		return err;
	}
	if (count + row.row_count >= ALM_PERSON_RECORDS_MAX) {
		return ALM_PERSON_LIMIT;
	}
	row.entries = without_replaced(store, row.entries, kept);
	return add(store, key, content, &row, &entry);
}

/* Count a change of what is known about a person, in the open turn. */
static void person_changed(struct alm_store *store, const char *subject)
{
	struct alm_changed_people *changed = &store->changed;

	store->state.people_seq++;
	store->is_state_changed = true;
	if (changed->count < ALM_TURN_PEOPLE_MAX) {
		alm_store_keys_pseudonym(store->keys, subject,
			changed->persons[changed->count++]);
	} else {
		changed->is_over = true;
	}
}

void alm_everybody_changed(struct alm_store *store)
{
	store->state.people_seq++;
	store->is_state_changed = true;
	store->changed.is_over = true;
}

enum alm_err alm_store_person_put(struct alm_store *store,
	const struct alm_person_record *record, bool *out_is_new)
{
	uint8_t key[KEY_BYTES_MAX];
	size_t key_bytes = 0;
	struct alm_bytes content = {NULL, 0};
	bool is_new = false;
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	err = encode(store, record, &content);
	if (err == ALM_OK) {
		err = make_key(store, record, content, key, &key_bytes);
	}
	if (err == ALM_OK) {
		err = put_encoded(store, record,
			(struct alm_bytes){key, key_bytes}, content, &is_new);
	}
	if (err == ALM_OK && is_new) {
		person_changed(store, record->subject);
	}
	if (err == ALM_OK) {
		*out_is_new = is_new;
	}
	return err;
}

enum alm_err alm_store_person_remove(
	struct alm_store *store, const char *subject, uint64_t *out_rows)
{
	uint8_t prefix[ALM_SUBJECT_BYTES];
	MDB_val key = alm_val(prefix, sizeof(prefix));
	MDB_val value;
	MDB_cursor *cursor;
	uint64_t rows = 0;
	int rc;

	ALM_ASSERT(store->turn != NULL);
	alm_store_keys_lookup(store->keys, subject, prefix);
	rc = mdb_cursor_open(
		store->turn, store->tables[ALM_TABLE_PEOPLE], &cursor);
	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
	while (rc == MDB_SUCCESS && key.mv_size >= ALM_SUBJECT_BYTES &&
		memcmp(key.mv_data, prefix, ALM_SUBJECT_BYTES) == 0) {
		rc = mdb_cursor_del(cursor, 0);
		if (rc == MDB_SUCCESS) {
			rows++;
			rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
		}
	}
	mdb_cursor_close(cursor);
	if (rc != MDB_SUCCESS && rc != MDB_NOTFOUND) {
		return alm_store_fail(store, rc);
	}
	if (rows > 0) {
		person_changed(store, subject);
	}
	*out_rows = rows;
	return ALM_OK;
}
