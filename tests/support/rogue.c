#include "tests/support/rogue.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>
#include <zmq.h>

#include "tests/support/client.h"

#define ARENA_BYTES_MAX ((size_t)256 * 1024 * 1024)
#define STEP_MS 1
#define WAIT_MS 300000 /* a shared machine may stand still */

static void listen_on(struct test_rogue *rogue, int frames_max)
{
	int one = 1;
	int none = 0;

	rogue->context = zmq_ctx_new();
	rogue->socket = zmq_socket(rogue->context, ZMQ_ROUTER);
	zmq_setsockopt(rogue->socket, ZMQ_LINGER, &none, sizeof(none));
	zmq_setsockopt(rogue->socket, ZMQ_ROUTER_MANDATORY, &one, sizeof(one));
	zmq_setsockopt(
		rogue->socket, ZMQ_RCVHWM, &frames_max, sizeof(frames_max));
	zmq_setsockopt(rogue->socket, ZMQ_SNDHWM, &none, sizeof(none));
	zmq_setsockopt(rogue->socket, ZMQ_CURVE_SERVER, &one, sizeof(one));
	zmq_setsockopt(
		rogue->socket, ZMQ_CURVE_SECRETKEY, rogue->secret_key, 32);
	cr_assert_eq(zmq_bind(rogue->socket, rogue->endpoint), 0);
}

void test_rogue_open(struct test_rogue *rogue, int frames_max)
{
	memset(rogue, 0, sizeof(*rogue));
	cr_assert_geq(sodium_init(), 0);
	alm_tempdir_make(rogue->folder);
	(void)snprintf(rogue->endpoint, sizeof(rogue->endpoint),
		"ipc://%s/broker.sock", rogue->folder);
	crypto_box_keypair(rogue->public_key, rogue->secret_key);
	alm_arena_init(&rogue->arena, ARENA_BYTES_MAX);
	listen_on(rogue, frames_max);
}

void test_rogue_hang_up(struct test_rogue *rogue)
{
	int forever = -1;

	zmq_setsockopt(rogue->socket, ZMQ_LINGER, &forever, sizeof(forever));
	zmq_close(rogue->socket);
	zmq_ctx_term(rogue->context);
	listen_on(rogue, 0);
}

void test_rogue_close(struct test_rogue *rogue)
{
	zmq_close(rogue->socket);
	zmq_ctx_term(rogue->context);
	alm_arena_fini(&rogue->arena);
	alm_tempdir_remove(rogue->folder);
}

struct alm_client *test_rogue_client(struct test_rogue *rogue,
	const struct test_peer *peer, uint32_t credit, bool takes_parts)
{
	const struct alm_client_options options = {.endpoint = rogue->endpoint,
		.broker_key = rogue->public_key,
		.organisation = peer->organisation,
		.agent = "agent",
		.curve_key = peer->curve_secret,
		.signing_key = peer->signing_secret,
		.credit = credit,
		.takes_parts = takes_parts};

	return test_client_open(&options);
}

/** False: nothing lies there. */
static bool take_frame(struct test_rogue *rogue)
{
	zmq_msg_t part;
	struct alm_problem problem = {.detail = ""};
	int bytes = zmq_recv(rogue->socket, rogue->route, sizeof(rogue->route),
		ZMQ_DONTWAIT);

	if (bytes < 0) {
		return false;
	}
	rogue->route_bytes = (size_t)bytes;
	alm_arena_reset(&rogue->arena);
	rogue->envelope_next = rogue->envelope_count = 0;
	zmq_msg_init(&part);
	cr_assert_geq(zmq_msg_recv(&part, rogue->socket, 0), 0);
	cr_assert_eq(alm_wire_decode(ALM_WIRE_BROKER_AGENTS,
			     (struct alm_bytes){
				     zmq_msg_data(&part), zmq_msg_size(&part)},
			     &rogue->arena, &rogue->envelopes,
			     &rogue->envelope_count, &problem),
		ALM_OK, "%s", problem.detail);
	zmq_msg_close(&part);
	return true;
}

const struct alm_envelope *test_rogue_next(struct test_rogue *rogue)
{
	while (rogue->envelope_next == rogue->envelope_count) {
		if (!take_frame(rogue)) {
			return NULL;
		}
	}
	return &rogue->envelopes[rogue->envelope_next++];
}

