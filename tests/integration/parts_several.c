/*
 * Goal: a payload in parts that goes to several is stored once, each of its
 * recipients gets it at its own pace, and it is gone when the last of them has
 * taken or lost it: by acknowledging, rejecting, expiry or a stop, as a dead
 * letter, at a deputy, and whenever the broker is killed.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/client.h"
#include "tests/support/large.h"

#define WAIT_MS 300000
#define PAYLOAD_BYTES ((uint64_t)5 * 1024 * 1024 + 345)
#define PARTS 21u

static struct test_broker broker;
static struct test_peer trust; /* keys */
static struct test_peer practice;
static struct test_peer second;
static struct alm_source source = {
	.read = test_large_read, .bytes = PAYLOAD_BYTES};

static void open_all(void)
{
	test_broker_open(&broker, "acknowledge-timeout: 1h\n");
	test_broker_activate(&broker, test_policy);
	test_peer_enrol(&trust, &broker, "RX1");
	test_peer_enrol(&practice, &broker, "C84001");
	test_peer_enrol(&second, &broker, "RHA");
}

static void close_all(void)
{
	test_peer_free(&trust);
	test_peer_free(&practice);
	test_peer_free(&second);
	test_broker_close(&broker);
}

TestSuite(parts_several, .init = open_all, .fini = close_all, .timeout = 1800);

/* --- both ends ------------------------------------------------------------ */

static const char *const everybody[] = {"C84001", "RHA", "CHA"};

static struct alm_outgoing message_to(
	const char *const *addresses, size_t address_count)
{
	struct alm_outgoing message = test_outgoing();

	message.recipient = NULL;
	message.recipients = addresses;
	message.recipient_count = address_count;
	message.source = &source;
	return message;
}

static const struct alm_recipient_outcome *outcome_of(
	const struct alm_receipt_view *receipt, const char *recipient)
{
	for (size_t i = 0; i < receipt->outcome_count; i++) {
		if (strcmp(receipt->outcomes[i].recipient, recipient) == 0) {
			return &receipt->outcomes[i];
		}
	}
	cr_assert(false, "no outcome of %s", recipient);
	return NULL;
}

static struct alm_receipt_view *send_to(struct alm_outgoing *message)
{
	struct alm_client *from = test_client_in_parts(&broker, &trust);
	struct alm_receipt_view *receipt = NULL;

	cr_assert_eq(alm_send(from, message, WAIT_MS, &receipt), 0);
	alm_client_close(from);
	return receipt;
}

/* With a deadline that passes soon, but after the acceptance: a slow machine
 * gets longer. */
static struct alm_receipt_view *send_shortly(struct alm_outgoing *message)
{
	struct alm_receipt_view *receipt = NULL;
	int64_t wait_ms = 2500;

	do {
		alm_receipt_free(receipt);
		message->deadline_ms = test_now_ms() + wait_ms;
		receipt = send_to(message);
		wait_ms *= 2;
	} while (receipt->code != 0 && wait_ms < 200000);
	return receipt;
}

/* To the practice and the second trust; the charity may not have it. */
static void send_accepted(bool has_deadline)
{
	struct alm_outgoing message = message_to(everybody, 3);
	struct alm_receipt_view *receipt =
		has_deadline ? send_shortly(&message) : send_to(&message);

	cr_assert_eq(receipt->code, 0, "%s %s", receipt->name, receipt->detail);
	cr_assert_eq(receipt->outcome_count, 3);
	cr_expect_eq(outcome_of(receipt, "C84001")->code, 0);
	cr_expect_eq(outcome_of(receipt, "RHA")->code, 0);
	cr_expect_neq(outcome_of(receipt, "CHA")->code, 0);
	alm_receipt_free(receipt);
	cr_expect_eq(test_broker_figure(&broker, "parts-stored"), PARTS);
}

static struct alm_delivery *receive(struct alm_client *client)
{
	struct alm_delivery *mail = NULL;

	cr_assert_eq(alm_receive(client, WAIT_MS, &mail), 0);
	cr_assert(mail->is_in_parts);
	cr_assert_eq(mail->payload_bytes, PAYLOAD_BYTES);
	return mail;
}

static void fetch(struct alm_client *client, const struct alm_delivery *mail,
	struct test_large *place)
{
	struct alm_sink sink = {.write = test_large_write,
		.cookie = place,
		.have_bytes = place->bytes};

