/*
 * A second view of an open store, for another thread: it reads what was
 * committed and shares nothing that a turn changes.
 */
#include <stdlib.h>

#include "broker/store/inside.h"

enum alm_err alm_store_side_new(
	const struct alm_store *store, struct alm_store **out_side)
{
	struct alm_store *side = calloc(1, sizeof(*side));

	if (side == NULL) {
		return ALM_NOMEM;
	}
	*side = (struct alm_store){
		.env = store->env,
		.lock_fd = -1,
		.is_read_only = true,
		.keys = store->keys,
		.hash = alm_hash_new(),
	};
	memcpy(side->tables, store->tables, sizeof(side->tables));
	memcpy(side->id, store->id, sizeof(side->id));
	if (side->hash == NULL) {
		free(side);
		return ALM_NOMEM;
	}
	*out_side = side;
	return ALM_OK;
}

void alm_store_side_free(struct alm_store *side)
{
	if (side == NULL) {
		return;
	}
	if (side->reader != NULL) {
		mdb_txn_abort(side->reader);
	}
	alm_hash_free(side->hash);
	free(side);
}

enum alm_err alm_store_side_refresh(struct alm_store *side)
{
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(side, &txn);

	if (err == ALM_OK) {
		err = alm_state_read(side, txn, &side->committed, NULL);
		alm_store_view_end(side);
	}
	if (err == ALM_OK) {
		side->state = side->committed;
	}
	return err;
}
