/* test_lint.c - each warning is given where it is due, and only there. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "broker/policy/lint.h"
#include "broker/policy/load.h"

#define HEAD \
	"almoner: 1\nbundle: t\nkinds: [trust, practice]\n" \
	"purposes:\n  - {id: care, class: care, recipients: [practice]}\n" \
	"  - {id: plan, class: secondary, recipients: [any]}\n" \
	"categories: [{id: mind}, {id: talk, under: mind}, {id: notes}]\n" \
	"organisations:\n  - {id: A, name: A, kind: trust}\n" \
	"  - {id: B, name: B, kind: practice}\n" \
	"  - {id: C, name: C, kind: practice}\n" \
	"groups: [{id: g, members: [{organisation: C}]}]\nagreements:\n"
#define BASIS(id, from, to, purposes, categories, rest) \
	"  - {id: " id ", title: T, from: [" from "], to: [" to "],\n" \
	"     purposes: [" purposes "], categories: [" categories "],\n" \
	"     relationship: required, consent: not-required,\n" \
	"     law: {article-6: a, article-9: b, confidentiality: c},\n" \
	"     evidence: [E], approved-by: [g], " rest "}\n"
#define PLAIN \
	"identifiability: identifiable, opt-out: applies, valid: 2026-01-01 " \
	"until further notice"

/* 2026-03-01T09:00:00Z */
#define NOW_S INT64_C(1772355600)

static struct alm_arena arena;
static struct alm_diagnostics found;
static struct alm_warnings warnings;

static void lint(const char *text)
{
	const struct alm_bundle_source file = {
		"b.yaml", {(const uint8_t *)text, strlen(text)}};
	struct alm_bundle_tests tests;
	struct alm_bundle bundle;

	alm_arena_fini(&arena);
	alm_arena_init(&arena, 64 << 20);
	alm_diagnostics_init(&found, &arena);
	cr_assert_eq(alm_bundle_load(&file, 1, &arena, &found, &bundle, &tests),
		ALM_OK, "%u: %s", found.items[0].place.line,
		found.items[0].message);
	alm_lint(&bundle, &tests, &arena, NOW_S, &warnings);
}

static void expect_one(
	enum alm_warning_kind kind, const char *id, const char *other)
{
	cr_assert_eq(warnings.count, 1, "%zu warnings", warnings.count);
	cr_expect_eq(warnings.items[0].kind, kind, "%s",
		alm_warning_name(warnings.items[0].kind));
	cr_expect_str_eq(warnings.items[0].id, id);
	if (other == NULL) {
		cr_expect_null(warnings.items[0].other);
	} else {
		cr_expect_str_eq(warnings.items[0].other, other);
	}
}

static void give_back(void)
{
	alm_arena_fini(&arena);
}

TestSuite(lint, .fini = give_back);

Test(lint, is_silent_on_a_plain_agreement)
{
	lint(HEAD BASIS("X", "A", "kind:practice", "care", "notes",
		PLAIN) BASIS("Y", "A", "kind:practice", "care", "mind", PLAIN));
	cr_expect_eq(warnings.count, 0);
	cr_expect_not(warnings.is_partial);
}

Test(lint, finds_what_never_fits)
{
	lint(HEAD BASIS("X", "B", "A", "care", "notes", PLAIN));
	expect_one(ALM_WARN_NEVER_FITS, "X", NULL);
	lint(HEAD BASIS("X", "B", "B", "care", "notes", PLAIN));
	expect_one(ALM_WARN_NEVER_FITS, "X", NULL);
}

Test(lint, finds_what_is_shadowed)
{
	lint(HEAD BASIS("X", "A", "kind:practice", "any", "mind", PLAIN)
			BASIS("Y", "A", "group:g", "care", "talk", PLAIN));
	expect_one(ALM_WARN_SHADOWED, "Y", "X");
	lint(HEAD BASIS("X", "A", "C", "care", "talk", PLAIN)
			BASIS("Y", "any", "B, C", "care", "any", PLAIN));
	expect_one(ALM_WARN_SHADOWED, "X", "Y");
}

Test(lint, finds_what_would_have_to_be_named)
{
	lint(HEAD BASIS("X", "A", "C", "care", "any", PLAIN)
			BASIS("Y", "A", "B, C", "care", "talk", PLAIN));
	expect_one(ALM_WARN_OVERLAPS, "Y", "X");
}

