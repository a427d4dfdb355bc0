/*
 * Every rule that a test can reach has a mark: bases and prohibitions by their
 * position in the bundle, a lift by its place in the list of all lifts.
 */
#include "broker/policy/run_tests.h"

#include <stdio.h>
#include <string.h>

#include "broker/policy/index.h"
#include "lib/words.h"

struct running {
	const struct alm_bundle *bundle;
	struct alm_arena *arena;
	struct alm_index bases;
	struct alm_index prohibitions;
	bool *base_marks;
	bool *prohibition_marks;
	bool *lift_marks;
	const size_t *first_lifts; /* by basis */
	size_t lift_count;
};

/* --- marks ---------------------------------------------------------------- */

static bool prepare(struct running *r)
{
	const struct alm_bundle *b = r->bundle;
	size_t *firsts = alm_arena_take(
		r->arena, (b->basis_count + 1) * sizeof(*firsts));

	if (firsts == NULL) {
		return false;
	}
	for (size_t i = 0; i < b->basis_count; i++) {
		firsts[i] = r->lift_count;
		r->lift_count += b->bases[i].lifts.count;
	}
	r->first_lifts = firsts;
	r->base_marks = alm_arena_take(r->arena, b->basis_count + 1);
	r->prohibition_marks =
		alm_arena_take(r->arena, b->prohibition_count + 1);
	r->lift_marks = alm_arena_take(r->arena, r->lift_count + 1);
	return r->base_marks != NULL && r->prohibition_marks != NULL &&
	       r->lift_marks != NULL &&
	       (b->basis_count == 0 ||
		       alm_index_build(&r->bases, r->arena, &b->bases[0].id,
			       sizeof(b->bases[0]),
			       b->basis_count) == ALM_OK) &&
	       (b->prohibition_count == 0 ||
		       alm_index_build(&r->prohibitions, r->arena,
			       &b->prohibitions[0].id,
			       sizeof(b->prohibitions[0]),
			       b->prohibition_count) == ALM_OK);
}

static void mark_prohibition(struct running *r, const char *id)
{
	size_t at = alm_index_find(&r->prohibitions, id);

	if (at != ALM_INDEX_NONE) {
		r->prohibition_marks[at] = true;
	}
}

static void mark_lift(struct running *r, size_t basis, const char *lift)
{
	struct alm_words lifts = r->bundle->bases[basis].lifts;

	for (size_t i = 0; i < lifts.count; i++) {
		if (strcmp(lifts.items[i].text, lift) == 0) {
			r->lift_marks[r->first_lifts[basis] + i] = true;
		}
	}
	if (strncmp(lift, "prohibition:", 12) == 0) {
		mark_prohibition(r, lift + 12);
	}
}

static void mark(struct running *r, const struct alm_decision *decision)
{
	size_t basis = decision->basis == NULL
			       ? ALM_INDEX_NONE
			       : alm_index_find(&r->bases, decision->basis);

	if (basis == ALM_INDEX_NONE) {
		return;
	}
	r->base_marks[basis] = true;
	for (size_t i = 0; i < decision->prohibitions.count; i++) {
		mark_prohibition(r, decision->prohibitions.items[i]);
	}
	for (size_t i = 0; i < decision->lifts.count; i++) {
		mark_lift(r, basis, decision->lifts.items[i]);
	}
}

/* --- tests ---------------------------------------------------------------- */

static struct alm_test_outcome judge(
	const struct alm_bundle_test *test, const struct alm_decision *decision)
{
	return (struct alm_test_outcome){
		.test = test,
		.has_passed =
			decision->effect == test->effect &&
			(!test->has_code || decision->code == test->code) &&
			(test->basis == NULL ||
				(decision->basis != NULL &&
					strcmp(decision->basis, test->basis) ==
						0)),
		.effect = decision->effect,
		.code = decision->code,
		.basis = decision->basis,
	};
}

static enum alm_err run_all(struct running *r, const struct alm_world *world,
	const struct alm_bundle_tests *tests, struct alm_test_report *report)
{
	struct alm_test_outcome *outcomes = alm_arena_take(
		r->arena, (tests->count + 1) * sizeof(*outcomes));
	struct alm_scratch *scratch = alm_scratch_new(world->snapshot);

	if (outcomes == NULL || scratch == NULL) {
		alm_scratch_free(scratch);
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < tests->count; i++) {
		const struct alm_bundle_test *test = &tests->items[i];
		struct alm_decision decision;

		alm_decide(world, &test->person, &test->request, test->at_s,
			scratch, &decision);
		mark(r, &decision);
		outcomes[i] = judge(test, &decision);
		report->failed += outcomes[i].has_passed ? 0 : 1;
	}
	alm_scratch_free(scratch);
	report->outcomes = outcomes;
	report->count = tests->count;
	return ALM_OK;
}

