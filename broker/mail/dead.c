/*
 * Dead letters: mail that a recipient was handed again and again and never
 * acknowledged.  It leaves the queue, so that it is not tried for ever, and
 * stays in the store for an operator to look at and to run again.  It is not
 * out of the rule's reach: what changes is decided for it as for the queue.
 */
#include "broker/mail/dead.h"

#include <string.h>

#include "broker/loop/detail.h"
#include "broker/mail/acknowledge.h"
#include "broker/mail/give.h"
#include "broker/mail/letter.h"
#include "broker/mail/notice.h"
#include "broker/mail/sweep.h"
#include "broker/store/dead.h"

/* Dead letters and mailboxes looked at by one sweep. */
#define SWEEP_STEPS_MAX 1000u

static enum alm_err tell_sender(struct alm_turn *turn,
	const struct alm_card *card, const char *recipient, uint64_t ref)
{
	const struct alm_notice_facts facts = {
		.kind = ALM_NOTICE_KIND_DEAD_LETTER,
		.to = card->sender,
		.recipient = recipient,
		.message_id = card->message_id,
		.code = ALM_NOTICE_DEAD,
		.reason = "",
		.ref = ref,
	};

	return card->is_notice || card->sender[0] == '\0'
		       ? ALM_OK
		       : alm_send_notice(turn, &facts);
}

enum alm_err alm_bury(struct alm_turn *turn, const char *recipient,
	const struct alm_queue_entry *entry)
{
	struct alm_dead_letter dead = {
		.entry = *entry,
		.died_at_ms = turn->now_ms,
		.code = ALM_NOTICE_DEAD,
	};
	struct alm_audit_record record;
	struct alm_card card;
	enum alm_err err = alm_read_card(turn, entry->seq, &card);

	if (err != ALM_OK) {
		return err;
	}
	record = alm_card_record(
		turn, &card, recipient, entry->seq, ALM_AUDIT_DEAD_LETTERED);
	record.code = dead.code;
	alm_detail_init(turn->detail);
	alm_detail_number(turn->detail, "attempts", entry->attempts);
	err = alm_turn_audit(turn, &record, alm_detail_finish(turn->detail));
	if (err != ALM_OK) {
		return err;
	}
	dead.audit_seq = record.seq;
	err = alm_store_dead_put(turn->broker->store, recipient, &dead);
	if (err != ALM_OK) {
		return err;
	}
	turn->broker->metrics.dead_lettered++;
	return tell_sender(turn, &card, recipient, record.seq);
}

enum alm_err alm_take_out_dead(struct alm_turn *turn, const char *recipient,
	uint64_t seq, struct alm_card *out_card)
{
	struct alm_dead_letter dead;
	enum alm_err err =
		alm_store_dead_get(turn->broker->store, recipient, seq, &dead);

	if (err == ALM_OK) {
		err = alm_read_card(turn, seq, out_card);
	}
	if (err == ALM_OK) {
		err = alm_store_dead_remove(
			turn->broker->store, recipient, seq);
	}
	return err;
}

enum alm_err alm_decide_dead(
	struct alm_turn *turn, const struct alm_queue_entry *entry)
{
	struct alm_letter *letter =
		alm_arena_take(turn->arena, sizeof(*letter));
	enum alm_err err;

	if (letter == NULL) {
		return ALM_NOMEM;
	}
	err = alm_reread_letter(turn, entry->seq, letter);
	if (err == ALM_STORE_CORRUPT || err == ALM_NOT_FOUND) {
		return ALM_OK; /* it cannot be run again either */
	}
	if (err != ALM_OK || letter->mail.kind == ALM_MAIL_NOTICE ||
		letter->judgement.effect != ALM_EFFECT_DENY) {
		return err;
	}
	return alm_stop_letter(turn, letter, true);
}

/* --- run again ------------------------------------------------------------ */

static enum alm_rerun judge_rerun(const struct alm_turn *turn,
	const struct alm_dead_letter *dead, const struct alm_letter *letter)
{
	if (letter->mail.kind == ALM_MAIL_MESSAGE &&
		letter->judgement.effect == ALM_EFFECT_DENY) {
		return ALM_RERUN_STOPPED;
	}
	return dead->entry.expires_ms <= turn->now_ms ? ALM_RERUN_EXPIRED
						      : ALM_RERUN_QUEUED;
}

