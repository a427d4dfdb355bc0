/*
 * give.h - one piece of queued mail, decided again at the door: given to a
 * session, stopped, or left for later.  Errors as stage.h says.  Loop thread
 * only; never logs.
 */
#ifndef ALM_BROKER_MAIL_GIVE_H
#define ALM_BROKER_MAIL_GIVE_H

#include "broker/mail/letter.h"

/** One entry of a mailbox: expire it, stop it, or give it to the session. */
ALM_MUST_USE enum alm_err alm_hand_over_entry(struct alm_turn *turn,
	struct alm_session *session, const struct alm_queue_entry *entry);

/** Decide a queued message again, because something has changed: stop it if
 * it is not permitted any more.  In a session's hands it is left there until
 * it comes back: its recipient may have it. */
ALM_MUST_USE enum alm_err alm_decide_queued(struct alm_turn *turn,
	const char *recipient, const struct alm_queue_entry *entry);

/** Read a message back and decide it again; a notice is only read.
 * Errors: NOT_FOUND, STORE_CORRUPT: it cannot be read. */
ALM_MUST_USE enum alm_err alm_reread_letter(
	struct alm_turn *turn, uint64_t seq, struct alm_letter *letter);

/** Take out a message that is not permitted any more, from the queue or from
 * the dead letters; record it and tell its sender. */
ALM_MUST_USE enum alm_err alm_stop_letter(
	struct alm_turn *turn, const struct alm_letter *letter, bool is_dead);

#endif /* ALM_BROKER_MAIL_GIVE_H */
