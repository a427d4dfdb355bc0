/* Frames from the broker become state and events.  Views point into the frame
 * that they came in, which lives as long as they do. */
#include <string.h>

#include <sodium.h>

#include "agents/client/client.h"
#include "agents/client/mail.h"
#include "agents/client/outcomes.h"
#include "agents/client/room.h"
#include "agents/client/views.h"
#include "agents/client/witness.h"
#include "lib/words.h"
#include "lib/zip.h"

/* A frame of many short texts takes several times its bytes when decoded. */
#define DECODED_BYTES_MAX ((size_t)64 * 1024 * 1024)

static void fill_accepted(
	struct alm_receipt_view *view, const struct alm_accepted *accepted)
{
	view->sequence = accepted->sequence;
	view->audit_sequence = accepted->audit_sequence;
	view->accepted_at_ms = accepted->accepted_at_ms;
	view->is_duplicate = accepted->is_duplicate;
	view->is_transformed = accepted->is_transformed;
	view->basis = alm_view_text(accepted->basis);
	view->level = alm_level_word(accepted->level);
	view->released = alm_view_strings(accepted->released);
	view->withheld = alm_view_strings(accepted->withheld);
	view->obligations = alm_view_strings(accepted->obligations);
}

static void fill_refused(
	struct alm_receipt_view *view, const struct alm_wire_problem *problem)
{
	view->code =
		(int)(problem->code == ALM_OK ? ALM_INTERNAL : problem->code);
	view->name = alm_view_text(problem->name);
	view->sentence = alm_view_text(problem->sentence);
	view->hint = alm_view_text(problem->hint);
	view->detail = alm_view_text(problem->detail);
	view->is_retryable = problem->is_retryable;
	view->retry_after_ms = problem->retry_after_ms;
	view->reasons = problem->reasons;
	view->reason_count = problem->reason_count;
	view->nearest = alm_view_text(problem->nearest);
	view->candidates = alm_view_strings(problem->candidates);
	view->withheld = alm_view_strings(problem->withheld);
}

static void tell_receipt(struct alm_client *client,
	struct alm_held_frame *frame, const struct alm_receipt *receipt,
	enum alm_event_kind kind)
{
	struct alm_item *item = alm_item_new(frame, kind);
	struct alm_receipt_view *view;

	if (item == NULL) {
		return;
	}
	view = &item->receipt;
	memcpy(view->id, receipt->message_id.raw, sizeof(view->id));
	view->name = view->sentence = view->hint = view->detail = "";
	view->nearest = view->basis = view->level = "";
	if (receipt->is_accepted) {
		fill_accepted(view, &receipt->accepted);
	} else {
		fill_refused(view, &receipt->refused);
	}
	alm_fill_outcomes(view, frame, receipt);
	if (kind == ALM_EVENT_RECEIPT) {
		item->event.receipt = view;
	} else {
		item->event.delayed = view;
	}
	item->event.code = view->code;
	alm_events_put(&client->events, item);
}

/** Refusals that the library itself tries again, under the same id. */
static bool is_for_us(enum alm_err code)
{
	return code == ALM_BUSY || code == ALM_DRAINING ||
	       code == ALM_OVER_QUOTA || code == ALM_UPLOAD_UNKNOWN ||
	       code == ALM_MULTICAST_BUSY || code == ALM_HELLO_REQUIRED;
}

/* An upload that is not known any more is begun anew; nothing else need wait
 * for that. */
static void retry(struct alm_client *client, struct alm_pending *pending,
	enum alm_err refused)
{
	uint32_t random = randombytes_random();

	if (refused == ALM_UPLOAD_UNKNOWN) {
		alm_outbox_retry_later(
			&client->outbox, pending, client->now_ms, random);
	} else {
		alm_outbox_hold(
			&client->outbox, pending, client->now_ms, random);
	}
}

/** For want of room; the caller is told once. */
static bool keep(struct alm_client *client, struct alm_held_frame *frame,
	struct alm_pending *pending, const struct alm_receipt *receipt)
{
	if (!alm_room_keeps(client, pending, &receipt->refused)) {
		return false;
	}
	if (pending->sending != NULL) {
		pending->sending->until = 0;
	}
	if (!pending->is_told) {
		pending->is_told = true;
		tell_receipt(client, frame, receipt, ALM_EVENT_DELAYED);
	}
	return true;
}

