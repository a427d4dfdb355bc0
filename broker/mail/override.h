/*
 * override.h - overrides that had an effect: each goes through at once, lands
 * in the review queue of the store, and is told to the Guardian's mailbox.
 * One that is not reviewed in time alarms.  Loop thread only; never logs.
 */
#ifndef ALM_BROKER_MAIL_OVERRIDE_H
#define ALM_BROKER_MAIL_OVERRIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"

struct alm_letter;
struct alm_turn;

/** What waits for a review, as it was last counted. */
struct alm_override_watch {
	bool is_counted;
	uint64_t unreviewed;
	uint64_t overdue;
	int64_t next_due_us; /* when one more is overdue; INT64_MAX: none */
};

/** An override had an effect on this letter, when it was accepted or when it
 * was decided again: queue it for review, once, and tell the Guardian. */
ALM_MUST_USE enum alm_err alm_note_override(
	struct alm_turn *turn, const struct alm_letter *letter);

/** Count again if anything has changed, or has become due. */
ALM_MUST_USE enum alm_err alm_watch_overrides(struct alm_turn *turn);

#endif /* ALM_BROKER_MAIL_OVERRIDE_H */
