/*
 * Goal: whoever is not registered, or not any more, gets nothing; whatever is
 * not a frame is refused with a code, and the broker goes on.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <zmq.h>

#include "tests/support/peer.h"

/* Those of ZAP and of administration. */
#define SOCKETS_BEFORE_AGENTS 2u
#define GUESSERS 4u

static struct test_broker broker;

static void open_broker(void)
{
	test_broker_open(&broker, "");
	test_broker_activate(&broker, test_policy);
}

static void close_broker(void)
{
	test_broker_close(&broker);
}

TestSuite(
	strangers, .init = open_broker, .fini = close_broker, .timeout = 1800);

Test(strangers, are_refused_at_the_handshake)
{
	struct test_peer stranger;

	test_peer_make(&stranger, "RX1");
	cr_assert_not(test_peer_is_admitted(&stranger, &broker));
	test_peer_disconnect(&stranger);
	test_peer_register(&stranger, &broker, "agent");
	cr_assert(test_peer_is_admitted(&stranger, &broker));
	test_peer_free(&stranger);
}

Test(strangers, a_revoked_agent_is_refused_on_its_open_connection)
{
	const struct alm_envelope *error;
	struct alm_message message;
	struct test_peer trust;
	struct alm_answer answer;

	test_peer_open(&trust, &broker, "RX1", 8);
	answer = test_broker_ask(&broker, "agent.revoke",
		(const char *const[]){"organisation", "RX1", "agent", "agent",
			"reason", "lost laptop", NULL});
	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
	message = test_message(&trust, "C84001");
	test_peer_send(&trust, &message, "content", 0);
	error = test_peer_expect(&trust, ALM_ENVELOPE_ERROR);
	cr_assert_eq(error->error.code, ALM_AGENT_REVOKED);
	cr_assert_eq(test_broker_figure(&broker, "accepted"), 0);
	test_peer_disconnect(&trust);
	cr_assert_not(test_peer_is_admitted(&trust, &broker));
	test_peer_free(&trust);
}

Test(strangers, a_revoked_agent_is_handed_no_mail)
{
	struct test_peer practice;
	struct alm_message message;
	struct test_peer trust;

	test_peer_open(&trust, &broker, "RX1", 8);
	test_peer_open(&practice, &broker, "C84001", 8);
	(void)test_broker_ask(&broker, "agent.revoke",
		(const char *const[]){"organisation", "C84001", "agent",
			"agent", "reason", "a test", NULL});
	message = test_message(&trust, "C84001");
	test_peer_send(&trust, &message, "content", 0);
	(void)test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);
	cr_assert_eq(test_broker_figure(&broker, "delivered"), 0);
	test_peer_free(&trust);
	test_peer_free(&practice);
}

Test(strangers, a_send_before_hello_is_answered)
{
	const struct alm_envelope *error;
	struct alm_message message;
	struct test_peer trust;

	test_peer_enrol(&trust, &broker, "RX1");
	test_peer_connect(&trust, &broker);
	message = test_message(&trust, "C84001");
	test_peer_send(&trust, &message, "content", 0);
	error = test_peer_expect(&trust, ALM_ENVELOPE_ERROR);
	cr_assert_eq(error->error.code, ALM_HELLO_REQUIRED);
	test_peer_free(&trust);
}

Test(strangers, the_older_of_two_connections_is_superseded)
{
	const struct alm_envelope *error;
	struct test_peer second;
	struct test_peer trust;

	test_peer_open(&trust, &broker, "RX1", 8);
	second = trust;
	alm_arena_init(&second.arena, 1 << 20);
	test_peer_connect(&second, &broker);
	test_peer_hello(&second, 8);
	error = test_peer_expect(&trust, ALM_ENVELOPE_ERROR);
	cr_assert_eq(error->error.code, ALM_SUPERSEDED);
	test_peer_free(&second);
	test_peer_free(&trust);
}

