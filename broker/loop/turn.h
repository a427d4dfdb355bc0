/*
 * turn.h - one turn of the loop: receive, decode, authenticate, decide,
 * commit, deliver.  turn.c alone names the stages.
 */
#ifndef ALM_BROKER_LOOP_TURN_H
#define ALM_BROKER_LOOP_TURN_H

#include "broker/broker.h"

/** What every turn needs anew but not zeroed: kept between turns.  NULL when
 * memory is out. */
struct alm_turn_buffers *alm_turn_buffers_new(void);
void alm_turn_buffers_free(struct alm_turn_buffers *buffers);

/**
 * Take one turn.  `ready` says which sockets have something.
 *
 * Errors:  STORE_IO, STORE_READ_ONLY, STORE_CORRUPT, INTERNAL: nobody heard of
 *          success; stop the daemon.  A full store or memory is answered, not
 *          returned.
 */
ALM_MUST_USE enum alm_err alm_turn_run(struct alm_broker *broker,
	const struct alm_edge_ready *ready, struct alm_problem *problem);

#endif /* ALM_BROKER_LOOP_TURN_H */
