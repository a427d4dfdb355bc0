/*
 * What is looked after once a second, a bounded share of it: mail that has
 * expired, of which its sender hears, and whatever else grows old.
 */
#include "broker/mail/sweep.h"

#include "broker/evidence/inspect.h"
#include "broker/mail/acknowledge.h"
#include "broker/mail/conversation.h"
#include "broker/mail/dead.h"
#include "broker/mail/gather.h"
#include "broker/mail/mend.h"
#include "broker/mail/notice.h"
#include "broker/mail/orders.h"
#include "broker/store/told.h"

/* Mail looked at by one sweep, and how often one runs. */
#define SWEEP_ENTRIES_MAX 1000u
#define SWEEP_EVERY_MS 1000
#define PRUNE_ROWS_MAX 512u

enum alm_err alm_expire(
	struct alm_turn *turn, const char *recipient, uint64_t seq)
{
	struct alm_notice_facts facts = {
		.kind = ALM_NOTICE_KIND_EXPIRED,
		.recipient = recipient,
		.code = ALM_NOTICE_EXPIRED,
		.reason = "",
	};
	struct alm_audit_record record;
	struct alm_card card;
	enum alm_err err = alm_read_card(turn, seq, &card);

	if (err == ALM_OK) {
		err = alm_store_mail_remove(
			turn->broker->store, recipient, seq);
	}
	if (err != ALM_OK) {
		return err;
	}
	turn->has_effects = true;
	if (card.is_notice) {
		return ALM_OK;
	}
	record =
		alm_card_record(turn, &card, recipient, seq, ALM_AUDIT_EXPIRED);
	record.code = ALM_NOTICE_EXPIRED;
	err = alm_turn_audit(turn, &record, "");
	if (err != ALM_OK) {
		return err;
	}
	turn->broker->metrics.expired++;
	facts.to = card.sender;
	facts.message_id = card.message_id;
	facts.ref = record.seq;
	return card.sender[0] == '\0' ? ALM_OK : alm_send_notice(turn, &facts);
}

/* The next entry of the sweep, going on to the next mailbox at an end.
 * Errors: NOT_FOUND: the round is complete. */
static enum alm_err next_swept(
	struct alm_turn *turn, struct alm_queue_entry *entry)
{
	struct alm_broker *broker = turn->broker;
	const char *recipient;
	enum alm_err err;

	if (broker->sweep_mailbox[0] != '\0') {
		err = alm_store_queue_next(broker->store, broker->sweep_mailbox,
			broker->sweep_place, entry);
		if (err != ALM_NOT_FOUND) {
			return err;
		}
	}
	err = alm_store_mailbox_next(
		broker->store, broker->sweep_mailbox, turn->arena, &recipient);
	broker->sweep_place = 0;
	if (err != ALM_OK) {
		broker->sweep_mailbox[0] = '\0';
		return err;
	}
	alm_text_copy(broker->sweep_mailbox, sizeof(broker->sweep_mailbox),
		recipient);
	return alm_store_queue_next(broker->store, recipient, 0, entry);
}

static enum alm_err forget_duplicates(struct alm_turn *turn)
{
	unsigned count = 0;
	enum alm_err err = alm_store_duplicate_prune(turn->broker->store,
		turn->now_ms - ALM_DUPLICATE_KEEP_MS, PRUNE_ROWS_MAX, &count);

	turn->has_effects |= count > 0;
	if (err != ALM_OK) {
		return err;
	}
	count = 0;
	err = alm_store_told_prune(turn->broker->store,
		turn->now_ms - ALM_DUPLICATE_KEEP_MS, PRUNE_ROWS_MAX, &count);
	turn->has_effects |= count > 0;
	return err;
}

bool alm_sweep_reads(struct alm_turn *turn, size_t bytes)
{
	struct alm_broker *broker = turn->broker;

	turn->swept_bytes += bytes;
	if (turn->swept_bytes < ALM_TURN_SWEPT_BYTES_MAX) {
		return true;
	}
	broker->is_sweep_cut = true;
	broker->is_in_haste = true;
	return false;
}

/* Expired mail leaves, and damaged rows are mended; a bounded number. */
static enum alm_err sweep_queues(struct alm_turn *turn)
{
	struct alm_broker *broker = turn->broker;
	struct alm_queue_entry entry;
	struct alm_mailbox *mailbox;
	enum alm_err err = ALM_OK;

	for (unsigned i = 0; i < SWEEP_ENTRIES_MAX && err == ALM_OK; i++) {
		err = next_swept(turn, &entry);
		if (err != ALM_OK) {
			break;
		}
		broker->sweep_place = entry.place;
		if (entry.is_damaged) {
			err = alm_mend_entry(
				turn, broker->sweep_mailbox, entry.seq);
			continue;
		}
		if (entry.expires_ms > turn->now_ms) {
			continue;
		}
		mailbox = alm_mailboxes_find(
			broker->mailboxes, broker->sweep_mailbox);
		if (mailbox != NULL) {
			alm_session_let_go(mailbox, entry.seq);
		}
		err = alm_expire(turn, broker->sweep_mailbox, entry.seq);
		if (!alm_sweep_reads(turn, alm_bytes_here(&entry))) {
			break;
		}
	}
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

enum alm_err alm_sweep(struct alm_turn *turn)
{
	struct alm_broker *broker = turn->broker;
	enum alm_err err = alm_orders_mend(turn);

	if (err != ALM_OK || (!broker->is_sweep_cut &&
				     turn->monotonic_ms - broker->swept_at_ms <
					     SWEEP_EVERY_MS)) {
		return err;
	}
	broker->is_sweep_cut = false;
	broker->swept_at_ms = turn->monotonic_ms;
	err = alm_watch_overrides(turn);
	if (err == ALM_OK) {
		err = alm_inspect(turn);
	}
	if (err == ALM_OK && !turn->is_store_full) {
		err = alm_deadlines_sweep(turn);
	}
	if (err == ALM_OK) {
		err = alm_gather_sweep(turn);
	}
	if (err == ALM_OK) {
		err = sweep_queues(turn);
	}
	if (err == ALM_OK) {
		err = alm_sweep_dead(turn);
	}
	return err == ALM_OK ? forget_duplicates(turn) : err;
}
