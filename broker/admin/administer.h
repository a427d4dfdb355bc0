/*
 * administer.h - calls of operators and questions of agents, as a turn has
 * them.  administer.c says which verb may be asked where, verbs.h which there
 * are.
 */
#ifndef ALM_BROKER_ADMIN_ADMINISTER_H
#define ALM_BROKER_ADMIN_ADMINISTER_H

#include "broker/loop/stage.h"

/** Answer an administer envelope, or an agent's query.
 * Errors: those of the store that end the turn; whatever else is wrong is
 * answered. */
ALM_MUST_USE enum alm_err alm_administer(
	struct alm_turn *turn, const struct alm_turn_request *request);
ALM_MUST_USE enum alm_err alm_query(
	struct alm_turn *turn, const struct alm_turn_request *request);

#endif /* ALM_BROKER_ADMIN_ADMINISTER_H */
