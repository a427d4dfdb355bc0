/*
 * A request is tried at each level from the highest down, until it goes.  What
 * it then needs is found by taking one thing away at a time and asking again.
 */
#include "broker/policy/who.h"

#include <stdlib.h>
#include <string.h>

#include "lib/limits.h"
#include "lib/nearest.h"

/* What is known of the person, or asserted of them. */
enum known {
	KNOWS_RELATIONSHIP = 1,
	KNOWS_CONSENT = 2,
	KNOWS_OPT_OUT = 4,
	KNOWS_ALL = 7,
};

#define SUBJECT "9990000018" /* a number that is nobody's */

struct asking {
	const struct alm_who_question *q;
	struct alm_scratch *scratch;
	alm_who_fn *take;
	void *context;
	const struct alm_bundle_organisation *recipient;
	const char *category;
	const char *candidates[ALM_BASES_MAX];
};

/* --- words ---------------------------------------------------------------- */

static enum alm_err find_word(const char *what, const char *word,
	const struct alm_word *first, size_t stride, size_t count,
	struct alm_problem *problem)
{
	const char *at = (const char *)first;
	struct alm_nearest nearest;

	alm_nearest_init(&nearest, word);
	for (size_t i = 0; i < count; i++, at += stride) {
		const char *text =
			((const struct alm_word *)(const void *)at)->text;

		if (strcmp(text, word) == 0) {
			return ALM_OK;
		}
		alm_nearest_offer(&nearest, text);
	}
	return alm_problem_set(problem, ALM_NOT_FOUND,
		"'%.64s' is not %s of this bundle%s%s%s", word, what,
		nearest.best != NULL ? "; did you mean '" : "",
		nearest.best != NULL ? nearest.best : "",
		nearest.best != NULL ? "'?" : "");
}

static enum alm_err check_words(
	const struct alm_who_question *q, struct alm_problem *problem)
{
	const struct alm_bundle *b = q->bundle;
	enum alm_err err = find_word("an organisation", q->from,
		&b->organisations->id, sizeof(*b->organisations),
		b->organisation_count, problem);

	if (err == ALM_OK) {
		err = find_word("a purpose", q->purpose, &b->purposes->id,
			sizeof(*b->purposes), b->purpose_count, problem);
	}
	if (err == ALM_OK) {
		err = find_word("a category", q->category, &b->categories->id,
			sizeof(*b->categories), b->category_count, problem);
	}
	return err;
}

static const struct alm_bundle_category *category_of(
	const struct alm_bundle *b, const char *id)
{
	for (size_t i = 0; id != NULL && i < b->category_count; i++) {
		if (strcmp(b->categories[i].id.text, id) == 0) {
			return &b->categories[i];
		}
	}
	return NULL;
}

