/*
 * unread.h - whether those who are sent something read it.  What goes to a
 * connection waits in its queue until the peer takes it, and a peer that asks
 * and never reads would fill the memory.  So each connection has an account of
 * the bytes it was sent and has not shown to have read: now and then it is sent
 * a ping with a random context, and the pong shows that all before was read.
 * Beyond the limit nothing more goes out to it until the last ping is answered.
 *
 * Loop thread only; never logs.
 */
#ifndef ALM_BROKER_LOOP_UNREAD_H
#define ALM_BROKER_LOOP_UNREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/edge/edge.h"
#include "lib/bytes.h"
#include "lib/err.h"

#define ALM_UNREAD_CONTEXT_BYTES 16u

/** One connection's account. */
struct alm_unread {
	struct alm_peer peer;
	struct alm_unread *next_in_bucket;
	struct alm_unread *next_to_ask;
	uint64_t sent_bytes; /* since the connection came */
	uint64_t read_bytes; /* of these, shown to be read */
	uint64_t asked_at;   /* what was sent when it was asked */
	uint8_t context[ALM_UNREAD_CONTEXT_BYTES];
	bool is_asked;   /* and has not answered yet */
	bool is_to_ask;  /* stands among those to be asked */
	bool is_stopped; /* nothing goes out to it */
	int64_t sent_at_ms;
};

struct alm_unreads;

/** NULL when memory is out. */
struct alm_unreads *alm_unreads_new(void);
void alm_unreads_free(struct alm_unreads *readers);

/** What all of them were sent and have not shown to have read. */
uint64_t alm_unreads_bytes(const struct alm_unreads *readers);

/**
 * So many bytes are about to be sent to a peer; they are put to its account.
 * Errors:  NOT_READING: do not send them, it has not read what it got before;
 *          NOMEM
 */
ALM_MUST_USE enum alm_err alm_unreads_send(struct alm_unreads *readers,
	struct alm_peer peer, size_t bytes, int64_t now_ms);

/** The next one to be asked; NULL: none is left.  A stopped one is asked once
 * more, so that its answer says that it has read all. */
struct alm_unread *alm_unreads_next_to_ask(struct alm_unreads *readers);

/** A ping with its context is on its way, or could not be sent. */
void alm_unread_asked(struct alm_unread *reader, bool is_sent);

/** A peer answers; returns whether it was this that it was asked. */
bool alm_unreads_answer(struct alm_unreads *readers, struct alm_peer peer,
	struct alm_bytes context);

/** Whether nothing goes out to the peer. */
bool alm_unreads_is_stopped(struct alm_unreads *readers, struct alm_peer peer);

/** The connection is gone. */
void alm_unreads_forget(struct alm_unreads *readers, struct alm_peer peer);

/** Forget those to whom nothing was sent since `before_ms`, and who have no
 * session. */
void alm_unreads_sweep(struct alm_unreads *readers, int64_t before_ms,
	bool (*has_session)(void *cookie, struct alm_peer peer), void *cookie);

#endif /* ALM_BROKER_LOOP_UNREAD_H */
