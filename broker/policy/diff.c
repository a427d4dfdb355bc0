/*
 * A change reaches a basis if the basis itself changed, or selects an
 * organisation that changed, or a prohibition that changed bears on it.  Only
 * those are judged, so that two bundles of 50,000 agreements that differ in
 * one take no longer than reading them.
 */
#include "broker/policy/diff.h"

#include <stdlib.h>
#include <string.h>

#include "broker/policy/diff_internal.h"

#define ARENA_BYTES_MAX ((size_t)2 << 30)

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The ids of both sides, numbered; `indexes` find positions. */
static enum alm_err join_ids(struct alm_arena *arena,
	const struct alm_index *const indexes[2], struct alm_diff_ids *out)
{
	size_t count = indexes[0]->count + indexes[1]->count;
	const char **ids = alm_arena_take(arena, (count + 1) * sizeof(*ids));
	size_t used = 0;
	uint32_t kept = 0;

	if (ids == NULL) {
		return ALM_NOMEM;
	}
	for (int s = 0; s < 2; s++) {
		for (size_t i = 0; i < indexes[s]->count; i++) {
			ids[used++] = indexes[s]->items[i].word->text;
		}
	}
	if (used > 0) {
		qsort(ids, used, sizeof(*ids), compare_texts);
	}
	for (size_t i = 0; i < used; i++) {
		if (kept == 0 || strcmp(ids[kept - 1], ids[i]) != 0) {
			ids[kept++] = ids[i];
		}
	}
	out->ids = ids;
	out->count = kept;
	for (int s = 0; s < 2; s++) {
		out->numbers[s] = alm_arena_take(
			arena, (count + 1) * sizeof(*out->numbers[s]));
		out->places[s] = alm_arena_take(
			arena, (count + 1) * sizeof(*out->places[s]));
		if (out->numbers[s] == NULL || out->places[s] == NULL) {
			return ALM_NOMEM;
		}
		for (uint32_t n = 0; n < kept; n++) {
			size_t at = alm_index_find(indexes[s], ids[n]);

			out->places[s][n] = at == ALM_INDEX_NONE ? ALM_DIFF_NONE
								 : (uint32_t)at;
			if (at != ALM_INDEX_NONE) {
				out->numbers[s][at] = n;
			}
		}
	}
	return ALM_OK;
}

static enum alm_err number_all(struct alm_diff *diff)
{
	struct alm_side *sides = diff->sides;
	const struct alm_index *organisations[] = {
		&sides[0].organisations, &sides[1].organisations};
	const struct alm_index *purposes[] = {
		&sides[0].purposes.index, &sides[1].purposes.index};
	const struct alm_index *categories[] = {
		&sides[0].categories.index, &sides[1].categories.index};
	enum alm_err err =
		join_ids(&diff->arena, organisations, &diff->organisations);

	if (err == ALM_OK) {
		err = join_ids(&diff->arena, purposes, &diff->purposes);
	}
	if (err == ALM_OK) {
		err = join_ids(&diff->arena, categories, &diff->categories);
	}
	for (int s = 0; s < 2 && err == ALM_OK; s++) {
		err = alm_side_number(&sides[s], diff->organisations.numbers[s],
			diff->organisations.count, &diff->arena);
	}
	diff->set_words = diff->organisations.count / 64 + 1;
	return err;
}

/* --- prohibitions -------------------------------------------------------- */

static bool prohibition_differs(const struct alm_bundle_prohibition *a,
	const struct alm_bundle_prohibition *b)
{
	return alm_diff_words_differ(a->from, b->from) ||
	       alm_diff_words_differ(a->to, b->to) ||
	       alm_diff_words_differ(a->purposes, b->purposes) ||
	       alm_diff_words_differ(a->categories, b->categories) ||
	       a->at_or_above != b->at_or_above ||
	       a->de_identifies != b->de_identifies;
}

