/*
 * Policy bundles, as sources.  Key: epoch, then 0 for what the epoch is, or
 * the number of a file from 1.  Nothing is ever removed, so every decision
 * can be explained with the bundle it was made under.
 */
#include <string.h>

#include "broker/store/inside.h"

#define KEY_BYTES 12u

static void make_key(uint8_t key[KEY_BYTES], uint64_t epoch, uint32_t index)
{
	alm_put_u64(key, epoch);
	alm_put_u32(key + 8, index);
}

/* SHA-256 over the hashes of each file's name and content, in order, so that
 * no two lists of files give the same bytes. */
static void digest_files(struct alm_hash *hash,
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

static enum alm_err put_row(struct alm_store *store, uint64_t epoch,
	uint32_t index, const struct alm_writer *w)
{
	uint8_t key[KEY_BYTES];

	if (w->is_bad) {
		return ALM_FIELD_TOO_LARGE;
	}
	make_key(key, epoch, index);
	return alm_row_put(store, ALM_TABLE_POLICY,
		(struct alm_bytes){key, sizeof(key)},
		(struct alm_bytes){w->data, w->bytes}, 0);
}

/* Written straight into the page, because a file may be larger than the
 * scratch buffer. */
static enum alm_err put_file(struct alm_store *store, uint64_t epoch,
	uint32_t index, const struct alm_policy_file *file)
{
	size_t name_bytes = strlen(file->name);
	uint8_t key[KEY_BYTES];
	MDB_val mdb_key = alm_val(key, sizeof(key));
	MDB_val room = {.mv_size = 2 + name_bytes + 1 + file->content.bytes +
				   ALM_SEAL_BYTES};
	struct alm_writer w;
	int rc;

	if (name_bytes > ALM_TEXT_BYTES_MAX ||
		file->content.bytes > ALM_BUNDLE_BYTES_MAX) {
		return ALM_FIELD_TOO_LARGE;
	}
	make_key(key, epoch, index);
	rc = mdb_put(store->turn, store->tables[ALM_TABLE_POLICY], &mdb_key,
		&room, MDB_RESERVE);
	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	alm_writer_init(&w, room.mv_data, room.mv_size - ALM_SEAL_BYTES);
	alm_write_text(&w, file->name);
	alm_write_raw(&w, file->content.data, file->content.bytes);
	alm_store_keys_seal(store->keys, ALM_TABLE_POLICY,
		(struct alm_bytes){key, sizeof(key)},
		(struct alm_bytes){w.data, w.bytes}, w.data + w.bytes);
	return ALM_OK;
}

enum alm_err alm_store_policy_put(
	struct alm_store *store, struct alm_policy_epoch *epoch)
{
	uint64_t number = store->state.policy_epoch + 1;
	struct alm_digest digest;
	struct alm_writer w;
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	if (epoch->file_count > UINT32_MAX - 1) {
		return ALM_FIELD_TOO_LARGE;
	}
	digest_files(store->hash, epoch->files, epoch->file_count, &digest);
	alm_writer_init(&w, store->scratch, ALM_SCRATCH_BYTES);
	alm_write_text(&w, epoch->bundle);
	alm_write_u64(&w, (uint64_t)epoch->activated_at_us);
	alm_write_raw(&w, digest.raw, sizeof(digest.raw));
	alm_write_u32(&w, (uint32_t)epoch->file_count);
	err = put_row(store, number, 0, &w);
	for (size_t i = 0; i < epoch->file_count && err == ALM_OK; i++) {
		err = put_file(
			store, number, (uint32_t)(i + 1), &epoch->files[i]);
	}
	if (err == ALM_OK) {
		epoch->epoch = number;
		epoch->digest = digest;
		store->state.policy_epoch = number;
		store->is_state_changed = true;
	}
	return err;
}

/* A row, copied to the arena. */
static enum alm_err get_row(struct alm_store *store, MDB_txn *txn,
	uint64_t epoch, uint32_t index, struct alm_arena *arena,
	struct alm_reader *out)
{
	uint8_t key[KEY_BYTES];
	struct alm_bytes value = {NULL, 0};
	const uint8_t *copy;
	enum alm_err err;

	make_key(key, epoch, index);
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

static enum alm_err get_files(struct alm_store *store, MDB_txn *txn,
	uint64_t epoch, struct alm_policy_file *files, size_t count,
	struct alm_arena *arena)
{
	for (size_t i = 0; i < count; i++) {
		struct alm_reader r;
		enum alm_err err = get_row(
			store, txn, epoch, (uint32_t)(i + 1), arena, &r);

		if (err != ALM_OK) {
			return err == ALM_NOT_FOUND ? ALM_STORE_CORRUPT : err;
		}
		files[i].name = alm_read_text(&r);
		if (r.is_bad) {
			return ALM_STORE_CORRUPT;
		}
		files[i].content = (struct alm_bytes){r.data, r.bytes_left};
	}
	return ALM_OK;
}

static enum alm_err get_epoch(struct alm_store *store, MDB_txn *txn,
	uint64_t number, struct alm_arena *arena, struct alm_policy_epoch *out)
{
	struct alm_policy_epoch epoch = {.epoch = number};
	struct alm_policy_file *files;
	struct alm_digest digest;
	struct alm_reader r;
	enum alm_err err = get_row(store, txn, number, 0, arena, &r);

	if (err != ALM_OK) {
		return err;
	}
	epoch.bundle = alm_read_text(&r);
	epoch.activated_at_us = (int64_t)alm_read_u64(&r);
	alm_read_raw(&r, epoch.digest.raw, sizeof(epoch.digest.raw));
	epoch.file_count = alm_read_u32(&r);
	if (!alm_reader_is_done(&r)) {
		return ALM_STORE_CORRUPT;
	}
	files = alm_arena_take(arena, epoch.file_count * sizeof(*files));
	if (files == NULL) {
		return ALM_NOMEM;
	}
	err = get_files(store, txn, number, files, epoch.file_count, arena);
	if (err != ALM_OK) {
		return err;
	}
	digest_files(store->hash, files, epoch.file_count, &digest);
	if (memcmp(&digest, &epoch.digest, sizeof(digest)) != 0) {
		return ALM_STORE_CORRUPT;
	}
	epoch.files = files;
	*out = epoch;
	return ALM_OK;
}

enum alm_err alm_store_policy_get(struct alm_store *store, uint64_t number,
	struct alm_arena *arena, struct alm_policy_epoch *out_epoch)
{
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = get_epoch(store, txn,
		number == 0 ? store->state.policy_epoch : number, arena,
		out_epoch);
	alm_store_view_end(store);
	return err;
}
