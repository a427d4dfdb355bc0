/*
 * The life of a connection: greet, be welcomed, send again what has no final
 * answer, and keep talking.  Whatever happens to a connection, the same
 * messages go out again under the same ids.
 */
#include <stdio.h>
#include <string.h>

#include "agents/client/client.h"
#include "agents/client/clock.h"
#include "agents/client/witness.h"
#include "lib/limits.h"

#define HELLO_AGAIN_MS 5000
#define HELLO_PLAINNESS_MAX 2u
#define BUSY_AGAIN_MS 20
/* So that a call that waits looks at its time. */
#define FRAMES_PER_TURN 512
#define FRAME_BYTES_PER_TURN ((size_t)16 * 1024 * 1024)
/* A message of the largest kind without its payload. */
#define FRAME_BYTES_LEAST ((uint64_t)2 * ALM_MESSAGE_BYTES_MAX)
/* One is also broken off where the machine stands still for seconds. */
#define BREAKS_MAX 2u
#define LOCAL_EVENT_BYTES_MAX ((size_t)128 * 1024)

/** An event of our own making.  Lost when memory is out. */
static void tell(struct alm_client *client, enum alm_event_kind kind,
	enum alm_err err, const char *detail)
{
	struct alm_held_frame *frame =
		alm_held_frame_new(client->frames, LOCAL_EVENT_BYTES_MAX);
	struct alm_item *item = NULL;
	const char *copy = NULL;

	if (frame != NULL) {
		item = alm_item_new(frame, kind);
		copy = alm_arena_text(&frame->arena, detail, strlen(detail));
	}
	if (item != NULL) {
		item->event.code = (int)err;
		item->event.detail = copy == NULL ? "" : copy;
		alm_events_put(&client->events, item);
	}
	alm_held_frame_release(frame);
}

void alm_session_tell(
	struct alm_client *client, enum alm_err err, const char *detail)
{
	tell(client, ALM_EVENT_PROBLEM, err, detail);
}

void alm_session_fail(struct alm_client *client, enum alm_err err,
	bool is_final, const char *detail)
{
	bool is_news = client->last_err != err;

	client->last_err = err;
	client->is_final = is_final;
	(void)snprintf(client->detail, sizeof(client->detail), "%s", detail);
	if (is_news) {
		tell(client, ALM_EVENT_PROBLEM, err, detail);
	}
}

void alm_session_end(struct alm_client *client, enum alm_event_kind kind,
	enum alm_err err, const char *detail)
{
	client->state = ALM_SESSION_ENDED;
	client->last_err = err;
	client->is_final = true;
	(void)snprintf(client->detail, sizeof(client->detail), "%s", detail);
	alm_link_stop(client->link);
	tell(client, kind, err, detail);
}

static enum alm_err say_hello(struct alm_client *client)
{
	struct alm_envelope envelope = {.kind = ALM_ENVELOPE_HELLO};
	unsigned plainness = client->hello_plainness;

	envelope.hello.version = ALM_PROTOCOL_VERSION;
	envelope.hello.software = client->software;
	envelope.hello.credit = client->credit;
	/* The last that was added goes first. */
	envelope.hello.keeps_order = plainness < 1;
	envelope.hello.takes_parts = plainness < 2 && client->takes_parts;
	envelope.hello.encodings = plainness < 2 && !client->is_uncompressed
					   ? 1u << ALM_ENCODING_ZSTD
					   : 0;
	return alm_outbound_envelope(client, &envelope);
}

bool alm_session_greet_plainly(struct alm_client *client)
{
	if (client->state != ALM_SESSION_GREETING ||
		client->hello_plainness == HELLO_PLAINNESS_MAX) {
		return false;
	}
	client->hello_plainness++;
	alm_session_greet(client);
	return true;
}

void alm_session_greet(struct alm_client *client)
{
	enum alm_err err;

	client->state = ALM_SESSION_GREETING;
	err = say_hello(client);
	client->hello_due_ms = client->now_ms +
			       (err == ALM_OK ? HELLO_AGAIN_MS : BUSY_AGAIN_MS);
}

/* Its welcome says nothing new. */
enum alm_err alm_session_unbar(struct alm_client *client)
{
	enum alm_err err =
		client->outbox.needs_hello ? say_hello(client) : ALM_OK;

	client->outbox.needs_hello = err != ALM_OK;
	return err;
}

static bool is_welcome_ours(
	const struct alm_client *client, const struct alm_welcome *welcome)
{
	return strcmp(client->organisation, welcome->organisation) == 0 &&
	       (client->agent[0] == '\0' ||
		       strcmp(client->agent, welcome->agent) == 0);
}

static uint64_t least_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Less than it says is taken where a broker says more than the protocol has. */
static void keep_limits(
	struct alm_client *client, const struct alm_welcome *welcome)
{
	uint32_t wanted = client->envelopes_wanted;
	uint32_t taken = welcome->frame_envelopes_max;
	size_t bytes_max = ALM_FRAME_BYTES_MAX;

