/*
 * Who is handed what, and in which order: mail that is due again before mail
 * that is new, mailboxes in turn, and no more in one turn than its budget, so
 * that one recipient with a large mailbox does not hold up the others.
 */
#include "broker/mail/handover.h"

#include <string.h>

#include "broker/identity/role.h"
#include "broker/loop/strand.h"
#include "broker/mail/acknowledge.h"
#include "broker/mail/give.h"
#include "broker/mail/mend.h"

/* Mail handed over in one pass of one mailbox, so that others get theirs. */
#define PASS_MAX 256u

/* What one turn may still hand over: that much is read, made and packed. */
struct budget {
	size_t count;
	size_t bytes;
};

static bool spend(struct budget *budget, const struct alm_queue_entry *entry)
{
	size_t bytes = alm_bytes_here(entry);

	if (budget->count == 0 || budget->bytes == 0) {
		return false;
	}
	budget->count--;
	budget->bytes -= bytes < budget->bytes ? bytes : budget->bytes;
	return true;
}

bool alm_may_take(
	const struct alm_turn *turn, const struct alm_session *session)
{
	const struct alm_agent *agent = alm_keyring_by_number(
		turn->broker->keyring, session->agent_number);

	return agent != NULL && !agent->is_revoked &&
	       (agent->roles & ALM_ROLE_RECEIVE) != 0;
}

static bool takes_parts(const struct alm_mailbox *mailbox)
{
	const struct alm_session *session = mailbox->sessions;

	while (session != NULL && !session->takes_parts) {
		session = session->next_of_mailbox;
	}
	return session != NULL;
}

static bool is_better(const struct alm_session *session,
	const struct alm_session *best, bool prefers_parts)
{
	if (prefers_parts && session->takes_parts != best->takes_parts) {
		return session->takes_parts;
	}
	return session->window - session->held_count >
	       best->window - best->held_count;
}

/* The session that can take most; NULL when none has room. */
static struct alm_session *pick_session(const struct alm_turn *turn,
	const struct alm_mailbox *mailbox, bool prefers_parts)
{
	struct alm_session *best = NULL;

	for (struct alm_session *session = mailbox->sessions; session != NULL;
		session = session->next_of_mailbox) {
		if (!alm_may_take(turn, session) ||
			!alm_session_has_room(session, 0)) {
			continue;
		}
		if (best == NULL || is_better(session, best, prefers_parts)) {
			best = session;
		}
	}
	return best;
}

/* For mail that is due again: in the hands that hold it, it takes no room. */
static struct alm_session *pick_again(
	const struct alm_turn *turn, struct alm_mailbox *mailbox, uint64_t seq)
{
	struct alm_session *session = pick_session(turn, mailbox, false);
	const struct alm_held *held = alm_mailbox_held(mailbox, seq);

	if (session == NULL && held != NULL && held->session != NULL &&
		held->session->window > 0 &&
		alm_may_take(turn, held->session)) {
		return held->session;
	}
	return session;
}

/* To who may have it; if nobody who is there may, it is held no more. */
static enum alm_err give_again(struct alm_turn *turn,
	struct alm_mailbox *mailbox, struct alm_session *session,
	const struct alm_queue_entry *entry)
{
	enum alm_err err = ALM_OK;

	if (mailbox->has_limited) {
		err = alm_role_choose(
			turn, mailbox, entry, alm_bytes_here(entry), &session);
	} else if (entry->has_parts && !session->takes_parts) {
		err = ALM_NOT_FOUND;
	}
	if (err == ALM_NOT_FOUND) {
		alm_session_let_go(mailbox, entry->seq);
		mailbox->has_skipped = true;
		return ALM_OK;
	}
	if (err == ALM_BUSY) {
		mailbox->due_ms = 0;
		return ALM_OK;
	}
	return err == ALM_OK || err == ALM_STORE_CORRUPT
		       ? alm_hand_over_entry(turn, session, entry)
		       : err;
}

/* Mail whose time ran out goes back to nobody, if others are there to take
 * it; then its strand says who may have it, and whether it may go at all. */
static bool keeps_order(const struct alm_turn *turn,
	struct alm_mailbox *mailbox, uint64_t seq, struct alm_session **session)
{
	struct alm_held *held = alm_mailbox_held(mailbox, seq);
	struct alm_session *chosen = *session;

