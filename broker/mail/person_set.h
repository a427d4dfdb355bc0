/*
 * person_set.h - a set of people, as they stand in the log: keyed hashes of
 * sixteen bytes.  Plain memory; the all-zero hash stands for nobody.
 */
#ifndef ALM_BROKER_MAIL_PERSON_SET_H
#define ALM_BROKER_MAIL_PERSON_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define ALM_PERSON_BYTES 16u

/** All zero: empty. */
struct alm_person_set {
	uint8_t (*slots)[ALM_PERSON_BYTES];
	size_t slot_count; /* a power of two, or 0 */
	size_t count;
};

/** Errors: NOMEM; TOO_MANY_VALUES past ALM_REDECIDE_PEOPLE_MAX. */
ALM_MUST_USE enum alm_err alm_person_set_add(
	struct alm_person_set *set, const uint8_t person[ALM_PERSON_BYTES]);

/** Never of the all-zero hash. */
bool alm_person_set_contains(const struct alm_person_set *set,
	const uint8_t person[ALM_PERSON_BYTES]);

/** Empty again, and its memory given back. */
void alm_person_set_fini(struct alm_person_set *set);

#endif /* ALM_BROKER_MAIL_PERSON_SET_H */
