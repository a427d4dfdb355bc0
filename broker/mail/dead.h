/*
 * dead.h - dead letters: mail that was handed over as often as the broker
 * tries, and not acknowledged.  Errors as stage.h says.  Loop thread only;
 * never logs.
 */
#ifndef ALM_BROKER_MAIL_DEAD_H
#define ALM_BROKER_MAIL_DEAD_H

#include "broker/loop/stage.h"

/** Mail that was handed over as often as the broker tries: put it among the
 * dead letters, record it and tell its sender. */
ALM_MUST_USE enum alm_err alm_bury(struct alm_turn *turn, const char *recipient,
	const struct alm_queue_entry *entry);

/** A dead letter that its recipient acknowledges after all leaves the store.
 * Errors: NOT_FOUND: there is none. */
ALM_MUST_USE enum alm_err alm_take_out_dead(struct alm_turn *turn,
	const char *recipient, uint64_t seq, struct alm_card *out_card);

/** Decide a dead letter again, because something has changed: stop it if it
 * is not permitted any more. */
ALM_MUST_USE enum alm_err alm_decide_dead(
	struct alm_turn *turn, const struct alm_queue_entry *entry);

/** What became of a dead letter that was to be run again. */
enum alm_rerun {
	ALM_RERUN_QUEUED = 1,
	ALM_RERUN_STOPPED, /* it is not permitted any more */
	ALM_RERUN_EXPIRED, /* it stays where it is */
	ALM_RERUN_DAMAGED, /* in the same way */
};

/** Decide a dead letter again and put it back into the queue; with a dry run
 * only say what would become of it.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_rerun(struct alm_turn *turn,
	const char *recipient, uint64_t seq, const char *detail,
	bool is_dry_run, enum alm_rerun *out_result);

/** Remove dead letters that are too old; a bounded share in each call. */
ALM_MUST_USE enum alm_err alm_sweep_dead(struct alm_turn *turn);

#endif /* ALM_BROKER_MAIL_DEAD_H */