static enum alm_err read_prohibitions(struct alm_diff *diff, int s)
{
	const struct alm_side *side = &diff->sides[s];
	const struct alm_side *other = &diff->sides[1 - s];
	size_t count = side->bundle->prohibition_count;
	struct alm_diff_prohibition *items =
		alm_arena_take(&diff->arena, (count + 1) * sizeof(*items));

	if (items == NULL) {
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		const struct alm_bundle_prohibition *p =
			&side->bundle->prohibitions[i];
		size_t at = alm_index_find(&other->prohibitions, p->id.text);

		items[i] = (struct alm_diff_prohibition){
			.purposes =
				alm_side_denies(&side->purposes, p->purposes),
			.categories = alm_side_denies(
				&side->categories, p->categories),
			.at_or_above = p->at_or_above,
			.de_identifies = p->de_identifies,
			.is_changed = at == ALM_INDEX_NONE ||
				      prohibition_differs(p,
					      &other->bundle->prohibitions[at]),
		};
	}
	diff->prohibitions[s] = items;
	diff->prohibition_words[s] = count / 64 + 1;
	return ALM_OK;
}

static bool is_lifted(const struct alm_bundle_basis *basis, const char *id)
{
	for (size_t i = 0; i < basis->lifts.count; i++) {
		const char *text = basis->lifts.items[i].text;

		if (strncmp(text, "prohibition:", 12) == 0 &&
			strcmp(text + 12, id) == 0) {
			return true;
		}
	}
	return false;
}

/* --- bases --------------------------------------------------------------- */

static bool selects_dirty(
	const struct alm_diff *diff, int s, struct alm_words words)
{
	const struct alm_side *side = &diff->sides[s];

	for (size_t i = 0; diff->has_dirty && i < words.count; i++) {
		const char *text = words.items[i].text;
		bool is_dirty;

		if (strcmp(text, "any") == 0) {
			is_dirty = true;
		} else if (strncmp(text, "kind:", 5) == 0) {
			is_dirty = diff->is_kind_dirty[s][alm_index_find(
				&side->kinds, text + 5)];
		} else if (strncmp(text, "group:", 6) == 0) {
			is_dirty = diff->is_group_dirty[s][alm_index_find(
				&side->groups, text + 6)];
		} else {
			is_dirty = diff->is_dirty[side->numbers[alm_index_find(
				&side->organisations, text)]];
		}
		if (is_dirty) {
			return true;
		}
	}
	return false;
}

/* The masks of a basis in force; gives whether a prohibition that bears on
 * it changed. */
static bool read_rule(struct alm_diff *diff, int s,
	const struct alm_bundle_basis *basis, struct alm_diff_rule *out)
{
	const struct alm_side *side = &diff->sides[s];
	uint64_t *relevant = out->relevant;
	bool has_changed = false;

	*out = (struct alm_diff_rule){.relevant = relevant};
	memset(relevant, 0, diff->prohibition_words[s] * sizeof(*relevant));
	if (basis == NULL || !alm_side_is_in_force(side, basis)) {
		return false;
	}
	out->basis = basis;
	out->purposes = alm_side_permits(&side->purposes, basis->purposes);
	out->categories =
		alm_side_permits(&side->categories, basis->categories) &
		side->categories.leaves;
	for (size_t i = 0; i < side->bundle->prohibition_count; i++) {
		const struct alm_diff_prohibition *p =
			&diff->prohibitions[s][i];

		if ((p->purposes & out->purposes) != 0 &&
			(p->categories & out->categories) != 0 &&
			p->at_or_above <= basis->identifiability &&
			!is_lifted(
				basis, side->bundle->prohibitions[i].id.text)) {
			alm_set_add(relevant, (uint32_t)i);
			has_changed = has_changed || p->is_changed;
		}
	}
	return has_changed;
}

static enum alm_err run_one(struct alm_diff *diff,
	const struct alm_bundle_basis *const bases[2],
	struct alm_diff_rule rules[2], alm_diff_fn *take, void *context,
	struct alm_diff_totals *totals)
{
	bool differs = alm_diff_basis_differs(bases[0], bases[1]);
	bool is_reached = differs || diff->has_other_words;

