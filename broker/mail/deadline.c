/*
 * Deadlines that pass.  A request without its reply is closed and its asker
 * told.  Mail that was not taken in time stays in its mailbox: its sender is
 * told, and the recipient's deputy, if it has one, gets what the rule lets the
 * deputy have, and at most what the recipient would have got.
 */
#include <stdio.h>
#include <string.h>

#include "broker/core/address.h"
#include "broker/loop/detail.h"
#include "broker/mail/conversation.h"
#include "broker/mail/letter.h"
#include "broker/mail/mend.h"
#include "broker/mail/notice.h"
#include "broker/mail/receipt.h"
#include "broker/mail/sweep.h"
#include "broker/store/parts.h"
#include "broker/store/watch.h"
#include "lib/wire/texts.h"

#define DEADLINES_EACH_TURN 256u

/* Who gets what was not taken in time. */
struct deputy {
	const char *id;    /* "": nobody */
	bool is_known;     /* to the sender, as in the directory */
	enum alm_err code; /* why it did not get it; OK: it did */
};

static struct alm_audit_record record_of(struct alm_turn *turn,
	const struct alm_watch *watch, enum alm_audit_kind kind,
	enum alm_err code)
{
	struct alm_audit_record record = alm_turn_record(turn, kind);

	record.code = (uint32_t)code;
	record.ref = watch->audit_seq;
	record.mail_seq = watch->seq;
	record.has_message_id = true;
	record.message_id = watch->message_id;
	record.sender = watch->sender;
	record.recipient = watch->recipient;
	return record;
}

static enum alm_err tell(struct alm_turn *turn, const struct alm_watch *watch,
	enum alm_audit_kind kind, struct alm_notice_facts facts)
{
	struct alm_audit_record record =
		record_of(turn, watch, kind, facts.code);
	enum alm_err err = alm_turn_audit(turn, &record, "");

	facts.to = watch->sender;
	facts.recipient = watch->recipient;
	facts.message_id = watch->message_id;
	facts.ref = record.seq;
	return err == ALM_OK ? alm_send_notice(turn, &facts) : err;
}

/* --- requests ----------------------------------------------------------- */

static enum alm_err time_out(
	struct alm_turn *turn, const struct alm_watch *watch)
{
	struct alm_store *store = turn->broker->store;
	const struct alm_notice_facts facts = {
		.kind = ALM_NOTICE_KIND_TIMED_OUT,
		.code = ALM_NOTICE_TIMED_OUT,
		.reason = "",
	};
	struct alm_watch forget = *watch;
	struct alm_open_request request;
	enum alm_err err = alm_store_request_get(store, watch->sender,
		&watch->message_id, turn->arena, &request);

	if (err == ALM_NOT_FOUND || err == ALM_STORE_CORRUPT) {
		return ALM_OK;
	}
	if (err == ALM_OK && request.state == ALM_REQUEST_OPEN) {
		request.state = ALM_REQUEST_TIMED_OUT;
		err = alm_store_request_put(store, &request);
		if (err == ALM_OK) {
			err = tell(turn, watch, ALM_AUDIT_TIMED_OUT, facts);
		}
		turn->broker->metrics.timed_out++;
	}
	if (err != ALM_OK) {
		return err;
	}
	forget.what = ALM_WATCH_FORGET;
	forget.at_ms += ALM_DUPLICATE_KEEP_MS;
	return alm_store_watch_put(store, &forget);
}

enum alm_err alm_conversation_stopped(
	struct alm_turn *turn, const struct alm_letter *letter)
{
	const struct alm_notice_facts facts = {
		.kind = ALM_NOTICE_KIND_TIMED_OUT,
		.code = ALM_NOTICE_TIMED_OUT,
		.reason = "",
	};
	struct alm_store *store = turn->broker->store;
	struct alm_bytes correlation = letter->message.correlation_id;
	struct alm_open_request request;
	struct alm_watch watch;
	enum alm_err err;

	if (letter->message.kind != ALM_KIND_REPLY ||
		correlation.bytes != sizeof(watch.message_id.raw)) {
		return ALM_OK;
	}
	watch = (struct alm_watch){.recipient = letter->mail.sender,
		.sender = letter->mail.recipient};
	memcpy(watch.message_id.raw, correlation.data, correlation.bytes);
	err = alm_store_request_get(
		store, watch.sender, &watch.message_id, turn->arena, &request);
	if (err == ALM_NOT_FOUND || err == ALM_STORE_CORRUPT) {
		return ALM_OK;
	}
	if (err != ALM_OK || request.state != ALM_REQUEST_ANSWERED ||
		strcmp(request.asked, watch.recipient) != 0) {
		return err;
	}
	watch.audit_seq = request.audit_seq;
	/* Until then it is watched still; what has passed is not any more. */
	request.state = request.deadline_ms > turn->now_ms
				? ALM_REQUEST_OPEN
				: ALM_REQUEST_TIMED_OUT;
	err = alm_store_request_put(store, &request);
	if (err != ALM_OK || request.state == ALM_REQUEST_OPEN) {
		return err;
	}
	turn->broker->metrics.timed_out++;
	return tell(turn, &watch, ALM_AUDIT_TIMED_OUT, facts);
}

