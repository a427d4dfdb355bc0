#include "tests/support/peer.h"

#include <criterion/criterion.h>
#include <string.h>

#include <sodium.h>
#include <zmq.h>

#include "lib/hash.h"
#include "lib/merkle.h"
#include "tests/support/policy.h"

#define WAIT_MS 300000 /* a shared machine may stand still */
#define ARENA_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define CONTEXT "almoner.v1.send"

#define PURPOSE_SUPPORT \
	"  - {id: support, class: care, recipients: [charity]}\n"
#define DSA_SUPPORT \
	"  - id: DSA-SUPPORT\n" \
	"    title: Support\n" \
	"    from: [RX1]\n" \
	"    to: [CHA]\n" \
	"    purposes: [support]\n" \
	"    categories: [contact]\n" \
	"    identifiability: identifiable\n" \
	"    relationship: not-required\n" \
	"    consent: required\n" \
	"    opt-out: not-applicable\n" \
	"    valid: 2020-01-01 until further notice\n" \
	"    law: {article-6: 6(1)(a), article-9: 9(2)(a), " \
	"confidentiality: explicit-consent}\n" \
	"    evidence: [DPIA-2]\n" \
	"    approved-by: [guardian, owner]\n"

const char test_policy[] = TEST_POLICY_HEAD(TEST_PURPOSE_CARE PURPOSE_SUPPORT,
	"{id: discharge}, {id: mental-health}, {id: contact}",
	TEST_TRUST("RX1") TEST_TRUST("RHA") TEST_PRACTICE("C84001")
		TEST_CHARITY("CHA")) TEST_CARE_AGREEMENT("DSA-CARE", "RX1",
	"C84001, RHA", "discharge", "identifiable") DSA_SUPPORT;

void test_policy_activate_overridable(struct test_broker *broker)
{
	const char *at = strstr(test_policy, "    law:");
	char policy[8192];

	cr_assert_not_null(at);
	(void)snprintf(policy, sizeof(policy),
		"%.*s    overrides: [emergency, guardian]\n%s",
		(int)(at - test_policy), test_policy, at);
	test_broker_activate(broker, policy);
}

void test_policy_activate_many(struct test_broker *broker, size_t count)
{
	const char *rules = strstr(test_policy, "agreements:\n");
	const char *to = strstr(rules, "[C84001, RHA]");
	char *yaml = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&yaml, &bytes);

	cr_assert_not_null(out);
	(void)fprintf(out, "%.*s", (int)(rules - test_policy), test_policy);
	for (size_t i = 0; i < count; i++) {
		(void)fprintf(out,
			"  - {id: M%zu, name: Member, kind: charity}\n", i);
	}
	(void)fprintf(out, "groups:\n  - id: many\n    members:\n");
	for (size_t i = 0; i < count; i++) {
		(void)fprintf(out, "      - {organisation: M%zu}\n", i);
	}
	(void)fprintf(out, "%.*s[group:many]%s", (int)(to - rules), rules,
		to + strlen("[C84001, RHA]"));
	cr_assert_eq(fclose(out), 0);
	test_broker_activate(broker, yaml);
	free(yaml);
}

void test_peer_make(struct test_peer *peer, const char *organisation)
{
	memset(peer, 0, sizeof(*peer));
	strcpy(peer->organisation, organisation);
	crypto_box_keypair(peer->curve_public, peer->curve_secret);
	crypto_sign_keypair(peer->signing_public, peer->signing_secret);
	alm_arena_init(&peer->arena, ARENA_BYTES_MAX);
}

void test_peer_register(
	struct test_peer *peer, struct test_broker *broker, const char *agent)
{
	char curve[65];
	char signing[65];
	struct alm_answer answer;

	alm_hex(peer->curve_public, 32, curve);
	alm_hex(peer->signing_public, 32, signing);
	answer = test_broker_ask(broker, "agent.register",
		(const char *const[]){"organisation", peer->organisation,
			"agent", agent, "curve-key", curve, "signing-key",
			signing, NULL});
	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
}

static void set_keys(struct test_peer *peer, struct test_broker *broker)
{
	zmq_setsockopt(
		peer->socket, ZMQ_CURVE_SERVERKEY, broker->public_key, 32);
	zmq_setsockopt(
		peer->socket, ZMQ_CURVE_PUBLICKEY, peer->curve_public, 32);
	zmq_setsockopt(
		peer->socket, ZMQ_CURVE_SECRETKEY, peer->curve_secret, 32);
}

