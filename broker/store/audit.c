/*
 * Appending to the log and reading it.  The private part is encrypted beside
 * the header, which commits to salt and text, so erasing it later changes no
 * leaf; and it is checked against that commitment whenever it is read.
 */
#include <string.h>

#include <sodium.h>

#include "broker/store/inside.h"
#include "broker/store/prune.h"
#include "broker/store/whole.h"

/* The number of a person's key, and the tag. */
#define OWN_BYTES (8 + ALM_TAG_BYTES)
#define SET_HERE (ALM_AUDIT_CLAMPED | ALM_AUDIT_OWN_KEY)

static const struct alm_digest NO_COMMITMENT;

static bool has_private(const struct alm_audit_record *record)
{
	return memcmp(&record->commitment, &NO_COMMITMENT,
		       sizeof(NO_COMMITMENT)) != 0;
}

static enum alm_err put_private(struct alm_store *store,
	struct alm_audit_record *record, const char *detail, size_t bytes)
{
	bool is_own = (record->flags & ALM_AUDIT_OWN_KEY) != 0;
	const uint8_t *person_key = NULL;
	uint64_t number = 0;
	uint8_t nonce[ALM_NONCE_BYTES];
	uint8_t seq[8];
	MDB_val key = alm_val(seq, sizeof(seq));
	struct alm_bytes text = {store->scratch, ALM_AUDIT_SALT_BYTES + bytes};
	MDB_val room = {
		.mv_size = text.bytes + (is_own ? OWN_BYTES : ALM_CRYPT_BYTES)};
	MDB_cursor *cursor;
	enum alm_err err;
	uint8_t *at;

	alm_put_u64(seq, record->seq);
	if (is_own) {
		err = alm_person_key_take(store, record->seq, record->person,
			&number, &person_key);
		if (err != ALM_OK) {
			return err;
		}
	}
	alm_noise_take(&store->noise, store->scratch, ALM_AUDIT_SALT_BYTES);
	memcpy(store->scratch + ALM_AUDIT_SALT_BYTES, detail, bytes);
	alm_audit_commitment(store->hash, text, &record->commitment);
	err = alm_hand_get(store, ALM_TABLE_PRIV, ALM_HAND_PUTS, &cursor);
	if (err == ALM_OK) {
		err = alm_store_fail(store,
			alm_hand_append(cursor, &key, &room, MDB_RESERVE));
	}
	if (err != ALM_OK) {
		return err;
	}
	at = room.mv_data;
	if (is_own) {
		alm_put_u64(at, number);
		alm_store_keys_encrypt_person(
			store->keys, person_key, record->seq, text, at + 8);
	} else {
		alm_noise_nonce(&store->noise, nonce);
		alm_store_keys_encrypt(store->keys, ALM_CRYPT_PRIVATE,
			record->seq, nonce, text, at);
	}
	return ALM_OK;
}

enum alm_err alm_store_audit_append(struct alm_store *store,
	struct alm_audit_record *record, const char *detail)
{
	size_t detail_bytes = strlen(detail);
	struct alm_writer w;
	enum alm_err err = ALM_OK;

	ALM_ASSERT(store->turn != NULL);
	if (detail_bytes > ALM_AUDIT_DETAIL_BYTES_MAX) {
		return ALM_FIELD_TOO_LARGE;
	}
	record->seq = alm_log_size(store) + 1;
	record->time_us = store->now_us;
	record->flags = (uint8_t)((record->flags & ~SET_HERE) |
				  (store->is_clamped ? ALM_AUDIT_CLAMPED : 0) |
				  (record->has_person && detail_bytes > 0
						  ? ALM_AUDIT_OWN_KEY
						  : 0));
	record->commitment = NO_COMMITMENT;
	/* First without the commitment: does it fit at all? */
	alm_writer_init(&w, store->header, ALM_AUDIT_HEADER_BYTES_MAX);
	alm_audit_record_encode(record, &w);
	if (w.is_bad) {
		return ALM_FIELD_TOO_LARGE;
	}
	if (detail_bytes > 0) {
		err = put_private(store, record, detail, detail_bytes);
		if (err != ALM_OK) {
			return err;
		}
		memcpy(store->header + ALM_AUDIT_COMMITMENT_AT,
			record->commitment.raw, ALM_DIGEST_BYTES);
	}
	err = alm_log_row_wait(
		store, record->seq, (struct alm_bytes){store->header, w.bytes});
	store->state.last_time_us = record->time_us;
	store->is_state_changed = true;
	return err;
}

enum alm_err alm_audit_header(struct alm_store *store, MDB_txn *txn,
	uint64_t seq, struct alm_bytes *out)
{
	uint8_t key[8];

	alm_put_u64(key, seq);
	return alm_row_get(store, txn, ALM_TABLE_REC,
		(struct alm_bytes){key, sizeof(key)}, out);
}

