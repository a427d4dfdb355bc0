/*
 * One table, of which the first byte of a key says what a row is.  Deadlines
 * stand in the order of their instants.
 */
#include "broker/store/watch.h"

#include <string.h>

#include "broker/store/inside.h"

enum row_kind {
	ROW_DUE = 0,
	ROW_REQUEST = 1,
	ROW_DEPUTY = 2,
};

#define DUE_KEY_BYTES 17u
#define NAME_KEY_BYTES_MAX (1 + ALM_ID_BYTES_MAX + 1 + ALM_MESSAGE_ID_BYTES)

struct name_key {
	uint8_t data[NAME_KEY_BYTES_MAX];
	size_t bytes;
};

static bool make_name_key(enum row_kind kind, const char *name,
	const struct alm_message_id *id, struct name_key *out)
{
	size_t bytes = strlen(name);

	if (bytes == 0 || bytes > ALM_ID_BYTES_MAX) {
		return false;
	}
	out->data[0] = (uint8_t)kind;
	memcpy(out->data + 1, name, bytes + 1);
	out->bytes = 1 + bytes + 1;
	if (id != NULL) {
		memcpy(out->data + out->bytes, id->raw, ALM_MESSAGE_ID_BYTES);
		out->bytes += ALM_MESSAGE_ID_BYTES;
	}
	return true;
}

static enum alm_err put_row(struct alm_store *store, struct alm_bytes key,
	const struct alm_writer *w)
{
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	if (w->is_bad) {
		return ALM_FIELD_TOO_LARGE;
	}
	err = alm_row_put(store, ALM_TABLE_WATCH, key,
		(struct alm_bytes){store->scratch, w->bytes}, 0);
	store->is_state_changed |= err == ALM_OK;
	return err;
}

static enum alm_err remove_row(struct alm_store *store, struct alm_bytes key)
{
	enum alm_err err = alm_row_remove(store, ALM_TABLE_WATCH, key);

	store->is_state_changed |= err == ALM_OK;
	return err;
}

/* --- deadlines ---------------------------------------------------------- */

static void make_due_key(
	int64_t at_ms, uint64_t seq, uint8_t key[DUE_KEY_BYTES])
{
	key[0] = ROW_DUE;
	alm_put_u64(key + 1, (uint64_t)at_ms);
	alm_put_u64(key + 9, seq);
}

enum alm_err alm_store_watch_put(
	struct alm_store *store, const struct alm_watch *watch)
{
	uint8_t key[DUE_KEY_BYTES];
	struct alm_writer w;

	make_due_key(watch->at_ms, watch->seq, key);
	alm_writer_init(&w, store->scratch, ALM_SCRATCH_BYTES);
	alm_write_u8(&w, (uint8_t)watch->what);
	alm_write_text(&w, watch->recipient);
	alm_write_text(&w, watch->sender);
	alm_write_raw(&w, watch->message_id.raw, ALM_MESSAGE_ID_BYTES);
	alm_write_u64(&w, watch->audit_seq);
	return put_row(store, (struct alm_bytes){key, sizeof(key)}, &w);
}

/* Texts are borrowed from `value`. */
static bool read_due(struct alm_bytes value, struct alm_watch *out)
{
	struct alm_reader r;

	alm_reader_init(&r, value.data, value.bytes);
	out->what = (enum alm_watch_what)alm_read_u8(&r);
	out->recipient = alm_read_text(&r);
	out->sender = alm_read_text(&r);
	alm_read_raw(&r, out->message_id.raw, ALM_MESSAGE_ID_BYTES);
	out->audit_seq = alm_read_u64(&r);
	return alm_reader_is_done(&r) && out->what >= ALM_WATCH_DEADLINE &&
	       out->what <= ALM_WATCH_FORGET;
}

static enum alm_err open_due(const struct alm_store *store, MDB_val key,
	MDB_val value, struct alm_arena *arena, struct alm_watch *out_watch)
{
	const uint8_t *raw = key.mv_data;
	struct alm_bytes content = alm_of_val(value);
	struct alm_watch watch = {.at_ms = (int64_t)alm_get_u64(raw + 1),
		.seq = alm_get_u64(raw + 9)};
	bool is_whole = alm_row_open(store, ALM_TABLE_WATCH, alm_of_val(key),
				&content) == ALM_OK;

	if (is_whole) {
		content.data = alm_arena_copy(arena, content);
		if (content.data == NULL) {
			return ALM_NOMEM;
		}
	}
	if (!is_whole || !read_due(content, &watch)) {
		watch.is_damaged = true;
		watch.recipient = watch.sender = "";
	}
	*out_watch = watch;
	return ALM_OK;
}

enum alm_err alm_store_watch_due(struct alm_store *store, int64_t now_ms,
	struct alm_arena *arena, struct alm_watch *out_watch)
{
	static const uint8_t first[] = {ROW_DUE};
	MDB_val key = alm_val(first, sizeof(first));
	MDB_val value;
	MDB_cursor *cursor;
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view_beside_log(store, &txn);
	int rc;

	if (err != ALM_OK) {
		return err;
	}
	rc = mdb_cursor_open(txn, store->tables[ALM_TABLE_WATCH], &cursor);
	if (rc == MDB_SUCCESS) {
		rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
		/* One of another length is damaged: others are due. */
		while (rc == MDB_SUCCESS && key.mv_size != DUE_KEY_BYTES &&
			*(const uint8_t *)key.mv_data == ROW_DUE) {
			rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
		}
		mdb_cursor_close(cursor);
	}
	err = alm_store_fail(store, rc);
	if (err == ALM_OK &&
		(*(const uint8_t *)key.mv_data != ROW_DUE ||
			(int64_t)alm_get_u64((const uint8_t *)key.mv_data + 1) >
				now_ms)) {
		err = ALM_NOT_FOUND;
	}
	if (err == ALM_OK) {
		err = open_due(store, key, value, arena, out_watch);
	}
	alm_store_view_end(store);
	return err;
}

