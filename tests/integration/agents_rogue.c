/*
 * Goal: what a broker can do to a client that trusts its key, once it is
 * broken, slow or in other hands: withhold service, and nothing else.  No
 * memory without bound, no assertion, no view that leads its reader astray.
 * Method: a process with the broker's key on a real socket that says anything.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agents/client/client.h"
#include "lib/zip.h"
#include "tests/support/client.h"
#include "tests/support/rogue.h"

#define WAIT_MS 300000 /* where it does not matter */
#define SOON_MS 200
#define CREDIT 16u

static struct test_rogue rogue;
static struct test_peer own; /* for its keys */
static struct alm_client *client;

static void open_with(int frames_max, bool takes_parts)
{
	test_rogue_open(&rogue, frames_max);
	test_peer_make(&own, "RX1");
	client = test_rogue_client(&rogue, &own, CREDIT, takes_parts);
}

static void open_all(void)
{
	open_with(0, true);
}

static void close_all(void)
{
	alm_client_close(client);
	test_peer_free(&own);
	test_rogue_close(&rogue);
}

TestSuite(agents_rogue, .init = open_all, .fini = close_all, .timeout = 1800);

static void say(struct alm_envelope envelope)
{
	test_rogue_say(&rogue, &envelope);
}

/** The next event of this kind, others are dropped; NULL if there is none. */
static struct alm_event *event_of(enum alm_event_kind kind)
{
	struct alm_event *event;

	while ((event = alm_client_next_event(client)) != NULL &&
		event->kind != kind) {
		alm_event_free(event);
	}
	return event;
}

static void expect_astray(void)
{
	struct alm_event *event;

	test_rogue_settle(&rogue, client);
	event = event_of(ALM_EVENT_PROBLEM);
	cr_assert_not_null(event);
	cr_assert_eq(event->code, ALM_BROKER_ASTRAY, "%s", event->detail);
	alm_event_free(event);
	cr_assert_null(event_of(ALM_EVENT_DELIVERY), "it was believed");
}

static void expect_well(void)
{
	struct alm_delivery *mail = NULL;

	say(test_rogue_mail(UINT64_C(1) << 40));
	cr_assert_eq(alm_receive(client, WAIT_MS, &mail), 0);
	cr_assert_eq(mail->payload_bytes, 7);
	alm_delivery_free(mail);
}

/* --- a welcome ------------------------------------------------------------ */

Test(agents_rogue, absurd_figures_of_a_welcome_are_not_believed)
{
	struct alm_envelope welcome = test_rogue_welcome();
	struct alm_client_status status;

	welcome.welcome.credit = UINT32_MAX;
	welcome.welcome.frame_bytes_max = UINT64_MAX;
	welcome.welcome.frame_envelopes_max = UINT32_MAX;
	welcome.welcome.payload_bytes_max = UINT64_MAX;
	welcome.welcome.parts_bytes_max = UINT64_MAX;
	welcome.welcome.encodings = UINT32_MAX;
	welcome.welcome.broker_time_ms = 1;
	(void)test_rogue_expect(&rogue, client, ALM_ENVELOPE_HELLO);
	say(welcome);
	test_rogue_settle(&rogue, client);
	alm_client_get_status(client, &status);
	cr_assert(status.is_ready);
	cr_assert_eq(status.send_window, ALM_SEND_WINDOW_MAX);
	cr_assert_eq(status.payload_bytes_max, ALM_PAYLOAD_BYTES_MAX);
	cr_assert_eq(status.parts_bytes_max, ALM_PARTS_PAYLOAD_BYTES_MAX);
	expect_well();
}

Test(agents_rogue, a_time_that_no_id_can_bear_is_not_believed)
{
	struct alm_envelope welcome = test_rogue_welcome();
	struct alm_client_status status;

	welcome.welcome.broker_time_ms = INT64_MAX;
	(void)test_rogue_expect(&rogue, client, ALM_ENVELOPE_HELLO);
	say(welcome);
	test_rogue_settle(&rogue, client);
	alm_client_get_status(client, &status);
	cr_assert(status.is_ready);
	cr_expect_eq(status.broker_ahead_ms, 0);
}

Test(agents_rogue, a_welcome_without_limits_leaves_one_message_at_a_time)
{
	struct alm_envelope welcome = test_rogue_welcome();
	struct alm_outgoing message = test_outgoing();

	welcome.welcome.credit = 0;
	welcome.welcome.frame_bytes_max = 0;
	welcome.welcome.frame_envelopes_max = 0;
	(void)test_rogue_expect(&rogue, client, ALM_ENVELOPE_HELLO);
	say(welcome);
	test_rogue_settle(&rogue, client);
	cr_assert_eq(alm_send_start(client, &message, NULL), 0);
	cr_assert_eq(
		alm_send_start(client, &message, NULL), ALM_CODE_WINDOW_FULL);
	(void)test_rogue_expect(&rogue, client, ALM_ENVELOPE_SEND);
}

