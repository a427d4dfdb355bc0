/*
 * decide_internal.h - what the steps of a decision hand on to each other, for
 * broker/core alone.
 */
#ifndef ALM_BROKER_CORE_DECIDE_INTERNAL_H
#define ALM_BROKER_CORE_DECIDE_INTERNAL_H

#include "broker/core/decide.h"
#include "broker/core/reasons.h"
#include "broker/core/snapshot_internal.h"
#include "lib/limits.h"

/* A hash table of at most half as many things as it has slots. */
#define ALM_GROUP_SLOTS (2u * ALM_PERSON_RECORDS_MAX)

struct alm_scratch {
	/* by snapshot */
	uint32_t *keys; /* two lists of keys_max */
	size_t keys_max;
	struct alm_marks marks;
	uint32_t *rules; /* found, as indexes */
	const char **candidates;
	const char **prohibitions;
	const char **lifts;
	const char **obligations;
	/* by person */
	uint32_t winners[ALM_PERSON_RECORDS_MAX];
	uint32_t slots[ALM_GROUP_SLOTS];
	const char *directives[ALM_PERSON_RECORDS_MAX];
	/* by category */
	const char *release[ALM_WORDS_MAX];
	const char *redact[ALM_WORDS_MAX];
};

struct alm_deciding {
	/* given */
	const struct alm_world *world;
	const struct alm_snapshot *snapshot;
	const struct alm_request *request;
	const struct alm_person *known; /* as given, for step 1 */
	int64_t t_s;
	struct alm_scratch *scratch;
	struct alm_decision *out;
	struct alm_reasons reasons;
	/* from step 2 */
	uint32_t purpose;
	uint64_t purpose_bit;
	uint64_t requested; /* categories */
	bool is_care;
	bool is_about_person;
	const struct alm_person *person; /* nobody for subject-unknown */
	uint32_t sender;                 /* or ALM_NAME_NONE */
	uint32_t recipient;
	/* from step 5 */
	const struct alm_basis_info *rule;
	/* from step 6 on */
	enum alm_level checked;
	enum alm_level level;
	uint64_t release;
	uint64_t redact;
	bool strips_location;
};

/** A person of whom nothing is known. */
extern const struct alm_person alm_nobody;

/** The words of `names` whose bits are in `mask`, by way of `out`. */
struct alm_ids alm_list_words(const struct alm_snapshot *snapshot,
	const struct alm_names *names, uint64_t mask, const char **out);

/** Sorts ids bytewise, drops duplicates, and gives the count. */
size_t alm_sort_ids(const char **ids, size_t count);

/** Adds the id of something that the basis lifted, with an effect. */
void alm_add_lift(struct alm_deciding *d, const char *lift);

/** Whether the basis accepts the request's override. */
bool alm_accepts_override(const struct alm_deciding *d);

/* Steps that may end the decision: false when they found a blocker. */
bool alm_step_well_formed(struct alm_deciding *d);
bool alm_step_basis(struct alm_deciding *d);

/* Steps that never do. */
void alm_step_cover(struct alm_deciding *d);
void alm_step_prohibitions(struct alm_deciding *d);
void alm_step_relationship(struct alm_deciding *d);
void alm_step_directives(struct alm_deciding *d);
void alm_step_opt_outs(struct alm_deciding *d);

static inline bool alm_basis_has(
	const struct alm_basis_info *basis, unsigned flag)
{
	return (basis->flags & flag) != 0;
}

/** What directives say of the categories of a message, as masks. */
struct alm_saying {
	uint64_t deny;
	uint64_t permit;
};

/** What one directive that counts says; nothing if it is a withdrawal. */
struct alm_saying alm_directive_says(
	const struct alm_deciding *d, const struct alm_directive *directive);

/**
 * The directives that count at the decision's instant, one for each
 * (authority, scope), as indexes into the person's; gives the count.
 */
size_t alm_directives_counting(struct alm_deciding *d, uint32_t *out);

/**
 * The directive of the (authority, scope) of `like` that counts at `t_s`, or
 * NULL.
 */
const struct alm_directive *alm_directive_counting(
	const struct alm_person *person, const struct alm_directive *like,
	int64_t t_s);

/** Whether a relationship of the recipient with the person holds. */
bool alm_relationship_holds(struct alm_deciding *d);

#endif /* ALM_BROKER_CORE_DECIDE_INTERNAL_H */
