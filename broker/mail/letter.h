/*
 * letter.h - a message on its way, with what was decided about it, and how it
 * is put into a mailbox.  Loop thread only; never logs.
 */
#ifndef ALM_BROKER_MAIL_LETTER_H
#define ALM_BROKER_MAIL_LETTER_H

#include "broker/mail/arrival.h"

/** A message together with what was decided about it.  In the arena. */
struct alm_letter {
	struct alm_mail mail;
	struct alm_message message;
	struct alm_judgement judgement;
};

/**
 * Put a message that was permitted into its recipient's mailbox.
 * In:      letter  with message and judgement, and a mail that is empty but for
 *                  the payload and whose it is
 *          send    that it came with
 * Out:     letter  the whole mail
 * Errors:  MAILBOX_FULL, MAILBOX_UNREAD, MAILBOX_TOO_SMALL, STORE_FULL: refuse
 *          it; else those of the store that end the turn, and NOMEM
 */
ALM_MUST_USE enum alm_err alm_keep_letter(struct alm_turn *turn,
	struct alm_letter *letter, const struct alm_send *send);

/** It was accepted in this turn: hand it over without reading it back. */
void alm_remember_letter(
	struct alm_turn *turn, const struct alm_letter *letter);

/** The message as it is to one of its recipients. */
void alm_message_narrow(struct alm_message *message, const char *recipient);

/** The same to a deputy: what was said of a relationship was said of the
 * recipient alone. */
void alm_message_to_deputy(struct alm_message *message, const char *deputy);

/** How far it may go when it is decided again: as far as it was kept. */
struct alm_cap alm_letter_cap(const struct alm_letter *letter);

#endif /* ALM_BROKER_MAIL_LETTER_H */
