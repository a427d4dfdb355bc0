/*
 * Giving one piece of mail to a session.  A message is decided again at the
 * door: what changed since it was accepted (a withdrawal, a suspension, a new
 * prohibition) stops it here, and its sender is told.  The hand-over is
 * counted and recorded in the turn's transaction before the frame leaves.
 */
#include "broker/mail/give.h"

#include <string.h>

#include "broker/loop/detail.h"
#include "broker/loop/strand.h"
#include "broker/mail/arrival.h"
#include "broker/mail/conversation.h"
#include "broker/mail/dead.h"
#include "broker/mail/handover.h"
#include "broker/mail/letter.h"
#include "broker/mail/mend.h"
#include "broker/mail/notice.h"
#include "broker/mail/packing.h"
#include "broker/mail/sweep.h"
#include "broker/store/dead.h"
#include "lib/wire/texts.h"

/* Back-off doubles with each attempt, up to this many times. */
#define DOUBLINGS_MAX 16u

static const struct alm_letter *fresh_letter(
	const struct alm_turn *turn, uint64_t seq)
{
	if (turn->letter_count == 0 || seq < turn->first_seq ||
		seq >= turn->first_seq + turn->letter_count) {
		return NULL;
	}
	return turn->letters[seq - turn->first_seq];
}

enum alm_err alm_reread_letter(
	struct alm_turn *turn, uint64_t seq, struct alm_letter *letter)
{
	struct alm_cap cap;
	enum alm_err err = alm_store_mail_get(
		turn->broker->store, seq, turn->arena, &letter->mail);

	if (err != ALM_OK || letter->mail.kind == ALM_MAIL_NOTICE) {
		return err;
	}
	err = alm_wire_decode_message(
		letter->mail.message, turn->arena, &letter->message, NULL);
	if (err != ALM_OK) {
		/* It was decoded before it was kept. */
		return err == ALM_NOMEM ? err : ALM_STORE_CORRUPT;
	}
	letter->mail.priority = (uint8_t)letter->message.priority;
	if (letter->mail.escalated_from[0] != '\0') {
		alm_message_to_deputy(&letter->message, letter->mail.recipient);
	} else if (letter->mail.shared_seq != 0) {
		alm_message_narrow(&letter->message, letter->mail.recipient);
	}
	cap = alm_letter_cap(letter);
	return alm_judge(turn, &letter->message, letter->mail.payload, &cap,
		&letter->judgement);
}

static struct alm_audit_record record_of(struct alm_turn *turn,
	const struct alm_letter *letter, enum alm_audit_kind kind)
{
	const struct alm_judgement *judgement = &letter->judgement;
	struct alm_audit_record record = alm_turn_record(turn, kind);

	record.effect = (uint8_t)judgement->effect;
	record.flags = judgement->is_override_used ? ALM_AUDIT_OVERRIDE : 0;
	record.flags |= judgement->hides_subject ? ALM_AUDIT_UNNAMED : 0;
	record.code = judgement->effect == ALM_EFFECT_DENY
			      ? (uint32_t)judgement->code
			      : judgement->rule_code;
	record.level_in = (uint8_t)letter->message.payload_level;
	record.level_out = (uint8_t)judgement->level;
	record.ref = letter->mail.audit_seq;
	record.mail_seq = letter->mail.seq;
	record.has_message_id = true;
	record.message_id = letter->mail.message_id;
	record.has_person = judgement->has_person;
	memcpy(record.person, judgement->person, sizeof(record.person));
	record.sender = letter->mail.sender;
	record.recipient = letter->mail.recipient;
	record.purpose = letter->message.purpose;
	record.basis = judgement->basis;
	record.standard = letter->message.standard;
	return record;
}

static enum alm_err remove_letter(
	struct alm_store *store, const struct alm_letter *letter, bool is_dead)
{
	const char *recipient = letter->mail.recipient;

	return is_dead ? alm_store_dead_remove(
				 store, recipient, letter->mail.seq)
		       : alm_store_mail_remove(
				 store, recipient, letter->mail.seq);
}

enum alm_err alm_stop_letter(
	struct alm_turn *turn, const struct alm_letter *letter, bool is_dead)
{
	struct alm_audit_record record =
		record_of(turn, letter, ALM_AUDIT_STOPPED);
	struct alm_detail *detail = turn->detail;
	struct alm_notice_facts facts = {
		.kind = ALM_NOTICE_KIND_STOPPED,
		.to = letter->mail.sender,
		.recipient = letter->mail.recipient,
		.message_id = letter->mail.message_id,
		.code = letter->judgement.code,
		.reasons = letter->judgement.reasons,
		.reason_count = letter->judgement.reason_count,
		.reason = "",
	};
	enum alm_err err;

