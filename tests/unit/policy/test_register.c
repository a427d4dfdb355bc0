/*
 * test_register.c - what a bundle may say for the register of agreements: all
 * of it optional, none of it loose.  Each row exchanges one text of a good
 * bundle and names what must be said of the result.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "broker/policy/load.h"
#include "lib/limits.h"

TestSuite(load_register);

/* clang-format off */
static const char good[] =
	"almoner: 1\n"                                              /* 1 */
	"bundle: town\n"
	"kinds: [trust, practice]\n"                                /* 3 */
	"purposes: [{id: care, class: care, recipients: [any]}]\n"
	"categories: [{id: notes}]\n"                               /* 5 */
	"organisations:\n"
	"  - {id: RX1, name: Trust, kind: trust,\n"                 /* 7 */
	"     contact: 'ig@trust.example',\n"
	"     data-protection-officer: 'dpo@trust.example'}\n"      /* 9 */
	"  - {id: C81, name: Practice, kind: practice}\n"
	"agreements:\n"                                             /* 11 */
	"  - id: DSA-1\n"
	"    title: Notes\n"                                        /* 13 */
	"    from: [RX1]\n"
	"    to: [C81]\n"                                           /* 15 */
	"    purposes: [care]\n"
	"    categories: [notes]\n"                                 /* 17 */
	"    identifiability: identifiable\n"
	"    relationship: required\n"                              /* 19 */
	"    consent: implied\n"
	"    opt-out: not-applicable\n"                             /* 21 */
	"    valid: 2025-04-01 until further notice\n"
	"    law: {article-6: a, article-9: b, confidentiality: c}\n"
	"    evidence: [E-1]\n"                                     /* 24 */
	"    approved-by: [guardian]\n"
	"    register:\n"                                           /* 26 */
	"      reference: DARS-NIC-1\n"
	"      controllers: [RX1, C81]\n"                           /* 28 */
	"      controller-type: joint\n"
	"      processors: [C81]\n"                                 /* 30 */
	"      access: ongoing\n"
	"      sub-licensing: not-allowed\n"                        /* 32 */
	"      datasets: [Hospital Episode Statistics]\n"
	"      objective: Safe handover\n"                          /* 34 */
	"      benefits: Fewer readmissions\n"
	"      subjects: [patients]\n"                              /* 36 */
	"      transfers: [none]\n"
	"      retention: 8 years\n"                                /* 38 */
	"      security: encrypted at rest\n"
	"      quality: checked on receipt\n"                       /* 40 */
	"      rights: through the trust\n"
	"      breach-contact: ig@trust.example\n"                  /* 42 */
	"      review: 2026-09-30\n"
	"      at-end: destroyed within 30 days\n";                 /* 44 */

static const struct row {
	const char *find;
	const char *instead;
	enum alm_err err;
	unsigned line;
	unsigned column;
	const char *says;
} rows[] = {
	{"retention:", "retenton:", ALM_KEY_UNKNOWN, 38, 7, "mean 'retention'"},
	{"quality: checked on receipt\n      ", "rights: x\n      ",
		ALM_KEY_DUPLICATE, 41, 7, "'rights'"},
	{"[RX1, C81]\n", "[RX1, C82]\n", ALM_REFERENCE_DANGLING, 28, 26,
		"mean 'C81'"},
	{"processors: [C81]", "processors: [RX2]", ALM_REFERENCE_DANGLING, 30,
		20, "mean 'RX1'"},
	{"controller-type: joint", "controller-type: join", ALM_WORD_UNKNOWN,
		29, 24, "mean 'joint'"},
	{"controller-type: joint", "controller-type: sole", ALM_VALUE_BAD, 29,
		24, "2 controllers cannot be sole"},
	{"controllers: [RX1, C81]", "controllers: [RX1]", ALM_VALUE_BAD, 29,
		24, "1 controller is sole"},
	{"access: ongoing", "access: on-going", ALM_WORD_UNKNOWN, 31, 15,
		"mean 'ongoing'"},
	{"not-allowed", "denied", ALM_WORD_UNKNOWN, 32, 22,
		"not-allowed, allowed"},
	{"[Hospital Episode Statistics]", "[]", ALM_LIST_EMPTY, 33, 17,
		"'datasets'"},
	{"subjects: [patients]", "subjects: patients", ALM_VALUE_BAD, 36, 17,
		"a list"},
	{"retention: 8 years", "retention:", ALM_VALUE_BAD, 38, 17, "empty"},
	{"objective: Safe handover", "objective: [x]", ALM_VALUE_BAD, 34, 18,
		"single value"},
	{"2026-09-30", "2026-09-31", ALM_VALUE_BAD, 43, 15, "not a day"},
	{"2026-09-30", "next year", ALM_VALUE_BAD, 43, 15, "'next year'"},
	{"contact: 'ig", "contacts: 'ig", ALM_KEY_UNKNOWN, 8, 6,
		"mean 'contact'"},
	{"'dpo@trust.example'", "''", ALM_VALUE_BAD, 9, 31, "empty"},
};
/* clang-format on */