	if (mailbox->strands == NULL || held == NULL || held->strand == 0) {
		return true;
	}
	if (held->session != NULL && !alm_mailbox_is_shared(mailbox)) {
		return true;
	}
	if (held->session != NULL) {
		alm_strand_leave(mailbox, held);
		held->session->held_count--;
		held->session->held_bytes -= held->bytes;
		held->session = NULL;
		if (alm_strand_enter(mailbox, held) != ALM_OK) {
			mailbox->wants_strands = true;
			return false;
		}
	}
	if (alm_strand_may_go(mailbox, held->strand, seq, true, &chosen) &&
		(chosen == *session ||
			(!mailbox->has_limited && alm_may_take(turn, chosen) &&
				alm_session_has_room(chosen, 0) &&
				(chosen->takes_parts || !held->has_parts)))) {
		*session = chosen;
		return true;
	}
	alm_strand_block(mailbox, held);
	return false;
}

/* It is still held and in nobody's hands: what is behind it waits too. */
static void note_left(struct alm_mailbox *mailbox, uint64_t seq)
{
	const struct alm_held *held = alm_mailbox_held(mailbox, seq);

	if (held != NULL && held->session == NULL) {
		alm_strand_block(mailbox, held);
	}
}

/* Mail that is due again, to a session that has room for it.  `*out_is_over`:
 * nothing more in this pass. */
static enum alm_err give_due(struct alm_turn *turn, struct alm_mailbox *mailbox,
	struct alm_session *session, uint64_t seq, struct budget *budget,
	bool *out_is_over)
{
	struct alm_queue_entry entry;
	enum alm_err err = alm_store_queue_get(
		turn->broker->store, mailbox->organisation, seq, &entry);

	*out_is_over = false;
	if (err == ALM_NOT_FOUND) {
		alm_session_let_go(mailbox, seq);
		return ALM_OK;
	}
	if (err != ALM_OK) {
		return err;
	}
	if (!spend(budget, &entry)) {
		mailbox->due_ms = 0;
		*out_is_over = true;
		return ALM_OK;
	}
	if (entry.is_damaged) {
		mailbox->due_ms = 0; /* once it is mended */
		return alm_mend_entry(turn, mailbox->organisation, seq);
	}
	err = give_again(turn, mailbox, session, &entry);
	note_left(mailbox, seq);
	return err;
}

/* What was handed over before and is due again.  Out: whether there is more
 * of it, which goes before all that is new. */
static enum alm_err hand_over_due(struct alm_turn *turn,
	struct alm_mailbox *mailbox, struct budget *budget, bool *out_has_more)
{
	const uint64_t *seqs = NULL;
	size_t count = 0;
	bool is_over = false;
	enum alm_err err = alm_mailbox_due(mailbox, turn->monotonic_ms,
		PASS_MAX, turn->arena, &seqs, &count);

	*out_has_more = count == PASS_MAX;
	for (size_t i = 0; err == ALM_OK && i < count && !is_over; i++) {
		struct alm_session *session =
			pick_again(turn, mailbox, seqs[i]);

		if (session == NULL) {
			mailbox->due_ms = 0; /* look again when one has room */
			note_left(mailbox, seqs[i]);
		} else if (!keeps_order(turn, mailbox, seqs[i], &session)) {
			mailbox->due_ms = 0;
		} else {
			err = give_due(turn, mailbox, session, seqs[i], budget,
				&is_over);
		}
	}
	return err;
}

/* One entry that comes next.  `*out_is_over`: nothing more in this pass. */
static enum alm_err hand_over_next(struct alm_turn *turn,
	struct alm_mailbox *mailbox, const struct alm_queue_entry *entry,
	struct budget *budget, bool *out_is_over)
{
	uint64_t *cursor = &mailbox->cursors[entry->place >> ALM_PLACE_SHIFT];
	struct alm_session *session =
		pick_session(turn, mailbox, entry->has_parts);

