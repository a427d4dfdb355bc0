/*
 * Policy bundles, as sources.  A key of table policy is a kind (u8), a number
 * (56 bits) and a part (u32): part 0 says what the epoch or proposal is, the
 * parts from 1 are its files.  Nothing is ever removed, so every decision can
 * be explained with the bundle it was made under.
 *
 * The rows of epochs began without a version: with a text, whose first byte
 * is 0, because names are short.  Such a row is read as what it was.
 */
#include <string.h>

#include "broker/store/policy_rows.h"

#define KEY_BYTES 12u
#define EPOCH_VERSION 2u
#define EPOCH_VERSION_FIRST 0u
#define NUMBER_MAX ((UINT64_C(1) << 56) - 1)

static void make_key(uint8_t key[KEY_BYTES], enum alm_policy_rows rows,
	uint64_t number, uint32_t part)
{
	alm_put_u64(key, (uint64_t)rows << 56 | (number & NUMBER_MAX));
	alm_put_u32(key + 8, part);
}

/* SHA-256 over the hashes of each file's name and content, in order, so that
 * no two lists of files give the same bytes. */
void alm_policy_digest(struct alm_hash *hash,
	const struct alm_policy_file *files, size_t count,
	struct alm_digest *out)
{
	struct alm_digest sum;

	alm_hash_bytes(hash, alm_text_bytes("almoner/policy/v1", 17), sum.raw);
	for (size_t i = 0; i < count; i++) {
		uint8_t file[2 * ALM_DIGEST_BYTES];
		const struct alm_bytes parts[2] = {
			{sum.raw, sizeof(sum.raw)}, {file, sizeof(file)}};

		alm_hash_bytes(hash,
			alm_text_bytes(files[i].name, strlen(files[i].name)),
			file);
		alm_hash_bytes(hash, files[i].content, file + ALM_DIGEST_BYTES);
		alm_hash_parts(hash, parts, ALM_COUNT(parts), sum.raw);
	}
	*out = sum;
}

/* --- rows ---------------------------------------------------------------- */

enum alm_err alm_policy_row_put(struct alm_store *store,
	enum alm_policy_rows rows, uint64_t number, uint32_t part,
	const struct alm_writer *w)
{
	uint8_t key[KEY_BYTES];
	enum alm_err err;

	if (w->is_bad) {
		return ALM_FIELD_TOO_LARGE;
	}
	make_key(key, rows, number, part);
	err = alm_row_put(store, ALM_TABLE_POLICY,
		(struct alm_bytes){key, sizeof(key)},
		(struct alm_bytes){w->data, w->bytes}, 0);
	if (err == ALM_OK) {
		store->is_state_changed = true;
	}
	return err;
}

/* A row, copied to the arena. */
static enum alm_err get_row(struct alm_store *store, MDB_txn *txn, uint64_t at,
	uint32_t part, struct alm_arena *arena, struct alm_reader *out)
{
	uint8_t key[KEY_BYTES];
	struct alm_bytes value = {NULL, 0};
	const uint8_t *copy;
	enum alm_err err;

	alm_put_u64(key, at);
	alm_put_u32(key + 8, part);
	err = alm_row_get(store, txn, ALM_TABLE_POLICY,
		(struct alm_bytes){key, sizeof(key)}, &value);
	if (err != ALM_OK) {
		return err;
	}
	copy = alm_arena_copy(arena, value);
	if (copy == NULL) {
		return ALM_NOMEM;
	}
	alm_reader_init(out, copy, value.bytes);
	return ALM_OK;
}

enum alm_err alm_policy_row_get(struct alm_store *store, MDB_txn *txn,
	enum alm_policy_rows rows, uint64_t number, uint32_t part,
	uint8_t version, struct alm_arena *arena, struct alm_reader *out)
{
	struct alm_reader r;
	enum alm_err err;

	if (number > NUMBER_MAX) {
		return ALM_NOT_FOUND;
	}
	err = get_row(
		store, txn, (uint64_t)rows << 56 | number, part, arena, &r);
	if (err != ALM_OK) {
		return err;
	}
	if (alm_read_u8(&r) != version) {
		return r.is_bad ? ALM_STORE_CORRUPT : ALM_STORE_FORMAT;
	}
	*out = r;
	return ALM_OK;
}

