/*
 * files.h - files that are written together: what a disk takes longest for is
 * to make sure, and of many at once it does that nearly as fast as of one.
 */
#ifndef ALM_AGENTS_FOLDER_FILES_H
#define ALM_AGENTS_FOLDER_FILES_H

#include <stddef.h>

#include "lib/bytes.h"
#include "lib/err.h"

#define ALM_FILES_MAX 128u

/** Zeroed is none. */
struct alm_files {
	struct {
		int fd;
		char *path;      /* owned */
		char *temporary; /* owned; beside it, as alm_file_write()'s */
	} items[ALM_FILES_MAX];
	size_t count;
};

/** Write one, under another name yet; there is room for it.  On an error it
 * alone is not added.  Errors: IO, NOMEM, NOT_FOUND: its folder. */
ALM_MUST_USE enum alm_err alm_files_add(struct alm_files *files,
	const char *path, struct alm_bytes content,
	struct alm_problem *problem);

/** All under their own names and on disk, and none left.  After an error some
 * may be there.  Errors: as alm_files_add(). */
ALM_MUST_USE enum alm_err alm_files_flush(
	struct alm_files *files, struct alm_problem *problem);

/** Remove what is not flushed. */
void alm_files_drop(struct alm_files *files);

#endif /* ALM_AGENTS_FOLDER_FILES_H */
