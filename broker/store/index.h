/*
 * index.h - what a program does with the index of the log.  Questions use it
 * by themselves; see find.h.
 */
#ifndef ALM_BROKER_STORE_INDEX_H
#define ALM_BROKER_STORE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct alm_store;

struct alm_log_index_options {
	const char *path;   /* the store's folder */
	unsigned unit_bits; /* of the smallest runs, for tests; 0: 12 */
	bool is_read_only;  /* somebody else keeps it */
};

/** What an operator asks about it. */
struct alm_log_index_state {
	uint64_t covered; /* records that it covers */
	uint64_t lag;     /* records that it does not, when it last looked */
	uint64_t runs;
	uint64_t bytes;
	uint64_t damaged;  /* runs that were found damaged, and removed */
	uint64_t failures; /* times that it could not go on, and tried later */
};

/**
 * Open the index of an open store, for its questions to use.  What is damaged
 * or of another log is left out, and removed.
 * Errors:  STORE_IO (the folder), NOMEM
 */
ALM_MUST_USE enum alm_err alm_log_index_open(
	struct alm_store *store, const struct alm_log_index_options *options);

/** End the thread and close; before the store is closed.  No index: no-op. */
void alm_log_index_close(struct alm_store *store);

/** Keep it up to date from a thread of its own.  Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_log_index_start(struct alm_store *store);

/**
 * Some work, where there is no thread.  Out: out_is_done: there was none.
 * Errors:  STORE_IO, STORE_FULL, NOMEM
 */
ALM_MUST_USE enum alm_err alm_log_index_work(
	struct alm_store *store, bool *out_is_done);

/** Throw it away; it is made anew by the thread, or by work.  No index:
 * no-op. */
void alm_log_index_rebuild(struct alm_store *store);

/** All zero without an index. */
void alm_log_index_state(
	struct alm_store *store, struct alm_log_index_state *out_state);

#endif /* ALM_BROKER_STORE_INDEX_H */
