/* check_inside.h - what check.c and check_bundle.c share. */
#ifndef ALM_BROKER_STORE_CHECK_INSIDE_H
#define ALM_BROKER_STORE_CHECK_INSIDE_H

#include "broker/store/check.h"

/** That a header is record `seq`, and commits to the private part if one is
 * shown.  Errors: PROOF_WRONG. */
ALM_MUST_USE enum alm_err alm_check_leaf(struct alm_hash *hash,
	const struct alm_receipt_extra *extra, uint64_t seq,
	struct alm_problem *problem);

#endif /* ALM_BROKER_STORE_CHECK_INSIDE_H */
