/*
 * arrival.h - a send on its way through the checks, and the records that it
 * leaves whatever becomes of it.
 */
#ifndef ALM_BROKER_MAIL_ARRIVAL_H
#define ALM_BROKER_MAIL_ARRIVAL_H

#include "broker/mail/judge.h"
#include "broker/store/parts.h"

struct alm_arrival {
	const struct alm_turn_request *request;
	const struct alm_send *send;
	struct alm_message message;
	struct alm_digest content;
	struct alm_judgement judgement;
	bool is_judged;
	uint64_t ref; /* the record of what it answers; 0: nothing */
	const struct alm_upload *upload; /* it came in parts; NULL: as one */
	enum alm_err refused;            /* with this; OK: not */
};

/** What a record of it says in the clear. */
struct alm_audit_record alm_arrival_record(struct alm_turn *turn,
	const struct alm_arrival *arrival, enum alm_audit_kind kind);

/** Who, why and on whose word: the private part of that record; borrowed from
 * the turn. */
const char *alm_arrival_describe(
	struct alm_turn *turn, const struct alm_arrival *arrival);

/** What a message answers and what it says to that, for a private part. */
void alm_describe_talk(
	struct alm_detail *detail, const struct alm_message *message);

/** The sender's signature, as evidence that stays when detail is erased. */
void alm_arrival_sign_off(struct alm_audit_record *record,
	const struct alm_send *send,
	uint8_t room[ALM_AUDIT_SIGNATURE_BYTES_MAX]);

/** Record a refusal and answer with it; `refused` says so from then on. */
ALM_MUST_USE enum alm_err alm_arrival_refuse(struct alm_turn *turn,
	struct alm_arrival *arrival, enum alm_err code, const char *why);

/** The same, for what its recipient's mailbox has no room for. */
ALM_MUST_USE enum alm_err alm_arrival_refuse_room(
	struct alm_turn *turn, struct alm_arrival *arrival, enum alm_err code);

/** What was announced in parts is whole: decide it and take it in. */
ALM_MUST_USE enum alm_err alm_accept_whole(
	struct alm_turn *turn, struct alm_arrival *arrival);

#endif /* ALM_BROKER_MAIL_ARRIVAL_H */
