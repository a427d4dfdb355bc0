/*
 * link.h - the connection: a DEALER to the broker, its monitor, a timer and a
 * wake-up, behind one descriptor to poll.  The only socket of a client.
 *
 * ZMQ_FD tells of edges, not of readiness: after each use alm_link_arm() looks
 * at the socket itself and keeps the descriptor readable while work is left.
 */
#ifndef ALM_AGENTS_CLIENT_LINK_H
#define ALM_AGENTS_CLIENT_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"

struct alm_link;

struct alm_link_options {
	const char *endpoint;
	const uint8_t *broker_key; /* 32 bytes, as are the next */
	const uint8_t *curve_public_key;
	const uint8_t *curve_secret_key;
	void *zmq_context; /* NULL: one of its own */
	uint32_t credit;   /* see alm_link_set_credit() */
};

/** Start connecting.  Errors: ENDPOINT_INVALID, NOMEM, IO. */
ALM_MUST_USE enum alm_err alm_link_open(const struct alm_link_options *options,
	struct alm_link **out_link, struct alm_problem *problem);

/** Drop the connection and start connecting with these options; descriptor
 * and context stay.  Errors: as open; then the link stands still. */
ALM_MUST_USE enum alm_err alm_link_reopen(struct alm_link *link,
	const struct alm_link_options *options, struct alm_problem *problem);

/**
 * Connect anew if libzmq has given up, as it does for good when what it meets
 * is not its protocol: another program at the port, or a machine between.
 * Where that fails it is tried again, later.
 */
void alm_link_tend(struct alm_link *link, int64_t now_ms);
/** When to do so (monotonic clock); INT64_MAX: no need to. */
int64_t alm_link_due_ms(const struct alm_link *link);

/** Drop the connection and never connect again; the descriptor stays. */
void alm_link_stop(struct alm_link *link);

/** Close; what was sent may go out for `linger_ms`.  NULL is fine. */
void alm_link_close(struct alm_link *link, int linger_ms);

int alm_link_fd(const struct alm_link *link);

enum alm_link_change {
	ALM_LINK_SAME = 0, /* nothing more has changed */
	ALM_LINK_UP,
	ALM_LINK_DOWN,
	ALM_LINK_REFUSED, /* the broker denies this agent's key */
	ALM_LINK_LIMITED, /* too many handshakes; it tries again */
	ALM_LINK_FAILED,  /* broken off in the handshake, e.g. a wrong key */
	ALM_LINK_SILENT,  /* connected, but no answer came; it tries again */
};

/** The next change since the last call. */
enum alm_link_change alm_link_next_change(struct alm_link *link);

/**
 * Take the next frame; borrowed until the next call.
 * Errors: NOT_FOUND: nothing waits.
 */
ALM_MUST_USE enum alm_err alm_link_receive(
	struct alm_link *link, struct alm_bytes *out_frame);

/** Errors: BUSY: not connected, or the queue is full; try again later. */
ALM_MUST_USE enum alm_err alm_link_send(
	struct alm_link *link, struct alm_bytes frame);

/** How many frames of mail may wait here unread; so many, and some more for
 * what is not mail, and the connection is not read before they are. */
void alm_link_set_credit(struct alm_link *link, uint32_t credit);

/** Make the descriptor readable now. */
void alm_link_wake(struct alm_link *link);

/**
 * After a round of work: keep the descriptor readable if `has_work` or, where
 * it is read, the socket has something; else let it be until something comes
 * or `due_ms` (monotonic clock, as `now_ms`; INT64_MAX: never) has come, at the
 * latest.
 */
void alm_link_arm(struct alm_link *link, bool has_work, bool is_read,
	int64_t due_ms, int64_t now_ms);

/**
 * Wait until the descriptor is readable.  Errors: TIMEOUT, INTERRUPTED.
 */
ALM_MUST_USE enum alm_err alm_link_wait(struct alm_link *link, int timeout_ms);

#endif /* ALM_AGENTS_CLIENT_LINK_H */
