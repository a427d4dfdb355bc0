/*
 * Goal: the library against a real broker: every message gets one receipt and
 * arrives once, whatever is killed; wrong keys and a second process are told.
 */
#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agents/client/client.h"
#include "tests/support/client.h"

#define SENDS 300u
/* Shorter, in all, than the wait after which the library asks again by itself;
 * many short waits, as the whole machine may stand still in one of them. */
#define SOON_MS 100
#define SOON_COUNT 3000u
#define WAIT_MS 300000 /* where it does not matter */

static struct test_broker broker;
static struct test_peer sender; /* for keys and registration only */
static struct test_peer receiver;

static void open_all(void)
{
	test_broker_open(&broker, "acknowledge-timeout: 1s\n");
	test_broker_activate(&broker, test_policy);
	test_peer_enrol(&sender, &broker, "RX1");
	test_peer_enrol(&receiver, &broker, "C84001");
}

static void close_all(void)
{
	test_peer_free(&sender);
	test_peer_free(&receiver);
	test_broker_close(&broker);
}

TestSuite(agents_client, .init = open_all, .fini = close_all, .timeout = 1800);

static struct alm_client *open_client(const struct test_peer *peer)
{
	const struct alm_client_options options =
		test_client_options(&broker, peer);

	return test_client_open(&options);
}

static struct alm_outgoing message_of(const char *payload)
{
	struct alm_outgoing message = test_outgoing();

	message.payload = payload;
	message.payload_bytes = strlen(payload);
	return message;
}

static bool is_readable_soon(const struct alm_client *client)
{
	struct pollfd item = {.fd = alm_client_fd(client), .events = POLLIN};

	for (unsigned i = 0; i < SOON_COUNT; i++) {
		if (poll(&item, 1, SOON_MS) == 1) {
			return true;
		}
	}
	return false;
}

/** Wait for the descriptor, process, and take one event; NULL if none. */
static struct alm_event *next_event(struct alm_client *client)
{
	cr_assert(is_readable_soon(client), "nothing came");
	cr_assert_eq(alm_client_process(client), 0);
	return alm_client_next_event(client);
}

Test(agents_client, sends_receives_acknowledges_and_asks)
{
	struct alm_client *from = open_client(&sender);
	struct alm_client *to = open_client(&receiver);
	struct alm_outgoing message = message_of("hello");
	struct alm_receipt_view *receipt = NULL;
	struct alm_delivery *mail = NULL;
	struct alm_table *table = NULL;
	struct alm_pair argument = {"id", "C84001"};

	cr_assert_eq(alm_send(from, &message, WAIT_MS, &receipt), 0);
	cr_assert_eq(receipt->code, 0, "%s", receipt->name);
	cr_assert_eq(alm_receive(to, WAIT_MS, &mail), 0);
	cr_assert_eq(memcmp(mail->id, receipt->id, 16), 0);
	cr_assert_eq(mail->payload_bytes, 5);
	cr_assert_eq(memcmp(mail->payload, "hello", 5), 0);
	cr_assert_eq(
		alm_acknowledge_wait(to, mail->sequence, NULL, WAIT_MS), 0);
	cr_assert_eq(
		alm_ask(from, "org.find", &argument, 1, WAIT_MS, &table), 0);
	cr_assert_eq(table->code, 0, "%s", table->detail);
	alm_table_free(table);
	alm_delivery_free(mail);
	alm_receipt_free(receipt);
	alm_client_close(to);
	alm_client_close(from);
}

Test(agents_client, mail_for_an_agent_that_has_closed_waits_for_the_next)
{
	struct alm_client *from = open_client(&sender);
	struct alm_client *to = open_client(&receiver);
	struct alm_outgoing message = message_of("see you tomorrow");
	struct alm_receipt_view *receipt = NULL;
	struct alm_delivery *mail = NULL;

	cr_assert_eq(alm_client_wait_ready(to, WAIT_MS), 0);
	alm_client_close(to);
	cr_assert_eq(alm_send(from, &message, WAIT_MS, &receipt), 0);
	cr_assert_eq(receipt->code, 0, "%s", receipt->name);
	to = open_client(&receiver);
	cr_assert_eq(alm_receive(to, WAIT_MS, &mail), 0);
	cr_assert_not(mail->is_repeat, "it was handed to a dead connection");
	cr_assert_eq(mail->attempt, 1);
	alm_delivery_free(mail);
	alm_receipt_free(receipt);
	alm_client_close(to);
	alm_client_close(from);
}

