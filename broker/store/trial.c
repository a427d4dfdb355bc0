/* Rows of the table watch, beside those of watch.c. */
#include "broker/store/trial.h"

#include <string.h>

#include "broker/store/inside.h"

/* The first byte of the key; watch.c has the others. */
#define ROW_TRIAL 3u
#define TRIAL_KEY_BYTES 9u

static void make_key(uint64_t agent, uint8_t key[TRIAL_KEY_BYTES])
{
	key[0] = ROW_TRIAL;
	alm_put_u64(key + 1, agent);
}

enum alm_err alm_store_trial_put(
	struct alm_store *store, uint64_t agent, const struct alm_trial *trial)
{
	uint8_t key[TRIAL_KEY_BYTES];
	struct alm_writer w;
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	ALM_ASSERT(trial->content_bytes <= ALM_TRIAL_BYTES_MAX);
	make_key(agent, key);
	alm_writer_init(&w, store->scratch, ALM_SCRATCH_BYTES);
	alm_write_u64(&w, (uint64_t)trial->at_us);
	alm_write_u64(&w, trial->audit_seq);
	alm_write_u16(&w, trial->content_bytes);
	alm_write_raw(&w, trial->content, trial->content_bytes);
	err = alm_row_put(store, ALM_TABLE_WATCH,
		(struct alm_bytes){key, sizeof(key)},
		(struct alm_bytes){store->scratch, w.bytes}, 0);
	store->is_state_changed |= err == ALM_OK;
	return err;
}

static enum alm_err read_row(struct alm_bytes value, struct alm_trial *out)
{
	struct alm_trial trial = {.at_us = 0};
	struct alm_reader r;

	alm_reader_init(&r, value.data, value.bytes);
	trial.at_us = (int64_t)alm_read_u64(&r);
	trial.audit_seq = alm_read_u64(&r);
	trial.content_bytes = alm_read_u16(&r);
	if (trial.content_bytes > ALM_TRIAL_BYTES_MAX) {
		return ALM_STORE_CORRUPT;
	}
	alm_read_raw(&r, trial.content, trial.content_bytes);
	if (!alm_reader_is_done(&r)) {
		return ALM_STORE_CORRUPT;
	}
	*out = trial;
	return ALM_OK;
}

enum alm_err alm_store_trial_get(
	struct alm_store *store, uint64_t agent, struct alm_trial *out_trial)
{
	uint8_t key[TRIAL_KEY_BYTES];
	MDB_txn *txn = NULL;
	struct alm_bytes value;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	make_key(agent, key);
	err = alm_row_get(store, txn, ALM_TABLE_WATCH,
		(struct alm_bytes){key, sizeof(key)}, &value);
	if (err == ALM_OK) {
		err = read_row(value, out_trial);
	}
	alm_store_view_end(store);
	return err;
}
