/*
 * Each basis becomes masks over kinds, purposes and leaf categories, and sets
 * of organisations it selects; warnings are questions about those.
 */
#include "broker/policy/lint.h"

#include <stdlib.h>
#include <string.h>

#include "broker/policy/index.h"
#include "lib/limits.h"

#define SOON_S (INT64_C(60) * 24 * 3600)

/* What one basis reaches, when it is valid and active. */
struct reach {
	const uint64_t *from; /* sets of organisations, by position */
	const uint64_t *to;
	uint64_t purposes;
	uint64_t categories; /* leaves */
};

struct linting {
	const struct alm_bundle *bundle;
	struct alm_arena *arena;
	struct alm_warnings *out;
	int64_t now_s;
	size_t words; /* of a set of organisations */
	struct alm_index organisations;
	struct alm_index groups;
	struct reach *reaches;
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
	}
	return "";
}

static void warn(struct linting *l, enum alm_warning_kind kind,
	const struct alm_bundle_basis *basis, const char *other)
{
	if (l->out->count == ALM_WARNINGS_MAX) {
		l->out->dropped++;
		return;
	}
	l->out->items[l->out->count++] = (struct alm_warning){
		kind, basis->id.place, basis->id.text, other};
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

static const struct alm_bundle_purpose *parent_of(
	const struct alm_bundle *bundle, const struct alm_bundle_purpose *p)
{
	for (size_t i = 0; p->under.text != NULL && i < bundle->purpose_count;
		i++) {
		if (strcmp(bundle->purposes[i].id.text, p->under.text) == 0) {
			return &bundle->purposes[i];
		}
	}
	return NULL;
}

static bool covers_purpose(const struct alm_bundle *bundle,
	const struct alm_bundle_basis *basis,
	const struct alm_bundle_purpose *purpose)
{
	for (;;) {
		if (has_word(basis->purposes, purpose->id.text)) {
			return true;
		}
		if (purpose->inherits_never) {
			return false;
		}
		if (parent_of(bundle, purpose) == NULL) {
			return has_word(basis->purposes, "any");
		}
		purpose = parent_of(bundle, purpose);
	}
}

static bool covers_category(const struct alm_bundle *bundle,
	const struct alm_bundle_basis *basis, size_t position)
{
	const char *id = bundle->categories[position].id.text;

	for (size_t i = 0; id != NULL && i < bundle->category_count;) {
		if (has_word(basis->categories, id)) {
			return true;
		}
		for (i = 0; strcmp(bundle->categories[i].id.text, id) != 0;) {
			i++;
		}
		id = bundle->categories[i].under.text;
		i = 0;
	}
	return has_word(basis->categories, "any");
}

static bool is_leaf(const struct alm_bundle *bundle, size_t position)
{
	const char *id = bundle->categories[position].id.text;

	for (size_t i = 0; i < bundle->category_count; i++) {
		const char *under = bundle->categories[i].under.text;

		if (under != NULL && strcmp(under, id) == 0) {
			return false;
		}
	}
	return true;
}

static void add(uint64_t *set, size_t position)
{
	set[position / 64] |= UINT64_C(1) << position % 64;
}

static void add_group(const struct linting *l, const char *id, uint64_t *set)
{
	size_t at = alm_index_find(&l->groups, id);
	const struct alm_bundle_group *group = &l->bundle->groups[at];

	for (size_t i = 0; i < group->member_count; i++) {
		add(set, alm_index_find(&l->organisations,
				 group->members[i].organisation.text));
	}
}

/* The organisations that the selectors name; NULL: memory is out. */
static uint64_t *select_all(const struct linting *l, struct alm_words words)
{
	const struct alm_bundle *bundle = l->bundle;
	uint64_t *set = alm_arena_take(l->arena, l->words * sizeof(*set));

	for (size_t w = 0; set != NULL && w < words.count; w++) {
		const char *text = words.items[w].text;
		bool is_any = strcmp(text, "any") == 0;
		bool is_kind = strncmp(text, "kind:", 5) == 0;

		if (strncmp(text, "group:", 6) == 0) {
			add_group(l, text + 6, set);
		} else if (!is_any && !is_kind) {
			add(set, alm_index_find(&l->organisations, text));
		}
		for (size_t i = 0;
			(is_any || is_kind) && i < bundle->organisation_count;
			i++) {
			if (is_any || strcmp(bundle->organisations[i].kind.text,
					      text + 5) == 0) {
				add(set, i);
			}
		}
	}
	return set;
}

/* Some pair of two active, different organisations under the ceiling. */
static bool has_pair(const struct linting *l, const struct reach *reach,
	const struct alm_bundle_purpose *purpose)
{
	size_t senders = 0;

	for (size_t w = 0; w < l->words; w++) {
		senders += (size_t)__builtin_popcountll(reach->from[w]);
	}
	for (size_t i = 0; i < l->bundle->organisation_count; i++) {
		const struct alm_bundle_organisation *to =
			&l->bundle->organisations[i];
		uint64_t bit = UINT64_C(1) << i % 64;
		size_t self = (reach->from[i / 64] & bit) != 0 ? 1 : 0;

		if ((reach->to[i / 64] & bit) != 0 && senders > self &&
			(has_word(purpose->recipients, "any") ||
				has_word(purpose->recipients, to->kind.text))) {
			return true;
		}
	}
	return false;
}

static bool fill_reach(struct linting *l, size_t position)
{
	const struct alm_bundle *bundle = l->bundle;
	const struct alm_bundle_basis *basis = &bundle->bases[position];
	struct reach *reach = &l->reaches[position];

	reach->from = select_all(l, basis->from);
	reach->to = select_all(l, basis->to);
	if (reach->from == NULL || reach->to == NULL) {
		return false;
	}
	for (size_t i = 0; i < bundle->purpose_count; i++) {
		if (covers_purpose(bundle, basis, &bundle->purposes[i]) &&
			has_pair(l, reach, &bundle->purposes[i])) {
			reach->purposes |= UINT64_C(1) << i;
		}
	}
	for (size_t i = 0; i < bundle->category_count; i++) {
		if (is_leaf(bundle, i) && covers_category(bundle, basis, i)) {
			reach->categories |= UINT64_C(1) << i;
		}
	}
	return true;
}

static void check_alone(struct linting *l, const struct alm_bundle_basis *b)
{
	if (b->valid.until_s <= l->now_s) {
		warn(l, ALM_WARN_EXPIRED, b, NULL);
	} else if (b->valid.until_s - l->now_s <= SOON_S) {
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
}

static bool meet(const uint64_t *a, const uint64_t *b, size_t words)
{
	for (size_t i = 0; i < words; i++) {
		if ((a[i] & b[i]) != 0) {
			return true;
		}
	}
	return false;
}

static bool holds_all(const uint64_t *a, const uint64_t *b, size_t words)
{
	for (size_t i = 0; i < words; i++) {
		if ((b[i] & ~a[i]) != 0) {
			return false;
		}
	}
	return true;
}

/* Whether `a` covers all that `b` does, at the same or a higher level. */
static bool shadows(const struct linting *l, size_t a, size_t b)
{
	const struct alm_bundle_basis *x = &l->bundle->bases[a];
	const struct alm_bundle_basis *y = &l->bundle->bases[b];
	const struct reach *rx = &l->reaches[a];
	const struct reach *ry = &l->reaches[b];

	return (ry->purposes & ~rx->purposes) == 0 &&
	       (ry->categories & ~rx->categories) == 0 &&
	       x->identifiability >= y->identifiability &&
	       x->valid.from_s <= y->valid.from_s &&
	       x->valid.until_s >= y->valid.until_s &&
	       holds_all(rx->from, ry->from, l->words) &&
	       holds_all(rx->to, ry->to, l->words);
}

static void check_pair(struct linting *l, size_t a, size_t b)
{
	const struct alm_bundle_basis *x = &l->bundle->bases[a];
	const struct alm_bundle_basis *y = &l->bundle->bases[b];
	const struct reach *rx = &l->reaches[a];
	const struct reach *ry = &l->reaches[b];

	if ((rx->purposes & ry->purposes) == 0 ||
		(rx->categories & ry->categories) == 0 ||
		x->status != ALM_STATUS_ACTIVE ||
		y->status != ALM_STATUS_ACTIVE ||
		x->valid.from_s >= y->valid.until_s ||
		y->valid.from_s >= x->valid.until_s ||
		!meet(rx->from, ry->from, l->words) ||
		!meet(rx->to, ry->to, l->words)) {
		return;
	}
	if (shadows(l, a, b)) {
		warn(l, ALM_WARN_SHADOWED, y, x->id.text);
	} else if (shadows(l, b, a)) {
		warn(l, ALM_WARN_SHADOWED, x, y->id.text);
	} else {
		warn(l, ALM_WARN_OVERLAPS, y, x->id.text);
	}
}

static bool prepare(struct linting *l, size_t count)
{
	const struct alm_bundle *bundle = l->bundle;

	if (alm_index_init(&l->organisations, l->arena,
		    bundle->organisation_count) != ALM_OK ||
		alm_index_init(&l->groups, l->arena, bundle->group_count) !=
			ALM_OK) {
		return false;
	}
	for (size_t i = 0; i < bundle->organisation_count; i++) {
		alm_index_add(
			&l->organisations, &bundle->organisations[i].id, i);
	}
	for (size_t i = 0; i < bundle->group_count; i++) {
		alm_index_add(&l->groups, &bundle->groups[i].id, i);
	}
	alm_index_sort(&l->organisations);
	alm_index_sort(&l->groups);
	l->words = bundle->organisation_count / 64 + 1;
	l->reaches =
		alm_arena_take(l->arena, (count + 1) * sizeof(*l->reaches));
	return l->reaches != NULL;
}

void alm_lint(const struct alm_bundle *bundle, struct alm_arena *arena,
	int64_t now_s, struct alm_warnings *out)
{
	struct linting l = {
		.bundle = bundle, .arena = arena, .out = out, .now_s = now_s};
	size_t count = bundle->basis_count < ALM_LINT_BASES_MAX
			       ? bundle->basis_count
			       : ALM_LINT_BASES_MAX;

	memset(out, 0, sizeof(*out));
	out->is_partial = count < bundle->basis_count;
	for (size_t i = 0; i < bundle->basis_count; i++) {
		check_alone(&l, &bundle->bases[i]);
	}
	if (!prepare(&l, count)) {
		out->is_partial = true;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (!fill_reach(&l, i)) {
			out->is_partial = true;
			return;
		}
		if (l.reaches[i].purposes == 0) {
			warn(&l, ALM_WARN_NEVER_FITS, &bundle->bases[i], NULL);
		}
		for (size_t j = 0; j < i; j++) {
			check_pair(&l, j, i);
		}
	}
}