Test(lint, takes_apart_what_does_not_meet)
{
	lint(HEAD BASIS("X", "A", "B", "care", "any", PLAIN)
			BASIS("Y", "A", "C", "care", "any", PLAIN)
				BASIS("Z", "A", "B", "plan", "any", PLAIN));
	cr_expect_eq(warnings.count, 0);
	lint(HEAD BASIS("X", "A", "B", "care", "any", PLAIN) BASIS(
		"Y", "A", "B", "care", "any", PLAIN ", status: suspended"));
	cr_expect_eq(warnings.count, 0);
}

Test(lint, judges_expiry_to_the_second)
{
	static const char *const texts[] = {
		HEAD BASIS("X", "A", "B", "care", "any",
			"identifiability: identifiable, opt-out: applies, "
			"valid: 2026-01-01 to 2026-02-28"),
		HEAD BASIS("X", "A", "B", "care", "any",
			"identifiability: identifiable, opt-out: applies, "
			"valid: 2026-01-01 to 2026-04-29"),
		HEAD BASIS("X", "A", "B", "care", "any",
			"identifiability: identifiable, opt-out: applies, "
			"valid: 2026-01-01 to 2026-04-30"),
	};

	lint(texts[0]);
	expect_one(ALM_WARN_EXPIRED, "X", NULL);
	lint(texts[1]);
	expect_one(ALM_WARN_EXPIRES_SOON, "X", NULL);
	lint(texts[2]);
	cr_expect_eq(warnings.count, 0);
}

Test(lint, tells_of_a_review_from_the_day_after)
{
	lint(HEAD BASIS("X", "A", "B", "care", "any",
		PLAIN ", register: {review: 2026-02-28}"));
	expect_one(ALM_WARN_REVIEW_DUE, "X", NULL);
	lint(HEAD BASIS("X", "A", "B", "care", "any",
		PLAIN ", register: {review: 2026-03-01}"));
	cr_expect_eq(warnings.count, 0);
}

Test(lint, finds_recipients_without_limit_and_exemptions_without_reason)
{
	lint(HEAD BASIS("X", "A", "any", "care", "any", PLAIN));
	expect_one(ALM_WARN_UNLIMITED, "X", NULL);
	lint(HEAD BASIS("X", "A", "B", "plan", "any",
		"identifiability: identifiable, opt-out: exempt:F, valid: "
		"2026-01-01 until further notice"));
	expect_one(ALM_WARN_EXEMPT_UNPROVEN, "X", NULL);
	lint(HEAD BASIS("X", "A", "B", "plan", "any",
		"identifiability: identifiable, opt-out: exempt:E, valid: "
		"2026-01-01 until further notice"));
	cr_expect_eq(warnings.count, 0);
}

Test(lint, passes_over_what_has_ended_and_who_is_not_active)
{
	lint(HEAD BASIS("X", "A", "B", "care", "any", PLAIN) BASIS("Y", "A",
		"B", "care", "any",
		"identifiability: identifiable, opt-out: applies, valid: "
		"2025-01-01 to 2026-02-28"));
	expect_one(ALM_WARN_EXPIRED, "Y", NULL);
	lint("almoner: 1\nbundle: t\nkinds: [trust]\npurposes:\n"
	     "  - {id: care, class: care, recipients: [any]}\n"
	     "categories: [{id: notes}]\norganisations:\n"
	     "  - {id: A, name: A, kind: trust}\n"
	     "  - {id: B, name: B, kind: trust, status: closed}\n"
	     "agreements:\n" BASIS("X", "A", "B", "care", "any", PLAIN));
	expect_one(ALM_WARN_NEVER_FITS, "X", NULL);
}

