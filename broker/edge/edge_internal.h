/* edge_internal.h - what the files of broker/edge share of the sockets. */
#ifndef ALM_BROKER_EDGE_EDGE_INTERNAL_H
#define ALM_BROKER_EDGE_EDGE_INTERNAL_H

#include <zmq.h>

#include "broker/edge/edge.h"
#include "lib/limits.h"

/* The header hides these numbers as drafts, but 4.3.4 honours them. */
#define ALM_ZMQ_ZAP_ENFORCE_DOMAIN 93

struct alm_edge {
	void *context;
	void *agents;
	void *next; /* agents that have changed over; NULL: none do */
	void *admin;
	void *zap;
	int signal_fd;
	int extra_fd;
	char endpoint[ALM_ENDPOINT_BYTES_MAX + 1];
	uint8_t public_key[ALM_KEY_BYTES];
	char next_endpoint[ALM_ENDPOINT_BYTES_MAX + 1];
	uint8_t next_public_key[ALM_KEY_BYTES];
	bool is_next_first; /* the two take turns at being read first */
	zmq_msg_t held[ALM_TURN_FRAMES_MAX];
	size_t held_count;
	uint64_t dropped;
};

#endif /* ALM_BROKER_EDGE_EDGE_INTERNAL_H */
