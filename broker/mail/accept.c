/*
 * Taking in a send.  The checks stand in the order in which their answers are
 * safe to give: who it is, that they signed it, when, whether it came before,
 * and only then what the rule says.
 *
 * To be read from the end: alm_accept() -> admit() -> judge_arrival() ->
 * decide() -> take_in(); a payload in parts takes announce() there, and comes
 * back whole to alm_accept_whole().
 */
#include "broker/mail/accept.h"

#include <string.h>

#include "broker/identity/role.h"
#include "broker/loop/faults.h"
#include "broker/loop/sums.h"
#include "broker/loop/weigh.h"
#include "broker/mail/arrival.h"
#include "broker/mail/conversation.h"
#include "broker/mail/gather.h"
#include "broker/mail/letter.h"
#include "broker/mail/multicast.h"
#include "broker/mail/packing.h"
#include "broker/mail/receipt.h"
#include "lib/wire/texts.h"

/* A message that cannot be decoded has no id to answer under. */
static enum alm_err refuse_undecoded(struct alm_turn *turn,
	const struct alm_arrival *arrival, const struct alm_problem *problem)
{
	struct alm_audit_record record =
		alm_turn_record(turn, ALM_AUDIT_REFUSED);
	enum alm_err err = ALM_OK;

	record.effect = ALM_EFFECT_DENY;
	record.code = (uint32_t)problem->err;
	record.agent = arrival->request->agent->number;
	record.sender = arrival->request->agent->organisation;
	if (alm_faults_may_record(turn, arrival->request)) {
		err = alm_turn_audit(turn, &record, "");
	}
	if (err != ALM_OK) {
		return err;
	}
	turn->broker->metrics.refused++;
	turn->broker->metrics.malformed++;
	return alm_turn_reply_error(
		turn, arrival->request, problem->err, problem->detail);
}

/* Everything that can be said without asking the policy. */
static enum alm_err check_form(
	struct alm_turn *turn, struct alm_arrival *arrival)
{
	const struct alm_message *message = &arrival->message;
	int64_t skew_ms = turn->now_ms - arrival->send->sent_at_ms;
	int64_t age_ms = turn->now_ms - alm_message_id_ms(&message->id);
	const struct alm_send_sums *sums;
	struct alm_summing own;
	enum alm_err err;

	if (strcmp(message->sender, arrival->request->agent->organisation) !=
		0) {
		return ALM_SENDER_MISMATCH;
	}
	if (message->payload_bytes != 0 && arrival->send->payload.bytes != 0) {
		return ALM_PAYLOAD_HASH; /* it is here, and comes in parts */
	}
	err = alm_role_check_send(arrival->request->agent, message);
	if (err != ALM_OK) {
		return err;
	}
	sums = alm_turn_sums(turn, arrival->request, arrival->send, &own);
	arrival->content = sums->content;
	err = alm_verify_send(turn->broker->verifier, arrival->request->agent,
		arrival->send, sums,
		message->payload_bytes == 0 ? message->payload_sha256 : NULL);
	if (err != ALM_OK) {
		return err;
	}
	if (skew_ms > ALM_CLOCK_SKEW_MS_MAX ||
		skew_ms < -ALM_CLOCK_SKEW_MS_MAX ||
		age_ms < -ALM_CLOCK_SKEW_MS_MAX) {
		return ALM_CLOCK_SKEW;
	}
	if (age_ms > ALM_MESSAGE_ID_AGE_MS_MAX) {
		return ALM_STALE_MESSAGE_ID;
	}
	return ALM_OK;
}

/* Asked once it is known to be new: what was accepted and has expired since
 * is not refused when its sender asks again. */
static bool is_expired(
	const struct alm_turn *turn, const struct alm_message *message)
{
	return message->expires_ms != 0 &&
	       (message->expires_ms <= turn->now_ms ||
		       message->expires_ms > turn->now_ms + ALM_EXPIRY_MS_MAX);
}

/* That it was sent again is not worth a record, but a trace tells of it. */
static enum alm_err count_repeat(struct alm_turn *turn,
	const struct alm_arrival *arrival,
	const struct alm_duplicate *duplicate)
{
	struct alm_duplicate again = *duplicate;

	again.repeats += again.repeats < UINT32_MAX ? 1 : 0;
	again.repeated_at_ms = turn->now_ms;
	turn->has_effects = true;
	return alm_store_duplicate_put(turn->broker->store,
		arrival->message.sender, &arrival->message.id, &again);
}

