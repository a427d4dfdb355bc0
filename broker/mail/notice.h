/*
 * notice.h - notices: told to a sender, and kept in its mailbox like mail.
 * Loop thread only; never logs.
 */
#ifndef ALM_BROKER_MAIL_NOTICE_H
#define ALM_BROKER_MAIL_NOTICE_H

#include "broker/loop/stage.h"

/** What a notice says.  Borrowed. */
struct alm_notice_facts {
	enum alm_notice_kind kind;
	const char *to;        /* the sender of the message */
	const char *recipient; /* to whom it was sent */
	struct alm_message_id message_id;
	enum alm_err code; /* why */
	const uint32_t *reasons;
	size_t reason_count;
	const char *reason; /* the recipient's words; "" none */
	uint64_t ref;       /* the record that says the same */
};

/** Tell a sender what became of its message; kept like mail. */
ALM_MUST_USE enum alm_err alm_send_notice(
	struct alm_turn *turn, const struct alm_notice_facts *facts);

/** The body of one as it is kept.
 * Errors: STORE_CORRUPT, NOMEM.  Sequence and attempt are left at zero. */
ALM_MUST_USE enum alm_err alm_notice_decode(struct alm_bytes body,
	struct alm_arena *arena, struct alm_notice *out_notice);

#endif /* ALM_BROKER_MAIL_NOTICE_H */