Test(agents_client, a_rejection_comes_back_as_a_notice)
{
	struct alm_client *from = open_client(&sender);
	struct alm_client *to = open_client(&receiver);
	struct alm_outgoing message = message_of("wrong door");
	struct alm_receipt_view *receipt = NULL;
	struct alm_delivery *mail = NULL;
	bool is_noticed = false;

	cr_assert_eq(alm_send(from, &message, WAIT_MS, &receipt), 0);
	cr_assert_eq(alm_receive(to, WAIT_MS, &mail), 0);
	cr_assert_eq(alm_acknowledge_wait(
			     to, mail->sequence, "not our patient", WAIT_MS),
		0);
	while (!is_noticed) {
		struct alm_event *event = next_event(from);

		if (event != NULL && event->notice != NULL) {
			cr_assert_str_eq(event->notice->kind, "rejected");
			cr_assert_str_eq(
				event->notice->reason, "not our patient");
			cr_assert_eq(
				memcmp(event->notice->id, receipt->id, 16), 0);
			is_noticed = true;
		}
		alm_event_free(event);
	}
	alm_delivery_free(mail);
	alm_receipt_free(receipt);
	alm_client_close(to);
	alm_client_close(from);
}

/** Take receipts until every message has its one. */
static void take_receipts(struct alm_client *from, uint8_t (*ids)[16])
{
	static unsigned receipts[SENDS];
	time_t until = time(NULL) + 900;
	unsigned total = 0;

	while (total < SENDS) {
		struct alm_event *event = next_event(from);

		cr_assert_lt(time(NULL), until, "%u receipts", total);

		if (event != NULL && event->receipt != NULL) {
			cr_assert_eq(event->receipt->code, 0);
			for (unsigned i = 0; i < SENDS; i++) {
				if (memcmp(ids[i], event->receipt->id, 16) ==
					0) {
					cr_assert_eq(receipts[i]++, 0);
				}
			}
			total++;
		}
		alm_event_free(event);
	}
}

Test(agents_client, every_message_arrives_once_though_the_broker_is_killed)
{
	static uint8_t ids[SENDS][16];
	static unsigned seen[SENDS];
	struct alm_client *from = open_client(&sender);
	struct alm_client *to = open_client(&receiver);
	unsigned distinct = 0;

	cr_assert_eq(alm_client_wait_ready(from, WAIT_MS), 0);
	for (unsigned i = 0; i < SENDS; i++) {
		char payload[32];
		struct alm_outgoing message;

		snprintf(payload, sizeof(payload), "%u", i);
		message = message_of(payload);
		cr_assert_eq(alm_send_start(from, &message, ids[i]), 0);
		if (i == SENDS / 3) {
			/* The broker will have these and never answer. */
			cr_assert_eq(kill(broker.pid, SIGSTOP), 0);
		}
		if (i % 50 == 0) {
			cr_assert_eq(alm_client_process(from), 0);
		}
	}
	cr_assert_eq(alm_client_process(from), 0);
	test_broker_kill(&broker);
	test_broker_start(&broker);
	take_receipts(from, ids);
	while (distinct < SENDS) {
		struct alm_delivery *mail = NULL;
		unsigned number = SENDS;

		cr_assert_eq(alm_receive(to, WAIT_MS, &mail), 0);
		cr_assert_eq(
			sscanf((const char *)mail->payload, "%u", &number), 1);
		cr_assert_lt(number, SENDS);
		distinct += seen[number]++ == 0;
		cr_assert_eq(alm_acknowledge(to, mail->sequence, NULL), 0);
		alm_delivery_free(mail);
	}
	alm_client_close(to);
	alm_client_close(from);
}

Test(agents_client, the_same_id_with_other_content_is_a_conflict)
{
	struct alm_client *from = open_client(&sender);
	struct alm_outgoing one = message_of("one");
	struct alm_outgoing two = message_of("two");
	struct alm_receipt_view *receipt = NULL;
	uint8_t id[16];

	alm_make_id(id);
	one.id = two.id = id;
	cr_assert_eq(alm_send_start(from, &one, NULL), 0);
	cr_assert_eq(alm_send_start(from, &one, NULL), 0);
	cr_assert_eq(
		alm_send_start(from, &two, NULL), ALM_CODE_MESSAGE_ID_CONFLICT);
	cr_assert_eq(alm_send(from, &one, WAIT_MS, &receipt), 0);
	cr_assert_eq(receipt->code, 0);
	alm_receipt_free(receipt);
	cr_assert_eq(alm_send(from, &two, WAIT_MS, &receipt), 0);
	cr_assert_eq(receipt->code, ALM_CODE_MESSAGE_ID_CONFLICT);
	alm_receipt_free(receipt);
	alm_client_close(from);
}

