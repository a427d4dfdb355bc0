/* scrub_internal.h - where a pass over the store is, and what it has found. */
#ifndef ALM_BROKER_STORE_SCRUB_INTERNAL_H
#define ALM_BROKER_STORE_SCRUB_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "broker/store/scrub.h"
#include "broker/store/verify.h"

#define ALM_SCRUB_STEP_ROWS 256u

enum alm_scrub_phase {
	ALM_SCRUB_RECORDS,
	ALM_SCRUB_TILES,
	ALM_SCRUB_HEAD,
	ALM_SCRUB_ROWS,
};

struct alm_scrub {
	struct alm_store *side;
	struct alm_verify verify; /* what checks a row */
	struct alm_audit_report report;
	unsigned rate;
	/* Where the pass is. */
	enum alm_scrub_phase phase;
	uint64_t leaf; /* the next */
	int64_t time_us;
	unsigned level;
	uint64_t tile;
	size_t table;
	uint8_t key[511];
	size_t key_bytes;
	unsigned units; /* of the step */
	/* What was found, by table and key: hashes of these. */
	uint64_t known[ALM_SCRUB_FINDINGS_MAX];
	/* Read by the thread that asks, which waits for nobody: a finding is
	 * whole before it is counted. */
	_Atomic uint64_t verified_seq;
	_Atomic uint64_t passes;
	_Atomic int64_t pass_at_us;
	_Atomic uint64_t rows;
	_Atomic size_t damaged;
	struct alm_scrub_finding findings[ALM_SCRUB_FINDINGS_MAX];
	/* How the thread is told to end. */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool is_ending;
	bool has_thread;
	pthread_t thread;
};

/** Some of the work of the phase, in one view; sets the next phase. */
void alm_scrub_work(struct alm_scrub *scrub, MDB_txn *txn);

#endif /* ALM_BROKER_STORE_SCRUB_INTERNAL_H */
