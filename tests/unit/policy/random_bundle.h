/*
 * random_bundle.h - small random bundles as YAML: organisations A to F,
 * groups g and h, agreements X0 to X7, of few words, so that they often meet.
 */
#ifndef ALM_TESTS_UNIT_POLICY_RANDOM_BUNDLE_H
#define ALM_TESTS_UNIT_POLICY_RANDOM_BUNDLE_H

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/base.h"

#define BASES 8u
/* 2026-03-01T09:00:00Z */
#define NOW_S INT64_C(1772355600)
#define DAY INT64_C(86400)

static uint64_t seed = UINT64_C(20261122);

static unsigned pick(unsigned below)
{
	seed = seed * UINT64_C(6364136223846793005) +
	       UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % below;
}

static char text[16384];
static size_t used;

static void put(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	used += (size_t)vsnprintf(
		text + used, sizeof(text) - used, format, args);
	va_end(args);
	cr_assert_lt(used, sizeof(text));
}

static void put_words(const char *key, const char *const *words, size_t count)
{
	size_t n = 1 + pick(2);

	put(" %s: [", key);
	for (size_t i = 0; i < n; i++) {
		put("%s%s", i > 0 ? ", " : "", words[pick((unsigned)count)]);
	}
	put("],");
}

static void make_bundle(void)
{
	static const char *const parties[] = {"A", "B", "C", "D", "E", "F",
		"any", "kind:trust", "kind:practice", "kind:board", "group:g",
		"group:h", "A", "B", "C"};
	static const char *const purposes[] = {
		"care", "urgent", "plan", "any", "care"};
	static const char *const categories[] = {"mind", "talk", "notes", "any",
		"notes", "talk", "letters", "letters"};
	static const char *const valid[] = {"2026-01-01 to 2026-04-30",
		"2026-05-01 to 2026-12-31", "2026-01-01 until further notice"};

	used = 0;
	put("almoner: 1\nbundle: t\nkinds: [trust, practice, board]\n"
	    "purposes:\n  - {id: care, class: care, recipients: [any]}\n"
	    "  - {id: urgent, under: care, inherit: never, class: care, "
	    "recipients: [trust]}\n  - {id: plan, class: secondary, "
	    "recipients: [board, trust]}\ncategories: [{id: mind}, {id: talk, "
	    "under: mind}, {id: notes}, {id: letters}]\norganisations:\n");
	for (char id = 'A'; id <= 'F'; id++) {
		static const char *const kinds[] = {
			"trust", "practice", "board"};

		put("  - {id: %c, name: N, kind: %s%s}\n", id, kinds[pick(3)],
			pick(8) == 0 ? ", status: suspended" : "");
	}
	put("groups:\n");
	for (char id = 'g'; id <= 'h'; id++) {
		put("  - {id: %c, members: [{organisation: %c}, "
		    "{organisation: %c}]}\n",
			id, 'A' + (int)pick(6), 'A' + (int)pick(6));
	}
	put("agreements:\n");
	for (unsigned i = 0; i < BASES; i++) {
		put("  - {id: X%u, title: T,", i);
		put_words("from", parties, ALM_COUNT(parties));
		put_words("to", parties, ALM_COUNT(parties));
		put(" purposes: [%s],", purposes[pick(5)]);
		put(" categories: [%s],", categories[pick(8)]);
		put(" identifiability: identifiable, relationship: "
		    "not-required, consent: not-required, opt-out: applies, "
		    "law: {article-6: a, article-9: b, confidentiality: c}, "
		    "evidence: [E], approved-by: [g], valid: %s%s}\n",
			valid[pick(3)],
			pick(10) == 0 ? ", status: suspended" : "");
	}
}

#endif /* ALM_TESTS_UNIT_POLICY_RANDOM_BUNDLE_H */