/* Back into the queue, with its record; it is looked at again there. */
static enum alm_err queue_again(struct alm_turn *turn, const char *recipient,
	const struct alm_dead_letter *dead, const char *detail)
{
	struct alm_mailbox *mailbox =
		alm_mailboxes_get(turn->broker->mailboxes, recipient);
	struct alm_audit_record record;
	struct alm_card card;
	enum alm_err err = alm_read_card(turn, dead->entry.seq, &card);

	if (mailbox == NULL) {
		return ALM_NOMEM;
	}
	if (err == ALM_OK) {
		err = alm_store_dead_rerun(
			turn->broker->store, recipient, dead->entry.seq);
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_mailbox_look_at(mailbox, dead->entry.place);
	record = alm_card_record(
		turn, &card, recipient, dead->entry.seq, ALM_AUDIT_RERUN);
	record.ref = dead->audit_seq;
	return alm_turn_audit(turn, &record, detail);
}

static enum alm_err rerun(struct alm_turn *turn, const char *recipient,
	uint64_t seq, const char *detail, bool is_dry_run,
	enum alm_rerun *out_result)
{
	struct alm_letter *letter =
		alm_arena_take(turn->arena, sizeof(*letter));
	struct alm_dead_letter dead;
	enum alm_err err;

	if (letter == NULL) {
		return ALM_NOMEM;
	}
	err = alm_store_dead_get(turn->broker->store, recipient, seq, &dead);
	if (err != ALM_OK) {
		return err;
	}
	err = dead.entry.is_damaged ? ALM_STORE_CORRUPT
				    : alm_reread_letter(turn, seq, letter);
	if (err == ALM_STORE_CORRUPT || err == ALM_NOT_FOUND) {
		*out_result = ALM_RERUN_DAMAGED;
		return ALM_OK;
	}
	if (err != ALM_OK) {
		return err;
	}
	*out_result = judge_rerun(turn, &dead, letter);
	if (is_dry_run) {
		return ALM_OK;
	}
	if (*out_result == ALM_RERUN_STOPPED) {
		return alm_stop_letter(turn, letter, true);
	}
	return *out_result == ALM_RERUN_QUEUED
		       ? queue_again(turn, recipient, &dead, detail)
		       : ALM_OK;
}

enum alm_err alm_rerun(struct alm_turn *turn, const char *recipient,
	uint64_t seq, const char *detail, bool is_dry_run,
	enum alm_rerun *out_result)
{
	struct alm_arena_mark mark = alm_arena_mark(turn->arena);
	enum alm_err err =
		rerun(turn, recipient, seq, detail, is_dry_run, out_result);

	/* Many are run again in one turn. */
	alm_arena_rewind(turn->arena, &mark);
	return err;
}

/* --- retention ------------------------------------------------------------ */

static enum alm_err remove_old(
	struct alm_turn *turn, const struct alm_dead_letter *dead)
{
	const char *recipient = turn->broker->dead_mailbox;
	struct alm_audit_record record;
	struct alm_card card;
	enum alm_err err = alm_read_card(turn, dead->entry.seq, &card);

	if (err == ALM_OK) {
		err = alm_store_dead_remove(
			turn->broker->store, recipient, dead->entry.seq);
	}
	if (err != ALM_OK) {
		return err;
	}
	record = alm_card_record(turn, &card, recipient, dead->entry.seq,
		ALM_AUDIT_DEAD_REMOVED);
	record.ref = dead->audit_seq;
	return alm_turn_audit(
		turn, &record, "what: it was kept for as long as it may be\n");
}

/* The next dead letter of the sweep, or the next mailbox at an end of one.
 * Out: whether there is a letter.  Errors: NOT_FOUND: the round is over. */
static enum alm_err step(struct alm_turn *turn, struct alm_dead_letter *dead,
	bool *out_has_letter)
{
	struct alm_broker *broker = turn->broker;
	const char *name;
	enum alm_err err = ALM_NOT_FOUND;

	if (broker->dead_mailbox[0] != '\0') {
		err = alm_store_dead_next(broker->store, broker->dead_mailbox,
			broker->dead_place, dead);
	}
	*out_has_letter = err == ALM_OK;
	if (err != ALM_NOT_FOUND) {
		broker->dead_place = dead->entry.place;
		return err;
	}
	broker->dead_place = 0;
	err = alm_store_mailbox_next(
		broker->store, broker->dead_mailbox, turn->arena, &name);
	alm_text_copy(broker->dead_mailbox, sizeof(broker->dead_mailbox),
		err == ALM_OK ? name : "");
	return err;
}

enum alm_err alm_sweep_dead(struct alm_turn *turn)
{
	int64_t before_ms =
		turn->now_ms - turn->broker->settings.dead_letter_keep_s * 1000;
	enum alm_err err = ALM_OK;

	if (alm_store_dead_count(turn->broker->store) == 0) {
		return ALM_OK;
	}
	for (unsigned i = 0; i < SWEEP_STEPS_MAX && err == ALM_OK; i++) {
		struct alm_dead_letter dead;
		bool has_letter = false;

		err = step(turn, &dead, &has_letter);
		if (err == ALM_OK && has_letter && !dead.entry.is_damaged &&
			dead.died_at_ms <= before_ms) {
			err = remove_old(turn, &dead);
			if (!alm_sweep_reads(
				    turn, alm_bytes_here(&dead.entry))) {
				break;
			}
		}
	}
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}
