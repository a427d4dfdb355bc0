/*
 * expiry.h - when the bases of the active policy end, soonest first: what
 * status and metrics say of agreements that must be renewed.
 */
#ifndef ALM_BROKER_RULES_EXPIRY_H
#define ALM_BROKER_RULES_EXPIRY_H

#include <stddef.h>
#include <stdint.h>

#include "broker/core/bundle.h"
#include "lib/limits.h"

struct alm_expiry {
	char id[ALM_ID_BYTES_MAX + 1];
	int64_t until_s; /* the first instant at which it no longer holds */
};

struct alm_expiries {
	size_t count;
	struct alm_expiry items[]; /* by instant, then by id */
};

/** Of the active bases that end some day.  NULL: no memory. */
struct alm_expiries *alm_expiries_new(const struct alm_bundle *bundle);
void alm_expiries_free(struct alm_expiries *expiries);

/** Those that end after `now_s` and within ALM_EXPIRES_SOON_S of it.
 * Gives their number; `out_first` is the soonest.  NULL is an empty list. */
size_t alm_expiries_soon(const struct alm_expiries *expiries, int64_t now_s,
	const struct alm_expiry **out_first);

#endif /* ALM_BROKER_RULES_EXPIRY_H */
