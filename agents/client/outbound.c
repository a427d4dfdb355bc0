/*
 * Sends that wait together are signed together and share frames as far as the
 * limits go; a lone send goes out at once, as a tree of one leaf.
 */
#include "agents/client/client.h"
#include "agents/client/clock.h"
#include "lib/zip.h"

#define PING_AFTER_MS 10000
/* The broker works them as one: more would make others wait. */
#define ACKS_AT_ONCE 64
#define GATHER_MS 2
#define RESUME_WINDOW 64u

/* Send a frame that is built.  Errors: BUSY. */
static enum alm_err send_frame(
	struct alm_client *client, struct alm_bytes frame)
{
	enum alm_err err = alm_flow_has_room(&client->flow)
				   ? alm_link_send(client->link, frame)
				   : ALM_BUSY;

	if (err == ALM_OK) {
		alm_flow_sent(&client->flow, frame.bytes);
		client->ping_due_ms = client->now_ms + PING_AFTER_MS;
	}
	return err;
}

static enum alm_err transmit(struct alm_client *client)
{
	return send_frame(client, alm_frame_bytes(&client->frame));
}

enum alm_err alm_outbound_envelope(
	struct alm_client *client, const struct alm_envelope *envelope)
{
	enum alm_err err;

	alm_arena_reset(&client->scratch);
	alm_frame_reset(&client->frame);
	err = alm_frame_add(&client->frame, envelope, &client->scratch);
	return err == ALM_OK ? transmit(client) : err;
}

enum alm_err alm_outbound_keep(
	struct alm_client *client, const struct alm_envelope *envelope)
{
	enum alm_err err;

	alm_frame_reset(&client->frame);
	err = alm_frame_add(&client->frame, envelope, &client->scratch);
	return err == ALM_OK ? transmit(client) : err;
}

enum alm_err alm_outbound_urgent(
	struct alm_client *client, const struct alm_envelope *envelope)
{
	struct alm_bytes frame;
	enum alm_err err;

	alm_arena_reset(&client->scratch);
	alm_frame_reset(&client->frame);
	err = alm_frame_add(&client->frame, envelope, &client->scratch);
	if (err != ALM_OK) {
		return err;
	}
	frame = alm_frame_bytes(&client->frame);
	err = alm_link_send(client->link, frame);
	if (err == ALM_OK) {
		alm_flow_sent(&client->flow, frame.bytes);
	}
	return err;
}

void alm_outbound_pack(struct alm_client *client, struct alm_bytes *payload,
	enum alm_encoding *encoding)
{
	uint8_t *packed;
	size_t bytes;

	if (payload->bytes < ALM_ZIP_BYTES_MIN ||
		(client->encodings & 1u << ALM_ENCODING_ZSTD) == 0) {
		return;
	}
	packed = alm_arena_take(&client->scratch, payload->bytes);
	if (packed == NULL) {
		return; /* it goes as it is */
	}
	bytes = alm_zip_pack(client->zip, *payload, packed);
	if (bytes > 0) {
		*payload = (struct alm_bytes){packed, bytes};
		*encoding = ALM_ENCODING_ZSTD;
	}
}

static enum alm_err flush_acks(struct alm_client *client)
{
	while (client->acks.queued_count > 0) {
		struct alm_acknowledgement items[ACKS_AT_ONCE];
		struct alm_envelope envelope = {
			.kind = ALM_ENVELOPE_ACKNOWLEDGE};
		const struct alm_ack *ack = alm_acks_next(&client->acks);
		size_t count = 0;
		enum alm_err err;

		while (ack != NULL && count < ALM_COUNT(items)) {
			items[count].sequence = ack->sequence;
			items[count].is_rejected = ack->is_rejected;
			items[count].reason = ack->reason;
			ack = TAILQ_NEXT(ack, order);
			count++;
		}
		envelope.acknowledge.items = items;
		envelope.acknowledge.count = count;
		err = alm_outbound_envelope(client, &envelope);
		if (err != ALM_OK) {
			return err;
		}
		alm_acks_mark_sent(&client->acks, count);
	}
	return ALM_OK;
}

