/*
 * reach.h - whom and what the rules of a loaded bundle reach, whenever: for
 * looking a bundle over, never for deciding.  Private to broker/policy.
 *
 * Purposes, categories and kinds are bits of masks, by position in the bundle.
 * Party selectors are keys: `any`, then kinds, groups and organisations.  All
 * but the organisations are wide.
 */
#ifndef ALM_BROKER_POLICY_REACH_H
#define ALM_BROKER_POLICY_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/core/bundle.h"
#include "broker/policy/index.h"
#include "lib/arena.h"
#include "lib/limits.h"

#define ALM_REACH_ANY 0u

/** A list of keys or of organisations. */
struct alm_span {
	const uint32_t *items;
	uint32_t count;
};

struct alm_reach_member {
	uint32_t organisation;
	uint32_t group;
	struct alm_period valid;
};

/** What one rule reaches. */
struct alm_reach {
	struct alm_span from; /* keys */
	struct alm_span to;
	uint64_t purposes;
	uint64_t categories; /* leaves */
};

/** How words with parents cover each other, as masks. */
struct alm_reach_covers {
	uint64_t permit[64]; /* by listed word */
	uint64_t deny[64];
	uint64_t permit_any;
	uint64_t all;
};

struct alm_reaches {
	const struct alm_bundle *bundle;
	struct alm_arena *arena;
	struct alm_index kinds;
	struct alm_index purposes_index;
	struct alm_index categories_index;
	struct alm_index groups;
	struct alm_index organisations;
	struct alm_reach_covers purposes;
	struct alm_reach_covers categories;
	uint64_t recipients[ALM_PURPOSES_MAX]; /* kinds */
	uint32_t first_group;                  /* keys */
	uint32_t first_organisation;
	const uint8_t *kind_of;      /* by organisation */
	const bool *is_usable;       /* it and its host are active */
	struct alm_span of_kind[64]; /* organisations that are usable */
	const struct alm_reach_member *by_group;
	const uint32_t *group_first; /* one more than there are groups */
	const struct alm_reach_member *by_organisation;
	const uint32_t *organisation_first;
	uint64_t work; /* steps taken, for those who bound them */
};

/** False when the arena is full. */
bool alm_reaches_init(struct alm_reaches *out, const struct alm_bundle *bundle,
	struct alm_arena *arena);

/** What a basis covers, in principle.  False when the arena is full. */
bool alm_reach_of_basis(struct alm_reaches *r,
	const struct alm_bundle_basis *basis, struct alm_reach *out);

/** The keys of selectors; those that name nothing are left out. */
bool alm_reach_keys(struct alm_reaches *r, const char *const *selectors,
	size_t count, struct alm_span *out);

/** Whether the bundle has what the selector names. */
bool alm_reach_has_selector(const struct alm_reaches *r, const char *selector);

/** Kinds that may receive for some of the purposes. */
uint64_t alm_reach_recipients(const struct alm_reaches *r, uint64_t purposes);

/** Up to two different organisations. */
struct alm_picked {
	uint32_t items[2];
	uint32_t count;
};

/**
 * Up to two usable organisations of these kinds that some key of `a` and some
 * key of `b` select during the window.
 */
struct alm_picked alm_reach_pick(struct alm_reaches *r, struct alm_span a,
	struct alm_span b, const struct alm_period *window, uint64_t kinds);

/** Whether one of each can be different. */
bool alm_picked_differ(const struct alm_picked *a, const struct alm_picked *b);

/** Whether the keys of `a` select, during the window, all that `b` do. */
bool alm_reach_holds_all(struct alm_reaches *r, struct alm_span a,
	struct alm_span b, const struct alm_period *window);

/** The keys that select one organisation, whenever, itself first. */
size_t alm_reach_keys_of(const struct alm_reaches *r, uint32_t organisation,
	uint32_t *out, size_t out_max);

#endif /* ALM_BROKER_POLICY_REACH_H */
