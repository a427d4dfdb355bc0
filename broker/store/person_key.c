/*
 * The keys of persons.  The private part of a record about somebody is sealed
 * under a key that can be made only from random bytes kept for that person in
 * table `person-key`: whoever removes those rows makes the texts unreadable
 * for good, and no leaf of the log changes.
 *
 * Rows are appended, never looked for: while a person is remembered here the
 * same key is used, and afterwards a new one is made.  So a person may have
 * several, each private part says which, and erasing walks the table.  An
 * aborted turn forgets them all, so that no key meets a sequence twice; so
 * does a new month, so that the keys of a month can be destroyed alone.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "broker/store/inside.h"
#include "broker/store/prune.h"
#include "lib/time.h"

#define SLOT_COUNT 16384u

struct slot {
	uint8_t person[ALM_PERSON_BYTES];
	uint8_t key[ALM_PERSON_KEY_BYTES];
	uint64_t number;
	uint64_t generation; /* another than the current one: empty */
};

struct alm_person_keys {
	uint64_t generation;
	bool is_used;     /* in the open turn */
	int64_t until_us; /* the end of the month that they are for */
	struct slot slots[SLOT_COUNT];
};

#define KNOWN_COUNT 65536u

/* A row that was read, at the place of its number; 0: none.  It is good for
 * the state of the store that it was read in: one that was erased since is
 * found to be. */
struct known {
	uint64_t number;
	size_t state;
	uint8_t person[ALM_PERSON_BYTES];
	uint8_t key[ALM_PERSON_KEY_BYTES];
};

struct alm_known_keys {
	struct known items[KNOWN_COUNT];
};

/* In locked memory; made when the first record about a person is written. */
static struct alm_person_keys *keys_of(struct alm_store *store)
{
	if (store->person_keys == NULL) {
		store->person_keys = sodium_malloc(sizeof(*store->person_keys));
		if (store->person_keys != NULL) {
			memset(store->person_keys, 0,
				sizeof(*store->person_keys));
			store->person_keys->generation = 1;
		}
	}
	return store->person_keys;
}

/* A pseudonym is a keyed hash: any of its bits will do. */
static struct slot *slot_of(
	struct alm_person_keys *keys, const uint8_t person[ALM_PERSON_BYTES])
{
	return &keys->slots[alm_get_u32(person) % SLOT_COUNT];
}

static bool is_mine(const struct alm_person_keys *keys, const struct slot *slot,
	const uint8_t person[ALM_PERSON_BYTES])
{
	return slot->generation == keys->generation &&
	       memcmp(slot->person, person, ALM_PERSON_BYTES) == 0;
}

static enum alm_err make(struct alm_store *store, uint64_t number,
	const uint8_t person[ALM_PERSON_BYTES], struct slot *slot)
{
	ALM_UNINITIALIZED uint8_t row[ALM_PERSON_KEY_ROW_BYTES];
	uint8_t raw[8];
	enum alm_err err;

	memcpy(row, person, ALM_PERSON_BYTES);
	alm_noise_take(
		&store->noise, row + ALM_PERSON_BYTES, ALM_PERSON_SECRET_BYTES);
	alm_put_u64(raw, number);
	err = alm_row_put(store, ALM_TABLE_PERSON_KEY,
		(struct alm_bytes){raw, sizeof(raw)},
		(struct alm_bytes){row, sizeof(row)}, MDB_APPEND);
	if (err == ALM_OK) {
		memcpy(slot->person, person, ALM_PERSON_BYTES);
		alm_store_keys_person(
			store->keys, row + ALM_PERSON_BYTES, slot->key);
		slot->number = number;
		slot->generation = store->person_keys->generation;
	}
	sodium_memzero(row, sizeof(row));
	return err;
}

enum alm_err alm_person_key_take(struct alm_store *store, uint64_t seq,
	const uint8_t person[ALM_PERSON_BYTES], uint64_t *out_number,
	const uint8_t **out_key)
{
	struct alm_person_keys *keys = keys_of(store);
	struct slot *slot;
	enum alm_err err = ALM_OK;

	if (keys == NULL) {
		return ALM_NOMEM;
	}
	keys->is_used = true;
	if (store->now_us >= keys->until_us) {
		keys->generation++;
		keys->until_us = alm_month_start_us(store->now_us, 1);
	}
	slot = slot_of(keys, person);
	if (!is_mine(keys, slot, person)) {
		err = make(store, seq, person, slot);
	}
	if (err == ALM_OK) {
		*out_number = slot->number;
		*out_key = slot->key;
	}
	return err;
}

void alm_person_keys_remember(struct alm_store *store)
{
	store->known_keys = sodium_malloc(sizeof(*store->known_keys));
	if (store->known_keys != NULL) {
		memset(store->known_keys, 0, sizeof(*store->known_keys));
	}
}

