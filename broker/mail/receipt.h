/*
 * receipt.h - the answers to a send: accepted or refused, and the accepted
 * one as it is kept, so that a repeated send gets the first receipt again.
 */
#ifndef ALM_BROKER_MAIL_RECEIPT_H
#define ALM_BROKER_MAIL_RECEIPT_H

#include "broker/mail/judge.h"

/** When what stands in the way may be gone; 0: that is not known. */
uint32_t alm_retry_after_ms(enum alm_err code);

/** Answer that it was refused.  Opt-out reasons are shown as one. */
ALM_MUST_USE enum alm_err alm_reply_refused(struct alm_turn *turn,
	const struct alm_turn_request *request, const struct alm_message_id *id,
	enum alm_err code, const char *detail,
	const struct alm_judgement *judgement);

/** Answer that it was accepted. */
ALM_MUST_USE enum alm_err alm_reply_accepted(struct alm_turn *turn,
	const struct alm_turn_request *request, const struct alm_message_id *id,
	const struct alm_accepted *accepted);

/** What was answered before.  Errors: NOT_FOUND: nothing; BUSY: this turn has
 * read back enough; STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_receipt_before(struct alm_turn *turn,
	const char *sender, const struct alm_message_id *id,
	struct alm_duplicate *out_duplicate);

/** The receipt as bytes, in the arena.  Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_receipt_encode(
	const struct alm_accepted *accepted, struct alm_arena *arena,
	struct alm_bytes *out_bytes);

/** Errors: STORE_CORRUPT, NOMEM. */
ALM_MUST_USE enum alm_err alm_receipt_decode(struct alm_bytes bytes,
	struct alm_arena *arena, struct alm_accepted *out_accepted);

/** Answer with the outcomes of a message to several. */
ALM_MUST_USE enum alm_err alm_reply_outcomes(struct alm_turn *turn,
	const struct alm_turn_request *request,
	const struct alm_receipt *receipt);

/** The outcomes as bytes, in the arena, told from those of a receipt by their
 * first byte.  Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_outcomes_encode(const struct alm_receipt *receipt,
	struct alm_arena *arena, struct alm_bytes *out_bytes);
bool alm_is_outcomes(struct alm_bytes bytes);
/** Sets what a receipt says of each, and of all.  Errors: STORE_CORRUPT,
 * NOMEM. */
ALM_MUST_USE enum alm_err alm_outcomes_decode(struct alm_bytes bytes,
	struct alm_arena *arena, struct alm_receipt *receipt);

/** What an agent is shown for a code: 410 for any of 410 to 413. */
enum alm_err alm_shown_code(enum alm_err code);

/** The reasons as an agent is shown them; NULL when memory is out. */
const uint32_t *alm_shown_reasons(const uint32_t *reasons, size_t count,
	struct alm_arena *arena, size_t *out_count);

#endif /* ALM_BROKER_MAIL_RECEIPT_H */
