/*
 * printer.h - the rows of an answer, printed as they come: a table or one of
 * the forms of every command, a FHIR Bundle, or events for a SIEM.
 */
#ifndef ALM_CLI_AUDIT_PRINTER_H
#define ALM_CLI_AUDIT_PRINTER_H

#include <jansson.h>

#include "cli/audit/options.h"
#include "cli/policy/bundle_files.h"

struct alm_audit_printer;

/** The option that takes the forms that not every command has. */
#define ALM_AUDIT_FORMAT_OPTION \
	{ \
		"format", 0, ALM_OPTION_TEXT, "WORD", \
			"fhir: a Bundle of R4 AuditEvents; ocsf: an event a " \
			"line", \
			false, false \
	}

/**
 * In:      columns  those of the answer; the first must be ours
 * Errors:  USAGE (--format), VERSION (other columns), NOMEM
 */
ALM_MUST_USE enum alm_err alm_audit_printer_new(const struct alm_args *args,
	const char *schema, const char *const *columns, size_t column_count,
	struct alm_audit_printer **out_printer, struct alm_problem *problem);
void alm_audit_printer_free(struct alm_audit_printer *printer);

/** Whether --format asks for one of ours.  Errors: USAGE. */
ALM_MUST_USE enum alm_err alm_audit_format_check(
	const struct alm_args *args, struct alm_problem *problem);

/** The sheet, for facts; NULL in the forms that have none. */
struct alm_sheet *alm_audit_printer_sheet(struct alm_audit_printer *printer);

/** The policy of an epoch, which is the printer's then; NULL: not known. */
typedef struct alm_bundle_files *alm_audit_policy_fn(
	void *cookie, uint64_t epoch);

/** For the forms that give a purpose in other people's words; the daemon's,
 * unless this says otherwise. */
void alm_audit_printer_policies(struct alm_audit_printer *printer,
	alm_audit_policy_fn *policy, void *cookie);

/** A record, a cell for each column of options.h; copied. */
void alm_audit_printer_row(
	struct alm_audit_printer *printer, const char *const *cells);

/** One record, and what stands beside it; texts are "" where there is none. */
struct alm_audit_told {
	const struct alm_audit_record *record;
	const char *agent;     /* its registered name */
	const char *detail;    /* in one line; pruned; erased */
	const char *signature; /* the sender's */
	const char *evidence;
	const char *leaf; /* hex, as path and header */
	const char *path;
	const char *header;
};

/** The same of a record. */
void alm_audit_printer_record(
	struct alm_audit_printer *printer, const struct alm_audit_told *told);

/** A page is whole: rows of a stream go out.  Gives the exit code. */
ALM_MUST_USE int alm_audit_printer_page(struct alm_audit_printer *printer);

/** Print what there is, whatever the form: for an answer without an end.
 * Gives the exit code. */
ALM_MUST_USE int alm_audit_printer_flush(struct alm_audit_printer *printer);

/** The answer is whole; `cursor` "" when there is no more. */
ALM_MUST_USE int alm_audit_printer_end(
	struct alm_audit_printer *printer, const char *cursor);

/* --- one record in one form: format_fhir.c, format_ocsf.c ---------------- */

/** A row of an answer: ALM_AUDIT_COLUMNS texts, "" where there is nothing. */
typedef const char *const *alm_audit_cells;

/** NULL when memory is out; `policy` NULL: not known. */
json_t *alm_audit_fhir_event(
	alm_audit_cells cells, const struct alm_bundle *policy);
json_t *alm_audit_ocsf_event(alm_audit_cells cells);

/** The kind that a row's word says; 0: one that this release does not know. */
unsigned alm_audit_cells_kind(alm_audit_cells cells);

/** Whether the record says that what was done with the broker, not with a
 * message, came to nothing: a question that was refused, damage. */
bool alm_audit_cells_failed(alm_audit_cells cells);

/** Set a text, unless it is "". */
void alm_json_set_text(json_t *object, const char *key, const char *text);

#endif /* ALM_CLI_AUDIT_PRINTER_H */
