/*
 * view.h - the recipient's view of a payload that names an information
 * standard: checked field by field, then minimised by broker/core.
 */
#ifndef ALM_BROKER_MAIL_VIEW_H
#define ALM_BROKER_MAIL_VIEW_H

#include "broker/mail/letter.h"

/**
 * In:      is_kept    the payload is a view made before, not a new message
 *          judgement  not denied; its lists and level say what may go on
 * Out:     judgement  view and withheld; faults when not conformant
 * Errors:  STANDARD_UNKNOWN, NOT_CONFORMANT, CANNOT_MINIMISE,
 *          REASON_403 (nothing is left): deny; NOMEM
 */
ALM_MUST_USE enum alm_err alm_view_make(struct alm_turn *turn,
	const struct alm_message *message, struct alm_bytes payload,
	bool is_kept, struct alm_judgement *judgement);

/** The same for one of several recipients: the payload is checked once, and
 * each view of it is made once. */
ALM_MUST_USE enum alm_err alm_view_of_several(struct alm_turn *turn,
	const struct alm_message *message, struct alm_bytes payload,
	struct alm_judge_common *common, struct alm_judgement *judgement);

/** What any of those who are permitted may have of a payload, and no more:
 * this is kept once for all of them.
 * Errors: STANDARD_UNKNOWN, CANNOT_MINIMISE; NOMEM. */
ALM_MUST_USE enum alm_err alm_view_for_all(struct alm_turn *turn,
	const struct alm_message *message, struct alm_bytes payload,
	const struct alm_letter *letters, size_t count,
	struct alm_bytes *out_payload);

#endif /* ALM_BROKER_MAIL_VIEW_H */
