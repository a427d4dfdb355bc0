/* Warnings about one rule; overlap.c finds pairs, reach.c whom rules reach. */
#include "broker/policy/lint.h"

#include <stdlib.h>
#include <string.h>

#include "broker/policy/overlap.h"
#include "broker/policy/reach.h"
#include "lib/limits.h"

struct linting {
	const struct alm_bundle *bundle;
	struct alm_warnings *out;
	int64_t now_s;
	struct alm_reaches all;
	struct alm_reach *reaches; /* by basis */
};

const char *alm_warning_name(enum alm_warning_kind kind)
{
	switch (kind) {
	case ALM_WARN_NEVER_FITS:
		return "never-fits";
	case ALM_WARN_SHADOWED:
		return "shadowed";
	case ALM_WARN_OVERLAPS:
		return "overlaps";
	case ALM_WARN_EXPIRED:
		return "expired";
	case ALM_WARN_EXPIRES_SOON:
		return "expires-soon";
	case ALM_WARN_UNLIMITED:
		return "unlimited-recipient";
	case ALM_WARN_EXEMPT_UNPROVEN:
		return "exempt-without-reason";
	case ALM_WARN_REVIEW_DUE:
		return "review-due";
	case ALM_WARN_EXCEPTION_WIDER:
		return "exception-wider";
	case ALM_WARN_WORD_LACKING:
		return "word-lacking";
	}
	return "";
}

static bool has_room(const struct linting *l)
{
	return l->out->count < ALM_WARNINGS_MAX;
}

static void add(struct linting *l, struct alm_warning warning)
{
	if (!has_room(l)) {
		l->out->dropped++;
		return;
	}
	l->out->items[l->out->count++] = warning;
}

static void warn(struct linting *l, enum alm_warning_kind kind,
	const struct alm_bundle_basis *basis, const char *other)
{
	add(l, (struct alm_warning){
		       kind, basis->id.place, basis->id.text, other});
}

static bool has_word(struct alm_words words, const char *text)
{
	for (size_t i = 0; i < words.count; i++) {
		if (strcmp(words.items[i].text, text) == 0) {
			return true;
		}
	}
	return false;
}

/* --- a basis alone -------------------------------------------------------- */

static void check_alone(struct linting *l, const struct alm_bundle_basis *b)
{
	struct alm_period review;

	if (b->valid.until_s <= l->now_s) {
		warn(l, ALM_WARN_EXPIRED, b, NULL);
	} else if (b->valid.until_s - l->now_s <= ALM_EXPIRES_SOON_S) {
		warn(l, ALM_WARN_EXPIRES_SOON, b, NULL);
	}
	if (b->identifiability >= ALM_LEVEL_PSEUDONYMISED &&
		has_word(b->to, "any")) {
		warn(l, ALM_WARN_UNLIMITED, b, NULL);
	}
	if (!b->is_mandate && b->opt_out == ALM_OPT_OUT_EXEMPT &&
		!has_word(b->evidence, b->opt_out_reason)) {
		warn(l, ALM_WARN_EXEMPT_UNPROVEN, b, NULL);
	}
	if (b->entry != NULL &&
		alm_day_parse(b->entry->review, &review) == ALM_OK &&
		review.until_s <= l->now_s) {
		warn(l, ALM_WARN_REVIEW_DUE, b, NULL);
	}
}

/* Whether two active, different organisations could use it, ever. */
static bool can_fit(struct linting *l, size_t position)
{
	static const uint32_t any = ALM_REACH_ANY;
	const struct alm_span all = {&any, 1};
	const struct alm_reach *reach = &l->reaches[position];
	const struct alm_period *valid = &l->bundle->bases[position].valid;
	struct alm_picked from =
		alm_reach_pick(&l->all, reach->from, all, valid, UINT64_MAX);
	struct alm_picked to = alm_reach_pick(&l->all, reach->to, all, valid,
		alm_reach_recipients(&l->all, reach->purposes));

	return alm_picked_differ(&from, &to);
}

