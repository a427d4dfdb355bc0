/*
 * standards.h - the information standards in use, loaded from the store.
 * Loop thread only; never logs.
 */
#ifndef ALM_BROKER_RULES_STANDARDS_H
#define ALM_BROKER_RULES_STANDARDS_H

#include <stddef.h>

#include "broker/store/store.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/standard.h"

struct alm_standards;

/** NULL when memory is out. */
struct alm_standards *alm_standards_new(void);
void alm_standards_free(struct alm_standards *standards);

/**
 * Load a FileDescriptorSet and keep what it describes.
 * Out:     out_standard  valid as long as `standards`
 * Errors:  STANDARD_INVALID, NOMEM, TOO_MANY_VALUES
 */
ALM_MUST_USE enum alm_err alm_standards_add(struct alm_standards *standards,
	struct alm_bytes descriptor, const struct alm_standard **out_standard,
	struct alm_problem *problem);

/** NULL if it is not known. */
const struct alm_standard *alm_standards_find(
	const struct alm_standards *standards, const char *id,
	const char *version);

size_t alm_standards_count(const struct alm_standards *standards);
const struct alm_standard *alm_standards_at(
	const struct alm_standards *standards, size_t i);

/** Load all that the store has, in place of what is in use: nothing of that
 * changes unless the call succeeds.
 * Errors:  STORE_CORRUPT, NOMEM, those of alm_standards_add() */
ALM_MUST_USE enum alm_err alm_standards_load(struct alm_store *store,
	struct alm_standards **in_use, struct alm_problem *problem);

#endif /* ALM_BROKER_RULES_STANDARDS_H */