enum alm_err alm_policy_row_last(struct alm_store *store, MDB_txn *txn,
	enum alm_policy_rows rows, uint64_t *out_number)
{
	uint8_t after[KEY_BYTES];
	MDB_cursor *cursor;
	MDB_val key = alm_val(after, sizeof(after));
	MDB_val value;
	int rc = mdb_cursor_open(txn, store->tables[ALM_TABLE_POLICY], &cursor);

	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	make_key(after, rows + 1, 0, 0);
	rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
	if (rc == MDB_SUCCESS || rc == MDB_NOTFOUND) {
		rc = mdb_cursor_get(cursor, &key, &value,
			rc == MDB_SUCCESS ? MDB_PREV : MDB_LAST);
	}
	*out_number = 0;
	if (rc == MDB_SUCCESS && key.mv_size == KEY_BYTES &&
		*(const uint8_t *)key.mv_data == (uint8_t)rows) {
		*out_number = alm_get_u64(key.mv_data) & NUMBER_MAX;
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? ALM_OK : alm_store_fail(store, rc);
}

enum alm_err alm_policy_row_next(struct alm_store *store, MDB_txn *txn,
	enum alm_policy_rows rows, uint64_t number, uint32_t part,
	uint32_t *out_part)
{
	uint8_t key[KEY_BYTES];
	struct alm_bytes found = {NULL, 0};
	struct alm_bytes value = {NULL, 0};
	enum alm_err err;

	make_key(key, rows, number, part);
	err = alm_row_seek(store, txn, ALM_TABLE_POLICY,
		(struct alm_bytes){key, sizeof(key)}, 8, &found, &value);
	if (err == ALM_OK && found.bytes != KEY_BYTES) {
		err = ALM_STORE_CORRUPT;
	}
	if (err == ALM_OK) {
		*out_part = alm_get_u32(found.data + 8);
	}
	return err;
}

/* --- files --------------------------------------------------------------- */

/* Written straight into the page, because a file may be larger than the
 * scratch buffer. */
static enum alm_err put_file(struct alm_store *store,
	const uint8_t key[KEY_BYTES], const struct alm_policy_file *file)
{
	size_t name_bytes = strlen(file->name);
	MDB_val mdb_key = alm_val(key, KEY_BYTES);
	MDB_val room = {.mv_size = 2 + name_bytes + 1 + file->content.bytes +
				   ALM_SEAL_BYTES};
	struct alm_writer w;
	int rc;

	if (name_bytes > ALM_TEXT_BYTES_MAX ||
		file->content.bytes > ALM_BUNDLE_BYTES_MAX) {
		return ALM_FIELD_TOO_LARGE;
	}
	rc = mdb_put(store->turn, store->tables[ALM_TABLE_POLICY], &mdb_key,
		&room, MDB_RESERVE);
	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	alm_writer_init(&w, room.mv_data, room.mv_size - ALM_SEAL_BYTES);
	alm_write_text(&w, file->name);
	alm_write_raw(&w, file->content.data, file->content.bytes);
	alm_store_keys_seal(store->keys, ALM_TABLE_POLICY,
		(struct alm_bytes){key, KEY_BYTES},
		(struct alm_bytes){w.data, w.bytes}, w.data + w.bytes);
	return ALM_OK;
}

enum alm_err alm_policy_files_put(struct alm_store *store,
	enum alm_policy_rows rows, uint64_t number,
	const struct alm_policy_file *files, size_t count)
{
	enum alm_err err = ALM_OK;

	for (size_t i = 0; i < count && err == ALM_OK; i++) {
		uint8_t key[KEY_BYTES];

		make_key(key, rows, number, (uint32_t)(i + 1));
		err = put_file(store, key, &files[i]);
	}
	return err;
}

static enum alm_err get_file(struct alm_store *store, MDB_txn *txn, uint64_t at,
	uint32_t part, struct alm_arena *arena, struct alm_policy_file *out)
{
	struct alm_reader r;
	enum alm_err err = get_row(store, txn, at, part, arena, &r);

	if (err != ALM_OK) {
		return err == ALM_NOT_FOUND ? ALM_STORE_CORRUPT : err;
	}
	out->name = alm_read_text(&r);
	if (r.is_bad) {
		return ALM_STORE_CORRUPT;
	}
	out->content = (struct alm_bytes){r.data, r.bytes_left};
	return ALM_OK;
}

enum alm_err alm_policy_files_get(struct alm_store *store, MDB_txn *txn,
	uint64_t at, const struct alm_digest *digest, size_t count,
	struct alm_arena *arena, const struct alm_policy_file **out_files)
{
	struct alm_digest found;
	struct alm_policy_file *files =
		alm_arena_take(arena, (count + 1) * sizeof(*files));
	enum alm_err err = files == NULL ? ALM_NOMEM : ALM_OK;

