/*
 * snapshot_internal.h - the inside of a snapshot, for broker/core alone.
 *
 * A snapshot is one block without pointers: a head, then sections that refer
 * to each other by index, and a checksum over all of it.  What is read through
 * `struct alm_snapshot`, which stands before the block in the same allocation,
 * are the places of the sections.
 *
 * Purposes, categories and kinds are bits of 64-bit masks.  Party selectors
 * are keys, numbered densely: `any`, then kinds, organisations and groups.  A
 * party has the keys that select it at an instant; a rule lists the keys that
 * it selects by; two sorted lists that meet make a match.
 */
#ifndef ALM_BROKER_CORE_SNAPSHOT_INTERNAL_H
#define ALM_BROKER_CORE_SNAPSHOT_INTERNAL_H

#include "broker/core/snapshot.h"

#define ALM_WORDS_MAX 64u /* kinds, purposes, categories: bits of a mask */

#define ALM_NAME_NONE UINT32_MAX
#define ALM_KEY_ANY 0u

/** Which rules list a key, and on which side: bits of `key_uses`. */
#define ALM_USE_BASIS_FROM 1u
#define ALM_USE_BASIS_TO 2u
#define ALM_USE_PROHIBITION_FROM 4u
#define ALM_USE_PROHIBITION_TO 8u

/** Numbers that stand together, by the place of the first. */
struct alm_span {
	uint32_t first;
	uint32_t count;
};

/**
 * A set of ids: index order is byte order, and finding takes constant time.
 * The places of the texts are numbers; a hash table of slots finds them.
 */
struct alm_names {
	uint32_t first;
	uint32_t count;
	uint32_t first_slot;
	uint32_t slot_mask;
};

/** How a text begins, for nearly all of them the whole of it: eight bytes, and
 * six more below the index. */
struct alm_name_slot {
	uint64_t head;
	uint64_t more; /* the index and 1 in the upper 16 bits; 0: free */
};

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
	uint64_t recipients; /* kinds */
	uint64_t class;      /* enum alm_purpose_class */
};

struct alm_organisation_info {
	int64_t assurance_until_s; /* or ALM_INSTANT_NEVER */
	uint32_t name;             /* the place of its text */
	uint32_t host;             /* or ALM_NAME_NONE */
	uint32_t first_membership;
	uint32_t membership_count;
	uint8_t kind;
	uint8_t status; /* enum alm_status */
	uint8_t uses;   /* of its own key */
	uint8_t spare[5];
};

/** A period in half the room: the rule's instants end in 2099. */
struct alm_short_period {
	uint32_t from_s;
	uint32_t until_s; /* UINT32_MAX: never */
};

/** By organisation, then group. */
struct alm_membership {
	struct alm_short_period valid;
	uint16_t group;
	uint16_t uses; /* of the group's key */
};

/** By group, then organisation. */
struct alm_member {
	struct alm_short_period valid;
	uint32_t organisation;
	uint32_t spare;
};

struct alm_prohibition_info {
	uint64_t purposes;
	uint64_t categories;
	uint32_t lift; /* the place of `prohibition:ID` */
	uint8_t at_or_above;
	uint8_t de_identifies;
	uint8_t spare[2];
};

struct alm_basis_info {
	uint64_t purposes;
	uint64_t categories;
	struct alm_period valid;
	uint32_t smallest_group;
	uint8_t identifiability; /* enum alm_level */
	uint8_t consent;         /* enum alm_consent */
	uint8_t opt_out;         /* enum alm_opt_out_rule */
	uint8_t flags;           /* ALM_BASIS_* */
	struct alm_span lifted;  /* prohibitions */
	struct alm_span obligations;
	struct alm_span obligations_reviewed; /* and review:override */
};

#define ALM_BASIS_ACTIVE 1u
#define ALM_BASIS_RELATIONSHIP 2u /* is required */
#define ALM_BASIS_EMERGENCY 4u    /* is accepted */
#define ALM_BASIS_GUARDIAN 8u     /* is accepted */
#define ALM_BASIS_REFUSES_LOCATION 16u
#define ALM_BASIS_LIFTS_OBJECTION 32u
#define ALM_BASIS_LIFTS_TYPE_1 64u

