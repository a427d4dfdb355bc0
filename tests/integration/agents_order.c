/*
 * Goal: what a client starts first is accepted first, whatever the broker
 * refuses for the moment and whenever the connection ends; nothing that was
 * started later goes out before it.  Mail is shown in its order as well.
 * Method: a process with the broker's key that refuses what the test says.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "agents/client/client.h"
#include "tests/support/client.h"
#include "tests/support/rogue.h"

#define CREDIT 16u
#define SENDS 6u

static struct test_rogue rogue;
static struct test_peer own; /* for its keys */
static struct alm_client *client;
static struct alm_message_id ids[SENDS];

static void open_all(void)
{
	test_rogue_open(&rogue, 0);
	test_peer_make(&own, "RX1");
	client = test_rogue_client(&rogue, &own, CREDIT, false);
	test_rogue_greet(&rogue, client);
}

static void close_all(void)
{
	alm_client_close(client);
	test_peer_free(&own);
	test_rogue_close(&rogue);
}

TestSuite(agents_order, .init = open_all, .fini = close_all, .timeout = 1800);

/* --- what is started, refused and expected -------------------------------- */

static void start(size_t first, size_t end)
{
	for (size_t i = first; i < end; i++) {
		struct alm_outgoing message = test_outgoing();

		cr_assert_eq(alm_send_start(client, &message, ids[i].raw), 0);
	}
}

static struct alm_message_id id_of(const struct alm_envelope *envelope)
{
	struct alm_message message;
	struct alm_arena arena;

	alm_arena_init(&arena, ALM_MESSAGE_BYTES_MAX * 8);
	cr_assert_eq(alm_wire_decode_message(
			     envelope->send.message, &arena, &message, NULL),
		ALM_OK);
	alm_arena_fini(&arena);
	return message.id;
}

/** The sends that come next are these, in this order. */
static void expect_sends(size_t first, size_t end)
{
	for (size_t i = first; i < end; i++) {
		const struct alm_envelope *envelope =
			test_rogue_expect(&rogue, client, ALM_ENVELOPE_SEND);
		struct alm_message_id id = id_of(envelope);

		cr_assert_arr_eq(id.raw, ids[i].raw, sizeof(id.raw),
			"another than message %zu", i);
	}
}

static void expect_no_send(void)
{
	const struct alm_envelope *envelope;

	test_rogue_settle(&rogue, client);
	while ((envelope = test_rogue_next(&rogue)) != NULL) {
		cr_assert_neq(envelope->kind, ALM_ENVELOPE_SEND);
	}
}

static void refuse(size_t i, enum alm_err code)
{
	const struct alm_envelope receipt = {.kind = ALM_ENVELOPE_RECEIPT,
		.receipt = {.message_id = ids[i],
			.refused = {.code = code,
				.detail = "",
				.nearest = "",
				.retry_after_ms = 200}}};

	test_rogue_say(&rogue, &receipt);
}

static void accept_one(size_t i)
{
	const struct alm_envelope receipt = {.kind = ALM_ENVELOPE_RECEIPT,
		.receipt = {.message_id = ids[i],
			.is_accepted = true,
			.accepted = {.sequence = i + 1,
				.basis = "DSA-CARE",
				.level = ALM_WIRE_LEVEL_IDENTIFIABLE}}};

	test_rogue_say(&rogue, &receipt);
}

/* The broker forgets the session, as one does that was started again. */
static void greet_again(void)
{
	const struct alm_envelope error = {.kind = ALM_ENVELOPE_ERROR,
		.error = {.code = ALM_HELLO_REQUIRED, .detail = ""}};

	test_rogue_say(&rogue, &error);
	test_rogue_greet(&rogue, client);
}

/* --- tests ---------------------------------------------------------------- */

Test(agents_order, what_a_draining_broker_refused_goes_before_what_is_new)
{
	start(0, 4);
	expect_sends(0, 4);
	for (size_t i = 0; i < 4; i++) {
		refuse(i, ALM_DRAINING);
	}
	test_rogue_settle(&rogue, client);
	start(4, SENDS);
	greet_again();
	expect_sends(0, SENDS);
}

