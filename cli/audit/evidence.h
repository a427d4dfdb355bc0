/*
 * evidence.h - files of evidence: asking for them, keeping them, and what is
 * shared by the commands that check them.
 */
#ifndef ALM_CLI_AUDIT_EVIDENCE_H
#define ALM_CLI_AUDIT_EVIDENCE_H

#include "cli/admin.h"
#include "cli/args.h"

/**
 * Ask for a file, as an agent with --context, else over the administration
 * socket.
 * Out:     out_data   heap; free() it
 * Errors:  as alm_admin_ask(), and those of the answer
 */
ALM_MUST_USE enum alm_err alm_audit_fetch(const struct alm_args *args,
	const struct alm_ask *ask, uint8_t **out_data, size_t *out_bytes,
	struct alm_problem *problem);

/** Ask for a file and keep it.  Gives the exit code. */
int alm_audit_fetch_and_keep(
	const struct alm_args *args, const struct alm_ask *ask);

/** Write to --out, or to standard output.  Gives the exit code. */
int alm_audit_keep(const struct alm_args *args, struct alm_bytes file);

#endif /* ALM_CLI_AUDIT_EVIDENCE_H */
