/* A letter on its way: as it is to one of its recipients, and remembered. */
#include "broker/mail/letter.h"

#include <string.h>

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
