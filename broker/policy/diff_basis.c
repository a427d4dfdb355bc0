/*
 * One basis on both sides.  Each pair of groups has one value for each purpose
 * and category; purposes that change alike are one piece.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/policy/diff_judge.h"

#define GROUP_PAIRS_MAX ((uint64_t)1 << 22)
#define PIECES_MAX ((size_t)1 << 22)
#define PAST_LEVELS (ALM_LEVEL_IDENTIFIABLE + 1u)

/* The prohibitions that select both groups on one side. */
struct bearing {
	uint32_t items[ALM_PROHIBITIONS_MAX];
	uint32_t count;
	bool is_open; /* both take part */
	bool is_gp;
	uint64_t purposes; /* that the recipient may receive for */
};

static void find_bearing(struct alm_diff_judging *j, int s,
	const uint64_t *from, const uint64_t *to, struct bearing *out)
{
	size_t skip = 2 + (s == 0 ? 0 : j->diff->prohibition_words[0]);

	out->count = 0;
	out->is_open = from[s] != 0 && to[s] != 0;
	out->is_gp = from[s] == 2;
	out->purposes = to[s];
	for (size_t w = 0; out->is_open && w < j->diff->prohibition_words[s];
		w++) {
		uint64_t left = from[skip + w] & to[skip + w];

		for (; left != 0; left &= left - 1) {
			out->items[out->count++] =
				(uint32_t)(w * 64) +
				(uint32_t)__builtin_ctzll(left);
		}
	}
}

static struct alm_diff_value value_of(struct alm_diff_judging *j, int s,
	const struct bearing *bearing, uint32_t purpose, uint32_t category)
{
	const struct alm_diff_rule *rule = &j->rules[s];
	struct alm_diff_value value = {0, 0};
	unsigned withheld = PAST_LEVELS;
	unsigned lowered = PAST_LEVELS;

	if (!bearing->is_open || purpose == ALM_DIFF_NONE ||
		category == ALM_DIFF_NONE ||
		(bearing->purposes >> purpose & 1) == 0 ||
		(rule->categories >> category & 1) == 0) {
		return value;
	}
	for (uint32_t i = 0; i < bearing->count; i++) {
		const struct alm_diff_prohibition *p =
			&j->diff->prohibitions[s][bearing->items[i]];
		unsigned *lowest = p->de_identifies ? &lowered : &withheld;

		if ((p->purposes >> purpose & 1) != 0 &&
			(p->categories >> category & 1) != 0 &&
			(unsigned)p->at_or_above < *lowest) {
			*lowest = (unsigned)p->at_or_above;
		}
	}
	value.levels = alm_diff_levels(
		rule->basis->identifiability, withheld, lowered);
	value.terms = alm_diff_terms(rule->basis,
		(j->diff->sides[s].care >> purpose & 1) != 0, bearing->is_gp);
	return value;
}

static void add_bit(struct alm_diff_mask *mask, uint32_t number)
{
	mask->bits[number / 64] |= UINT64_C(1) << number % 64;
}

static bool add_piece(
	struct alm_diff_judging *j, const struct alm_diff_piece *piece)
{
	struct alm_diff_pieces *p = &j->pieces;

	if (p->count == p->capacity) {
		size_t capacity = p->capacity * 2 + 64;
		struct alm_diff_piece *items =
			capacity > PIECES_MAX ? NULL
					      : reallocarray(p->items, capacity,
							sizeof(*items));

		if (items == NULL) {
			j->is_short = true;
			return false;
		}
		p->items = items;
		p->capacity = capacity;
	}
	p->items[p->count++] = *piece;
	return true;
}

/* The pieces of one purpose: its categories by outcome.  Purposes that change
 * alike are joined to those found since `first`. */
