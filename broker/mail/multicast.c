/*
 * A message to several.  All its recipients are decided first; then what any
 * of them may have is kept once, and each gets a record, and its share if it
 * is permitted.  What one of them may not have is not in its share's bounds,
 * and nothing that nobody may have is kept at all.  A payload in parts is
 * decided twice: before any of it is taken, which leaves no record if anybody
 * may have it, and when it is whole; its parts then belong to all the mail.
 */
#include "broker/mail/multicast.h"

#include <string.h>

#include "broker/core/address.h"
#include "broker/loop/detail.h"
#include "broker/mail/accept.h"
#include "broker/mail/conversation.h"
#include "broker/mail/gather.h"
#include "broker/mail/letter.h"
#include "broker/mail/receipt.h"
#include "broker/mail/view.h"

/* One message on its way to all of them; outcomes[i] is of letters[i]. */
struct casting {
	struct alm_arrival *arrival; /* as it was sent */
	struct alm_letter *letters;
	struct alm_send_outcome *outcomes;
	size_t count;
	size_t permitted; /* by the rule */
	size_t accepted;  /* and taken by their mailboxes */
	size_t no_room;   /* for now, in their mailboxes */
	size_t refused;   /* for another reason */
	uint64_t shared_seq;
	uint64_t audit_seq;
	struct alm_bytes payload; /* what any of them may have */
};

/* --- to whom ------------------------------------------------------------- */

static size_t group_count(struct alm_texts addresses)
{
	size_t count = 0;

	for (size_t i = 0; i < addresses.count; i++) {
		count += strchr(addresses.items[i], ':') != NULL ? 1 : 0;
	}
	return count;
}

/* One turn takes so many recipients; the first message to several goes
 * through, whatever it comes to. */
static bool takes(struct alm_turn *turn, bool is_first, size_t more)
{
	if (!is_first &&
		turn->multicast_count + more > ALM_TURN_MULTICAST_MAX) {
		return false;
	}
	turn->multicast_count += more;
	return true;
}

static enum alm_err resolve(struct alm_turn *turn, struct casting *casting,
	const char *const **out_ids, struct alm_problem *problem)
{
	const struct alm_message *message = &casting->arrival->message;
	size_t groups = group_count(message->recipients);
	bool is_first = turn->multicast_count == 0;
	const struct alm_addressing addressing = {
		.snapshot = turn->broker->snapshot,
		.sender = message->sender,
		.addresses = message->recipients.items,
		.address_count = message->recipients.count,
		.recipient_max = ALM_MULTICAST_RECIPIENTS_MAX,
		.t_s = turn->now_s,
	};
	enum alm_err err;

	if (message->recipient[0] != '\0') {
		return ALM_RECIPIENT_TWICE;
	}
	if (groups > ALM_GROUP_ADDRESSES_MAX) {
		return ALM_TOO_MANY_RECIPIENTS;
	}
	if (!takes(turn, is_first, groups * ALM_GROUP_ADDRESS_COST)) {
		return ALM_MULTICAST_BUSY;
	}
	err = alm_addresses_resolve(
		&addressing, turn->arena, out_ids, &casting->count, problem);
	return err == ALM_OK && !takes(turn, is_first, casting->count)
		       ? ALM_MULTICAST_BUSY
		       : err;
}

/* --- what each may have -------------------------------------------------- */

static enum alm_err judge_all(
	struct alm_turn *turn, struct casting *casting, const char *const *ids)
{
	struct alm_judge_common *common =
		alm_arena_take(turn->arena, sizeof(*common));
	const struct alm_arrival *arrival = casting->arrival;

