/*
 * The parties of one basis.  Organisations of one class that it selects on the
 * same sides are a part; parts that its own prohibitions and purposes do not
 * tell apart are a group.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/policy/diff_judge.h"

void *alm_diff_take(struct alm_diff_judging *j, size_t bytes)
{
	void *at = alm_arena_take(&j->diff->scratch, bytes);

	j->is_short = j->is_short || at == NULL;
	return at;
}

/* The key: by side what it may take part in, then its prohibitions. */
static bool fill_key(struct alm_diff_judging *j,
	const struct alm_diff_parties *r, struct alm_diff_part *part)
{
	const struct alm_diff *diff = j->diff;
	const struct alm_diff_classes *classes = &diff->classes[r->role];
	uint32_t member = classes->first[part->class];
	uint64_t *key = part->key;
	uint64_t *prohibited = key + 2;
	bool is_any = false;

	for (int s = 0; s < 2; s++) {
		const struct alm_side *side = &diff->sides[s];
		size_t words = diff->prohibition_words[s];
		uint32_t at = diff->organisations.places[s][member];

		if ((part->sides >> s & 1) != 0) {
			uint32_t kind = side->kind_of[at];

			key[s] = r->role == ALM_DIFF_SENDER
					 ? 1 + (kind == side->gp_kind ? 1 : 0)
					 : side->receives[kind] &
						   j->rules[s].purposes;
		}
		for (size_t w = 0; key[s] != 0 && w < words; w++) {
			prohibited[w] =
				classes->prohibited[s]
						   [part->class * words + w] &
				j->rules[s].relevant[w];
		}
		prohibited += words;
		is_any = is_any || key[s] != 0;
	}
	return is_any;
}

struct key_order {
	const struct alm_diff_part *parts;
	size_t key_words;
};

static int compare_keys(const void *a, const void *b, void *context)
{
	const struct key_order *order = context;
	const struct alm_diff_part *x = &order->parts[*(const uint32_t *)a];
	const struct alm_diff_part *y = &order->parts[*(const uint32_t *)b];

	return memcmp(x->key, y->key, order->key_words * sizeof(*x->key));
}

/* Notes the parts that the selected organisations fall into. */
static void find_parts(struct alm_diff_judging *j, struct alm_diff_parties *r)
{
	const struct alm_diff *diff = j->diff;
	const uint32_t *class_of = diff->classes[r->role].of;

	for (size_t w = 0; w < diff->set_words; w++) {
		uint64_t left = r->selected[0][w] | r->selected[1][w];

		for (; left != 0; left &= left - 1) {
			uint32_t n = (uint32_t)(w * 64) +
				     (uint32_t)__builtin_ctzll(left);
			uint32_t sides =
				alm_set_has(r->selected[0], n) |
				(uint32_t)alm_set_has(r->selected[1], n) << 1;
			uint32_t *slot = &r->part_of[4 * class_of[n] + sides];

			if (*slot == 0) {
				r->parts[r->part_count] =
					(struct alm_diff_part){
						.class = class_of[n],
						.sides = sides};
				*slot = ++r->part_count;
			}
		}
	}
}

/* Parts with equal keys are one group; those of no use are in none. */
static void form_groups(struct alm_diff_judging *j, struct alm_diff_parties *r)
{
	uint32_t *order =
		alm_diff_take(j, (r->part_count + 1) * sizeof(*order));
	struct key_order context = {r->parts, r->key_words};
	uint32_t count = 0;

	r->keys = alm_diff_take(j, (r->part_count + 1) * sizeof(*r->keys));
	for (uint32_t i = 0; i < r->part_count && !j->is_short; i++) {
		struct alm_diff_part *part = &r->parts[i];

		part->key = alm_diff_take(j, r->key_words * sizeof(*part->key));
		part->group = ALM_DIFF_NONE;
		if (part->key != NULL && fill_key(j, r, part)) {
			order[count++] = i;
		}
	}
	if (j->is_short) {
		return;
	}
	qsort_r(order, count, sizeof(*order), compare_keys, &context);
	for (uint32_t i = 0; i < count; i++) {
		if (i == 0 ||
			compare_keys(&order[i - 1], &order[i], &context) != 0) {
			r->keys[r->group_count++] = r->parts[order[i]].key;
		}
		r->parts[order[i]].group = r->group_count - 1;
	}
}

/* Whom the basis selects, of those able to take part. */
static void select_able(
	struct alm_diff_judging *j, struct alm_diff_parties *r, int s)
{
	const struct alm_diff_rule *rule = &j->rules[s];
	const struct alm_side *side = &j->diff->sides[s];
	size_t words = j->diff->set_words;
	uint64_t *set = alm_diff_take(j, words * sizeof(*set));
	uint32_t n;

	r->selected[s] = set;
	if (set == NULL || rule->basis == NULL) {
		return;
	}
	alm_side_select(side,
		r->role == ALM_DIFF_SENDER ? rule->basis->from
					   : rule->basis->to,
		set);
	for (n = 0; alm_set_next(set, words, &n); n++) {
		if (!side->is_able[j->diff->organisations.places[s][n]]) {
			set[n / 64] &= ~(UINT64_C(1) << n % 64);
		}
	}
}

void alm_diff_find_groups(struct alm_diff_judging *j, enum alm_diff_role role)
{
	struct alm_diff_parties *r = &j->roles[role];
	size_t classes = j->diff->classes[role].count;

	r->role = role;
	r->key_words = 2 + j->diff->prohibition_words[0] +
		       j->diff->prohibition_words[1];
	r->part_of = alm_diff_take(j, 4 * classes * sizeof(*r->part_of));
	r->parts = alm_diff_take(j, 4 * classes * sizeof(*r->parts));
	select_able(j, r, 0);
	select_able(j, r, 1);
	if (!j->is_short) {
		find_parts(j, r);
		form_groups(j, r);
	}
}
