/* confirm.h - asking before what cannot be undone, and secrets from stdin. */
#ifndef ALM_CLI_CONFIRM_H
#define ALM_CLI_CONFIRM_H

#include "cli/args.h"
#include "lib/nhs_number.h"

/**
 * Whether to go on: --yes, --dry-run, or a `y` on the terminal.
 * Gives -1 to go on, else the exit code (2), having said why.
 */
ALM_MUST_USE int alm_confirm(const struct alm_args *args, const char *what);

/**
 * An NHS number from `word`, or from stdin when it is `-`, so that it need
 * not stand in argv.  Spaces between digits are taken out.
 * Errors: SUBJECT_INVALID, without the number in the problem.
 */
ALM_MUST_USE enum alm_err alm_take_nhs_number(const char *word,
	char out[ALM_NHS_NUMBER_BYTES + 1], struct alm_problem *problem);

#endif /* ALM_CLI_CONFIRM_H */
