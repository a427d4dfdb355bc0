/* test_run_tests.c - the tests in a bundle, and what none of them reached. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "broker/policy/run_tests.h"

#define HEAD \
	"almoner: 1\nbundle: t\nkinds: [trust, gp-practice]\npurposes:\n" \
	"  - {id: care, class: care, recipients: [any]}\n" \
	"  - {id: plan, class: secondary, recipients: [any]}\n" \
	"categories: [{id: notes}, {id: mind}]\norganisations:\n" \
	"  - {id: A, name: A, kind: gp-practice}\n" \
	"  - {id: B, name: B, kind: trust}\nprohibitions:\n" \
	"  - {id: P-1, title: P, from: [any], to: [any], purposes: [any],\n" \
	"     categories: [mind], at-or-above: pseudonymised, then: " \
	"withhold}\n"
#define BASIS(id, from, purpose, rest) \
	"  - {id: " id ", title: T, from: [" from "], to: [any],\n" \
	"     purposes: [" purpose "], categories: [any], identifiability: " \
	"identifiable,\n     relationship: not-required, consent: " \
	"not-required, opt-out: exempt:E,\n     law: {article-6: a, " \
	"article-9: b, confidentiality: c}, evidence: [E],\n     " \
	"approved-by: [g], valid: 2026-01-01 to 2026-12-31" rest "}\n"
#define RULES \
	HEAD "agreements:\n" BASIS("DSA-1", "A", "care", "") BASIS( \
		"DSA-2", "B", "care", "") "mandates:\n" BASIS("LAW-1", "A", \
		"plan", ", lifts: [objection, type-1, 'prohibition:P-1']")
#define TEST(purpose, category, person, expect) \
	"  - name: one\n    request: {at: '2026-03-01T09:00:00Z', from: A, " \
	"to: B,\n      purpose: " purpose ", categories: [" category "], " \
	"payload: identifiable,\n      subject: 9990000018}\n    expect: " \
	"{" expect "}\n" person
#define OBJECTION \
	"    person: [{type: opt-out, list: type-1, state: objected,\n" \
	"      as-of: '2026-01-01T00:00:00Z', recorded: " \
	"'2026-01-01T00:00:00Z'}]\n"

static struct alm_arena arena;
static struct alm_snapshot *snapshot;
static struct alm_test_report report;

static void run_aged(const char *text, int64_t age_max_s)
{
	const struct alm_bundle_source file = {
		"b.yaml", {(const uint8_t *)text, strlen(text)}};
	static struct alm_diagnostics found;
	static struct alm_bundle bundle;
	struct alm_bundle_tests tests;

	alm_arena_fini(&arena);
	alm_arena_init(&arena, 64 << 20);
	alm_diagnostics_init(&found, &arena);
	cr_assert_eq(alm_bundle_load(&file, 1, &arena, &found, &bundle, &tests),
		ALM_OK, "%u: %s", found.items[0].place.line,
		found.items[0].message);
	alm_snapshot_free(snapshot);
	snapshot = alm_snapshot_compile(&bundle);
	cr_assert_not_null(snapshot);
	cr_assert_eq(alm_tests_run(&bundle, snapshot, &tests, age_max_s, &arena,
			     &report),
		ALM_OK);
}

static void run(const char *text)
{
	run_aged(text, ALM_OPT_OUT_AGE_DEFAULT_S);
}

static void give_back(void)
{
	alm_snapshot_free(snapshot);
	alm_arena_fini(&arena);
}

TestSuite(run_tests, .fini = give_back);

static void expect_unreached(size_t i, const char *kind, const char *id,
	const char *lift, unsigned line)
{
	const struct alm_unreached *at = &report.unreached[i];

	cr_assert_lt(i, report.unreached_count);
	cr_expect_str_eq(alm_unreached_name(at->kind), kind);
	cr_expect_str_eq(at->id, id);
	cr_expect_str_eq(at->lift == NULL ? "" : at->lift, lift);
	cr_expect_eq(at->place.line, line, "%s: %u", id, at->place.line);
}

Test(run_tests, passes_without_tests_and_has_reached_nothing)
{
	run(RULES);
	cr_expect_eq(report.count, 0);
	cr_expect_eq(alm_tests_problem(&report, NULL), ALM_OK);
	cr_expect_eq(report.rule_count, 7);
	cr_assert_eq(report.unreached_count, 7);
	expect_unreached(0, "basis", "DSA-1", "", 15);
	expect_unreached(2, "basis", "LAW-1", "", 26);
	expect_unreached(3, "prohibition", "P-1", "", 12);
	expect_unreached(4, "lift", "LAW-1", "objection", 30);
	expect_unreached(6, "lift", "LAW-1", "prohibition:P-1", 30);
}

Test(run_tests, judges_effect_code_and_basis)
{
	static const struct {
		const char *expect;
		const char *says; /* NULL: it passes */
	} rows[] = {
		{"effect: permit", NULL},
		{"effect: permit, code: 0, basis: DSA-1", NULL},
		{"effect: deny", "b.yaml:32:5: 'one': expected deny, decided "
				 "permit 0 by DSA-1"},
		{"effect: permit, code: 1",
			"b.yaml:32:5: 'one': expected permit 1, decided "
			"permit 0 by DSA-1"},
		{"effect: permit, basis: DSA-2",
			"b.yaml:32:5: 'one': expected permit by DSA-2, decided "
			"permit 0 by DSA-1"},
	};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		struct alm_problem problem = {ALM_OK, ""};
		char text[4096];

		(void)snprintf(text, sizeof(text), RULES "tests:\n%s%s%s",
			TEST("care", "notes", "", "#"), "", "");
		cr_assert_not_null(strchr(text, '#'));
		(void)snprintf(strchr(text, '#'), 128, "%s}\n", rows[i].expect);
		run(text);
		cr_assert_eq(report.count, 1);
		cr_expect_eq(report.failed, rows[i].says == NULL ? 0 : 1);
		cr_expect_eq(alm_tests_problem(&report, &problem),
			rows[i].says == NULL ? ALM_OK : ALM_TEST_FAILED);
		cr_expect_str_eq(problem.detail,
			rows[i].says == NULL ? "" : rows[i].says);
	}
}

