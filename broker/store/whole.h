/*
 * whole.h - tables that are walked and added to though a row is damaged.
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

/** Put what comes behind all others of its table; before a key that damage has
 * made greater, if there is one. */
int alm_hand_append(
	MDB_cursor *cursor, MDB_val *key, MDB_val *value, unsigned flags);

#endif /* ALM_BROKER_STORE_WHOLE_H */
