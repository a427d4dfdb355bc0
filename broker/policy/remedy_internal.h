/* remedy_internal.h - what the parts of the search for remedies share. */
#ifndef ALM_BROKER_POLICY_REMEDY_INTERNAL_H
#define ALM_BROKER_POLICY_REMEDY_INTERNAL_H

#include "broker/policy/remedy.h"

/* Bases that do not select both parties, kept as what could be extended. */
#define ALM_NEAR_BASES_MAX 6u

/**
 * The part of a bundle that bears on two organisations: decided under it, any
 * request between them gets the answer of the whole bundle.
 */
struct alm_part {
	struct alm_bundle bundle;
	const char *near[ALM_NEAR_BASES_MAX]; /* ids, the nearest first */
	bool selects_sender[ALM_NEAR_BASES_MAX];
	size_t near_count;
};

/** Copies what it needs to change; the rest is the question's bundle. */
ALM_MUST_USE enum alm_err alm_part_of(const struct alm_question *question,
	struct alm_arena *arena, struct alm_part *out);

/** A question after changes. */
struct alm_changed {
	struct alm_bundle bundle;
	struct alm_person person;
	struct alm_request request;
	int64_t t_s;
	bool has_changed_policy;
};

/** Apply changes; false when the arena is full. */
bool alm_changes_apply(const struct alm_question *question,
	const struct alm_part *part, const struct alm_change *changes,
	size_t count, struct alm_arena *arena, struct alm_changed *out);

/** What alm_changes_apply() works on. */
struct alm_applying {
	const struct alm_question *q;
	struct alm_arena *arena;
	struct alm_changed *out;
	/* What may be written to, in `out`: */
	struct alm_bundle_purpose *purposes;
	struct alm_bundle_organisation *organisations;
	struct alm_bundle_prohibition *prohibitions;
	struct alm_bundle_basis *bases;
	bool is_out_of_memory;
};

/** A copy with room for one more, or room alone if `from` is NULL; NULL notes
 * that the arena is full. */
void *alm_applying_copy(
	struct alm_applying *a, const void *from, size_t count, size_t bytes);

/** A change of the policy; one that names what is not there does nothing. */
void alm_apply_to_policy(
	struct alm_applying *a, const struct alm_change *change);

/** Where suggestions go; what does not fit is left out. */
struct alm_suggestions {
	struct alm_change items[64];
	size_t count;
};

/** Asks the rule about the changed question with another basis named. */
typedef void alm_ask_fn(
	void *context, const char *basis, struct alm_decision *out);

struct alm_suggesting {
	const struct alm_question *question;
	const struct alm_part *part;
	const struct alm_changed *changed;
	const struct alm_decision *decision; /* of the changed question */
	struct alm_arena *arena;             /* outlives the search */
	alm_ask_fn *ask;
	void *context;
};

/** Changes that bear on the reasons of a decision. */
void alm_suggest(const struct alm_suggesting *s, struct alm_suggestions *out);

/* --- what the parts of alm_suggest() share ------------------------------- */

struct alm_suggester {
	const struct alm_suggesting *s;
	struct alm_suggestions *out;
};

static inline const struct alm_request *alm_suggester_request(
	const struct alm_suggester *g)
{
	return &g->s->changed->request;
}

static inline const struct alm_bundle *alm_suggester_bundle(
	const struct alm_suggester *g)
{
	return &g->s->changed->bundle;
}

/** A copy that outlives the decision; NULL for NULL or when memory is out. */
const char *alm_suggest_keep(const struct alm_suggester *g, const char *text);

/** Add a change; of a kind alone, of a kind and `of`, of that and a word, of
 * that and the categories asked for, or one that leaves categories out. */
void alm_suggest_add(struct alm_suggester *g, struct alm_change change);
void alm_suggest_kind(struct alm_suggester *g, enum alm_change_kind kind);
void alm_suggest_of(
	struct alm_suggester *g, enum alm_change_kind kind, const char *of);
void alm_suggest_word(struct alm_suggester *g, enum alm_change_kind kind,
	const char *of, const char *word);
void alm_suggest_requested(
	struct alm_suggester *g, enum alm_change_kind kind, const char *of);
void alm_suggest_drop(
	struct alm_suggester *g, const char *const *items, size_t count);

/** For reasons of steps 2 to 4, and of step 5, that end the decision. */
void alm_suggest_for_request(struct alm_suggester *g, unsigned code);
void alm_suggest_for_basis(struct alm_suggester *g, unsigned code);

#endif /* ALM_BROKER_POLICY_REMEDY_INTERNAL_H */
