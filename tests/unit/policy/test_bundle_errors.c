/*
 * test_bundle_errors.c - every load error: its code, its place and its words.
 * Each row takes a good bundle, exchanges one text in it, and names what must
 * be said of the result.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/policy/load.h"
#include "lib/limits.h"

/* clang-format off */
static const char good[] =
	"almoner: 1\n"                                              /* 1 */
	"bundle: town\n"
	"kinds: [trust, practice, icp]\n"                           /* 3 */
	"hosted-kinds: [icp]\n"
	"purposes:\n"                                               /* 5 */
	"  - {id: care, class: care, recipients: [any]}\n"
	"  - {id: urgent, under: care, inherit: never, class: care,\n"
	"     recipients: [trust], hl7: [TREAT]}\n"                 /* 8 */
	"  - {id: plan, class: secondary, recipients: [trust, icp]}\n"
	"categories:\n"                                             /* 10 */
	"  - {id: notes}\n"
	"  - {id: mind, sensitivity: sensitive}\n"
	"  - {id: talk, under: mind}\n"                             /* 13 */
	"organisations:\n"
	"  - {id: RX1, name: Trust, kind: trust, status: active}\n" /* 15 */
	"  - {id: C8, name: Practice, kind: practice,\n"
	"     assurance-until: 2027-06-30}\n"                       /* 17 */
	"  - {id: QT1, name: Partnership, kind: icp, host: RX1}\n"
	"groups:\n"                                                 /* 19 */
	"  - id: all\n"
	"    members: [{organisation: RX1},\n"                      /* 21 */
	"      {organisation: C8, valid: 2022-07-01 to 2023-07-01}]\n"
	"prohibitions:\n"                                           /* 23 */
	"  - {id: NEVER, title: Never, from: [any], to: [kind:icp],\n"
	"     purposes: [any], categories: [talk],\n"               /* 25 */
	"     at-or-above: pseudonymised, then: withhold}\n"
	"agreements:\n"                                             /* 27 */
	"  - id: DSA-1\n"
	"    title: Notes\n"                                        /* 29 */
	"    from: [RX1]\n"
	"    to: [kind:practice, group:all]\n"                      /* 31 */
	"    purposes: [care]\n"
	"    categories: [notes]\n"                                 /* 33 */
	"    identifiability: identifiable\n"
	"    relationship: required\n"                              /* 35 */
	"    consent: implied\n"
	"    opt-out: not-applicable\n"                             /* 37 */
	"    overrides: [emergency]\n"
	"    smallest-group: 10\n"                                  /* 39 */
	"    valid: 2025-04-01 until further notice\n"
	"    law: {article-6: a, article-9: b, confidentiality: c}\n"
	"    evidence: [E-1]\n"                                     /* 42 */
	"    approved-by: [guardian]\n"
	"mandates:\n"                                               /* 44 */
	"  - {id: LAW-1, title: Law, from: [any], to: [any], purposes: [plan],\n"
	"     categories: [any], identifiability: pseudonymised,\n" /* 46 */
	"     relationship: not-required, consent: not-required,\n"
	"     opt-out: exempt:law, lifts: [prohibition:NEVER, type-1],\n"
	"     valid: 2025-04-01 to 2027-03-31, evidence: [E],\n"    /* 49 */
	"     law: {article-6: a, article-9: b, confidentiality: c},\n"
	"     approved-by: [g]}\n"                                  /* 51 */
	"tests:\n"
	"  - request: {from: RX1, to: C8, at: '2026-03-01T09:00:00Z',\n"
	"      categories: [notes], payload: identifiable,\n"       /* 54 */
	"      purpose: care, subject: 9990000018}\n"
	"    expect: {effect: permit, code: 0, basis: DSA-1}\n"     /* 56 */
	"    person:\n"
	"    - {type: flag, flag: location-withheld,\n"             /* 58 */
	"       recorded: '2026-01-01T09:00:00Z',\n"
	"       valid: 2026-01-01 until further notice}\n"          /* 60 */
	"    - {type: opt-out, list: national, state: clear,\n"
	"       subject: 9990000018, as-of: '2026-01-02T09:00:00Z',\n"
	"       recorded: '2026-01-03T09:00:00Z'}\n"                /* 63 */
	"    - {type: relationship, role: gp,\n"
	"       organisation: C8, recorded: '2026-01-04T09:00:00Z',\n"
	"       effect: withdrawn}\n"                               /* 66 */
	"    - {type: directive, id: R-1,\n"
	"       authority: patient, scope: all, effect: deny,\n"    /* 68 */
	"       purposes: [any], categories: [any], to: [C8],\n"
	"       recorded: '2026-01-05T09:00:00Z',\n"                /* 70 */
	"       valid: 2026-02-01 until further notice,\n"
	"       except: [{effect: permit, purposes: [care],\n"      /* 72 */
	"         categories: [notes], to: [RX1]}]}\n";