	cr_assert_eq(alm_fetch(client, mail, &sink, WAIT_MS), 0);
	cr_assert_eq(place->bytes, PAYLOAD_BYTES);
	cr_assert_not(place->is_wrong);
}

/* Some of it, and no more for now. */
static void fetch_some(struct alm_client *client,
	const struct alm_delivery *mail, struct test_large *place)
{
	struct alm_sink sink = {.write = test_large_write, .cookie = place};

	place->stop_at = PAYLOAD_BYTES / 2;
	cr_assert_eq(alm_fetch(client, mail, &sink, WAIT_MS), 7011);
	place->stop_at = 0;
	cr_assert_lt(place->bytes, PAYLOAD_BYTES);
}

static void take(struct alm_client *client, const char *reject_reason)
{
	struct alm_delivery *mail = receive(client);
	struct test_large place = {.bytes = 0};

	fetch(client, mail, &place);
	cr_assert_eq(alm_acknowledge_wait(
			     client, mail->sequence, reject_reason, WAIT_MS),
		0);
	alm_delivery_free(mail);
}

static struct alm_answer ask(const char *verb, const char *key,
	const char *value, const char *more, const char *words)
{
	struct alm_answer answer = test_broker_ask(&broker, verb,
		(const char *const[]){key, value, more, words, NULL});

	cr_assert_eq(answer.code, ALM_OK, "%s %s", verb, answer.detail);
	return answer;
}

/* --- the tests ------------------------------------------------------------ */

Test(parts_several, each_gets_it_and_the_last_one_frees_it)
{
	struct alm_client *first = test_client_in_parts(&broker, &practice);
	struct alm_client *other = test_client_in_parts(&broker, &second);
	struct test_large places[2] = {{.bytes = 0}, {.bytes = 0}};
	struct alm_delivery *mails[2];

	send_accepted(false);
	mails[0] = receive(first);
	mails[1] = receive(other);
	fetch_some(first, mails[0], &places[0]);
	fetch(other, mails[1], &places[1]);
	cr_assert_eq(
		alm_acknowledge_wait(other, mails[1]->sequence, NULL, WAIT_MS),
		0);
	cr_expect_eq(test_broker_figure(&broker, "parts-stored"), PARTS);
	fetch(first, mails[0], &places[0]);
	cr_assert_eq(alm_acknowledge_wait(
			     first, mails[0]->sequence, "not ours", WAIT_MS),
		0);
	test_broker_await(&broker, "parts-stored", 0);
	cr_expect_eq(test_broker_records(&broker, "sent-to-several"), 1);
	cr_expect_eq(test_broker_records(&broker, "upload-begun"), 1);
	cr_expect_eq(test_broker_records(&broker, "accepted"), 2);
	cr_expect_eq(test_broker_records(&broker, "refused"), 1);
	alm_delivery_free(mails[0]);
	alm_delivery_free(mails[1]);
	alm_client_close(first);
	alm_client_close(other);
}

Test(parts_several, a_killed_broker_loses_nothing_of_any_of_them)
{
	struct alm_outgoing message = message_to(everybody, 3);
	struct alm_client *from = test_client_in_parts(&broker, &trust);
	struct alm_client *first = test_client_in_parts(&broker, &practice);
	struct alm_client *other = test_client_in_parts(&broker, &second);
	struct test_large places[2] = {
		{.kill_at = PAYLOAD_BYTES / 3, .broker = &broker},
		{.bytes = 0}};
	struct alm_delivery *mails[2];
	struct alm_event *event;

	cr_assert_eq(alm_send_start(from, &message, NULL), 0);
	test_client_work_until_sent(from, 9);
	test_broker_kill(&broker);
	test_broker_start(&broker);
	event = test_client_wait_receipt(from);
	cr_assert_eq(event->receipt->code, 0, "%s", event->receipt->name);
	cr_assert_eq(event->receipt->outcome_count, 3);
	alm_event_free(event);
	test_broker_kill(&broker);
	test_broker_start(&broker);
	mails[1] = receive(other);
	fetch_some(other, mails[1], &places[1]);
	mails[0] = receive(first);
	fetch(first, mails[0], &places[0]);
	cr_assert_eq(
		alm_acknowledge_wait(first, mails[0]->sequence, NULL, WAIT_MS),
		0);
	test_broker_kill(&broker);
	test_broker_start(&broker);
	fetch(other, mails[1], &places[1]);
	cr_assert_eq(
		alm_acknowledge_wait(other, mails[1]->sequence, NULL, WAIT_MS),
		0);
	test_broker_kill(&broker);
	test_broker_start(&broker);
	test_broker_await(&broker, "parts-stored", 0);
	alm_delivery_free(mails[0]);
	alm_delivery_free(mails[1]);
	alm_client_close(from);
	alm_client_close(first);
	alm_client_close(other);
}

