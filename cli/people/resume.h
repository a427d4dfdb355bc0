/*
 * resume.h - how far an import of a file has come, kept in
 * $XDG_STATE_HOME/almoner (or ~/.local/state/almoner) until it is finished.
 * It holds a place and digests, and nothing of what the file says.
 */
#ifndef ALM_CLI_PEOPLE_RESUME_H
#define ALM_CLI_PEOPLE_RESUME_H

#include <limits.h>

#include "cli/people/put.h"
#include "lib/err.h"

struct alm_people_resume {
	char path[PATH_MAX]; /* of what is kept; "" when nothing is */
	int fd;              /* of the file being imported; borrowed */
};

/** For the file of this name, which is open as `fd`.  Without a place to keep
 * it in, nothing is kept.  Errors: none. */
void alm_people_resume_init(
	struct alm_people_resume *resume, const char *file, int fd);

/** Where the import of this file had come to.  Errors: NOT_FOUND: nothing is
 * known of one; IMPORT_CHANGED: of another content; IO. */
ALM_MUST_USE enum alm_err alm_people_resume_read(
	const struct alm_people_resume *resume, struct alm_people_place *out,
	struct alm_problem *problem);

/** Keep a place.  Errors: IO. */
ALM_MUST_USE enum alm_err alm_people_resume_write(
	const struct alm_people_resume *resume,
	const struct alm_people_place *place, struct alm_problem *problem);

/** The import is finished. */
void alm_people_resume_forget(const struct alm_people_resume *resume);

#endif /* ALM_CLI_PEOPLE_RESUME_H */
