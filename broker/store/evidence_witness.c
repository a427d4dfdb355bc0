/* The rows of witnesses, and of what they have cosigned. */
#include <string.h>

#include "broker/store/evidence.h"
#include "broker/store/evidence_row.h"

enum alm_err alm_store_witness_put(
	struct alm_store *store, const struct alm_witness *witness)
{
	struct alm_evidence_key key =
		alm_evidence_key(ALM_EVIDENCE_WITNESS, &witness->agent, 1);
	uint8_t row[ALM_EVIDENCE_ROW_BYTES_MAX];
	struct alm_writer w;

	alm_evidence_begin(&w, row, sizeof(row));
	alm_write_text(&w, witness->organisation);
	alm_write_text(&w, witness->name);
	alm_write_raw(&w, witness->key, sizeof(witness->key));
	alm_write_u64(&w, witness->seq);
	alm_write_u64(&w, witness->cosigned_size);
	alm_write_u64(&w, (uint64_t)witness->cosigned_at_us);
	return alm_evidence_put(store, &key, &w);
}

enum alm_err alm_store_witness_end(
	struct alm_store *store, const struct alm_witness *witness)
{
	struct alm_evidence_key key =
		alm_evidence_key(ALM_EVIDENCE_WITNESS_END, &witness->agent, 1);
	uint8_t row[64];
	struct alm_writer w;

	alm_evidence_begin(&w, row, sizeof(row));
	alm_write_u64(&w, witness->cosigned_size);
	return alm_evidence_put(store, &key, &w);
}

/* An end holds until the witness has cosigned another head. */
static enum alm_err read_end(struct alm_store *store, struct alm_arena *arena,
	struct alm_witness *witness)
{
	struct alm_evidence_key key =
		alm_evidence_key(ALM_EVIDENCE_WITNESS_END, &witness->agent, 1);
	struct alm_evidence_key found;
	struct alm_reader r;
	uint64_t size = 0;
	enum alm_err err =
		alm_evidence_seek(store, &key, key.bytes, arena, &found, &r);

	witness->is_ended = false;
	if (err == ALM_OK) {
		size = alm_read_u64(&r);
		witness->is_ended = size == witness->cosigned_size;
		err = alm_reader_is_done(&r) ? ALM_OK : ALM_STORE_CORRUPT;
	}
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

enum alm_err alm_store_witness_next(struct alm_store *store, uint64_t after,
	struct alm_arena *arena, struct alm_witness *out)
{
	uint64_t from = after + 1;
	struct alm_evidence_key key =
		alm_evidence_key(ALM_EVIDENCE_WITNESS, &from, 1);
	struct alm_evidence_key found;
	struct alm_witness row;
	struct alm_reader r;
	enum alm_err err = alm_evidence_seek(store, &key, 1, arena, &found, &r);

