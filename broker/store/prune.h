/* prune.h - what pruning and the keys of persons share inside the store. */
#ifndef ALM_BROKER_STORE_PRUNE_H
#define ALM_BROKER_STORE_PRUNE_H

#include "broker/store/inside.h"

/* A row of person-key: whose, random bytes; and once pruning has met a private
 * part that must stay longer than its month's, until when, in microseconds. */
#define ALM_PERSON_KEY_ROW_BYTES (ALM_PERSON_BYTES + ALM_PERSON_SECRET_BYTES)
#define ALM_PERSON_KEY_MARKED_BYTES (ALM_PERSON_KEY_ROW_BYTES + 8u)

static inline bool alm_person_key_row_is_whole(size_t bytes)
{
	return bytes == ALM_PERSON_KEY_ROW_BYTES ||
	       bytes == ALM_PERSON_KEY_MARKED_BYTES;
}

struct alm_prune;

/** The last record that can be read and is before an instant; 0: none. */
ALM_MUST_USE enum alm_err alm_log_last_before(struct alm_store *store,
	MDB_txn *txn, int64_t before_us, uint64_t *out_seq);

/** The last phase: cosignatures that newer ones stand for. */
ALM_MUST_USE enum alm_err alm_prune_cosignatures(
	struct alm_store *store, unsigned row_max, struct alm_prune *prune);

/** The last record that pruning of any class has reached. */
static inline uint64_t alm_pruned_through(const struct alm_store_state *state)
{
	uint64_t through = 0;

	for (unsigned i = 0; i < ALM_RETENTION_COUNT; i++) {
		if (state->pruned[i] > through) {
			through = state->pruned[i];
		}
	}
	return through;
}

/** mdb_cursor_get() in a table of numbers: past keys that damage has made
 * something else, of which verification tells. */
static inline int alm_numbered_get(
	MDB_cursor *cursor, MDB_val *key, MDB_val *value, MDB_cursor_op op)
{
	int rc = mdb_cursor_get(cursor, key, value, op);

	while (rc == MDB_SUCCESS && key->mv_size != 8) {
		rc = mdb_cursor_get(cursor, key, value, MDB_NEXT);
	}
	return rc;
}

#endif /* ALM_BROKER_STORE_PRUNE_H */