Test(agents_rogue, a_welcome_that_takes_no_frame_is_not_one)
{
	struct alm_envelope welcome = test_rogue_welcome();
	int code;

	welcome.welcome.frame_bytes_max = 100;
	(void)test_rogue_expect(&rogue, client, ALM_ENVELOPE_HELLO);
	say(welcome);
	do { /* it tries on, and says why when the time is up */
		code = alm_client_wait_ready(client, SOON_MS);
	} while (code == ALM_CODE_TIMEOUT);
	cr_assert_eq(code, ALM_BROKER_ASTRAY);
}

/* Not broken, but of an earlier release. */
Test(agents_rogue, what_an_older_broker_does_not_know_is_left_out_of_hello)
{
	struct alm_envelope refusal = {.kind = ALM_ENVELOPE_ERROR};
	struct alm_hello hello =
		test_rogue_expect(&rogue, client, ALM_ENVELOPE_HELLO)->hello;

	cr_expect(hello.keeps_order && hello.takes_parts);
	cr_expect_neq(hello.encodings, 0);
	refusal.error.code = ALM_UNKNOWN_FIELD;
	refusal.error.name = "unknown-field";
	refusal.error.sentence = "";
	refusal.error.hint = "";
	refusal.error.nearest = "";
	refusal.error.detail = "envelopes[0].hello: field 6";
	say(refusal);
	hello = test_rogue_expect(&rogue, client, ALM_ENVELOPE_HELLO)->hello;
	cr_expect(!hello.keeps_order && hello.takes_parts);
	refusal.error.detail = "envelopes[0].hello: field 5";
	say(refusal);
	hello = test_rogue_expect(&rogue, client, ALM_ENVELOPE_HELLO)->hello;
	cr_expect(!hello.keeps_order && !hello.takes_parts);
	cr_expect_eq(hello.encodings, 0);
	cr_expect_eq(hello.version, 1);
	say(test_rogue_welcome());
	expect_well();
}

Test(agents_rogue, a_welcome_of_another_agent_ends_the_session)
{
	struct alm_envelope welcome = test_rogue_welcome();

	welcome.welcome.organisation = "RHA";
	(void)test_rogue_expect(&rogue, client, ALM_ENVELOPE_HELLO);
	say(welcome);
	cr_assert_eq(
		alm_client_wait_ready(client, WAIT_MS), ALM_SENDER_MISMATCH);
}

/* --- mail ----------------------------------------------------------------- */

Test(agents_rogue, mail_for_another_organisation_is_not_shown)
{
	struct alm_envelope mail = test_rogue_mail(1);

	test_rogue_greet(&rogue, client);
	mail.deliver.recipient = "RHA";
	say(mail);
	expect_astray();
	expect_well();
}

/* Who reads `payload_bytes` bytes at `payload` must find so many. */
Test(agents_rogue, mail_is_in_parts_or_it_is_here)
{
	uint8_t root[ALM_DIGEST_BYTES] = {1};
	struct alm_envelope mail = test_rogue_mail(1);

	test_rogue_greet(&rogue, client);
	mail.deliver.payload_bytes = 5 * ALM_PAYLOAD_BYTES_MAX;
	mail.deliver.payload_root = (struct alm_bytes){root, sizeof(root)};
	say(mail);
	expect_astray();
	mail.deliver.payload.bytes = 0;
	mail.deliver.payload_bytes = ALM_PARTS_PAYLOAD_BYTES_MAX + 1;
	say(mail);
	expect_astray();
	mail.deliver.payload_bytes = 5 * ALM_PAYLOAD_BYTES_MAX;
	mail.deliver.payload_root.bytes = 0;
	say(mail);
	expect_astray();
	mail.deliver.payload_bytes = 0;
	mail.deliver.payload_root.bytes = sizeof(root);
	say(mail);
	expect_astray();
	expect_well();
}

Test(agents_rogue, mail_in_parts_is_for_those_who_take_it)
{
	uint8_t root[ALM_DIGEST_BYTES] = {1};
	struct alm_envelope mail = test_rogue_mail(1);

	close_all();
	open_with(0, false);
	test_rogue_greet(&rogue, client);
	mail.deliver.payload.bytes = 0;
	mail.deliver.payload_bytes = 5 * ALM_PAYLOAD_BYTES_MAX;
	mail.deliver.payload_root = (struct alm_bytes){root, sizeof(root)};
	say(mail);
	expect_astray();
	expect_well();
}

/* --- answers that nobody waits for --------------------------------------- */