/* The same id came before: the same answer, or a conflict. */
static enum alm_err answer_duplicate(struct alm_turn *turn,
	struct alm_arrival *arrival, const struct alm_duplicate *duplicate)
{
	struct alm_receipt receipt = {.is_accepted = true};
	struct alm_accepted *accepted = &receipt.accepted;
	enum alm_err err;

	if (memcmp(&duplicate->content, &arrival->content,
		    sizeof(arrival->content)) != 0) {
		return alm_arrival_refuse(
			turn, arrival, ALM_MESSAGE_ID_CONFLICT, "");
	}
	accepted->basis = "";
	err = alm_is_outcomes(duplicate->receipt)
		      ? alm_outcomes_decode(
				duplicate->receipt, turn->arena, &receipt)
		      : alm_receipt_decode(
				duplicate->receipt, turn->arena, accepted);
	if (err == ALM_STORE_CORRUPT) {
		return alm_arrival_refuse(turn, arrival, err, "");
	}
	if (err != ALM_OK) {
		return err;
	}
	receipt.message_id = arrival->message.id;
	accepted->sequence = duplicate->seq;
	accepted->audit_sequence = duplicate->audit_seq;
	accepted->accepted_at_ms = duplicate->accepted_at_ms;
	accepted->is_duplicate = true;
	err = count_repeat(turn, arrival, duplicate);
	return err == ALM_OK
		       ? alm_reply_outcomes(turn, arrival->request, &receipt)
		       : err;
}

static enum alm_err put_in_mailbox(struct alm_turn *turn,
	struct alm_arrival *arrival, struct alm_letter *letter)
{
	enum alm_err err;

	letter->message = arrival->message;
	letter->judgement = arrival->judgement;
	letter->mail = (struct alm_mail){.payload = arrival->judgement.view};
	err = alm_keep_letter(turn, letter, arrival->send);
	if (err == ALM_OK && arrival->upload != NULL) {
		err = alm_store_upload_finish(
			turn->broker->store, arrival->upload, letter->mail.seq);
	}
	return err;
}

static enum alm_err keep_receipt(struct alm_turn *turn,
	const struct alm_arrival *arrival, const struct alm_letter *letter,
	struct alm_accepted *accepted)
{
	const struct alm_judgement *judgement = &arrival->judgement;
	struct alm_duplicate duplicate = {
		.seq = letter->mail.seq,
		.audit_seq = letter->mail.audit_seq,
		.accepted_at_ms = turn->now_ms,
		.content = arrival->content,
	};
	enum alm_err err;

	*accepted = (struct alm_accepted){
		.sequence = letter->mail.seq,
		.audit_sequence = letter->mail.audit_seq,
		.accepted_at_ms = turn->now_ms,
		.is_transformed = judgement->is_partial,
		.basis = judgement->basis,
		.level = (enum alm_wire_level)judgement->level,
		.released =
			alm_texts_first(judgement->release, ALM_CATEGORIES_MAX),
		.withheld =
			alm_texts_first(judgement->withheld, ALM_WITHHELD_MAX),
		.obligations = alm_texts_first(
			judgement->obligations, ALM_OBLIGATIONS_MAX),
	};
	err = alm_receipt_encode(accepted, turn->arena, &duplicate.receipt);
	if (err != ALM_OK) {
		return err;
	}
	return alm_store_duplicate_put(turn->broker->store,
		arrival->message.sender, &arrival->message.id, &duplicate);
}

/* What is evidence of it: the rule's word, and the sender's signature. */
static enum alm_err record_acceptance(struct alm_turn *turn,
	const struct alm_arrival *arrival, const struct alm_letter *letter)
{
	uint8_t signature[ALM_AUDIT_SIGNATURE_BYTES_MAX];
	struct alm_audit_record record =
		alm_arrival_record(turn, arrival, ALM_AUDIT_ACCEPTED);
	enum alm_err err;

	record.code = arrival->judgement.rule_code;
	record.mail_seq = letter->mail.seq;
	record.categories = letter->mail.released;
	alm_arrival_sign_off(&record, arrival->send, signature);
	err = alm_turn_audit(
		turn, &record, alm_arrival_describe(turn, arrival));
	ALM_ASSERT(err != ALM_OK || record.seq == letter->mail.audit_seq);
	return err;
}

/* What is kept free is for records and for mail to leave. */
static enum alm_err refuse_for_want_of_room(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	turn->refuses_mail = true;
	turn->broker->metrics.refused_full++;
	return alm_refuse_unrecorded(turn, request, ALM_STORE_FULL);
}