/** Queue what the library would never make: no broker can read it. */
static void start_unreadable(struct alm_client *client, uint8_t n)
{
	const struct alm_bytes bytes = {(const uint8_t *)"\xff\xff", 2};
	struct alm_message_id id = {{0}};
	uint8_t sha256[ALM_DIGEST_BYTES];

	id.raw[15] = n;
	alm_hash_bytes(client->hash, bytes, sha256);
	cr_assert_eq(alm_outbox_add(&client->outbox, &id, sha256, bytes,
			     (struct alm_bytes){NULL, 0}),
		ALM_OK);
}

Test(agents_client, an_unreadable_message_is_refused_and_holds_up_no_other)
{
	struct alm_client *from = open_client(&sender);
	struct alm_outgoing message = message_of("fine");
	size_t accepted = 0;
	size_t refused = 0;

	cr_assert_eq(alm_client_wait_ready(from, WAIT_MS), 0);
	for (uint8_t n = 0; n < 20; n++) {
		cr_assert_eq(alm_send_start(from, &message, NULL), 0);
		if (n % 8 == 3) {
			start_unreadable(from, n);
		}
	}
	while (accepted + refused < 23) {
		struct alm_event *event = next_event(from);

		if (event != NULL && event->receipt != NULL) {
			bool is_fine = event->receipt->code == 0;

			cr_assert(is_fine ||
				  event->receipt->code == ALM_MALFORMED);
			accepted += is_fine ? 1 : 0;
			refused += is_fine ? 0 : 1;
		}
		alm_event_free(event);
	}
	cr_assert_eq(accepted, 20);
	cr_assert_eq(refused, 3);
	cr_assert_eq(test_broker_figure(&broker, "accepted"), 20);
	cr_assert_eq(from->outbox.count, 0);
	alm_client_close(from);
}

Test(agents_client, an_unregistered_key_is_told_at_once)
{
	struct test_peer stranger;
	struct alm_client *client;

	test_peer_make(&stranger, "RX1");
	client = open_client(&stranger);
	cr_assert_eq(
		alm_client_wait_ready(client, WAIT_MS), ALM_CODE_BROKER_KEY);
	alm_client_close(client);
	test_peer_free(&stranger);
}

/* Why it is not ready is told when the time is over: a slow machine gets
 * longer to find out. */
static void is_kept_out(struct alm_client *client, int wanted)
{
	int code = ALM_CODE_TIMEOUT;

	for (int wait_ms = 250; wait_ms < 60000 && code != wanted;
		wait_ms *= 2) {
		code = alm_client_wait_ready(client, wait_ms);
		cr_assert_neq(code, 0);
	}
	cr_assert_eq(code, wanted);
}

Test(agents_client, another_brokers_key_is_told)
{
	struct alm_client_options options =
		test_client_options(&broker, &sender);
	struct alm_client *client = NULL;

	options.broker_key = receiver.curve_public;
	cr_assert_eq(alm_client_open_with(&options, &client, NULL, 0), 0);
	is_kept_out(client, ALM_CODE_BROKER_KEY);
	alm_client_close(client);
}

Test(agents_client, nobody_there_is_unreachable)
{
	struct alm_client_options options =
		test_client_options(&broker, &sender);
	struct alm_client *client = NULL;
	char endpoint[PATH_MAX + 16];

	snprintf(endpoint, sizeof(endpoint), "ipc://%s/none", broker.folder);
	options.endpoint = endpoint;
	cr_assert_eq(alm_client_open_with(&options, &client, NULL, 0), 0);
	is_kept_out(client, ALM_CODE_UNREACHABLE);
	alm_client_close(client);
}

/* Its socket takes connections, as the kernel does that for it. */
Test(agents_client, a_broker_that_does_not_answer_is_not_taken_for_another)
{
	struct alm_client_status status = {.detail = ""};
	struct alm_client *client;

	cr_assert_eq(kill(broker.pid, SIGSTOP), 0);
	client = open_client(&sender);
	while (strstr(status.detail, "does not answer") == NULL) {
		cr_assert_eq(alm_client_wait_ready(client, 1000),
			ALM_CODE_UNREACHABLE);
		alm_client_get_status(client, &status);
	}
	cr_assert_eq(kill(broker.pid, SIGCONT), 0);
	cr_assert_eq(alm_client_wait_ready(client, WAIT_MS), 0);
	alm_client_close(client);
}

Test(agents_client, the_first_process_stops_when_a_second_takes_over)
{
	struct alm_client *first = open_client(&sender);
	struct alm_client *second = NULL;
	struct alm_delivery *mail = NULL;

	cr_assert_eq(alm_client_wait_ready(first, WAIT_MS), 0);
	second = open_client(&sender);
	cr_assert_eq(alm_client_wait_ready(second, WAIT_MS), 0);
	cr_assert_eq(alm_receive(first, WAIT_MS, &mail), ALM_CODE_SUPERSEDED);
	cr_assert_eq(alm_client_process(first), ALM_CODE_SUPERSEDED);
	alm_client_close(first);
	alm_client_close(second);
}

