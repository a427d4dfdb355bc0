/*
 * accept.h - a send is taken in: checked, decided, kept, recorded and answered
 * with a receipt.  Errors as stage.h says.  Loop thread only; never logs.
 */
#ifndef ALM_BROKER_MAIL_ACCEPT_H
#define ALM_BROKER_MAIL_ACCEPT_H

#include "broker/loop/stage.h"

/** Take in a send: decide, keep, record, and answer with a receipt. */
ALM_MUST_USE enum alm_err alm_accept(
	struct alm_turn *turn, const struct alm_turn_request *request);

/** Refuse a send without a record: the store cannot take one. */
ALM_MUST_USE enum alm_err alm_refuse_unrecorded(struct alm_turn *turn,
	const struct alm_turn_request *request, enum alm_err code);

#endif /* ALM_BROKER_MAIL_ACCEPT_H */