static enum alm_err take_in(struct alm_turn *turn, struct alm_arrival *arrival)
{
	struct alm_letter *letter =
		alm_arena_take(turn->arena, sizeof(*letter));
	struct alm_accepted accepted;
	enum alm_err err;

	if (letter == NULL) {
		return ALM_NOMEM;
	}
	err = put_in_mailbox(turn, arrival, letter);
	if (alm_mailbox_is_refusal(err)) {
		return alm_arrival_refuse_room(turn, arrival, err);
	}
	if (err == ALM_STORE_FULL) {
		return refuse_for_want_of_room(turn, arrival->request);
	}
	if (err == ALM_OK) {
		err = record_acceptance(turn, arrival, letter);
	}
	if (err == ALM_OK) {
		err = keep_receipt(turn, arrival, letter, &accepted);
	}
	if (err != ALM_OK) {
		return err;
	}
	turn->broker->metrics.accepted++;
	alm_remember_letter(turn, letter);
	err = alm_conversation_accepted(turn, letter, arrival->ref);
	if (err == ALM_OK && letter->judgement.is_override_used) {
		err = alm_note_override(turn, letter);
	}
	return err == ALM_OK ? alm_reply_accepted(turn, arrival->request,
				       &arrival->message.id, &accepted)
			     : err;
}

/* More sends in one turn than welcome allowed to be unanswered. */
static bool is_over_window(struct alm_turn *turn, struct alm_session *session)
{
	if (session->turn != turn->number) {
		session->turn = turn->number;
		session->sends = 0;
	}
	session->sends++;
	return session->sends > turn->broker->settings.send_window;
}

enum alm_err alm_refuse_unrecorded(struct alm_turn *turn,
	const struct alm_turn_request *request, enum alm_err code)
{
	struct alm_message message;
	enum alm_err err;

	if (request->envelope->kind == ALM_ENVELOPE_PART) {
		return alm_refuse_part(turn, request, code);
	}
	err = alm_wire_decode_message(
		request->envelope->send.message, turn->arena, &message, NULL);
	if (err != ALM_OK) {
		return alm_turn_reply_error(turn, request, err, "");
	}
	return alm_reply_refused(turn, request, &message.id, code, "", NULL);
}

/* What it answers must be there to be answered; refused if it is not. */
static enum alm_err check_conversation(
	struct alm_turn *turn, struct alm_arrival *arrival)
{
	struct alm_conversation conversation;
	enum alm_err err = alm_conversation_check(
		turn, &arrival->message, arrival->send->payload, &conversation);

	if (err != ALM_OK) {
		return err;
	}
	arrival->ref = conversation.ref;
	return conversation.code == ALM_OK ? ALM_OK
					   : alm_arrival_refuse(turn, arrival,
						     conversation.code, "");
}

/* What the rule says of it, to one recipient; refused if it says no. */
static enum alm_err judge(struct alm_turn *turn, struct alm_arrival *arrival)
{
	enum alm_err err = alm_judge(turn, &arrival->message,
		arrival->send->payload, NULL, &arrival->judgement);

	if (err != ALM_OK || arrival->judgement.effect != ALM_EFFECT_DENY) {
		return err;
	}
	arrival->is_judged = true;
	return alm_arrival_refuse(turn, arrival, arrival->judgement.code, "");
}

static enum alm_err decide(struct alm_turn *turn, struct alm_arrival *arrival)
{
	enum alm_err err = check_conversation(turn, arrival);

	if (err != ALM_OK || arrival->refused != ALM_OK) {
		return err;
	}
	if (arrival->message.recipients.count > 0) {
		return alm_accept_for_several(turn, arrival);
	}
	err = judge(turn, arrival);
	if (err != ALM_OK || arrival->refused != ALM_OK) {
		return err;
	}
	arrival->is_judged = true;
	return take_in(turn, arrival);
}

/* Refuse what is not permitted before any of its parts is taken; what is will
 * be judged when it is whole. */
static enum alm_err judge_announced(
	struct alm_turn *turn, struct alm_arrival *arrival)
{
	enum alm_err err = check_conversation(turn, arrival);

	if (err != ALM_OK || arrival->refused != ALM_OK) {
		return err;
	}
	return arrival->message.recipients.count > 0
		       ? alm_announce_to_several(turn, arrival)
		       : judge(turn, arrival);
}

/* The payload is to come in parts; what has come of one that is refused,
 * goes. */
static enum alm_err announce(struct alm_turn *turn, struct alm_arrival *arrival)
{
	enum alm_err code = alm_gather_check(turn, &arrival->message);
	enum alm_err err;

