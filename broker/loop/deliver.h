/*
 * deliver.h - the last stage of a turn: what it said goes out, and the
 * sessions of those who cannot be reached, or who do not read, end.
 * Loop thread only.
 */
#ifndef ALM_BROKER_LOOP_DELIVER_H
#define ALM_BROKER_LOOP_DELIVER_H

#include "broker/loop/stage.h"

/** Send what is in the outbox, once the turn is on disk. */
void alm_deliver(struct alm_turn *turn);

/** A peer shows that it has read a ping, and so all before it. */
void alm_take_pong(
	struct alm_turn *turn, const struct alm_turn_request *request);

#endif /* ALM_BROKER_LOOP_DELIVER_H */