/* --- coverage ------------------------------------------------------------- */

static enum alm_err list_unreached(
	const struct running *r, struct alm_test_report *report)
{
	const struct alm_bundle *b = r->bundle;
	size_t all = b->basis_count + b->prohibition_count + r->lift_count;
	struct alm_unreached *items =
		alm_arena_take(r->arena, (all + 1) * sizeof(*items));
	size_t count = 0;

	if (items == NULL) {
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < b->basis_count; i++) {
		if (!r->base_marks[i]) {
			items[count++] = (struct alm_unreached){
				ALM_UNREACHED_BASIS, b->bases[i].id.place,
				b->bases[i].id.text, NULL};
		}
	}
	for (size_t i = 0; i < b->prohibition_count; i++) {
		if (!r->prohibition_marks[i]) {
			items[count++] = (struct alm_unreached){
				ALM_UNREACHED_PROHIBITION,
				b->prohibitions[i].id.place,
				b->prohibitions[i].id.text, NULL};
		}
	}
	for (size_t i = 0; i < b->basis_count; i++) {
		const struct alm_bundle_basis *basis = &b->bases[i];

		for (size_t j = 0; j < basis->lifts.count; j++) {
			if (!r->lift_marks[r->first_lifts[i] + j]) {
				items[count++] = (struct alm_unreached){
					ALM_UNREACHED_LIFT,
					basis->lifts.items[j].place,
					basis->id.text,
					basis->lifts.items[j].text};
			}
		}
	}
	report->unreached = items;
	report->unreached_count = count;
	report->rule_count = all;
	return ALM_OK;
}

enum alm_err alm_tests_run(const struct alm_bundle *bundle,
	const struct alm_snapshot *snapshot,
	const struct alm_bundle_tests *tests, int64_t opt_out_age_max_s,
	struct alm_arena *arena, struct alm_test_report *out_report)
{
	const struct alm_world world = {
		.snapshot = snapshot, .opt_out_age_max_s = opt_out_age_max_s};
	struct running r = {.bundle = bundle, .arena = arena};
	struct alm_test_report report = {.count = 0};
	enum alm_err err = prepare(&r) ? ALM_OK : ALM_NOMEM;

	if (err == ALM_OK) {
		err = run_all(&r, &world, tests, &report);
	}
	if (err == ALM_OK) {
		err = list_unreached(&r, &report);
	}
	if (err == ALM_OK) {
		*out_report = report;
	}
	return err;
}

/* --- words ---------------------------------------------------------------- */

void alm_test_text(
	const struct alm_test_outcome *outcome, char out[ALM_TEST_TEXT_BYTES])
{
	const struct alm_bundle_test *test = outcome->test;
	char code[8] = "";

	if (test->has_code) {
		(void)snprintf(code, sizeof(code), " %u", test->code % 1000);
	}
	(void)snprintf(out, ALM_TEST_TEXT_BYTES,
		"expected %s%s%s%s, decided %s %u%s%s",
		alm_effect_word(test->effect), code,
		test->basis != NULL ? " by " : "",
		test->basis != NULL ? test->basis : "",
		alm_effect_word(outcome->effect), outcome->code,
		outcome->basis != NULL ? " by " : "",
		outcome->basis != NULL ? outcome->basis : "");
}

enum alm_err alm_tests_problem(
	const struct alm_test_report *report, struct alm_problem *problem)
{
	char text[ALM_TEST_TEXT_BYTES];

	for (size_t i = 0; i < report->count; i++) {
		const struct alm_test_outcome *outcome = &report->outcomes[i];

		if (!outcome->has_passed) {
			alm_test_text(outcome, text);
			return alm_problem_set(problem, ALM_TEST_FAILED,
				"%s:%u:%u: '%.128s': %s",
				outcome->test->place.file,
				outcome->test->place.line,
				outcome->test->place.column,
				outcome->test->name, text);
		}
	}
	return ALM_OK;
}

const char *alm_unreached_name(enum alm_unreached_kind kind)
{
	switch (kind) {
	case ALM_UNREACHED_BASIS:
		return "basis";
	case ALM_UNREACHED_PROHIBITION:
		return "prohibition";
	case ALM_UNREACHED_LIFT:
		return "lift";
	}
	return "";
}
