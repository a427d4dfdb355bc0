/*
 * side.h - one bundle at one instant as masks and sets, for whoever compares
 * or draws bundles.  Read from the bundle itself and not from its snapshot,
 * so that a comparison also checks the compiler of snapshots.
 *
 * Purposes and categories are bits by their position in the bundle.  Sets of
 * organisations are bits by numbers that the caller gives them, so that two
 * bundles can share one numbering.
 */
#ifndef ALM_BROKER_POLICY_SIDE_H
#define ALM_BROKER_POLICY_SIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/core/bundle.h"
#include "broker/policy/index.h"
#include "lib/arena.h"
#include "lib/err.h"
#include "lib/limits.h"

/** Words with parents: what a rule that lists a word covers. */
struct alm_side_words {
	struct alm_index index;
	uint64_t permit[64]; /* by position of the word listed */
	uint64_t deny[64];
	uint64_t permit_any;
	uint64_t all;
	uint64_t leaves;
};

/** One bundle at one instant; borrows the bundle. */
struct alm_side {
	const struct alm_bundle *bundle;
	int64_t at_s;
	struct alm_index kinds;
	struct alm_index organisations;
	struct alm_index groups;
	struct alm_index bases;
	struct alm_index prohibitions;
	struct alm_side_words purposes;
	struct alm_side_words categories;
	uint64_t care;                  /* purposes of that class */
	uint64_t receives[64];          /* purposes, by kind of recipient */
	const uint32_t *kind_of;        /* by position of the organisation */
	const bool *is_able;            /* it passes step 3 of the rule */
	const uint32_t *numbers;        /* by position: the caller's */
	size_t set_words;               /* of a set */
	const uint64_t *everyone;       /* set */
	const uint64_t *of_kind[64];    /* sets */
	const uint32_t *const *members; /* numbers, by position of the group */
	uint32_t gp_kind;               /* position, or UINT32_MAX */
};

/** Errors: NOMEM, also when the arena is full. */
ALM_MUST_USE enum alm_err alm_side_init(struct alm_side *side,
	const struct alm_bundle *bundle, int64_t at_s, struct alm_arena *arena);

/**
 * Number the organisations; before any set is asked for.
 *
 * In:      numbers  by position, all below `number_max`; kept
 * Errors:  NOMEM
 */
ALM_MUST_USE enum alm_err alm_side_number(struct alm_side *side,
	const uint32_t *numbers, uint32_t number_max, struct alm_arena *arena);

/** Add to `set` whom the selectors select at the instant. */
void alm_side_select(
	const struct alm_side *side, struct alm_words words, uint64_t *set);

/** What a basis (permit) or a prohibition (deny) covers by these words. */
uint64_t alm_side_permits(
	const struct alm_side_words *covers, struct alm_words words);
uint64_t alm_side_denies(
	const struct alm_side_words *covers, struct alm_words words);

/** Whether the basis is active, and valid at the instant. */
bool alm_side_is_in_force(
	const struct alm_side *side, const struct alm_bundle_basis *basis);

/* Sets as bits. */
static inline void alm_set_add(uint64_t *set, uint32_t number)
{
	set[number / 64] |= UINT64_C(1) << number % 64;
}

static inline bool alm_set_has(const uint64_t *set, uint32_t number)
{
	return (set[number / 64] >> number % 64 & 1) != 0;
}

/** Moves `number` to the first of the set from itself on; false: none. */
static inline bool alm_set_next(
	const uint64_t *set, size_t words, uint32_t *number)
{
	size_t w = *number / 64;
	uint64_t left;

	if (w >= words) {
		return false;
	}
	left = set[w] & UINT64_MAX << *number % 64;
	while (left == 0 && ++w < words) {
		left = set[w];
	}
	if (left == 0) {
		return false;
	}
	*number = (uint32_t)(w * 64) + (uint32_t)__builtin_ctzll(left);
	return true;
}

#endif /* ALM_BROKER_POLICY_SIDE_H */
