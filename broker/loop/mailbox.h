/*
 * mailbox.h - what the broker remembers of one organisation's mailbox while
 * it runs: which mail has been handed over and to which session, and what is
 * due again.  The mail itself, and its count of attempts, are in the store;
 * after a restart everything unacknowledged is simply handed over again.
 *
 * State of one piece of mail
 *   queued   in the store only            -> alm_mailbox_hold()
 *   held     handed to a session          -> alm_mailbox_release(): taken
 *                                         -> due again: time ran out, or the
 *                                            session is gone
 *
 * Loop thread only; never logs.
 */
#ifndef ALM_BROKER_LOOP_MAILBOX_H
#define ALM_BROKER_LOOP_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/loop/lane.h"
#include "broker/store/store.h"
#include "lib/arena.h"
#include "lib/err.h"
#include "lib/id.h"
#include "lib/limits.h"

struct alm_quotas;
struct alm_session;

/** What the record of an acknowledgement says of the mail; kept beside it so
 * that acknowledging does not read and decrypt. */
struct alm_card {
	bool is_notice;
	char sender[ALM_ID_BYTES_MAX + 1];
	char purpose[ALM_ID_BYTES_MAX + 1];
	char basis[ALM_ID_BYTES_MAX + 1];
	struct alm_message_id message_id;
	uint64_t audit_seq;
	bool has_person;
	uint8_t person[16];
	uint8_t level;
	bool hides_subject;
	uint8_t priority;
};

/** Mail that was handed over and is not acknowledged. */
struct alm_held {
	uint64_t seq;                /* 0: a free slot */
	struct alm_session *session; /* NULL: gone; the mail is due */
	int64_t due_ms; /* monotonic: hand over again from here on */
	uint32_t attempts;
	uint32_t parts_got;  /* the most that its recipient has said */
	uint64_t turn;       /* that handed it over last */
	uint64_t parts_turn; /* that gave the last of its parts */
	size_t bytes;
	bool has_parts;   /* its payload is fetched in parts */
	bool is_part_way; /* and not all of them were given */
	bool is_barred;   /* not permitted any more; stopped when it is back */
	bool is_parked;   /* waits for what is before it; see strand.h */
	bool has_moved;   /* more parts were got since it was handed over */
	uint64_t strand;  /* its key; 0: strands are not known */
	struct alm_card card;
};

struct alm_mailbox {
	struct alm_mailbox *next; /* in its bucket */
	char organisation[ALM_ID_BYTES_MAX + 1];
	/* Of each priority: places up to here were handed over once, mail may
	 * wait above, and what is left of its share in this round. */
	uint64_t cursors[ALM_MAIL_PRIORITIES];
	bool has_more[ALM_MAIL_PRIORITIES];
	unsigned shares[ALM_MAIL_PRIORITIES];
	bool has_limited; /* an agent on it may not have all mail */
	bool has_skipped; /* mail that no session could take, or was let have */
	bool is_on_hold;  /* an operator has stopped its hand-over */
	bool is_unread;   /* its oldest mail is too old, as of `looked_ms` */
	int64_t looked_ms;                /* monotonic */
	struct alm_mailbox_limits limits; /* in force */
	int64_t due_ms;                   /* no held mail is due before this */
	struct alm_session *sessions;     /* those that take this mail */
	struct alm_strands *strands;      /* NULL: they are not needed */
	bool wants_strands;               /* they are, and must be made anew */
	struct alm_held *slots;
	size_t slot_count; /* a power of two, or 0 */
	size_t held_count;
	size_t barred_count; /* of them */
	struct alm_lane lane;
	/* What its agents have asked for in one turn. */
	uint64_t asked_turn;
	uint32_t unheld_acks;
	uint32_t questions;
	int64_t questions_us;
};

struct alm_mailboxes;

/** With these limits where a mailbox has none of its own; NULL when memory is
 * out. */
struct alm_mailboxes *alm_mailboxes_new(
	const struct alm_mailbox_limits *limits);
void alm_mailboxes_free(struct alm_mailboxes *mailboxes);

/** The mailbox of an organisation; NULL if it was never asked for. */
struct alm_mailbox *alm_mailboxes_find(
	struct alm_mailboxes *mailboxes, const char *organisation);

/** The same, made if need be; NULL when memory is out. */
struct alm_mailbox *alm_mailboxes_get(
	struct alm_mailboxes *mailboxes, const char *organisation);

