/* check_records.h - the records of a bundle that was found good, as rows. */
#ifndef ALM_CLI_AUDIT_CHECK_RECORDS_H
#define ALM_CLI_AUDIT_CHECK_RECORDS_H

#include "broker/store/check.h"
#include "cli/audit/printer.h"

/** A private part, behind its salt, in one line as audit query has it; "" for
 * none, or when the arena is full. */
const char *alm_audit_private_line(
	struct alm_arena *arena, struct alm_bytes salted);

/** As --format and its like say.  Errors: as alm_audit_printer_new(). */
ALM_MUST_USE enum alm_err alm_audit_records_new(const struct alm_args *args,
	struct alm_audit_printer **out_printer, struct alm_problem *problem);

/**
 * Every record of a bundle, which alm_check_bundle() has found good.
 * In:      witnesses  how many have cosigned its head
 *          arena      for what is read; it is reset
 * Errors:  as alm_check_bundle(), IO: they could not be written
 */
ALM_MUST_USE enum alm_err alm_audit_records_print(
	struct alm_audit_printer *printer, const struct alm_trust *trust,
	struct alm_bytes bundle, unsigned witnesses, struct alm_arena *arena,
	struct alm_problem *problem);

#endif /* ALM_CLI_AUDIT_CHECK_RECORDS_H */