	*out_is_over = session == NULL ||
		       alm_strands_parked(mailbox) >= ALM_PARKED_MAX;
	if (*out_is_over) {
		return ALM_OK;
	}
	if (entry->is_damaged) {
		return alm_mend_entry(turn, mailbox->organisation, entry->seq);
	}
	if (alm_mailbox_held(mailbox, entry->seq) != NULL) {
		*cursor = entry->place; /* in some hands */
		return ALM_OK;
	}
	if (mailbox->has_limited) {
		enum alm_err err = alm_role_choose(
			turn, mailbox, entry, alm_bytes_here(entry), &session);

		if (err == ALM_NOT_FOUND) { /* it waits for who may */
			mailbox->has_skipped = true;
			*cursor = entry->place;
			*out_is_over = !spend(budget, entry);
			return ALM_OK;
		}
		if (err != ALM_OK && err != ALM_STORE_CORRUPT) {
			*out_is_over = err == ALM_BUSY;
			return err == ALM_BUSY ? ALM_OK : err;
		}
	}
	if (entry->has_parts && !session->takes_parts) {
		/* Another one does, and has no room; or none does. */
		*out_is_over = takes_parts(mailbox);
		mailbox->has_skipped |= !*out_is_over;
		*cursor = *out_is_over ? *cursor : entry->place;
		return ALM_OK;
	}
	if (!alm_session_has_room(session, alm_bytes_here(entry)) ||
		!spend(budget, entry)) {
		*out_is_over = true;
		return ALM_OK;
	}
	*cursor = entry->place;
	return alm_hand_over_entry(turn, session, entry);
}

/* --- priorities ----------------------------------------------------------
 * While mail of several priorities waits, it goes in rounds: so many of each.
 * A round goes on in the next pass where this one ended, so that a window of
 * one does not starve anything either.  Routine mail alone knows no rounds. */

static const unsigned SHARES[ALM_MAIL_PRIORITIES] = {
	[ALM_MAIL_URGENT] = 8, [ALM_MAIL_ROUTINE] = 4, [ALM_MAIL_BULK] = 1};
static const uint8_t ORDER[ALM_MAIL_PRIORITIES] = {
	ALM_MAIL_URGENT, ALM_MAIL_ROUTINE, ALM_MAIL_BULK};

static bool is_mixed(const struct alm_mailbox *mailbox)
{
	return mailbox->has_more[ALM_MAIL_URGENT] ||
	       mailbox->has_more[ALM_MAIL_BULK];
}

/* The priority whose turn it is, of those of which there may be more. */
static uint8_t next_priority(struct alm_mailbox *mailbox)
{
	for (unsigned round = 0; round < 2; round++) {
		for (size_t i = 0; i < ALM_COUNT(ORDER); i++) {
			if (mailbox->has_more[ORDER[i]] &&
				mailbox->shares[ORDER[i]] > 0) {
				return ORDER[i];
			}
		}
		memcpy(mailbox->shares, SHARES, sizeof(SHARES));
	}
	return ALM_MAIL_ROUTINE;
}

/* Some of one priority.  Out: how many were looked at. */
static enum alm_err hand_over_some(struct alm_turn *turn,
	struct alm_mailbox *mailbox, uint8_t priority, size_t count_max,
	struct budget *budget, size_t *out_done, bool *out_is_over)
{
	struct alm_queue_entry entries[ALM_QUEUE_LIST_MAX];
	size_t count = 0;
	size_t i;
	enum alm_err err =
		alm_store_queue_list(turn->broker->store, mailbox->organisation,
			mailbox->cursors[priority], entries, count_max, &count);

	for (i = 0; err == ALM_OK && i < count && !*out_is_over; i++) {
		if (entries[i].place >> ALM_PLACE_SHIFT != priority) {
			break; /* of the next priority */
		}
		err = hand_over_next(
			turn, mailbox, &entries[i], budget, out_is_over);
		if (entries[i].is_damaged) {
			i++;
			break; /* it is mended: look again */
		}
	}
	mailbox->has_more[priority] = i > 0;
	*out_done = i;
	return err;
}

/* What was never handed over since the start. */
static enum alm_err hand_over_new(struct alm_turn *turn,
	struct alm_mailbox *mailbox, struct budget *budget)
{
	bool is_over = pick_session(turn, mailbox, false) == NULL;
	size_t done = 0;
	size_t pass_max = alm_fair_pass(&turn->broker->fair, PASS_MAX);
	enum alm_err err = ALM_OK;