/** The keys that a rule lists; ascending, unique. */
struct alm_rule_parties {
	struct alm_span from;
	struct alm_span to;
};

struct alm_pair_slot {
	uint64_t pair;  /* from-key above, to-key below */
	uint32_t first; /* of a run; of one rule, itself */
	uint32_t count; /* 0: free */
};

/** Rules of one sort by their parties. */
struct alm_rule_index {
	uint32_t first_parties; /* of the first rule */
	uint32_t rule_count;
	struct alm_span wide; /* rules of too many pairs: tried one by one */
	uint32_t first_rule;  /* of the runs of the slots */
	uint32_t first_slot;
	uint32_t slot_mask;
	uint32_t first_bits; /* words; a pair without its bit has no slot */
	uint32_t bit_mask;
	uint32_t spare;
};

/* clang-format off */
/** X(NAME, member, type): the sections, in the order of the block. */
#define ALM_SECTION_MAP(X) \
	X(TEXTS, texts, char) \
	X(NUMBERS, numbers, uint32_t) \
	X(NAME_SLOTS, name_slots, struct alm_name_slot) \
	X(ORGANISATIONS, organisation_infos, struct alm_organisation_info) \
	X(MEMBERSHIPS, memberships, struct alm_membership) \
	X(GROUPS, group_members, struct alm_span) \
	X(MEMBERS, members, struct alm_member) \
	X(PROHIBITIONS, prohibition_infos, struct alm_prohibition_info) \
	X(BASES, basis_infos, struct alm_basis_info) \
	X(PARTIES, parties, struct alm_rule_parties) \
	X(SLOTS, slots, struct alm_pair_slot) \
	X(BITS, bits, uint64_t) \
	X(KEY_USES, key_uses, uint8_t)

enum alm_section {
#define X(name, member, type) ALM_SECTION_##name,
	ALM_SECTION_MAP(X)
#undef X
	ALM_SECTION_COUNT
};
/* clang-format on */

/** Where the block begins, and everything that there is once. */
struct alm_snapshot_head {
	uint64_t checksum; /* of all bytes after it */
	uint64_t magic;
	uint64_t bytes; /* of the block */
	struct {
		uint64_t at; /* from the start of the block */
		uint64_t bytes;
	} sections[ALM_SECTION_COUNT];
	struct alm_covers purposes;
	struct alm_covers categories;
	struct alm_purpose_info purpose_infos[ALM_WORDS_MAX];
	struct alm_names kinds;
	struct alm_names organisations;
	struct alm_names groups;
	struct alm_names prohibitions;
	struct alm_names bases;
	struct alm_rule_index basis_index;
	struct alm_rule_index prohibition_index;
	uint32_t name;            /* the place of its text */
	uint32_t gp_kind;         /* `gp-practice`, or ALM_NAME_NONE */
	uint32_t membership_max;  /* of one organisation */
	uint32_t obligations_max; /* of one basis, with a review */
	uint32_t group_uses;      /* of any group's key */
	uint32_t spare;
};

struct alm_snapshot {
	const struct alm_snapshot_head *head;
	uint64_t block_bytes;
#define X(name, member, type) const type *member;
	ALM_SECTION_MAP(X)
#undef X
};

/** Memory for a snapshot whose block has `block_bytes`, a multiple of 64; NULL
 * when memory is out. */
struct alm_snapshot *alm_snapshot_take(uint64_t block_bytes);

/** The block, to be written. */
uint8_t *alm_snapshot_block(struct alm_snapshot *snapshot);

/** Take the written block into use: find its sections, set its checksum. */
void alm_snapshot_seal(struct alm_snapshot *snapshot);

static inline const char *alm_name_text(const struct alm_snapshot *snapshot,
	const struct alm_names *names, uint32_t index)
{
	return snapshot->texts + snapshot->numbers[names->first + index];
}