Test(agents_rogue, receipts_answers_and_parts_of_nothing_are_passed_over)
{
	struct alm_envelope receipt = {.kind = ALM_ENVELOPE_RECEIPT,
		.receipt = {.is_accepted = true,
			.accepted = {.sequence = 1, .basis = ""}}};
	const struct alm_envelope answer = {.kind = ALM_ENVELOPE_ANSWER,
		.answer = {.id = 7, .detail = "", .cursor = ""}};
	uint64_t sequences[] = {0, 1, UINT64_MAX};
	const struct alm_envelope acknowledged = {
		.kind = ALM_ENVELOPE_ACKNOWLEDGED,
		.acknowledged = {sequences, ALM_COUNT(sequences)}};
	uint8_t id[16] = {1};
	uint8_t data[8] = {2};
	const struct alm_envelope part = {.kind = ALM_ENVELOPE_PART,
		.part = {.sequence = 9,
			.index = UINT32_MAX,
			.data = {data, sizeof(data)}}};
	const struct alm_envelope progress = {.kind = ALM_ENVELOPE_PROGRESS,
		.progress = {.message_id = {id, sizeof(id)},
			.next = UINT32_MAX,
			.until = UINT32_MAX,
			.is_again = true}};

	test_rogue_greet(&rogue, client);
	alm_make_id(receipt.receipt.message_id.raw);
	say(receipt);
	say(answer);
	say(acknowledged);
	say(part);
	say(progress);
	test_rogue_settle(&rogue, client);
	cr_assert_null(event_of(ALM_EVENT_RECEIPT));
	cr_assert_null(event_of(ALM_EVENT_ANSWER));
	expect_well();
}

/* --- floods -------------------------------------------------------------- */

/** A frame of mail that unpacks to some hundred times its bytes. */
static void add_bomb(struct alm_frame_builder *frame, struct alm_arena *arena,
	uint64_t sequence)
{
	static uint8_t clear[ALM_PAYLOAD_BYTES_MAX];
	static uint8_t packed[ALM_PAYLOAD_BYTES_MAX];
	static size_t bytes;
	struct alm_envelope mail = test_rogue_mail(sequence);

	if (bytes == 0) {
		struct alm_zip *zip = alm_zip_new();

		for (size_t i = 0; i < sizeof(clear); i += 32) {
			clear[i] = (uint8_t)rand();
		}
		bytes = alm_zip_pack(
			zip, (struct alm_bytes){clear, sizeof(clear)}, packed);
		cr_assert_gt(bytes, 0);
		alm_zip_free(zip);
	}
	mail.deliver.payload = (struct alm_bytes){packed, bytes};
	mail.deliver.encoding = ALM_ENCODING_ZSTD;
	cr_assert_eq(alm_frame_add(frame, &mail, arena), ALM_OK);
}

Test(agents_rogue, mail_beyond_all_credit_fills_no_memory)
{
	struct alm_frame_builder frame;
	struct alm_arena arena;
	uint64_t sequence = 0;

	test_rogue_greet(&rogue, client);
	alm_arena_init(&arena, 64 * ALM_PAYLOAD_BYTES_MAX);
	alm_frame_init(&frame, ALM_FRAME_BYTES_MAX);
	for (unsigned i = 0; i < 40; i++) {
		alm_frame_reset(&frame);
		alm_arena_reset(&arena);
		for (unsigned j = 0; j < 20; j++) {
			add_bomb(&frame, &arena, ++sequence);
		}
		(void)test_rogue_say_bytes(&rogue, alm_frame_bytes(&frame));
		test_client_work(client, 0);
	}
	while (!alm_events_are_full(&client->events)) {
		test_client_work(client, SOON_MS);
	}
	for (unsigned i = 0; i < 20; i++) {
		test_client_work(client, SOON_MS);
	}
	cr_assert_lt(client->events.bytes, 2 * ALM_EVENTS_BYTES_MAX);
	/* A call that waits says why, and goes on once there is room. */
	cr_assert_eq(alm_client_wait_ready(client, WAIT_MS), 0);
	cr_assert_eq(alm_acknowledge_wait(client, 1, NULL, WAIT_MS),
		ALM_CODE_WINDOW_FULL);
	for (struct alm_event *event;
		(event = event_of(ALM_EVENT_DELIVERY)) != NULL;) {
		alm_event_free(event);
	}
	cr_assert_eq(client->events.bytes, 0);
	alm_frame_fini(&frame);
	alm_arena_fini(&arena);
}

