/*
 * Goal: no organisation takes more of the broker than its share: what is
 * beyond waits in its lane, in order, and is refused only when that is full;
 * others are served meanwhile.  Faults leave a record a second, not each.
 * Method: agents at the level of the wire, small quotas.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/limits.h"
#include "tests/support/peer.h"
#include "tests/support/policy.h"

#define MALFORMED 500u
#define PING_FRAMES 200u
#define LONG_FRAMES 30u /* so many envelopes as a turn takes at most */
#define LARGE_BYTES (ALM_PAYLOAD_BYTES_MAX - 1)
#define LARGE_COUNT 40u

static const char two_senders[] = TEST_POLICY("{id: discharge}",
	TEST_TRUST("RX1") TEST_TRUST("RHA") TEST_PRACTICE("C84001"),
	TEST_CARE_AGREEMENT(
		"DSA-CARE", "RX1, RHA", "C84001", "discharge", "identifiable"));

static struct test_broker broker;
static struct test_peer trust;
static struct test_peer other;

static void join(void)
{
	test_broker_activate(&broker, two_senders);
	test_peer_open(&trust, &broker, "RX1", 0);
	test_peer_open(&other, &broker, "RHA", 0);
}

static void begin(const char *settings)
{
	test_broker_open(&broker, settings);
	join();
}

static void end(void)
{
	test_peer_free(&trust);
	test_peer_free(&other);
	test_broker_close(&broker);
}

static void send_some(struct test_peer *peer, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct alm_message message = test_message(peer, "C84001");

		test_peer_send(peer, &message, "content", 0);
	}
}

/* Accepted, and in order; gives the sequence of the last. */
static uint64_t take_receipts(struct test_peer *peer, unsigned count)
{
	uint64_t last = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct alm_envelope *envelope =
			test_peer_expect(peer, ALM_ENVELOPE_RECEIPT);

		cr_assert(envelope->receipt.is_accepted, "refused: %s",
			envelope->receipt.refused.name);
		cr_assert_gt(envelope->receipt.accepted.sequence, last,
			"in the order of sending");
		last = envelope->receipt.accepted.sequence;
	}
	return last;
}

/* Frames, each with as many pings as one may hold, which are numbered. */
static void send_pings(unsigned count, bool is_good)
{
	struct alm_frame_builder frame;
	struct alm_arena arena;

	alm_arena_init(&arena, (size_t)16 * 1024 * 1024);
	alm_frame_init(&frame, ALM_FRAME_BYTES_MAX);
	for (uint8_t i = 0; frame.envelope_count < ALM_FRAME_ENVELOPES_MAX;
		i++) {
		const struct alm_envelope ping = {.kind = ALM_ENVELOPE_PING,
			.ping = {.context = {&i, 1}}};

		cr_assert_eq(alm_frame_add(&frame, &ping, &arena), ALM_OK);
	}
	if (!is_good) {
		frame.data[frame.bytes - 3] ^= 0x40; /* the last one's field */
	}
	for (unsigned i = 0; i < count; i++) {
		test_peer_say_bytes(&trust, alm_frame_bytes(&frame));
	}
	alm_frame_fini(&frame);
	alm_arena_fini(&arena);
}

static void expect_pongs(unsigned frame_count)
{
	for (unsigned i = 0; i < frame_count * ALM_FRAME_ENVELOPES_MAX; i++) {
		const struct alm_envelope *pong =
			test_peer_expect(&trust, ALM_ENVELOPE_PONG);

		cr_assert_eq(pong->ping.context.bytes, 1);
		cr_assert_eq(pong->ping.context.data[0], i % 256, "in order");
	}
}

Test(fairness, a_quota_holds_back_its_organisation_alone, .timeout = 1800)
{
	uint64_t last_of_other;

	begin("organisation-messages-per-second: 100\n");
	/* It finds all of them there. */
	cr_assert_eq(kill(broker.pid, SIGSTOP), 0);
	send_some(&trust, 350);
	send_some(&other, 50);
	cr_assert_eq(kill(broker.pid, SIGCONT), 0);
	last_of_other = take_receipts(&other, 50);
	cr_expect_lt(last_of_other, take_receipts(&trust, 350),
		"the other one was held up by the first");
	cr_expect_eq(test_broker_figure(&broker, "accepted"), 400);
	cr_expect_gt(test_broker_figure(&broker, "quota-waits"), 0);
	end();
}