/** How many more the window takes now. */
static size_t room_in_window(struct alm_client *client)
{
	const struct alm_outbox *outbox = &client->outbox;
	size_t sent = outbox->counts[ALM_PENDING_SENT];
	size_t window =
		client->resume_until_ms != 0 && client->window > RESUME_WINDOW
			? RESUME_WINDOW
			: client->window;

	return alm_doubt_room(
		&client->doubt, outbox, sent < window ? window - sent : 0);
}

/** Gather and sign what the window still takes, up to one tree. */
static size_t sign_next(struct alm_client *client, int64_t sent_at_ms)
{
	const struct alm_outbox *outbox = &client->outbox;
	size_t room = room_in_window(client);
	const struct alm_pending *pending = alm_outbox_next(outbox);

	if (room > ALM_SIGNATURE_LEAVES_MAX) {
		room = ALM_SIGNATURE_LEAVES_MAX;
	}
	alm_batch_reset(&client->batch);
	while (pending != NULL && client->batch.count < room) {
		alm_batch_add(&client->batch, client->hash, sent_at_ms,
			pending->message_sha256);
		pending = TAILQ_NEXT(pending, order);
	}
	if (client->batch.count > 0) {
		alm_batch_sign(
			&client->batch, client->hash, client->secrets->signing);
	}
	return client->batch.count;
}

/** Send the frame, and count the messages in it as sent. */
static enum alm_err transmit_sends(struct alm_client *client)
{
	size_t count = client->frame.envelope_count;
	enum alm_err err = count == 0 ? ALM_OK : transmit(client);

	if (err != ALM_OK) {
		return err;
	}
	for (size_t i = 0; i < count; i++) {
		alm_outbox_mark_sent(&client->outbox,
			alm_outbox_next(&client->outbox), client->now_ms);
	}
	alm_frame_reset(&client->frame);
	return ALM_OK;
}

static bool is_full(
	const struct alm_client *client, const struct alm_envelope *next)
{
	const struct alm_frame_builder *frame = &client->frame;

	return frame->envelope_count >= client->envelopes_max ||
	       (frame->envelope_count > 0 &&
		       frame->bytes + next->send.message.bytes +
				       next->send.payload.bytes >
			       ALM_FRAME_BYTES_USUAL);
}

/** Add one send; a full frame goes out first. */
static enum alm_err add_send(
	struct alm_client *client, const struct alm_envelope *envelope)
{
	enum alm_err err = ALM_OK;

	if (is_full(client, envelope)) {
		err = transmit_sends(client);
	}
	if (err == ALM_OK) {
		err = alm_frame_add(&client->frame, envelope, &client->scratch);
	}
	if ((err == ALM_FRAME_TOO_LARGE || err == ALM_TOO_MANY_ENVELOPES) &&
		client->frame.envelope_count > 0) {
		err = transmit_sends(client);
		if (err == ALM_OK) {
			err = alm_frame_add(
				&client->frame, envelope, &client->scratch);
		}
	}
	alm_arena_reset(&client->scratch);
	return err;
}

/** Frame and send what was just signed.  What cannot go out stays queued, and
 * is signed again with the next try. */
static enum alm_err send_signed(struct alm_client *client, int64_t sent_at_ms)
{
	const struct alm_pending *pending = alm_outbox_next(&client->outbox);
	enum alm_err err = ALM_OK;

	alm_arena_reset(&client->scratch);
	alm_frame_reset(&client->frame);
	for (size_t i = 0; i < client->batch.count && err == ALM_OK; i++) {
		const struct alm_pending *next = TAILQ_NEXT(pending, order);
		struct alm_envelope envelope = {.kind = ALM_ENVELOPE_SEND};

		envelope.send.message = pending->message;
		envelope.send.payload = pending->payload;
		envelope.send.sent_at_ms = sent_at_ms;
		alm_outbound_pack(client, &envelope.send.payload,
			&envelope.send.encoding);
		alm_batch_signature(
			&client->batch, i, &envelope.send.signature);
		err = add_send(client, &envelope);
		pending = next;
	}
	return err == ALM_OK ? transmit_sends(client) : err;
}

