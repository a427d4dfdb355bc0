/* damage.h - a copy of a store, and one wrong byte in it. */
#ifndef ALM_CLI_DEMO_DAMAGE_H
#define ALM_CLI_DEMO_DAMAGE_H

#include <limits.h>

#include "lib/bytes.h"
#include "lib/err.h"

/** Copy the store's data file into a new folder beside it.  Nobody may be
 * writing.  Errors: IO, NOMEM. */
ALM_MUST_USE enum alm_err alm_damage_copy(
	const char *store, const char *copy, struct alm_problem *problem);

/**
 * Flip a bit of one byte where `needle` stands for the `nth` time (from 0) in
 * the data file of `copy`; the same call again flips it back.
 * Errors: NOT_FOUND, IO, NOMEM.
 */
ALM_MUST_USE enum alm_err alm_damage_flip(const char *copy,
	struct alm_bytes needle, unsigned nth, struct alm_problem *problem);

#endif /* ALM_CLI_DEMO_DAMAGE_H */
