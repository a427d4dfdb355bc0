/*
 * ending.h - the end of an entry of the outbox is one rename: its sidecar
 * leaves it.  What is left to tidy after that is done at once, or by
 * alm_sending_tidy() after a restart.
 */
#ifndef ALM_AGENTS_FOLDER_ENDING_H
#define ALM_AGENTS_FOLDER_ENDING_H

#include <stdbool.h>
#include <stddef.h>

#include "agents/folder/folder.h"
#include "agents/folder/shelf.h"
#include "agents/include/almoner.h"

/** receipts/NAME.yaml, on disk once `files` are, which have room for one.  The
 * receipt of another message of that name is kept as NAME.ID.yaml.
 * Errors: IO, NOMEM. */
ALM_MUST_USE enum alm_err alm_sending_receipt(const struct alm_folder *folder,
	const char *name, const struct alm_receipt_view *receipt,
	struct alm_files *files, struct alm_problem *problem);

/** An entry that is accepted. */
struct alm_ending {
	const char *name; /* borrowed */
	bool is_left;     /* given: it cannot be moved out of the outbox */
};

/** Their receipts are on disk: take them from the outbox.  One that is left
 * there holds up no other.  Errors: IO, NOMEM: some may be there yet, and get
 * the same receipt when they are sent again. */
ALM_MUST_USE enum alm_err alm_sending_accepted(const struct alm_folder *folder,
	struct alm_ending *endings, size_t count, struct alm_problem *problem);

/** Why it is refused: by the broker, or by us (`receipt` is NULL). */
struct alm_refusal {
	const struct alm_receipt_view *receipt;
	const struct alm_problem *own;
};

/** Move it to refused/ with NAME.refusal.yaml; where that holds files of its
 * names yet, to refused/ID/, and nothing is overwritten.  `out_shelf`: "" or
 * "ID/".  Errors: IO, NOMEM. */
ALM_MUST_USE enum alm_err alm_sending_refused(const struct alm_folder *folder,
	const char *name, const struct alm_refusal *refusal,
	char out_shelf[ALM_SHELF_BYTES], struct alm_problem *problem);

/** A refused entry that could not be read, and where in refused/ it lies. */
struct alm_stray {
	char *name;
	char shelf[ALM_SHELF_BYTES];
};

/** They name no payload: what is called like them goes with them.  What cannot
 * be moved stays; it does no harm.  They are put in order. */
void alm_sending_siblings(const struct alm_folder *folder,
	struct alm_stray *strays, size_t count);

/** Tidy up after entries whose sidecar has left the outbox.  At start.
 * Errors: IO. */
ALM_MUST_USE enum alm_err alm_sending_tidy(
	const struct alm_folder *folder, struct alm_problem *problem);

#endif /* ALM_AGENTS_FOLDER_ENDING_H */
