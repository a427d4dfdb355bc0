/*
 * index.h - the index of the log: runs of postings in the folder `index`
 * beside the store, made from the committed log by a thread of its own.
 *
 * A run is of one of four sizes, each sixteen times the one before, and begins
 * at a multiple of its size; sixteen of a size that follow each other are
 * merged into one of the next.  The index is never needed: what it does not
 * cover is scanned, what is damaged or missing is made anew.
 */
#ifndef ALM_BROKER_STORE_INDEX_INDEX_H
#define ALM_BROKER_STORE_INDEX_INDEX_H

#include <pthread.h>

#include "broker/store/index.h"
#include "broker/store/index/run.h"
#include "broker/store/inside.h"

#define ALM_LOG_INDEX_LEVELS 4u
#define ALM_LOG_INDEX_FAN 16u
#define ALM_LOG_INDEX_FAN_BITS 4u
#define ALM_LOG_INDEX_UNIT_BITS 12u

struct alm_log_index {
	struct alm_store *store; /* whose thread asks */
	struct alm_store *side;  /* whose thread indexes; NULL: nobody */
	char folder[ALM_RUN_PATH_BYTES];
	struct alm_run_home home;
	struct alm_term_key term_key;
	unsigned unit_bits;
	bool is_read_only;
	pthread_mutex_t lock;  /* of the four below */
	struct alm_run **runs; /* by place; changed by the indexing thread */
	size_t run_count;
	size_t run_max;
	struct alm_log_index_state state;
	atomic_bool wants_rebuild;
	/* The thread, and how it is told to end. */
	pthread_t thread;
	bool has_thread;
	pthread_cond_t wake;
	atomic_bool is_ending; /* set with the lock */
};

/** How many records a run of a level is about. */
static inline uint64_t alm_log_index_level_size(
	const struct alm_log_index *index, unsigned level)
{
	return UINT64_C(1) << (index->unit_bits +
			       level * ALM_LOG_INDEX_FAN_BITS);
}

/* --- runs.c -------------------------------------------------------------- */

/** Open the runs that are there and right; others are removed, unless the
 * index is only read. */
ALM_MUST_USE enum alm_err alm_log_index_load(struct alm_log_index *index);
void alm_log_index_unload(struct alm_log_index *index);

/** Put a run in place of those that it covers. */
ALM_MUST_USE enum alm_err alm_log_index_add(
	struct alm_log_index *index, struct alm_run **take_run);

/** Remove those that are damaged, or all.  Out: how many there were. */
size_t alm_log_index_remove(struct alm_log_index *index, bool all);

/**
 * The run about a leaf, held for the caller; NULL if there is none.
 * Out:     out_first, out_last  the leaves that it is about; without a run,
 *                               those around this one without one
 */
struct alm_run *alm_log_index_hold(struct alm_log_index *index, uint64_t leaf,
	uint64_t *out_first, uint64_t *out_last);
void alm_log_index_release(struct alm_run *run);

/* --- build.c, merge.c ---------------------------------------------------- */

/** Make a run from the log.  Errors: STORE_IO, STORE_FULL, NOMEM. */
ALM_MUST_USE enum alm_err alm_log_index_build(struct alm_log_index *index,
	const struct alm_run_place *place, struct alm_run **out_run);

/** Make a run from those of the level below, which are all there.
 * Errors: as above; STORE_CORRUPT: one was damaged, and is marked so;
 * INTERRUPTED: the thread shall end. */
ALM_MUST_USE enum alm_err alm_log_index_merge(struct alm_log_index *index,
	const struct alm_run_place *place, struct alm_run *const *parts,
	struct alm_run **out_run);

/** Look whether the index finds one record that it covers, any; if not, its
 * run is marked as damaged. */
ALM_MUST_USE enum alm_err alm_log_index_spot_check(
	struct alm_log_index *index, uint64_t leaf);

#endif /* ALM_BROKER_STORE_INDEX_INDEX_H */
