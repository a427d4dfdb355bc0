/*
 * whole.h - a walk over a table that damage of one row does not end.
 */
#ifndef ALM_BROKER_STORE_WHOLE_H
#define ALM_BROKER_STORE_WHOLE_H

#include "broker/store/inside.h"

/** The first row at or after `key` whose seal holds: what is damaged before it
 * is passed, and told.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_row_seek_whole(struct alm_store *store,
	MDB_txn *txn, enum alm_table table, struct alm_bytes key,
	struct alm_bytes *out_key, struct alm_bytes *out_value,
	bool *has_damage);

#endif /* ALM_BROKER_STORE_WHOLE_H */