Test(strangers, rubbish_is_refused_with_a_code_and_hurts_nobody)
{
	static const struct {
		const char *bytes;
		size_t count;
	} frames[] = {
		{"", 0},
		{"\xff\xff\xff\xff\xff", 5},
		{"\x0a\x7f", 2},
		{"\x0b\x0b\x0b", 3},
		{"\x0a\x02\x12\x00",
			4}, /* a welcome, which agents do not say */
		{"\x0a\x04\x7a\x02\x08\x01", 6}, /* an answer */
		{"\x52\x00", 2},
	};
	const struct alm_envelope ping = {.kind = ALM_ENVELOPE_PING};
	const struct alm_envelope *reply;
	struct test_peer trust;

	test_peer_open(&trust, &broker, "RX1", 8);
	for (size_t i = 0; i < ALM_COUNT(frames); i++) {
		test_peer_say_bytes(&trust,
			(struct alm_bytes){(const uint8_t *)frames[i].bytes,
				frames[i].count});
		reply = test_peer_expect(&trust, ALM_ENVELOPE_ERROR);
		cr_assert_neq(reply->error.code, ALM_OK);
		cr_assert_str_neq(reply->error.name, "");
	}
	test_peer_say(&trust, &ping);
	(void)test_peer_expect(&trust, ALM_ENVELOPE_PONG);
	test_peer_free(&trust);
}

/* As libzmq makes the number that a ROUTER's ids begin with. */
static uint32_t first_id(void)
{
	uint32_t low = (uint32_t)rand();
	uint32_t high = (uint32_t)rand();

	return low | high << 31;
}

/* If somebody has the id that ROUTER gives to the next, libzmq ends the
 * process; without a seed of its own every process counts from the same. */
Test(strangers, cannot_guess_the_id_of_the_next_connection)
{
	struct test_peer guessers[GUESSERS];
	struct test_peer honest;
	uint32_t base = 0;
	char name[32];

	srand(1);
	for (unsigned i = 0; i < SOCKETS_BEFORE_AGENTS + 1; i++) {
		base = first_id();
	}
	for (uint32_t i = 0; i < GUESSERS; i++) {
		snprintf(name, sizeof(name), "agent-%u", (unsigned)i);
		test_peer_make(&guessers[i], "RX1");
		test_peer_register(&guessers[i], &broker, name);
		guessers[i].claims = base + i;
		test_peer_connect(&guessers[i], &broker);
		test_peer_hello(&guessers[i], 8);
	}
	test_peer_open(&honest, &broker, "C84001", 8);
	test_peer_free(&honest);
	for (uint32_t i = 0; i < GUESSERS; i++) {
		test_peer_free(&guessers[i]);
	}
	cr_expect_eq(test_broker_stop(&broker), 0);
}

Test(strangers, agents_cannot_administer)
{
	const struct alm_envelope ask = {.kind = ALM_ENVELOPE_ADMINISTER,
		.request = {.id = 1, .verb = "status"}};
	const struct alm_envelope *error;
	struct test_peer trust;

	test_peer_open(&trust, &broker, "RX1", 8);
	test_peer_say(&trust, &ask);
	error = test_peer_expect(&trust, ALM_ENVELOPE_ERROR);
	cr_assert_eq(error->error.code, ALM_WRONG_ENVELOPE);
	test_peer_free(&trust);
}

static struct alm_answer query(struct test_peer *peer,
	const struct alm_argument *arguments, size_t count)
{
	const struct alm_envelope ask = {.kind = ALM_ENVELOPE_QUERY,
		.request = {.id = 7,
			.verb = "audit.query",
			.arguments = arguments,
			.argument_count = count}};
	const struct alm_envelope *reply;

	test_peer_say(peer, &ask);
	reply = test_peer_expect(peer, ALM_ENVELOPE_ANSWER);
	cr_assert_eq(reply->answer.id, 7);
	return reply->answer;
}

