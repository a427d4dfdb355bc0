/*
 * test_overlap.c - looking a bundle over against asking the rule itself: for
 * random small bundles every request is decided, and the pairs of bases that
 * answer 308 are those that are warned of; those that never decide never fit.
 */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "broker/core/decide.h"
#include "broker/policy/lint.h"
#include "broker/policy/load.h"
#include "tests/unit/policy/random_bundle.h"

#define ROUNDS 250u

/* What the rule says: by pairs, and whether the second fits alone. */
struct answers {
	bool meet[BASES][BASES];
	bool alone[BASES][BASES]; /* [a][b]: a fits and b does not */
	bool fits[BASES];
};

static unsigned number(const char *id)
{
	cr_assert(id[0] == 'X' && id[1] >= '0' && id[1] < '0' + (int)BASES);
	return (unsigned)(id[1] - '0');
}

static void hear(const struct alm_decision *decision, struct answers *out)
{
	bool fits[BASES] = {false};

	for (size_t i = 0; i < decision->candidates.count; i++) {
		fits[number(decision->candidates.items[i])] = true;
	}
	if (decision->basis != NULL) {
		fits[number(decision->basis)] = true;
	}
	for (unsigned a = 0; a < BASES; a++) {
		out->fits[a] = out->fits[a] || fits[a];
		for (unsigned b = 0; b < BASES; b++) {
			out->meet[a][b] =
				out->meet[a][b] || (fits[a] && fits[b]);
			out->alone[a][b] =
				out->alone[a][b] || (fits[a] && !fits[b]);
		}
	}
}

static void ask_all(const struct alm_bundle *bundle, struct answers *out)
{
	static const char *const purposes[] = {"care", "urgent", "plan"};
	static const char *const categories[] = {"talk", "notes", "letters"};
	static const char *const ids[] = {"A", "B", "C", "D", "E", "F"};
	static const int64_t times[] = {
		NOW_S, NOW_S + 100 * DAY, NOW_S + 400 * DAY};
	struct alm_snapshot *snapshot = alm_snapshot_compile(bundle);
	struct alm_scratch *scratch = alm_scratch_new(snapshot);
	struct alm_world world = {.snapshot = snapshot};

	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; i < 6 * 6 * 3 * 3 * 3; i++) {
		struct alm_decision decision;
		struct alm_request request = {
			.id = "q",
			.from = ids[i % 6],
			.to = ids[i / 6 % 6],
			.purpose = purposes[i / 36 % 3],
			.categories = &categories[i / 108 % 3],
			.category_count = 1,
			.has_payload = true,
			.payload = ALM_LEVEL_IDENTIFIABLE,
			.subject = "9990000018",
		};

		alm_decide(&world, NULL, &request, times[i / 324], scratch,
			&decision);
		hear(&decision, out);
	}
	alm_scratch_free(scratch);
	alm_snapshot_free(snapshot);
}

static void compare(
	const struct alm_warnings *warnings, const struct answers *answers)
{
	bool warned[BASES][BASES] = {{false}};
	bool never[BASES] = {false};

	for (size_t i = 0; i < warnings->count; i++) {
		const struct alm_warning *at = &warnings->items[i];
		unsigned a = number(at->id);
		unsigned b = at->other != NULL ? number(at->other) : a;

		if (at->kind == ALM_WARN_NEVER_FITS) {
			never[a] = true;
		} else if (at->other != NULL) {
			cr_expect_not(warned[a][b], "warned twice");
			warned[a][b] = true;
			warned[b][a] = true;
			cr_expect(at->kind != ALM_WARN_SHADOWED ||
					  !answers->alone[a][b],
				"X%u is not shadowed by X%u\n%s", a, b, text);
		}
	}
	for (unsigned a = 0; a < BASES; a++) {
		cr_expect(!never[a] || !answers->fits[a], "X%u fits\n%s", a,
			text);
		for (unsigned b = 0; b < a; b++) {
			cr_expect_eq(warned[a][b], answers->meet[a][b],
				"X%u, X%u: warned %d\n%s", a, b, warned[a][b],
				text);
		}
	}
}

Test(overlap, warns_of_the_pairs_that_the_rule_would_answer_308)
{
	static struct alm_diagnostics found;
	static struct alm_warnings warnings;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct alm_arena arena;
		struct alm_bundle bundle;
		struct answers answers;
		struct alm_bundle_source file = {
			"b.yaml", {(const uint8_t *)text, 0}};

		make_bundle();
		file.content.bytes = used;
		alm_arena_init(&arena, 64 << 20);
		alm_diagnostics_init(&found, &arena);
		cr_assert_eq(alm_bundle_load(
				     &file, 1, &arena, &found, &bundle, NULL),
			ALM_OK, "%s\n%s", found.items[0].message, text);
		alm_lint(&bundle, NULL, &arena, NOW_S, &warnings);
		cr_expect_not(warnings.is_partial);
		ask_all(&bundle, &answers);
		compare(&warnings, &answers);
		alm_arena_fini(&arena);
	}
}
