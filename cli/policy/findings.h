/*
 * findings.h - what a check found, each with its place: a line
 * `FILE:LINE:COLUMN: sort name: message` each, as compilers write them and
 * editors read them, or rows of a sheet with --json, --jsonl and --csv.
 */
#ifndef ALM_CLI_POLICY_FINDINGS_H
#define ALM_CLI_POLICY_FINDINGS_H

#include "cli/show/output.h"
#include "lib/diagnostics.h"
#include "lib/place.h"

struct alm_finding {
	const char *sort; /* error, warning, failed, ... */
	const char *name; /* in kebab-case */
	struct alm_place place;
	const char *subject; /* the id or name of what it is about; "" */
	const char *message;
};

/** Caller's memory; plain until alm_findings_end() frees what it holds. */
struct alm_findings {
	const struct alm_output *output;
	struct alm_sheet *sheet; /* NULL: lines on stdout */
};

/** `schema` is kept by pointer, and so is `output`. */
void alm_findings_begin(struct alm_findings *findings, const char *schema,
	const struct alm_output *output);

/** A line goes out at once, a row with the end; copied. */
void alm_findings_add(
	struct alm_findings *findings, const struct alm_finding *finding);

/** Everything that is wrong with a file, as errors. */
void alm_findings_add_all(struct alm_findings *findings,
	const struct alm_diagnostics *diagnostics);

/** A number beside the rows; not among lines. */
void alm_findings_count(
	struct alm_findings *findings, const char *key, size_t value);

/** Print what is left to print, and free.  Gives `rc`, or 1 if printing
 * failed. */
ALM_MUST_USE int alm_findings_end(struct alm_findings *findings, int rc);

#endif /* ALM_CLI_POLICY_FINDINGS_H */