static const struct row {
	const char *find;    /* text of the good bundle */
	const char *instead;
	enum alm_err err;
	unsigned line;
	unsigned column;
	const char *says;    /* part of the message */
} rows[] = {
	{"almoner: 1", "almoner: 2", ALM_VALUE_BAD, 1, 10, "'2'"},
	{"almoner: 1\n", "\n", ALM_KEY_MISSING, 2, 1, "'almoner'"},
	{"bundle: town", "", ALM_KEY_MISSING, 1, 1, "'bundle'"},
	{"bundle: town", "bundle: ", ALM_VALUE_BAD, 2, 8, "empty"},
	{"groups:", "gruops:", ALM_KEY_UNKNOWN, 19, 1, "mean 'groups'"},
	{"prohibitions:\n", "groups:\n", ALM_KEY_DUPLICATE, 23, 1, "'groups'"},
	{"sensitivity:", "sensitive:", ALM_KEY_UNKNOWN, 12, 16,
		"mean 'sensitivity'"},
	{"    title: Notes\n", "", ALM_KEY_MISSING, 28, 5, "'title'"},
	{"    evidence: [E-1]\n", "", ALM_KEY_MISSING, 28, 5, "'evidence'"},
	{"article-9: b, c", "c", ALM_KEY_MISSING, 41, 10, "'article-9'"},
	{", inherit: never", ", inherit: nevr", ALM_WORD_UNKNOWN, 7, 40,
		"mean 'never'"},
	{"class: secondary", "class: tertiary", ALM_WORD_UNKNOWN, 9, 23,
		"care, secondary, statutory"},
	{"status: active", "status: asleep", ALM_WORD_UNKNOWN, 15, 49,
		"closed"},
	{"then: withhold", "then: withold", ALM_WORD_UNKNOWN, 26, 40,
		"mean 'withhold'"},
	{"at-or-above: pseudonymised", "at-or-above: pseudonymized",
		ALM_WORD_UNKNOWN, 26, 19, "mean 'pseudonymised'"},
	{"consent: implied", "consent: assumed", ALM_WORD_UNKNOWN, 36, 14,
		"'assumed'"},
	{"relationship: required", "relationship: maybe", ALM_WORD_UNKNOWN,
		35, 19, "'maybe'"},
	{"opt-out: not-applicable", "opt-out: none", ALM_WORD_UNKNOWN, 37, 14,
		"exempt:REASON"},
	{"opt-out: exempt:law", "opt-out: 'exempt:'", ALM_ID_BAD, 48, 15,
		"exempt:REASON-ID"},
	{"overrides: [emergency]", "overrides: [urgent]", ALM_WORD_UNKNOWN,
		38, 17, "emergency, guardian"},
	{"NEVER, type-1]", "NEVER, type-2]", ALM_WORD_UNKNOWN, 48, 54,
		"mean 'type-1'"},
	{"recipients: [any]", "recipients: []", ALM_LIST_EMPTY, 6, 41,
		"'recipients'"},
	{"evidence: [E-1]", "evidence:", ALM_LIST_EMPTY, 42, 14, "'evidence'"},
	{"hosted-kinds: [icp]", "hosted-kinds: []", ALM_LIST_EMPTY, 4, 15,
		"'hosted-kinds'"},
	{"evidence: [E-1]", "evidence: E-1", ALM_VALUE_BAD, 42, 15, "a list"},
	{"title: Notes", "title: [Notes]", ALM_VALUE_BAD, 29, 12,
		"single value"},
	{"smallest-group: 10", "smallest-group: 1", ALM_VALUE_BAD, 39, 21,
		"2 to 1000000"},
	{"smallest-group: 10", "smallest-group: 1000001", ALM_VALUE_BAD, 39,
		21, "2 to 1000000"},
	{"smallest-group: 10", "smallest-group: 0x10", ALM_VALUE_BAD, 39, 21,
		"2 to 1000000"},
	{"2027-06-30", "2027-06-31", ALM_VALUE_BAD, 17, 23, "YYYY-MM-DD"},
	{"until further notice", "onwards", ALM_VALUE_BAD, 40, 12,
		"until further notice"},
	{"[trust, icp]", "[any, icp]", ALM_VALUE_BAD, 9, 47, "stands alone"},
	{"2025-04-01 to 2027-03-31", "2027-04-01 to 2025-03-31",
		ALM_PERIOD_REVERSED, 49, 13, "before it begins"},
	{"2022-07-01 to 2023-07-01", "2022-07-01 to 2022-06-30",
		ALM_PERIOD_REVERSED, 22, 33, "before it begins"},
	{"{id: notes}", "{id: any}", ALM_ID_BAD, 11, 10, "'any'"},
	{"{id: notes}", "{id: -notes}", ALM_ID_BAD, 11, 10, "'-notes'"},
	{"[trust, practice, icp]", "[trust, practice, icp, a b]", ALM_ID_BAD,
		3, 31, "'a b'"},
	{"practice, icp]", "practice, icp, icp]", ALM_ID_DUPLICATE, 3, 31,
		"'icp' stands twice; first in b.yaml:3"},
	{"{id: plan", "{id: care", ALM_ID_DUPLICATE, 9, 10, "b.yaml:6"},
	{"{id: talk", "{id: notes", ALM_ID_DUPLICATE, 13, 10, "b.yaml:11"},
	{"{id: C8", "{id: RX1", ALM_ID_DUPLICATE, 16, 10, "b.yaml:15"},
	{"id: LAW-1", "id: DSA-1", ALM_ID_DUPLICATE, 45, 10, "b.yaml:28"},
	{"under: care", "under: carr", ALM_REFERENCE_DANGLING, 7, 25,
		"mean 'care'"},
	{"under: mind", "under: mimd", ALM_REFERENCE_DANGLING, 13, 23,
		"mean 'mind'"},
	{"host: RX1", "host: RX2", ALM_REFERENCE_DANGLING, 18, 51,
		"mean 'RX1'"},
	{"[{organisation: RX1}", "[{organisation: RX7}",
		ALM_REFERENCE_DANGLING, 21, 30, "mean 'RX1'"},
	{"categories: [talk]", "categories: [tolk]", ALM_REFERENCE_DANGLING,
		25, 36, "mean 'talk'"},
	{"purposes: [care]", "purposes: [caer]", ALM_REFERENCE_DANGLING, 32,
		16, "mean 'care'"},
	{"from: [RX1]", "from: [RY1]", ALM_REFERENCE_DANGLING, 30, 12,
		"mean 'RX1'"},
	{"group:all", "group:al", ALM_REFERENCE_DANGLING, 31, 25,
		"mean 'all'"},
	{"prohibition:NEVER", "prohibition:EVER", ALM_REFERENCE_DANGLING, 48,
		35, "mean 'NEVER'"},
	{"kind: practice", "kind: practise", ALM_KIND_UNDECLARED, 16, 36,
		"mean 'practice'"},
	{"[kind:icp]", "[kind:ipc]", ALM_KIND_UNDECLARED, 24, 49,
		"mean 'icp'"},
	{"recipients: [trust]", "recipients: [trusts]", ALM_KIND_UNDECLARED,
		8, 19, "mean 'trust'"},
	{"hosted-kinds: [icp]", "hosted-kinds: [icp, icb]",
		ALM_KIND_UNDECLARED, 4, 21, "mean 'icp'"},
	{"{id: care,", "{id: care, under: urgent,", ALM_CYCLE, 6, 23,
		"'under: urgent'"},
	{"{id: mind,", "{id: mind, under: mind,", ALM_CYCLE, 12, 23,
		"'under: mind'"},
	{"kind: icp, host: RX1", "kind: icp", ALM_HOST_MISSING, 18, 40,
		"'QT1'"},
	{"kind: trust, status", "kind: trust, host: C8, status",
		ALM_HOST_HOSTED, 18, 51, "'RX1'"},
	{"host: RX1", "host: QT1", ALM_HOST_HOSTED, 18, 51, "'QT1'"},
	{"    overrides: [emergency]", "    lifts: [type-1]",
		ALM_LIFTS_ON_AGREEMENT, 38, 5, "mandate"},
	{"pseudonymised, then: withhold", "aggregate, then: de-identify",
		ALM_LEVEL_ZERO, 26, 19, "aggregate"},
	{"consent: not-required", "consent: implied", ALM_CONSENT_CLASS, 47,
		43, "'plan'"},
	{"purposes: [care]", "purposes: [care, any]", ALM_CONSENT_CLASS, 36,
		14, "'plan'"},
	{"opt-out: exempt:law", "opt-out: not-applicable",
		ALM_OPT_OUT_CLASS, 48, 15, "'plan'"},
	{"title: Law", "title: &x Law", ALM_YAML_UNSUPPORTED, 45, 24,
		"anchor"},
	{"title: Law", "title: *x", ALM_YAML_UNSUPPORTED, 45, 24, "alias"},
	{"title: Law", "title: !!str Law", ALM_YAML_UNSUPPORTED, 45, 24,
		"tag"},
	{"tests:\n", "--- \ntests:\n", ALM_YAML_UNSUPPORTED, 52, 1,
		"second document"},
	{"groups:\n", "groups:\n\t", ALM_YAML_SYNTAX, 20, 1, "token"},
	{"code: 0", "code: ok", ALM_VALUE_BAD, 56, 36, "'ok'"},
	{"effect: permit", "effect: allow", ALM_WORD_UNKNOWN, 56, 22,
		"permit, transform, deny"},
	{"basis: DSA-1}", "basis: DSA-2}", ALM_REFERENCE_DANGLING, 56, 46,
		"mean 'DSA-1'"},
	{"at: '2026-03-01T09:00:00Z'", "at: 2026-03-01", ALM_VALUE_BAD, 53,
		38, "YYYY-MM-DDTHH:MM:SSZ"},
	{"purpose: care, subject", "subject", ALM_KEY_MISSING, 53, 14,
		"'purpose'"},
	{"payload: id", "paylod: id", ALM_KEY_UNKNOWN, 54, 28,
		"mean 'payload'"},
	{"type: flag", "type: flog", ALM_WORD_UNKNOWN, 58, 14, "mean 'flag'"},
	{"{type: flag, ", "{", ALM_KEY_MISSING, 58, 7, "'type'"},
	{"flag: location", "flag: locations", ALM_WORD_UNKNOWN, 58, 26,
		"mean 'location-withheld'"},
	{"       valid: 2026-01-01 until further notice}",
		"       }", ALM_KEY_MISSING, 58, 7, "'valid'"},
	{"state: clear", "state: none", ALM_WORD_UNKNOWN, 61, 46,
		"clear, opted-out"},
	{"subject: 9990000018, as-of", "subject: 9990000026, as-of",
		ALM_VALUE_BAD, 62, 17, "not of the person"},
	{"subject: 9990000018}", "subject-unknown: lost}", ALM_VALUE_BAD, 62,
		17, "not of the person"},
	{"as-of: '2026-01-02", "as-of: '2026-01-04", ALM_VALUE_BAD, 62, 36,
		"later than recorded"},
	{"recorded: '2026-01-03T09:00:00Z'", "recorded: yesterday",
		ALM_VALUE_BAD, 63, 18, "'yesterday'"},
	{"role: gp", "role: 'g p'", ALM_VALUE_BAD, 64, 34, "well-formed id"},
	{"effect: withdrawn", "effect: deny", ALM_WORD_UNKNOWN, 66, 16,
		"not one of withdrawn"},
	{"effect: deny,", "effect: denied,", ALM_WORD_UNKNOWN, 68, 48,
		"deny, permit, withdrawn"},
	{"effect: deny,", "effect: withdrawn,", ALM_KEY_UNKNOWN, 69, 8,
		"a withdrawal has no key 'purposes'"},
	{"to: [C8],\n       recorded", "to: ['kind:'],\n       recorded",
		ALM_VALUE_BAD, 69, 48, "malformed word"},
	{"valid: 2026-02-01 until", "valid: 2026-02-30 until", ALM_VALUE_BAD,
		71, 15, "not a period"},
	{"[{effect: permit", "[{effect: withdrawn", ALM_WORD_UNKNOWN, 72, 26,
		"deny, permit"},
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
	alm_arena_init(&arena, 16 << 20);
	alm_diagnostics_init(&found, &arena);
	bundle.name = NULL;
	return alm_bundle_load(&file, 1, &arena, &found, &bundle, NULL);
}

