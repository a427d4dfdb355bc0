/*
 * Goal: an agent that asks and never reads fills no memory and keeps nobody
 * out, and is served again when it has read.  Method: a real broker, and a
 * peer at the level of the wire with a small buffer of its own, which asks for
 * pages of the log until the broker sends it nothing more, and on and on.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "lib/limits.h"
#include "tests/support/pair.h"

#define RECORDS 400u
#define QUESTIONS_MAX 20000u
#define QUESTIONS_AT_ONCE 50u
/* What an instrumented broker keeps of what it has freed; the answers that are
 * not sent would be four times as much. */
#define GROWTH_BYTES_MAX (320u * 1024u * 1024u)

static void open_all(void)
{
	test_broker_open(&broker, "");
	test_broker_activate(&broker, test_policy);
	test_peer_enrol(&trust, &broker, "RX1");
	trust.receive_frames_max = 2;
	test_peer_connect(&trust, &broker);
	test_peer_hello(&trust, 0);
	test_peer_open(&practice, &broker, "C84001", 1024);
}

TestSuite(unread, .init = open_all, .fini = close_pair, .timeout = 1800);

static void ask(unsigned count)
{
	const struct alm_argument arguments[] = {
		{"limit", "1000"}, {"reason", "a test"}};

	for (unsigned i = 0; i < count; i++) {
		const struct alm_envelope envelope = {
			.kind = ALM_ENVELOPE_QUERY,
			.request = {.id = i + 1,
				.verb = "audit.query",
				.arguments = arguments,
				.argument_count = ALM_COUNT(arguments)}};

		test_peer_say(&trust, &envelope);
	}
}

/* Until nothing more goes out to it; the figures are an answer by itself. */
static void ask_until_stopped(void)
{
	for (unsigned i = 0; i < QUESTIONS_MAX; i += QUESTIONS_AT_ONCE) {
		if (test_broker_figure(&broker, "not-reading") > 0) {
			return;
		}
		ask(QUESTIONS_AT_ONCE);
	}
	cr_assert_fail("%llu bytes are not read, and it goes on",
		(unsigned long long)test_broker_figure(
			&broker, "unread-bytes"));
}

static void answer_ping(const struct alm_envelope *envelope)
{
	const struct alm_envelope pong = {
		.kind = ALM_ENVELOPE_PONG, .ping = envelope->ping};

	test_peer_say(&trust, &pong);
}

/* Read up to what says that nothing more comes; the answers before it. */
static unsigned read_up(void)
{
	unsigned answers = 0;

	for (;;) {
		const struct alm_envelope *envelope =
			test_peer_next(&trust, 300000);

		cr_assert_neq(envelope, NULL, "%u answers came", answers);
		if (envelope->kind == ALM_ENVELOPE_PING) {
			answer_ping(envelope);
		} else if (envelope->kind == ALM_ENVELOPE_ERROR) {
			cr_assert_eq(envelope->error.code, ALM_NOT_READING);
			return answers;
		} else {
			answers++;
		}
	}
}

static void others_are_served(void)
{
	const struct alm_message message = test_message(&practice, "RX1");

	/* Refused by the policy, which is an answer as well as another. */
	cr_expect_not(test_peer_receipt(&practice, &message)->is_accepted);
}

Test(unread, who_never_reads_is_stopped_and_served_when_it_has_read)
{
	uint64_t resident_bytes;
	struct alm_message message;

	for (unsigned i = 0; i < RECORDS; i++) {
		message = test_message(&trust, "C84001");
		(void)test_peer_accepted(&trust, &message);
	}
	ask_until_stopped();
	cr_expect_leq(test_broker_figure(&broker, "unread-bytes"),
		ALM_UNREAD_BYTES_MAX + ALM_TURN_ARENA_BYTES_MAX);
	others_are_served();
	resident_bytes = test_broker_figure(&broker, "memory-bytes");
	for (unsigned i = 0; i < QUESTIONS_MAX; i += QUESTIONS_AT_ONCE) {
		ask(QUESTIONS_AT_ONCE);
	}
	others_are_served();
	cr_expect_leq(test_broker_figure(&broker, "memory-bytes"),
		resident_bytes + GROWTH_BYTES_MAX);
	cr_expect_eq(test_broker_figure(&broker, "not-reading"), 1);
	cr_expect_gt(read_up(), QUESTIONS_AT_ONCE);
	test_peer_hello(&trust, 0);
	message = test_message(&trust, "C84001");
	(void)test_peer_accepted(&trust, &message);
	cr_expect_lt(test_broker_figure(&broker, "unread-bytes"),
		ALM_UNREAD_BYTES_ASKED);
}

Test(unread, what_was_not_read_is_no_pong_that_is_guessed)
{
	static const uint8_t guess[16] = {1};
	const struct alm_envelope pong = {.kind = ALM_ENVELOPE_PONG,
		.ping = {.context = {guess, sizeof(guess)}}};

	for (unsigned i = 0; i < RECORDS; i++) {
		const struct alm_message message =
			test_message(&trust, "C84001");

		(void)test_peer_accepted(&trust, &message);
	}
	for (unsigned i = 0; i < QUESTIONS_MAX; i += QUESTIONS_AT_ONCE) {
		ask(QUESTIONS_AT_ONCE);
		test_peer_say(&trust, &pong);
		if (test_broker_figure(&broker, "not-reading") > 0) {
			return;
		}
	}
	cr_assert_fail("a pong was believed");
}