Test(parts_several, what_nobody_may_have_costs_no_part)
{
	static const char *const refused[] = {"CHA", "ZZ9"};
	struct alm_outgoing message = message_to(refused, 2);
	struct alm_receipt_view *receipt = send_to(&message);

	cr_expect_eq(receipt->code, ALM_ALL_REFUSED);
	cr_assert_eq(receipt->outcome_count, 2);
	cr_expect_eq(outcome_of(receipt, "ZZ9")->code, 4203);
	alm_receipt_free(receipt);
	cr_expect_eq(test_broker_figure(&broker, "parts-stored"), 0);
	cr_expect_eq(test_broker_records(&broker, "upload-begun"), 0);
	cr_expect_eq(test_broker_records(&broker, "refused"), 2);
}

Test(parts_several, each_mailbox_counts_it_against_its_own_limit)
{
	struct alm_outgoing message = message_to(everybody, 3);
	struct alm_receipt_view *receipt;
	struct alm_client *other;

	(void)test_broker_ask(&broker, "mailbox.limit",
		(const char *const[]){"organisation", "C84001", "messages", "1",
			"reason", "small", NULL});
	send_accepted(false);
	receipt = send_to(&message);
	cr_assert_eq(receipt->code, 0);
	cr_expect_eq(outcome_of(receipt, "C84001")->code, ALM_MAILBOX_FULL);
	cr_expect_eq(outcome_of(receipt, "RHA")->code, 0);
	alm_receipt_free(receipt);
	cr_expect_eq(test_broker_figure(&broker, "parts-stored"), 2 * PARTS);
	(void)test_broker_ask(&broker, "mailbox.limit",
		(const char *const[]){"organisation", "RHA", "bytes",
			"12000000", "reason", "small", NULL});
	message = message_to(everybody, 3);
	receipt = send_to(&message);
	cr_expect_eq(receipt->code, ALM_ALL_REFUSED);
	cr_expect_eq(outcome_of(receipt, "RHA")->code, ALM_MAILBOX_FULL);
	alm_receipt_free(receipt);
	cr_expect_eq(test_broker_records(&broker, "upload-begun"), 2,
		"no part of the third");
	other = test_client_in_parts(&broker, &second);
	take(other, NULL);
	take(other, NULL);
	alm_client_close(other);
	test_broker_await(&broker, "parts-stored", PARTS);
}

Test(parts_several, a_deputy_gets_what_its_principal_did_not_fetch)
{
	struct alm_outgoing message = message_to(NULL, 0);
	struct alm_client *deputy = test_client_in_parts(&broker, &second);
	struct alm_client *late;
	struct alm_receipt_view *receipt;
	struct alm_delivery *mail;
	struct test_large place = {.bytes = 0};

	(void)test_broker_ask(&broker, "mailbox.deputy",
		(const char *const[]){"organisation", "C84001", "deputy", "RHA",
			"reason", "a test", NULL});
	message.recipient = "C84001";
	receipt = send_shortly(&message);
	cr_assert_eq(receipt->code, 0, "%s", receipt->name);
	alm_receipt_free(receipt);
	mail = receive(deputy);
	cr_expect_str_eq(mail->escalated_from, "C84001");
	fetch_some(deputy, mail, &place);
	test_broker_kill(&broker);
	test_broker_start(&broker);
	late = test_client_in_parts(&broker, &practice);
	take(late, NULL);
	alm_client_close(late);
	cr_expect_eq(test_broker_figure(&broker, "parts-stored"), PARTS);
	fetch(deputy, mail, &place);
	cr_assert_eq(
		alm_acknowledge_wait(deputy, mail->sequence, NULL, WAIT_MS), 0);
	test_broker_await(&broker, "parts-stored", 0);
	cr_expect_eq(test_broker_records(&broker, "escalated-to-deputy"), 1);
	alm_delivery_free(mail);
	alm_client_close(deputy);
}