static void on_receipt(struct alm_client *client, struct alm_held_frame *frame,
	const struct alm_receipt *receipt)
{
	struct alm_pending *pending =
		alm_outbox_find(&client->outbox, &receipt->message_id);

	client->has_answers = true;
	if (pending == NULL) {
		return; /* the second answer to a message that was repeated */
	}
	if (!receipt->is_accepted && pending->sending != NULL &&
		pending->state != ALM_PENDING_SENT) {
		return; /* of a part that was on its way; it is begun anew */
	}
	if (!receipt->is_accepted && is_for_us(receipt->refused.code)) {
		if (pending->sending != NULL) {
			pending->sending->until = 0;
		}
		retry(client, pending, receipt->refused.code);
		if (receipt->refused.code == ALM_HELLO_REQUIRED &&
			client->state == ALM_SESSION_READY) {
			alm_session_greet(client);
		}
		return;
	}
	if (!receipt->is_accepted && keep(client, frame, pending, receipt)) {
		return;
	}
	tell_receipt(client, frame, receipt, ALM_EVENT_RECEIPT);
	alm_outbox_remove(&client->outbox, pending);
}

void alm_inbound_refuse(struct alm_client *client,
	const struct alm_message_id *id, enum alm_err code)
{
	const struct alm_err_info *info = alm_err_info(code);
	struct alm_held_frame *frame =
		alm_held_frame_new(client->frames, DECODED_BYTES_MAX);
	struct alm_receipt receipt = {.message_id = *id,
		.refused = {.code = code,
			.name = info->name,
			.sentence = info->sentence,
			.hint = info->hint,
			.is_retryable = info->is_retryable}};

	if (frame != NULL) {
		on_receipt(client, frame, &receipt);
	}
	alm_held_frame_release(frame);
}

enum alm_err alm_inbound_unpack(struct alm_client *client,
	struct alm_arena *arena, struct alm_bytes packed, size_t bytes_max,
	struct alm_bytes *out_clear)
{
	size_t bytes = 0;
	enum alm_err err = alm_zip_size(packed, bytes_max, &bytes);
	uint8_t *clear = NULL;

	if (err == ALM_OK) {
		clear = alm_arena_take(arena, bytes);
		err = clear == NULL ? ALM_NOMEM
				    : alm_zip_unpack(client->zip, packed, clear,
					      bytes);
	}
	if (err == ALM_OK) {
		*out_clear = (struct alm_bytes){clear, bytes};
	}
	return err;
}

static void on_acknowledged(struct alm_client *client,
	struct alm_held_frame *frame,
	const struct alm_acknowledged *acknowledged)
{
	struct alm_item *item = alm_item_new(frame, ALM_EVENT_ACKNOWLEDGED);

	for (size_t i = 0; i < acknowledged->count; i++) {
		alm_acks_remove(&client->acks, acknowledged->sequences[i]);
		alm_fetchings_gone(client, acknowledged->sequences[i]);
	}
	if (item != NULL) {
		item->event.sequences = acknowledged->sequences;
		item->event.sequence_count = acknowledged->count;
		alm_events_put(&client->events, item);
	}
}

static struct alm_question *find_question(
	struct alm_client *client, uint32_t id)
{
	struct alm_question *question;

	TAILQ_FOREACH(question, &client->questions, order)
	{
		if (question->id == id) {
			break;
		}
	}
	return question;
}

/** Rows and facts are the same two words under other names. */
static bool fill_table(struct alm_held_frame *frame, struct alm_table *table,
	const struct alm_answer *answer)
{
	struct alm_strings *rows = alm_arena_take(
		&frame->arena, (answer->row_count + 1) * sizeof(*rows));
	struct alm_pair *facts = alm_arena_take(
		&frame->arena, (answer->fact_count + 1) * sizeof(*facts));

	if (rows == NULL || facts == NULL) {
		return false;
	}
	for (size_t i = 0; i < answer->row_count; i++) {
		rows[i] = alm_view_strings(answer->rows[i]);
	}
	for (size_t i = 0; i < answer->fact_count; i++) {
		facts[i].key = answer->facts[i].key;
		facts[i].value = answer->facts[i].value;
	}
	table->question = answer->id;
	table->code = (int)answer->code;
	table->detail = alm_view_text(answer->detail);
	table->columns = alm_view_strings(answer->columns);
	table->rows = rows;
	table->row_count = answer->row_count;
	table->cursor = alm_view_text(answer->cursor);
	table->facts = facts;
	table->fact_count = answer->fact_count;
	return true;
}

static void on_answer(struct alm_client *client, struct alm_held_frame *frame,
	const struct alm_answer *answer)
{
	struct alm_question *question = find_question(client, answer->id);
	struct alm_item *item;

	if (question == NULL) {
		return; /* nobody waits for it any more */
	}
	if (alm_witness_answer(client, answer)) {
		alm_client_forget_question(client, question);
		return;
	}
	item = alm_item_new(frame, ALM_EVENT_ANSWER);
	if (item == NULL || !fill_table(frame, &item->table, answer)) {
		alm_item_free(item);
		return;
	}
	alm_client_forget_question(client, question);
	item->event.answer = &item->table;
	item->event.code = item->table.code;
	alm_events_put(&client->events, item);
}

