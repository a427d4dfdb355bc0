/*
 * peer.h - the load of `almoner bench route` through another message broker:
 * a sender process that keeps its window of unanswered messages full, and a
 * receiver process that acknowledges each.  The clock starts at the first
 * send and stops at the last receipt.
 */
#ifndef ALM_TESTS_BENCH_PEERS_PEER_H
#define ALM_TESTS_BENCH_PEERS_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agents/bench/process.h"

struct peer_load {
	int port; /* on loopback */
	size_t payload_bytes;
	uint64_t count;
	uint32_t window;
	struct alm_bench_gate is_ready; /* the receiver has subscribed */
	int64_t first_ns;
	int64_t last_ns;
};

/** Each end, in a process of its own; false: it said why on stderr. */
bool peer_nats_send(struct peer_load *load);
bool peer_nats_receive(struct peer_load *load);
bool peer_mosquitto_send(struct peer_load *load);
bool peer_mosquitto_receive(struct peer_load *load);

#endif /* ALM_TESTS_BENCH_PEERS_PEER_H */