Test(agents_order, what_is_new_waits_behind_one_that_was_refused)
{
	start(0, 2);
	expect_sends(0, 2);
	refuse(0, ALM_BUSY);
	test_rogue_settle(&rogue, client);
	start(2, 4);
	expect_no_send(); /* the second may be refused as well */
	refuse(1, ALM_BUSY);
	(void)test_rogue_expect(&rogue, client, ALM_ENVELOPE_HELLO);
	expect_sends(0, 4); /* without a welcome: it is known */
}

Test(agents_order, a_hello_asks_that_nothing_is_let_past)
{
	const struct alm_envelope error = {.kind = ALM_ENVELOPE_ERROR,
		.error = {.code = ALM_HELLO_REQUIRED, .detail = ""}};

	test_rogue_say(&rogue, &error);
	cr_expect(test_rogue_expect(&rogue, client, ALM_ENVELOPE_HELLO)
			  ->hello.keeps_order);
}

Test(agents_order, what_was_taken_behind_a_refused_one_is_not_sent_again)
{
	start(0, 3);
	expect_sends(0, 3);
	accept_one(1);
	refuse(0, ALM_MULTICAST_BUSY);
	refuse(2, ALM_OVER_QUOTA);
	test_rogue_settle(&rogue, client);
	start(3, 4);
	expect_sends(0, 1);
	expect_sends(2, 4);
}

Test(agents_order, a_hello_in_between_keeps_the_order)
{
	const struct alm_envelope welcome = test_rogue_welcome();

	start(0, 3);
	expect_sends(0, 3);
	refuse(0, ALM_HELLO_REQUIRED);
	refuse(1, ALM_HELLO_REQUIRED);
	(void)test_rogue_expect(&rogue, client, ALM_ENVELOPE_HELLO);
	start(3, SENDS);
	test_rogue_say(&rogue, &welcome);
	expect_sends(0, SENDS);
}

static void say_mail(uint64_t first, size_t count)
{
	struct alm_frame_builder frame;
	struct alm_arena arena;

	alm_arena_init(&arena, (size_t)1 << 20);
	alm_frame_init(&frame, ALM_FRAME_BYTES_MAX);
	for (size_t i = 0; i < count; i++) {
		const struct alm_envelope mail = test_rogue_mail(first + i);

		cr_assert_eq(alm_frame_add(&frame, &mail, &arena), ALM_OK);
	}
	cr_assert(test_rogue_say_bytes(&rogue, alm_frame_bytes(&frame)));
	alm_frame_fini(&frame);
	alm_arena_fini(&arena);
}

static struct alm_event *next_event(void)
{
	struct alm_event *event;

	while ((event = alm_client_next_event(client)) == NULL) {
		test_client_work(client, 1);
	}
	return event;
}

/* The first mail, having passed over what tells of the connection. */
static uint64_t next_mail(void)
{
	struct alm_event *event = next_event();
	uint64_t sequence;

	while (event->kind != ALM_EVENT_DELIVERY) {
		alm_event_free(event);
		event = next_event();
	}
	sequence = event->delivery->sequence;
	alm_event_free(event);
	return sequence;
}

/* That a connection is lost can be heard before all that came is read; what
 * was read and not shown is dropped then. */
Test(agents_order, what_a_lost_connection_left_unread_is_not_shown)
{
	say_mail(1, 2);
	test_rogue_settle(&rogue, client);
	alm_session_lost(client);
	say_mail(3, 1);
	test_rogue_settle(&rogue, client);
	test_rogue_hang_up(&rogue);
	test_rogue_greet(&rogue, client);
	say_mail(1, 3);
	for (uint64_t sequence = 1; sequence <= 3; sequence++) {
		cr_assert_eq(next_mail(), sequence);
	}
}
