/* check_inside.h - what check.c, check_bundle.c and check_keys.c
 * share. */
#ifndef ALM_BROKER_STORE_CHECK_INSIDE_H
#define ALM_BROKER_STORE_CHECK_INSIDE_H

#include "broker/store/check.h"

/** That a header is record `seq`, and commits to the private part if one is
 * shown.  Errors: PROOF_WRONG. */
ALM_MUST_USE enum alm_err alm_check_leaf(struct alm_hash *hash,
	const struct alm_receipt_extra *extra, uint64_t seq,
	struct alm_problem *problem);

#define ALM_NAMED_KEYS_MAX 4096u

/** A key that a record says has signed. */
struct alm_named_key {
	enum alm_audit_kind kind; /* KEY_ADDED or WITNESS */
	uint8_t key[ALM_KEY_BYTES];
	char organisation[ALM_ID_BYTES_MAX + 1]; /* of a witness */
};

struct alm_named_keys {
	struct alm_named_key keys[ALM_NAMED_KEYS_MAX];
	size_t count;
};

/** Take the key that a record names, if it names one; false: too many. */
bool alm_named_keys_add(
	struct alm_named_keys *named, const struct alm_audit_record *record);

/** The same trust, strict, and with the keys that records name. */
void alm_trust_widen(const struct alm_trust *trust,
	const struct alm_named_keys *named, struct alm_bytes note_bytes,
	struct alm_trust *out_wide);

#endif /* ALM_BROKER_STORE_CHECK_INSIDE_H */
