/*
 * Whose the parts are.  The number stands in every key, so that a damaged row
 * does not leave parts that nobody can find.
 *
 *   receiving  0, sender, NUL, message id, number
 *   queued     1, mail sequence, number
 *   waste      2, number
 *   shared     3, number, mail sequence: one for each mail, if several have it
 */
#include <string.h>

#include "broker/store/inside.h"
#include "broker/store/parts.h"

enum state {
	RECEIVING = 0,
	QUEUED = 1,
	WASTE = 2,
	SHARED = 3,
};

#define KEY_BYTES_MAX (1 + ALM_ID_BYTES_MAX + 1 + ALM_MESSAGE_ID_BYTES + 8)
#define QUEUED_KEY_BYTES (1u + 8 + 8)
#define WASTE_KEY_BYTES (1u + 8)

struct key {
	uint8_t data[KEY_BYTES_MAX];
	size_t bytes;
};

static struct alm_bytes of_key(const struct key *key)
{
	return (struct alm_bytes){key->data, key->bytes};
}

static void add_u64(struct key *key, uint64_t value)
{
	alm_put_u64(key->data + key->bytes, value);
	key->bytes += 8;
}

/* Up to the message id, or the sender if there is none; false if there can be
 * no such sender. */
static bool begin_receiving(
	struct key *key, const char *sender, const struct alm_message_id *id)
{
	size_t bytes = strlen(sender);

	if (bytes == 0 || bytes > ALM_ID_BYTES_MAX) {
		return false;
	}
	key->data[0] = RECEIVING;
	memcpy(key->data + 1, sender, bytes + 1);
	key->bytes = 1 + bytes + 1;
	if (id != NULL) {
		memcpy(key->data + key->bytes, id->raw, ALM_MESSAGE_ID_BYTES);
		key->bytes += ALM_MESSAGE_ID_BYTES;
	}
	return true;
}

static void begin_queued(struct key *key, uint64_t mail_seq)
{
	key->data[0] = QUEUED;
	key->bytes = 1;
	add_u64(key, mail_seq);
}

static void make_waste(struct key *key, uint64_t number)
{
	key->data[0] = WASTE;
	key->bytes = 1;
	add_u64(key, number);
}

static void begin_shared(struct key *key, uint64_t number)
{
	key->data[0] = SHARED;
	key->bytes = 1;
	add_u64(key, number);
}

/* A key of another shape is damaged and nobody's; verification tells of it.
 * Whoever goes on behind one must get past it: it has exactly one name. */
static bool is_key(struct alm_bytes key)
{
	size_t tail = ALM_MESSAGE_ID_BYTES + 8;

	if (key.data[0] != RECEIVING) {
		return key.data[0] != WASTE || key.bytes == WASTE_KEY_BYTES;
	}
	return key.bytes >= 3 + tail && key.bytes <= KEY_BYTES_MAX &&
	       memchr(key.data + 1, 0, key.bytes - 1 - tail) ==
		       key.data + key.bytes - tail - 1 &&
	       alm_get_u64(key.data + key.bytes - 8) != UINT64_MAX;
}

/* The first key at or after `from` that begins with its first `prefix` bytes,
 * and what stands there, seal and all.  Errors: NOT_FOUND. */
static enum alm_err seek(struct alm_store *store, MDB_txn *txn,
	const struct key *from, size_t prefix, struct alm_bytes *out_key,
	struct alm_bytes *out_value)
{
	MDB_val key = alm_val(from->data, from->bytes);
	MDB_val value;
	MDB_cursor *cursor;
	int rc = mdb_cursor_open(txn, store->tables[ALM_TABLE_UPLOAD], &cursor);

	if (rc == MDB_SUCCESS) {
		rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
		while (rc == MDB_SUCCESS && !is_key(alm_of_val(key))) {
			rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
		}
		mdb_cursor_close(cursor);
	}
	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	if (key.mv_size < prefix ||
		memcmp(key.mv_data, from->data, prefix) != 0) {
		return ALM_NOT_FOUND;
	}
	*out_key = alm_of_val(key);
	*out_value = alm_of_val(value);
	return ALM_OK;
}