/** What is in force where these are a mailbox's own. */
struct alm_mailbox_limits alm_mailboxes_limits(
	const struct alm_mailboxes *mailboxes,
	const struct alm_mailbox_limits *own);

/** Its own limits; 0 in them: those of all. */
void alm_mailbox_set_limits(struct alm_mailboxes *mailboxes,
	struct alm_mailbox *mailbox, const struct alm_mailbox_limits *limits);

/** These have quotas of their own, and nobody else.
 * Errors: NOMEM: nothing is changed. */
ALM_MUST_USE enum alm_err alm_mailboxes_set_quotas(
	struct alm_mailboxes *mailboxes, const struct alm_quotas *quotas);

/** Nothing is on hold any more, and none has limits of its own. */
void alm_mailboxes_forget_orders(struct alm_mailboxes *mailboxes);

/** Count what is asked for in this turn from none again, if it is a new one. */
void alm_mailbox_count_anew(struct alm_mailbox *mailbox, uint64_t turn);

/** How many are on hold. */
size_t alm_mailboxes_on_hold(struct alm_mailboxes *mailboxes);

/** Look at a place again: mail stands there that was passed. */
void alm_mailbox_look_at(struct alm_mailbox *mailbox, uint64_t place);

/** Every mailbox, in no order; NULL starts, NULL ends. */
struct alm_mailbox *alm_mailboxes_next(
	struct alm_mailboxes *mailboxes, const struct alm_mailbox *after);

/** Begin to hold `seq`, or take hold of it again.  Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_mailbox_hold(
	struct alm_mailbox *mailbox, uint64_t seq, struct alm_held **out_held);

/** NULL if `seq` is not held; valid until the next hold or release. */
struct alm_held *alm_mailbox_held(struct alm_mailbox *mailbox, uint64_t seq);

/** Whether parts of it have come to its recipient since it was handed over. */
bool alm_mailbox_has_moved(struct alm_mailbox *mailbox, uint64_t seq);

/** Forget `seq`; nothing happens if it is not held. */
void alm_mailbox_release(struct alm_mailbox *mailbox, uint64_t seq);

/** Held mail that is not permitted any more: it is stopped when it comes
 * back from the session that has it. */
void alm_mailbox_bar(struct alm_mailbox *mailbox, struct alm_held *held);
/** It is looked at again.  Nothing happens if it is not barred. */
void alm_mailbox_unbar(struct alm_mailbox *mailbox, uint64_t seq);

/** Barred mail that no session has, at most `count_max`; in the arena.
 * Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_mailbox_barred(const struct alm_mailbox *mailbox,
	size_t count_max, struct alm_arena *arena, const uint64_t **out_seqs,
	size_t *out_count);

/** Look for mail from the start again; what is held stays held. */
void alm_mailbox_from_start(struct alm_mailbox *mailbox);

/** After turn number `turn`, which did not happen: look for mail from the
 * start again.  What it handed over stays held, but is due now. */
void alm_mailboxes_rewind(struct alm_mailboxes *mailboxes, uint64_t turn);

/** Everything held by `session` is due: now, or if that has not helped before
 * and it did not say goodbye, when its time comes. */
void alm_mailbox_session_gone(
	struct alm_mailbox *mailbox, const struct alm_session *session);

/** It has no room for a piece of mail, for now or for good. */
static inline bool alm_mailbox_is_refusal(enum alm_err err)
{
	return err == ALM_MAILBOX_FULL || err == ALM_MAILBOX_UNREAD ||
	       err == ALM_MAILBOX_TOO_SMALL;
}

/** The same, for now. */
static inline bool alm_mailbox_is_full(enum alm_err err)
{
	return err == ALM_MAILBOX_FULL || err == ALM_MAILBOX_UNREAD;
}

/** Whether more than one session takes this mail. */
bool alm_mailbox_is_shared(const struct alm_mailbox *mailbox);

/**
 * What is due at `now_ms`, ascending, at most `count_max`; in the arena.
 * Errors: NOMEM.
 */
ALM_MUST_USE enum alm_err alm_mailbox_due(struct alm_mailbox *mailbox,
	int64_t now_ms, size_t count_max, struct alm_arena *arena,
	const uint64_t **out_seqs, size_t *out_count);

#endif /* ALM_BROKER_LOOP_MAILBOX_H */
