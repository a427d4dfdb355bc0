/*
 * The review queue of overrides.  Names and reasons are not in it: they are in
 * the private part of the record that accepted the message.
 */
#include "broker/mail/override.h"

#include <string.h>

#include "broker/mail/letter.h"
#include "broker/mail/notice.h"

/* Open ones that are counted; more of them are too many anyway. */
#define COUNTED_MAX 100000u

static const char *kind_word(enum alm_wire_override kind)
{
	return kind == ALM_WIRE_OVERRIDE_EMERGENCY ? "emergency" : "guardian";
}

static enum alm_err tell_guardian(struct alm_turn *turn,
	const struct alm_letter *letter, const struct alm_override_row *row)
{
	const char *guardian = turn->broker->settings.guardian_mailbox;
	char due[ALM_INSTANT_US_TEXT_BYTES];
	struct alm_notice_facts facts = {
		.kind = ALM_NOTICE_KIND_OVERRIDE,
		.to = guardian,
		.recipient = letter->mail.recipient,
		.message_id = letter->mail.message_id,
		.code = ALM_NOTICE_OVERRIDE,
		.reasons = letter->judgement.reasons,
		.reason_count = letter->judgement.reason_count,
		.ref = row->audit_seq,
	};

	if (guardian[0] == '\0') {
		return ALM_OK;
	}
	alm_instant_us_text(row->due_at_us, due);
	facts.reason = alm_arena_printf(turn->arena,
		"override %llu: %s, sent by %s for %s; to be reviewed by %s",
		(unsigned long long)row->audit_seq,
		kind_word(letter->message.override_kind), row->sender,
		row->purpose, due);
	return facts.reason == NULL ? ALM_NOMEM : alm_send_notice(turn, &facts);
}

enum alm_err alm_note_override(
	struct alm_turn *turn, const struct alm_letter *letter)
{
	struct alm_broker *broker = turn->broker;
	struct alm_override_row row;
	enum alm_err err = alm_store_override_get(
		broker->store, letter->mail.audit_seq, turn->arena, &row);

	if (err != ALM_NOT_FOUND) {
		return err; /* it is there already */
	}
	row = (struct alm_override_row){
		.audit_seq = letter->mail.audit_seq,
		.used_at_us = turn->now_us,
		.due_at_us = turn->now_us +
			     broker->settings.override_review_s * 1000000,
		.kind = (uint8_t)letter->message.override_kind,
		.mail_seq = letter->mail.seq,
		.message_id = letter->mail.message_id,
		.sender = letter->mail.sender,
		.recipient = letter->mail.recipient,
		.purpose = letter->message.purpose,
		.basis = letter->judgement.basis,
	};
	err = alm_store_override_put(broker->store, &row);
	if (err != ALM_OK) {
		return err;
	}
	turn->has_effects = true;
	broker->overrides.is_counted = false;
	return tell_guardian(turn, letter, &row);
}

enum alm_err alm_watch_overrides(struct alm_turn *turn)
{
	struct alm_override_watch *watch = &turn->broker->overrides;
	struct alm_override_watch counted = {
		.is_counted = true, .next_due_us = INT64_MAX};
	struct alm_override_row row = {.audit_seq = 0};
	enum alm_err err = ALM_OK;

	if (watch->is_counted && turn->now_us < watch->next_due_us) {
		return ALM_OK;
	}
	while (counted.unreviewed < COUNTED_MAX) {
		err = alm_store_override_next(turn->broker->store, false,
			row.audit_seq, turn->arena, &row);
		if (err != ALM_OK) {
			break;
		}
		counted.unreviewed++;
		if (row.due_at_us <= turn->now_us) {
			counted.overdue++;
		} else if (row.due_at_us < counted.next_due_us) {
			counted.next_due_us = row.due_at_us;
		}
	}
	if (err != ALM_OK && err != ALM_NOT_FOUND) {
		return err;
	}
	*watch = counted;
	return ALM_OK;
}