/* All that was sent by then is there at once; then the rest of it. */
static void flood_both(void)
{
	cr_assert_eq(kill(broker.pid, SIGSTOP), 0);
	send_some(&trust, 350);
	send_some(&other, 350);
	cr_assert_eq(kill(broker.pid, SIGCONT), 0);
}

static struct alm_answer mailbox_of(const char *organisation)
{
	return test_broker_ask(&broker, "mailbox.show",
		(const char *const[]){"organisation", organisation, NULL});
}

static void reload(void)
{
	struct alm_answer status;

	cr_assert_eq(kill(broker.pid, SIGHUP), 0);
	do {
		status = test_broker_ask(
			&broker, "status", (const char *const[]){NULL});
	} while (test_fact(&status, "reloaded-at")[0] == '\0');
}

Test(fairness, a_quota_of_its_own_holds_one_back_until_it_is_changed,
	.timeout = 1800)
{
	struct alm_answer answer;
	uint64_t last_of_other;

	begin("organisation-quotas: RX1 100/s, RHA 1TiB/s\n");
	answer = mailbox_of("RX1");
	cr_expect_eq(test_number(&answer, "sends-messages-per-s"), 100);
	cr_expect_eq(test_number(&answer, "sends-bytes-per-s"), 2ULL << 30);
	flood_both();
	last_of_other = take_receipts(&other, 350);
	cr_expect_lt(last_of_other, take_receipts(&trust, 350),
		"the other one was held up by a quota that is not its own");
	cr_expect_gt(test_broker_figure(&broker, "quota-waits"), 0);
	/* What all may send is less now, and it may send more. */
	test_broker_replace_setting(&broker, "organisation-quotas",
		"organisation-quotas: RX1 1000000/s\n"
		"organisation-messages-per-second: 100");
	reload();
	answer = mailbox_of("RHA");
	cr_expect_eq(test_number(&answer, "sends-messages-per-s"), 100);
	cr_expect_eq(test_number(&answer, "sends-bytes-per-s"), 2ULL << 30);
	flood_both();
	last_of_other = take_receipts(&trust, 350);
	cr_expect_lt(last_of_other, take_receipts(&other, 350),
		"its own quota is not that of all");
	end();
}

Test(fairness, two_floods_share_turns_and_lose_nothing, .timeout = 1800)
{
	begin("");
	for (unsigned round = 0; round < 5; round++) {
		send_some(&trust, 800);
		send_some(&other, 800);
		(void)take_receipts(&other, 800);
		(void)take_receipts(&trust, 800);
	}
	cr_expect_eq(test_broker_figure(&broker, "accepted"), 8000);
	cr_expect_eq(test_broker_figure(&broker, "quota-waits"), 0);
	end();
}

/* Each message is a debt of sixteen seconds. */
Test(fairness, a_quota_of_bytes_holds_back_and_is_seen, .timeout = 1800)
{
	static char page[262144];
	char *payload = malloc(LARGE_BYTES + 1);

	memset(payload, 'x', LARGE_BYTES);
	payload[LARGE_BYTES] = '\0';
	test_broker_open(&broker, "organisation-bytes-per-second: 64KiB\n");
	test_broker_stop(&broker);
	(void)snprintf(page, sizeof(page), "http-endpoint: unix:%s/http.sock\n",
		broker.folder);
	test_broker_add_settings(&broker, page);
	test_broker_start(&broker);
	join();
	for (unsigned i = 0; i < LARGE_COUNT; i++) {
		struct alm_message message = test_message(&trust, "C84001");

		test_peer_send(&trust, &message, payload, 0);
	}
	(void)take_receipts(&trust, 1);
	send_some(&other, 1);
	(void)take_receipts(&other, 1);
	cr_expect_lt(test_broker_figure(&broker, "accepted"), LARGE_COUNT + 1);
	cr_expect_gt(test_broker_figure(&broker, "quota-waits"), 0);
	test_broker_page(&broker, "/metrics", page, sizeof(page));
	cr_expect_not_null(strstr(page,
		"\nalmoner_organisation_waiting_bytes{organisation=\"RX1\"} "));
	cr_expect_not_null(strstr(page, "\nalmoner_quota_waits_total "));
	free(payload);
	end();
}

