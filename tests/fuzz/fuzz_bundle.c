/*
 * fuzz_bundle.c - any bytes are refused with a place or load, and what loads
 * can be looked over, compiled and tested.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "broker/core/snapshot.h"
#include "broker/policy/lint.h"
#include "broker/policy/load.h"
#include "broker/policy/run_tests.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

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