Test(strangers, an_agent_sees_its_own_organisations_records_only)
{
	const struct alm_argument why[] = {{"reason", "a test"}};
	const struct alm_argument reveal[] = {
		{"reveal", "yes"}, {"reason", "curious"}};
	struct alm_message message;
	struct alm_answer answer;
	struct test_peer other;
	struct test_peer trust;

	test_peer_open(&trust, &broker, "RX1", 8);
	test_peer_open(&other, &broker, "CHA", 8);
	message = test_message(&trust, "C84001");
	test_peer_send(&trust, &message, "content", 0);
	(void)test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);
	answer = query(&trust, why, 1);
	cr_assert_eq(answer.code, ALM_OK);
	cr_assert_geq(answer.row_count, 1);
	for (size_t i = 0; i < answer.row_count; i++) {
		cr_assert_str_eq(test_cell(&answer, i, "sender"), "RX1");
		cr_assert_str_eq(test_cell(&answer, i, "detail"), "");
	}
	answer = query(&other, why, 1);
	for (size_t i = 0; i < answer.row_count; i++) {
		cr_assert_str_eq(test_cell(&answer, i, "sender"), "CHA");
	}
	answer = query(&trust, reveal, 2);
	cr_assert_eq(answer.code, ALM_NOT_PERMITTED);
	test_peer_free(&trust);
	test_peer_free(&other);
}

Test(strangers, an_agent_says_why_it_asks)
{
	const struct alm_argument without[] = {{"limit", "1"}};
	const struct alm_argument blank[] = {{"reason", "   "}};
	const struct alm_argument said[] = {{"reason", "INC-17"}};
	struct test_peer trust;
	struct alm_answer answer;
	size_t asked;

	test_peer_open(&trust, &broker, "RX1", 8);
	asked = test_broker_records(&broker, "audit-queried");
	answer = query(&trust, without, 1);
	cr_expect_eq(answer.code, ALM_REASON_REQUIRED);
	cr_expect_eq(answer.row_count, 0);
	answer = query(&trust, blank, 1);
	cr_expect_eq(answer.code, ALM_REASON_REQUIRED);
	answer = query(&trust, said, 1);
	cr_expect_eq(answer.code, ALM_OK, "%s", answer.detail);
	answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){"kind", "audit-queried", "from", "RX1",
			"reveal", "yes", "reason", "a test", NULL});
	cr_assert_eq(answer.row_count, 1, "one was answered, one is recorded");
	cr_expect_not_null(
		strstr(test_cell(&answer, 0, "detail"), "reason: INC-17"));
	cr_expect_eq(test_broker_records(&broker, "audit-queried"), asked + 3);
	test_peer_free(&trust);
}

/* Neither rows nor a gap where they would be. */
static void expect_nothing(struct test_peer *peer,
	const struct alm_argument *arguments, size_t count)
{
	struct alm_answer answer = query(peer, arguments, count);

	cr_assert_eq(answer.code, ALM_OK);
	cr_expect_eq(answer.row_count, 0);
	cr_expect_str_eq(answer.cursor, "");
	cr_expect_eq(
		test_number(&answer, "seen"), test_number(&answer, "size"));
}

Test(strangers, pages_do_not_tell_of_what_they_may_not_show)
{
	const struct alm_argument refused[] = {{"from", "RX1"},
		{"effect", "deny"}, {"limit", "1"}, {"reason", "a test"}};
	const struct alm_argument person[] = {{"person", "9990000018"},
		{"reason", "whose is it?"}, {"limit", "1"}};
	const struct alm_argument permitted[] = {
		{"code", "0"}, {"reason", "a test"}};
	struct alm_message message;
	struct test_peer practice;
	struct alm_answer answer;
	struct test_peer trust;

	test_peer_open(&trust, &broker, "RX1", 8);
	test_peer_open(&practice, &broker, "C84001", 8);
	message = test_message(&trust, "C84001");
	message.purpose = "emergency-care";
	for (unsigned i = 0; i < 3; i++) {
		message.id.raw[15] = (uint8_t)i;
		test_peer_send(&trust, &message, "content", 0);
		(void)test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);
	}
	expect_nothing(&practice, refused, ALM_COUNT(refused));
	expect_nothing(&practice, person, ALM_COUNT(person));
	answer = query(&trust, person, ALM_COUNT(person));
	cr_expect_eq(answer.row_count, 1);
	cr_expect_str_neq(answer.cursor, "");
	answer = query(&trust, permitted, ALM_COUNT(permitted));
	for (size_t i = 0; i < answer.row_count; i++) {
		cr_expect_str_eq(test_cell(&answer, i, "code"), "0");
	}
	test_peer_free(&trust);
	test_peer_free(&practice);
}
