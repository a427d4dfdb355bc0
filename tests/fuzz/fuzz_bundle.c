/*
 * fuzz_bundle.c - any bytes are refused with a place or load, and what loads
 * can be looked over and compiled.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "broker/core/snapshot.h"
#include "broker/policy/lint.h"
#include "broker/policy/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void use(const struct alm_bundle *bundle, struct alm_arena *arena)
{
	struct alm_warnings *warnings = malloc(sizeof(*warnings));

	if (warnings != NULL) {
		alm_lint(bundle, arena, INT64_C(1772355600), warnings);
	}
	free(warnings);
	alm_snapshot_free(alm_snapshot_compile(bundle));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	const struct alm_bundle_source file = {"fuzz.yaml", {data, bytes}};
	struct alm_diagnostics *found = calloc(1, sizeof(*found));
	struct alm_bundle bundle;
	struct alm_arena arena;
	enum alm_err err;

	if (found == NULL) {
		return 0;
	}
	alm_arena_init(&arena, 1 << 24);
	alm_diagnostics_init(found, &arena);
	err = alm_bundle_load(&file, 1, &arena, found, &bundle, NULL);
	if ((err == ALM_OK) != (found->count == 0)) {
		abort();
	}
	if (err == ALM_OK) {
		use(&bundle, &arena);
	}
	alm_arena_fini(&arena);
	free(found);
	return 0;
}
