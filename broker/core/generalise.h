/*
 * generalise.h - makes a value coarser: a class that many people share, in
 * place of what says which of them it is.  Pure.
 *
 * What is written is made from what was understood of the value, never copied
 * from the rest of it, and is not longer.  A value of a form that a rule does
 * not know gives nothing.  What is of the rule's own form stays as it is.
 */
#ifndef ALM_BROKER_CORE_GENERALISE_H
#define ALM_BROKER_CORE_GENERALISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/standard.h"

/** The coarser value; no NUL at its end. */
struct alm_coarse {
	char text[8];
	size_t bytes;
};

/**
 * In:      made_ms  the message's own time, since 1970: whom it makes 90
 * Returns: false: the value cannot be made coarser, and is to be dropped
 */
bool alm_generalise(enum alm_coarsening rule, struct alm_bytes value,
	int64_t made_ms, struct alm_coarse *out);

#endif /* ALM_BROKER_CORE_GENERALISE_H */
