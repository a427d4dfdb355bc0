/*
 * What changes alike is joined: recipients of one group of senders, then
 * senders with the same recipients.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/policy/diff_judge.h"

static int compare_alike(
	const struct alm_diff_piece *x, const struct alm_diff_piece *y)
{
	int order;

	if (x->outcome != y->outcome) {
		return x->outcome < y->outcome ? -1 : 1;
	}
	order = memcmp(&x->purposes, &y->purposes, sizeof(x->purposes));
	return order != 0 ? order
			  : memcmp(&x->categories, &y->categories,
				    sizeof(x->categories));
}

static int compare_pieces(const void *a, const void *b)
{
	const struct alm_diff_piece *x = a;
	const struct alm_diff_piece *y = b;
	int order = compare_alike(x, y);

	if (order != 0) {
		return order;
	}
	if (x->from != y->from) {
		return x->from < y->from ? -1 : 1;
	}
	return x->to < y->to ? -1 : x->to > y->to;
}

/* The pieces of one group of senders, alike, as a run. */
struct run {
	const struct alm_diff_piece *first;
	size_t count;
};

static int compare_recipients(const struct run *x, const struct run *y)
{
	for (size_t i = 0; i < x->count && i < y->count; i++) {
		if (x->first[i].to != y->first[i].to) {
			return x->first[i].to < y->first[i].to ? -1 : 1;
		}
	}
	return x->count < y->count ? -1 : x->count > y->count;
}

static int compare_runs(const void *a, const void *b)
{
	const struct run *x = a;
	const struct run *y = b;
	int order = compare_recipients(x, y);

	if (order != 0) {
		return order;
	}
	return x->first->from < y->first->from ? -1 : 1;
}

/* The members of the groups marked, as ascending numbers. */
static uint32_t *list_members(struct alm_diff_judging *j,
	const struct alm_diff_parties *r, const bool *is_marked,
	uint32_t *out_count)
{
	const struct alm_diff *diff = j->diff;
	const uint32_t *class_of = diff->classes[r->role].of;
	uint32_t *items =
		calloc((size_t)diff->organisations.count + 1, sizeof(*items));
	uint32_t count = 0;

	j->is_short = j->is_short || items == NULL;
	for (size_t w = 0; items != NULL && w < diff->set_words; w++) {
		uint64_t left = r->selected[0][w] | r->selected[1][w];

		for (; left != 0; left &= left - 1) {
			uint32_t n = (uint32_t)(w * 64) +
				     (uint32_t)__builtin_ctzll(left);
			uint32_t sides =
				alm_set_has(r->selected[0], n) |
				(uint32_t)alm_set_has(r->selected[1], n) << 1;
			uint32_t part = r->part_of[4 * class_of[n] + sides] - 1;
			uint32_t group = r->parts[part].group;

			if (group != ALM_DIFF_NONE && is_marked[group]) {
				items[count++] = n;
			}
		}
	}
	*out_count = count;
	return items;
}

static uint64_t count_common(const struct alm_diff_block *block)
{
	uint64_t common = 0;
	uint32_t i = 0;
	uint32_t k = 0;

	while (i < block->from_count && k < block->to_count) {
		if (block->from[i] == block->to[k]) {
			common++;
			i++;
			k++;
		} else if (block->from[i] < block->to[k]) {
			i++;
		} else {
			k++;
		}
	}
	return common;
}

static uint64_t count_mask(const struct alm_diff_mask *mask)
{
	return (uint64_t)__builtin_popcountll(mask->bits[0]) +
	       (uint64_t)__builtin_popcountll(mask->bits[1]);
}

/* Ascending; NULL: memory is short. */
static uint32_t *list_senders(struct alm_diff_judging *j,
	const struct run *runs, size_t count, uint32_t *out_count)
{
	const struct alm_diff_parties *senders = &j->roles[0];
	bool *is_in = calloc(senders->group_count + 1, sizeof(*is_in));
	uint32_t *list = NULL;

	j->is_short |= is_in == NULL;
	if (is_in != NULL) {
		for (size_t i = 0; i < count; i++) {
			is_in[runs[i].first->from] = true;
		}
		list = list_members(j, senders, is_in, out_count);
	}
	free(is_in);
	return list;
}

static uint32_t *list_recipients(
	struct alm_diff_judging *j, const struct run *run, uint32_t *out_count)
{
	const struct alm_diff_parties *recipients = &j->roles[1];
	bool *is_in = calloc(recipients->group_count + 1, sizeof(*is_in));
	uint32_t *list = NULL;

	j->is_short |= is_in == NULL;
	if (is_in != NULL) {
		for (size_t i = 0; i < run->count; i++) {
			is_in[run->first[i].to] = true;
		}
		list = list_members(j, recipients, is_in, out_count);
	}
	free(is_in);
	return list;
}

/* One block of `count` runs with the same recipients. */
static void give_block(
	struct alm_diff_judging *j, const struct run *runs, size_t count)
{
	const struct alm_diff_piece *piece = runs[0].first;
	uint32_t *from;
	uint32_t *to;
	struct alm_diff_block block = {
		.change = alm_diff_outcome_change(piece->outcome),
		.terms = alm_diff_outcome_terms(piece->outcome),
		.before = j->bases[0],
		.after = j->bases[1],
		.level_before = alm_diff_outcome_level(piece->outcome, 0),
		.level_after = alm_diff_outcome_level(piece->outcome, 1),
		.purposes = piece->purposes,
		.categories = piece->categories,
	};