static void add_purpose(struct alm_diff_judging *j, size_t first,
	const struct alm_diff_piece *pair, uint32_t purpose,
	const uint32_t *outcomes)
{
	uint32_t count = j->diff->categories.count;

	for (uint32_t c = 0; c < count; c++) {
		struct alm_diff_piece piece = *pair;
		size_t at = first;
		bool is_first = outcomes[c] != 0;

		for (uint32_t b = 0; b < c && is_first; b++) {
			is_first = outcomes[b] != outcomes[c];
		}
		if (!is_first) {
			continue;
		}
		piece.outcome = outcomes[c];
		for (uint32_t b = c; b < count; b++) {
			if (outcomes[b] == outcomes[c]) {
				add_bit(&piece.categories, b);
			}
		}
		while (at < j->pieces.count &&
			(j->pieces.items[at].outcome != piece.outcome ||
				memcmp(&j->pieces.items[at].categories,
					&piece.categories,
					sizeof(piece.categories)) != 0)) {
			at++;
		}
		if (at == j->pieces.count && !add_piece(j, &piece)) {
			return;
		}
		add_bit(&j->pieces.items[at].purposes, purpose);
	}
}

static void judge_pair(struct alm_diff_judging *j, struct bearing bearings[2],
	uint32_t from, uint32_t to)
{
	const struct alm_diff *diff = j->diff;
	const struct alm_diff_piece pair = {.from = from, .to = to};
	size_t first = j->pieces.count;
	uint32_t outcomes[2 * ALM_CATEGORIES_MAX] = {0};

	for (int s = 0; s < 2; s++) {
		find_bearing(j, s, j->roles[ALM_DIFF_SENDER].keys[from],
			j->roles[ALM_DIFF_RECIPIENT].keys[to], &bearings[s]);
	}
	if (!bearings[0].is_open && !bearings[1].is_open) {
		return;
	}
	for (uint32_t p = 0; p < diff->purposes.count; p++) {
		for (uint32_t c = 0; c < diff->categories.count; c++) {
			struct alm_diff_value values[2];

			for (int s = 0; s < 2; s++) {
				values[s] = value_of(j, s, &bearings[s],
					diff->purposes.places[s][p],
					diff->categories.places[s][c]);
			}
			outcomes[c] = alm_diff_outcome(j->bases, values);
		}
		add_purpose(j, first, &pair, p, outcomes);
	}
}

static void judge_pairs(struct alm_diff_judging *j)
{
	uint64_t pairs = (uint64_t)j->roles[ALM_DIFF_SENDER].group_count *
			 j->roles[ALM_DIFF_RECIPIENT].group_count;
	struct bearing *bearings;

	if (pairs > GROUP_PAIRS_MAX) {
		j->totals->bases_left++;
		return;
	}
	bearings = alm_diff_take(j, 2 * sizeof(*bearings));
	for (uint32_t f = 0; f < j->roles[ALM_DIFF_SENDER].group_count; f++) {
		for (uint32_t t = 0;
			t < j->roles[ALM_DIFF_RECIPIENT].group_count &&
			!j->is_short;
			t++) {
			judge_pair(j, bearings, f, t);
		}
	}
}

enum alm_err alm_diff_judge(struct alm_diff *diff,
	const struct alm_diff_rule rules[2],
	const struct alm_bundle_basis *const bases[2], alm_diff_fn *take,
	void *context, struct alm_diff_totals *totals)
{
	struct alm_diff_judging j = {
		.diff = diff,
		.rules = rules,
		.bases = bases,
		.take = take,
		.context = context,
		.totals = totals,
	};

	alm_arena_reset(&diff->scratch);
	alm_diff_find_groups(&j, ALM_DIFF_SENDER);
	alm_diff_find_groups(&j, ALM_DIFF_RECIPIENT);
	if (!j.is_short) {
		judge_pairs(&j);
	}
	if (!j.is_short) {
		alm_diff_give_blocks(&j);
	}
	free(j.pieces.items);
	return j.is_short ? ALM_NOMEM : ALM_OK;
}
