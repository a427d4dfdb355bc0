/*
 * doubt.h - when the broker refuses a frame it cannot say which message was at
 * fault.  Everything sent is then in doubt: after a ping has come back, so
 * that no older refusal is on its way, it goes out again one by one, and the
 * one that is refused alone has its answer.
 */
#ifndef ALM_AGENTS_CLIENT_DOUBT_H
#define ALM_AGENTS_CLIENT_DOUBT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agents/client/outbox.h"
#include "lib/bytes.h"

enum alm_doubt_state {
	ALM_DOUBT_NONE,
	ALM_DOUBT_ASKED,      /* a ping is to come back */
	ALM_DOUBT_ONE_BY_ONE, /* the oldest messages are in doubt */
};

/** Zeroed is none. */
struct alm_doubt {
	enum alm_doubt_state state;
	bool is_due;      /* the ping is to be sent */
	int64_t again_ms; /* and again at this time */
	uint8_t context[8];
};

/** Whether a problem without a message id says that a frame was refused. */
bool alm_doubt_is_refusal(enum alm_err code);

/**
 * A frame was refused.  Gives the message that was, or NULL when that is not
 * known yet.
 */
struct alm_pending *alm_doubt_refused(
	struct alm_doubt *doubt, struct alm_outbox *outbox);

/** The ping has come back, or its connection is gone. */
void alm_doubt_pong(struct alm_doubt *doubt, struct alm_bytes context);
void alm_doubt_reconnected(struct alm_doubt *doubt);

/** How many of `room` messages may be sent now. */
size_t alm_doubt_room(
	struct alm_doubt *doubt, const struct alm_outbox *outbox, size_t room);

/** The context of the ping, if one is to be sent now; else empty. */
struct alm_bytes alm_doubt_ping(const struct alm_doubt *doubt, int64_t now_ms);
void alm_doubt_pinged(struct alm_doubt *doubt, int64_t now_ms);

#endif /* ALM_AGENTS_CLIENT_DOUBT_H */