	if (bases[0] == NULL) {
		totals->bases_added++;
	} else if (bases[1] == NULL) {
		totals->bases_removed++;
	} else if (differs) {
		totals->bases_changed++;
	}
	for (int s = 0; s < 2; s++) {
		is_reached =
			read_rule(diff, s, bases[s], &rules[s]) || is_reached;
		if (bases[s] != NULL && !is_reached) {
			is_reached = selects_dirty(diff, s, bases[s]->from) ||
				     selects_dirty(diff, s, bases[s]->to);
		}
	}
	if (!is_reached || (rules[0].basis == NULL && rules[1].basis == NULL)) {
		return ALM_OK;
	}
	totals->bases_judged++;
	return alm_diff_judge(diff, rules, bases, take, context, totals);
}

enum alm_err alm_diff_run(struct alm_diff *diff, alm_diff_fn *take,
	void *context, struct alm_diff_totals *out_totals)
{
	const struct alm_index *a = &diff->sides[0].bases;
	const struct alm_index *b = &diff->sides[1].bases;
	struct alm_diff_rule rules[2];
	enum alm_err err = ALM_OK;
	size_t i = 0;
	size_t j = 0;

	*out_totals = (struct alm_diff_totals){.blocks = 0};
	for (int s = 0; s < 2; s++) {
		rules[s].relevant = alm_arena_take(
			&diff->arena, diff->prohibition_words[s] *
					      sizeof(*rules[s].relevant));
		if (rules[s].relevant == NULL) {
			return ALM_NOMEM;
		}
	}
	while (err == ALM_OK && (i < a->count || j < b->count)) {
		const struct alm_bundle_basis *bases[2] = {NULL, NULL};
		int order = i == a->count   ? 1
			    : j == b->count ? -1
					    : strcmp(a->items[i].word->text,
						      b->items[j].word->text);

		if (order <= 0) {
			bases[0] =
				&diff->sides[0]
					 .bundle->bases[a->items[i++].position];
		}
		if (order >= 0) {
			bases[1] =
				&diff->sides[1]
					 .bundle->bases[b->items[j++].position];
		}
		err = run_one(diff, bases, rules, take, context, out_totals);
	}
	return err;
}

/* --- opening ------------------------------------------------------------- */

enum alm_err alm_diff_open(const struct alm_bundle *before,
	const struct alm_bundle *after, int64_t at_s,
	struct alm_diff **out_diff)
{
	struct alm_diff *diff = calloc(1, sizeof(*diff));
	enum alm_err err;

	if (diff == NULL) {
		return ALM_NOMEM;
	}
	alm_arena_init(&diff->arena, ARENA_BYTES_MAX);
	alm_arena_init(&diff->scratch, ARENA_BYTES_MAX);
	err = alm_side_init(&diff->sides[0], before, at_s, &diff->arena);
	if (err == ALM_OK) {
		err = alm_side_init(&diff->sides[1], after, at_s, &diff->arena);
	}
	if (err == ALM_OK) {
		err = number_all(diff);
	}
	if (err == ALM_OK) {
		err = alm_diff_mark(diff);
	}
	for (int s = 0; s < 2 && err == ALM_OK; s++) {
		err = read_prohibitions(diff, s);
	}
	if (err == ALM_OK) {
		err = alm_diff_classify(diff);
	}
	if (err != ALM_OK) {
		alm_diff_close(diff);
		return err;
	}
	*out_diff = diff;
	return ALM_OK;
}

void alm_diff_close(struct alm_diff *diff)
{
	if (diff != NULL) {
		alm_arena_fini(&diff->arena);
		alm_arena_fini(&diff->scratch);
	}
	free(diff);
}

const char *alm_diff_organisation(const struct alm_diff *diff, uint32_t number)
{
	return diff->organisations.ids[number];
}

const char *alm_diff_purpose(const struct alm_diff *diff, unsigned number)
{
	return diff->purposes.ids[number];
}

const char *alm_diff_category(const struct alm_diff *diff, unsigned number)
{
	return diff->categories.ids[number];
}