	if (code != ALM_OK) {
		return alm_arrival_refuse(turn, arrival, code, "");
	}
	err = judge_announced(turn, arrival);
	if (err == ALM_OK && arrival->refused == ALM_OK) {
		return alm_gather_open(turn, arrival);
	}
	return err == ALM_OK && !alm_err_info(arrival->refused)->is_retryable
		       ? alm_gather_refused(turn, arrival)
		       : err;
}

static enum alm_err judge_arrival(
	struct alm_turn *turn, struct alm_arrival *arrival)
{
	struct alm_duplicate duplicate;
	enum alm_err err = alm_receipt_before(turn, arrival->message.sender,
		&arrival->message.id, &duplicate);

	if (err == ALM_OK) {
		return answer_duplicate(turn, arrival, &duplicate);
	}
	if (err == ALM_BUSY) {
		turn->broker->metrics.refused_busy++;
		return alm_refuse_unrecorded(turn, arrival->request, err);
	}
	if (err == ALM_STORE_CORRUPT) {
		return alm_arrival_refuse(
			turn, arrival, err, ""); /* accepted before? */
	}
	if (err != ALM_NOT_FOUND) {
		return err;
	}
	if (is_expired(turn, &arrival->message)) {
		err = alm_gather_refused(turn, arrival);
		return err == ALM_OK ? alm_arrival_refuse(turn, arrival,
					       ALM_ALREADY_EXPIRED, "")
				     : err;
	}
	return arrival->message.payload_bytes == 0 || arrival->upload != NULL
		       ? decide(turn, arrival)
		       : announce(turn, arrival);
}

enum alm_err alm_accept_whole(
	struct alm_turn *turn, struct alm_arrival *arrival)
{
	enum alm_err err =
		alm_role_check_send(arrival->request->agent, &arrival->message);

	return err == ALM_OK ? judge_arrival(turn, arrival)
			     : alm_arrival_refuse(turn, arrival, err, "");
}

/* The payload as it was before it was compressed. */
static enum alm_err unpack(struct alm_turn *turn,
	const struct alm_session *session, struct alm_arrival *arrival)
{
	struct alm_send *send = alm_arena_take(turn->arena, sizeof(*send));

	if (send == NULL) {
		return ALM_NOMEM;
	}
	*send = *arrival->send;
	arrival->send = send;
	return alm_unpack(turn, session, send->encoding, send->payload,
		ALM_PAYLOAD_BYTES_MAX, &send->payload);
}

/* Its message is known: whether it is let as far as the rule. */
static enum alm_err admit(struct alm_turn *turn, struct alm_session *session,
	struct alm_arrival *arrival)
{
	enum alm_err err = ALM_OK;

	alm_fair_note_send(turn, session,
		arrival->send->message.bytes +
			alm_weigh_content(arrival->send->encoding,
				arrival->send->payload));
	if (is_over_window(turn, session)) {
		turn->broker->metrics.refused_busy++;
		return alm_refuse_unrecorded(turn, arrival->request, ALM_BUSY);
	}
	if (arrival->send->encoding != ALM_ENCODING_NONE) {
		err = unpack(turn, session, arrival);
	}
	if (err == ALM_OK) {
		err = check_form(turn, arrival);
	}
	if (err == ALM_NOMEM) {
		return err;
	}
	if (err != ALM_OK) {
		return alm_arrival_refuse(turn, arrival, err, "");
	}
	return judge_arrival(turn, arrival);
}

enum alm_err alm_accept(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	struct alm_session *session = alm_session_of(turn, request);
	struct alm_arrival *arrival =
		alm_arena_take(turn->arena, sizeof(*arrival));
	struct alm_problem problem = {.err = ALM_OK};
	enum alm_err err;

	if (session == NULL) {
		return alm_turn_reply_error(
			turn, request, ALM_HELLO_REQUIRED, "");
	}
	if (session->is_barred) {
		turn->broker->metrics.refused_busy++;
		return alm_refuse_unrecorded(turn, request, ALM_BUSY);
	}
	if (arrival == NULL) {
		return ALM_NOMEM;
	}
	arrival->request = request;
	arrival->send = &request->envelope->send;
	err = alm_wire_decode_message(arrival->send->message, turn->arena,
		&arrival->message, &problem);
	if (err == ALM_NOMEM) {
		return err;
	}
	if (err != ALM_OK) {
		problem.err = err;
		return refuse_undecoded(turn, arrival, &problem);
	}
	return admit(turn, session, arrival);
}
