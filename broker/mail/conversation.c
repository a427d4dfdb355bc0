#include "broker/mail/conversation.h"

#include <string.h>

#include "broker/mail/letter.h"
#include "broker/mail/receipt.h"
#include "broker/store/told.h"
#include "broker/store/watch.h"
#include "lib/base.h"

static bool correlation_of(
	const struct alm_message *message, struct alm_message_id *out)
{
	if (message->correlation_id.bytes != ALM_MESSAGE_ID_BYTES) {
		return false;
	}
	memcpy(out->raw, message->correlation_id.data, ALM_MESSAGE_ID_BYTES);
	return true;
}

/* --- requests and replies ----------------------------------------------- */

static enum alm_err check_request(
	const struct alm_turn *turn, const struct alm_message *message)
{
	return message->recipient[0] != '\0' &&
			       message->deadline_ms > turn->now_ms &&
			       message->deadline_ms <=
				       turn->now_ms + ALM_EXPIRY_MS_MAX
		       ? ALM_OK
		       : ALM_REQUEST_DEADLINE;
}

static enum alm_err check_reply(struct alm_turn *turn,
	const struct alm_message *message, struct alm_conversation *out)
{
	struct alm_open_request request;
	struct alm_message_id id;
	enum alm_err err;

	out->code = ALM_NO_SUCH_REQUEST;
	if (!correlation_of(message, &id)) {
		return ALM_OK;
	}
	err = alm_store_request_get(turn->broker->store, message->recipient,
		&id, turn->arena, &request);
	if (err != ALM_OK) {
		return err == ALM_NOT_FOUND || err == ALM_STORE_CORRUPT ? ALM_OK
									: err;
	}
	if (strcmp(request.asked, message->sender) != 0) {
		return ALM_OK; /* as if there were none */
	}
	out->ref = request.audit_seq;
	switch (request.state) {
	case ALM_REQUEST_OPEN:
		out->code = request.deadline_ms > turn->now_ms
				    ? ALM_OK
				    : ALM_REQUEST_LATE;
		break;
	case ALM_REQUEST_ANSWERED:
		out->code = ALM_REQUEST_CLOSED;
		break;
	case ALM_REQUEST_TIMED_OUT:
		out->code = ALM_REQUEST_LATE;
		break;
	}
	return ALM_OK;
}

/* --- business receipts -------------------------------------------------- */

/* Nothing about a person, and nothing else that would have to be judged. */
static bool is_plain_receipt(
	const struct alm_message *message, struct alm_bytes payload)
{
	return message->recipient[0] != '\0' && payload.bytes == 0 &&
	       message->payload_bytes == 0 && message->categories.count == 0 &&
	       message->payload_level == ALM_WIRE_LEVEL_NONE &&
	       message->standard[0] == '\0' && message->subject[0] == '\0' &&
	       message->subject_unknown[0] == '\0' &&
	       message->basis[0] == '\0' && !message->has_relationship &&
	       !message->has_override;
}

/* The mail and the record of what was accepted for one of its recipients. */
struct original {
	uint64_t seq;
	uint64_t audit_seq;
};

/* Of a message to several, what was accepted for this one of them. */
static enum alm_err find_outcome(struct alm_turn *turn, const char *recipient,
	struct alm_bytes outcomes, struct original *out)
{
	struct alm_receipt receipt;
	enum alm_err err = alm_outcomes_decode(outcomes, turn->arena, &receipt);

	for (size_t i = 0; err == ALM_OK && i < receipt.outcome_count; i++) {
		const struct alm_send_outcome *one = &receipt.outcomes[i];

		if (strcmp(one->recipient, recipient) == 0 &&
			one->sequence != 0) {
			*out = (struct original){
				one->sequence, one->audit_sequence};
			return ALM_OK;
		}
	}
	return err == ALM_NOMEM ? err : ALM_NOT_FOUND;
}

static enum alm_err find_original(struct alm_turn *turn,
	const struct alm_message *message, struct original *out)
{
	struct alm_store *store = turn->broker->store;
	struct alm_duplicate duplicate;
	struct alm_audit_view view;
	struct alm_message_id id;
	enum alm_err err;

	if (!correlation_of(message, &id)) {
		return ALM_NOT_FOUND;
	}
	err = alm_receipt_before(turn, message->recipient, &id, &duplicate);
	if (err == ALM_OK) {
		err = alm_audit_get(
			store, duplicate.audit_seq, false, turn->arena, &view);
	}
	if (err != ALM_OK) {
		return err == ALM_STORE_CORRUPT ? ALM_NOT_FOUND : err;
	}
	if (alm_is_outcomes(duplicate.receipt)) {
		return find_outcome(
			turn, message->sender, duplicate.receipt, out);
	}
	*out = (struct original){duplicate.seq, duplicate.audit_seq};
	return strcmp(view.record.recipient, message->sender) == 0
		       ? ALM_OK
		       : ALM_NOT_FOUND;
}

