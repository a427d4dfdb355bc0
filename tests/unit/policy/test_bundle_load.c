/* test_bundle_load.c - what a bundle says once loaded; files and limits. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/policy/load.h"
#include "lib/limits.h"

#define WORDS \
	"almoner: 1\nbundle: town\nkinds: [trust]\n" \
	"purposes:\n" \
	"  - {id: care, class: care, recipients: [any]}\n" \
	"  - {id: urgent, under: care, inherit: never, class: secondary,\n" \
	"     recipients: [any]}\n" \
	"  - {id: below, under: urgent, class: secondary, recipients: " \
	"[any]}\n" \
	"categories:\n  - {id: notes, sensitivity: restricted}\n"
#define ORGANISATIONS \
	"organisations:\n  - {id: RX1, name: T, kind: trust,\n" \
	"     assurance-until: 2026-07-31}\n"
#define TERMS \
	" title: T, from: [any], to: [kind:trust, RX1], categories: [any],\n" \
	"  relationship: not-required, consent: implied, evidence: [E],\n" \
	"  valid: 2026-01-01 to 2026-12-31, approved-by: [g],\n" \
	"  law: {article-6: a, article-9: b, confidentiality: c},\n" \
	"  identifiability: identifiable, opt-out: not-applicable,\n"

static struct alm_arena arena;
static struct alm_diagnostics found;
static struct alm_bundle bundle;
static struct alm_bundle_tests tests;

static struct alm_bundle_source file(const char *name, const char *text)
{
	return (struct alm_bundle_source){
		name, {(const uint8_t *)text, strlen(text)}};
}

static enum alm_err load(const struct alm_bundle_source *files, size_t count)
{
	alm_arena_fini(&arena);
	alm_arena_init(&arena, ALM_BUNDLE_ARENA_BYTES_MAX);
	alm_diagnostics_init(&found, &arena);
	return alm_bundle_load(files, count, &arena, &found, &bundle, &tests);
}

static enum alm_err load_text(const char *text)
{
	const struct alm_bundle_source one = file("b.yaml", text);

	return load(&one, 1);
}

static void give_back(void)
{
	alm_arena_fini(&arena);
}

TestSuite(bundle_load, .fini = give_back);

Test(bundle_load, fills_every_field_of_a_basis)
{
	const struct alm_bundle_basis *b;

	cr_assert_eq(load_text(WORDS ORGANISATIONS
			     "mandates:\n- {id: L-1, purposes: [care],\n" TERMS
			     " lifts: [objection], overrides: [guardian],\n"
			     " location-withheld: refuse, smallest-group: 7,\n"
			     " obligations: [x, y], status: suspended}\n"),
		ALM_OK, "%s", found.items[0].message);
	cr_assert_eq(bundle.basis_count, 1);
	b = bundle.bases;
	cr_expect_str_eq(b->id.text, "L-1");
	cr_expect(b->is_mandate);
	cr_expect_eq(b->to.count, 2);
	cr_expect_str_eq(b->to.items[0].text, "kind:trust");
	cr_expect_eq(b->identifiability, ALM_LEVEL_IDENTIFIABLE);
	cr_expect_not(b->requires_relationship);
	cr_expect_eq(b->consent, ALM_CONSENT_IMPLIED);
	cr_expect_eq(b->opt_out, ALM_OPT_OUT_NOT_APPLICABLE);
	cr_expect_str_eq(b->lifts.items[0].text, "objection");
	cr_expect(b->accepts_guardian);
	cr_expect_not(b->accepts_emergency);
	cr_expect(b->refuses_withheld_location);
	cr_expect_eq(b->smallest_group, 7);
	cr_expect_eq(b->obligations.count, 2);
	cr_expect_eq(b->status, ALM_STATUS_SUSPENDED);
	cr_expect_eq(b->valid.from_s, INT64_C(1767225600));
	cr_expect_str_eq(b->law_confidentiality, "c");
	cr_expect_eq(
		bundle.categories[0].sensitivity, ALM_SENSITIVITY_RESTRICTED);
	cr_expect(bundle.purposes[1].inherits_never);
}

Test(bundle_load, counts_the_last_day_of_assurance_as_inclusive)
{
	cr_assert_eq(load_text(WORDS ORGANISATIONS), ALM_OK);
	cr_expect(bundle.organisations[0].has_assurance_until);
	/* 24:00 of 31 July is 23:00 UTC in summer time. */
	cr_expect_eq(
		bundle.organisations[0].assurance_until_s, INT64_C(1785538800));
}