	while (err == ALM_OK && !is_over && done < pass_max) {
		bool has_shares = is_mixed(mailbox);
		uint8_t priority =
			has_shares ? next_priority(mailbox) : ALM_MAIL_ROUTINE;
		size_t count_max = has_shares ? mailbox->shares[priority]
					      : ALM_QUEUE_LIST_MAX;
		size_t count = 0;

		if (!mailbox->has_more[priority]) {
			break;
		}
		err = hand_over_some(turn, mailbox, priority, count_max, budget,
			&count, &is_over);
		if (has_shares) {
			/* What there was no room for is not of this round. */
			mailbox->shares[priority] -=
				(unsigned)count -
				(is_over && count > 0 ? 1 : 0);
		}
		done += count;
	}
	return err;
}

/* What was found not permitted while it was in the hands of a session that
 * is gone since; nobody is there to be handed anything. */
static enum alm_err stop_barred(
	struct alm_turn *turn, struct alm_mailbox *mailbox)
{
	const uint64_t *seqs = NULL;
	size_t count = 0;
	enum alm_err err = alm_mailbox_barred(
		mailbox, PASS_MAX, turn->arena, &seqs, &count);

	for (size_t i = 0; err == ALM_OK && i < count; i++) {
		struct alm_queue_entry entry;

		alm_mailbox_unbar(mailbox, seqs[i]);
		err = alm_store_queue_get(turn->broker->store,
			mailbox->organisation, seqs[i], &entry);
		if (err == ALM_OK) {
			err = alm_decide_queued(
				turn, mailbox->organisation, &entry);
		} else if (err == ALM_NOT_FOUND) {
			alm_session_let_go(mailbox, seqs[i]);
			err = ALM_OK;
		}
	}
	return err;
}

static enum alm_err hand_over_mailbox(struct alm_turn *turn,
	struct alm_mailbox *mailbox, struct budget *budget)
{
	bool has_more = false;
	enum alm_err err;

	if (mailbox->sessions == NULL || mailbox->is_on_hold) {
		return mailbox->barred_count == 0 ? ALM_OK
						  : stop_barred(turn, mailbox);
	}
	err = alm_strands_ready(mailbox);
	if (err == ALM_OK) {
		err = hand_over_due(turn, mailbox, budget, &has_more);
	}
	return err == ALM_OK && !has_more ? hand_over_new(turn, mailbox, budget)
					  : err;
}

static bool is_spent(const struct budget *budget)
{
	return budget->count == 0 || budget->bytes == 0;
}

/* Once over all mailboxes from `start` on, which NULL means the first of. */
static enum alm_err hand_over_round(
	struct alm_turn *turn, struct alm_mailbox *start, struct budget *budget)
{
	struct alm_broker *broker = turn->broker;
	struct alm_mailbox *mailbox = start;

	do {
		enum alm_err err;

		if (mailbox == NULL) {
			mailbox = alm_mailboxes_next(broker->mailboxes, NULL);
		}
		if (mailbox == NULL) {
			return ALM_OK; /* there are none */
		}
		err = hand_over_mailbox(turn, mailbox, budget);
		if (err != ALM_OK) {
			return err;
		}
		mailbox = alm_mailboxes_next(broker->mailboxes, mailbox);
		broker->hand_over_from = mailbox;
		if (mailbox == NULL && start != NULL) {
			mailbox = alm_mailboxes_next(broker->mailboxes, NULL);
		}
	} while (mailbox != start && !is_spent(budget));
	return ALM_OK;
}

enum alm_err alm_hand_over(struct alm_turn *turn)
{
	struct alm_broker *broker = turn->broker;
	struct budget budget = {alm_fair_hand_overs(&broker->fair),
		ALM_TURN_HAND_OVER_BYTES_MAX};
	struct alm_mailbox *start = broker->hand_over_from;
	enum alm_err err;
	size_t before;

	/* Rounds until no mailbox has anything more to give; the next turn
	 * begins where the budget ended in this one. */
	do {
		before = budget.count;
		err = hand_over_round(turn, start, &budget);
	} while (err == ALM_OK && !is_spent(&budget) && budget.count < before);
	broker->is_in_haste |= is_spent(&budget);
	return err;
}