/** Whose answer is it?  See doubt.h. */
static void on_refused_frame(struct alm_client *client,
	struct alm_held_frame *frame, struct alm_receipt *receipt)
{
	const struct alm_pending *pending =
		alm_doubt_refused(&client->doubt, &client->outbox);

	if (pending != NULL) {
		receipt->message_id = pending->id;
		on_receipt(client, frame, receipt);
	}
}

static void on_error(struct alm_client *client, struct alm_held_frame *frame,
	const struct alm_wire_problem *problem)
{
	struct alm_receipt receipt = {.refused = *problem};
	const char *detail = alm_view_text(problem->detail);

	if (problem->message_id.bytes == ALM_MESSAGE_ID_BYTES) {
		memcpy(receipt.message_id.raw, problem->message_id.data,
			ALM_MESSAGE_ID_BYTES);
		on_receipt(client, frame, &receipt);
	} else if (problem->code == ALM_SUPERSEDED) {
		alm_session_end(
			client, ALM_EVENT_SUPERSEDED, ALM_SUPERSEDED, detail);
	} else if (problem->code == ALM_HELLO_REQUIRED ||
		   problem->code == ALM_NOT_READING) {
		if (client->state == ALM_SESSION_READY) {
			alm_session_greet(client);
		}
	} else if (problem->code == ALM_UNKNOWN_FIELD &&
		   alm_session_greet_plainly(client)) {
		return; /* to its answer */
	} else if (!is_for_us(problem->code)) {
		if (alm_doubt_is_refusal(problem->code)) {
			on_refused_frame(client, frame, &receipt);
		}
		alm_session_fail(client, problem->code,
			problem->code == ALM_AGENT_REVOKED ||
				problem->code == ALM_NOT_AUTHENTICATED,
			detail);
	}
}

static void on_envelope(struct alm_client *client, struct alm_held_frame *frame,
	const struct alm_envelope *envelope)
{
	switch (envelope->kind) {
	case ALM_ENVELOPE_WELCOME:
		alm_session_welcome(client, &envelope->welcome);
		break;
	case ALM_ENVELOPE_RECEIPT:
		on_receipt(client, frame, &envelope->receipt);
		break;
	case ALM_ENVELOPE_DELIVER:
		alm_mail_deliver(client, frame, &envelope->deliver);
		break;
	case ALM_ENVELOPE_NOTICE:
		alm_mail_notice(client, frame, &envelope->notice);
		break;
	case ALM_ENVELOPE_ACKNOWLEDGED:
		on_acknowledged(client, frame, &envelope->acknowledged);
		break;
	case ALM_ENVELOPE_ANSWER:
		on_answer(client, frame, &envelope->answer);
		break;
	case ALM_ENVELOPE_ERROR:
		on_error(client, frame, &envelope->error);
		break;
	case ALM_ENVELOPE_PART:
		alm_fetchings_part(client, &envelope->part);
		break;
	case ALM_ENVELOPE_PROGRESS:
		alm_sendings_progress(client, &envelope->progress);
		break;
	case ALM_ENVELOPE_PING:
		alm_session_pinged(client, envelope->ping.context);
		break;
	case ALM_ENVELOPE_PONG:
		alm_session_see_clock(client, envelope->ping.broker_time_ms);
		alm_doubt_pong(&client->doubt, envelope->ping.context);
		alm_flow_pong(&client->flow, envelope->ping.context);
		break;
	case ALM_ENVELOPE_HELLO:
	case ALM_ENVELOPE_SEND:
	case ALM_ENVELOPE_ACKNOWLEDGE:
	case ALM_ENVELOPE_CREDIT:
	case ALM_ENVELOPE_QUERY:
	case ALM_ENVELOPE_ADMINISTER:
	case ALM_ENVELOPE_GOODBYE:
	case ALM_ENVELOPE_JOIN:
	case ALM_ENVELOPE_JOINED: /* not on a connection of its own keys */
		break;
	}
}

void alm_inbound_frame(struct alm_client *client, struct alm_bytes bytes)
{
	struct alm_held_frame *frame =
		alm_held_frame_new(client->frames, DECODED_BYTES_MAX);
	struct alm_problem problem = {0};
	const struct alm_envelope *envelopes = NULL;
	size_t count = 0;
	enum alm_err err;

	if (frame == NULL) {
		return; /* what was in it comes again */
	}
	err = alm_wire_decode(ALM_WIRE_AGENT, bytes, &frame->arena, &envelopes,
		&count, &problem);
	if (err != ALM_OK) {
		alm_session_fail(client, err, false, problem.detail);
	}
	for (size_t i = 0; err == ALM_OK && i < count &&
			   client->state != ALM_SESSION_ENDED;
		i++) {
		on_envelope(client, frame, &envelopes[i]);
	}
	alm_held_frame_release(frame);
}
