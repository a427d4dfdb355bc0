/* hello.h - beginning a session, its credit, and signs of life. */
#ifndef ALM_BROKER_IDENTITY_HELLO_H
#define ALM_BROKER_IDENTITY_HELLO_H

#include "broker/loop/stage.h"

/** Begin a session and answer with welcome; an older one of the same agent
 * is superseded. */
ALM_MUST_USE enum alm_err alm_hello(
	struct alm_turn *turn, const struct alm_turn_request *request);

/** End the session, if there is one: what it held is due again. */
void alm_goodbye(struct alm_turn *turn, const struct alm_turn_request *request);

/** From now on its session has a window of so many. */
ALM_MUST_USE enum alm_err alm_set_credit(
	struct alm_turn *turn, const struct alm_turn_request *request);

/** Answer a ping. */
ALM_MUST_USE enum alm_err alm_pong(
	struct alm_turn *turn, const struct alm_turn_request *request);

/** Note that a peer was heard, and end the sessions that are silent. */
void alm_note_signs_of_life(struct alm_turn *turn);

#endif /* ALM_BROKER_IDENTITY_HELLO_H */
