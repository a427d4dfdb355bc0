/*
 * multicast.h - a send to several: one body, and for each of them a decision,
 * a record and a place in the mailbox; one receipt.  Errors as stage.h
 * says.  Loop thread only; never logs.
 */
#ifndef ALM_BROKER_MAIL_MULTICAST_H
#define ALM_BROKER_MAIL_MULTICAST_H

#include "broker/mail/arrival.h"

/** The same of one that goes to several: one body, and for each of them a
 * decision, a record and a place in the mailbox; one receipt. */
ALM_MUST_USE enum alm_err alm_accept_for_several(
	struct alm_turn *turn, struct alm_arrival *arrival);

/** Its payload is to come in parts: refuse what none of them may have, or has
 * room for; `arrival->refused` says so. */
ALM_MUST_USE enum alm_err alm_announce_to_several(
	struct alm_turn *turn, struct alm_arrival *arrival);

#endif /* ALM_BROKER_MAIL_MULTICAST_H */
