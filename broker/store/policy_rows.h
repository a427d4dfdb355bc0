/*
 * policy_rows.h - rows of table policy: epochs, proposals, approvals and
 * officers.  For policy.c, proposal.c and officer.c.
 */
#ifndef ALM_BROKER_STORE_POLICY_ROWS_H
#define ALM_BROKER_STORE_POLICY_ROWS_H

#include "broker/store/inside.h"
#include "broker/store/policy.h"

/* The first byte of a key of table policy. */
enum alm_policy_rows {
	ALM_POLICY_EPOCH = 0,
	ALM_POLICY_PROPOSAL = 1,
	ALM_POLICY_APPROVAL = 2,
	ALM_POLICY_OFFICER = 3,
};

/** Append the row that the writer holds.  Errors: FIELD_TOO_LARGE. */
ALM_MUST_USE enum alm_err alm_policy_row_put(struct alm_store *store,
	enum alm_policy_rows rows, uint64_t number, uint32_t part,
	const struct alm_writer *w);

/** A row copied to the arena; its version has been read and is `version`.
 * Errors: NOT_FOUND, STORE_FORMAT (another version). */
ALM_MUST_USE enum alm_err alm_policy_row_get(struct alm_store *store,
	MDB_txn *txn, enum alm_policy_rows rows, uint64_t number, uint32_t part,
	uint8_t version, struct alm_arena *arena, struct alm_reader *out);

/** The greatest number of its kind; 0: there is none. */
ALM_MUST_USE enum alm_err alm_policy_row_last(struct alm_store *store,
	MDB_txn *txn, enum alm_policy_rows rows, uint64_t *out_number);

/** The first part of a number from `part` on.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_policy_row_next(struct alm_store *store,
	MDB_txn *txn, enum alm_policy_rows rows, uint64_t number, uint32_t part,
	uint32_t *out_part);

/** The files of an epoch or a proposal, from part 1 on. */
ALM_MUST_USE enum alm_err alm_policy_files_put(struct alm_store *store,
	enum alm_policy_rows rows, uint64_t number,
	const struct alm_policy_file *files, size_t count);
ALM_MUST_USE enum alm_err alm_policy_files_get(struct alm_store *store,
	MDB_txn *txn, uint64_t at, const struct alm_digest *digest,
	size_t count, struct alm_arena *arena,
	const struct alm_policy_file **out_files);

#endif /* ALM_BROKER_STORE_POLICY_ROWS_H */
