/* pick.h - one organisation by a unique beginning of its id. */
#ifndef ALM_CLI_PICK_H
#define ALM_CLI_PICK_H

#include "cli/args.h"
#include "lib/limits.h"

/**
 * Ask the broker which organisation `prefix` means.
 *
 * Out:     out_sheet    may be NULL: what is known of it, as facts
 *          out_id       may be NULL: ALM_ID_BYTES_MAX + 1 bytes
 * Errors:  NOT_FOUND, AMBIGUOUS, and those of alm_admin_ask()
 */
ALM_MUST_USE enum alm_err alm_pick_organisation(const struct alm_args *args,
	const char *prefix, struct alm_sheet **out_sheet, char *out_id,
	struct alm_problem *problem);

#endif /* ALM_CLI_PICK_H */