	for (size_t i = 0; i < count && err == ALM_OK; i++) {
		err = get_file(
			store, txn, at, (uint32_t)(i + 1), arena, &files[i]);
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_policy_digest(store->hash, files, count, &found);
	if (memcmp(&found, digest, sizeof(found)) != 0) {
		return ALM_STORE_CORRUPT;
	}
	*out_files = files;
	return ALM_OK;
}

/* --- epochs -------------------------------------------------------------- */

static const char *text_or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

static void write_epoch(
	struct alm_writer *w, const struct alm_policy_epoch *epoch)
{
	alm_write_u8(w, EPOCH_VERSION);
	alm_write_text(w, epoch->bundle);
	alm_write_u64(w, (uint64_t)epoch->activated_at_us);
	alm_write_raw(w, epoch->digest.raw, sizeof(epoch->digest.raw));
	alm_write_u32(w, (uint32_t)epoch->file_count);
	alm_write_u8(w, (uint8_t)epoch->how);
	alm_write_u64(w, epoch->files_at);
	alm_write_u64(w, epoch->proposal);
	alm_write_u64(w, epoch->rollback);
	alm_write_u64(w, epoch->fallback);
	alm_write_u64(w, (uint64_t)epoch->expires_us);
	alm_write_u64(w, epoch->officer);
	alm_write_text(w, text_or_empty(epoch->reason));
	alm_write_raw(w, epoch->signature, sizeof(epoch->signature));
}

static enum alm_err read_epoch(
	struct alm_reader *r, struct alm_policy_epoch *epoch)
{
	uint8_t version = r->bytes_left > 0 ? r->data[0] : 0;