/** The index of `text`, or ALM_NAME_NONE. */
uint32_t alm_names_find(const struct alm_snapshot *snapshot,
	const struct alm_names *names, const char *text);

static inline uint32_t alm_short_instant(int64_t instant_s)
{
	return instant_s < 0             ? 0
	       : instant_s >= UINT32_MAX ? UINT32_MAX
					 : (uint32_t)instant_s;
}

/** `t_s` is of alm_short_instant(); at the end of time nothing holds that
 * does not go on for ever. */
static inline bool alm_short_period_holds(
	struct alm_short_period period, uint32_t t_s)
{
	return t_s >= period.from_s &&
	       (t_s < period.until_s || period.until_s == UINT32_MAX);
}

/** The key of a well-formed selector; ALM_NAME_NONE if it names nothing. */
uint32_t alm_selector_key(
	const struct alm_snapshot *snapshot, const char *selector);

/** Keys, ascending and unique: of a rule or of a party. */
struct alm_keys {
	const uint32_t *items;
	uint32_t count;
};

struct alm_parties {
	struct alm_keys from;
	struct alm_keys to;
};

static inline struct alm_keys alm_keys_of(
	const struct alm_snapshot *snapshot, struct alm_span span)
{
	return (struct alm_keys){snapshot->numbers + span.first, span.count};
}

/** The keys of kinds, organisations and groups. */
uint32_t alm_key_of_kind(uint32_t kind);
uint32_t alm_key_of_organisation(
	const struct alm_snapshot *snapshot, uint32_t organisation);
uint32_t alm_key_of_group(const struct alm_snapshot *snapshot, uint32_t group);

/**
 * The keys that select an organisation at `t_s` and that rules list with
 * `use`; ascending.  `out` holds membership_max + 3.  Gives the count.
 */
uint32_t alm_keys_gather(const struct alm_snapshot *snapshot,
	uint32_t organisation, int64_t t_s, unsigned use, uint32_t *out);

/** Whether two ascending lists meet. */
bool alm_keys_meet(struct alm_keys rule, struct alm_keys party);

/** Whether a rule of the index selects both parties. */
bool alm_rule_matches(const struct alm_snapshot *snapshot,
	const struct alm_rule_index *index, uint32_t rule,
	const struct alm_parties *parties);

/** Rules already met in this search. */
struct alm_marks {
	uint32_t *stamps; /* one a rule */
	uint32_t stamp;
	uint32_t rule_max;
};

/** The rules that select both parties, in any order; gives the count. */
uint32_t alm_rules_collect(const struct alm_snapshot *snapshot,
	const struct alm_rule_index *index, const struct alm_parties *parties,
	struct alm_marks *marks, uint32_t *out);

/** Puts in ascending order what was collected last. */
void alm_rules_sort(const struct alm_rule_index *index,
	const struct alm_marks *marks, uint32_t *rules, uint32_t count);

static inline uint64_t alm_pair(uint32_t from, uint32_t to)
{
	return ((uint64_t)from << 32) | to;
}

/** Keys are small numbers: one product moves them into the upper half, where
 * the bit comes from, and one more step to where the slot does. */
static inline uint64_t alm_pair_hash(uint64_t pair)
{
	pair = (pair ^ (pair >> 15)) * UINT64_C(0x9E3779B97F4A7C15);
	return pair ^ (pair >> 32);
}

/** The slot of a pair, or the free one where it would stand. */
const struct alm_pair_slot *alm_pair_find(const struct alm_snapshot *snapshot,
	const struct alm_rule_index *index, uint64_t pair);

/** Which bit says that a pair may have a slot. */
static inline uint64_t alm_pair_bit(
	const struct alm_rule_index *index, uint64_t pair)
{
	return (alm_pair_hash(pair) >> 32) & index->bit_mask;
}

#endif /* ALM_BROKER_CORE_SNAPSHOT_INTERNAL_H */
