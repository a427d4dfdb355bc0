/*
 * fuzz_bundle.c - any bytes are refused with a place or load, and what loads
 * can be looked over, compiled, tested, and compared: with itself it has no
 * difference, and without its bases what one way loses the other way gains.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "broker/core/snapshot.h"
#include "broker/policy/diff.h"
#include "broker/policy/lint.h"
#include "broker/policy/load.h"
#include "broker/policy/run_tests.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void pass(void *context, const struct alm_diff *diff,
	const struct alm_diff_block *block)
{
	(void)context;
	(void)diff;
	if (block->cells == 0) {
		abort();
	}
}

/* False when memory is out. */
static bool compare(const struct alm_bundle *before,
	const struct alm_bundle *after, struct alm_diff_totals *out)
{
	struct alm_diff *diff = NULL;
	bool is_done = alm_diff_open(before, after, INT64_C(1772355600),
			       &diff) == ALM_OK &&
		       alm_diff_run(diff, pass, NULL, out) == ALM_OK;

	alm_diff_close(diff);
	return is_done;
}

static void compare_all(const struct alm_bundle *bundle)
{
	struct alm_bundle bare = *bundle;
	struct alm_diff_totals same;
	struct alm_diff_totals lost;
	struct alm_diff_totals gained;

	bare.bases = NULL;
	bare.basis_count = 0;
	if (!compare(bundle, bundle, &same) || !compare(bundle, &bare, &lost) ||
		!compare(&bare, bundle, &gained)) {
		return;
	}
	if (same.blocks != 0 ||
		lost.cells[ALM_DIFF_LOST] != gained.cells[ALM_DIFF_GAINED] ||
		lost.cells[ALM_DIFF_GAINED] != 0 ||
		lost.bases_removed != bundle->basis_count) {
		abort();
	}
}

static void use(const struct alm_bundle *bundle,
	const struct alm_bundle_tests *tests, struct alm_arena *arena)
{
	struct alm_warnings *warnings = malloc(sizeof(*warnings));
	struct alm_snapshot *snapshot = alm_snapshot_compile(bundle);
	struct alm_test_report report;

	if (warnings != NULL) {
		alm_lint(bundle, tests, arena, INT64_C(1772355600), warnings);
	}
	free(warnings);
	if (snapshot != NULL &&
		alm_tests_run(bundle, snapshot, tests,
			ALM_OPT_OUT_AGE_DEFAULT_S, arena, &report) == ALM_OK &&
		report.count != tests->count) {
		abort();
	}
	alm_snapshot_free(snapshot);
	compare_all(bundle);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	const struct alm_bundle_source file = {"fuzz.yaml", {data, bytes}};
	struct alm_diagnostics *found = calloc(1, sizeof(*found));
	struct alm_bundle_tests tests;
	struct alm_bundle bundle;
	struct alm_arena arena;
	enum alm_err err;

	if (found == NULL) {
		return 0;
	}
	alm_arena_init(&arena, 1 << 24);
	alm_diagnostics_init(found, &arena);
	err = alm_bundle_load(&file, 1, &arena, found, &bundle, &tests);
	if ((err == ALM_OK) != (found->count == 0)) {
		abort();
	}
	if (err == ALM_OK) {
		use(&bundle, &tests, &arena);
	}
	alm_arena_fini(&arena);
	free(found);
	return 0;
}
