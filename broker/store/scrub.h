/*
 * scrub.h - reading back what is stored, again and again, in the background: a
 * thread of low priority with views of its own, a bounded number of rows a
 * second.  What is damaged is told once, and goes on being refused to readers;
 * everything else is served.
 */
#ifndef ALM_BROKER_STORE_SCRUB_H
#define ALM_BROKER_STORE_SCRUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct alm_scrub;
struct alm_store;

/** So many damaged rows are told of; with more, the whole is in doubt. */
#define ALM_SCRUB_FINDINGS_MAX 256u
#define ALM_SCRUB_WHAT_BYTES 160u

struct alm_scrub_finding {
	uint64_t seq;                    /* of the record; 0: none */
	char what[ALM_SCRUB_WHAT_BYTES]; /* no personal data */
};

struct alm_scrub_state {
	uint64_t verified_seq; /* every record up to it was read back */
	uint64_t passes;       /* over everything that is stored */
	int64_t pass_at_us; /* wall clock, when the last one ended; 0: none */
	uint64_t rows;      /* read in all */
	size_t damaged;     /* findings */
};

/** Of an open store, which outlives it.  `rate` is rows (or 4 KiB of longer
 * ones) in a second.  Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_scrub_open(const struct alm_store *store,
	unsigned rate, struct alm_scrub **out_scrub);

/** End the thread and free.  NULL is a no-op. */
void alm_scrub_close(struct alm_scrub *scrub);

/** Work in a thread of its own.  Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_scrub_start(struct alm_scrub *scrub);

/** Some of the work, where there is no thread.  Out: rows or what counts as
 * such; 0: a pass is at its end. */
unsigned alm_scrub_step(struct alm_scrub *scrub);

/** All zero for NULL. */
void alm_scrub_state(struct alm_scrub *scrub, struct alm_scrub_state *out);

/** The i-th finding; false past the last. */
bool alm_scrub_finding(
	struct alm_scrub *scrub, size_t i, struct alm_scrub_finding *out);

#endif /* ALM_BROKER_STORE_SCRUB_H */