static bool has_narrower(const struct alm_bundle *b, const char *id)
{
	for (size_t i = 0; i < b->category_count; i++) {
		const char *under = b->categories[i].under.text;

		if (under != NULL && strcmp(under, id) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_under(const struct alm_bundle *b,
	const struct alm_bundle_category *at, const char *id)
{
	for (; at != NULL; at = category_of(b, at->under.text)) {
		if (strcmp(at->id.text, id) == 0) {
			return true;
		}
	}
	return false;
}

/* --- one request ---------------------------------------------------------- */

static struct alm_request request_of(const struct asking *a, const char *basis,
	enum alm_level payload, unsigned known)
{
	bool has_subject = payload >= ALM_LEVEL_PSEUDONYMISED;

	return (struct alm_request){.id = "who",
		.from = a->q->from,
		.to = a->recipient->id.text,
		.purpose = a->q->purpose,
		.categories = &a->category,
		.category_count = 1,
		.has_payload = true,
		.payload = payload,
		.subject = has_subject ? SUBJECT : NULL,
		.basis = basis,
		.has_relationship = (known & KNOWS_RELATIONSHIP) != 0,
		.relationship_kind = "known",
		.relationship_ref = "known",
		.relationship_organisation = a->recipient->id.text};
}

/* Whether the request goes, with so much known. */
static bool goes(struct asking *a, const char *basis, enum alm_level payload,
	unsigned known, struct alm_decision *out)
{
	const struct alm_world world = {.snapshot = a->q->snapshot,
		.opt_out_age_max_s = ALM_OPT_OUT_AGE_DEFAULT_S};
	const struct alm_request request = request_of(a, basis, payload, known);
	const char *const to = a->recipient->id.text;
	const struct alm_directive consent = {.id = "known",
		.authority = "known",
		.scope = "known",
		.effect = ALM_WORD_PERMIT,
		.recorded_s = a->q->t_s,
		.purposes = {&a->q->purpose, 1},
		.categories = {&a->category, 1},
		.to = {&to, 1},
		.valid = {INT64_MIN, ALM_INSTANT_NEVER}};
	const struct alm_opt_out clear = {
		ALM_OPT_OUT_NATIONAL, false, a->q->t_s, a->q->t_s};
	const struct alm_person person = {.directives = &consent,
		.directive_count = (known & KNOWS_CONSENT) != 0 ? 1 : 0,
		.opt_outs = &clear,
		.opt_out_count = (known & KNOWS_OPT_OUT) != 0 ? 1 : 0};

	alm_decide(&world, &person, &request, a->q->t_s, a->scratch, out);
	return out->effect != ALM_EFFECT_DENY;
}

static bool needs(struct asking *a, const char *basis, enum alm_level payload,
	unsigned known)
{
	struct alm_decision decision;

	return !goes(a, basis, payload, KNOWS_ALL & ~known, &decision);
}

/* True if it goes; else the last decision is in `out`. */
static bool answer(struct asking *a, const char *basis, bool must_name,
	struct alm_decision *out)
{
	for (int i = ALM_LEVEL_IDENTIFIABLE; i >= ALM_LEVEL_AGGREGATE; i--) {
		enum alm_level payload = (enum alm_level)i;
		struct alm_who_answer found = {.recipient = a->recipient,
			.category = a->category,
			.must_name_basis = must_name};

		if (!goes(a, basis, payload, KNOWS_ALL, out)) {
			if (out->basis == NULL) {
				return false;
			}
			continue;
		}
		found.basis = out->basis;
		found.level = out->level;
		found.smallest_group = out->smallest_group;
		found.obligations = out->obligations;
		found.needs_relationship =
			needs(a, basis, payload, KNOWS_RELATIONSHIP);
		found.needs_consent = needs(a, basis, payload, KNOWS_CONSENT);
		found.needs_opt_out_clear =
			needs(a, basis, payload, KNOWS_OPT_OUT);
		a->take(a->context, &found);
		return true;
	}
	return false;
}

/* Several bases: each is asked, named. */
static void answer_all(struct asking *a)
{
	struct alm_decision decision;
	size_t count;

	if (answer(a, NULL, false, &decision)) {
		return;
	}
	count = decision.candidates.count;
	if (count > 0) {
		/* The next decision takes the list's memory. */
		memcpy(a->candidates, decision.candidates.items,
			count * sizeof(a->candidates[0]));
	}
	for (size_t i = 0; i < count; i++) {
		(void)answer(a, a->candidates[i], true, &decision);
	}
}

enum alm_err alm_who_find(const struct alm_who_question *question,
	alm_who_fn *take, void *context, struct alm_problem *problem)
{
	const struct alm_bundle *b = question->bundle;
	struct asking *a;
	enum alm_err err = check_words(question, problem);

	if (err != ALM_OK) {
		return err;
	}
	a = calloc(1, sizeof(*a));
	if (a == NULL) {
		return ALM_NOMEM;
	}
	*a = (struct asking){.q = question, .take = take, .context = context};
	a->scratch = alm_scratch_new(question->snapshot);
	if (a->scratch == NULL) {
		err = ALM_NOMEM;
	}
	for (size_t i = 0; err == ALM_OK && i < b->organisation_count; i++) {
		a->recipient = &b->organisations[i];
		for (size_t j = 0; j < b->category_count; j++) {
			const struct alm_bundle_category *at =
				&b->categories[j];

			a->category = at->id.text;
			if (is_under(b, at, question->category) &&
				!has_narrower(b, at->id.text)) {
				answer_all(a);
			}
		}
	}
	alm_scratch_free(a->scratch);
	free(a);
	return err;
}
