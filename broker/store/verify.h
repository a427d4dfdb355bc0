/*
 * verify.h - one run of alm_audit_verify().  It reads in short views, so that
 * a live writer's pages are not pinned: records never change, so those up to
 * the size seen first can be read at any later time.
 */
#ifndef ALM_BROKER_STORE_VERIFY_H
#define ALM_BROKER_STORE_VERIFY_H

#include "broker/store/inside.h"

struct alm_verify {
	struct alm_store *store;
	struct alm_audit_report *report;
	struct alm_store_state state; /* as first seen */
	struct alm_frontier frontier; /* as recomputed so far */
	int64_t time_us;              /* of the last record */
	uint64_t private_rows;        /* as first seen */
	uint64_t private_met;
	/* The last record whose part is gone, whose key is gone, that says
	 * that parts were pruned, that somebody was erased; 0: none. */
	uint64_t gone_part;
	uint64_t gone_key;
	uint64_t pruned;
	uint64_t erased;
	/* What the log says was activated: the digest of each epoch. */
	struct alm_digest *activated;
	size_t activated_count;
	size_t activated_max;
	void (*progress)(void *cookie, uint64_t done, uint64_t total);
	void *cookie;
};

/** Rows that are read in one view. */
#define ALM_VERIFY_BATCH 16384u
#define ALM_VERIFY_PARTS 64u

/** Tell of the first damage; gives AUDIT_DAMAGED.  `seq` 0: no record. */
enum alm_err alm_verify_damage(struct alm_verify *verify, uint64_t seq,
	const char *format, ...) ALM_PRINTF(3, 4);

/** What is wrong with the reading itself: damage, or as it is. */
enum alm_err alm_verify_read_error(
	struct alm_verify *verify, const char *table, enum alm_err err);

/** The shape of the whole, in one view: tables, counts, ends, tiles. */
ALM_MUST_USE enum alm_err alm_verify_shape(struct alm_verify *verify);

/** What is gone: that a record behind it says so, and that no private part
 * was passed over. */
ALM_MUST_USE enum alm_err alm_verify_gone(struct alm_verify *verify);

/** Every body and every other row. */
ALM_MUST_USE enum alm_err alm_verify_rows(struct alm_verify *verify);

/** Every signed head that was kept; after the records. */
ALM_MUST_USE enum alm_err alm_verify_heads(struct alm_verify *verify);

/** One private part, against its record's commitment. */
ALM_MUST_USE enum alm_err alm_verify_private(struct alm_verify *verify,
	MDB_txn *txn, const struct alm_audit_record *record,
	struct alm_bytes sealed);

/** One row of the tables that alm_verify_table() names. */
ALM_MUST_USE enum alm_err alm_verify_row(struct alm_verify *verify,
	enum alm_table table, struct alm_bytes key, struct alm_bytes value);

/** The i-th table whose rows are checked one by one; COUNT past the last. */
enum alm_table alm_verify_table(size_t i);

/** Keep what a record says was activated.  Errors: NOMEM, AUDIT_DAMAGED. */
ALM_MUST_USE enum alm_err alm_verify_note_policy(
	struct alm_verify *verify, const struct alm_audit_record *record);

/** Every policy's sources, against the record of its activation, and the
 * signatures of officers; no key needed. */
ALM_MUST_USE enum alm_err alm_verify_policy(struct alm_verify *verify);

#endif /* ALM_BROKER_STORE_VERIFY_H */