static enum alm_err put_waste(struct alm_store *store, uint64_t number)
{
	struct key key;

	make_waste(&key, number);
	return alm_row_put(store, ALM_TABLE_UPLOAD, of_key(&key),
		(struct alm_bytes){NULL, 0}, 0);
}

/* --- receiving ------------------------------------------------------------ */

static void write_upload(struct alm_writer *w, const struct alm_upload *upload)
{
	alm_write_u64(w, upload->agent);
	alm_write_u64(w, (uint64_t)upload->begun_at_ms);
	alm_write_u64(w, upload->payload_bytes);
	alm_write_raw(w, upload->content.raw, ALM_DIGEST_BYTES);
	alm_write_bytes(w, upload->message);
	alm_write_bytes(w, upload->signature);
}

/* Borrows from key and value, which are in the arena. */
static enum alm_err read_upload(const struct alm_store *store,
	struct alm_bytes key, struct alm_bytes value, struct alm_upload *out)
{
	size_t tail = ALM_MESSAGE_ID_BYTES + 8;
	struct alm_upload upload = {.is_damaged = true};
	struct alm_reader r;

	upload.sender = (const char *)key.data + 1;
	upload.number = alm_get_u64(key.data + key.bytes - 8);
	memcpy(upload.message_id.raw, key.data + key.bytes - tail,
		ALM_MESSAGE_ID_BYTES);
	*out = upload;
	if (alm_row_open(store, ALM_TABLE_UPLOAD, key, &value) != ALM_OK) {
		return ALM_OK;
	}
	alm_reader_init(&r, value.data, value.bytes);
	upload.agent = alm_read_u64(&r);
	upload.begun_at_ms = (int64_t)alm_read_u64(&r);
	upload.payload_bytes = alm_read_u64(&r);
	alm_read_raw(&r, upload.content.raw, ALM_DIGEST_BYTES);
	upload.message = alm_read_bytes(&r);
	upload.signature = alm_read_bytes(&r);
	upload.is_damaged = !alm_reader_is_done(&r) ||
			    upload.payload_bytes == 0 ||
			    upload.payload_bytes > ALM_PARTS_PAYLOAD_BYTES_MAX;
	if (!upload.is_damaged) {
		*out = upload;
	}
	return ALM_OK;
}

static enum alm_err find(struct alm_store *store, const struct key *from,
	size_t prefix, struct alm_arena *arena, struct alm_upload *out_upload)
{
	struct alm_bytes key = {NULL, 0};
	struct alm_bytes value = {NULL, 0};
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = seek(store, txn, from, prefix, &key, &value);
	if (err == ALM_OK) {
		key.data = alm_arena_copy(arena, key);
		value.data = alm_arena_copy(arena, value);
		err = key.data == NULL || value.data == NULL ? ALM_NOMEM
							     : ALM_OK;
	}
	alm_store_view_end(store);
	return err == ALM_OK ? read_upload(store, key, value, out_upload) : err;
}

enum alm_err alm_store_upload_begin(
	struct alm_store *store, const struct alm_upload *upload)
{
	struct key key;
	struct alm_writer w;
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	alm_writer_init(&w, store->scratch, ALM_SCRATCH_BYTES);
	write_upload(&w, upload);
	if (w.is_bad ||
		!begin_receiving(&key, upload->sender, &upload->message_id)) {
		return ALM_FIELD_TOO_LARGE;
	}
	if (upload->payload_bytes > store->room_bytes) {
		return ALM_STORE_FULL;
	}
	add_u64(&key, upload->number);
	err = alm_row_put(store, ALM_TABLE_UPLOAD, of_key(&key),
		(struct alm_bytes){store->scratch, w.bytes}, 0);
	store->is_state_changed |= err == ALM_OK;
	return err;
}

enum alm_err alm_store_upload_get(struct alm_store *store, const char *sender,
	const struct alm_message_id *id, struct alm_arena *arena,
	struct alm_upload *out_upload)
{
	struct key key;

	if (!begin_receiving(&key, sender, id)) {
		return ALM_NOT_FOUND;
	}
	return find(store, &key, key.bytes, arena, out_upload);
}

