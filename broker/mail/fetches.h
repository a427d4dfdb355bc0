/*
 * fetches.h - hands over payloads that come in parts.  The recipient has got
 * their mail without them, and asks for parts as it writes them down; each
 * turn gives a few, to all who ask in turn.  What stops the mail (a withdrawal,
 * its expiry) stops its parts: none goes out of mail that is not in the hands
 * of who asks.
 *
 * Loop thread only; never logs.
 */
#ifndef ALM_BROKER_MAIL_FETCHES_H
#define ALM_BROKER_MAIL_FETCHES_H

#include <stddef.h>
#include <stdint.h>

#include "broker/edge/edge.h"
#include "lib/err.h"

struct alm_turn;
struct alm_turn_request;

struct alm_fetch {
	struct alm_peer peer;
	uint64_t seq;    /* of the mail */
	uint64_t number; /* of its parts */
	uint32_t count;
	uint32_t next; /* to be given */
	uint32_t until;
};

struct alm_fetches {
	struct alm_fetch *items;
	size_t count;
	size_t capacity;
	size_t at; /* whose turn it is */
};

/** Forget them all: they ask again; also at the end. */
void alm_fetches_clear(struct alm_fetches *fetches);

/** A recipient says how far it is. */
ALM_MUST_USE enum alm_err alm_take_progress(
	struct alm_turn *turn, const struct alm_turn_request *request);

/** Once a turn: give what was asked for, within the turn's share. */
ALM_MUST_USE enum alm_err alm_fetches_serve(struct alm_turn *turn);

#endif /* ALM_BROKER_MAIL_FETCHES_H */