static void give_back(void)
{
	alm_arena_fini(&arena);
}

TestSuite(bundle_errors, .fini = give_back);

static void exchange(const struct row *row, char *out, size_t out_bytes)
{
	const char *at = strstr(good, row->find);

	cr_assert_not_null(at, "not in the bundle: %s", row->find);
	(void)snprintf(out, out_bytes, "%.*s%s%s", (int)(at - good), good,
		row->instead, at + strlen(row->find));
}

static bool is_said(const struct row *row)
{
	for (size_t i = 0; i < found.count; i++) {
		const struct alm_diagnostic *item = &found.items[i];

		if (item->err == row->err && item->place.line == row->line &&
			item->place.column == row->column &&
			strcmp(item->place.file, "b.yaml") == 0 &&
			strstr(item->message, row->says) != NULL) {
			return true;
		}
	}
	return false;
}

Test(bundle_errors, accepts_the_bundle_that_the_rows_spoil)
{
	cr_assert_eq(load(good), ALM_OK, "%u: %s", found.items[0].place.line,
		found.items[0].message);
	cr_expect_str_eq(bundle.name, "town");
}

Test(bundle_errors, names_the_code_the_place_and_the_word_of_each_fault)
{
	static char text[sizeof(good) + 256];

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		exchange(&rows[i], text, sizeof(text));
		cr_expect_neq(load(text), ALM_OK, "row %zu", i);
		cr_expect_null(bundle.name, "row %zu", i);
		cr_expect(is_said(&rows[i]),
			"row %zu (%s): %zu said, first %u:%u %d %s", i,
			rows[i].instead, found.count, found.items[0].place.line,
			found.items[0].place.column, found.items[0].err,
			found.items[0].message);
	}
}

