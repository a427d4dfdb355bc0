/* lint.h - the directives of a file of records, with their lines. */
#ifndef ALM_CLI_PEOPLE_LINT_H
#define ALM_CLI_PEOPLE_LINT_H

#include "broker/policy/lint.h"

/**
 * Read a whole file of records and give its directives.
 *
 * In:      path   outlives `out`
 *          arena  holds `out`
 * Errors:  RECORD_INVALID (one bad line refuses the file), NOT_FOUND, IO,
 *          NOMEM; `problem` names file, line and reason
 */
ALM_MUST_USE enum alm_err alm_people_directives(const char *path,
	struct alm_arena *arena, struct alm_placed_directives *out,
	struct alm_problem *problem);

#endif /* ALM_CLI_PEOPLE_LINT_H */