	alm_detail_init(detail);
	for (size_t i = 0; i < facts.reason_count; i++) {
		alm_detail_number(detail, "reason", facts.reasons[i]);
	}
	alm_detail_texts(detail, "directives", letter->judgement.directives);
	record.level_out = 0;
	err = alm_turn_audit(turn, &record, alm_detail_finish(detail));
	if (err == ALM_OK) {
		facts.ref = record.seq;
		err = remove_letter(turn->broker->store, letter, is_dead);
	}
	if (err == ALM_OK) {
		turn->broker->metrics.stopped++;
		err = alm_send_notice(turn, &facts);
	}
	return err == ALM_OK ? alm_conversation_stopped(turn, letter) : err;
}

static void fill_card(struct alm_card *card, const struct alm_letter *letter)
{
	const struct alm_judgement *judgement = &letter->judgement;

	memset(card, 0, sizeof(*card));
	card->is_notice = letter->mail.kind == ALM_MAIL_NOTICE;
	card->message_id = letter->mail.message_id;
	card->audit_seq = letter->mail.audit_seq;
	if (!card->is_notice) {
		alm_text_copy(card->sender, sizeof(card->sender),
			letter->mail.sender);
		alm_text_copy(card->purpose, sizeof(card->purpose),
			letter->message.purpose);
		alm_text_copy(
			card->basis, sizeof(card->basis), judgement->basis);
		card->has_person = judgement->has_person;
		memcpy(card->person, judgement->person, sizeof(card->person));
		card->level = (uint8_t)judgement->level;
		card->hides_subject = judgement->hides_subject;
		card->priority = (uint8_t)letter->message.priority;
	}
}

/* Up to a quarter less, so that what came due together spreads out; the first
 * time it stays together, and in order. */
