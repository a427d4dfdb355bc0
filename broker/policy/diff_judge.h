/* diff_judge.h - judging one basis: what its three files share. */
#ifndef ALM_BROKER_POLICY_DIFF_JUDGE_H
#define ALM_BROKER_POLICY_DIFF_JUDGE_H

#include "broker/policy/diff_internal.h"

/* A class as far as the basis selects it: bit s of `sides` on side s. */
struct alm_diff_part {
	uint32_t class;
	uint32_t sides;
	uint32_t group;
	uint64_t *key; /* what the basis can tell of it */
};

/* Both parties of one role. */
struct alm_diff_parties {
	enum alm_diff_role role;
	uint64_t *selected[2]; /* sets */
	struct alm_diff_part *parts;
	uint32_t part_count;
	uint32_t *part_of; /* by 4 * class + sides: number + 1 */
	uint32_t group_count;
	const uint64_t **keys; /* by group */
	size_t key_words;
};

/* Purposes and categories of one pair of groups that change alike. */
struct alm_diff_piece {
	uint32_t outcome;
	uint32_t from; /* groups */
	uint32_t to;
	struct alm_diff_mask purposes;
	struct alm_diff_mask categories;
};

struct alm_diff_pieces {
	struct alm_diff_piece *items;
	size_t count;
	size_t capacity;
};

struct alm_diff_judging {
	struct alm_diff *diff;
	const struct alm_diff_rule *rules;
	const struct alm_bundle_basis *const *bases;
	struct alm_diff_parties roles[2];
	struct alm_diff_pieces pieces;
	alm_diff_fn *take;
	void *context;
	struct alm_diff_totals *totals;
	bool is_short;
};

/** Zeroed, in the scratch arena; NULL notes that it is full. */
void *alm_diff_take(struct alm_diff_judging *j, size_t bytes);

/** Find whom the basis selects, as groups that it does not tell apart. */
void alm_diff_find_groups(struct alm_diff_judging *j, enum alm_diff_role role);

/** Join the pieces and give the blocks. */
void alm_diff_give_blocks(struct alm_diff_judging *j);

#endif /* ALM_BROKER_POLICY_DIFF_JUDGE_H */