/* A key that is gone was destroyed, if it can have been this record's: a key
 * has the number of the first record that was made under it. */
static enum alm_err missing_key(struct alm_store *store, MDB_txn *txn,
	const struct alm_audit_record *record, uint64_t number)
{
	struct alm_audit_record first;
	struct alm_bytes header;
	enum alm_err err;

	if (number == 0 || number > record->seq) {
		return ALM_STORE_CORRUPT;
	}
	err = alm_audit_header(store, txn, number, &header);
	if (err == ALM_OK) {
		err = alm_audit_record_decode(header, &first);
	}
	if (err == ALM_OK && ((first.flags & ALM_AUDIT_OWN_KEY) == 0 ||
				     memcmp(first.person, record->person,
					     sizeof(first.person)) != 0)) {
		return ALM_STORE_CORRUPT;
	}
	return err == ALM_OK ? ALM_NOT_FOUND : err;
}

enum alm_err alm_audit_open_private(struct alm_store *store, MDB_txn *txn,
	const struct alm_audit_record *record, struct alm_bytes sealed,
	uint8_t *out, size_t *out_bytes)
{
	uint8_t key[ALM_PERSON_KEY_BYTES];
	uint64_t number = 0;
	bool is_own = (record->flags & ALM_AUDIT_OWN_KEY) != 0;
	size_t added = is_own ? OWN_BYTES : ALM_CRYPT_BYTES;
	struct alm_digest found;
	enum alm_err err;

	if (sealed.bytes < added + ALM_AUDIT_SALT_BYTES) {
		return ALM_STORE_CORRUPT;
	}
	if (is_own) {
		number = alm_get_u64(sealed.data);
		err = alm_person_key_get(
			store, txn, number, record->person, key);
		if (err == ALM_NOT_FOUND) {
			err = missing_key(store, txn, record, number);
		}
		if (err == ALM_OK) {
			err = alm_store_keys_decrypt_person(store->keys, key,
				record->seq,
				(struct alm_bytes){
					sealed.data + 8, sealed.bytes - 8},
				out);
		}
		sodium_memzero(key, sizeof(key));
	} else {
		err = alm_store_keys_decrypt(store->keys, ALM_CRYPT_PRIVATE,
			record->seq, sealed, out);
	}
	if (err != ALM_OK) {
		return err;
	}
	*out_bytes = sealed.bytes - added;
	alm_audit_commitment(
		store->hash, (struct alm_bytes){out, *out_bytes}, &found);
	return memcmp(&found, &record->commitment, sizeof(found)) == 0
		       ? ALM_OK
		       : ALM_STORE_CORRUPT;
}

/* The private part, as a text in the arena; none if it was erased. */
static enum alm_err read_private(struct alm_store *store, MDB_txn *txn,
	struct alm_arena *arena, struct alm_audit_view *view)
{
	uint8_t seq[8];
	MDB_val key = alm_val(seq, sizeof(seq));
	MDB_val value;
	size_t bytes = 0;
	uint8_t *text;
	enum alm_err err;
	int rc;

	if (!has_private(&view->record)) {
		view->detail = "";
		return ALM_OK;
	}
	alm_put_u64(seq, view->record.seq);
	rc = mdb_get(txn, store->tables[ALM_TABLE_PRIV], &key, &value);
	if (rc == MDB_NOTFOUND) {
		view->is_erased = true;
		view->is_pruned =
			view->record.seq <= alm_pruned_through(&store->state);
		return ALM_OK;
	}
	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	text = alm_arena_take(arena, value.mv_size + 1);
	if (text == NULL) {
		return ALM_NOMEM;
	}
	err = alm_audit_open_private(
		store, txn, &view->record, alm_of_val(value), text, &bytes);
	if (err == ALM_OK) {
		text[bytes] = '\0';
		view->detail = (const char *)text + ALM_AUDIT_SALT_BYTES;
	} else if (err == ALM_NOT_FOUND) {
		view->is_erased = true;
		err = ALM_OK;
	}
	return err;
}

enum alm_err alm_audit_view_copy(struct alm_store *store, MDB_txn *txn,
	struct alm_bytes header, bool with_detail, struct alm_arena *arena,
	struct alm_audit_view *out_view)
{
	struct alm_audit_view view = {.detail = NULL};
	uint8_t *copy = alm_arena_copy(arena, header);
	enum alm_err err;

	if (copy == NULL) {
		return ALM_NOMEM;
	}
	err = alm_audit_record_decode(
		(struct alm_bytes){copy, header.bytes}, &view.record);
	if (err == ALM_OK && with_detail) {
		err = read_private(store, txn, arena, &view);
	}
	if (err == ALM_OK) {
		*out_view = view;
	}
	return err;
}