static int64_t jitter_ms(const struct alm_broker *broker, uint64_t seq,
	uint32_t attempts, int64_t wait_ms)
{
	uint64_t mixed = (broker->jitter_seed ^ seq) + attempts;

	mixed = (mixed ^ mixed >> 31) * UINT64_C(0x9E3779B97F4A7C15);
	mixed = (mixed ^ mixed >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
	return (int64_t)((mixed >> 32) % (uint64_t)(wait_ms / 4 + 1));
}

static int64_t due_after(
	const struct alm_turn *turn, uint64_t seq, uint32_t attempts)
{
	const struct alm_settings *settings = &turn->broker->settings;
	int64_t wait_ms = settings->acknowledge_timeout_ms;
	uint32_t doublings = attempts - 1;

	for (uint32_t i = 0; i < doublings && i < DOUBLINGS_MAX; i++) {
		wait_ms *= 2;
	}
	if (wait_ms > settings->redeliver_max_ms) {
		wait_ms = settings->redeliver_max_ms;
	}
	if (attempts > 1) {
		wait_ms -= jitter_ms(turn->broker, seq, attempts, wait_ms);
	}
	return turn->monotonic_ms + wait_ms;
}

/* From here on the mail is in this session's hands. */
static enum alm_err hold(struct alm_turn *turn, struct alm_session *session,
	const struct alm_letter *letter, uint32_t attempts)
{
	struct alm_mailbox *mailbox = session->mailbox;
	struct alm_held *held;
	enum alm_err err = alm_mailbox_hold(mailbox, letter->mail.seq, &held);

	if (err != ALM_OK) {
		return err;
	}
	if (mailbox->strands != NULL) {
		alm_strand_leave(mailbox, held);
	}
	if (held->session != NULL) { /* its time ran out in other hands */
		held->session->held_count--;
		held->session->held_bytes -= held->bytes;
	}
	held->session = session;
	held->is_parked = false;
	held->has_moved = false;
	held->attempts = attempts;
	held->turn = turn->number;
	held->due_ms = due_after(turn, held->seq, attempts);
	held->bytes = letter->mail.payload.bytes;
	held->has_parts = letter->mail.kind == ALM_MAIL_MESSAGE &&
			  letter->message.payload_bytes != 0;
	held->is_part_way = held->has_parts;
	fill_card(&held->card, letter);
	session->held_count++;
	session->held_bytes += held->bytes;
	if (held->due_ms < mailbox->due_ms) {
		mailbox->due_ms = held->due_ms;
	}
	return mailbox->strands == NULL ? ALM_OK
					: alm_strand_enter(mailbox, held);
}

/* It waits, in nobody's hands, for what is before it in its strand. */
static enum alm_err park(
	struct alm_mailbox *mailbox, const struct alm_letter *letter)
{
	struct alm_held *held;
	enum alm_err err = alm_mailbox_hold(mailbox, letter->mail.seq, &held);

	if (err != ALM_OK) {
		return err;
	}
	held->is_parked = true;
	held->has_parts = letter->mail.kind == ALM_MAIL_MESSAGE &&
			  letter->message.payload_bytes != 0;
	held->due_ms = INT64_MAX;
	fill_card(&held->card, letter);
	mailbox->due_ms = 0;
	return alm_strand_enter(mailbox, held);
}

/* Whether new mail may go, and to whom: to who has the strand, with room. */
static bool may_go(const struct alm_turn *turn, const struct alm_letter *letter,
	struct alm_session **session)
{
	struct alm_session *chosen = *session;
	struct alm_card card;

	fill_card(&card, letter);
	if (!alm_strand_may_go(chosen->mailbox, alm_strand_key(&card),
		    letter->mail.seq, false, &chosen)) {
		return false;
	}
	if (chosen == *session) {
		return true;
	}
	*session = chosen;
	return !chosen->mailbox->has_limited && alm_may_take(turn, chosen) &&
	       alm_session_has_room(chosen, letter->mail.payload.bytes) &&
	       (chosen->takes_parts || letter->mail.kind != ALM_MAIL_MESSAGE ||
		       letter->message.payload_bytes == 0);
}

static void fill_deliver(struct alm_deliver *deliver,
	const struct alm_letter *letter, uint32_t attempts)
{
	const struct alm_message *message = &letter->message;
	const struct alm_judgement *judgement = &letter->judgement;

	*deliver = (struct alm_deliver){
		.sequence = letter->mail.seq,
		.attempt = attempts,
		.is_repeat = attempts > 1,
		.message_id = letter->mail.message_id,
		.sender = letter->mail.sender,
		.recipient = letter->mail.recipient,
		.purpose = message->purpose,
		.categories = judgement->release,
		.standard = message->standard,
		.standard_version = message->standard_version,
		.level = (enum alm_wire_level)judgement->level,
		.subject = judgement->level == ALM_LEVEL_IDENTIFIABLE &&
					   !judgement->hides_subject
				   ? message->subject
				   : "",
		.basis = judgement->basis,
		.obligations = judgement->obligations,
		.is_partial = letter->mail.is_partial || judgement->is_partial,
		.correlation_id = message->correlation_id,
		.deadline_ms = message->deadline_ms,
		.expires_ms = letter->mail.expires_ms,
		.priority = message->priority,
		.traceparent = message->traceparent,
		.accepted_at_ms = letter->mail.accepted_at_ms,
		.payload = judgement->view,
		.kind = message->kind,
		.escalated_from = letter->mail.escalated_from,
	};
	if (message->payload_bytes != 0) {
		deliver->payload_bytes = message->payload_bytes;
		deliver->payload_root = (struct alm_bytes){
			message->payload_sha256, ALM_DIGEST_BYTES};
	}
	if (judgement->has_pseudonym) {
		deliver->pseudonym =
			(struct alm_bytes){judgement->pseudonym, 16};
	}
}

static enum alm_err say_to_session(struct alm_turn *turn,
	const struct alm_session *session, const struct alm_letter *letter,
	uint32_t attempts)
{
	ALM_UNINITIALIZED struct alm_envelope envelope;

	if (letter->mail.kind == ALM_MAIL_NOTICE) {
		enum alm_err err;

		envelope.kind = ALM_ENVELOPE_NOTICE;
		err = alm_notice_decode(
			letter->mail.message, turn->arena, &envelope.notice);
		if (err != ALM_OK) {
			return err;
		}
		envelope.notice.sequence = letter->mail.seq;
		envelope.notice.attempt = attempts;
		envelope.notice.is_repeat = attempts > 1;
	} else {
		envelope.kind = ALM_ENVELOPE_DELIVER;
		fill_deliver(&envelope.deliver, letter, attempts);
		alm_pack(turn, session, &envelope.deliver.payload,
			&envelope.deliver.encoding);
	}
	return alm_outbox_add(turn->broker->outbox, ALM_EDGE_AGENTS,
		session->peer, &envelope, turn->arena);
}

static enum alm_err record_delivery(struct alm_turn *turn,
	const struct alm_session *session, const struct alm_letter *letter,
	uint32_t attempts)
{
	struct alm_audit_record record;

	if (letter->mail.kind == ALM_MAIL_NOTICE) {
		return ALM_OK; /* its record was written with it */
	}
	turn->broker->metrics.delivered++;
	record = record_of(turn, letter, ALM_AUDIT_DELIVERED);
	record.categories =
		alm_texts_join(letter->judgement.release, turn->arena);
	if (record.categories == NULL) {
		return ALM_NOMEM;
	}
	if (attempts > 1) {
		record.flags |= ALM_AUDIT_REPEAT;
		turn->broker->metrics.repeated++;
	}
	record.agent = session->agent_number;
	alm_detail_init(turn->detail);
	if (attempts > 1) {
		alm_detail_number(turn->detail, "attempt", attempts);
	}
	alm_detail_texts(turn->detail, "withheld", letter->judgement.withheld);
	if (letter->message.correlation_id.bytes != 0) {
		alm_describe_talk(turn->detail, &letter->message);
	}
	return alm_turn_audit(turn, &record, alm_detail_finish(turn->detail));
}

static enum alm_err give(struct alm_turn *turn, struct alm_session *session,
	const struct alm_letter *letter, bool is_anew)
{
	uint32_t attempts = 0;
	enum alm_err err = alm_store_queue_attempt(turn->broker->store,
		letter->mail.recipient,
		alm_mail_place(letter->mail.priority, letter->mail.seq),
		is_anew, &attempts);

	turn->has_effects |= err == ALM_OK;
	if (err == ALM_OK) {
		err = say_to_session(turn, session, letter, attempts);
		if (err != ALM_OK && err != ALM_NOMEM) {
			/* It cannot be said: more of the same would not help */
			return alm_set_damaged_aside(
				turn, session->mailbox, letter->mail.seq);
		}
	}
	if (err == ALM_OK) {
		err = record_delivery(turn, session, letter, attempts);
	}
	if (err == ALM_OK && letter->mail.kind == ALM_MAIL_MESSAGE &&
		letter->judgement.is_override_used) {
		err = alm_note_override(turn, letter);
	}
	if (err == ALM_OK) {
		err = hold(turn, session, letter, attempts);
	}
	return err;
}

enum alm_err alm_hand_over_entry(struct alm_turn *turn,
	struct alm_session *session, const struct alm_queue_entry *entry)
{
	const struct alm_letter *letter = fresh_letter(turn, entry->seq);
	struct alm_letter *reread;
	bool is_anew = entry->attempts > 0 &&
		       alm_mailbox_has_moved(session->mailbox, entry->seq);
	enum alm_err err;

	if (entry->expires_ms <= turn->now_ms) {
		alm_session_let_go(session->mailbox, entry->seq);
		return alm_expire(
			turn, session->mailbox->organisation, entry->seq);
	}
	if (!is_anew &&
		entry->attempts >= turn->broker->settings.attempts_max) {
		alm_session_let_go(session->mailbox, entry->seq);
		return alm_bury(turn, session->mailbox->organisation, entry);
	}
	if (letter == NULL) {
		reread = alm_arena_take(turn->arena, sizeof(*reread));
		if (reread == NULL) {
			return ALM_NOMEM;
		}
		err = alm_reread_letter(turn, entry->seq, reread);
		if (err == ALM_STORE_CORRUPT || err == ALM_NOT_FOUND) {
			return alm_set_damaged_aside(
				turn, session->mailbox, entry->seq);
		}
		if (err != ALM_OK) {
			return err;
		}
		letter = reread;
	}
	if (letter->mail.kind == ALM_MAIL_MESSAGE &&
		letter->judgement.effect == ALM_EFFECT_DENY) {
		alm_session_let_go(session->mailbox, entry->seq);
		return alm_stop_letter(turn, letter, false);
	}
	if (session->mailbox->strands != NULL &&
		alm_mailbox_held(session->mailbox, entry->seq) == NULL &&
		!may_go(turn, letter, &session)) {
		return park(session->mailbox, letter);
	}
	return give(turn, session, letter, is_anew);
}

enum alm_err alm_decide_queued(struct alm_turn *turn, const char *recipient,
	const struct alm_queue_entry *entry)
{
	struct alm_mailbox *mailbox =
		alm_mailboxes_find(turn->broker->mailboxes, recipient);
	struct alm_held *held =
		mailbox == NULL ? NULL : alm_mailbox_held(mailbox, entry->seq);
	struct alm_letter *letter =
		alm_arena_take(turn->arena, sizeof(*letter));
	enum alm_err err;

	if (letter == NULL) {
		return ALM_NOMEM;
	}
	if (entry->is_damaged) {
		return alm_mend_entry(turn, recipient, entry->seq);
	}
	err = alm_reread_letter(turn, entry->seq, letter);
	if (err == ALM_STORE_CORRUPT || err == ALM_NOT_FOUND) {
		return ALM_OK; /* it cannot be handed over either */
	}
	if (err != ALM_OK || letter->mail.kind == ALM_MAIL_NOTICE ||
		letter->judgement.effect != ALM_EFFECT_DENY) {
		return err;
	}
	/* Who has a part of it only has nothing yet. */
	if (held != NULL && held->session != NULL && !held->is_part_way) {
		alm_mailbox_bar(mailbox, held);
		return ALM_OK;
	}
	if (mailbox != NULL) {
		alm_session_let_go(mailbox, entry->seq);
	}
	return alm_stop_letter(turn, letter, false);
}
