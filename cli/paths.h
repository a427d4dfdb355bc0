/* paths.h - where our own programs and data lie, found from this program; and
 * paths as such. */
#ifndef ALM_CLI_PATHS_H
#define ALM_CLI_PATHS_H

#include <limits.h>
#include <stdbool.h>

#include "lib/err.h"

/** A program beside this one, or where roles and daemons are installed.
 * Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_path_program(
	const char *name, char out[PATH_MAX], struct alm_problem *problem);

/** The folder of the demonstration's policy and people: the installed one, or
 * config/demo of the source tree.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_path_demo(
	char out[PATH_MAX], struct alm_problem *problem);

/** The folder of compiled information standards (*.fds); as above. */
ALM_MUST_USE enum alm_err alm_path_standards(
	char out[PATH_MAX], struct alm_problem *problem);

/** `folder`/`name`.  False if it does not fit. */
ALM_MUST_USE bool alm_path_join(
	const char *folder, const char *name, char out[PATH_MAX]);

/** Remove a folder with all that is in it; what cannot be removed stays. */
void alm_path_remove(const char *folder);

#endif /* ALM_CLI_PATHS_H */
