/* A letter on its way: as it is to one of its recipients, kept, and
 * remembered. */
#include "broker/mail/letter.h"

#include <string.h>

#include "broker/mail/orders.h"
#include "lib/wire/texts.h"

/* Errors: MAILBOX_UNREAD. */
static enum alm_err check_is_read(
	struct alm_turn *turn, struct alm_mailbox *mailbox)
{
	enum alm_err err;

	if (mailbox->limits.age_ms == 0) {
		return ALM_OK;
	}
	err = alm_mailbox_look(turn, mailbox);
	return err == ALM_OK && mailbox->is_unread ? ALM_MAILBOX_UNREAD : err;
}

enum alm_err alm_keep_letter(struct alm_turn *turn, struct alm_letter *letter,
	const struct alm_send *send)
{
	const struct alm_message *message = &letter->message;
	const struct alm_judgement *judgement = &letter->judgement;
	struct alm_mail *mail = &letter->mail;
	struct alm_mailbox *mailbox =
		alm_mailboxes_get(turn->broker->mailboxes, message->recipient);
	enum alm_err err;

	mail->released = alm_texts_join(judgement->release, turn->arena);
	if (mailbox == NULL || mail->released == NULL) {
		return ALM_NOMEM;
	}
	err = check_is_read(turn, mailbox);
	if (err != ALM_OK) {
		return err;
	}
	mail->kind = ALM_MAIL_MESSAGE;
	mail->recipient = message->recipient;
	mail->sender = message->sender;
	mail->message_id = message->id;
	mail->accepted_at_ms = turn->now_ms;
	mail->expires_ms = message->expires_ms != 0
				   ? message->expires_ms
				   : turn->now_ms + ALM_EXPIRY_DEFAULT_MS;
	mail->audit_seq = turn->broker->audit_size + 1;
	mail->message = send->message;
	mail->level = (uint8_t)judgement->level;
	mail->is_partial = judgement->is_partial;
	mail->hides_subject = judgement->hides_subject;
	mail->payload_bytes = message->payload_bytes;
	mail->has_person = judgement->has_person;
	memcpy(mail->person, judgement->person, sizeof(mail->person));
	mail->priority = (uint8_t)message->priority;
	mail->limits = &mailbox->limits;
	mailbox->has_more[mail->priority] = true;
	return alm_store_mail_put(turn->broker->store, mail);
}

void alm_remember_letter(struct alm_turn *turn, const struct alm_letter *letter)
{
	uint64_t seq = letter->mail.seq;

	if (turn->letter_count == 0) {
		turn->first_seq = seq;
	}
	/* Notices take sequences too, and leave gaps. */
	while (turn->first_seq + turn->letter_count < seq &&
		turn->letter_count < ALM_TURN_LETTERS_MAX) {
		turn->letters[turn->letter_count++] = NULL;
	}
	if (turn->letter_count < ALM_TURN_LETTERS_MAX) {
		turn->letters[turn->letter_count++] = letter;
	}
}

/* A relationship is asserted of one organisation, and holds for that one. */
void alm_message_narrow(struct alm_message *message, const char *recipient)
{
	message->recipient = recipient;
	message->recipients = (struct alm_texts){NULL, 0};
	if (message->has_relationship &&
		strcmp(message->relationship_organisation, recipient) != 0) {
		message->has_relationship = false;
	}
}

/* What was asserted for the recipient was not for whoever stands in for it. */
void alm_message_to_deputy(struct alm_message *message, const char *deputy)
{
	message->recipient = deputy;
	message->recipients = (struct alm_texts){NULL, 0};
	message->has_relationship = false;
	message->has_override = false;
}

struct alm_cap alm_letter_cap(const struct alm_letter *letter)
{
	return (struct alm_cap){.released = letter->mail.released,
		.level = (enum alm_level)letter->mail.level,
		.strips_location = letter->mail.strips_location,
		.hides_subject = letter->mail.hides_subject};
}