Test(lint, sees_that_membership_ends)
{
#define MEMBER(period) \
	"almoner: 1\nbundle: t\nkinds: [trust]\npurposes:\n" \
	"  - {id: care, class: care, recipients: [any]}\n" \
	"categories: [{id: notes}]\norganisations:\n" \
	"  - {id: A, name: A, kind: trust}\n" \
	"  - {id: B, name: B, kind: trust}\ngroups:\n" \
	"  - {id: g, members: [{organisation: B, valid: " period "}]}\n" \
	"agreements:\n"
	lint(MEMBER("2025-01-01 to 2025-12-31")
			BASIS("X", "A", "group:g", "care", "any", PLAIN));
	expect_one(ALM_WARN_NEVER_FITS, "X", NULL);
	lint(MEMBER("2025-01-01 to 2026-02-28")
			BASIS("X", "A", "group:g", "care", "any", PLAIN)
				BASIS("Y", "A", "B", "care", "any", PLAIN));
	cr_expect_eq(warnings.count, 0);
	lint(MEMBER("2025-01-01 to 2026-03-01")
			BASIS("X", "A", "group:g", "care", "any", PLAIN)
				BASIS("Y", "A", "B", "care", "any", PLAIN));
	expect_one(ALM_WARN_SHADOWED, "X", "Y");
	lint(MEMBER("2026-01-02 until further notice")
			BASIS("X", "A", "group:g", "care", "any", PLAIN)
				BASIS("Y", "A", "B", "care", "any", PLAIN));
	expect_one(ALM_WARN_SHADOWED, "X", "Y");
	lint(MEMBER("2025-01-01 to 2026-12-31")
			BASIS("X", "A", "B", "care", "notes", PLAIN) BASIS(
				"Y", "A", "group:g", "care", "any", PLAIN));
	expect_one(ALM_WARN_SHADOWED, "Y", "X");
}

#define TEST(effect, reach, exception) \
	HEAD BASIS("X", "A", "B", "care", "notes", \
		PLAIN) "tests:\n  - request: {at: '2026-03-01T09:00:00Z', " \
		       "from: A, " \
		       "to: B, purpose: care,\n      categories: [notes], " \
		       "payload: " \
		       "identifiable, subject: 9990000018}\n    expect: " \
		       "{effect: " \
		       "deny}\n    person:\n    - {type: directive, id: R-1, " \
		       "authority: patient, scope: s,\n       recorded: " \
		       "'2026-01-01T09:00:00Z', valid: 2026-01-01 until " \
		       "further " \
		       "notice,\n       effect: " effect ", " reach \
		       ",\n       except: [{effect: permit, " exception \
		       "}]}\n"
#define REACH(purposes, categories, to) \
	"purposes: [" purposes "], categories: [" categories "], to: [" to "]"

Test(lint, finds_wider_exceptions_and_words_that_the_bundle_lacks)
{
	static const struct {
		const char *text;
		const char *wider; /* NULL: in nothing */
	} rows[] = {
		{TEST("deny", REACH("any", "any", "any"),
			 REACH("care", "talk", "B")),
			NULL},
		{TEST("deny", REACH("care", "mind", "kind:practice"),
			 REACH("care", "talk", "group:g")),
			NULL},
		{TEST("deny", REACH("care", "any", "any"),
			 REACH("any", "any", "any")),
			"purposes"},
		{TEST("deny", REACH("any", "talk", "any"),
			 REACH("any", "talk, notes", "any")),
			"categories"},
		{TEST("deny", REACH("any", "any", "kind:practice"),
			 REACH("any", "any", "A")),
			"recipients"},
		{TEST("deny", REACH("any", "any", "B"),
			 REACH("any", "any", "kind:practice")),
			"recipients"},
		/* A word that the bundle lacks: any of a denial, else none. */
		{TEST("deny", REACH("any", "lost", "any"),
			 REACH("any", "notes", "any")),
			NULL},
		{TEST("deny", REACH("any", "any", "group:lost"),
			 REACH("any", "any", "any")),
			NULL},
		{TEST("permit", REACH("any", "lost", "any"),
			 REACH("any", "notes", "any")),
			"categories"},
		{TEST("permit", REACH("any", "any", "lost"),
			 REACH("any", "any", "A")),
			"recipients"},
		{TEST("permit", REACH("any", "talk", "any"),
			 REACH("any", "lost", "any")),
			NULL},
	};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		const struct alm_warning *last = warnings.items;
		bool has_lost = strstr(rows[i].text, "lost") != NULL;

		lint(rows[i].text);
		cr_assert_eq(warnings.count,
			(rows[i].wider != NULL ? 1 : 0) + (has_lost ? 1 : 0),
			"row %zu", i);
		last += warnings.count > 0 ? warnings.count - 1 : 0;
		if (rows[i].wider != NULL) {
			cr_expect_eq(warnings.items[0].kind,
				ALM_WARN_EXCEPTION_WIDER, "row %zu", i);
			cr_expect_str_eq(
				warnings.items[0].other, rows[i].wider);
		}
		if (has_lost) {
			cr_expect_eq(last->kind, ALM_WARN_WORD_LACKING);
			cr_expect_not_null(strstr(last->other, "lost"));
		}
		cr_expect(warnings.count == 0 || last->place.line == 24);
	}
}
