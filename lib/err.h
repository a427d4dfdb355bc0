/*
 * err.h - the one error type.  Codes are stable: they travel on the wire and
 * are stored in the audit log, so a number is never reused.  The table in
 * lib/err_map.h makes this enum, `almoner errors`, the man page and the docs.
 */
#ifndef ALM_LIB_ERR_H
#define ALM_LIB_ERR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base.h"
#include "lib/err_map.h"

#define ALM_MUST_USE __attribute__((warn_unused_result))

enum alm_err {
	ALM_OK = 0,
#define X(name, code, kebab, exit_code, retryable, sentence, hint) \
	ALM_##name = (code),
	ALM_ERR_MAP(X)
#undef X
};

/** Exit codes of every command; see almoner(1). */
enum alm_exit {
	ALM_EXIT_OK = 0,
	ALM_EXIT_FAILURE = 1,
	ALM_EXIT_USAGE = 2,
	ALM_EXIT_NOT_FOUND = 3,
	ALM_EXIT_REFUSED = 4,
	ALM_EXIT_DENIED = 5,
	ALM_EXIT_CONFLICT = 6,
	ALM_EXIT_UNAVAILABLE = 7,
	ALM_EXIT_INTEGRITY = 8,
	ALM_EXIT_INVALID = 9,
};

/** One row of the catalogue.  All strings are static and never NULL. */
struct alm_err_info {
	enum alm_err err;
	const char *name;     /* kebab-case */
	const char *sentence; /* what is wrong */
	const char *hint;     /* what to do, and whose desk */
	enum alm_exit exit_code;
	bool is_retryable; /* the same request may succeed later */
};

/** The row of `err`; for an unknown number, the row of INTERNAL. */
const struct alm_err_info *alm_err_info(enum alm_err err);

/** The i-th row in ascending order of code; NULL past the end. */
const struct alm_err_info *alm_err_at(size_t i);

/** Turns a reason of the decision rule (101..903) into its error: 4000 + n. */
enum alm_err alm_err_from_reason(unsigned reason);

#define ALM_DETAIL_BYTES_MAX 512u

/**
 * An error with its place: what a user is shown.  Plain value, no ownership.
 * `detail` never holds personal data.
 */
struct alm_problem {
	enum alm_err err;
	char detail[ALM_DETAIL_BYTES_MAX]; /* where and what; may be empty */
};

/** Fill `problem` (may be NULL) and give `err` back, for `return` lines. */
enum alm_err alm_problem_set(struct alm_problem *problem, enum alm_err err,
	const char *format, ...) ALM_PRINTF(3, 4);

#endif /* ALM_LIB_ERR_H */
