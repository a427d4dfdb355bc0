/* test_who.c - who may receive, at which level, and what a basis wants. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "broker/policy/load.h"
#include "broker/policy/who.h"

/* 2026-03-01T09:00:00Z */
#define NOW_S INT64_C(1772355600)

#define TERMS(terms) \
	terms ", law: {article-6: a, article-9: b, confidentiality: c}, " \
	      "evidence: [E], approved-by: [g], valid: 2026-01-01 to " \
	      "2026-06-30}\n"

static const char policy[] =
	"almoner: 1\nbundle: t\n"
	"kinds: [trust, gp-practice, board, charity]\npurposes:\n"
	"  - {id: care, class: care, recipients: [any]}\n"
	"  - {id: plan, class: secondary, recipients: [board, charity]}\n"
	"categories: [{id: notes}, {id: mind}, {id: talk, under: mind}, "
	"{id: crisis, under: mind}, {id: gender}]\norganisations:\n"
	"  - {id: RX1, name: T, kind: trust}\n"
	"  - {id: RX2, name: T, kind: trust, status: suspended}\n"
	"  - {id: C81, name: P, kind: gp-practice}\n"
	"  - {id: QT1, name: B, kind: board}\n"
	"  - {id: CH1, name: H, kind: charity}\n"
	"prohibitions:\n"
	"  - {id: NEVER, title: N, from: [any], to: [any], purposes: [any], "
	"categories: [gender], at-or-above: pseudonymised, then: withhold}\n"
	"agreements:\n"
	/* clang-format off */
	TERMS("  - {id: CARE, title: T, from: [RX1], to: [C81, RX2], "
		"purposes: [care], categories: [any], identifiability: "
		"identifiable, relationship: required, consent: implied, "
		"opt-out: not-applicable, obligations: [b, a]")
	TERMS("  - {id: CARE-2, title: T, from: [RX1], to: [C81], purposes: "
		"[care], categories: [talk], identifiability: pseudonymised, "
		"relationship: not-required, consent: implied, opt-out: "
		"not-applicable")
	TERMS("  - {id: PLAN, title: T, from: [any], to: [any], purposes: "
		"[plan], categories: [notes, gender], identifiability: "
		"pseudonymised, relationship: not-required, consent: required, "
		"opt-out: applies, smallest-group: 5")
	TERMS("  - {id: COUNT, title: T, from: [QT1], to: [CH1], purposes: "
		"[care], categories: [notes], identifiability: aggregate, "
		"relationship: required, consent: implied, opt-out: "
		"not-applicable");
/* clang-format on */

static struct alm_arena arena;
static char said[4096];

static void take(void *context, const struct alm_who_answer *answer)
{
	size_t used = strlen(said);

	(void)context;
	(void)snprintf(said + used, sizeof(said) - used, "%s %s %s %d%s%s%s%s",
		answer->recipient->id.text, answer->category, answer->basis,
		(int)answer->level,
		answer->needs_relationship ? " relationship" : "",
		answer->needs_consent ? " consent" : "",
		answer->needs_opt_out_clear ? " opt-out" : "",
		answer->must_name_basis ? " named" : "");
	used = strlen(said);
	(void)snprintf(said + used, sizeof(said) - used, " %u/%zu\n",
		answer->smallest_group, answer->obligations.count);
}

static enum alm_err ask(const char *from, const char *purpose,
	const char *category, int64_t t_s, struct alm_problem *problem)
{
	static struct alm_diagnostics found;
	static struct alm_bundle bundle;
	static struct alm_snapshot *snapshot;
	const struct alm_bundle_source file = {
		"b.yaml", {(const uint8_t *)policy, sizeof(policy) - 1}};
	enum alm_err err;

	alm_arena_init(&arena, 64 << 20);
	alm_diagnostics_init(&found, &arena);
	cr_assert_eq(alm_bundle_load(&file, 1, &arena, &found, &bundle, NULL),
		ALM_OK, "%u:%u %s", found.items[0].place.line,
		found.items[0].place.column, found.items[0].message);
	snapshot = alm_snapshot_compile(&bundle);
	said[0] = '\0';
	err = alm_who_find(&(struct alm_who_question){&bundle, snapshot, from,
				   purpose, category, t_s},
		take, NULL, problem);
	alm_snapshot_free(snapshot);
	alm_arena_fini(&arena);
	return err;
}

static void expect(const char *from, const char *purpose, const char *category,
	int64_t t_s, const char *want)
{
	cr_assert_eq(ask(from, purpose, category, t_s, NULL), ALM_OK);
	cr_expect_str_eq(said, want, "got:\n%swant:\n%s", said, want);
}

Test(who, tells_recipient_basis_level_and_what_is_wanted)
{
	expect("RX1", "care", "notes", NOW_S,
		"C81 notes CARE 4 relationship 0/2\n");
	expect("RX1", "plan", "notes", NOW_S,
		"QT1 notes PLAN 3 consent opt-out 5/0\n"
		"CH1 notes PLAN 3 consent opt-out 5/0\n");
	expect("QT1", "care", "notes", NOW_S, "CH1 notes COUNT 1 0/0\n");
	expect("C81", "care", "notes", NOW_S, "");
}

Test(who, takes_a_category_for_its_narrower_ones)
{
	expect("RX1", "care", "mind", NOW_S,
		"C81 talk CARE 4 relationship named 0/2\n"
		"C81 talk CARE-2 3 named 0/0\n"
		"C81 crisis CARE 4 relationship 0/2\n");
}

Test(who, finds_the_level_below_a_prohibition)
{
	expect("RX1", "plan", "gender", NOW_S,
		"QT1 gender PLAN 2 5/0\nCH1 gender PLAN 2 5/0\n");
}

Test(who, judges_at_the_instant)
{
	expect("RX1", "care", "notes", NOW_S + INT64_C(200) * 86400, "");
}

Test(who, names_the_nearest_of_an_unknown_word)
{
	struct alm_problem problem;

	cr_assert_eq(
		ask("RX3", "care", "notes", NOW_S, &problem), ALM_NOT_FOUND);
	cr_expect_str_eq(problem.detail, "'RX3' is not an organisation of this "
					 "bundle; did you mean 'RX1'?");
	cr_assert_eq(
		ask("RX1", "crae", "notes", NOW_S, &problem), ALM_NOT_FOUND);
	cr_expect_not_null(strstr(problem.detail, "'care'"));
	cr_assert_eq(ask("RX1", "care", "xyz", NOW_S, &problem), ALM_NOT_FOUND);
	cr_expect_str_eq(
		problem.detail, "'xyz' is not a category of this bundle");
}
