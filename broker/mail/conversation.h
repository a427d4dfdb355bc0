/*
 * conversation.h - messages that belong to another one: requests and their
 * replies, and business receipts.  docs/decisions/0140 says who may answer
 * what.  Loop thread only; never logs.
 */
#ifndef ALM_BROKER_MAIL_CONVERSATION_H
#define ALM_BROKER_MAIL_CONVERSATION_H

#include "broker/mail/letter.h"

/** What the kind of a message asks of it. */
struct alm_conversation {
	enum alm_err code; /* why it is refused; OK: go on to the rule */
	uint64_t ref;      /* the record of what it answers; 0: nothing */
};

/**
 * A request has one recipient and a deadline; a reply answers an open request;
 * a business receipt is of a message that its sender was handed, and the first
 * of its kind.
 * Errors: those of the store that end the turn.
 */
ALM_MUST_USE enum alm_err alm_conversation_check(struct alm_turn *turn,
	const struct alm_message *message, struct alm_bytes payload,
	struct alm_conversation *out);

/** It was accepted, `ref` being what was found above: its deadline is watched,
 * and what it answers has its answer. */
ALM_MUST_USE enum alm_err alm_conversation_accepted(
	struct alm_turn *turn, const struct alm_letter *letter, uint64_t ref);

/** A reply was stopped before the asker had it: the request that it answered
 * is open again, or times out now. */
ALM_MUST_USE enum alm_err alm_conversation_stopped(
	struct alm_turn *turn, const struct alm_letter *letter);

/** See to the deadlines that have passed, a bounded number in each call. */
ALM_MUST_USE enum alm_err alm_deadlines_sweep(struct alm_turn *turn);

#endif /* ALM_BROKER_MAIL_CONVERSATION_H */
