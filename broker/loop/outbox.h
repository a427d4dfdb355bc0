/*
 * outbox.h - what a turn will say, kept back until the turn is on disk.
 * Envelopes to one peer are packed into as few frames as fit.
 * Loop thread only; never logs.
 */
#ifndef ALM_BROKER_LOOP_OUTBOX_H
#define ALM_BROKER_LOOP_OUTBOX_H

#include <stddef.h>

#include "broker/edge/edge.h"
#include "lib/arena.h"
#include "lib/wire/wire.h"

struct alm_outbox;

/** NULL when memory is out. */
struct alm_outbox *alm_outbox_new(void);
void alm_outbox_free(struct alm_outbox *outbox);

/**
 * Add an envelope for a peer; it is encoded at once.
 * In:      arena  scratch
 * Errors:  FRAME_TOO_LARGE (it fits no frame), NOMEM
 */
ALM_MUST_USE enum alm_err alm_outbox_add(struct alm_outbox *outbox,
	enum alm_edge_socket socket, struct alm_peer peer,
	const struct alm_envelope *envelope, struct alm_arena *arena);

/** Whoever sends it. */
struct alm_outbox_hooks {
	void *cookie;
	/** Whether so many bytes may go out to a peer. */
	enum alm_err (*may_send)(void *cookie, enum alm_edge_socket socket,
		struct alm_peer peer, size_t bytes);
	/** Told of each peer that could not be reached. */
	void (*lost)(void *cookie, enum alm_edge_socket socket,
		struct alm_peer peer, enum alm_err err);
};

/** Send everything, in order for each peer, and be empty. */
void alm_outbox_send(struct alm_outbox *outbox, struct alm_edge *edge,
	const struct alm_outbox_hooks *hooks);

/** Forget everything: the turn did not happen. */
void alm_outbox_discard(struct alm_outbox *outbox);

#endif /* ALM_BROKER_LOOP_OUTBOX_H */