	if (err != ALM_OK) {
		return err;
	}
	row.agent = alm_get_u64(found.data + 1);
	row.organisation = alm_read_text(&r);
	row.name = alm_read_text(&r);
	alm_read_raw(&r, row.key, sizeof(row.key));
	row.seq = alm_read_u64(&r);
	row.cosigned_size = alm_read_u64(&r);
	row.cosigned_at_us = (int64_t)alm_read_u64(&r);
	if (!alm_reader_is_done(&r) || row.agent == UINT64_MAX) {
		return ALM_STORE_CORRUPT; /* none comes after that one */
	}
	err = read_end(store, arena, &row);
	if (err == ALM_OK) {
		*out = row;
	}
	return err;
}

enum alm_err alm_store_witness_lag(struct alm_store *store,
	const struct alm_witness *witness, int64_t now_us, int64_t *out_us)
{
	struct alm_signed_head head = {.size = witness->cosigned_size};
	struct alm_arena arena;
	enum alm_err err;

	*out_us = 0;
	if (witness->is_ended) {
		return ALM_OK;
	}
	alm_arena_init(&arena, ALM_HEAD_BYTES_MAX * 4);
	do { /* only what is published is offered */
		err = alm_store_head_from(store, head.size + 1, &arena, &head);
	} while (err == ALM_OK && !head.is_published);
	if (err == ALM_OK && head.signed_at_us < now_us) {
		*out_us = now_us - head.signed_at_us;
	}
	alm_arena_fini(&arena);
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

enum alm_err alm_store_cosignature_put(struct alm_store *store, uint64_t size,
	const struct alm_witness *witness,
	const uint8_t raw[ALM_COSIGNATURE_BYTES])
{
	uint64_t numbers[2] = {size, witness->agent};
	struct alm_evidence_key key =
		alm_evidence_key(ALM_EVIDENCE_COSIGNATURE, numbers, 2);
	uint8_t row[ALM_EVIDENCE_ROW_BYTES_MAX];
	struct alm_writer w;

	alm_evidence_begin(&w, row, sizeof(row));
	alm_write_text(&w, witness->name);
	alm_write_raw(&w, witness->key, sizeof(witness->key));
	alm_write_raw(&w, raw, ALM_COSIGNATURE_BYTES);
	return alm_evidence_put(store, &key, &w);
}

enum alm_err alm_store_cosignature_line(struct alm_store *store, uint64_t size,
	uint64_t *agent, struct alm_arena *arena, struct alm_writer *note)
{
	uint64_t numbers[2] = {size, *agent + 1};
	struct alm_evidence_key key =
		alm_evidence_key(ALM_EVIDENCE_COSIGNATURE, numbers, 2);
	struct alm_evidence_key found;
	struct alm_note_key note_key;
	uint8_t public_key[ALM_KEY_BYTES];
	uint8_t raw[ALM_COSIGNATURE_BYTES];
	struct alm_reader r;
	const char *name;
	enum alm_err err = alm_evidence_seek(store, &key, 9, arena, &found, &r);

	if (err != ALM_OK) {
		return err;
	}
	*agent = alm_get_u64(found.data + 9);
	name = alm_read_text(&r);
	alm_read_raw(&r, public_key, sizeof(public_key));
	alm_read_raw(&r, raw, sizeof(raw));
	if (!alm_reader_is_done(&r) ||
		alm_note_key_make(name, ALM_NOTE_COSIGNATURE, public_key,
			&note_key) != ALM_OK) {
		return ALM_STORE_CORRUPT;
	}
	alm_note_put_line(
		note, &note_key, (struct alm_bytes){raw, sizeof(raw)});
	return ALM_OK;
}

enum alm_err alm_store_cosignature_next(
	struct alm_store *store, uint64_t *size, uint64_t *agent)
{
	uint64_t numbers[2] = {*size, *agent};
	struct alm_evidence_key key =
		alm_evidence_key(ALM_EVIDENCE_COSIGNATURE, numbers, 2);
	struct alm_bytes found = {NULL, 0};
	struct alm_bytes value = {NULL, 0};
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = alm_row_seek(store, txn, ALM_TABLE_EVIDENCE,
		alm_evidence_key_bytes(&key), 1, &found, &value);
	if (err == ALM_OK && found.bytes != key.bytes) {
		err = ALM_STORE_CORRUPT;
	}
	if (err == ALM_OK) {
		*size = alm_get_u64(found.data + 1);
		*agent = alm_get_u64(found.data + 9);
	}
	alm_store_view_end(store);
	return err;
}

enum alm_err alm_store_cosignature_remove(
	struct alm_store *store, uint64_t size, uint64_t agent)
{
	uint64_t numbers[2] = {size, agent};
	struct alm_evidence_key key =
		alm_evidence_key(ALM_EVIDENCE_COSIGNATURE, numbers, 2);

	ALM_ASSERT(store->turn != NULL);
	store->is_state_changed = true; /* it counts the rows */
	return alm_row_remove(
		store, ALM_TABLE_EVIDENCE, alm_evidence_key_bytes(&key));
}
