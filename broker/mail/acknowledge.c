/*
 * Taking mail out of a mailbox: acknowledged or rejected.  Each leaves a
 * record; the sender hears of a rejection.
 */
#include "broker/mail/acknowledge.h"

#include <string.h>

#include "broker/identity/role.h"
#include "broker/loop/detail.h"
#include "broker/mail/dead.h"
#include "broker/mail/notice.h"

static enum alm_err read_card(
	struct alm_turn *turn, uint64_t seq, struct alm_card *card)
{
	struct alm_message message;
	struct alm_mail mail;
	enum alm_err err = alm_store_mail_get(
		turn->broker->store, seq, turn->arena, &mail);

	memset(card, 0, sizeof(*card));
	if (err == ALM_STORE_CORRUPT || err == ALM_NOT_FOUND) {
		return ALM_OK; /* it can be taken out, if not described */
	}
	if (err != ALM_OK) {
		return err;
	}
	card->is_notice = mail.kind == ALM_MAIL_NOTICE;
	card->message_id = mail.message_id;
	card->audit_seq = mail.audit_seq;
	card->level = mail.level;
	card->hides_subject = mail.hides_subject;
	if (card->is_notice) {
		return ALM_OK;
	}
	err = alm_wire_decode_message(
		mail.message, turn->arena, &message, NULL);
	if (err != ALM_OK) {
		return err == ALM_NOMEM ? err : ALM_OK;
	}
	alm_text_copy(card->sender, sizeof(card->sender), mail.sender);
	alm_text_copy(card->purpose, sizeof(card->purpose), message.purpose);
	if (message.subject[0] != '\0') {
		card->has_person = true;
		alm_store_pseudonym(
			turn->broker->store, message.subject, card->person);
	}
	return ALM_OK;
}

enum alm_err alm_read_card(
	struct alm_turn *turn, uint64_t seq, struct alm_card *card)
{
	struct alm_arena_mark mark = alm_arena_mark(turn->arena);
	enum alm_err err = read_card(turn, seq, card);

	/* A turn may read more cards than it has room for their payloads. */
	alm_arena_rewind(turn->arena, &mark);
	return err;
}

struct alm_audit_record alm_card_record(struct alm_turn *turn,
	const struct alm_card *card, const char *recipient, uint64_t seq,
	enum alm_audit_kind kind)
{
	struct alm_audit_record record = alm_turn_record(turn, kind);

	record.level_out = card->level;
	record.flags = card->hides_subject ? ALM_AUDIT_UNNAMED : 0;
	record.ref = card->audit_seq;
	record.mail_seq = seq;
	record.has_message_id = true;
	record.message_id = card->message_id;
	record.has_person = card->has_person;
	memcpy(record.person, card->person, sizeof(record.person));
	record.sender = card->sender;
	record.recipient = recipient;
	record.purpose = card->purpose;
	record.basis = card->basis;
	return record;
}

static enum alm_err record_taken(struct alm_turn *turn,
	const struct alm_card *card, const struct alm_agent *agent,
	uint64_t seq, const struct alm_acknowledgement *item)
{
	struct alm_audit_record record =
		alm_card_record(turn, card, agent->organisation, seq,
			item->is_rejected ? ALM_AUDIT_REJECTED
					  : ALM_AUDIT_ACKNOWLEDGED);
	struct alm_notice_facts facts = {
		.kind = ALM_NOTICE_KIND_REJECTED,
		.to = card->sender,
		.recipient = agent->organisation,
		.message_id = card->message_id,
		.code = ALM_NOTICE_REJECTED,
		.reason = item->reason,
	};
	enum alm_err err;

	record.agent = agent->number;
	alm_detail_init(turn->detail);
	alm_detail_words(turn->detail, "words", item->reason);
	err = alm_turn_audit(turn, &record, alm_detail_finish(turn->detail));
	if (err != ALM_OK || !item->is_rejected) {
		turn->broker->metrics.acknowledged += err == ALM_OK ? 1 : 0;
		return err;
	}
	turn->broker->metrics.rejected++;
	facts.ref = record.seq;
	return card->sender[0] == '\0' ? ALM_OK : alm_send_notice(turn, &facts);
}

static void count_unheld(const struct alm_turn *turn,
	struct alm_mailbox *mailbox, uint32_t count)
{
	alm_mailbox_count_anew(mailbox, turn->number);
	mailbox->unheld_acks += count;
}

/* The card of mail that may be gone.  Errors: NOT_FOUND: it is. */
static enum alm_err find_card(struct alm_turn *turn,
	struct alm_mailbox *mailbox, uint64_t seq, struct alm_card *card)
{
	const struct alm_held *held = alm_mailbox_held(mailbox, seq);
	struct alm_queue_entry entry;
	enum alm_err err;

