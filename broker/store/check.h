/*
 * check.h - checking evidence with nothing but public keys: signed heads,
 * receipts, proofs of growth and bundles.  No store is needed.  Everything
 * that a file says is bound to a signed head, or it is refused; what cannot
 * be bound because a key was not given is counted.
 */
#ifndef ALM_BROKER_STORE_CHECK_H
#define ALM_BROKER_STORE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/store/evidence.h"

/* A log has a new key each year or so, and old heads stay good. */
#define ALM_TRUSTED_KEYS_MAX 64u
#define ALM_TRUSTED_WITNESSES_MAX 64u

/** Whom the reader believes. */
struct alm_trust {
	uint8_t keys[ALM_TRUSTED_KEYS_MAX]
		    [ALM_KEY_BYTES]; /* of the log, public */
	size_t key_count;
	struct alm_note_key witnesses[ALM_TRUSTED_WITNESSES_MAX];
	size_t witness_count;
	bool is_strict; /* a signature by a key that nobody named is refused */
	bool needs_witness; /* one of those must have cosigned */
};

/** What a file says, all of it checked. */
struct alm_checked {
	struct alm_checkpoint head;
	unsigned witnesses; /* cosignatures that are good */
	unsigned strangers; /* signatures by keys that were not given */
	uint64_t seq;       /* of a receipt; 0: none */
	enum alm_receipt_shows shows;
	struct alm_bytes header; /* of the receipt's record; borrowed */
	struct alm_bytes salted;
	uint64_t old_size; /* of a proof of growth */
	uint64_t first;    /* of a bundle: records before its range */
	uint64_t end;
	uint64_t records; /* in the range, or one by one */
	uint64_t singles;
	uint64_t private_parts;
	uint64_t policies;
	uint64_t question; /* the record that says why it was made */
};

/** Called with each record of a bundle that was read, before it is known that
 * the bundle is good. */
typedef void alm_checked_record_fn(
	void *cookie, struct alm_bytes header, struct alm_bytes salted);

/**
 * A signed head, with as many cosignatures.
 * Errors:  NOTE_MALFORMED, SIGNATURE_ABSENT (also when one is wrong)
 */
ALM_MUST_USE enum alm_err alm_check_head(const struct alm_trust *trust,
	struct alm_bytes bytes, struct alm_checked *out_checked,
	struct alm_problem *problem);

/** Errors: as above, and PROOF_WRONG. */
ALM_MUST_USE enum alm_err alm_check_receipt(const struct alm_trust *trust,
	struct alm_bytes bytes, struct alm_arena *arena,
	struct alm_checked *out_checked, struct alm_problem *problem);

/** A proof of growth from `old`, a head that was checked.
 * Errors: as above, and HEAD_INCONSISTENT. */
ALM_MUST_USE enum alm_err alm_check_growth(const struct alm_trust *trust,
	const struct alm_checkpoint *old, struct alm_bytes bytes,
	struct alm_checked *out_checked, struct alm_problem *problem);

/** A bundle; `each` may be NULL.  Errors: as alm_check_receipt(). */
ALM_MUST_USE enum alm_err alm_check_bundle(const struct alm_trust *trust,
	struct alm_bytes bytes, struct alm_arena *arena,
	alm_checked_record_fn *each, void *cookie,
	struct alm_checked *out_checked, struct alm_problem *problem);

#define ALM_BUNDLE_FIRST_LINE "almoner.audit.bundle/1"

#endif /* ALM_BROKER_STORE_CHECK_H */
