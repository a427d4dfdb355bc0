/*
 * undo.h - a turn that cannot be committed: it is taken back, and given up or
 * taken again without the request that is to blame.  Loop thread only.
 */
#ifndef ALM_BROKER_LOOP_UNDO_H
#define ALM_BROKER_LOOP_UNDO_H

#include "broker/loop/stage.h"

/** The broker as it was before the turn, with the metrics of then: nothing of
 * it happened.  Errors: as alm_broker_load(), if that had changed. */
ALM_MUST_USE enum alm_err alm_turn_take_back(
	struct alm_turn *turn, const struct alm_metrics *metrics);

/** Everybody is told why, and may try again. */
void alm_turn_give_up(struct alm_turn *turn, enum alm_err why);

/**
 * Whether `err` came of the request being carried out, so that the rest can
 * be served without it.  A want of memory or room is everybody's, and what
 * the store's own pages say is not to be built on.  True once a request.
 */
bool alm_turn_can_do_without(const struct alm_turn *turn, enum alm_err err);

/** Refuse that request when the turn is taken again.  What the same agent
 * asked behind it is for the next turn, so that an agent costs one turn. */
void alm_turn_fail_request(struct alm_turn *turn, enum alm_err why);

/**
 * Memory is out: refuse what takes most of it, when the turn is taken again.
 * That is the request that was being carried out, if it alone asks for more
 * than there is; else of the organisation with the request that took most,
 * what takes more than half of what it took.  False: nobody is to blame, or
 * it was tried often enough.
 */
bool alm_turn_spare_memory(struct alm_turn *turn);

/** Answer such a request, with a record that it failed here. */
ALM_MUST_USE enum alm_err alm_turn_refuse_failed(
	struct alm_turn *turn, const struct alm_turn_request *request);

#endif /* ALM_BROKER_LOOP_UNDO_H */