	client->window = welcome->credit == 0
				 ? 1
				 : (uint32_t)least_of(welcome->credit,
					   ALM_SEND_WINDOW_MAX);
	if (taken == 0 || taken > ALM_FRAME_ENVELOPES_MAX) {
		taken = ALM_FRAME_ENVELOPES_MAX;
	}
	client->envelopes_max = wanted > 0 && wanted < taken ? wanted : taken;
	if (welcome->frame_bytes_max > 0 &&
		welcome->frame_bytes_max < bytes_max) {
		bytes_max = (size_t)welcome->frame_bytes_max;
	}
	client->frame.bytes_max = bytes_max;
	/* What does not fit a frame would hold up all that is behind it. */
	client->payload_bytes_max = least_of(
		least_of(welcome->payload_bytes_max, ALM_PAYLOAD_BYTES_MAX),
		bytes_max - FRAME_BYTES_LEAST);
	client->parts_bytes_max =
		least_of(welcome->parts_bytes_max, ALM_PARTS_PAYLOAD_BYTES_MAX);
	client->encodings = client->is_uncompressed ? 0 : welcome->encodings;
	client->policy_epoch = welcome->policy_epoch;
	client->people_sequence = welcome->people_sequence;
	alm_session_see_clock(client, welcome->broker_time_ms);
	client->next_endpoint[0] = '\0';
	if (welcome->next_broker_key.bytes == ALM_KEY_BYTES) {
		memcpy(client->next_broker_key, welcome->next_broker_key.data,
			ALM_KEY_BYTES);
		alm_text_copy(client->next_endpoint,
			sizeof(client->next_endpoint), welcome->next_endpoint);
	}
}

void alm_session_see_clock(struct alm_client *client, int64_t broker_time_ms)
{
	if (broker_time_ms > 0 && broker_time_ms <= ALM_TIME_MS_MAX) {
		client->broker_less_boot_ms =
			broker_time_ms - alm_client_boot_ms();
	}
}

/* False, and the session has ended or is made anew: there is no working with
 * a broker that says so. */
static bool takes_welcome(
	struct alm_client *client, const struct alm_welcome *welcome)
{
	char detail[ALM_DETAIL_BYTES_MAX];

	if (welcome->version != ALM_PROTOCOL_VERSION) {
		alm_session_end(client, ALM_EVENT_PROBLEM, ALM_VERSION,
			"the broker speaks another version");
		return false;
	}
	if (!is_welcome_ours(client, welcome)) {
		(void)snprintf(detail, sizeof(detail),
			"the broker knows this agent as %s of %s",
			welcome->agent, welcome->organisation);
		alm_session_end(
			client, ALM_EVENT_PROBLEM, ALM_SENDER_MISMATCH, detail);
		return false;
	}
	if (welcome->frame_bytes_max > 0 &&
		welcome->frame_bytes_max < FRAME_BYTES_LEAST) {
		alm_session_fail(client, ALM_BROKER_ASTRAY, false,
			"a welcome that takes no frame of any use");
		return false; /* it is asked again */
	}
	return true;
}

/* What a broken connection left without an answer goes out again. */
static void say_again(struct alm_client *client)
{
	struct alm_question *question;

	alm_sendings_pause(client);
	alm_outbox_resend_all(&client->outbox);
	client->outbox.needs_hello = false; /* the welcome answers one */
	alm_sendings_resume(client);
	alm_doubt_reconnected(&client->doubt);
	alm_acks_repeat_all(&client->acks);
	TAILQ_FOREACH(question, &client->questions, order)
	{
		question->is_sent = false;
	}
}

void alm_session_welcome(
	struct alm_client *client, const struct alm_welcome *welcome)
{
	if (client->state != ALM_SESSION_GREETING) {
		return; /* the answer to a hello that was repeated */
	}
	if (!takes_welcome(client, welcome)) {
		return;
	}
	keep_limits(client, welcome);
	(void)snprintf(
		client->agent, sizeof(client->agent), "%s", welcome->agent);
	client->state = ALM_SESSION_READY;
	client->last_err = ALM_OK;
	client->is_final = false;
	client->detail[0] = '\0';
	say_again(client);
	tell(client, ALM_EVENT_CONNECTED, ALM_OK, "");
}

void alm_session_lost(struct alm_client *client)
{
	if (client->state == ALM_SESSION_READY) {
		client->last_err = ALM_UNREACHABLE;
		client->is_final = false;
		alm_events_drop_mail(&client->events);
		alm_fetchings_pause(client);
		tell(client, ALM_EVENT_DISCONNECTED, ALM_UNREACHABLE,
			"the connection was lost");
	}
	client->state = ALM_SESSION_DOWN;
}

