/*
 * snapshot_internal.h - the inside of a snapshot, for broker/core alone.
 *
 * Purposes, categories and kinds are bits of 64-bit masks.  Party selectors
 * are keys, numbered densely: `any`, then kinds, organisations and groups.  A
 * party has the keys that select it at an instant; a rule lists the keys that
 * it selects by; two sorted lists that meet make a match.
 */
#ifndef ALM_BROKER_CORE_SNAPSHOT_INTERNAL_H
#define ALM_BROKER_CORE_SNAPSHOT_INTERNAL_H

#include "broker/core/names.h"
#include "broker/core/snapshot.h"
#include "lib/arena.h"

#define ALM_WORDS_MAX 64u /* kinds, purposes, categories: bits of a mask */

#define ALM_KEY_ANY 0u

/** Which rules list a key, and on which side: bits of `key_uses`. */
#define ALM_USE_BASIS_FROM 1u
#define ALM_USE_BASIS_TO 2u
#define ALM_USE_PROHIBITION_FROM 4u
#define ALM_USE_PROHIBITION_TO 8u

/** Words with parents: what a rule that lists a word covers. */
struct alm_covers {
	struct alm_names names;
	uint64_t permit[ALM_WORDS_MAX]; /* by listed word: for permits */
	uint64_t deny[ALM_WORDS_MAX];   /* the same for denies */
	uint64_t permit_any;            /* what `any` covers for permits */
	uint64_t all;                   /* and for denies: everything */
	uint64_t leaves;                /* words without children */
};

struct alm_purpose_info {
	enum alm_purpose_class class;
	uint64_t recipients; /* kinds */
};

struct alm_organisation_info {
	const char *name;
	uint32_t kind;
	uint32_t host; /* or ALM_NAME_NONE */
	enum alm_status status;
	int64_t assurance_until_s; /* or ALM_INSTANT_NEVER */
	uint32_t first_membership;
	uint32_t membership_count;
};

struct alm_membership {
	uint32_t organisation;
	uint32_t group;
	struct alm_period valid;
};

struct alm_keys {
	const uint32_t *items; /* ascending, unique */
	uint32_t count;
};

struct alm_parties {
	struct alm_keys from;
	struct alm_keys to;
};

struct alm_prohibition_info {
	uint64_t purposes;
	uint64_t categories;
	enum alm_level at_or_above;
	bool de_identifies;
};

struct alm_id_list {
	const char *const *items;
	size_t count;
};

struct alm_basis_info {
	uint64_t purposes;
	uint64_t categories;
	struct alm_period valid;
	enum alm_level identifiability;
	enum alm_consent consent;
	enum alm_opt_out_rule opt_out;
	bool is_active;
	bool requires_relationship;
	bool accepts_emergency;
	bool accepts_guardian;
	bool refuses_withheld_location;
	bool lifts_objection;
	bool lifts_type_1;
	uint32_t smallest_group;
	struct alm_keys lifted; /* prohibitions */
	struct alm_id_list obligations;
	struct alm_id_list obligations_reviewed; /* and review:override */
};

/** Rules of one sort by their parties. */
struct alm_pair_slot {
	uint64_t pair; /* from-key above, to-key below */
	uint32_t first;
	uint32_t count; /* 0: free */
};

struct alm_rule_index {
	const struct alm_parties *parties; /* by rule */
	uint32_t rule_count;
	uint32_t wide_count;
	const uint32_t *wide; /* rules of too many pairs: tried one by one */
	const uint32_t *rules;
	const struct alm_pair_slot *slots;
	size_t slot_mask;
};

struct alm_snapshot {
	struct alm_arena arena; /* holds everything below */
	const char *name;
	struct alm_names kinds;
	struct alm_covers purposes;
	struct alm_covers categories;
	struct alm_names organisations;
	struct alm_names groups;
	struct alm_names prohibitions;
	struct alm_names bases;
	uint32_t gp_kind; /* `gp-practice`, or ALM_NAME_NONE */
	const struct alm_purpose_info *purpose_infos;
	const struct alm_organisation_info *organisation_infos;
	const struct alm_membership *memberships;
	uint32_t membership_max; /* of one organisation */
	const struct alm_prohibition_info *prohibition_infos;
	const char *const *prohibition_lifts; /* `prohibition:ID` */
	const struct alm_basis_info *basis_infos;
	const uint8_t *key_uses;
	struct alm_rule_index basis_index;
	struct alm_rule_index prohibition_index;
};

/** The key of a well-formed selector; ALM_NAME_NONE if it names nothing. */
uint32_t alm_selector_key(
	const struct alm_snapshot *snapshot, const char *selector);

/**
 * The keys that select an organisation at `t_s` and that rules list with
 * `use`; ascending.  `out` holds membership_max + 3.  Gives the count.
 */
uint32_t alm_keys_gather(const struct alm_snapshot *snapshot,
	uint32_t organisation, int64_t t_s, unsigned use, uint32_t *out);

/** Whether two ascending lists meet. */
bool alm_keys_meet(struct alm_keys rule, struct alm_keys party);

/** Whether the rule selects both parties. */
bool alm_parties_match(
	const struct alm_parties *rule, const struct alm_parties *parties);

/** Rules already met in this search. */
struct alm_marks {
	uint32_t *stamps; /* one a rule */
	uint32_t stamp;
	uint32_t rule_max;
};

/** The rules that select both parties, ascending; gives the count. */
uint32_t alm_rules_collect(const struct alm_rule_index *index,
	const struct alm_parties *parties, struct alm_marks *marks,
	uint32_t *out);

/** Builds an index over `parties`; false when memory is out. */
bool alm_rules_index(struct alm_arena *arena, const struct alm_parties *parties,
	uint32_t rule_count, struct alm_rule_index *out);

/** Adds prohibitions, bases and their indexes; false when memory is out. */
bool alm_compile_rules(
	struct alm_snapshot *snapshot, const struct alm_bundle *bundle);

#endif /* ALM_BROKER_CORE_SNAPSHOT_INTERNAL_H */
