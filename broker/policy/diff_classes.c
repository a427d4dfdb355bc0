/*
 * Organisations by what the rules can tell of them in a role: classes are
 * split by each set in turn, so that two organisations stay together only if
 * every set has both or neither.
 */
#include <string.h>

#include "broker/policy/diff_internal.h"

/* Work space of one role's splitting. */
struct splitting {
	struct alm_diff *diff;
	struct alm_diff_classes *classes;
	uint32_t *moved;  /* by class: members in the set at hand */
	uint32_t *target; /* by class: where they go */
	uint64_t *set;
};

static void split(struct splitting *s)
{
	struct alm_diff_classes *c = s->classes;
	size_t words = s->diff->set_words;
	uint32_t n;

	for (n = 0; alm_set_next(s->set, words, &n); n++) {
		s->moved[c->of[n]]++;
	}
	for (n = 0; alm_set_next(s->set, words, &n); n++) {
		uint32_t from = c->of[n];

		if (s->moved[from] == c->size[from]) {
			continue; /* all of it: it stays whole */
		}
		if (s->target[from] == 0) {
			s->target[from] = c->count++;
		}
		c->of[n] = s->target[from];
		c->size[s->target[from]]++;
	}
	for (uint32_t i = 0; i < c->count; i++) {
		if (s->target[i] != 0) {
			c->size[i] -= s->moved[i];
			s->target[i] = 0;
		}
		s->moved[i] = 0;
	}
}

static void split_by_able(struct splitting *s, int side)
{
	const struct alm_side *at = &s->diff->sides[side];

	memset(s->set, 0, s->diff->set_words * sizeof(*s->set));
	for (size_t i = 0; i < at->bundle->organisation_count; i++) {
		if (at->is_able[i]) {
			alm_set_add(s->set, at->numbers[i]);
		}
	}
	split(s);
}

/* By kind: of recipients any, of senders whether it is a practice. */
static void split_by_kind(
	struct splitting *s, int side, enum alm_diff_role role)
{
	const struct alm_side *at = &s->diff->sides[side];

	for (uint32_t k = 0; k < at->bundle->kinds.count; k++) {
		if (role == ALM_DIFF_RECIPIENT || k == at->gp_kind) {
			memcpy(s->set, at->of_kind[k],
				s->diff->set_words * sizeof(*s->set));
			split(s);
		}
	}
}

static void select_prohibited(struct splitting *s, int side,
	enum alm_diff_role role, size_t prohibition)
{
	const struct alm_side *at = &s->diff->sides[side];
	const struct alm_bundle_prohibition *p =
		&at->bundle->prohibitions[prohibition];

	memset(s->set, 0, s->diff->set_words * sizeof(*s->set));
	alm_side_select(at, role == ALM_DIFF_SENDER ? p->from : p->to, s->set);
}

static enum alm_err note_prohibited(
	struct splitting *s, int side, enum alm_diff_role role)
{
	struct alm_diff_classes *c = s->classes;
	size_t words = s->diff->prohibition_words[side];
	uint64_t *bits = alm_arena_take(
		&s->diff->arena, (c->count + 1) * words * sizeof(*bits));

	if (bits == NULL) {
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < s->diff->sides[side].bundle->prohibition_count;
		i++) {
		select_prohibited(s, side, role, i);
		for (uint32_t k = 0; k < c->count; k++) {
			if (alm_set_has(s->set, c->first[k])) {
				alm_set_add(bits + k * words, (uint32_t)i);
			}
		}
	}
	c->prohibited[side] = bits;
	return ALM_OK;
}

static enum alm_err classify(struct alm_diff *diff, enum alm_diff_role role)
{
	struct alm_diff_classes *c = &diff->classes[role];
	size_t count = (size_t)diff->organisations.count + 1;
	struct splitting s = {.diff = diff, .classes = c};
	enum alm_err err = ALM_OK;

	c->of = alm_arena_take(&diff->arena, count * sizeof(*c->of));
	c->size = alm_arena_take(&diff->arena, count * sizeof(*c->size));
	c->first = alm_arena_take(&diff->arena, count * sizeof(*c->first));
	s.moved = alm_arena_take(&diff->arena, count * sizeof(*s.moved));
	s.target = alm_arena_take(&diff->arena, count * sizeof(*s.target));
	s.set = alm_arena_take(&diff->arena, diff->set_words * sizeof(*s.set));
	if (c->of == NULL || c->size == NULL || c->first == NULL ||
		s.moved == NULL || s.target == NULL || s.set == NULL) {
		return ALM_NOMEM;
	}
	c->size[0] = diff->organisations.count;
	c->count = 1;
	for (int side = 0; side < 2; side++) {
		split_by_able(&s, side);
		split_by_kind(&s, side, role);
		for (size_t i = 0;
			i < diff->sides[side].bundle->prohibition_count; i++) {
			select_prohibited(&s, side, role, i);
			split(&s);
		}
	}
	for (uint32_t n = diff->organisations.count; n-- > 0;) {
		c->first[c->of[n]] = n;
	}
	for (int side = 0; side < 2 && err == ALM_OK; side++) {
		err = note_prohibited(&s, side, role);
	}
	return err;
}

enum alm_err alm_diff_classify(struct alm_diff *diff)
{
	enum alm_err err = classify(diff, ALM_DIFF_SENDER);

	return err == ALM_OK ? classify(diff, ALM_DIFF_RECIPIENT) : err;
}