enum alm_err alm_store_upload_next(struct alm_store *store,
	const struct alm_upload *after, struct alm_arena *arena,
	struct alm_upload *out_upload)
{
	struct key key = {.data = {RECEIVING}, .bytes = 1};

	if (after != NULL) {
		if (!begin_receiving(&key, after->sender, &after->message_id)) {
			return ALM_NOT_FOUND;
		}
		add_u64(&key, after->number + 1);
	}
	return find(store, &key, 1, arena, out_upload);
}

enum alm_err alm_store_upload_usage(struct alm_store *store, const char *sender,
	struct alm_upload_usage *out_usage)
{
	struct alm_upload_usage usage = {.count = 0};
	struct key key;
	size_t prefix;
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	if (!begin_receiving(&key, sender, NULL)) {
		alm_store_view_end(store);
		return ALM_FIELD_TOO_LARGE;
	}
	prefix = key.bytes;
	while (err == ALM_OK) {
		struct alm_upload upload;
		struct alm_bytes at = {NULL, 0};
		struct alm_bytes value = {NULL, 0};

		err = seek(store, txn, &key, prefix, &at, &value);
		if (err == ALM_OK) {
			err = read_upload(store, at, value, &upload);
		}
		if (err == ALM_OK) {
			usage.count++;
			usage.bytes += upload.payload_bytes;
			(void)begin_receiving(&key, sender, &upload.message_id);
			add_u64(&key, upload.number + 1);
		}
	}
	alm_store_view_end(store);
	if (err != ALM_NOT_FOUND) {
		return err;
	}
	*out_usage = usage;
	return ALM_OK;
}

/* The row of one that is received goes; what comes in its place is next. */
static enum alm_err end_receiving(
	struct alm_store *store, const struct alm_upload *upload)
{
	struct key key;

	ALM_ASSERT(store->turn != NULL);
	if (!begin_receiving(&key, upload->sender, &upload->message_id)) {
		return ALM_NOT_FOUND;
	}
	add_u64(&key, upload->number);
	store->is_state_changed = true;
	return alm_row_remove(store, ALM_TABLE_UPLOAD, of_key(&key));
}

static enum alm_err put_queued(struct alm_store *store, uint64_t mail_seq,
	uint64_t number, uint64_t bytes)
{
	struct key key;
	uint8_t raw[8];

	begin_queued(&key, mail_seq);
	add_u64(&key, number);
	alm_put_u64(raw, bytes);
	return alm_row_put(store, ALM_TABLE_UPLOAD, of_key(&key),
		(struct alm_bytes){raw, sizeof(raw)}, 0);
}

enum alm_err alm_store_upload_finish(struct alm_store *store,
	const struct alm_upload *upload, uint64_t mail_seq)
{
	enum alm_err err = end_receiving(store, upload);

	return err == ALM_OK ? put_queued(store, mail_seq, upload->number,
				       upload->payload_bytes)
			     : err;
}

enum alm_err alm_store_upload_drop(
	struct alm_store *store, const struct alm_upload *upload)
{
	enum alm_err err = end_receiving(store, upload);

	return err == ALM_OK ? put_waste(store, upload->number) : err;
}

/* --- of mail, and waste --------------------------------------------------- */

static enum alm_err find_queued(struct alm_store *store, MDB_txn *txn,
	uint64_t mail_seq, struct key *out_key, uint64_t *out_number)
{
	struct alm_bytes at = {NULL, 0};
	struct alm_bytes value = {NULL, 0};
	enum alm_err err;

	begin_queued(out_key, mail_seq);
	err = seek(store, txn, out_key, out_key->bytes, &at, &value);
	if (err == ALM_OK && at.bytes != QUEUED_KEY_BYTES) {
		return ALM_STORE_CORRUPT;
	}
	if (err == ALM_OK) {
		*out_number = alm_get_u64(at.data + at.bytes - 8);
		add_u64(out_key, *out_number);
	}
	return err;
}