/* What an organisation has waiting is bounded. */
Test(fairness, a_full_lane_refuses_with_a_hint, .timeout = 1800)
{
	char *payload = malloc(LARGE_BYTES + 1);
	unsigned refused = 0;

	memset(payload, 'x', LARGE_BYTES);
	payload[LARGE_BYTES] = '\0';
	begin("organisation-bytes-per-second: 64KiB\n"
	      "organisation-waiting-max: 16MiB\n");
	for (unsigned i = 0; i < LARGE_COUNT; i++) {
		struct alm_message message = test_message(&trust, "C84001");

		test_peer_send(&trust, &message, payload, 0);
	}
	while (refused < LARGE_COUNT - 20) {
		const struct alm_envelope *envelope =
			test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);

		if (envelope->receipt.is_accepted) {
			continue;
		}
		refused++;
		cr_expect_eq(envelope->receipt.refused.code, ALM_OVER_QUOTA);
		cr_expect(envelope->receipt.refused.is_retryable);
		cr_expect_gt(envelope->receipt.refused.retry_after_ms, 0);
	}
	send_some(&other, 1);
	(void)take_receipts(&other, 1);
	free(payload);
	end();
}

static enum alm_err refused_once(bool is_to_several)
{
	static const char *const strangers[] = {"ZZ8", "ZZ9"};
	struct alm_message message = test_message(&trust, "ZZ9");

	if (is_to_several) {
		message.recipient = "";
		message.recipients = (struct alm_texts){strangers, 2};
	}
	return test_peer_receipt(&trust, &message)->refused.code;
}

/* Each is a record that is kept for good, of one message or of thousands. */
Test(fairness, refusals_are_recorded_no_faster_than_is_let, .timeout = 1800)
{
	unsigned count = 0;

	begin("organisation-refusals-per-second: 1\n");
	do {
		cr_assert_eq(refused_once(true), ALM_ALL_REFUSED);
		count += 2;
	} while (test_broker_figure(&broker, "refusals-over") == 0);
	cr_expect_geq(count, ALM_REFUSALS_BURST_S);
	do {
		cr_assert_eq(refused_once(false), ALM_REASON_203);
		count++;
	} while (test_broker_figure(&broker, "quota-waits") == 0);
	send_some(&other, 3);
	(void)take_receipts(&other, 3);
	cr_expect_eq(test_broker_records(&broker, "refused"), count,
		"each has its record all the same");
	end();
}

/* Of a debt of one a second: what was paid off meanwhile, and some more. */
static unsigned paid_off(int64_t since_ms)
{
	return (unsigned)((test_now_ms() - since_ms) / 1000) + 1;
}

/* That it may be sent again is no reason to let it in faster: whoever says
 * what policy it asks for chooses the refusal. */
Test(fairness, a_refusal_for_now_is_a_refusal, .timeout = 1800)
{
	struct alm_message message;
	unsigned count = 0;
	int64_t since_ms;

	begin("organisation-refusals-per-second: 1\n");
	since_ms = test_now_ms();
	while (test_broker_figure(&broker, "refusals-over") == 0) {
		message = test_message(&trust, "C84001");
		message.has_not_before = true;
		message.not_before_epoch = UINT64_MAX;
		cr_assert_eq(test_peer_receipt(&trust, &message)->refused.code,
			ALM_REASON_191);
		cr_assert_lt(
			++count, 3 * ALM_REFUSALS_BURST_S + paid_off(since_ms));
	}
	cr_expect_geq(count, ALM_REFUSALS_BURST_S);
	end();
}

/* A full mailbox slows down nobody who waits as he is told. */
Test(fairness, what_has_no_room_is_let_in_tenfold, .timeout = 1800)
{
	static const char *const practice[] = {"C84001"};
	const unsigned let = ALM_REFUSALS_BURST_S * ALM_REFUSALS_ROOM_TIMES;
	struct alm_message message;
	unsigned count = 0;
	int64_t since_ms;

	begin("organisation-refusals-per-second: 1\n");
	since_ms = test_now_ms();
	(void)test_broker_ask(&broker, "mailbox.limit",
		(const char *const[]){"organisation", "C84001", "messages", "1",
			"reason", "test", NULL});
	send_some(&trust, 1);
	(void)take_receipts(&trust, 1);
	while (count < let ||
		test_broker_figure(&broker, "refusals-over") == 0) {
		message = test_message(&trust, "C84001");
		if (count % 2 == 0) {
			message.recipient = "";
			message.recipients = (struct alm_texts){practice, 1};
		}
		cr_assert_eq(test_peer_receipt(&trust, &message)->refused.code,
			count % 2 == 0 ? ALM_ALL_REFUSED : ALM_MAILBOX_FULL);
		cr_assert_lt(++count,
			2 * let + ALM_REFUSALS_ROOM_TIMES * paid_off(since_ms));
		cr_assert(count != let / 2 ||
			  test_broker_figure(&broker, "refusals-over") == 0);
	}
	end();
}

