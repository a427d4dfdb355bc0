/*
 * fair.h - probes that send little and measure how long it takes, while one
 * organisation disturbs: the two loads of `almoner bench fair`.  Workers are
 * forked by a process that was itself forked before there were threads.
 */
#ifndef ALM_AGENTS_BENCH_FAIR_H
#define ALM_AGENTS_BENCH_FAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct alm_client;

#define ALM_BENCH_PROBES 4u     /* pairs: P0 sends to Q0, and so on */
#define ALM_BENCH_FLOODERS 16u  /* agents of F */
#define ALM_BENCH_AGENTS 1000u  /* agents of C */
#define ALM_BENCH_SAMPLES 8192u /* of one run */

/* X(NAME, "word", "what it is") */
#define ALM_BENCH_DISTURBANCE_MAP(X) \
	X(NONE, "none", "nobody disturbs") \
	X(FLOOD, "flood", "one agent keeps its window full") \
	X(CONNECTIONS, "connections", "16 agents of one organisation do") \
	X(SLOW, "slow-consumer", "a recipient takes 200 messages a second") \
	X(DEAD, "dead-consumer", "a recipient stops reading its connection") \
	X(CROWD, "crowd", "1,000 agents are connected") \
	X(UPLOAD, "upload", "one agent sends large payloads in parts") \
	X(MALFORMED, "malformed", "one agent sends rubbish")

enum alm_bench_disturbance {
#define X(name, word, what) ALM_BENCH_##name,
	ALM_BENCH_DISTURBANCE_MAP(X)
#undef X
		ALM_BENCH_DISTURBANCE_COUNT
};

/** Shared by all workers and their parent. */
struct alm_bench_fair_shared {
	char endpoint[256];
	char broker_key[80];
	char agents[1024]; /* FOLDER/ORGANISATION/AGENT/curve.key ... */
	enum alm_bench_disturbance disturbance;
	uint32_t probe_ms;
	uint32_t ready; /* workers that have begun to disturb */
	bool stops;
	int code; /* of the first worker that failed; 0: none */
	char detail[512];
	uint64_t disturbing; /* messages or parts taken of disturbers */
	uint32_t accept_count;
	uint32_t hand_over_count;
	int64_t accept_ns[ALM_BENCH_SAMPLES];
	int64_t hand_over_ns[ALM_BENCH_SAMPLES];
};

struct alm_bench_fair;

/** Fork the server, while this process has no threads.  Errors: IO, NOMEM. */
ALM_MUST_USE enum alm_err alm_bench_fair_begin(
	struct alm_bench_fair **out_fair, struct alm_problem *problem);
struct alm_bench_fair_shared *alm_bench_fair_shared(
	struct alm_bench_fair *fair);

/** Probe under one disturbance; the samples are in the shared part then.
 * Errors: TIMEOUT, or what a worker met. */
ALM_MUST_USE enum alm_err alm_bench_fair_run(struct alm_bench_fair *fair,
	enum alm_bench_disturbance disturbance, struct alm_problem *problem);

/** End all processes.  NULL is fine. */
void alm_bench_fair_end(struct alm_bench_fair *fair);

/* --- between the files of this folder ------------------------------------ */

/** Open an agent's client and wait until it is welcome; 0 or a code. */
int alm_bench_fair_open(struct alm_bench_fair_shared *shared,
	const char *organisation, const char *agent, uint32_t credit,
	void *zmq_context, struct alm_client **out_client);

#endif /* ALM_AGENTS_BENCH_FAIR_H */
