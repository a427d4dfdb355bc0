/*
 * mend.h - mail that is damaged: told, and no more than that one held
 * up.  Errors as stage.h says.  Loop thread only; never logs.
 */
#ifndef ALM_BROKER_MAIL_MEND_H
#define ALM_BROKER_MAIL_MEND_H

#include "broker/loop/stage.h"

/** Damage that was met: a record, and a figure. */
ALM_MUST_USE enum alm_err alm_record_anomaly(struct alm_turn *turn,
	const char *recipient, uint64_t seq, const char *what);

/** Mail that cannot be read stays where it is, as evidence, and in nobody's
 * hands. */
ALM_MUST_USE enum alm_err alm_set_damaged_aside(
	struct alm_turn *turn, struct alm_mailbox *mailbox, uint64_t seq);

/** A queue row that is damaged: mend it, or set it aside with its mail. */
ALM_MUST_USE enum alm_err alm_mend_entry(
	struct alm_turn *turn, const char *recipient, uint64_t seq);

#endif /* ALM_BROKER_MAIL_MEND_H */
