/*
 * strand.h - the order of mail.  A strand is the mail of one sender about one
 * subject, of one priority, in one mailbox.  Mail is handed over in the order
 * of its sequences, so one session needs no more than that; but while several
 * sessions share a mailbox, or mail has come back from one that is gone, what
 * comes later in a strand must not get ahead.  Only then are strands known:
 *
 *   all of a strand that is in hands is in the hands of one session;
 *   while some of it has come back, what comes later waits (is parked).
 *
 * Loop thread only; never logs.
 */
#ifndef ALM_BROKER_LOOP_STRAND_H
#define ALM_BROKER_LOOP_STRAND_H

#include "broker/loop/mailbox.h"

/* Mail that waits for what is before it, in one mailbox; then all waits. */
#define ALM_PARKED_MAX 256u

/** Which strand mail belongs to; 0: none (a notice). */
uint64_t alm_strand_key(const struct alm_card *card);

/** Know the strands of a mailbox if that is needed now, and forget them if it
 * is not any more.  Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_strands_ready(struct alm_mailbox *mailbox);

/** Forget them. */
void alm_strands_free(struct alm_mailbox *mailbox);

/** Held mail is about to change hands, or has done so.  Nothing happens while
 * strands are not known.  Errors: NOMEM. */
void alm_strand_leave(struct alm_mailbox *mailbox, const struct alm_held *held);
ALM_MUST_USE enum alm_err alm_strand_enter(
	struct alm_mailbox *mailbox, struct alm_held *held);

/** How much is parked. */
size_t alm_strands_parked(const struct alm_mailbox *mailbox);

/**
 * Whether this mail may go now, as far as its strand is concerned.
 * In:   is_held   it was handed over before, or is parked
 * Out:  session   changed to the one that it must go to, which need not have
 *                 room
 */
bool alm_strand_may_go(const struct alm_mailbox *mailbox, uint64_t key,
	uint64_t seq, bool is_held, struct alm_session **session);

/** This mail has come back and does not go yet: what comes later waits, until
 * alm_strands_unblock(). */
void alm_strand_block(struct alm_mailbox *mailbox, const struct alm_held *held);
void alm_strands_unblock(struct alm_mailbox *mailbox);

/** Whether parked mail is not behind anything that is blocked. */
bool alm_strand_is_free(
	const struct alm_mailbox *mailbox, const struct alm_held *held);

#endif /* ALM_BROKER_LOOP_STRAND_H */
