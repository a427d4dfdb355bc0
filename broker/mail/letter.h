/*
 * letter.h - a message or a notice on its way: taken in, handed over, taken
 * out.  Each function is one effect of a turn, with its record.  Unless more is
 * said, errors are those of the store that end the turn, and NOMEM: a refusal
 * is answered, not returned.  Loop thread only; never logs.
 */
#ifndef ALM_BROKER_MAIL_LETTER_H
#define ALM_BROKER_MAIL_LETTER_H

#include "broker/mail/arrival.h"
#include "broker/mail/judge.h"

/** A message together with what was decided about it.  In the arena. */
struct alm_letter {
	struct alm_mail mail;
	struct alm_message message;
	struct alm_judgement judgement;
};

/* --- accept.c, multicast.c: taking in ------------------------------------- */

/** Take in a send: decide, keep, record, and answer with a receipt. */
ALM_MUST_USE enum alm_err alm_accept(
	struct alm_turn *turn, const struct alm_turn_request *request);

/** The same of one that goes to several: one body, and for each of them a
 * decision, a record and a place in the mailbox; one receipt. */
ALM_MUST_USE enum alm_err alm_accept_for_several(
	struct alm_turn *turn, struct alm_arrival *arrival);

/** Its payload is to come in parts: refuse what none of them may have, or has
 * room for; `arrival->refused` says so. */
ALM_MUST_USE enum alm_err alm_announce_to_several(
	struct alm_turn *turn, struct alm_arrival *arrival);

/** Refuse a send without a record: the store cannot take one. */
ALM_MUST_USE enum alm_err alm_refuse_unrecorded(struct alm_turn *turn,
	const struct alm_turn_request *request, enum alm_err code);

/* --- letter.c ------------------------------------------------------------- */

/**
 * Put a message that was permitted into its recipient's mailbox.
 * In:      letter  with message and judgement, and a mail that is empty but for
 *                  the payload and whose it is
 *          send    that it came with
 * Out:     letter  the whole mail
 * Errors:  also MAILBOX_FULL, MAILBOX_UNREAD, MAILBOX_TOO_SMALL, STORE_FULL:
 *          refuse it
 */
ALM_MUST_USE enum alm_err alm_keep_letter(struct alm_turn *turn,
	struct alm_letter *letter, const struct alm_send *send);

/** It was accepted in this turn: hand it over without reading it back. */
void alm_remember_letter(
	struct alm_turn *turn, const struct alm_letter *letter);

/** The message as it is to one of its recipients. */
void alm_message_narrow(struct alm_message *message, const char *recipient);

/* --- handover.c, give.c: handing over ------------------------------------- */

/** Whether a session's agent may be handed mail at all. */
bool alm_may_take(
	const struct alm_turn *turn, const struct alm_session *session);

/** Hand over what is due, to every session with room; bounded. */
ALM_MUST_USE enum alm_err alm_hand_over(struct alm_turn *turn);

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

/* --- acknowledge.c: taking out -------------------------------------------- */

/** Take out what was acknowledged, and answer. */
ALM_MUST_USE enum alm_err alm_acknowledge_mail(
	struct alm_turn *turn, const struct alm_turn_request *request);

/** The card of mail that is not held: after a restart, or never handed over.
 * Of mail that cannot be read it says nothing. */
ALM_MUST_USE enum alm_err alm_read_card(
	struct alm_turn *turn, uint64_t seq, struct alm_card *card);

/** A record about mail, as far as its card says. */
struct alm_audit_record alm_card_record(struct alm_turn *turn,
	const struct alm_card *card, const char *recipient, uint64_t seq,
	enum alm_audit_kind kind);

/* --- mend.c: damage ------------------------------------------------------- */

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

/* --- sweep.c: what grows old ---------------------------------------------- */

/** Remove expired mail, a bounded share of it in each call, and forget old
 * duplicates. */
ALM_MUST_USE enum alm_err alm_sweep(struct alm_turn *turn);

/** Remove one expired piece of mail, record it and tell its sender. */
ALM_MUST_USE enum alm_err alm_expire(
	struct alm_turn *turn, const char *recipient, uint64_t seq);

/* --- dead.c: dead letters ------------------------------------------------- */

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

/* --- notice.c ------------------------------------------------------------- */

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

#endif /* ALM_BROKER_MAIL_LETTER_H */