	if (version == EPOCH_VERSION) {
		(void)alm_read_u8(r);
	} else if (version != EPOCH_VERSION_FIRST) {
		return ALM_STORE_FORMAT;
	}
	epoch->bundle = alm_read_text(r);
	epoch->activated_at_us = (int64_t)alm_read_u64(r);
	alm_read_raw(r, epoch->digest.raw, sizeof(epoch->digest.raw));
	epoch->file_count = alm_read_u32(r);
	epoch->how = ALM_EPOCH_UNGUARDED;
	epoch->reason = "";
	if (version == EPOCH_VERSION) {
		epoch->how = (enum alm_epoch_how)alm_read_u8(r);
		epoch->files_at = alm_read_u64(r);
		epoch->proposal = alm_read_u64(r);
		epoch->rollback = alm_read_u64(r);
		epoch->fallback = alm_read_u64(r);
		epoch->expires_us = (int64_t)alm_read_u64(r);
		epoch->officer = alm_read_u64(r);
		epoch->reason = alm_read_text(r);
		alm_read_raw(r, epoch->signature, sizeof(epoch->signature));
	}
	if (!alm_reader_is_done(r) || epoch->how < ALM_EPOCH_UNGUARDED ||
		epoch->how > ALM_EPOCH_FALLBACK || epoch->expires_us < 0) {
		return ALM_STORE_CORRUPT;
	}
	return ALM_OK;
}

enum alm_err alm_store_policy_put(
	struct alm_store *store, struct alm_policy_epoch *epoch)
{
	struct alm_policy_epoch row = *epoch;
	struct alm_writer w;
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	if (row.file_count > ALM_BUNDLE_FILES_MAX ||
		strlen(row.bundle) > ALM_ID_BYTES_MAX ||
		strlen(text_or_empty(row.reason)) > ALM_TEXT_BYTES_MAX) {
		return ALM_FIELD_TOO_LARGE;
	}
	row.epoch = store->state.policy_epoch + 1;
	row.how = row.how == 0 ? ALM_EPOCH_UNGUARDED : row.how;
	alm_policy_digest(store->hash, row.files, row.file_count, &row.digest);
	alm_writer_init(&w, store->scratch, ALM_SCRATCH_BYTES);
	write_epoch(&w, &row);
	err = alm_policy_row_put(store, ALM_POLICY_EPOCH, row.epoch, 0, &w);
	if (err == ALM_OK && row.files_at == 0) {
		err = alm_policy_files_put(store, ALM_POLICY_EPOCH, row.epoch,
			row.files, row.file_count);
	}
	if (err == ALM_OK) {
		*epoch = row;
		store->state.policy_epoch = row.epoch;
	}
	return err;
}

static enum alm_err get_epoch(struct alm_store *store, MDB_txn *txn,
	uint64_t number, bool with_files, struct alm_arena *arena,
	struct alm_policy_epoch *out)
{
	struct alm_policy_epoch epoch = {.epoch = number};
	struct alm_reader r;
	enum alm_err err = number > NUMBER_MAX
				   ? ALM_NOT_FOUND
				   : get_row(store, txn, number, 0, arena, &r);

	if (err == ALM_OK) {
		err = read_epoch(&r, &epoch);
	}
	if (err == ALM_OK && with_files) {
		err = alm_policy_files_get(store, txn,
			epoch.files_at == 0 ? number : epoch.files_at,
			&epoch.digest, epoch.file_count, arena, &epoch.files);
	}
	if (err == ALM_OK) {
		*out = epoch;
	}
	return err;
}

static enum alm_err view_epoch(struct alm_store *store, uint64_t number,
	bool with_files, struct alm_arena *arena,
	struct alm_policy_epoch *out_epoch)
{
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = get_epoch(store, txn,
		number == 0 ? store->state.policy_epoch : number, with_files,
		arena, out_epoch);
	alm_store_view_end(store);
	return err;
}

enum alm_err alm_store_policy_get(struct alm_store *store, uint64_t number,
	struct alm_arena *arena, struct alm_policy_epoch *out_epoch)
{
	return view_epoch(store, number, true, arena, out_epoch);
}

enum alm_err alm_store_policy_head(struct alm_store *store, uint64_t number,
	struct alm_arena *arena, struct alm_policy_epoch *out_epoch)
{
	return view_epoch(store, number, false, arena, out_epoch);
}

enum alm_err alm_store_policy_at(struct alm_store *store, int64_t instant_us,
	struct alm_arena *arena, uint64_t *out_number)
{
	for (uint64_t i = store->state.policy_epoch; i > 0; i--) {
		struct alm_policy_epoch epoch;
		enum alm_err err = view_epoch(store, i, false, arena, &epoch);

		if (err != ALM_OK) {
			return err;
		}
		if (epoch.activated_at_us <= instant_us) {
			/* Nobody may have been there to end it in time. */
			*out_number =
				epoch.expires_us != 0 &&
						epoch.expires_us <= instant_us
					? epoch.fallback
					: i;
			return *out_number == 0 ? ALM_NOT_FOUND : ALM_OK;
		}
	}
	return ALM_NOT_FOUND;
}

uint64_t alm_store_policy_newest(const struct alm_store *store)
{
	return store->state.policy_epoch;
}