/* Everything that is said of a spoilt bundle, as the command prints it. */
static size_t print_found(const struct row *row, char *out, size_t out_bytes)
{
	size_t used = 0;

	for (const char *at = row->instead; *at != '\0'; at++) {
		used += (size_t)snprintf(out + used, out_bytes - used,
			*at == '\n' ? "\\n" : "%c", *at);
	}
	used += (size_t)snprintf(out + used, out_bytes - used, "\n");
	for (size_t i = 0; i < found.count; i++) {
		const struct alm_diagnostic *item = &found.items[i];

		used += (size_t)snprintf(out + used, out_bytes - used,
			"  %s:%u:%u: ALM-%d %s: %s\n", item->place.file,
			item->place.line, item->place.column, (int)item->err,
			alm_err_info(item->err)->name, item->message);
		cr_assert_lt(used, out_bytes);
	}
	return used;
}

/*
 * The messages, whole.  After a wording was changed on purpose, write the
 * file again: ALMONER_GOLDEN=1 build/.../test_bundle_errors
 */
Test(bundle_errors, says_of_each_fault_what_is_written_down)
{
	static const char path[] = "tests/data/bundle-errors.txt";
	static char text[sizeof(good) + 256];
	static char said[64 * 1024];
	static char want[64 * 1024];
	bool is_writing = getenv("ALMONER_GOLDEN") != NULL;
	FILE *file;
	size_t used = 0;

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		exchange(&rows[i], text, sizeof(text));
		cr_expect_neq(load(text), ALM_OK, "row %zu", i);
		used += print_found(&rows[i], said + used, sizeof(said) - used);
	}
	file = fopen(path, is_writing ? "w" : "r");
	cr_assert_not_null(file, "%s: run from the top folder", path);
	if (is_writing) {
		cr_expect_eq(fwrite(said, 1, used, file), used);
	} else {
		cr_expect_gt(fread(want, 1, sizeof(want) - 1, file), 0);
		for (size_t i = 0, line = 1; i <= used; i++) {
			cr_assert_eq(said[i], want[i], "%s:%zu:\n%.200s", path,
				line, said + i);
			line += said[i] == '\n' ? 1 : 0;
		}
	}
	(void)fclose(file);
}

