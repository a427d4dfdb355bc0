#include "broker/mail/arrival.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "broker/loop/detail.h"
#include "broker/mail/receipt.h"
#include "broker/mail/replay.h"
#include "broker/mail/words.h"

struct alm_audit_record alm_arrival_record(struct alm_turn *turn,
	const struct alm_arrival *arrival, enum alm_audit_kind kind)
{
	const struct alm_judgement *judgement = &arrival->judgement;
	struct alm_audit_record record = alm_turn_record(turn, kind);

	record.effect = (uint8_t)judgement->effect;
	record.flags = judgement->is_override_used ? ALM_AUDIT_OVERRIDE : 0;
	record.flags |= judgement->hides_subject ? ALM_AUDIT_UNNAMED : 0;
	if (arrival->is_judged) {
		record.flags |= alm_replay_flags(&arrival->message, judgement);
	}
	record.code = (uint32_t)judgement->code;
	record.ref = arrival->ref;
	record.level_in = (uint8_t)arrival->message.payload_level;
	record.level_out = (uint8_t)judgement->level;
	record.has_message_id = true;
	record.message_id = arrival->message.id;
	record.has_person = judgement->has_person;
	memcpy(record.person, judgement->person, sizeof(record.person));
	record.content = arrival->content;
	record.agent = arrival->upload != NULL
			       ? arrival->upload->agent
			       : arrival->request->agent->number;
	record.sender = arrival->request->agent->organisation;
	record.recipient = arrival->message.recipient;
	record.purpose = arrival->message.purpose;
	record.basis = judgement->basis == NULL ? "" : judgement->basis;
	record.standard = arrival->message.standard;
	return record;
}

static void describe_reasons(
	struct alm_detail *detail, const struct alm_judgement *judgement)
{
	for (size_t i = 0; i < judgement->reason_count; i++) {
		alm_detail_number(detail, "reason", judgement->reasons[i]);
	}
	alm_detail_texts(detail, "redacted", judgement->redact);
	alm_detail_texts(detail, "withheld", judgement->withheld);
	alm_detail_texts(detail, "faults", judgement->faults);
	alm_detail_texts(detail, "directives", judgement->directives);
	alm_detail_texts(detail, "prohibitions", judgement->prohibitions);
	alm_detail_texts(detail, "lifts", judgement->lifts);
	if (judgement->strips_location) {
		alm_detail_text(detail, "stripped", "LOC");
	}
}

/* A signature that cannot be right proves nothing. */
void alm_arrival_sign_off(struct alm_audit_record *record,
	const struct alm_send *send,
	uint8_t room[ALM_AUDIT_SIGNATURE_BYTES_MAX])
{
	struct alm_audit_signature signature = {
		.sent_at_ms = send->sent_at_ms,
		.leaf_index = send->signature.leaf_index,
		.tree_size = send->signature.tree_size,
		.path = send->signature.path,
	};

	if (signature.path.bytes % ALM_DIGEST_BYTES != 0 ||
		signature.path.bytes >
			(size_t)ALM_SIGNATURE_PATH_MAX * ALM_DIGEST_BYTES) {
		return;
	}
	memcpy(signature.ed25519, send->signature.ed25519, ALM_SIGNATURE_BYTES);
	record->signature = alm_audit_signature_encode(&signature, room);
}

/* What a message is in a conversation; most are nothing of it. */
static const char *const kind_words[] = {
	[ALM_KIND_ORDINARY] = "",
	[ALM_KIND_REQUEST] = "request",
	[ALM_KIND_REPLY] = "reply",
	[ALM_KIND_DELIVERED] = "delivered",
	[ALM_KIND_OPENED] = "opened",
	[ALM_KIND_ACTED] = "acted",
};

void alm_describe_talk(
	struct alm_detail *detail, const struct alm_message *message)
{
	alm_detail_hex(detail, "correlation", message->correlation_id);
	if (message->kind != ALM_KIND_ORDINARY &&
		(size_t)message->kind < ALM_COUNT(kind_words)) {
		alm_detail_text(
			detail, "message-kind", kind_words[message->kind]);
	}
}