	if (held != NULL) {
		*card = held->card;
		return ALM_OK;
	}
	count_unheld(turn, mailbox, 1);
	err = alm_store_queue_get(
		turn->broker->store, mailbox->organisation, seq, &entry);
	if (err != ALM_OK) {
		return err;
	}
	count_unheld(turn, mailbox,
		(uint32_t)(alm_bytes_here(&entry) / ALM_UNHELD_ACK_BYTES));
	err = alm_read_card(turn, seq, card);
	return err == ALM_NOT_FOUND ? ALM_STORE_CORRUPT : err;
}

/* More than a window of what is looked for is not what its agents have taken;
 * the rest waits until it is handed over again. */
static bool is_over(
	const struct alm_turn *turn, const struct alm_mailbox *mailbox)
{
	return mailbox->unheld_acks >= ALM_TURN_UNHELD_ACKS_MAX &&
	       mailbox->asked_turn == turn->number;
}

/* Acknowledging again what is gone is no fault: the answer is the same. */
static enum alm_err take_out(struct alm_turn *turn, struct alm_mailbox *mailbox,
	const struct alm_agent *agent, const struct alm_acknowledgement *item)
{
	struct alm_card card;
	enum alm_err err =
		alm_role_check_taken(turn, agent, mailbox, item->sequence);

	if (err == ALM_OK) {
		err = find_card(turn, mailbox, item->sequence, &card);
	}
	if (err == ALM_OK) {
		err = alm_store_mail_remove(turn->broker->store,
			mailbox->organisation, item->sequence);
	}
	if (err == ALM_NOT_FOUND) {
		alm_session_let_go(mailbox, item->sequence);
		err = alm_take_out_dead(
			turn, mailbox->organisation, item->sequence, &card);
		if (err == ALM_NOT_FOUND) {
			return ALM_OK;
		}
	}
	if (err != ALM_OK) {
		return err;
	}
	turn->has_effects = true;
	alm_session_let_go(mailbox, item->sequence);
	if (card.is_notice) {
		return ALM_OK;
	}
	return record_taken(turn, &card, agent, item->sequence, item);
}

/* One by one; `out_sequences` are those that are taken out. */
static enum alm_err take_out_all(struct alm_turn *turn,
	const struct alm_turn_request *request, struct alm_mailbox *mailbox,
	uint64_t *out_sequences, size_t *out_count)
{
	const struct alm_acknowledge *items = &request->envelope->acknowledge;

	for (size_t i = 0; i < items->count; i++) {
		enum alm_err err;

		if (is_over(turn, mailbox)) {
			turn->broker->metrics.refused_busy++;
			return ALM_OK;
		}
		err = take_out(turn, mailbox, request->agent, &items->items[i]);
		if (err == ALM_AGENT_CATEGORY) {
			count_unheld(turn, mailbox, ALM_REFUSED_ACK_COST);
			err = alm_role_refuse(
				turn, request, err, "acknowledge");
		} else if (err == ALM_OK) {
			out_sequences[(*out_count)++] =
				items->items[i].sequence;
		}
		if (err != ALM_OK) {
			return err;
		}
	}
	return ALM_OK;
}

enum alm_err alm_acknowledge_mail(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	const struct alm_acknowledge *items = &request->envelope->acknowledge;
	struct alm_session *session = alm_session_of(turn, request);
	struct alm_envelope envelope = {.kind = ALM_ENVELOPE_ACKNOWLEDGED};
	uint64_t *sequences;
	size_t count = 0;
	enum alm_err err;

	if (session == NULL) {
		return alm_turn_reply_error(
			turn, request, ALM_HELLO_REQUIRED, "");
	}
	if (is_over(turn, session->mailbox)) {
		turn->broker->metrics.refused_busy++;
		return ALM_OK;
	}
	if ((request->agent->roles & ALM_ROLE_RECEIVE) == 0) {
		count_unheld(turn, session->mailbox, ALM_REFUSED_ACK_COST);
		return alm_role_refuse(
			turn, request, ALM_AGENT_ROLE, "acknowledge");
	}
	sequences = alm_arena_take(
		turn->arena, (items->count + 1) * sizeof(*sequences));
	if (sequences == NULL) {
		return ALM_NOMEM;
	}
	err = take_out_all(turn, request, session->mailbox, sequences, &count);
	if (err != ALM_OK) {
		return err;
	}
	envelope.acknowledged.sequences = sequences;
	envelope.acknowledged.count = count;
	return count == 0 ? ALM_OK : alm_turn_reply(turn, request, &envelope);
}