Test(bundle_errors, has_a_row_for_every_error_of_one_file)
{
	for (int err = ALM_YAML_SYNTAX; err <= ALM_OPT_OUT_CLASS; err++) {
		bool is_known = alm_err_info((enum alm_err)err)->err ==
				(enum alm_err)err;
		bool has_row = err == ALM_BUNDLE_NAME; /* two files */

		for (size_t i = 0; i < ALM_COUNT(rows); i++) {
			has_row = has_row || rows[i].err == (enum alm_err)err;
		}
		cr_expect(has_row || !is_known, "ALM-%d", err);
	}
}

Test(bundle_errors, wants_the_sections_that_are_not_optional)
{
	static const char *const names[] = {
		"categories", "kinds", "organisations", "purposes"};

	cr_assert_eq(load("almoner: 1\nbundle: b\n"), ALM_KEY_MISSING);
	cr_assert_eq(found.count, ALM_COUNT(names));
	for (size_t i = 0; i < ALM_COUNT(names); i++) {
		cr_expect_eq(found.items[i].err, ALM_KEY_MISSING);
	}
	cr_expect_eq(load(""), ALM_KEY_MISSING);
	cr_expect_eq(load("- a\n"), ALM_VALUE_BAD);
	cr_expect_eq(load("a\n"), ALM_VALUE_BAD);
}

Test(bundle_errors, keeps_a_bounded_list_and_counts_the_rest)
{
	static char text[8192];
	size_t used = (size_t)snprintf(text, sizeof(text), "%s", good);

	used += (size_t)snprintf(
		text + used, sizeof(text) - used, "  - request:\n");
	for (int i = 0; i < 150; i++) {
		used += (size_t)snprintf(
			text + used, sizeof(text) - used, "  - {}\n");
	}
	cr_expect_neq(load(text), ALM_OK);
	cr_expect_eq(found.count, ALM_DIAGNOSTICS_MAX);
	cr_expect_gt(found.dropped, 150u);
}