/* What still waits and was never handed over has reached nobody. */
static enum alm_err was_handed_over(struct alm_turn *turn,
	const struct alm_message *message, uint64_t seq, bool *out_was)
{
	struct alm_queue_entry entry;
	enum alm_err err = alm_store_queue_get(
		turn->broker->store, message->sender, seq, &entry);

	*out_was =
		err == ALM_NOT_FOUND || (err == ALM_OK && entry.attempts > 0);
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

/* What a receipt tells, as a bit; 0: it is none. */
static uint8_t told_by(const struct alm_message *message)
{
	static const uint8_t bits[] = {
		[ALM_KIND_DELIVERED] = 1,
		[ALM_KIND_OPENED] = 2,
		[ALM_KIND_ACTED] = 4,
	};

	return (size_t)message->kind < ALM_COUNT(bits) ? bits[message->kind]
						       : 0;
}

/* One of each kind is news; more would fill the sender's mailbox. */
static enum alm_err check_first(struct alm_turn *turn,
	const struct alm_message *message, struct alm_conversation *out)
{
	struct alm_told_of of = {.audit_seq = out->ref};
	uint8_t told = 0;
	enum alm_err err;

	if (!correlation_of(message, &of.message_id)) {
		return ALM_OK;
	}
	err = alm_store_told_get(turn->broker->store, &of, &told);
	if (err == ALM_OK && (told & told_by(message)) != 0) {
		out->code = ALM_RECEIPT_REPEATED;
	}
	return err;
}

static enum alm_err check_receipt(struct alm_turn *turn,
	const struct alm_message *message, struct alm_bytes payload,
	struct alm_conversation *out)
{
	struct original original;
	bool was = false;
	enum alm_err err;

	if (!is_plain_receipt(message, payload)) {
		out->code = ALM_RECEIPT_NOT_PLAIN;
		return ALM_OK;
	}
	out->code = ALM_NO_ORIGINAL;
	err = find_original(turn, message, &original);
	if (err == ALM_BUSY) {
		out->code = err;
		return ALM_OK;
	}
	if (err == ALM_OK) {
		err = was_handed_over(turn, message, original.seq, &was);
	}
	if (err != ALM_OK) {
		return err == ALM_NOT_FOUND ? ALM_OK : err;
	}
	if (!was) {
		return ALM_OK;
	}
	out->code = ALM_OK;
	out->ref = original.audit_seq;
	return check_first(turn, message, out);
}

enum alm_err alm_conversation_check(struct alm_turn *turn,
	const struct alm_message *message, struct alm_bytes payload,
	struct alm_conversation *out)
{
	*out = (struct alm_conversation){.code = ALM_OK};
	switch (message->kind) {
	case ALM_KIND_ORDINARY:
		return ALM_OK;
	case ALM_KIND_REQUEST:
		out->code = check_request(turn, message);
		return ALM_OK;
	case ALM_KIND_REPLY:
		return check_reply(turn, message, out);
	case ALM_KIND_DELIVERED:
	case ALM_KIND_OPENED:
	case ALM_KIND_ACTED:
		break;
	}
	return check_receipt(turn, message, payload, out);
}

/* --- what an acceptance leaves ------------------------------------------ */

static enum alm_err close_request(
	struct alm_turn *turn, const struct alm_message *message)
{
	struct alm_open_request request;
	struct alm_message_id id;
	enum alm_err err;

	if (!correlation_of(message, &id)) {
		return ALM_OK;
	}
	err = alm_store_request_get(turn->broker->store, message->recipient,
		&id, turn->arena, &request);
	if (err == ALM_OK) {
		request.state = ALM_REQUEST_ANSWERED;
		err = alm_store_request_put(turn->broker->store, &request);
	}
	return err;
}

static enum alm_err watch(struct alm_turn *turn,
	const struct alm_letter *letter, enum alm_watch_what what)
{
	const struct alm_watch row = {
		.at_ms = letter->message.deadline_ms,
		.seq = letter->mail.seq,
		.what = what,
		.recipient = letter->mail.recipient,
		.sender = letter->mail.sender,
		.message_id = letter->mail.message_id,
		.audit_seq = letter->mail.audit_seq,
	};

	return alm_store_watch_put(turn->broker->store, &row);
}

static enum alm_err open_request(
	struct alm_turn *turn, const struct alm_letter *letter)
{
	const struct alm_open_request request = {
		.asker = letter->mail.sender,
		.message_id = letter->mail.message_id,
		.asked = letter->mail.recipient,
		.deadline_ms = letter->message.deadline_ms,
		.state = ALM_REQUEST_OPEN,
		.audit_seq = letter->mail.audit_seq,
	};
	enum alm_err err = alm_store_request_put(turn->broker->store, &request);

	return err == ALM_OK ? watch(turn, letter, ALM_WATCH_REQUEST) : err;
}

static enum alm_err note_told(
	struct alm_turn *turn, const struct alm_message *message, uint64_t ref)
{
	struct alm_told_of of = {.audit_seq = ref};
	uint8_t told = 0;
	enum alm_err err;

	if (!correlation_of(message, &of.message_id)) {
		return ALM_OK;
	}
	err = alm_store_told_get(turn->broker->store, &of, &told);
	return err == ALM_OK ? alm_store_told_put(turn->broker->store, &of,
				       (uint8_t)(told | told_by(message)))
			     : err;
}

enum alm_err alm_conversation_accepted(
	struct alm_turn *turn, const struct alm_letter *letter, uint64_t ref)
{
	const struct alm_message *message = &letter->message;
	enum alm_err err = ALM_OK;

	if (message->kind == ALM_KIND_REQUEST) {
		return open_request(turn, letter);
	}
	if (message->kind == ALM_KIND_REPLY) {
		err = close_request(turn, message);
	} else if (told_by(message) != 0) {
		err = note_told(turn, message, ref);
	}
	/* What passes no sooner than the mail expires never passes. */
	if (err == ALM_OK && message->deadline_ms > 0 &&
		message->deadline_ms < letter->mail.expires_ms) {
		err = watch(turn, letter, ALM_WATCH_DEADLINE);
	}
	return err;
}
