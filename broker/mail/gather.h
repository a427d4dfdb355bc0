/*
 * gather.h - takes in payloads that come in parts: announced by their message,
 * gathered part by part over as many connections as it takes, and decided once
 * when they are whole.
 */
#ifndef ALM_BROKER_MAIL_GATHER_H
#define ALM_BROKER_MAIL_GATHER_H

#include "broker/mail/arrival.h"

/** The judgement permits what this message announces: go on with it from
 * where it stands, or begin; answers with how far it is. */
ALM_MUST_USE enum alm_err alm_gather_open(
	struct alm_turn *turn, struct alm_arrival *arrival);

/** Why its form does not go together with parts; OK if it does. */
enum alm_err alm_gather_check(
	const struct alm_turn *turn, const struct alm_message *message);

/** Whether the mailbox of its recipient has room for it now.
 * Errors: MAILBOX_FULL, MAILBOX_UNREAD, MAILBOX_TOO_SMALL. */
ALM_MUST_USE enum alm_err alm_gather_check_room(
	struct alm_turn *turn, const struct alm_message *message);

/** It will not be taken any more: what has come of it is dropped, if it came
 * in parts; not of another message under its id. */
ALM_MUST_USE enum alm_err alm_gather_refused(
	struct alm_turn *turn, const struct alm_arrival *arrival);

/** Take a part. */
ALM_MUST_USE enum alm_err alm_take_part(
	struct alm_turn *turn, const struct alm_turn_request *request);

/** Answer a part with a refusal of its message, without a record. */
ALM_MUST_USE enum alm_err alm_refuse_part(struct alm_turn *turn,
	const struct alm_turn_request *request, enum alm_err code);

/** Tell a sender how far its payload is, and how much may come. */
ALM_MUST_USE enum alm_err alm_gather_say(
	struct alm_turn *turn, struct alm_live_upload *live, bool is_again);

/** Its sender, by this agent, gives it up: record it, and tell whoever of
 * them is sending it. */
ALM_MUST_USE enum alm_err alm_gather_cancel(
	struct alm_turn *turn, uint64_t agent, const struct alm_upload *upload);

/** It will not be finished, nor is it on any connection then. */
ALM_MUST_USE enum alm_err alm_gather_drop(
	struct alm_turn *turn, const struct alm_upload *upload);

/** Once a turn: say who may send, and remove some of what is waste. */
ALM_MUST_USE enum alm_err alm_gather_serve(struct alm_turn *turn);

/** Once a second: drop what has been begun too long ago, and count. */
ALM_MUST_USE enum alm_err alm_gather_sweep(struct alm_turn *turn);

#endif /* ALM_BROKER_MAIL_GATHER_H */