const char *alm_arrival_describe(
	struct alm_turn *turn, const struct alm_arrival *arrival)
{
	const struct alm_message *message = &arrival->message;
	struct alm_detail *detail = turn->detail;

	alm_detail_init(detail);
	if (arrival->is_judged) {
		alm_replay_describe(turn, message, &arrival->judgement);
	}
	describe_reasons(detail, &arrival->judgement);
	alm_detail_text(detail, "subject-unknown", message->subject_unknown);
	if (message->has_relationship) {
		alm_detail_text(
			detail, "relationship", message->relationship_kind);
		alm_detail_text(
			detail, "relationship-ref", message->relationship_ref);
	}
	if (message->has_override) {
		alm_detail_text(detail, "override",
			message->override_kind == ALM_WIRE_OVERRIDE_EMERGENCY
				? "emergency"
				: "guardian");
		alm_detail_text(detail, "override-by", message->override_by);
		alm_detail_words(
			detail, "override-reason", message->override_reason);
	}
	alm_detail_text(detail, "traceparent", message->traceparent);
	alm_describe_talk(detail, message);
	return alm_detail_finish(detail);
}

/* Of words that the policy lacks, what may be meant. */
static void say_doubt(const struct alm_snapshot *snapshot,
	const struct alm_message *message, enum alm_err code,
	char out[ALM_WORDS_TEXT_BYTES])
{
	if (code == ALM_REASON_103) {
		alm_words_doubt_purpose(snapshot, message->purpose, out);
	} else if (code == ALM_REASON_104) {
		alm_words_doubt(snapshot, message->categories, out);
	}
}

enum alm_err alm_arrival_refuse(struct alm_turn *turn,
	struct alm_arrival *arrival, enum alm_err code, const char *why)
{
	bool is_judged = arrival->judgement.effect == ALM_EFFECT_DENY;
	char doubt[ALM_WORDS_TEXT_BYTES] = "";
	uint8_t signature[ALM_AUDIT_SIGNATURE_BYTES_MAX];
	struct alm_audit_record record;
	enum alm_err err;

	arrival->refused = code;
	arrival->judgement.effect = ALM_EFFECT_DENY;
	arrival->judgement.code = code;
	arrival->judgement.level = ALM_LEVEL_UNKNOWN;
	record = alm_arrival_record(turn, arrival, ALM_AUDIT_REFUSED);
	alm_arrival_sign_off(&record, arrival->send, signature);
	err = alm_turn_audit(
		turn, &record, alm_arrival_describe(turn, arrival));
	if (err != ALM_OK) {
		return err;
	}
	turn->broker->metrics.refused++;
	if (alm_mailbox_is_full(code)) {
		alm_fair_note_no_room(turn, record.sender, 1);
	} else {
		alm_fair_note_refused(turn, record.sender, 1);
	}
	if (why[0] == '\0') {
		say_doubt(
			turn->broker->snapshot, &arrival->message, code, doubt);
	}
	return alm_reply_refused(turn, arrival->request, &arrival->message.id,
		code, why[0] == '\0' ? doubt : why,
		is_judged ? &arrival->judgement : NULL);
}

/* How much would do is said; how full it is, is nobody's business. */
enum alm_err alm_arrival_refuse_room(
	struct alm_turn *turn, struct alm_arrival *arrival, enum alm_err code)
{
	const char *recipient = arrival->message.recipient;
	const struct alm_mailbox *mailbox =
		alm_mailboxes_get(turn->broker->mailboxes, recipient);
	char why[ALM_ID_BYTES_MAX + 64] = "";

	if (mailbox != NULL && code == ALM_MAILBOX_TOO_SMALL) {
		(void)snprintf(why, sizeof(why),
			"the mailbox of %s takes %" PRIu64 " bytes in all",
			recipient, mailbox->limits.bytes);
	}
	return alm_arrival_refuse(turn, arrival, code, why);
}
