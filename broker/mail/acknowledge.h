/*
 * acknowledge.h - mail that its recipient has taken or rejected
 * leaves.  Errors as stage.h says.  Loop thread only; never logs.
 */
#ifndef ALM_BROKER_MAIL_ACKNOWLEDGE_H
#define ALM_BROKER_MAIL_ACKNOWLEDGE_H

#include "broker/loop/stage.h"

/** Take out what was acknowledged, and answer. */
ALM_MUST_USE enum alm_err alm_acknowledge_mail(
	struct alm_turn *turn, const struct alm_turn_request *request);

/** The card of mail that is not held: after a restart, or never handed over.
 * Of mail that cannot be read it says nothing. */
ALM_MUST_USE enum alm_err alm_read_card(
	struct alm_turn *turn, uint64_t seq, struct alm_card *card);

/** What reading mail takes: of mail in parts the payload is not there. */
static inline size_t alm_bytes_here(const struct alm_queue_entry *entry)
{
	return entry->has_parts ? 0 : entry->bytes;
}

/** A record about mail, as far as its card says. */
struct alm_audit_record alm_card_record(struct alm_turn *turn,
	const struct alm_card *card, const char *recipient, uint64_t seq,
	enum alm_audit_kind kind);

#endif /* ALM_BROKER_MAIL_ACKNOWLEDGE_H */
