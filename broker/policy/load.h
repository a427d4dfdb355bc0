/*
 * load.h - a policy bundle from YAML (docs/POLICY.md section 1): the whole of
 * it or nothing, with everything that is wrong named by file, line and column.
 * Pure: the caller reads the files.
 */
#ifndef ALM_BROKER_POLICY_LOAD_H
#define ALM_BROKER_POLICY_LOAD_H

#include <stddef.h>

#include "broker/core/bundle.h"
#include "broker/core/decide.h"
#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/diagnostics.h"
#include "lib/err.h"

/** One file; the name orders the files and stands in messages. */
struct alm_bundle_source {
	const char *name;
	struct alm_bytes content;
};

/** One of the `tests:` of a bundle; the rule itself judges the request. */
struct alm_bundle_test {
	const char *name; /* "" if it has none */
	struct alm_place place;
	struct alm_request request;
	int64_t at_s; /* the pinned clock */
	struct alm_person person;
	const struct alm_place *directive_places; /* of the person's */
	/* what is expected */
	enum alm_effect effect;
	bool has_code;
	unsigned code;
	const char *basis; /* NULL: any, or none */
};

struct alm_bundle_tests {
	const struct alm_bundle_test *items;
	size_t count;
};

/**
 * Load a bundle.  Files are taken in order of name, whatever order is given.
 *
 * In:      files        names and content outlive the bundle
 *          arena        holds tree, bundle and messages; an arena of
 *                       ALM_BUNDLE_ARENA_BYTES_MAX takes any valid bundle
 *          diagnostics  initialised; what is wrong, in order of place
 * Out:     out_bundle   borrows from the arena and the file names
 *          out_tests    may be NULL
 * Errors:  that of the first diagnostic (50xx): refuse the bundle
 */
ALM_MUST_USE enum alm_err alm_bundle_load(const struct alm_bundle_source *files,
	size_t file_count, struct alm_arena *arena,
	struct alm_diagnostics *diagnostics, struct alm_bundle *out_bundle,
	struct alm_bundle_tests *out_tests);

#endif /* ALM_BROKER_POLICY_LOAD_H */
