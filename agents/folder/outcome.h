/* outcome.h - what becomes of an entry of the outbox; of its own files. */
#ifndef ALM_AGENTS_FOLDER_OUTCOME_H
#define ALM_AGENTS_FOLDER_OUTCOME_H

#include "agents/folder/outbox.h"

/** It is on its way no more. */
void alm_outcome_land(struct alm_entries *entries, struct alm_entry *entry,
	enum alm_entry_state state, bool is_accepted);

/** `least_ms`: what the broker asked for, if it did. */
void alm_outcome_later(struct alm_entries *entries, struct alm_entry *entry,
	uint32_t least_ms);

/** Disk or memory fails us, not the entry.  Where nothing can be written, the
 * whole outbox waits, in its order; else this one alone. */
void alm_outcome_failed(struct alm_entries *entries,
	const struct alm_folder *folder, struct alm_entry *entry,
	enum alm_err err, const char *detail);

/** By the broker, or by us: `receipt` is NULL. */
void alm_outcome_refused(struct alm_entries *entries,
	const struct alm_folder *folder, struct alm_entry *entry,
	const struct alm_receipt_view *receipt, const struct alm_problem *own);

/** Forget what would follow: at the end. */
void alm_outcome_drop(struct alm_entries *entries);

/** What is called like entries that could not be read follows them. */
void alm_outcome_strays(
	struct alm_entries *entries, const struct alm_folder *folder);

#endif /* ALM_AGENTS_FOLDER_OUTCOME_H */