	from = list_senders(j, runs, count, &block.from_count);
	to = list_recipients(j, &runs[0], &block.to_count);
	if (from == NULL || to == NULL) {
		goto out;
	}
	block.from = from;
	block.to = to;
	block.cells = ((uint64_t)block.from_count * block.to_count -
			      count_common(&block)) *
		      count_mask(&block.purposes) *
		      count_mask(&block.categories);
	if (block.cells > 0) {
		j->totals->cells[block.change] += block.cells;
		j->totals->blocks++;
		j->take(j->context, j->diff, &block);
	}
out:
	free(to);
	free(from);
}

/* All pieces from `first` that change alike: their runs, joined. */
static void give_alike(struct alm_diff_judging *j, size_t first, size_t end)
{
	const struct alm_diff_piece *items = j->pieces.items;
	struct run *runs = calloc(end - first, sizeof(*runs));
	size_t count = 0;
	size_t start = 0;

	if (runs == NULL) {
		j->is_short = true;
		return;
	}
	for (size_t i = first; i < end; i++) {
		if (i == first || items[i].from != items[i - 1].from) {
			runs[count++] = (struct run){&items[i], 0};
		}
		runs[count - 1].count++;
	}
	qsort(runs, count, sizeof(*runs), compare_runs);
	for (size_t i = 1; i <= count && !j->is_short; i++) {
		if (i == count ||
			compare_recipients(&runs[start], &runs[i]) != 0) {
			give_block(j, runs + start, i - start);
			start = i;
		}
	}
	free(runs);
}

void alm_diff_give_blocks(struct alm_diff_judging *j)
{
	struct alm_diff_pieces *p = &j->pieces;
	size_t start = 0;

	if (p->count > 1) {
		qsort(p->items, p->count, sizeof(*p->items), compare_pieces);
	}
	for (size_t i = 1; i <= p->count && !j->is_short; i++) {
		if (i == p->count ||
			compare_alike(&p->items[start], &p->items[i]) != 0) {
			give_alike(j, start, i);
			start = i;
		}
	}
}

/* --- in words ------------------------------------------------------------ */

/* A text that grows; NULL after memory was out. */
struct text {
	char *at;
	size_t bytes;
	size_t capacity;
	bool is_short;
};

static void append(struct text *text, const char *word)
{
	size_t need = text->bytes + strlen(word) + 2;

	if (need > text->capacity && !text->is_short) {
		char *at = realloc(text->at, need * 2);

		if (at == NULL) {
			text->is_short = true;
		} else {
			text->at = at;
			text->capacity = need * 2;
		}
	}
	if (text->is_short) {
		return;
	}
	if (text->bytes > 0) {
		text->at[text->bytes++] = ' ';
	}
	memcpy(text->at + text->bytes, word, strlen(word) + 1);
	text->bytes += strlen(word);
}

/* Whether the word selects some able organisation, and none outside `set`;
 * those that it selects are then taken from `left`. */
static bool takes_all(const struct alm_diff *diff, int s, struct alm_word word,
	const uint64_t *set, uint64_t *left, uint64_t *selected)
{
	const struct alm_side *side = &diff->sides[s];
	bool is_any = false;
	uint32_t n;

	memset(selected, 0, diff->set_words * sizeof(*selected));
	alm_side_select(side, (struct alm_words){&word, 1}, selected);
	for (n = 0; alm_set_next(selected, diff->set_words, &n); n++) {
		if (!side->is_able[diff->organisations.places[s][n]]) {
			continue;
		}
		if (!alm_set_has(set, n)) {
			return false;
		}
		is_any = is_any || alm_set_has(left, n);
	}
	for (size_t w = 0; is_any && w < diff->set_words; w++) {
		left[w] &= ~selected[w];
	}
	return is_any;
}

static void append_ids(const struct alm_diff *diff, const uint64_t *left,
	uint32_t ids_max, struct text *text)
{
	uint32_t more = 0;
	uint32_t shown = 0;
	char number[32];
	uint32_t n;

	for (n = 0; alm_set_next(left, diff->set_words, &n); n++) {
		if (shown < ids_max) {
			append(text, diff->organisations.ids[n]);
			shown++;
		} else {
			more++;
		}
	}
	if (more > 0) {
		(void)snprintf(number, sizeof(number), "and %u more", more);
		append(text, number);
	}
}

char *alm_diff_describe(struct alm_diff *diff,
	const struct alm_diff_block *block, bool is_recipient, uint32_t ids_max)
{
	const struct alm_bundle_basis *bases[2] = {block->before, block->after};
	uint32_t count = is_recipient ? block->to_count : block->from_count;
	const uint32_t *items = is_recipient ? block->to : block->from;
	size_t words = diff->set_words;
	uint64_t *sets = calloc(3 * words, sizeof(*sets));
	struct text text = {NULL, 0, 0, false};

	append(&text, "");
	if (sets == NULL || text.is_short) {
		free(sets);
		free(text.at);
		return NULL;
	}
	for (uint32_t i = 0; i < count; i++) {
		alm_set_add(sets, items[i]);
		alm_set_add(sets + words, items[i]);
	}
	for (int s = 1; s >= 0; s--) {
		struct alm_words all = {NULL, 0};

		if (bases[s] != NULL) {
			all = is_recipient ? bases[s]->to : bases[s]->from;
		}
		for (size_t i = 0; i < all.count; i++) {
			if (takes_all(diff, s, all.items[i], sets, sets + words,
				    sets + 2 * words)) {
				append(&text, all.items[i].text);
			}
		}
	}
	append_ids(diff, sets + words, ids_max, &text);
	free(sets);
	if (text.is_short) {
		free(text.at);
		return NULL;
	}
	return text.at;
}
