/*
 * Goal: a message for which there is no room is not the caller's trouble: the
 * library tells of it, tries on, in order, until there is room or the message
 * expires, and holds up no other.
 */
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "agents/include/almoner.h"
#include "lib/err.h"
#include "tests/support/peer.h"

#define WAIT_MS 300000

static struct test_broker broker;
static struct test_peer sender;
static struct test_peer practice;
static struct alm_client *client;

static void open_all(void)
{
	struct alm_client_options options;
	char error[512];

	test_broker_open(&broker, "mailbox-messages-max: 1\n");
	test_broker_activate(&broker, test_policy);
	test_peer_make(&sender, "RX1");
	test_peer_register(&sender, &broker, "agent");
	test_peer_make(&practice, "C84001");
	test_peer_register(&practice, &broker, "agent");
	options = (struct alm_client_options){.endpoint = broker.endpoint,
		.broker_key = broker.public_key,
		.organisation = "RX1",
		.agent = "agent",
		.curve_key = sender.curve_secret,
		.signing_key = sender.signing_secret};
	cr_assert_eq(
		alm_client_open_with(&options, &client, error, sizeof(error)),
		0, "%s", error);
}

static void close_all(void)
{
	alm_client_close(client);
	test_peer_free(&sender);
	test_peer_free(&practice);
	test_broker_close(&broker);
}

TestSuite(agents_room, .init = open_all, .fini = close_all, .timeout = 1800);

static struct alm_outgoing message_to(const char *recipient)
{
	static const char *const categories[] = {"discharge"};

	return (struct alm_outgoing){.recipient = recipient,
		.purpose = "direct-care",
		.categories = categories,
		.category_count = 1,
		.level = "identifiable",
		.subject = "9990000018",
		.payload = "content",
		.payload_bytes = 7};
}

static void send_to(const char *recipient, uint8_t id[16])
{
	const struct alm_outgoing message = message_to(recipient);

	cr_assert_eq(alm_send_start(client, &message, id), 0);
}

/* The next event of that kind; others are passed over. */
static struct alm_event *expect(enum alm_event_kind kind)
{
	for (;;) {
		struct pollfd item = {
			.fd = alm_client_fd(client), .events = POLLIN};
		struct alm_event *event = alm_client_next_event(client);

		if (event == NULL) {
			cr_assert_eq(poll(&item, 1, WAIT_MS), 1, "nothing");
			cr_assert_eq(alm_client_process(client), 0);
		} else if (event->kind == kind) {
			return event;
		} else {
			cr_assert_neq(event->kind, ALM_EVENT_RECEIPT, "code %d",
				event->code);
			alm_event_free(event);
		}
	}
}

static void expect_receipt(const uint8_t id[16], int code)
{
	struct alm_event *event = expect(ALM_EVENT_RECEIPT);

	cr_expect_eq(event->code, code, "%d", event->code);
	cr_expect_eq(memcmp(event->receipt->id, id, 16), 0, "another message");
	alm_event_free(event);
}

static void expect_delay(const uint8_t id[16], int code)
{
	struct alm_event *event = expect(ALM_EVENT_DELAYED);

	cr_expect_eq(event->code, code, "%d", event->code);
	cr_expect_eq(memcmp(event->delayed->id, id, 16), 0, "another message");
	cr_expect_gt(event->delayed->retry_after_ms, 0);
	cr_expect_eq(event->receipt, NULL);
	alm_event_free(event);
}

static void take_one(const uint8_t id[16])
{
	const struct alm_envelope *mail =
		test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);

	cr_expect_eq(memcmp(mail->deliver.message_id.raw, id, 16), 0,
		"another message");
	test_peer_acknowledge(&practice, mail->deliver.sequence, NULL);
	(void)test_peer_expect(&practice, ALM_ENVELOPE_ACKNOWLEDGED);
}

Test(agents_room, a_full_mailbox_delays_and_holds_up_no_other)
{
	uint8_t ids[4][16];

	for (unsigned i = 0; i < 2; i++) {
		send_to("C84001", ids[i]);
	}
	expect_receipt(ids[0], 0);
	expect_delay(ids[1], ALM_MAILBOX_FULL);
	send_to("C84001", ids[2]); /* behind it */
	send_to("RHA", ids[3]);
	expect_receipt(ids[3], 0);
	test_peer_connect(&practice, &broker);
	test_peer_hello(&practice, 1);
	take_one(ids[0]);
	expect_receipt(ids[1], 0);
	take_one(ids[1]);
	expect_receipt(ids[2], 0);
	take_one(ids[2]);
}

Test(agents_room, what_expires_before_the_next_try_is_refused)
{
	struct alm_outgoing message = message_to("C84001");
	struct alm_event *event;
	uint8_t ids[2][16];
	int code;

	send_to("C84001", ids[0]);
	expect_receipt(ids[0], 0);
	do { /* again, where the machine stood still until it had expired */
		message.expires_ms = test_now_ms() + 4000;
		cr_assert_eq(alm_send_start(client, &message, ids[1]), 0);
		event = expect(ALM_EVENT_RECEIPT);
		code = event->code;
		cr_expect_eq(memcmp(event->receipt->id, ids[1], 16), 0);
		alm_event_free(event);
	} while (code == (int)ALM_ALREADY_EXPIRED);
	cr_expect_eq(code, (int)ALM_MAILBOX_FULL, "%d", code);
}

Test(agents_room, a_caller_who_waits_is_told_why)
{
	struct alm_outgoing message = message_to("C84001");
	struct alm_receipt_view *receipt = NULL;
	int code = ALM_CODE_TIMEOUT;
	uint8_t id[16];

	alm_make_id(id);
	message.id = id;
	cr_assert_eq(alm_send(client, &message, WAIT_MS, &receipt), 0);
	alm_receipt_free(receipt);
	alm_make_id(id);
	/* When the time is over: a slow machine gets longer. */
	for (int wait_ms = 2000; wait_ms < WAIT_MS && code == ALM_CODE_TIMEOUT;
		wait_ms *= 2) {
		code = alm_send(client, &message, wait_ms, &receipt);
	}
	cr_expect_eq(code, (int)ALM_MAILBOX_FULL);
	test_peer_connect(&practice, &broker);
	test_peer_hello(&practice, 8);
	cr_assert_eq(alm_send(client, &message, 0, &receipt),
		(int)ALM_MAILBOX_FULL, "it still waits");
	test_peer_acknowledge(&practice,
		test_peer_expect(&practice, ALM_ENVELOPE_DELIVER)
			->deliver.sequence,
		NULL);
	cr_assert_eq(alm_send(client, &message, WAIT_MS, &receipt), 0);
	cr_expect_eq(receipt->code, 0);
	alm_receipt_free(receipt);
}

Test(agents_room, is_given_back_to_who_asks_for_it)
{
	uint8_t ids[2][16];

	alm_client_give_back(client, true);
	for (unsigned i = 0; i < 2; i++) {
		send_to("C84001", ids[i]);
	}
	expect_receipt(ids[0], 0);
	expect_receipt(ids[1], ALM_MAILBOX_FULL);
}