Test(bundle_load, does_not_inherit_past_a_purpose_that_says_never)
{
	/* `care` covers neither `urgent` nor `below`; `urgent` covers both. */
	cr_expect_eq(load_text(WORDS ORGANISATIONS
			     "agreements:\n- {id: A, purposes: [care],\n" TERMS
			     "}\n"),
		ALM_OK);
	cr_expect_eq(load_text(WORDS ORGANISATIONS
			     "agreements:\n- {id: A, purposes: [any],\n" TERMS
			     "}\n"),
		ALM_OK);
	cr_expect_eq(load_text(WORDS ORGANISATIONS
			     "agreements:\n- {id: A, purposes: [below],\n" TERMS
			     "}\n"),
		ALM_CONSENT_CLASS);
	cr_expect_eq(
		load_text(WORDS ORGANISATIONS
			"agreements:\n- {id: A, purposes: [urgent],\n" TERMS
			"}\n"),
		ALM_CONSENT_CLASS);
}

Test(bundle_load, joins_files_in_order_of_name)
{
	const struct alm_bundle_source files[] = {
		file("20.yaml", ORGANISATIONS),
		file("30.yaml", "bundle: town\nalmoner: 1\norganisations:\n"
				"  - {id: RX2, name: U, kind: trust}\n"),
		file("10.yaml", WORDS),
	};

	cr_assert_eq(load(files, 3), ALM_OK, "%s", found.items[0].message);
	cr_assert_eq(bundle.organisation_count, 2);
	cr_expect_str_eq(bundle.organisations[0].id.text, "RX1");
	cr_expect_str_eq(bundle.organisations[1].id.text, "RX2");
}

Test(bundle_load, refuses_a_file_that_names_another_bundle)
{
	const struct alm_bundle_source files[] = {file("a.yaml", WORDS),
		file("b.yaml", "bundle: city\n" ORGANISATIONS)};

	cr_assert_eq(load(files, 2), ALM_BUNDLE_NAME);
	cr_expect_str_eq(found.items[0].place.file, "b.yaml");
	cr_expect_eq(found.items[0].place.line, 1);
	cr_expect_eq(found.items[0].place.column, 9);
}

Test(bundle_load, finds_an_id_that_two_files_give)
{
	const struct alm_bundle_source files[] = {file("a.yaml", WORDS),
		file("b.yaml", ORGANISATIONS), file("c.yaml", ORGANISATIONS)};

	cr_assert_eq(load(files, 3), ALM_ID_DUPLICATE);
	cr_expect_str_eq(found.items[0].place.file, "c.yaml");
	cr_expect_str_eq(found.items[0].message,
		"the id 'RX1' stands twice; first in b.yaml:2");
}

Test(bundle_load, shows_the_faults_of_all_files)
{
	const struct alm_bundle_source files[] = {file("a.yaml", "a: [\n"),
		file("b.yaml", "a: *b\n"), file("c.yaml", "x: 1\nx: 2\n")};

	cr_assert_eq(load(files, 3), ALM_YAML_SYNTAX);
	cr_assert_eq(found.count, 3);
	cr_expect_eq(found.items[1].err, ALM_YAML_UNSUPPORTED);
	cr_expect_eq(found.items[2].err, ALM_KEY_DUPLICATE);
}

Test(bundle_load, wants_at_least_one_file)
{
	cr_expect_eq(load(NULL, 0), ALM_KEY_MISSING);
}

Test(bundle_load, gives_the_tests_as_requests_and_records)
{
	cr_assert_eq(
		load_text(WORDS ORGANISATIONS
			"tests:\n  - name: one\n    request: {at: "
			"'2026-03-01T09:00:00Z', from: b, to: c,\n"
			"      purpose: d, categories: [e, f], payload: "
			"odd, subject: '9990000018',\n      override: "
			"{kind: k, by: x, reason: y}, batch: true}\n"
			"    expect: {effect: deny, code: 105}\n"
			"    person: [{type: opt-out, list: type-1, state: "
			"objected,\n      as-of: '2026-01-01T00:00:00Z', "
			"recorded: '2026-01-01T00:00:00Z'}]\n"),
		ALM_OK, "%s", found.items[0].message);
	cr_assert_eq(tests.count, 1);
	cr_expect_str_eq(tests.items[0].name, "one");
	cr_expect_eq(tests.items[0].at_s, INT64_C(1772355600));
	cr_expect_eq(tests.items[0].request.category_count, 2);
	cr_expect(tests.items[0].request.has_payload);
	cr_expect_eq(tests.items[0].request.payload, ALM_LEVEL_UNKNOWN);
	cr_expect(tests.items[0].request.is_batch);
	cr_expect(tests.items[0].request.has_override);
	cr_expect_eq(tests.items[0].effect, ALM_EFFECT_DENY);
	cr_expect_eq(tests.items[0].code, 105);
	cr_expect_null(tests.items[0].basis);
	cr_assert_eq(tests.items[0].person.opt_out_count, 1);
	cr_expect(tests.items[0].person.opt_outs[0].is_objecting);
	cr_expect_eq(
		tests.items[0].person.opt_outs[0].list, ALM_OPT_OUT_TYPE_1);
}

