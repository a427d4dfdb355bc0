/*
 * lint.h - what a policy says that its author may not mean.  A bundle with
 * warnings still loads.  Pure; the caller gives the clock.
 */
#ifndef ALM_BROKER_POLICY_LINT_H
#define ALM_BROKER_POLICY_LINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/core/bundle.h"
#include "broker/policy/load.h"
#include "lib/arena.h"

#define ALM_WARNINGS_MAX 1000u

enum alm_warning_kind {
	ALM_WARN_NEVER_FITS,      /* no request could use the basis */
	ALM_WARN_SHADOWED,        /* another basis covers all it covers */
	ALM_WARN_OVERLAPS,        /* requests must name the basis: 308 */
	ALM_WARN_EXPIRED,         /* its last day has passed */
	ALM_WARN_EXPIRES_SOON,    /* within 60 days */
	ALM_WARN_UNLIMITED,       /* any recipient, with data about people */
	ALM_WARN_EXEMPT_UNPROVEN, /* an agreement's reason is no evidence */
	ALM_WARN_REVIEW_DUE,      /* its register says a day that has passed */
	ALM_WARN_EXCEPTION_WIDER, /* than the directive that it stands in */
	ALM_WARN_WORD_LACKING,    /* a directive's word is not the bundle's */
};

struct alm_warning {
	enum alm_warning_kind kind;
	struct alm_place place;
	const char *id;    /* of the basis or the directive */
	const char *other; /* the other basis, what is wider, the word */
};

struct alm_warnings {
	struct alm_warning items[ALM_WARNINGS_MAX];
	size_t count;
	size_t dropped;
	bool is_partial; /* a limit was met: there may be more */
};

/**
 * Look over a loaded bundle; 50,000 bases take some tenths of a second.
 * Warnings stand in the order of their places.
 *
 * In:  tests  of the bundle; NULL: none
 *      arena  scratch memory; if it is full, `out` is partial
 *      now_s  the instant that expiry is judged at
 */
void alm_lint(const struct alm_bundle *bundle,
	const struct alm_bundle_tests *tests, struct alm_arena *arena,
	int64_t now_s, struct alm_warnings *out);

/** Directives from elsewhere, and where each stands. */
struct alm_placed_directives {
	const struct alm_directive *items;
	const struct alm_place *places;
	size_t count;
};

/** Look over directives by the words of a loaded bundle; what is found is
 * added to `out`. */
void alm_lint_directives(const struct alm_bundle *bundle,
	const struct alm_placed_directives *directives, struct alm_arena *arena,
	struct alm_warnings *out);

const char *alm_warning_name(enum alm_warning_kind kind);

#endif /* ALM_BROKER_POLICY_LINT_H */
