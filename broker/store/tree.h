/*
 * tree.h - the log's tree on disk: tiles, and what is recomputed from them.
 */
#ifndef ALM_BROKER_STORE_TREE_H
#define ALM_BROKER_STORE_TREE_H

#include "broker/store/inside.h"
#include "lib/hash_many.h"
#include "lib/merkle.h"

#define ALM_TILE_WIDTH 256u
#define ALM_TILE_LEVELS 8u

/** More leaves, at least one; writes the tiles that they complete. */
ALM_MUST_USE enum alm_err alm_tree_append(struct alm_store *store,
	struct alm_hash_many *many, const struct alm_digest *leaves,
	size_t count);

/** Recompute the frontier of `size` leaves from tiles and the last records.
 * Errors: STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_tree_recompute(struct alm_store *store,
	MDB_txn *txn, uint64_t size, struct alm_frontier *out);

/** Compare a frontier with tiles and the last records, subtree by subtree;
 * one with a record whose seal does not hold cannot be compared, and the record
 * is counted instead.  Errors: STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_tree_check(struct alm_store *store, MDB_txn *txn,
	const struct alm_frontier *frontier,
	struct alm_store_damage *out_damage);

/** The stored entries of one tile.  Errors: NOT_FOUND, STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_tree_tile(struct alm_store *store, MDB_txn *txn,
	unsigned level, uint64_t index, struct alm_bytes *out);

/** The same size and roots; what stands behind the roots does not count. */
bool alm_tree_same(const struct alm_frontier *a, const struct alm_frontier *b);

#endif /* ALM_BROKER_STORE_TREE_H */