enum alm_err alm_store_parts_of(struct alm_store *store, uint64_t mail_seq,
	uint64_t *out_number, uint64_t *out_bytes)
{
	struct alm_bytes value = {NULL, 0};
	struct key key;
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = find_queued(store, txn, mail_seq, &key, out_number);
	if (err == ALM_OK) {
		err = alm_row_get(
			store, txn, ALM_TABLE_UPLOAD, of_key(&key), &value);
	}
	if (err == ALM_OK && value.bytes != 8) {
		err = ALM_STORE_CORRUPT;
	}
	if (err == ALM_OK) {
		*out_bytes = alm_get_u64(value.data);
	}
	alm_store_view_end(store);
	return err;
}

static enum alm_err put_share(
	struct alm_store *store, uint64_t number, uint64_t mail_seq)
{
	struct key key;

	begin_shared(&key, number);
	add_u64(&key, mail_seq);
	return alm_row_put(store, ALM_TABLE_UPLOAD, of_key(&key),
		(struct alm_bytes){NULL, 0}, 0);
}

enum alm_err alm_store_parts_share(
	struct alm_store *store, uint64_t of_seq, uint64_t mail_seq)
{
	uint64_t number = 0;
	uint64_t bytes = 0;
	enum alm_err err = alm_store_parts_of(store, of_seq, &number, &bytes);

	ALM_ASSERT(store->turn != NULL);
	if (err == ALM_OK) {
		err = put_share(store, number, of_seq);
	}
	if (err == ALM_OK) {
		err = put_share(store, number, mail_seq);
	}
	if (err == ALM_OK) {
		err = put_queued(store, mail_seq, number, bytes);
	}
	store->is_state_changed |= err == ALM_OK;
	return err;
}

/* One of those who share it goes.  Errors: NOT_FOUND: it was the last, or the
 * only one. */
static enum alm_err end_share(
	struct alm_store *store, uint64_t number, uint64_t mail_seq)
{
	struct alm_bytes at = {NULL, 0};
	struct alm_bytes value = {NULL, 0};
	struct key key;
	size_t prefix;
	enum alm_err err;

	begin_shared(&key, number);
	prefix = key.bytes;
	add_u64(&key, mail_seq);
	err = alm_row_remove(store, ALM_TABLE_UPLOAD, of_key(&key));
	if (err != ALM_OK) {
		return err;
	}
	begin_shared(&key, number);
	return seek(store, store->turn, &key, prefix, &at, &value);
}

enum alm_err alm_parts_discard(struct alm_store *store, uint64_t mail_seq)
{
	uint64_t number = 0;
	struct key key;
	enum alm_err err =
		find_queued(store, store->turn, mail_seq, &key, &number);

	if (err == ALM_NOT_FOUND) {
		return ALM_OK;
	}
	if (err == ALM_OK) {
		err = alm_row_remove(store, ALM_TABLE_UPLOAD, of_key(&key));
	}
	if (err == ALM_OK) {
		store->is_state_changed = true;
		err = end_share(store, number, mail_seq);
	}
	return err == ALM_NOT_FOUND ? put_waste(store, number) : err;
}

enum alm_err alm_store_waste_remove(struct alm_store *store, unsigned part_max,
	unsigned *out_removed, bool *out_has_more)
{
	const struct key from = {.data = {WASTE}, .bytes = 1};
	struct alm_bytes at = {NULL, 0};
	struct alm_bytes value = {NULL, 0};
	unsigned removed = 0;
	enum alm_err err = ALM_OK;

	ALM_ASSERT(store->turn != NULL);
	while (err == ALM_OK && removed < part_max) {
		uint64_t number;
		unsigned parts = 0;
		struct key key;

		err = seek(store, store->turn, &from, 1, &at, &value);
		if (err != ALM_OK || at.bytes != WASTE_KEY_BYTES) {
			break;
		}
		number = alm_get_u64(at.data + 1);
		err = alm_parts_remove(
			store, number, part_max - removed, &parts);
		removed += parts;
		if (err == ALM_OK && removed < part_max) {
			make_waste(&key, number);
			err = alm_row_remove(
				store, ALM_TABLE_UPLOAD, of_key(&key));
			removed++;
		}
	}
	store->is_state_changed |= removed > 0;
	if (err != ALM_OK && err != ALM_NOT_FOUND) {
		return err;
	}
	*out_removed = removed;
	*out_has_more = err == ALM_OK;
	return ALM_OK;
}