static enum alm_err read_row(struct alm_store *store, MDB_txn *txn,
	uint64_t number, const uint8_t person[ALM_PERSON_BYTES],
	uint8_t out[ALM_PERSON_KEY_BYTES])
{
	struct alm_bytes row = {NULL, 0};
	uint8_t raw[8];
	enum alm_err err;

	alm_put_u64(raw, number);
	err = alm_row_get(store, txn, ALM_TABLE_PERSON_KEY,
		(struct alm_bytes){raw, sizeof(raw)}, &row);
	if (err == ALM_OK &&
		(!alm_person_key_row_is_whole(row.bytes) ||
			memcmp(row.data, person, ALM_PERSON_BYTES) != 0)) {
		err = ALM_STORE_CORRUPT;
	}
	if (err == ALM_OK) {
		alm_store_keys_person(
			store->keys, row.data + ALM_PERSON_BYTES, out);
	}
	return err;
}

enum alm_err alm_person_key_get(struct alm_store *store, MDB_txn *txn,
	uint64_t number, const uint8_t person[ALM_PERSON_BYTES],
	uint8_t out[ALM_PERSON_KEY_BYTES])
{
	struct known *known;
	enum alm_err err;

	if (store->known_keys == NULL || number == 0) {
		return read_row(store, txn, number, person, out);
	}
	known = &store->known_keys->items[number % KNOWN_COUNT];
	if (known->number == number && known->state == mdb_txn_id(txn) &&
		memcmp(known->person, person, ALM_PERSON_BYTES) == 0) {
		memcpy(out, known->key, ALM_PERSON_KEY_BYTES);
		return ALM_OK;
	}
	err = read_row(store, txn, number, person, out);
	if (err == ALM_OK) {
		known->number = number;
		known->state = mdb_txn_id(txn);
		memcpy(known->person, person, ALM_PERSON_BYTES);
		memcpy(known->key, out, ALM_PERSON_KEY_BYTES);
	}
	return err;
}

void alm_person_keys_forget(struct alm_store *store)
{
	if (store->person_keys != NULL) {
		store->person_keys->generation++;
	}
}

void alm_person_keys_abort(struct alm_store *store)
{
	struct alm_person_keys *keys = store->person_keys;

	if (keys != NULL && keys->is_used) {
		keys->generation++;
		keys->is_used = false;
	}
}

void alm_person_keys_commit(struct alm_store *store)
{
	if (store->person_keys != NULL) {
		store->person_keys->is_used = false;
	}
}

void alm_person_keys_free(struct alm_store *store)
{
	sodium_free(store->person_keys);
	sodium_free(store->known_keys);
	store->person_keys = NULL;
	store->known_keys = NULL;
}

/* --- erasing ------------------------------------------------------------- */

static void forget(
	struct alm_store *store, const uint8_t person[ALM_PERSON_BYTES])
{
	struct alm_person_keys *keys = store->person_keys;
	struct slot *slot;

	if (keys == NULL) {
		return;
	}
	slot = slot_of(keys, person);
	if (is_mine(keys, slot, person)) {
		sodium_memzero(slot, sizeof(*slot));
	}
}

/* Walk from the cursor's first row; sets `*next` past the last one seen. */
static enum alm_err remove_rows(struct alm_store *store, MDB_cursor *cursor,
	const uint8_t person[ALM_PERSON_BYTES], uint64_t last, unsigned row_max,
	uint64_t *next, uint64_t *out_count)
{
	uint8_t raw[8];
	MDB_val key = alm_val(raw, sizeof(raw));
	MDB_val value;
	int rc;

	alm_put_u64(raw, *next);
	rc = alm_numbered_get(cursor, &key, &value, MDB_SET_RANGE);
	for (unsigned i = 0; i < row_max && rc == MDB_SUCCESS; i++) {
		uint64_t number = alm_get_u64(key.mv_data);

		if (number > last) {
			rc = MDB_NOTFOUND;
			break;
		}
		*next = number + 1;
		/* Of whatever length: what is left of it goes as well. */
		if (value.mv_size >= ALM_PERSON_BYTES &&
			memcmp(value.mv_data, person, ALM_PERSON_BYTES) == 0) {
			++*out_count;
			rc = mdb_cursor_del(cursor, 0);
		}
		if (rc == MDB_SUCCESS) {
			rc = alm_numbered_get(cursor, &key, &value, MDB_NEXT);
		}
	}
	if (rc == MDB_NOTFOUND) {
		*next = 0;
		return ALM_OK;
	}
	return alm_store_fail(store, rc);
}

enum alm_err alm_store_person_keys_destroy(struct alm_store *store,
	const char *subject, uint64_t last, unsigned row_max, uint64_t *next,
	uint64_t *out_count)
{
	uint8_t person[ALM_PERSON_BYTES];
	MDB_cursor *cursor;
	enum alm_err err;
	int rc;

	ALM_ASSERT(store->turn != NULL);
	alm_store_keys_pseudonym(store->keys, subject, person);
	forget(store, person);
	rc = mdb_cursor_open(
		store->turn, store->tables[ALM_TABLE_PERSON_KEY], &cursor);
	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	*out_count = 0;
	err = remove_rows(
		store, cursor, person, last, row_max, next, out_count);
	mdb_cursor_close(cursor);
	if (err == ALM_OK) {
		store->is_state_changed = true; /* it counts the rows */
	}
	return err;
}
