/*
 * handover.h - picks whom to hand what, and when.  Errors as stage.h
 * says.  Loop thread only; never logs.
 */
#ifndef ALM_BROKER_MAIL_HANDOVER_H
#define ALM_BROKER_MAIL_HANDOVER_H

#include "broker/loop/stage.h"

/** Whether a session's agent may be handed mail at all. */
bool alm_may_take(
	const struct alm_turn *turn, const struct alm_session *session);

/** Hand over what is due, to every session with room; bounded. */
ALM_MUST_USE enum alm_err alm_hand_over(struct alm_turn *turn);

#endif /* ALM_BROKER_MAIL_HANDOVER_H */
