/*
 * What is damaged in a mailbox.  It never stops the rest: a queue row is
 * written anew from its mail or set aside with it, mail that cannot be read
 * stays where it is, and each leaves a record.
 */
#include "broker/mail/mend.h"

enum alm_err alm_record_anomaly(struct alm_turn *turn, const char *recipient,
	uint64_t seq, const char *what)
{
	struct alm_audit_record record =
		alm_turn_record(turn, ALM_AUDIT_ANOMALY);

	turn->broker->metrics.anomalies++;
	record.code = ALM_STORE_CORRUPT;
	record.mail_seq = seq;
	record.recipient = recipient;
	return alm_turn_audit(turn, &record, what);
}

enum alm_err alm_set_damaged_aside(
	struct alm_turn *turn, struct alm_mailbox *mailbox, uint64_t seq)
{
	alm_session_let_go(mailbox, seq);
	return alm_record_anomaly(
		turn, mailbox->organisation, seq, "what: mail is damaged\n");
}

enum alm_err alm_mend_entry(
	struct alm_turn *turn, const char *recipient, uint64_t seq)
{
	struct alm_mailbox *mailbox =
		alm_mailboxes_find(turn->broker->mailboxes, recipient);
	bool is_mended = false;
	enum alm_err err = alm_store_queue_mend(
		turn->broker->store, recipient, seq, turn->arena, &is_mended);

	if (err == ALM_NOT_FOUND) {
		return ALM_OK;
	}
	if (err != ALM_OK) {
		return err;
	}
	if (mailbox != NULL && !is_mended) {
		alm_session_let_go(mailbox, seq);
	}
	return alm_record_anomaly(turn, recipient, seq,
		is_mended ? "what: a queue row was damaged\n"
			    "done: it was written anew from its mail\n"
			  : "what: a queue row and its mail are damaged\n"
			    "done: both were set aside\n");
}
