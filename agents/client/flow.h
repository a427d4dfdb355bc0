/*
 * flow.h - how much of what was sent the broker has not shown to have read.
 * A ping follows every few MiB; what was sent before it was read when it comes
 * back.  So a broker that hangs or stops reading costs no more memory here.
 */
#ifndef ALM_AGENTS_CLIENT_FLOW_H
#define ALM_AGENTS_CLIENT_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/limits.h"

/* With what is said besides, a window of large messages. */
#define ALM_FLOW_BYTES_MAX ((uint64_t)64 * 1024 * 1024)
#define ALM_FLOW_BYTES_ASKED ((uint64_t)4 * 1024 * 1024)

/** Zeroed is a new connection. */
struct alm_flow {
	uint64_t sent_bytes;
	uint64_t read_bytes; /* of these */
	uint64_t asked_at;   /* sent before the ping */
	bool is_asked;
	uint8_t context[ALM_PING_BYTES_MAX]; /* nobody can guess it */
};

/** The connection is another: nothing was sent on it. */
void alm_flow_begin(struct alm_flow *flow);

bool alm_flow_has_room(const struct alm_flow *flow);
void alm_flow_sent(struct alm_flow *flow, size_t bytes);

/** Whether a ping is to be sent. */
bool alm_flow_is_due(const struct alm_flow *flow);
/** Its context; borrowed. */
struct alm_bytes alm_flow_ask(struct alm_flow *flow);
/** It has gone out. */
void alm_flow_asked(struct alm_flow *flow);

/** A pong has come, perhaps another's. */
void alm_flow_pong(struct alm_flow *flow, struct alm_bytes context);

#endif /* ALM_AGENTS_CLIENT_FLOW_H */
