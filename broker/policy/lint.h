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
#include "lib/arena.h"

#define ALM_WARNINGS_MAX 1000u
#define ALM_LINT_BASES_MAX 2000u

enum alm_warning_kind {
	ALM_WARN_NEVER_FITS,      /* no request could use the basis */
	ALM_WARN_SHADOWED,        /* another basis covers all it covers */
	ALM_WARN_OVERLAPS,        /* requests must name the basis: 308 */
	ALM_WARN_EXPIRED,         /* its last day has passed */
	ALM_WARN_EXPIRES_SOON,    /* within 60 days */
	ALM_WARN_UNLIMITED,       /* any recipient, with data about people */
	ALM_WARN_EXEMPT_UNPROVEN, /* an agreement's reason is no evidence */
};

struct alm_warning {
	enum alm_warning_kind kind;
	struct alm_place place;
	const char *id;    /* of the basis */
	const char *other; /* of the other basis, or NULL */
};

struct alm_warnings {
	struct alm_warning items[ALM_WARNINGS_MAX];
	size_t count;
	size_t dropped;
	bool is_partial; /* overlaps were not looked for among all bases */
};

/**
 * Look over a loaded bundle.  Overlaps are looked for among the first
 * ALM_LINT_BASES_MAX bases, so that a large bundle takes seconds.
 *
 * In:  arena  scratch memory; if it is full, `out` is partial
 *      now_s  the instant that expiry is judged at
 */
void alm_lint(const struct alm_bundle *bundle, struct alm_arena *arena,
	int64_t now_s, struct alm_warnings *out);

const char *alm_warning_name(enum alm_warning_kind kind);

#endif /* ALM_BROKER_POLICY_LINT_H */