enum alm_err alm_audit_get(struct alm_store *store, uint64_t seq,
	bool with_detail, struct alm_arena *arena,
	struct alm_audit_view *out_view)
{
	struct alm_audit_view view;
	struct alm_bytes header = {NULL, 0};
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = alm_audit_header(store, txn, seq, &header);
	if (err == ALM_OK) {
		err = alm_audit_view_copy(
			store, txn, header, with_detail, arena, &view);
	}
	if (err == ALM_OK && view.record.seq != seq) {
		err = ALM_STORE_CORRUPT;
	}
	if (err == ALM_OK) {
		*out_view = view;
	}
	alm_store_view_end(store);
	return err;
}

struct scan {
	const struct alm_audit_filter *filter;
	struct alm_audit_view *rows;
	size_t row_count;
	size_t row_max;
	bool with_detail;
};

static enum alm_err scan_one(struct alm_store *store, MDB_txn *txn,
	struct scan *scan, uint64_t seq, MDB_val key, MDB_val value,
	struct alm_arena *arena)
{
	struct alm_bytes header = alm_of_val(value);
	struct alm_audit_record record;
	enum alm_err err =
		alm_row_open(store, ALM_TABLE_REC, alm_of_val(key), &header);

	if (err == ALM_OK) {
		err = alm_audit_record_decode(header, &record);
	}
	if (err == ALM_OK && record.seq != seq) {
		err = ALM_STORE_CORRUPT;
	}
	if (err != ALM_OK || !alm_audit_filter_matches(scan->filter, &record)) {
		return err;
	}
	err = alm_audit_view_copy(store, txn, header, scan->with_detail, arena,
		&scan->rows[scan->row_count]);
	if (err == ALM_OK) {
		scan->row_count++;
	}
	return err;
}

/* Sets `*next` to the record at which to go on, past `last` at the end. */
static enum alm_err scan_range(struct alm_store *store, MDB_txn *txn,
	struct scan *scan, uint64_t *next, uint64_t last,
	struct alm_arena *arena)
{
	uint8_t seq[8];
	MDB_val key = alm_val(seq, sizeof(seq));
	MDB_val value;
	MDB_cursor *cursor;
	enum alm_err err = ALM_OK;
	MDB_cursor_op op = MDB_SET_KEY;
	int rc = mdb_cursor_open(txn, store->tables[ALM_TABLE_REC], &cursor);

	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	alm_put_u64(seq, *next);
	while (*next <= last && scan->row_count < scan->row_max) {
		rc = mdb_cursor_get(cursor, &key, &value, op);
		err = alm_store_fail(store, rc);
		if (err != ALM_OK) {
			break;
		}
		err = scan_one(store, txn, scan, *next, key, value, arena);
		if (err != ALM_OK) {
			break;
		}
		(*next)++;
		op = MDB_NEXT;
	}
	mdb_cursor_close(cursor);
	/* Between the first and the last no record may be missing. */
	return err == ALM_NOT_FOUND ? ALM_STORE_CORRUPT : err;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

enum alm_err alm_audit_scan(struct alm_store *store,
	const struct alm_audit_filter *filter,
	const struct alm_audit_range *range, struct alm_arena *arena,
	struct alm_audit_page *out_page)
{
	uint64_t next = range->from_seq == 0 ? 1 : range->from_seq;
	uint64_t end = least(range->until_seq, alm_log_size(store));
	struct scan scan = {
		.filter = filter, .with_detail = range->with_detail};
	uint64_t last;
	MDB_txn *txn = NULL;
	enum alm_err err;

	if (next > end || range->row_max == 0 || range->scan_max == 0) {
		*out_page = (struct alm_audit_page){
			.next_seq = next > end ? 0 : next};
		return ALM_OK;
	}
	last = next + least(range->scan_max, end - next + 1) - 1;
	scan.row_max = (size_t)least(range->row_max, last - next + 1);
	scan.rows = alm_arena_take(arena, scan.row_max * sizeof(*scan.rows));
	if (scan.rows == NULL) {
		return ALM_NOMEM;
	}
	err = alm_store_view(store, &txn);
	if (err != ALM_OK) {
		return err;
	}
	err = scan_range(store, txn, &scan, &next, last, arena);
	alm_store_view_end(store);
	if (err == ALM_OK || (err == ALM_NOMEM && scan.row_count > 0)) {
		*out_page = (struct alm_audit_page){.rows = scan.rows,
			.row_count = scan.row_count,
			.next_seq = next > end ? 0 : next};
		err = ALM_OK;
	}
	return err;
}
