/*
 * shelf.h - where in refused/ an entry goes.  What was refused before under
 * names of its files may have been looked at by nobody yet: then it gets a
 * folder of its own there, refused/ID/, and nothing is overwritten.
 */
#ifndef ALM_AGENTS_FOLDER_SHELF_H
#define ALM_AGENTS_FOLDER_SHELF_H

#include "agents/folder/folder.h"
#include "agents/include/almoner.h"
#include "lib/id.h"

/* "" is refused/ itself, or ID and a slash. */
#define ALM_SHELF_BYTES (ALM_UUID_TEXT_BYTES + 1u)

/** For these two files, the second of which may be "".  `id` is what the entry
 * is bound to, so that what a crash left behind is brought to the same place;
 * if it is none, a new one is taken.  Errors: IO. */
ALM_MUST_USE enum alm_err alm_shelf_pick(const struct alm_folder *folder,
	const char *id, const char *const files[2],
	char out_shelf[ALM_SHELF_BYTES], struct alm_problem *problem);

/** Move a file of the outbox there.  Errors: NOT_FOUND, IO. */
ALM_MUST_USE enum alm_err alm_shelf_put(const struct alm_folder *folder,
	const char *file, const char *shelf, struct alm_problem *problem);

/** What lies there is on disk.  Errors: NOT_FOUND, IO. */
ALM_MUST_USE enum alm_err alm_shelf_sync(const struct alm_folder *folder,
	const char *shelf, struct alm_problem *problem);

#endif /* ALM_AGENTS_FOLDER_SHELF_H */
