/*
 * run_tests.h - the `tests:` of a bundle, run against its own snapshot, and
 * what of the bundle no test reached.  Pure: the clock of a test is pinned.
 */
#ifndef ALM_BROKER_POLICY_RUN_TESTS_H
#define ALM_BROKER_POLICY_RUN_TESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/core/decide.h"
#include "broker/policy/load.h"
#include "lib/arena.h"
#include "lib/err.h"

/** What the rule answered to one test. */
struct alm_test_outcome {
	const struct alm_bundle_test *test;
	bool has_passed;
	enum alm_effect effect;
	unsigned code;
	const char *basis; /* NULL: none */
};

enum alm_unreached_kind {
	ALM_UNREACHED_BASIS,       /* no test was decided under it */
	ALM_UNREACHED_PROHIBITION, /* none met it, lifted or not */
	ALM_UNREACHED_LIFT,        /* in none did it have an effect */
};

/** A rule of the bundle that no test reached. */
struct alm_unreached {
	enum alm_unreached_kind kind;
	struct alm_place place;
	const char *id;   /* of the basis or the prohibition */
	const char *lift; /* what the basis lifts; NULL: not a lift */
};

/** Lists stand in the arena; texts are those of bundle and snapshot. */
struct alm_test_report {
	const struct alm_test_outcome *outcomes; /* in order of the bundle */
	size_t count;
	size_t failed;
	const struct alm_unreached *unreached; /* bases, prohibitions, lifts */
	size_t unreached_count;
	size_t rule_count; /* of all that could have been reached */
};

/**
 * Run all tests.  No tests is no failure.
 *
 * In:      snapshot           compiled of `bundle`; outlives the report
 *          tests              loaded with `bundle`
 *          opt_out_age_max_s  the setting; ALM_OPT_OUT_AGE_DEFAULT_S
 * Errors:  NOMEM (the arena is full).  A test that fails is none: see
 *          alm_tests_problem().
 */
ALM_MUST_USE enum alm_err alm_tests_run(const struct alm_bundle *bundle,
	const struct alm_snapshot *snapshot,
	const struct alm_bundle_tests *tests, int64_t opt_out_age_max_s,
	struct alm_arena *arena, struct alm_test_report *out_report);

/**
 * OK if all passed.  Else TEST_FAILED (refuse the bundle) with the first
 * failure as `FILE:LINE:COLUMN: 'NAME': message`; `problem` may be NULL.
 */
enum alm_err alm_tests_problem(
	const struct alm_test_report *report, struct alm_problem *problem);

#define ALM_TEST_TEXT_BYTES 256u

/** `expected deny 501, decided permit 0 by DSA-1`. */
void alm_test_text(
	const struct alm_test_outcome *outcome, char out[ALM_TEST_TEXT_BYTES]);

const char *alm_unreached_name(enum alm_unreached_kind kind);

#endif /* ALM_BROKER_POLICY_RUN_TESTS_H */