void test_peer_connect(struct test_peer *peer, struct test_broker *broker)
{
	int one = 1;
	int linger = 0;

	peer->context = zmq_ctx_new();
	peer->socket = zmq_socket(peer->context, ZMQ_DEALER);
	zmq_setsockopt(peer->socket, ZMQ_LINGER, &linger, sizeof(linger));
	zmq_setsockopt(peer->socket, ZMQ_IPV6, &one, sizeof(one));
	if (peer->receive_frames_max > 0) {
		zmq_setsockopt(peer->socket, ZMQ_RCVHWM,
			&peer->receive_frames_max,
			sizeof(peer->receive_frames_max));
	}
	if (peer->claims != 0) {
		uint8_t id[5] = {0};

		alm_put_u32(id + 1, peer->claims);
		zmq_setsockopt(peer->socket, ZMQ_ROUTING_ID, id, sizeof(id));
	}
	set_keys(peer, broker);
	cr_assert_eq(zmq_connect(peer->socket, broker->endpoint), 0);
}

void test_peer_disconnect(struct test_peer *peer)
{
	if (peer->socket != NULL) {
		zmq_close(peer->socket);
		zmq_ctx_term(peer->context);
		peer->socket = NULL;
	}
	peer->envelope_count = 0;
	peer->envelope_next = 0;
}

void test_peer_free(struct test_peer *peer)
{
	test_peer_disconnect(peer);
	alm_arena_fini(&peer->arena);
}

void test_peer_enrol(struct test_peer *peer, struct test_broker *broker,
	const char *organisation)
{
	test_peer_make(peer, organisation);
	test_peer_register(peer, broker, "agent");
}

void test_peer_open_as(struct test_peer *peer, struct test_broker *broker,
	const char *organisation, const char *agent, uint32_t credit)
{
	test_peer_make(peer, organisation);
	test_peer_register(peer, broker, agent);
	test_peer_connect(peer, broker);
	test_peer_hello(peer, credit);
}

void test_peer_open(struct test_peer *peer, struct test_broker *broker,
	const char *organisation, uint32_t credit)
{
	test_peer_open_as(peer, broker, organisation, "agent", credit);
}

void test_peer_say_bytes(struct test_peer *peer, struct alm_bytes frame)
{
	cr_assert_eq(zmq_send(peer->socket, frame.data, frame.bytes, 0),
		(int)frame.bytes);
}

void test_peer_say(struct test_peer *peer, const struct alm_envelope *envelope)
{
	struct alm_frame_builder frame;
	struct alm_arena arena;

	alm_arena_init(&arena, ARENA_BYTES_MAX);
	alm_frame_init(&frame, ALM_FRAME_BYTES_MAX);
	cr_assert_eq(alm_frame_add(&frame, envelope, &arena), ALM_OK);
	test_peer_say_bytes(peer, alm_frame_bytes(&frame));
	alm_frame_fini(&frame);
	alm_arena_fini(&arena);
}

void test_peer_hello(struct test_peer *peer, uint32_t credit)
{
	const struct alm_envelope hello = {.kind = ALM_ENVELOPE_HELLO,
		.hello = {ALM_PROTOCOL_VERSION, "test", credit}};
	const struct alm_envelope *welcome;

	test_peer_say(peer, &hello);
	welcome = test_peer_expect(peer, ALM_ENVELOPE_WELCOME);
	cr_assert_str_eq(welcome->welcome.organisation, peer->organisation);
}

void test_peer_renew(struct test_peer *peer, uint32_t credit)
{
	const struct alm_envelope goodbye = {.kind = ALM_ENVELOPE_GOODBYE};

	test_peer_say(peer, &goodbye);
	test_peer_hello(peer, credit);
}

void test_peer_leave(struct test_peer *peer)
{
	const struct alm_envelope goodbye = {.kind = ALM_ENVELOPE_GOODBYE};
	const struct alm_envelope ping = {.kind = ALM_ENVELOPE_PING};

	test_peer_say(peer, &goodbye);
	test_peer_say(peer, &ping); /* refused: there is no session */
	(void)test_peer_expect(peer, ALM_ENVELOPE_ERROR);
	test_peer_disconnect(peer);
}

