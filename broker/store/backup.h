/*
 * backup.h - a compact copy of a store, made while the daemon runs: one view of
 * everything, without pages that are free.
 */
#ifndef ALM_BROKER_STORE_BACKUP_H
#define ALM_BROKER_STORE_BACKUP_H

#include <stdint.h>

#include "lib/err.h"
#include "lib/limits.h"

struct alm_backup {
	uint8_t store_id[ALM_STORE_ID_BYTES];
	uint64_t bytes;      /* of the copy */
	uint64_t file_bytes; /* of what was copied */
};

/**
 * Copy the store in `path` to the folder `to`, which exists and is empty, and
 * bring the copy to the disk.  No key is needed.  The view that is copied pins
 * pages: a writer's file may grow meanwhile.
 * Errors:  STORE_PATH (also: there is a copy already), STORE_FORMAT,
 *          STORE_FULL (the disk is), STORE_IO, NOMEM; `problem` says where
 */
ALM_MUST_USE enum alm_err alm_store_copy(const char *path, const char *to,
	struct alm_backup *out_backup, struct alm_problem *problem);

/** What a copy would be, about, and that the store can be read for one.
 * Errors: STORE_PATH, STORE_FORMAT, STORE_IO, NOMEM. */
ALM_MUST_USE enum alm_err alm_store_copy_try(const char *path,
	struct alm_backup *out_backup, struct alm_problem *problem);

#endif /* ALM_BROKER_STORE_BACKUP_H */
