/*
 * probe.h - whether the folders take what is written into them: the way of a
 * piece of mail, or of an entry, is gone with a file of our own.
 */
#ifndef ALM_AGENTS_FOLDER_PROBE_H
#define ALM_AGENTS_FOLDER_PROBE_H

#include "agents/folder/folder.h"

/** As much as a message takes, into the inbox.
 * Errors: NOT_FOUND, IO: `problem` says where and why. */
ALM_MUST_USE enum alm_err alm_probe_inbox(
	const struct alm_folder *folder, struct alm_problem *problem);

/** An id is written, and leaves for the folders where entries end.
 * Errors: as above. */
ALM_MUST_USE enum alm_err alm_probe_outbox(
	const struct alm_folder *folder, struct alm_problem *problem);

#endif /* ALM_AGENTS_FOLDER_PROBE_H */