void test_peer_come_back(
	struct test_peer *peer, struct test_broker *broker, uint32_t credit)
{
	test_peer_disconnect(peer);
	test_peer_connect(peer, broker);
	test_peer_hello(peer, credit);
}

void test_peer_acknowledge(
	struct test_peer *peer, uint64_t sequence, const char *reject_reason)
{
	const struct alm_acknowledgement item = {sequence,
		reject_reason != NULL,
		reject_reason == NULL ? "" : reject_reason};
	const struct alm_envelope envelope = {
		.kind = ALM_ENVELOPE_ACKNOWLEDGE, .acknowledge = {&item, 1}};

	test_peer_say(peer, &envelope);
}

static bool receive_frame(struct test_peer *peer, int wait_ms)
{
	zmq_pollitem_t item = {.socket = peer->socket, .events = ZMQ_POLLIN};
	struct alm_problem problem;
	zmq_msg_t frame;
	struct alm_bytes bytes;

	if (zmq_poll(&item, 1, wait_ms) <= 0) {
		return false;
	}
	zmq_msg_init(&frame);
	cr_assert_geq(zmq_msg_recv(&frame, peer->socket, 0), 0);
	bytes = (struct alm_bytes){zmq_msg_data(&frame), zmq_msg_size(&frame)};
	alm_arena_reset(&peer->arena);
	cr_assert_eq(alm_wire_decode(ALM_WIRE_AGENT, bytes, &peer->arena,
			     &peer->envelopes, &peer->envelope_count, &problem),
		ALM_OK, "%s", problem.detail);
	peer->envelope_next = 0;
	zmq_msg_close(&frame);
	return true;
}

const struct alm_envelope *test_peer_next(struct test_peer *peer, int wait_ms)
{
	if (peer->envelope_next == peer->envelope_count &&
		!receive_frame(peer, wait_ms)) {
		return NULL;
	}
	return &peer->envelopes[peer->envelope_next++];
}

const struct alm_envelope *test_peer_expect(
	struct test_peer *peer, enum alm_envelope_kind kind)
{
	for (;;) {
		const struct alm_envelope *envelope =
			test_peer_next(peer, WAIT_MS);

		cr_assert_neq(envelope, NULL, "no envelope of kind %d came",
			(int)kind);
		if (envelope->kind == kind) {
			return envelope;
		}
	}
}

void test_peer_expect_nothing(struct test_peer *peer)
{
	const struct alm_envelope ping = {.kind = ALM_ENVELOPE_PING};
	const struct alm_envelope *envelope;

	test_peer_say(peer, &ping);
	envelope = test_peer_next(peer, WAIT_MS);
	cr_assert_neq(envelope, NULL);
	cr_assert_eq(envelope->kind, ALM_ENVELOPE_PONG);
	cr_assert_eq(test_peer_next(peer, 0), NULL);
}

bool test_peer_is_admitted(struct test_peer *peer, struct test_broker *broker)
{
	uint8_t event[6] = {0};
	void *monitor;
	uint16_t number = 0;

	peer->context = zmq_ctx_new();
	peer->socket = zmq_socket(peer->context, ZMQ_DEALER);
	set_keys(peer, broker);
	zmq_socket_monitor(peer->socket, "inproc://monitor",
		ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
			ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
			ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
			ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL);
	monitor = zmq_socket(peer->context, ZMQ_PAIR);
	zmq_connect(monitor, "inproc://monitor");
	zmq_connect(peer->socket, broker->endpoint);
	cr_assert_eq(zmq_recv(monitor, event, sizeof(event), 0), 6);
	memcpy(&number, event, 2);
	zmq_socket_monitor(peer->socket, NULL, 0);
	zmq_close(monitor);
	return number == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
}

bool test_peer_keys_are_admitted(
	const struct test_peer *keys, struct test_broker *broker)
{
	struct test_peer peer = *keys;
	bool is_in;

	peer.context = peer.socket = NULL;
	is_in = test_peer_is_admitted(&peer, broker);
	test_peer_disconnect(&peer);
	return is_in;
}

struct alm_message test_message(
	const struct test_peer *from, const char *recipient)
{
	static const char *const categories[] = {"discharge"};
	struct alm_message message = alm_message_empty();
	uint8_t random[10];

	randombytes_buf(random, sizeof(random));
	message.id = alm_message_id_make(test_now_ms(), random);
	message.sender = from->organisation;
	message.recipient = recipient;
	message.purpose = "direct-care";
	message.categories = (struct alm_texts){categories, 1};
	message.payload_level = ALM_WIRE_LEVEL_IDENTIFIABLE;
	message.subject = "9990000018";
	return message;
}