/* A bundle whose list under `head` has `count` entries; # counts them. */
static char *grow(
	const char *before, const char *head, const char *entry, unsigned count)
{
	char *text = malloc(strlen(before) + strlen(head) +
			    (strlen(entry) + 8) * count + 1);
	size_t used = (size_t)sprintf(text, "%s%s", before, head);

	for (unsigned i = 0; i < count; i++) {
		const char *hole = strchr(entry, '#');

		used += (size_t)sprintf(text + used, "%.*s%u%s",
			(int)(hole - entry), entry, i, hole + 1);
	}
	return text;
}

static void expect_limit(
	const char *before, const char *head, const char *entry, unsigned limit)
{
	char *text = grow(before, head, entry, limit);

	cr_expect_eq(load_text(text), ALM_OK, "%s: %s", head,
		found.items[0].message);
	free(text);
	text = grow(before, head, entry, limit + 1);
	cr_expect_eq(load_text(text), ALM_BUNDLE_LIMIT, "%s", head);
	cr_expect_not_null(strstr(found.items[0].message, "more than"));
	free(text);
}

Test(bundle_load, keeps_the_limits_of_each_list)
{
	expect_limit(WORDS, "organisations:\n",
		"  - {id: O#, name: N, kind: trust}\n", ALM_ORGANISATIONS_MAX);
	expect_limit(WORDS ORGANISATIONS, "groups:\n",
		"  - {id: G#, members: [{organisation: RX1}]}\n",
		ALM_GROUPS_MAX);
	expect_limit(WORDS ORGANISATIONS, "prohibitions:\n",
		"  - {id: P#, title: T, from: [any], to: [any], purposes: "
		"[any], categories: [any], at-or-above: aggregate, then: "
		"withhold}\n",
		ALM_PROHIBITIONS_MAX);
	expect_limit("almoner: 1\nbundle: b\nkinds: [t]\npurposes:\n- {id: "
		     "p, class: care, recipients: [any]}\n",
		"organisations:\n- {id: O, name: N, kind: t}\ncategories:\n",
		"  - id: C#\n", ALM_CATEGORIES_MAX);
	expect_limit("almoner: 1\nbundle: b\nkinds: [t]\ncategories:\n- id: "
		     "c\n",
		"organisations:\n- {id: O, name: N, kind: t}\npurposes:\n",
		"  - {id: p#, class: care, recipients: [any]}\n",
		ALM_PURPOSES_MAX);
}

Test(bundle_load, counts_agreements_and_mandates_together)
{
	const unsigned half = (ALM_BASES_MAX + 1) / 2;
	char *first = grow(WORDS ORGANISATIONS, "agreements:\n",
		"- {id: A#, purposes: [care],\n" TERMS "}\n", half);
	char *text = grow(first, "mandates:\n",
		"- {id: M#, purposes: [care],\n" TERMS "}\n", half);

	cr_expect_eq(load_text(text), ALM_BUNDLE_LIMIT);
	cr_expect_str_eq(found.items[0].message,
		"the bundle has more than 65535 agreements and mandates");
	free(text);
	free(first);
}

Test(bundle_load, takes_eight_levels_and_no_more)
{
	cr_expect_eq(load_text("a: [[[[[[[x]]]]]]]\n"), ALM_KEY_UNKNOWN);
	cr_expect_eq(load_text("a: [[[[[[[[x]]]]]]]]\n"), ALM_BUNDLE_LIMIT);
}

Test(bundle_load, refuses_more_bytes_than_the_limit_over_all_files)
{
	const size_t bytes = ALM_BUNDLE_BYTES_MAX / 2 + 1;
	uint8_t *blank = malloc(bytes);
	struct alm_bundle_source files[2] = {
		{"a.yaml", {blank, bytes}}, {"b.yaml", {blank, bytes}}};

	memset(blank, '\n', bytes);
	cr_expect_eq(load(files, 2), ALM_BUNDLE_LIMIT);
	free(blank);
}

Test(bundle_load, fails_cleanly_when_the_arena_is_full)
{
	const struct alm_bundle_source one = file("b.yaml",
		WORDS ORGANISATIONS "agreements:\n- {id: A, purposes: "
				    "[care],\n" TERMS "}\n");
	struct alm_arena messages;

	alm_arena_init(&messages, 1 << 20);
	for (size_t bytes = 64; bytes < 32768; bytes += 64) {
		struct alm_arena small;
		enum alm_err err;

		alm_arena_init(&small, bytes);
		alm_diagnostics_init(&found, &messages);
		err = alm_bundle_load(&one, 1, &small, &found, &bundle, NULL);
		cr_expect(err == ALM_OK || err == ALM_NOMEM ||
				  err == ALM_BUNDLE_LIMIT,
			"%zu: %d", bytes, err);
		alm_arena_fini(&small);
	}
	alm_arena_fini(&messages);
}