const struct alm_envelope *test_rogue_expect(struct test_rogue *rogue,
	struct alm_client *client, enum alm_envelope_kind kind)
{
	int64_t until_ms = test_now_ms() + WAIT_MS;

	while (test_now_ms() < until_ms) {
		const struct alm_envelope *envelope = test_rogue_next(rogue);
		zmq_pollitem_t item = {
			.socket = rogue->socket, .events = ZMQ_POLLIN};

		if (envelope != NULL && envelope->kind == kind) {
			return envelope;
		}
		if (envelope == NULL) {
			(void)alm_client_process(client);
			(void)zmq_poll(&item, 1, STEP_MS);
		}
	}
	cr_assert_fail("no envelope %d came", (int)kind);
	return NULL;
}

bool test_rogue_say_bytes(struct test_rogue *rogue, struct alm_bytes frame)
{
	return zmq_send(rogue->socket, rogue->route, rogue->route_bytes,
		       ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0 &&
	       zmq_send(rogue->socket, frame.data, frame.bytes, ZMQ_DONTWAIT) ==
		       (int)frame.bytes;
}

void test_rogue_say(
	struct test_rogue *rogue, const struct alm_envelope *envelope)
{
	struct alm_frame_builder frame;
	struct alm_arena arena;

	alm_arena_init(&arena, ARENA_BYTES_MAX);
	alm_frame_init(&frame, ALM_FRAME_BYTES_MAX);
	cr_assert_eq(alm_frame_add(&frame, envelope, &arena), ALM_OK);
	cr_assert(test_rogue_say_bytes(rogue, alm_frame_bytes(&frame)));
	alm_frame_fini(&frame);
	alm_arena_fini(&arena);
}

struct alm_envelope test_rogue_welcome(void)
{
	return (struct alm_envelope){.kind = ALM_ENVELOPE_WELCOME,
		.welcome = {.version = ALM_PROTOCOL_VERSION,
			.credit = 256,
			.broker_time_ms = test_now_ms(),
			.frame_bytes_max = ALM_FRAME_BYTES_MAX,
			.frame_envelopes_max = ALM_FRAME_ENVELOPES_MAX,
			.payload_bytes_max = ALM_PAYLOAD_BYTES_MAX,
			.parts_bytes_max = ALM_PARTS_PAYLOAD_BYTES_MAX,
			.organisation = "RX1",
			.agent = "agent",
			.encodings = 1u << ALM_ENCODING_ZSTD,
			.next_endpoint = ""}};
}

struct alm_envelope test_rogue_mail(uint64_t sequence)
{
	struct alm_envelope mail = {.kind = ALM_ENVELOPE_DELIVER,
		.deliver = {.sequence = sequence,
			.attempt = 1,
			.sender = "C84001",
			.recipient = "RX1",
			.purpose = "direct-care",
			.standard = "",
			.standard_version = "",
			.level = ALM_WIRE_LEVEL_IDENTIFIABLE,
			.subject = "",
			.basis = "DSA-CARE",
			.expires_ms = test_now_ms() + 3600000,
			.traceparent = "",
			.accepted_at_ms = test_now_ms(),
			.payload = {(const uint8_t *)"content", 7},
			.escalated_from = ""}};

	alm_make_id(mail.deliver.message_id.raw);
	return mail;
}

void test_rogue_greet(struct test_rogue *rogue, struct alm_client *client)
{
	const struct alm_envelope welcome = test_rogue_welcome();
	struct alm_event *event;

	(void)test_rogue_expect(rogue, client, ALM_ENVELOPE_HELLO);
	test_rogue_say(rogue, &welcome);
	test_rogue_settle(rogue, client);
	/* Such as a first handshake that a slow machine did not finish. */
	while ((event = alm_client_next_event(client)) != NULL) {
		alm_event_free(event);
	}
}

void test_rogue_settle(struct test_rogue *rogue, struct alm_client *client)
{
	static uint8_t last[ALM_PING_BYTES_MAX];
	const struct alm_envelope ping = {.kind = ALM_ENVELOPE_PING,
		.ping = {.context = {last, sizeof(last)}}};
	const struct alm_envelope *pong;

	randombytes_buf(last, sizeof(last));
	test_rogue_say(rogue, &ping);
	do {
		pong = test_rogue_expect(rogue, client, ALM_ENVELOPE_PONG);
	} while (!alm_bytes_equal(pong->ping.context, ping.ping.context));
}