/** Its texts live in the arena. */
static struct alm_envelope signed_send(const struct test_peer *peer,
	const struct alm_message *message, const char *payload, int64_t skew_ms,
	struct alm_arena *arena)
{
	struct alm_envelope envelope = {.kind = ALM_ENVELOPE_SEND};
	struct alm_message signed_message = *message;
	uint8_t leaf[8 + ALM_DIGEST_BYTES];
	uint8_t text[sizeof(CONTEXT) + ALM_DIGEST_BYTES];
	struct alm_hash *hash = alm_hash_new();
	struct alm_digest root;

	envelope.send.payload =
		(struct alm_bytes){(const uint8_t *)payload, strlen(payload)};
	if (message->payload_bytes == 0) {
		alm_hash_bytes(hash, envelope.send.payload,
			signed_message.payload_sha256);
	}
	cr_assert_eq(alm_wire_encode_message(
			     &signed_message, arena, &envelope.send.message),
		ALM_OK);
	envelope.send.sent_at_ms = test_now_ms() + skew_ms;
	envelope.send.signature.tree_size = 1;
	alm_put_u64(leaf, (uint64_t)envelope.send.sent_at_ms);
	alm_hash_bytes(hash, envelope.send.message, leaf + 8);
	alm_merkle_leaf(hash, (struct alm_bytes){leaf, sizeof(leaf)}, &root);
	memcpy(text, CONTEXT, sizeof(CONTEXT));
	memcpy(text + sizeof(CONTEXT), root.raw, ALM_DIGEST_BYTES);
	crypto_sign_detached(envelope.send.signature.ed25519, NULL, text,
		sizeof(text), peer->signing_secret);
	alm_hash_free(hash);
	return envelope;
}

static void send_signed(struct test_peer *peer,
	const struct alm_message *message, const char *payload,
	const struct alm_bytes *instead, enum alm_encoding encoding,
	int64_t skew_ms)
{
	struct alm_envelope envelope;
	struct alm_arena arena;

	alm_arena_init(&arena, ARENA_BYTES_MAX);
	envelope = signed_send(peer, message, payload, skew_ms, &arena);
	if (instead != NULL) {
		envelope.send.payload = *instead;
		envelope.send.encoding = encoding;
	}
	test_peer_say(peer, &envelope);
	alm_arena_fini(&arena);
}

void test_peer_send_both(struct test_peer *peer,
	const struct alm_message *first, const struct alm_message *second)
{
	const struct alm_message *messages[] = {first, second};
	struct alm_frame_builder frame;
	struct alm_arena arena;

	alm_arena_init(&arena, ARENA_BYTES_MAX);
	alm_frame_init(&frame, ALM_FRAME_BYTES_MAX);
	for (size_t i = 0; i < ALM_COUNT(messages); i++) {
		struct alm_envelope envelope =
			signed_send(peer, messages[i], "content", 0, &arena);

		cr_assert_eq(alm_frame_add(&frame, &envelope, &arena), ALM_OK);
	}
	test_peer_say_bytes(peer, alm_frame_bytes(&frame));
	alm_frame_fini(&frame);
	alm_arena_fini(&arena);
}

void test_peer_send(struct test_peer *peer, const struct alm_message *message,
	const char *payload, int64_t skew_ms)
{
	send_signed(peer, message, payload, NULL, ALM_ENCODING_NONE, skew_ms);
}

void test_peer_send_as(struct test_peer *peer,
	const struct alm_message *message, const char *payload,
	struct alm_bytes travels, enum alm_encoding encoding)
{
	send_signed(peer, message, payload, &travels, encoding, 0);
}

const struct alm_receipt *test_peer_receipt(
	struct test_peer *peer, const struct alm_message *message)
{
	test_peer_send(peer, message, "content", 0);
	return &test_peer_expect(peer, ALM_ENVELOPE_RECEIPT)->receipt;
}

uint64_t test_peer_accepted(
	struct test_peer *peer, const struct alm_message *message)
{
	const struct alm_receipt *receipt = test_peer_receipt(peer, message);

	cr_assert(receipt->is_accepted, "refused: %s", receipt->refused.name);
	return receipt->accepted.sequence;
}