/* While others are on their way, more may gather until an answer comes: a
 * signature costs the broker more than all else of a message.  A link on which
 * nothing is under way never waits. */
static bool shall_gather(struct alm_client *client)
{
	const struct alm_outbox *outbox = &client->outbox;
	size_t queued = outbox->counts[ALM_PENDING_QUEUED];

	if (queued == 0 || queued >= ALM_SIGNATURE_LEAVES_MAX ||
		outbox->counts[ALM_PENDING_SENT] == 0 || client->has_answers) {
		return false;
	}
	if (client->gather_until_ms == 0) {
		client->gather_until_ms = client->now_ms + GATHER_MS;
	}
	return client->now_ms < client->gather_until_ms;
}

static enum alm_err flush_sends(struct alm_client *client)
{
	enum alm_err err = ALM_OK;
	int64_t sent_at_ms;

	/* Without room it is an answer that is waited for, and no moment. */
	if (client->outbox.is_holding ||
		client->outbox.counts[ALM_PENDING_QUEUED] == 0 ||
		room_in_window(client) == 0) {
		client->gather_until_ms = 0;
		return ALM_OK;
	}
	if (shall_gather(client)) {
		return ALM_OK;
	}
	client->gather_until_ms = 0;
	client->has_answers = false;
	sent_at_ms = alm_client_wall_ms();
	err = alm_session_unbar(client);
	while (err == ALM_OK && sign_next(client, sent_at_ms) > 0) {
		err = send_signed(client, sent_at_ms);
	}
	return err;
}

static enum alm_err flush_questions(struct alm_client *client)
{
	struct alm_question *question;

	TAILQ_FOREACH(question, &client->questions, order)
	{
		struct alm_bytes frame = {question->frame, question->bytes};

		if (question->is_sent) {
			continue;
		}
		if (send_frame(client, frame) != ALM_OK) {
			return ALM_BUSY;
		}
		question->is_sent = true;
	}
	return ALM_OK;
}

static enum alm_err flush_doubt(struct alm_client *client)
{
	struct alm_envelope ping = {.kind = ALM_ENVELOPE_PING};
	enum alm_err err = ALM_OK;

	ping.ping.context = alm_doubt_ping(&client->doubt, client->now_ms);
	if (ping.ping.context.bytes > 0) {
		err = alm_outbound_envelope(client, &ping);
		if (err == ALM_OK) {
			alm_doubt_pinged(&client->doubt, client->now_ms);
		}
	}
	return err;
}

static void flush_flow(struct alm_client *client)
{
	struct alm_envelope ping = {.kind = ALM_ENVELOPE_PING};

	if (!alm_flow_is_due(&client->flow)) {
		return;
	}
	ping.ping.context = alm_flow_ask(&client->flow);
	if (alm_outbound_urgent(client, &ping) == ALM_OK) {
		alm_flow_asked(&client->flow);
	}
}

void alm_outbound_flush(struct alm_client *client)
{
	enum alm_err err = ALM_OK;

	if (client->credit_is_due) {
		struct alm_envelope envelope = {
			.kind = ALM_ENVELOPE_CREDIT, .credit = client->credit};

		err = alm_outbound_envelope(client, &envelope);
		client->credit_is_due = err != ALM_OK;
	}
	err = err == ALM_OK ? flush_acks(client) : err;
	err = err == ALM_OK ? flush_questions(client) : err;
	err = err == ALM_OK ? flush_doubt(client) : err;
	if (err == ALM_OK && client->resume_until_ms != 0) {
		err = alm_sendings_flush_first(client);
	}
	err = err == ALM_OK ? flush_sends(client) : err;
	err = err == ALM_OK ? alm_sendings_flush(client) : err;
	flush_flow(client); /* of what has gone out just now */
	if (err != ALM_OK && err != ALM_BUSY) {
		alm_session_fail(client, err, false, "cannot send");
	}
}