enum alm_err alm_store_watch_remove(
	struct alm_store *store, int64_t at_ms, uint64_t seq)
{
	uint8_t key[DUE_KEY_BYTES];

	make_due_key(at_ms, seq, key);
	return remove_row(store, (struct alm_bytes){key, sizeof(key)});
}

/* --- requests ----------------------------------------------------------- */

enum alm_err alm_store_request_put(
	struct alm_store *store, const struct alm_open_request *request)
{
	struct name_key key;
	struct alm_writer w;

	if (!make_name_key(
		    ROW_REQUEST, request->asker, &request->message_id, &key)) {
		return ALM_FIELD_TOO_LARGE;
	}
	alm_writer_init(&w, store->scratch, ALM_SCRATCH_BYTES);
	alm_write_u8(&w, (uint8_t)request->state);
	alm_write_text(&w, request->asked);
	alm_write_u64(&w, (uint64_t)request->deadline_ms);
	alm_write_u64(&w, request->audit_seq);
	return put_row(store, (struct alm_bytes){key.data, key.bytes}, &w);
}

static enum alm_err read_request(
	struct alm_bytes value, struct alm_open_request *out)
{
	struct alm_reader r;

	alm_reader_init(&r, value.data, value.bytes);
	out->state = (enum alm_request_state)alm_read_u8(&r);
	out->asked = alm_read_text(&r);
	out->deadline_ms = (int64_t)alm_read_u64(&r);
	out->audit_seq = alm_read_u64(&r);
	return alm_reader_is_done(&r) && out->state <= ALM_REQUEST_TIMED_OUT
		       ? ALM_OK
		       : ALM_STORE_CORRUPT;
}

/* A row under a name, copied to the arena. */
static enum alm_err get_row(struct alm_store *store, const struct name_key *key,
	struct alm_arena *arena, struct alm_bytes *out)
{
	struct alm_bytes value = {NULL, 0};
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view_beside_log(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = alm_row_get(store, txn, ALM_TABLE_WATCH,
		(struct alm_bytes){key->data, key->bytes}, &value);
	if (err == ALM_OK) {
		out->data = alm_arena_copy(arena, value);
		out->bytes = value.bytes;
		err = out->data == NULL ? ALM_NOMEM : ALM_OK;
	}
	alm_store_view_end(store);
	return err;
}

enum alm_err alm_store_request_get(struct alm_store *store, const char *asker,
	const struct alm_message_id *id, struct alm_arena *arena,
	struct alm_open_request *out_request)
{
	struct alm_open_request request = {.message_id = *id};
	struct alm_bytes value = {NULL, 0};
	struct name_key key;
	enum alm_err err;

	if (!make_name_key(ROW_REQUEST, asker, id, &key)) {
		return ALM_NOT_FOUND;
	}
	err = get_row(store, &key, arena, &value);
	if (err == ALM_OK) {
		err = read_request(value, &request);
	}
	if (err != ALM_OK) {
		return err;
	}
	request.asker = alm_arena_text(arena, asker, strlen(asker));
	if (request.asker == NULL) {
		return ALM_NOMEM;
	}
	*out_request = request;
	return ALM_OK;
}

enum alm_err alm_store_request_forget(struct alm_store *store,
	const char *asker, const struct alm_message_id *id)
{
	struct name_key key;
	enum alm_err err;

	if (!make_name_key(ROW_REQUEST, asker, id, &key)) {
		return ALM_OK;
	}
	err = remove_row(store, (struct alm_bytes){key.data, key.bytes});
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

/* --- deputies ----------------------------------------------------------- */

enum alm_err alm_store_deputy_set(
	struct alm_store *store, const char *organisation, const char *deputy)
{
	struct name_key key;
	struct alm_writer w;
	enum alm_err err;

	if (!make_name_key(ROW_DEPUTY, organisation, NULL, &key) ||
		strlen(deputy) > ALM_ID_BYTES_MAX) {
		return ALM_FIELD_TOO_LARGE;
	}
	if (deputy[0] == '\0') {
		err = remove_row(
			store, (struct alm_bytes){key.data, key.bytes});
		return err == ALM_NOT_FOUND ? ALM_OK : err;
	}
	alm_writer_init(&w, store->scratch, ALM_SCRATCH_BYTES);
	alm_write_text(&w, deputy);
	return put_row(store, (struct alm_bytes){key.data, key.bytes}, &w);
}

enum alm_err alm_store_deputy_get(struct alm_store *store,
	const char *organisation, struct alm_arena *arena,
	const char **out_deputy)
{
	struct alm_bytes value = {NULL, 0};
	struct name_key key;
	struct alm_reader r;
	const char *deputy;
	enum alm_err err;

	*out_deputy = "";
	if (!make_name_key(ROW_DEPUTY, organisation, NULL, &key)) {
		return ALM_OK;
	}
	err = get_row(store, &key, arena, &value);
	if (err != ALM_OK) {
		return err == ALM_NOT_FOUND ? ALM_OK : err;
	}
	alm_reader_init(&r, value.data, value.bytes);
	deputy = alm_read_text(&r);
	if (!alm_reader_is_done(&r)) {
		return ALM_STORE_CORRUPT;
	}
	*out_deputy = deputy;
	return ALM_OK;
}