Test(agents_client, a_bad_word_or_text_is_refused_before_it_is_sent)
{
	struct alm_client *from = open_client(&sender);
	struct alm_outgoing message = message_of("x");

	message.level = "naked";
	cr_assert_eq(
		alm_send_start(from, &message, NULL), ALM_CODE_BAD_ARGUMENT);
	message = message_of("x");
	message.basis = "two\nlines";
	cr_assert_neq(alm_send_start(from, &message, NULL), 0);
	alm_client_close(from);
}

/** Start one and have the client work. */
static void start_one(struct alm_client *client)
{
	struct alm_outgoing message = message_of("content");

	cr_assert_eq(alm_send_start(client, &message, NULL), 0);
	cr_assert_eq(alm_client_process(client), 0);
}

static void await_receipts(struct alm_client *client, unsigned count)
{
	while (count > 0) {
		struct alm_event *event = next_event(client);

		while (event != NULL) {
			count -= event->kind == ALM_EVENT_RECEIPT ? 1 : 0;
			alm_event_free(event);
			event = alm_client_next_event(client);
		}
	}
}

Test(agents_client, sends_gather_while_an_answer_is_awaited)
{
	struct alm_client *client = open_client(&sender);
	const struct alm_outbox *outbox = &client->outbox;
	struct alm_answer answer;

	cr_assert_eq(alm_client_wait_ready(client, WAIT_MS), 0);
	cr_assert_eq(kill(broker.pid, SIGSTOP), 0);
	start_one(client);
	cr_expect_eq(outbox->counts[ALM_PENDING_SENT], 1, "it waited");
	client->gather_until_ms = INT64_MAX; /* however slow the machine is */
	start_one(client);
	start_one(client);
	start_one(client);
	cr_expect_eq(outbox->counts[ALM_PENDING_SENT], 1);
	cr_expect_eq(outbox->counts[ALM_PENDING_QUEUED], 3);
	cr_assert_eq(kill(broker.pid, SIGCONT), 0);
	await_receipts(client, 4);
	answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){"kind", "accepted", "reveal", "yes",
			"reason", "a test", NULL});
	cr_assert_eq(answer.row_count, 4);
	cr_expect_not_null(
		strstr(test_cell(&answer, 0, "signature"), "leaf=0/1;"));
	cr_expect_not_null(
		strstr(test_cell(&answer, 3, "signature"), "leaf=2/3;"));
	alm_client_close(client);
}

Test(agents_client, sends_do_not_gather_for_long)
{
	struct alm_client *client = open_client(&sender);
	const struct alm_outbox *outbox = &client->outbox;

	cr_assert_eq(alm_client_wait_ready(client, WAIT_MS), 0);
	cr_assert_eq(kill(broker.pid, SIGSTOP), 0);
	start_one(client);
	start_one(client);
	while (outbox->counts[ALM_PENDING_QUEUED] > 0) {
		cr_assert(is_readable_soon(client), "it never woke");
		cr_assert_eq(alm_client_process(client), 0);
	}
	cr_expect_eq(outbox->counts[ALM_PENDING_SENT], 2);
	cr_assert_eq(kill(broker.pid, SIGCONT), 0);
	await_receipts(client, 2);
	alm_client_close(client);
}

/* Whoever reads many connections deciphers one whole frame at a time. */
Test(agents_client, one_signature_covers_several_frames)
{
	static char text[1025];
	struct alm_client *client = open_client(&sender);
	struct alm_outgoing message;
	struct alm_answer answer;

	memset(text, 'x', sizeof(text) - 1);
	message = message_of(text);
	cr_assert_eq(alm_client_wait_ready(client, WAIT_MS), 0);
	for (unsigned i = 0; i < ALM_FRAME_ENVELOPES_MAX; i++) {
		cr_assert_eq(alm_send_start(client, &message, NULL), 0);
	}
	cr_assert_eq(alm_client_process(client), 0);
	cr_expect_leq(client->frame.bytes_capacity, 2 * ALM_FRAME_BYTES_USUAL,
		"a frame was larger");
	await_receipts(client, ALM_FRAME_ENVELOPES_MAX);
	answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){"kind", "accepted", "reveal", "yes",
			"limit", "1", "reverse", "yes", "reason", "a test",
			NULL});
	cr_assert_eq(answer.row_count, 1);
	cr_expect_not_null(
		strstr(test_cell(&answer, 0, "signature"), "leaf=255/256;"));
	alm_client_close(client);
}