static void check_fit(struct linting *l, size_t position)
{
	if (!can_fit(l, position)) {
		warn(l, ALM_WARN_NEVER_FITS, &l->bundle->bases[position], NULL);
		l->reaches[position].purposes = 0;
	}
}

/* --- pairs ---------------------------------------------------------------- */

static void check_pair(struct linting *l, const struct alm_overlap *pair)
{
	const struct alm_bundle_basis *first = &l->bundle->bases[pair->first];
	const struct alm_bundle_basis *second = &l->bundle->bases[pair->second];

	if (!has_room(l)) {
		l->out->dropped++;
	} else if (alm_overlap_is_shadow(
			   &l->all, l->reaches, pair->first, pair->second)) {
		warn(l, ALM_WARN_SHADOWED, second, first->id.text);
	} else if (alm_overlap_is_shadow(
			   &l->all, l->reaches, pair->second, pair->first)) {
		warn(l, ALM_WARN_SHADOWED, first, second->id.text);
	} else {
		warn(l, ALM_WARN_OVERLAPS, second, first->id.text);
	}
}

static void check_pairs(struct linting *l)
{
	struct alm_overlaps overlaps;

	alm_overlaps_find(&l->all, l->reaches, l->now_s, &overlaps);
	l->out->is_partial = overlaps.is_partial;
	for (size_t i = 0; i < overlaps.count; i++) {
		check_pair(l, &overlaps.items[i]);
	}
}

static bool prepare(struct linting *l, struct alm_arena *arena)
{
	const struct alm_bundle *b = l->bundle;

	if (!alm_reaches_init(&l->all, b, arena)) {
		return false;
	}
	l->reaches = alm_arena_take(
		arena, (b->basis_count + 1) * sizeof(*l->reaches));
	for (size_t i = 0; l->reaches != NULL && i < b->basis_count; i++) {
		if (!alm_reach_of_basis(
			    &l->all, &b->bases[i], &l->reaches[i])) {
			return false;
		}
	}
	return l->reaches != NULL;
}

/* --- directives ----------------------------------------------------------- */

/* What the words cover, read widely; those the bundle lacks are passed over,
 * or, of a denial, cover everything. */
static uint64_t cover(const struct alm_reach_covers *covers,
	const struct alm_index *index, struct alm_word_list words,
	bool is_denial)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < words.count; i++) {
		size_t at = alm_index_find(index, words.items[i]);

		if (at != ALM_INDEX_NONE) {
			mask |= covers->deny[at];
		} else if (is_denial || strcmp(words.items[i], "any") == 0) {
			mask |= covers->all;
		}
	}
	return mask;
}

/* In what the exception reaches further; NULL: in nothing. */
static const char *wider(struct linting *l, const struct alm_directive *d,
	const struct alm_directive_exception *e)
{
	static const struct alm_period always = {INT64_MIN, INT64_MAX};
	struct alm_reaches *r = &l->all;
	bool is_denial = d->effect == ALM_WORD_DENY;
	struct alm_span to;
	struct alm_span exception_to;

	if ((cover(&r->purposes, &r->purposes_index, e->purposes, false) &
		    ~cover(&r->purposes, &r->purposes_index, d->purposes,
			    is_denial)) != 0) {
		return "purposes";
	}
	if ((cover(&r->categories, &r->categories_index, e->categories, false) &
		    ~cover(&r->categories, &r->categories_index, d->categories,
			    is_denial)) != 0) {
		return "categories";
	}
	if (!alm_reach_keys(r, d->to.items, d->to.count, &to) ||
		!alm_reach_keys(r, e->to.items, e->to.count, &exception_to)) {
		l->out->is_partial = true;
		return NULL;
	}
	return (is_denial && to.count < d->to.count) ||
			       alm_reach_holds_all(r, to, exception_to, &always)
		       ? NULL
		       : "recipients";
}

