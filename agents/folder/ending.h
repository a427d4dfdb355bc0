/*
 * ending.h - the end of an entry of the outbox is one rename: its sidecar
 * leaves it.  What is left to tidy after that is done at once, or by
 * alm_sending_tidy() after a restart.
 */
#ifndef ALM_AGENTS_FOLDER_ENDING_H
#define ALM_AGENTS_FOLDER_ENDING_H

#include "agents/folder/folder.h"
#include "agents/include/almoner.h"

/** It is accepted: write receipts/NAME.yaml and take it from the outbox.
 * Errors: IO, NOMEM. */
ALM_MUST_USE enum alm_err alm_sending_accepted(const struct alm_folder *folder,
	const char *name, bool is_encoded,
	const struct alm_receipt_view *receipt, struct alm_problem *problem);

/** It is refused, by the broker or by us (`receipt` is NULL): move it to
 * refused/ with NAME.refusal.yaml.  Errors: IO, NOMEM. */
ALM_MUST_USE enum alm_err alm_sending_refused(const struct alm_folder *folder,
	const char *name, bool is_encoded,
	const struct alm_receipt_view *receipt, const struct alm_problem *own,
	struct alm_problem *problem);

/** Tidy up after entries whose sidecar has left the outbox.  At start.
 * Errors: IO. */
ALM_MUST_USE enum alm_err alm_sending_tidy(
	const struct alm_folder *folder, struct alm_problem *problem);

#endif /* ALM_AGENTS_FOLDER_ENDING_H */
