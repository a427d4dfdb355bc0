/*
 * bench.h - the two loads of `almoner bench route`: a bare CURVE ROUTER, and
 * messages through a broker.  In both a sender process and a receiver process
 * of their own move the same frames; the clock starts at the first send and
 * stops at the last receipt, on one machine's monotonic clock.
 *
 * Fork before opening any socket: begin functions fork, and must be called
 * while this process has no threads.
 */
#ifndef ALM_AGENTS_BENCH_BENCH_H
#define ALM_AGENTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct alm_bench_load {
	size_t payload_bytes;
	uint64_t message_count;
	uint32_t window;              /* sends without an answer */
	uint32_t envelopes_per_frame; /* 1: one message a frame */
	uint64_t per_s;               /* sends a second at most; 0: no limit */
	/* Sent in turn to so many that are not there: alm_bench_absent();
	 * 0: to the receiver. */
	uint32_t absent_count;
};

#define ALM_BENCH_ABSENT_BYTES 16u

/** The id of the i-th recipient that is not there. */
void alm_bench_absent(uint32_t i, char out[ALM_BENCH_ABSENT_BYTES]);

/** The size of the frame that sends `envelope_count` messages with payloads of
 * `payload_bytes`, as libalmoner would write it.  Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_bench_frame_bytes(
	size_t payload_bytes, uint32_t envelope_count, size_t *out_bytes);

/**
 * Move the load from a DEALER through a bare ROUTER in a third process to a
 * DEALER, all under CURVE.
 *
 * In:      has_ends     true: signed messages between ends that work as agents
 *                       do; false: zeros in frames of that size
 * Out:     out_per_s    messages a second
 * Errors:  IO, TIMEOUT; the problem says which process failed
 */
ALM_MUST_USE enum alm_err alm_bench_raw(const struct alm_bench_load *load,
	bool has_ends, double *out_per_s, struct alm_problem *problem);

/** What the broker's load measured. */
struct alm_bench_result {
	double per_s;
	double accept_p50_us; /* from handing it to the library to its receipt
			       */
	double accept_p99_us;
};

/** The two processes of the broker's load, waiting to be told. */
struct alm_bench_agents;

/** Fork them.  Errors: IO, NOMEM. */
ALM_MUST_USE enum alm_err alm_bench_agents_begin(
	const struct alm_bench_load *load, struct alm_bench_agents **out_agents,
	struct alm_problem *problem);

/** One end: an agent that the broker knows. */
struct alm_bench_end {
	const char *organisation;
	const char *agent;
	const char *folder; /* holds its curve.key and signing.key */
};

/** Where it goes, and words that the active policy permits. */
struct alm_bench_message {
	const char *endpoint;
	const char *broker_key; /* 64 hex digits */
	struct alm_bench_end sender;
	struct alm_bench_end receiver;
	const char *purpose;
	const char *category;
	const char *subject;
};

/**
 * Let them run to the end.
 * Errors:  TIMEOUT, IO, or the code with which the first message was refused
 */
ALM_MUST_USE enum alm_err alm_bench_agents_run(struct alm_bench_agents *agents,
	const struct alm_bench_message *message,
	struct alm_bench_result *out_result, struct alm_problem *problem);

/** End the processes.  NULL is fine. */
void alm_bench_agents_end(struct alm_bench_agents *agents);

#endif /* ALM_AGENTS_BENCH_BENCH_H */