Test(parts_several, a_deputy_of_one_of_several_shares_it_too)
{
	struct alm_client *deputy = test_client_in_parts(&broker, &second);
	struct alm_client *late;

	(void)test_broker_ask(&broker, "mailbox.deputy",
		(const char *const[]){"organisation", "C84001", "deputy", "RHA",
			"reason", "a test", NULL});
	send_accepted(true);
	take(deputy, NULL); /* its own */
	take(deputy, NULL); /* the practice's */
	cr_expect_eq(test_broker_figure(&broker, "parts-stored"), PARTS);
	late = test_client_in_parts(&broker, &practice);
	take(late, NULL);
	test_broker_await(&broker, "parts-stored", 0);
	alm_client_close(late);
	alm_client_close(deputy);
}

static void restart_with(const char *name, const char *line)
{
	test_broker_replace_setting(&broker, name, line);
	cr_assert_eq(test_broker_stop(&broker), 0);
	test_broker_start(&broker);
}

Test(parts_several, a_dead_letter_is_run_again_with_its_parts)
{
	struct alm_client *first;
	struct alm_client *other = test_client_in_parts(&broker, &second);
	struct alm_delivery *mail;
	struct alm_answer answer;

	send_accepted(false);
	take(other, NULL);
	alm_client_close(other);
	test_broker_add_settings(
		&broker, "redeliver-max: 1s\nattempts-max: 2\n");
	restart_with("acknowledge-timeout", "acknowledge-timeout: 1s");
	first = test_client_in_parts(&broker, &practice);
	mail = receive(first);
	alm_delivery_free(mail); /* never fetched */
	mail = receive(first);
	alm_delivery_free(mail);
	test_broker_await(&broker, "dead-letters", 1);
	alm_client_close(first);
	restart_with("acknowledge-timeout", "acknowledge-timeout: 1h");
	cr_expect_eq(test_broker_figure(&broker, "parts-stored"), PARTS);
	answer = test_broker_ask(&broker, "mailbox.rerun",
		(const char *const[]){"organisation", "C84001", "all", "yes",
			"reason", "mended", NULL});
	cr_expect_eq(test_number(&answer, "queued"), 1);
	first = test_client_in_parts(&broker, &practice);
	take(first, NULL);
	test_broker_await(&broker, "parts-stored", 0);
	alm_client_close(first);
}

Test(parts_several, a_mailbox_on_hold_is_given_no_parts)
{
	struct alm_client *first = test_client_in_parts(&broker, &practice);
	struct alm_client *other = test_client_in_parts(&broker, &second);
	struct test_large place = {.bytes = 0};
	struct alm_sink sink = {.write = test_large_write, .cookie = &place};
	struct alm_delivery *mail;
	uint64_t bytes;

	send_accepted(false);
	mail = receive(first);
	fetch_some(first, mail, &place);
	(void)ask("mailbox.hold", "organisation", "C84001", "reason", "stop");
	bytes = place.bytes;
	sink.have_bytes = bytes;
	cr_expect_eq(alm_fetch(first, mail, &sink, 500), 7001);
	cr_expect_eq(place.bytes, bytes);
	take(other, NULL);
	(void)ask("mailbox.release", "organisation", "C84001", "reason", "go");
	fetch(first, mail, &place);
	cr_assert_eq(
		alm_acknowledge_wait(first, mail->sequence, NULL, WAIT_MS), 0);
	test_broker_await(&broker, "parts-stored", 0);
	alm_delivery_free(mail);
	alm_client_close(first);
	alm_client_close(other);
}

Test(parts_several, what_expires_at_all_of_them_is_freed)
{
	struct alm_outgoing message = message_to(everybody, 3);
	int code = ALM_CODE_TIMEOUT;

	/* A slow machine gets longer to have it accepted. */
	for (int64_t life_ms = 2000; life_ms < 200000 && code != 0;
		life_ms *= 2) {
		struct alm_receipt_view *receipt;

		message.expires_ms = test_now_ms() + life_ms;
		receipt = send_to(&message);
		code = receipt->code;
		alm_receipt_free(receipt);
	}
	cr_assert_eq(code, 0);
	test_broker_await(&broker, "expired", 2);
	test_broker_await(&broker, "parts-stored", 0);
}