/* --- mail --------------------------------------------------------------- */

static enum alm_err read_letter(
	struct alm_turn *turn, uint64_t seq, struct alm_letter *letter)
{
	enum alm_err err = alm_store_mail_get(
		turn->broker->store, seq, turn->arena, &letter->mail);

	if (err == ALM_OK) {
		err = alm_wire_decode_message(letter->mail.message, turn->arena,
			&letter->message, NULL);
	}
	return err == ALM_OK || err == ALM_NOMEM ? err : ALM_STORE_CORRUPT;
}

static enum alm_err judge_for_deputy(
	struct alm_turn *turn, const char *deputy, struct alm_letter *letter)
{
	const struct alm_cap cap = alm_letter_cap(letter);

	alm_message_to_deputy(&letter->message, deputy);
	return alm_judge(turn, &letter->message, letter->mail.payload, &cap,
		&letter->judgement);
}

static enum alm_err put_for_deputy(struct alm_turn *turn, const char *deputy,
	const struct alm_letter *letter, struct alm_mail *mail)
{
	const struct alm_judgement *judgement = &letter->judgement;
	struct alm_mailbox *mailbox =
		alm_mailboxes_get(turn->broker->mailboxes, deputy);
	enum alm_err err;

	*mail = letter->mail;
	mail->seq = 0;
	mail->recipient = deputy;
	mail->escalated_from = letter->mail.recipient;
	mail->shared_seq = 0;
	mail->priority = (uint8_t)letter->message.priority;
	mail->audit_seq = turn->broker->audit_size + 1;
	mail->payload = judgement->view;
	mail->payload_bytes = letter->message.payload_bytes;
	mail->level = (uint8_t)judgement->level;
	mail->is_partial |= judgement->is_partial;
	mail->strips_location = false; /* the view is without it */
	mail->hides_subject = judgement->hides_subject;
	mail->released = alm_texts_join(judgement->release, turn->arena);
	mail->has_person = judgement->has_person;
	memcpy(mail->person, judgement->person, sizeof(mail->person));
	if (mailbox == NULL || mail->released == NULL) {
		return ALM_NOMEM;
	}
	mail->limits = &mailbox->limits;
	mailbox->has_more[mail->priority] = true;
	err = alm_store_mail_put(turn->broker->store, mail);
	return err == ALM_OK && mail->payload_bytes != 0
		       ? alm_store_parts_share(turn->broker->store,
				 letter->mail.seq, mail->seq)
		       : err;
}

/* A deputy that got nothing and that the sender may not know stands in the
 * private part alone: the sender sees the rest of the record. */
static enum alm_err record_escalation(struct alm_turn *turn,
	const struct alm_watch *watch, const struct alm_letter *letter,
	const struct alm_mail *mail, const struct deputy *deputy)
{
	const struct alm_judgement *judgement = &letter->judgement;
	struct alm_audit_record record =
		record_of(turn, watch, ALM_AUDIT_ESCALATED, deputy->code);

	record.effect = deputy->code == ALM_OK ? (uint8_t)judgement->effect
					       : (uint8_t)ALM_EFFECT_DENY;
	record.level_in = (uint8_t)letter->message.payload_level;
	record.level_out = (uint8_t)judgement->level;
	record.flags |= judgement->hides_subject ? ALM_AUDIT_UNNAMED : 0;
	record.mail_seq = mail->seq;
	record.recipient =
		deputy->code == ALM_OK || deputy->is_known ? deputy->id : "";
	record.has_person = judgement->has_person;
	memcpy(record.person, judgement->person, sizeof(record.person));
	record.purpose = letter->message.purpose;
	record.basis = judgement->basis == NULL ? "" : judgement->basis;
	record.standard = letter->message.standard;
	record.categories = mail->seq == 0 ? "" : mail->released;
	alm_detail_init(turn->detail);
	if (record.recipient[0] == '\0') {
		alm_detail_text(turn->detail, "deputy", deputy->id);
	}
	return alm_turn_audit(turn, &record, alm_detail_finish(turn->detail));
}

/* It gets a copy, or the reason why not is found. */
static enum alm_err escalate(struct alm_turn *turn,
	const struct alm_watch *watch, struct deputy *deputy)
{
	struct alm_letter *letter =
		alm_arena_take(turn->arena, sizeof(*letter));
	struct alm_mail mail = {.seq = 0, .released = ""};
	uint64_t number = 0;
	uint64_t bytes = 0;
	enum alm_err err;

	if (letter == NULL) {
		return ALM_NOMEM;
	}
	err = read_letter(turn, watch->seq, letter);
	if (err != ALM_OK) {
		deputy->code = err;
		return err == ALM_NOMEM ? err : ALM_OK;
	}
	if (letter->message.payload_bytes > 0) {
		err = alm_store_parts_of(
			turn->broker->store, watch->seq, &number, &bytes);
	}
	if (err == ALM_NOT_FOUND || err == ALM_STORE_CORRUPT) {
		deputy->code = ALM_STORE_CORRUPT;
		return ALM_OK;
	}
	if (err != ALM_OK) {
		return err;
	}
	(void)alm_sweep_reads(turn, letter->mail.payload.bytes);
	err = judge_for_deputy(turn, deputy->id, letter);
	if (err != ALM_OK) {
		return err;
	}
	deputy->code = letter->judgement.code;
	if (letter->judgement.effect != ALM_EFFECT_DENY) {
		err = put_for_deputy(turn, deputy->id, letter, &mail);
		if (alm_mailbox_is_refusal(err) || err == ALM_STORE_FULL) {
			deputy->code = err;
			err = ALM_OK;
		}
	}
	turn->broker->metrics.escalated += mail.seq != 0 ? 1 : 0;
	return err == ALM_OK
		       ? record_escalation(turn, watch, letter, &mail, deputy)
		       : err;
}