	if (common == NULL) {
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < casting->count; i++) {
		struct alm_letter *letter = &casting->letters[i];
		enum alm_err err;

		letter->message = arrival->message;
		alm_message_narrow(&letter->message, ids[i]);
		err = alm_judge_each(turn, &letter->message,
			arrival->send->payload, common, &letter->judgement);
		if (err != ALM_OK) {
			return err;
		}
		if (common->view_bytes > ALM_TURN_MULTICAST_VIEW_BYTES_MAX) {
			return ALM_TOO_MANY_RECIPIENTS;
		}
		if (turn->multicast_view_bytes + common->view_bytes >
			ALM_TURN_MULTICAST_VIEW_BYTES_MAX) {
			return ALM_MULTICAST_BUSY;
		}
		casting->outcomes[i].recipient = ids[i];
		casting->outcomes[i].code = letter->judgement.code;
		casting->permitted +=
			letter->judgement.effect != ALM_EFFECT_DENY ? 1 : 0;
	}
	turn->multicast_view_bytes += common->view_bytes;
	return ALM_OK;
}

/* --- what is kept -------------------------------------------------------- */

/* What was addressed, before what became of it for each. */
static enum alm_err record_all(struct alm_turn *turn, struct casting *casting)
{
	uint8_t signature[ALM_AUDIT_SIGNATURE_BYTES_MAX];
	struct alm_audit_record record =
		alm_arrival_record(turn, casting->arrival, ALM_AUDIT_MULTICAST);
	enum alm_err err;

	record.mail_seq = casting->shared_seq;
	alm_arrival_sign_off(&record, casting->arrival->send, signature);
	if (casting->permitted == 0) {
		record.effect = ALM_EFFECT_DENY;
		record.code = ALM_ALL_REFUSED;
	}
	alm_detail_init(turn->detail);
	alm_detail_number(turn->detail, "recipients", casting->count);
	alm_detail_texts(turn->detail, "addressed",
		casting->arrival->message.recipients);
	err = alm_turn_audit(turn, &record, alm_detail_finish(turn->detail));
	casting->audit_seq = record.seq;
	return err;
}

static enum alm_err put_share(
	struct alm_turn *turn, struct casting *casting, size_t i)
{
	struct alm_letter *letter = &casting->letters[i];

	letter->mail = (struct alm_mail){
		.payload = casting->payload,
		.shared_seq = casting->shared_seq,
		.strips_location = letter->judgement.strips_location,
	};
	return alm_keep_letter(turn, letter, casting->arrival->send);
}

static enum alm_err record_one(
	struct alm_turn *turn, struct casting *casting, size_t i)
{
	struct alm_letter *letter = &casting->letters[i];
	struct alm_send_outcome *outcome = &casting->outcomes[i];
	bool is_accepted = outcome->code == ALM_OK;
	struct alm_arrival one = *casting->arrival;
	uint8_t signature[ALM_AUDIT_SIGNATURE_BYTES_MAX];
	struct alm_audit_record record;
	enum alm_err err;

	one.message = letter->message;
	one.judgement = letter->judgement;
	one.is_judged = true;
	record = alm_arrival_record(turn, &one,
		is_accepted ? ALM_AUDIT_ACCEPTED : ALM_AUDIT_REFUSED);
	record.ref = casting->audit_seq;
	if (is_accepted) {
		record.code = letter->judgement.rule_code;
		record.mail_seq = letter->mail.seq;
		record.categories = letter->mail.released;
	} else {
		record.effect = ALM_EFFECT_DENY;
		record.code = (uint32_t)outcome->code;
		record.level_out = 0;
	}
	alm_arrival_sign_off(&record, casting->arrival->send, signature);
	err = alm_turn_audit(turn, &record, alm_arrival_describe(turn, &one));
	outcome->audit_sequence = record.seq;
	ALM_ASSERT(err != ALM_OK || !is_accepted ||
		   record.seq == letter->mail.audit_seq);
	return err;
}

static enum alm_err take_in_one(
	struct alm_turn *turn, struct casting *casting, size_t i)
{
	struct alm_letter *letter = &casting->letters[i];
	struct alm_send_outcome *outcome = &casting->outcomes[i];
	enum alm_err err = ALM_OK;

