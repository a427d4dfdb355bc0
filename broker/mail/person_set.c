/*
 * Open addressing.  The keyed hashes are as good as random, so their first
 * bytes are the place where they belong.
 */
#include "broker/mail/person_set.h"

#include <stdlib.h>
#include <string.h>

#include "lib/limits.h"

#define SLOTS_MIN 64u

static const uint8_t nobody[ALM_PERSON_BYTES];

/* Where `person` stands, or the free slot where it would. */
static size_t find(const struct alm_person_set *set,
	const uint8_t person[ALM_PERSON_BYTES])
{
	size_t mask = set->slot_count - 1;
	size_t at;

	memcpy(&at, person, sizeof(at));
	at &= mask;
	while (memcmp(set->slots[at], nobody, ALM_PERSON_BYTES) != 0 &&
		memcmp(set->slots[at], person, ALM_PERSON_BYTES) != 0) {
		at = (at + 1) & mask;
	}
	return at;
}

/* At most half full. */
static enum alm_err grow(struct alm_person_set *set)
{
	struct alm_person_set larger = {
		.slot_count =
			set->slot_count == 0 ? SLOTS_MIN : 2 * set->slot_count,
		.count = set->count,
	};

	larger.slots = calloc(larger.slot_count, sizeof(*larger.slots));
	if (larger.slots == NULL) {
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < set->slot_count; i++) {
		if (memcmp(set->slots[i], nobody, ALM_PERSON_BYTES) != 0) {
			memcpy(larger.slots[find(&larger, set->slots[i])],
				set->slots[i], ALM_PERSON_BYTES);
		}
	}
	free(set->slots);
	*set = larger;
	return ALM_OK;
}

enum alm_err alm_person_set_add(
	struct alm_person_set *set, const uint8_t person[ALM_PERSON_BYTES])
{
	size_t at;

	if (alm_person_set_contains(set, person) ||
		memcmp(person, nobody, ALM_PERSON_BYTES) == 0) {
		return ALM_OK;
	}
	if (set->count == ALM_REDECIDE_PEOPLE_MAX) {
		return ALM_TOO_MANY_VALUES;
	}
	if (2 * (set->count + 1) > set->slot_count) {
		enum alm_err err = grow(set);

		if (err != ALM_OK) {
			return err;
		}
	}
	at = find(set, person);
	memcpy(set->slots[at], person, ALM_PERSON_BYTES);
	set->count++;
	return ALM_OK;
}

bool alm_person_set_contains(const struct alm_person_set *set,
	const uint8_t person[ALM_PERSON_BYTES])
{
	return set->count > 0 &&
	       memcmp(person, nobody, ALM_PERSON_BYTES) != 0 &&
	       memcmp(set->slots[find(set, person)], nobody,
		       ALM_PERSON_BYTES) != 0;
}

void alm_person_set_fini(struct alm_person_set *set)
{
	free(set->slots);
	*set = (struct alm_person_set){.slots = NULL};
}
