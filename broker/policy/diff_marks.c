/*
 * What changed around the bases: words, organisations, and the selectors that
 * select one that changed.
 */
#include <string.h>

#include "broker/policy/diff_internal.h"

static bool text_differs(const char *a, const char *b)
{
	return (a == NULL) != (b == NULL) || (a != NULL && strcmp(a, b) != 0);
}

static bool words_differ(const struct alm_bundle *a, const struct alm_bundle *b)
{
	if (a->purpose_count != b->purpose_count ||
		a->category_count != b->category_count ||
		alm_diff_words_differ(a->kinds, b->kinds)) {
		return true;
	}
	for (size_t i = 0; i < a->purpose_count; i++) {
		const struct alm_bundle_purpose *p = &a->purposes[i];
		const struct alm_bundle_purpose *q = &b->purposes[i];

		if (text_differs(p->id.text, q->id.text) ||
			text_differs(p->under.text, q->under.text) ||
			p->inherits_never != q->inherits_never ||
			p->class != q->class ||
			alm_diff_words_differ(p->recipients, q->recipients)) {
			return true;
		}
	}
	for (size_t i = 0; i < a->category_count; i++) {
		const struct alm_bundle_category *p = &a->categories[i];
		const struct alm_bundle_category *q = &b->categories[i];

		if (text_differs(p->id.text, q->id.text) ||
			text_differs(p->under.text, q->under.text)) {
			return true;
		}
	}
	return false;
}

/* Organisations that the rule no longer sees alike; without groups. */
static void mark_organisations(struct alm_diff *diff)
{
	const struct alm_side *a = &diff->sides[0];
	const struct alm_side *b = &diff->sides[1];

	for (uint32_t n = 0; n < diff->organisations.count; n++) {
		uint32_t x = diff->organisations.places[0][n];
		uint32_t y = diff->organisations.places[1][n];

		diff->is_dirty[n] = x == ALM_DIFF_NONE || y == ALM_DIFF_NONE ||
				    a->is_able[x] != b->is_able[y] ||
				    a->kind_of[x] != b->kind_of[y];
	}
}

static const uint64_t *members_of(
	struct alm_diff *diff, int s, size_t at, uint64_t *set)
{
	const struct alm_side *side = &diff->sides[s];
	const struct alm_bundle_group *group = &side->bundle->groups[at];

	memset(set, 0, diff->set_words * sizeof(*set));
	for (size_t i = 0; i < group->member_count; i++) {
		if (alm_period_holds(&group->members[i].valid, side->at_s)) {
			alm_set_add(set, side->members[at][i]);
		}
	}
	return set;
}

/* Who stands in a group of one side and not in that of the other. */
static enum alm_err mark_memberships(struct alm_diff *diff)
{
	size_t words = diff->set_words;
	uint64_t *sets =
		alm_arena_take(&diff->arena, 2 * words * sizeof(*sets));
	const struct alm_side *a = &diff->sides[0];
	const struct alm_side *b = &diff->sides[1];

	if (sets == NULL) {
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < a->bundle->group_count; i++) {
		size_t j = alm_index_find(
			&b->groups, a->bundle->groups[i].id.text);

		/* A group of one side alone: what names it changed itself. */
		if (j == ALM_INDEX_NONE) {
			continue;
		}
		members_of(diff, 0, i, sets);
		members_of(diff, 1, j, sets + words);
		for (uint32_t n = 0; n < diff->organisations.count; n++) {
			uint64_t other = sets[n / 64] ^ sets[words + n / 64];

			if (other == 0) {
				n |= 63;
			} else if ((other >> n % 64 & 1) != 0) {
				diff->is_dirty[n] = true;
			}
		}
	}
	return ALM_OK;
}

/* The selectors that select one that changed. */
static void mark_selectors(struct alm_diff *diff, int s)
{
	const struct alm_side *side = &diff->sides[s];

	for (uint32_t n = 0; n < diff->organisations.count; n++) {
		uint32_t at = diff->organisations.places[s][n];

		if (diff->is_dirty[n]) {
			diff->has_dirty = true;
			if (at != ALM_DIFF_NONE) {
				diff->is_kind_dirty[s][side->kind_of[at]] =
					true;
			}
		}
	}
	for (size_t g = 0; g < side->bundle->group_count; g++) {
		for (size_t i = 0; i < side->bundle->groups[g].member_count;
			i++) {
			if (diff->is_dirty[side->members[g][i]]) {
				diff->is_group_dirty[s][g] = true;
			}
		}
	}
}

enum alm_err alm_diff_mark(struct alm_diff *diff)
{
	enum alm_err err;

	diff->has_other_words =
		words_differ(diff->sides[0].bundle, diff->sides[1].bundle);
	diff->is_dirty = alm_arena_take(&diff->arena,
		(diff->organisations.count + 1) * sizeof(*diff->is_dirty));
	for (int s = 0; s < 2; s++) {
		const struct alm_bundle *b = diff->sides[s].bundle;

		diff->is_kind_dirty[s] = alm_arena_take(
			&diff->arena, (b->kinds.count + 1) * sizeof(bool));
		diff->is_group_dirty[s] = alm_arena_take(
			&diff->arena, (b->group_count + 1) * sizeof(bool));
		if (diff->is_kind_dirty[s] == NULL ||
			diff->is_group_dirty[s] == NULL) {
			return ALM_NOMEM;
		}
	}
	if (diff->is_dirty == NULL) {
		return ALM_NOMEM;
	}
	mark_organisations(diff);
	err = mark_memberships(diff);
	if (err == ALM_OK) {
		mark_selectors(diff, 0);
		mark_selectors(diff, 1);
	}
	return err;
}
