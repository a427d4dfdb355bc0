/* attach.h - files as attachments of a question. */
#ifndef ALM_CLI_ATTACH_H
#define ALM_CLI_ATTACH_H

#include "lib/wire/wire.h"

#define ALM_ATTACHMENTS_MAX 1024u

/** Caller's memory; zeroed is empty. */
struct alm_attached {
	struct alm_attachment items[ALM_ATTACHMENTS_MAX];
	char *names[ALM_ATTACHMENTS_MAX]; /* owned */
	uint8_t *contents[ALM_ATTACHMENTS_MAX];
	size_t count;
	size_t bytes; /* of all contents */
};

/**
 * Attach the files of a folder whose names end in `suffix`, sorted bytewise,
 * under their own names without folders.
 * Errors: TOO_MANY_VALUES, BUNDLE_LIMIT, IO, NOT_FOUND when there are none, and
 *         those of alm_file_read()
 */
ALM_MUST_USE enum alm_err alm_attach_folder(struct alm_attached *attached,
	const char *folder, const char *suffix, struct alm_problem *problem);

/** A file, or the *`suffix` files of a folder.  Errors: the same. */
ALM_MUST_USE enum alm_err alm_attach_path(struct alm_attached *attached,
	const char *path, const char *suffix, struct alm_problem *problem);

/** Free the contents. */
void alm_attached_fini(struct alm_attached *attached);

#endif /* ALM_CLI_ATTACH_H */