	if (outcome->code == ALM_OK) {
		err = put_share(turn, casting, i);
		if (alm_mailbox_is_refusal(err)) {
			outcome->code = err;
			err = ALM_OK;
		}
	}
	if (err == ALM_OK) {
		err = record_one(turn, casting, i);
	}
	if (err != ALM_OK) {
		return err;
	}
	if (outcome->code != ALM_OK) {
		casting->refused += alm_mailbox_is_full(outcome->code) ? 0 : 1;
		casting->no_room += alm_mailbox_is_full(outcome->code) ? 1 : 0;
		outcome->code = alm_shown_code(outcome->code);
		turn->broker->metrics.refused++;
		return ALM_OK;
	}
	outcome->sequence = letter->mail.seq;
	outcome->is_transformed = letter->judgement.is_partial;
	outcome->level = (enum alm_wire_level)letter->judgement.level;
	casting->accepted++;
	turn->broker->metrics.accepted++;
	alm_remember_letter(turn, letter);
	err = alm_conversation_accepted(turn, letter, casting->arrival->ref);
	return err == ALM_OK && letter->judgement.is_override_used
		       ? alm_note_override(turn, letter)
		       : err;
}

/* --- the answer ---------------------------------------------------------- */

static enum alm_err keep_outcomes(struct alm_turn *turn,
	const struct casting *casting, const struct alm_receipt *receipt)
{
	struct alm_duplicate duplicate = {
		.seq = casting->shared_seq,
		.audit_seq = casting->audit_seq,
		.accepted_at_ms = turn->now_ms,
		.content = casting->arrival->content,
	};
	enum alm_err err =
		alm_outcomes_encode(receipt, turn->arena, &duplicate.receipt);

	return err != ALM_OK
		       ? err
		       : alm_store_duplicate_put(turn->broker->store,
				 casting->arrival->message.sender,
				 &casting->arrival->message.id, &duplicate);
}

static enum alm_err answer(struct alm_turn *turn, struct casting *casting)
{
	struct alm_receipt receipt = {
		.message_id = casting->arrival->message.id,
		.is_accepted = casting->accepted > 0,
		.refused = {.code = ALM_ALL_REFUSED},
		.outcomes = casting->outcomes,
		.outcome_count = casting->count,
	};
	enum alm_err err = ALM_OK;

	if (receipt.is_accepted) {
		receipt.accepted = (struct alm_accepted){
			.sequence = casting->shared_seq,
			.audit_sequence = casting->audit_seq,
			.accepted_at_ms = turn->now_ms,
			.basis = "",
		};
		for (size_t i = 0; i < casting->count; i++) {
			receipt.accepted.is_transformed |=
				casting->outcomes[i].is_transformed;
		}
		err = keep_outcomes(turn, casting, &receipt);
	}
	turn->broker->metrics.multicasts++;
	return err == ALM_OK ? alm_reply_outcomes(turn,
				       casting->arrival->request, &receipt)
			     : err;
}

/* They belong to all the mail that was accepted. */
static enum alm_err give_parts(
	struct alm_turn *turn, const struct casting *casting)
{
	struct alm_store *store = turn->broker->store;
	uint64_t first_seq = 0;
	enum alm_err err = ALM_OK;

	for (size_t i = 0; i < casting->count && err == ALM_OK; i++) {
		uint64_t seq = casting->outcomes[i].sequence;

		if (seq == 0) {
			continue;
		}
		if (first_seq == 0) {
			first_seq = seq;
			err = alm_store_upload_finish(
				store, casting->arrival->upload, seq);
		} else {
			err = alm_store_parts_share(store, first_seq, seq);
		}
	}
	return err;
}

static enum alm_err take_in_each(struct alm_turn *turn, struct casting *casting)
{
	enum alm_err err = record_all(turn, casting);

	for (size_t i = 0; i < casting->count && err == ALM_OK; i++) {
		err = take_in_one(turn, casting, i);
	}
	if (err == ALM_OK && casting->permitted > 0) {
		err = alm_store_shared_close(turn->broker->store,
			casting->shared_seq, casting->accepted);
	}
	if (err == ALM_OK && casting->arrival->upload != NULL) {
		err = give_parts(turn, casting);
	}
	if (casting->accepted == 0) {
		casting->arrival->refused = ALM_ALL_REFUSED;
	}
	alm_fair_note_refused(
		turn, casting->arrival->message.sender, casting->refused);
	alm_fair_note_no_room(
		turn, casting->arrival->message.sender, casting->no_room);
	return err == ALM_OK ? answer(turn, casting) : err;
}

