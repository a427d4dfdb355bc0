/*
 * trial.h - the letter of a doctor: what an agent, or an operator, has sent
 * to itself to see that the way there and back is whole.  One for each agent,
 * in no mailbox.  Part of the store; the rules of store.h hold.
 */
#ifndef ALM_BROKER_STORE_TRIAL_H
#define ALM_BROKER_STORE_TRIAL_H

#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"

struct alm_store;

#define ALM_TRIAL_BYTES_MAX 256u

struct alm_trial {
	int64_t at_us;
	uint64_t audit_seq; /* the record that took it in */
	uint8_t content[ALM_TRIAL_BYTES_MAX];
	uint16_t content_bytes; /* 0: it was acknowledged */
};

/** Keep the trial of an agent, in place of the one before; number 0 is the
 * operator's. */
ALM_MUST_USE enum alm_err alm_store_trial_put(
	struct alm_store *store, uint64_t agent, const struct alm_trial *trial);

/** Errors: NOT_FOUND, STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_store_trial_get(
	struct alm_store *store, uint64_t agent, struct alm_trial *out_trial);

#endif /* ALM_BROKER_STORE_TRIAL_H */