Test(fairness, faults_leave_a_record_a_second, .timeout = 1800)
{
	static const uint8_t rubbish[] = {0xff, 0xff, 0xff};
	uint64_t before;
	uint64_t records;
	time_t begun;

	begin("");
	begun = time(NULL);
	before = test_broker_figure(&broker, "audit-size");
	for (unsigned i = 0; i < MALFORMED; i++) {
		test_peer_say_bytes(
			&trust, (struct alm_bytes){rubbish, sizeof(rubbish)});
	}
	for (unsigned i = 0; i < MALFORMED; i++) {
		(void)test_peer_expect(&trust, ALM_ENVELOPE_ERROR);
	}
	while (test_broker_figure(&broker, "audit-size") < before + 2) {
		(void)test_peer_next(&other, 50);
	}
	records = test_broker_figure(&broker, "audit-size") - before;
	cr_expect_leq(records, (uint64_t)(time(NULL) - begun) + 2,
		"%llu records", (unsigned long long)records);
	cr_expect_eq(test_broker_figure(&broker, "malformed"), MALFORMED);
	end();
}

/* Frames of many small envelopes ask for more than a turn has place for. */
Test(fairness, what_a_turn_has_no_place_for_waits, .timeout = 1800)
{
	begin("");
	send_pings(PING_FRAMES, true);
	expect_pongs(PING_FRAMES);
	cr_expect_eq(test_broker_figure(&broker, "lost-frames"), 0);
	end();
}

/* Whoever sends rarely would wait for all of it. */
Test(fairness, a_turn_of_one_sender_is_no_longer_than_its_work, .timeout = 1800)
{
	begin("");
	cr_assert_eq(kill(broker.pid, SIGSTOP), 0);
	for (unsigned i = 0; i < LONG_FRAMES; i++) {
		send_some(&trust, 1); /* or the turn is not counted */
		send_pings(1, true);
	}
	cr_assert_eq(kill(broker.pid, SIGCONT), 0);
	take_receipts(&trust, LONG_FRAMES);
	cr_expect_leq(test_broker_figure(&broker, "turn-batch-max"),
		ALM_TURN_FRAMES_MAX + ALM_FRAME_ENVELOPES_MAX);
	end();
}

/* A frame holds more than a share; what is wrong at its end is as wrong as if
 * it had been worked at once. */
Test(fairness, a_frame_that_takes_several_turns_is_still_one, .timeout = 1800)
{
	begin("");
	for (unsigned round = 0; round < 10; round++) {
		send_some(&trust, 1);
		send_some(&other, 1);
		take_receipts(&other, 1);
		take_receipts(&trust, 1);
		send_pings(2, true);
		send_pings(1, false);
		send_pings(1, true);
		expect_pongs(2);
		(void)test_peer_expect(&trust, ALM_ENVELOPE_ERROR);
		expect_pongs(1);
	}
	cr_expect_eq(test_broker_figure(&broker, "malformed"), 10);
	end();
}

/* What comes before hello is of the organisation whose key it came with. */
Test(fairness, who_says_no_hello_has_no_more_than_its_share, .timeout = 1800)
{
	struct timespec from;
	struct timespec to;
	struct test_peer quiet;

	begin("organisation-messages-per-second: 100\n");
	test_peer_make(&quiet, "RX1");
	test_peer_register(&quiet, &broker, "quiet");
	test_peer_connect(&quiet, &broker);
	(void)clock_gettime(CLOCK_MONOTONIC, &from);
	send_some(&quiet, 350);
	send_some(&other, 50);
	(void)take_receipts(&other, 50);
	for (unsigned i = 0; i < 350; i++) {
		const struct alm_envelope *e =
			test_peer_expect(&quiet, ALM_ENVELOPE_ERROR);

		cr_assert_eq(e->error.code, ALM_HELLO_REQUIRED);
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &to);
	cr_expect_geq(to.tv_sec - from.tv_sec, 2,
		"they were looked at without a quota");
	test_peer_hello(&quiet, 0);
	send_some(&quiet, 1);
	(void)take_receipts(&quiet, 1);
	test_peer_free(&quiet);
	end();
}
