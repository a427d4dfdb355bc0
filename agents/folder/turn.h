/*
 * turn.h - the turn of one entry: whether it is complete, and nobody is before
 * it; then its id goes to disk together with those of others, and it is sent.
 */
#ifndef ALM_AGENTS_FOLDER_TURN_H
#define ALM_AGENTS_FOLDER_TURN_H

#include "agents/folder/outbox.h"
#include "agents/folder/sending.h"

/* For the sake of their ids on disk. */
#define ALM_WORK_BATCH_MAX 64u

/** What is made ready together. */
struct alm_work_batch {
	struct alm_files files;
	struct alm_prepared *prepared; /* ALM_WORK_BATCH_MAX of them */
	struct alm_entry *entries[ALM_WORK_BATCH_MAX];
	size_t count;
	size_t bytes;
};

/** What one call works with. */
struct alm_work {
	struct alm_entries *entries;
	const struct alm_folder *folder;
	struct alm_client *client;
	struct alm_work_batch batch;
	size_t window; /* of the broker */
	int64_t now_ms;
	int64_t until_ms;
};

/** Look at it if it is time, and at none behind it that may not overtake. */
void alm_turn_of(struct alm_work *work, struct alm_entry *entry);

/** What is ready goes to disk, and is sent. */
void alm_turn_flush(struct alm_work *work);

#endif /* ALM_AGENTS_FOLDER_TURN_H */