/* A word of the list that the index lacks; NULL: it has all. */
static const char *lacking(
	const struct alm_index *index, struct alm_word_list words)
{
	for (size_t i = 0; i < words.count; i++) {
		if (strcmp(words.items[i], "any") != 0 &&
			alm_index_find(index, words.items[i]) ==
				ALM_INDEX_NONE) {
			return words.items[i];
		}
	}
	return NULL;
}

static const char *lacking_of(struct linting *l, struct alm_word_list purposes,
	struct alm_word_list categories, struct alm_word_list to)
{
	const char *word = lacking(&l->all.purposes_index, purposes);

	if (word == NULL) {
		word = lacking(&l->all.categories_index, categories);
	}
	for (size_t i = 0; word == NULL && i < to.count; i++) {
		if (!alm_reach_has_selector(&l->all, to.items[i])) {
			word = to.items[i];
		}
	}
	return word;
}

static void warn_of_directive(struct linting *l, enum alm_warning_kind kind,
	const struct alm_directive *directive, struct alm_place place,
	const char *other)
{
	if (other != NULL) {
		add(l, (struct alm_warning){kind, place, directive->id, other});
	}
}

static void check_directive(struct linting *l, const struct alm_directive *d,
	struct alm_place place)
{
	warn_of_directive(l, ALM_WARN_WORD_LACKING, d, place,
		lacking_of(l, d->purposes, d->categories, d->to));
	for (size_t i = 0; i < d->exception_count; i++) {
		const struct alm_directive_exception *e = &d->exceptions[i];

		warn_of_directive(l, ALM_WARN_WORD_LACKING, d, place,
			lacking_of(l, e->purposes, e->categories, e->to));
		warn_of_directive(
			l, ALM_WARN_EXCEPTION_WIDER, d, place, wider(l, d, e));
	}
}

static void check_directives(
	struct linting *l, const struct alm_placed_directives *directives)
{
	for (size_t i = 0; i < directives->count; i++) {
		check_directive(
			l, &directives->items[i], directives->places[i]);
	}
}

/* --- all of it ------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
	const struct alm_warning *x = a;
	const struct alm_warning *y = b;
	int order = alm_place_compare(&x->place, &y->place);

	if (order != 0) {
		return order;
	}
	if (x->kind != y->kind) {
		return x->kind < y->kind ? -1 : 1;
	}
	return x->other == NULL || y->other == NULL
		       ? 0
		       : strcmp(x->other, y->other);
}

void alm_lint(const struct alm_bundle *bundle,
	const struct alm_bundle_tests *tests, struct alm_arena *arena,
	int64_t now_s, struct alm_warnings *out)
{
	struct linting l = {.bundle = bundle, .out = out, .now_s = now_s};

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < bundle->basis_count; i++) {
		check_alone(&l, &bundle->bases[i]);
	}
	if (!prepare(&l, arena)) {
		out->is_partial = true;
		return;
	}
	for (size_t i = 0; tests != NULL && i < tests->count; i++) {
		const struct alm_bundle_test *test = &tests->items[i];

		check_directives(&l,
			&(struct alm_placed_directives){test->person.directives,
				test->directive_places,
				test->person.directive_count});
	}
	for (size_t i = 0; i < bundle->basis_count; i++) {
		check_fit(&l, i);
	}
	check_pairs(&l);
	qsort(out->items, out->count, sizeof(out->items[0]), compare);
}

void alm_lint_directives(const struct alm_bundle *bundle,
	const struct alm_placed_directives *directives, struct alm_arena *arena,
	struct alm_warnings *out)
{
	struct linting l = {.bundle = bundle, .out = out};

	if (!alm_reaches_init(&l.all, bundle, arena)) {
		out->is_partial = true;
		return;
	}
	check_directives(&l, directives);
	qsort(out->items, out->count, sizeof(out->items[0]), compare);
}