static struct alm_arena arena;
static struct alm_diagnostics found;
static struct alm_bundle bundle;

static enum alm_err load(const char *text)
{
	const struct alm_bundle_source file = {
		"b.yaml", {(const uint8_t *)text, strlen(text)}};

	alm_arena_fini(&arena);
	alm_arena_init(&arena, 64 << 20);
	alm_diagnostics_init(&found, &arena);
	return alm_bundle_load(&file, 1, &arena, &found, &bundle, NULL);
}

static void exchange(
	const char *find, const char *instead, char *out, size_t out_bytes)
{
	const char *at = strstr(good, find);

	cr_assert_not_null(at, "not in the bundle: %s", find);
	(void)snprintf(out, out_bytes, "%.*s%s%s", (int)(at - good), good,
		instead, at + strlen(find));
}

Test(load_register, reads_every_field)
{
	const struct alm_bundle_register *entry;

	cr_assert_eq(load(good), ALM_OK, "%u: %s", found.items[0].place.line,
		found.items[0].message);
	cr_expect_str_eq(bundle.organisations[0].contact, "ig@trust.example");
	cr_expect_str_eq(bundle.organisations[0].data_protection_officer,
		"dpo@trust.example");
	cr_expect_str_eq(bundle.organisations[1].contact, "");
	entry = bundle.bases[0].entry;
	cr_assert_not_null(entry);
	cr_expect_str_eq(entry->reference, "DARS-NIC-1");
	cr_expect_eq(entry->controllers.count, 2);
	cr_expect_eq(entry->control, ALM_CONTROL_JOINT);
	cr_expect_str_eq(entry->processors.items[0].text, "C81");
	cr_expect_eq(entry->access, ALM_ACCESS_ONGOING);
	cr_expect_eq(entry->sub_licensing, ALM_SUB_LICENSING_NOT_ALLOWED);
	cr_expect_str_eq(
		entry->datasets.items[0].text, "Hospital Episode Statistics");
	cr_expect_str_eq(entry->objective, "Safe handover");
	cr_expect_str_eq(entry->benefits, "Fewer readmissions");
	cr_expect_str_eq(entry->subjects.items[0].text, "patients");
	cr_expect_str_eq(entry->transfers.items[0].text, "none");
	cr_expect_str_eq(entry->retention, "8 years");
	cr_expect_str_eq(entry->security, "encrypted at rest");
	cr_expect_str_eq(entry->quality, "checked on receipt");
	cr_expect_str_eq(entry->rights, "through the trust");
	cr_expect_str_eq(entry->breach_contact, "ig@trust.example");
	cr_expect_str_eq(entry->review, "2026-09-30");
	cr_expect_str_eq(entry->at_end, "destroyed within 30 days");
	alm_arena_fini(&arena);
}

Test(load_register, may_be_absent_or_say_a_part)
{
	static char text[sizeof(good) + 64];
	const char *cut = strstr(good, "    register:");

	(void)snprintf(text, sizeof(text), "%.*s", (int)(cut - good), good);
	cr_assert_eq(load(text), ALM_OK);
	cr_expect_null(bundle.bases[0].entry);
	(void)snprintf(text, sizeof(text),
		"%.*s    register: {retention: 1 year}\n", (int)(cut - good),
		good);
	cr_assert_eq(load(text), ALM_OK);
	cr_expect_str_eq(bundle.bases[0].entry->retention, "1 year");
	cr_expect_str_eq(bundle.bases[0].entry->review, "");
	cr_expect_eq(bundle.bases[0].entry->access, ALM_ACCESS_UNKNOWN);
	(void)snprintf(text, sizeof(text), "%.*s    register: [x]\n",
		(int)(cut - good), good);
	cr_expect_eq(load(text), ALM_VALUE_BAD);
	alm_arena_fini(&arena);
}

Test(load_register, names_the_code_the_place_and_the_word_of_each_fault)
{
	static char text[sizeof(good) + 256];

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		const struct row *row = &rows[i];
		const struct alm_diagnostic *first;

		exchange(row->find, row->instead, text, sizeof(text));
		cr_expect_neq(load(text), ALM_OK, "row %zu", i);
		cr_assert_gt(found.count, 0, "row %zu", i);
		first = &found.items[0];
		cr_expect(first->err == row->err &&
				  first->place.line == row->line &&
				  first->place.column == row->column &&
				  strstr(first->message, row->says) != NULL,
			"row %zu (%s): %u:%u %d %s", i, row->instead,
			first->place.line, first->place.column, first->err,
			first->message);
	}
	alm_arena_fini(&arena);
}