/* In words, for the sender. */
static const char *outcome_words(
	struct alm_turn *turn, const struct deputy *deputy)
{
	const char *space = deputy->is_known ? " " : "";
	const char *id = deputy->is_known ? deputy->id : "";
	char words[ALM_REF_BYTES_MAX];

	if (deputy->id[0] == '\0') {
		return "it still waits";
	}
	if (deputy->code == ALM_OK) {
		(void)snprintf(words, sizeof(words),
			"it still waits; its deputy%s%s has it too", space, id);
	} else {
		(void)snprintf(words, sizeof(words),
			"it still waits; its deputy%s%s did not get it: ALM-%u",
			space, id, (unsigned)alm_shown_code(deputy->code));
	}
	return alm_arena_text(turn->arena, words, strlen(words));
}

/* Who it is, and whether the sender may know it. */
static enum alm_err find_deputy(struct alm_turn *turn,
	const struct alm_watch *watch, struct deputy *deputy)
{
	const struct alm_snapshot *snapshot = turn->broker->snapshot;
	const struct alm_known *known;
	enum alm_err err = alm_store_deputy_get(turn->broker->store,
		watch->recipient, turn->arena, &deputy->id);

	if (err == ALM_STORE_CORRUPT) {
		return ALM_OK;
	}
	if (err != ALM_OK || deputy->id[0] == '\0' || snapshot == NULL) {
		return err;
	}
	err = alm_known_make(
		snapshot, watch->sender, turn->now_s, turn->arena, &known);
	if (err == ALM_OK) {
		deputy->is_known = alm_known_has_id(known, deputy->id);
	}
	return err;
}

static enum alm_err pass_deadline(
	struct alm_turn *turn, const struct alm_watch *watch)
{
	struct alm_store *store = turn->broker->store;
	struct alm_notice_facts facts = {
		.kind = ALM_NOTICE_KIND_DEADLINE,
		.code = ALM_NOTICE_DEADLINE,
	};
	struct alm_queue_entry entry;
	struct deputy deputy = {.id = ""};
	enum alm_err err = alm_store_queue_get(
		store, watch->recipient, watch->seq, &entry);

	if (err != ALM_OK) {
		return err == ALM_NOT_FOUND ? ALM_OK : err; /* it was taken */
	}
	err = find_deputy(turn, watch, &deputy);
	if (err == ALM_OK && deputy.id[0] != '\0') {
		err = escalate(turn, watch, &deputy);
	}
	if (err != ALM_OK) {
		return err;
	}
	facts.reason = outcome_words(turn, &deputy);
	turn->broker->metrics.deadlines_passed++;
	return facts.reason == NULL
		       ? ALM_NOMEM
		       : tell(turn, watch, ALM_AUDIT_DEADLINE, facts);
}

/* --- all of them -------------------------------------------------------- */

static enum alm_err see_to(struct alm_turn *turn, const struct alm_watch *watch)
{
	if (watch->is_damaged) {
		return alm_record_anomaly(turn, "", watch->seq,
			"what: a deadline is damaged\ndone: it was removed\n");
	}
	switch (watch->what) {
	case ALM_WATCH_DEADLINE:
		return pass_deadline(turn, watch);
	case ALM_WATCH_REQUEST:
		return time_out(turn, watch);
	case ALM_WATCH_FORGET:
		break;
	}
	return alm_store_request_forget(
		turn->broker->store, watch->sender, &watch->message_id);
}

enum alm_err alm_deadlines_sweep(struct alm_turn *turn)
{
	struct alm_store *store = turn->broker->store;

	for (unsigned i = 0; i < DEADLINES_EACH_TURN; i++) {
		struct alm_watch watch;
		enum alm_err err = alm_store_watch_due(
			store, turn->now_ms, turn->arena, &watch);

		if (err != ALM_OK) {
			return err == ALM_NOT_FOUND ? ALM_OK : err;
		}
		turn->has_effects = true;
		err = alm_store_watch_remove(store, watch.at_ms, watch.seq);
		if (err == ALM_OK) {
			err = see_to(turn, &watch);
		}
		if (err != ALM_OK || !alm_sweep_reads(turn, 0)) {
			return err;
		}
	}
	turn->broker->is_in_haste = true;
	return ALM_OK;
}
