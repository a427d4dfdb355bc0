/* diff_internal.h - the inside of a comparison, for broker/policy alone. */
#ifndef ALM_BROKER_POLICY_DIFF_INTERNAL_H
#define ALM_BROKER_POLICY_DIFF_INTERNAL_H

#include "broker/policy/diff.h"
#include "broker/policy/side.h"

#define ALM_DIFF_NONE UINT32_MAX
#define ALM_DIFF_BEFORE 0
#define ALM_DIFF_AFTER 1

enum alm_diff_role { ALM_DIFF_SENDER, ALM_DIFF_RECIPIENT };

/** The ids of one sort of both bundles. */
struct alm_diff_ids {
	const char **ids; /* sorted */
	uint32_t count;
	uint32_t *numbers[2]; /* by side and position */
	uint32_t *places[2];  /* by side and number: position or NONE */
};

/** Organisations that no prohibition and no kind tells apart in a role. */
struct alm_diff_classes {
	uint32_t *of;    /* by number of the organisation */
	uint32_t *size;  /* by class */
	uint32_t *first; /* by class: one member */
	uint32_t count;
	uint64_t *prohibited[2]; /* by class, prohibition_words each */
};

/** A prohibition as masks of one side. */
struct alm_diff_prohibition {
	uint64_t purposes;
	uint64_t categories;
	enum alm_level at_or_above;
	bool de_identifies;
	bool is_changed; /* since, or until, the other side */
};

struct alm_diff {
	struct alm_arena arena;
	struct alm_arena scratch; /* of one basis */
	struct alm_side sides[2];
	struct alm_diff_ids organisations;
	struct alm_diff_ids purposes;
	struct alm_diff_ids categories;
	struct alm_diff_classes classes[2]; /* by role */
	struct alm_diff_prohibition *prohibitions[2];
	size_t prohibition_words[2];
	size_t set_words;
	bool has_other_words; /* purposes or categories differ at all */
	bool *is_dirty;       /* organisations, by number */
	bool has_dirty;
	bool *is_kind_dirty[2];
	bool *is_group_dirty[2];
};

/** One basis on one side, as masks; `basis` NULL: not there, or not in
 * force. */
struct alm_diff_rule {
	const struct alm_bundle_basis *basis;
	uint64_t purposes;
	uint64_t categories;
	uint64_t *relevant; /* prohibitions that can bear on it */
};

/** What a cell is on one side. */
struct alm_diff_value {
	uint32_t levels; /* three bits by payload and batch; 0: never */
	uint32_t terms;  /* person's terms that ask more, as bits */
};

/** Levels that go out, where `withheld` and `lowered` are the lowest levels
 * at which a prohibition withholds or de-identifies (past identifiable:
 * none). */
uint32_t alm_diff_levels(
	enum alm_level most, unsigned withheld, unsigned lowered);

/** What is asked of a person, normalised to what has an effect. */
uint32_t alm_diff_terms(
	const struct alm_bundle_basis *basis, bool is_care, bool is_gp);

/** How two values differ; the bases' own terms are compared too.  SAME, or
 * the change, its terms and its levels in one word to compare by. */
uint32_t alm_diff_outcome(const struct alm_bundle_basis *const bases[2],
	const struct alm_diff_value values[2]);
enum alm_diff_change alm_diff_outcome_change(uint32_t outcome);
unsigned alm_diff_outcome_terms(uint32_t outcome);
enum alm_level alm_diff_outcome_level(uint32_t outcome, int side);

/** Whether anything that the rule reads differs; NULL for none. */
bool alm_diff_basis_differs(const struct alm_bundle_basis *before,
	const struct alm_bundle_basis *after);
bool alm_diff_words_differ(struct alm_words a, struct alm_words b);

/** Compare one basis, whose rules are given by side.  Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_diff_judge(struct alm_diff *diff,
	const struct alm_diff_rule rules[2],
	const struct alm_bundle_basis *const bases[2], alm_diff_fn *take,
	void *context, struct alm_diff_totals *totals);

/** Note what changed around the bases.  Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_diff_mark(struct alm_diff *diff);

/** Number classes, and what is prohibited in each.  Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_diff_classify(struct alm_diff *diff);

#endif /* ALM_BROKER_POLICY_DIFF_INTERNAL_H */