static enum alm_err take_in(struct alm_turn *turn, struct casting *casting)
{
	const struct alm_mail shared = {
		.message = casting->arrival->send->message,
		.payload = casting->payload,
	};
	enum alm_err err = ALM_OK;

	if (casting->permitted > 0) {
		err = alm_store_shared_put(turn->broker->store, &shared,
			casting->permitted, &casting->shared_seq);
	}
	if (err == ALM_STORE_FULL) {
		/* What is kept free is for records and for mail to leave. */
		turn->refuses_mail = true;
		turn->broker->metrics.refused_full++;
		casting->arrival->refused = err;
		return alm_refuse_unrecorded(
			turn, casting->arrival->request, err);
	}
	return err == ALM_OK ? take_in_each(turn, casting) : err;
}

/* Who they are, and what the rule says of each. */
static enum alm_err weigh(struct alm_turn *turn, struct casting *casting,
	struct alm_problem *problem)
{
	const char *const *ids = NULL;
	enum alm_err err = resolve(turn, casting, &ids, problem);

	if (err != ALM_OK) {
		return err;
	}
	alm_fair_note_several(turn,
		&alm_session_of(turn, casting->arrival->request)->mailbox->lane,
		casting->count);
	casting->letters = alm_arena_take(
		turn->arena, casting->count * sizeof(*casting->letters));
	casting->outcomes = alm_arena_take(
		turn->arena, casting->count * sizeof(*casting->outcomes));
	return casting->letters == NULL || casting->outcomes == NULL
		       ? ALM_NOMEM
		       : judge_all(turn, casting, ids);
}

static enum alm_err refuse_all(struct alm_turn *turn,
	struct alm_arrival *arrival, enum alm_err code,
	const struct alm_problem *problem)
{
	return code == ALM_NOMEM || code == ALM_STORE_FULL ||
			       code == ALM_STORE_IO ||
			       code == ALM_STORE_READ_ONLY
		       ? code
		       : alm_arrival_refuse(
				 turn, arrival, code, problem->detail);
}

enum alm_err alm_accept_for_several(
	struct alm_turn *turn, struct alm_arrival *arrival)
{
	struct casting casting = {.arrival = arrival};
	struct alm_problem problem = {.err = ALM_OK, .detail = ""};
	enum alm_err err = weigh(turn, &casting, &problem);

	if (err == ALM_OK && casting.permitted > 0) {
		err = alm_view_for_all(turn, &arrival->message,
			arrival->send->payload, casting.letters, casting.count,
			&casting.payload);
	}
	return err == ALM_OK ? take_in(turn, &casting)
			     : refuse_all(turn, arrival, err, &problem);
}

/* --- before its parts come ----------------------------------------------- */

/* Who has no room now is as good as refused. */
static enum alm_err check_rooms(struct alm_turn *turn, struct casting *casting)
{
	enum alm_err err = ALM_OK;

	for (size_t i = 0; i < casting->count && err == ALM_OK; i++) {
		struct alm_send_outcome *outcome = &casting->outcomes[i];

		if (outcome->code != ALM_OK) {
			continue;
		}
		err = alm_gather_check_room(turn, &casting->letters[i].message);
		if (alm_mailbox_is_refusal(err)) {
			outcome->code = err;
			casting->permitted--;
			err = ALM_OK;
		}
	}
	return err;
}

enum alm_err alm_announce_to_several(
	struct alm_turn *turn, struct alm_arrival *arrival)
{
	struct casting casting = {.arrival = arrival};
	struct alm_problem problem = {.err = ALM_OK, .detail = ""};
	enum alm_err err = weigh(turn, &casting, &problem);

	if (err != ALM_OK) {
		return refuse_all(turn, arrival, err, &problem);
	}
	err = check_rooms(turn, &casting);
	return err == ALM_OK && casting.permitted == 0
		       ? take_in_each(turn, &casting)
		       : err;
}