static void on_change(struct alm_client *client, enum alm_link_change change)
{
	switch (change) {
	case ALM_LINK_SAME:
		break;
	case ALM_LINK_UP:
		client->breaks = 0;
		alm_session_lost(client); /* the old one, if nobody said so */
		alm_flow_begin(&client->flow);
		client->hello_plainness = 0; /* it may be another broker */
		alm_session_greet(client);
		break;
	case ALM_LINK_DOWN:
		alm_session_lost(client);
		break;
	case ALM_LINK_REFUSED:
		alm_session_fail(client, ALM_BROKER_KEY, true,
			"the broker does not know this agent's key");
		break;
	case ALM_LINK_LIMITED:
		alm_session_fail(client, ALM_HANDSHAKES_LIMITED, false, "");
		break;
	case ALM_LINK_FAILED:
		if (++client->breaks < BREAKS_MAX) {
			break;
		}
		alm_session_fail(client, ALM_BROKER_KEY, false,
			"the handshake was broken off; the broker key of the "
			"context may be another broker's");
		break;
	case ALM_LINK_SILENT:
		alm_session_fail(client, ALM_UNREACHABLE, false,
			"connected, but the broker does not answer");
		break;
	}
}

static void read_all(struct alm_client *client)
{
	enum alm_link_change change;
	struct alm_bytes frame;
	size_t bytes = 0;

	while (client->state != ALM_SESSION_ENDED &&
		(change = alm_link_next_change(client->link)) !=
			ALM_LINK_SAME) {
		on_change(client, change);
	}
	for (int i = 0; i < FRAMES_PER_TURN && bytes < FRAME_BYTES_PER_TURN &&
			!alm_events_are_full(&client->events) &&
			client->state != ALM_SESSION_ENDED &&
			alm_link_receive(client->link, &frame) == ALM_OK;
		i++) {
		bytes += frame.bytes;
		alm_inbound_frame(client, frame);
	}
}

/* What came before the ping was read.  The broker asks nothing more and, in
 * the end, sends nothing more until it hears so. */
static void send_pong(struct alm_client *client)
{
	const struct alm_envelope pong = {.kind = ALM_ENVELOPE_PONG,
		.ping = {.context = {client->pong, client->pong_bytes}}};

	if (client->has_pong && alm_outbound_urgent(client, &pong) == ALM_OK) {
		client->has_pong = false;
	}
}

void alm_session_pinged(struct alm_client *client, struct alm_bytes context)
{
	if (context.bytes > 0) {
		memcpy(client->pong, context.data, context.bytes);
	}
	client->pong_bytes = context.bytes;
	client->has_pong = true;
	send_pong(client);
}

static void do_due(struct alm_client *client)
{
	struct alm_envelope ping = {.kind = ALM_ENVELOPE_PING};

	if (client->state == ALM_SESSION_GREETING &&
		client->hello_due_ms <= client->now_ms) {
		alm_session_greet(client);
	}
	send_pong(client);
	if (client->state != ALM_SESSION_READY) {
		return;
	}
	alm_outbox_wake(&client->outbox, client->now_ms);
	alm_fetchings_wake(client);
	alm_outbound_flush(client);
	alm_witness_due(client);
	if (client->ping_due_ms <= client->now_ms &&
		alm_outbound_envelope(client, &ping) != ALM_OK) {
		client->ping_due_ms = client->now_ms + BUSY_AGAIN_MS;
	}
}

static int64_t next_due_ms(const struct alm_client *client)
{
	int64_t due_ms;

	if (client->state == ALM_SESSION_GREETING) {
		return client->hello_due_ms;
	}
	if (client->state != ALM_SESSION_READY) {
		return alm_link_due_ms(client->link);
	}
	due_ms = alm_outbox_due_ms(&client->outbox);
	if (client->doubt.state == ALM_DOUBT_ASKED &&
		client->doubt.again_ms < due_ms) {
		due_ms = client->doubt.again_ms;
	}
	if (client->gather_until_ms != 0 && client->gather_until_ms < due_ms) {
		due_ms = client->gather_until_ms;
	}
	if (client->resume_until_ms != 0 && client->resume_until_ms < due_ms) {
		due_ms = client->resume_until_ms;
	}
	if (alm_witness_due_ms(client) < due_ms) {
		due_ms = alm_witness_due_ms(client);
	}
	if (alm_fetchings_due_ms(client) < due_ms) {
		due_ms = alm_fetchings_due_ms(client);
	}
	return due_ms < client->ping_due_ms ? due_ms : client->ping_due_ms;
}

void alm_session_wake(struct alm_client *client)
{
	client->has_new_work = true;
	alm_link_wake(client->link);
}

void alm_session_arm(struct alm_client *client, bool shows_events)
{
	bool has_work = client->has_new_work ||
			(shows_events && client->events.count > 0);

	alm_link_arm(client->link, has_work,
		!alm_events_are_full(&client->events), next_due_ms(client),
		client->now_ms);
}

enum alm_err alm_session_turn(struct alm_client *client, bool shows_events)
{
	client->has_new_work = false;
	client->now_ms = alm_client_monotonic_ms();
	read_all(client);
	alm_link_tend(client->link, client->now_ms);
	do_due(client);
	alm_session_arm(client, shows_events);
	return client->state == ALM_SESSION_ENDED ? client->last_err : ALM_OK;
}