Test(run_tests, counts_a_prohibition_as_reached_whether_lifted_or_not)
{
	run(RULES "tests:\n" TEST(
		"care", "mind", "", "effect: deny, code: 403, basis: DSA-1"));
	cr_expect_eq(report.failed, 0);
	cr_assert_eq(report.unreached_count, 5);
	expect_unreached(0, "basis", "DSA-2", "", 20);
	expect_unreached(2, "lift", "LAW-1", "objection", 30);

	run(RULES "tests:\n" TEST(
		"plan", "mind", OBJECTION, "effect: permit, basis: LAW-1"));
	cr_expect_eq(report.failed, 0);
	cr_assert_eq(report.unreached_count, 3);
	expect_unreached(0, "basis", "DSA-1", "", 15);
	expect_unreached(1, "basis", "DSA-2", "", 20);
	expect_unreached(2, "lift", "LAW-1", "objection", 30);
}

Test(run_tests, counts_failures_and_names_the_first)
{
	struct alm_problem problem;

	run(RULES "tests:\n" TEST("care", "notes", "", "effect: permit")
			TEST("plan", "notes", "", "effect: deny")
				TEST("nope", "notes", "", "effect: permit"));
	cr_expect_eq(report.count, 3);
	cr_expect_eq(report.failed, 2);
	cr_expect(report.outcomes[0].has_passed);
	cr_expect_eq(report.outcomes[2].code, 103);
	cr_expect_null(report.outcomes[2].basis);
	cr_assert_eq(alm_tests_problem(&report, &problem), ALM_TEST_FAILED);
	cr_expect_not_null(strstr(problem.detail, "b.yaml:37:5: 'one'"), "%s",
		problem.detail);
}

Test(run_tests, takes_the_age_of_an_opt_out_check_from_the_caller)
{
	static const char text[] = HEAD
		"agreements:\n  - {id: D, title: T, from: [A], to: [B],\n"
		"     purposes: [plan], categories: [any], "
		"identifiability: identifiable,\n     relationship: "
		"not-required, consent: not-required, opt-out: applies,\n"
		"     law: {article-6: a, article-9: b, confidentiality: "
		"c}, evidence: [E],\n     approved-by: [g], valid: "
		"2026-01-01 to 2026-12-31}\ntests:\n" TEST("plan", "notes",
			"    person: [{type: opt-out, list: national, state: "
			"clear,\n      as-of: '2026-02-01T09:00:00Z', "
			"recorded: '2026-02-01T09:00:00Z'}]\n",
			"effect: permit");

	run_aged(text, INT64_C(28) * 86400);
	cr_expect_eq(report.failed, 0);
	run_aged(text, INT64_C(28) * 86400 - 1);
	cr_expect_eq(report.failed, 1);
	cr_expect_eq(report.outcomes[0].code, 412);
}

Test(run_tests, fails_cleanly_when_the_arena_is_full)
{
	static const char text[] =
		RULES "tests:\n" TEST("care", "notes", "", "effect: permit");
	const struct alm_bundle_source file = {
		"b.yaml", {(const uint8_t *)text, strlen(text)}};
	static struct alm_diagnostics found;
	struct alm_bundle bundle;
	struct alm_bundle_tests tests;
	struct alm_arena small;

	alm_arena_init(&arena, 64 << 20);
	alm_diagnostics_init(&found, &arena);
	cr_assert_eq(alm_bundle_load(&file, 1, &arena, &found, &bundle, &tests),
		ALM_OK);
	snapshot = alm_snapshot_compile(&bundle);
	for (size_t bytes = 0; bytes < 2048; bytes += 32) {
		enum alm_err err;

		alm_arena_init(&small, bytes);
		err = alm_tests_run(
			&bundle, snapshot, &tests, 0, &small, &report);
		cr_expect(err == ALM_OK || err == ALM_NOMEM, "%zu", bytes);
		alm_arena_fini(&small);
	}
}
