#include "broker/store/evidence_row.h"

#include <string.h>

#define ROW_VERSION 1u

struct alm_bytes alm_evidence_key_bytes(const struct alm_evidence_key *key)
{
	return (struct alm_bytes){key->data, key->bytes};
}

struct alm_evidence_key alm_evidence_key(
	enum alm_evidence_kind kind, const uint64_t *numbers, size_t count)
{
	struct alm_evidence_key key = {
		.data = {(uint8_t)kind}, .bytes = 1 + 8 * count};

	for (size_t i = 0; i < count; i++) {
		alm_put_u64(key.data + 1 + 8 * i, numbers[i]);
	}
	return key;
}

enum alm_err alm_evidence_put(struct alm_store *store,
	const struct alm_evidence_key *key, const struct alm_writer *w)
{
	ALM_ASSERT(store->turn != NULL);
	if (w->is_bad) {
		return ALM_FIELD_TOO_LARGE;
	}
	store->is_state_changed = true; /* it counts the rows */
	return alm_row_put(store, ALM_TABLE_EVIDENCE,
		alm_evidence_key_bytes(key),
		(struct alm_bytes){w->data, w->bytes}, 0);
}

void alm_evidence_begin(struct alm_writer *w, uint8_t *data, size_t bytes)
{
	alm_writer_init(w, data, bytes);
	alm_write_u8(w, ROW_VERSION);
}

/* A copy of a row of this kind, its version read. */
static enum alm_err copy_row(
	struct alm_bytes value, struct alm_arena *arena, struct alm_reader *out)
{
	const uint8_t *copy = alm_arena_copy(arena, value);

	if (copy == NULL) {
		return ALM_NOMEM;
	}
	alm_reader_init(out, copy, value.bytes);
	return alm_read_u8(out) == ROW_VERSION ? ALM_OK : ALM_STORE_CORRUPT;
}

enum alm_err alm_evidence_seek(struct alm_store *store,
	const struct alm_evidence_key *key, size_t prefix_bytes,
	struct alm_arena *arena, struct alm_evidence_key *out_key,
	struct alm_reader *out)
{
	struct alm_bytes found = {NULL, 0};
	struct alm_bytes value = {NULL, 0};
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = alm_row_seek(store, txn, ALM_TABLE_EVIDENCE,
		alm_evidence_key_bytes(key), prefix_bytes, &found, &value);
	if (err == ALM_OK && found.bytes != key->bytes) {
		err = ALM_STORE_CORRUPT;
	}
	if (err == ALM_OK) {
		memcpy(out_key->data, found.data, found.bytes);
		out_key->bytes = found.bytes;
		err = copy_row(value, arena, out);
	}
	alm_store_view_end(store);
	return err;
}