Test(agents_rogue, problems_that_nobody_takes_do_not_stop_the_mail)
{
	struct alm_envelope error = {.kind = ALM_ENVELOPE_ERROR,
		.error = {.detail = "again", .nearest = ""}};

	test_rogue_greet(&rogue, client);
	for (unsigned i = 0; i < ALM_EVENTS_MAX + 100; i++) {
		error.error.code = i % 2 == 0 ? ALM_INTERNAL : ALM_NOMEM;
		say(error);
		if (i % 100 == 0) {
			test_client_work(client, 0);
		}
	}
	test_rogue_settle(&rogue, client);
	cr_assert_leq(client->events.count, ALM_EVENTS_INFORMING_MAX);
	expect_well();
}

Test(agents_rogue, endless_pings_are_answered_and_cost_nothing)
{
	const struct alm_envelope ping = {.kind = ALM_ENVELOPE_PING};

	test_rogue_greet(&rogue, client);
	for (unsigned i = 0; i < 50000; i++) {
		say(ping);
		if (i % 100 == 0) {
			test_client_work(client, 0);
		}
	}
	test_rogue_settle(&rogue, client);
	cr_assert_null(event_of(ALM_EVENT_PROBLEM));
	expect_well();
}

/* --- a broker that does not read ----------------------------------------- */

static void start_large(unsigned count)
{
	static uint8_t payload[ALM_PAYLOAD_BYTES_MAX];
	struct alm_outgoing message = test_outgoing();

	message.payload = payload;
	message.payload_bytes = sizeof(payload);
	for (unsigned i = 0; i < count; i++) {
		const uint8_t seed[randombytes_SEEDBYTES] = {(uint8_t)i};

		randombytes_buf_deterministic(payload, sizeof(payload), seed);
		cr_assert_eq(alm_send_start(client, &message, NULL), 0);
		test_client_work(client, 0);
	}
}

static uint64_t unread_bytes(void)
{
	return client->flow.sent_bytes - client->flow.read_bytes;
}

/* Each time it asks for a hello and welcomes, everything is sent again. */
Test(agents_rogue, a_broker_that_welcomes_for_ever_and_reads_nothing)
{
	const struct alm_envelope again = {.kind = ALM_ENVELOPE_ERROR,
		.error = {.code = ALM_HELLO_REQUIRED,
			.detail = "",
			.nearest = ""}};

	test_rogue_greet(&rogue, client);
	start_large(20);
	for (unsigned i = 0; i < 40; i++) {
		say(again);
		say(test_rogue_welcome());
		test_rogue_settle(&rogue, client); /* it does not say so */
	}
	cr_assert_geq(unread_bytes(), ALM_FLOW_BYTES_MAX);
	cr_assert_leq(unread_bytes(), ALM_FLOW_BYTES_MAX + ALM_FRAME_BYTES_MAX);
}

/* The next ping may go out at any moment from the pong on, so that every one
 * is answered and nothing else is waited for. */
Test(agents_rogue, what_was_read_makes_room_for_more)
{
	int64_t until_ms = test_now_ms() + WAIT_MS;
	const struct alm_envelope *envelope;

	test_rogue_greet(&rogue, client);
	start_large(20);
	cr_assert_geq(unread_bytes(), ALM_FLOW_BYTES_ASKED);
	while (unread_bytes() >= ALM_FLOW_BYTES_ASKED) {
		envelope = test_rogue_next(&rogue);
		if (envelope == NULL) {
			test_client_work(client, 10);
		} else if (envelope->kind == ALM_ENVELOPE_PING) {
			say((struct alm_envelope){.kind = ALM_ENVELOPE_PONG,
				.ping = {.context = envelope->ping.context}});
		}
		cr_assert_lt(test_now_ms(), until_ms, "%llu bytes unread",
			(unsigned long long)unread_bytes());
	}
}

Test(agents_rogue, a_pong_that_was_guessed_makes_no_room)
{
	uint8_t guess[ALM_PING_BYTES_MAX] = {0};

	test_rogue_greet(&rogue, client);
	start_large(8);
	cr_assert(client->flow.is_asked);
	say((struct alm_envelope){.kind = ALM_ENVELOPE_PONG,
		.ping = {.context = {guess, sizeof(guess)}}});
	test_rogue_settle(&rogue, client);
	cr_assert(client->flow.is_asked);
}

/* Only an answer makes room: there is no moment to wake for. */
Test(agents_rogue, what_the_window_does_not_take_waits_for_an_answer)
{
	struct alm_envelope welcome = test_rogue_welcome();

	welcome.welcome.credit = 1;
	start_large(2);
	(void)test_rogue_expect(&rogue, client, ALM_ENVELOPE_HELLO);
	say(welcome);
	(void)test_rogue_expect(&rogue, client, ALM_ENVELOPE_SEND);
	cr_assert_eq(alm_client_process(client), 0);
	cr_assert_eq(client->outbox.counts[ALM_PENDING_QUEUED], 1);
	cr_assert_eq(client->gather_until_ms, 0);
}
