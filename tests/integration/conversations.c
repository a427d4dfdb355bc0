/*
 * Goal: requests, replies, business receipts, deadlines and deputies, through
 * a real broker.  Method: agents at the level of the wire.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/pair.h"
#include "tests/support/policy.h"

/* As test_policy, but that the practice may answer; and the second trust may
 * have the first one's letters, but not the practice's. */
static const char policy[] = TEST_POLICY("{id: discharge}",
	TEST_TRUST("RX1") TEST_TRUST("RHA") TEST_PRACTICE("C84001")
		TEST_PRACTICE("C84002"),
	TEST_CARE_AGREEMENT("DSA-CARE", "RX1, C84001", "C84001, RHA, RX1",
		"discharge", "identifiable"));

static void open_all(void)
{
	open_trust("acknowledge-timeout: 1h\n", policy, 64);
	test_peer_open(&practice, &broker, "C84001", 64);
}

TestSuite(conversations, .init = open_all, .fini = close_pair, .timeout = 1800);

static struct alm_receipt say(struct test_peer *peer,
	const struct alm_message *message, const char *payload)
{
	test_peer_send(peer, message, payload, 0);
	return test_peer_expect(peer, ALM_ENVELOPE_RECEIPT)->receipt;
}

static void accepted(struct test_peer *peer, const struct alm_message *message,
	const char *payload)
{
	struct alm_receipt receipt = say(peer, message, payload);

	cr_assert(receipt.is_accepted, "refused: %s", receipt.refused.name);
}

static void refused(struct test_peer *peer, const struct alm_message *message,
	const char *payload, enum alm_err code)
{
	struct alm_receipt receipt = say(peer, message, payload);

	cr_assert_not(receipt.is_accepted);
	cr_expect_eq(receipt.refused.code, code, "%d %s",
		(int)receipt.refused.code, receipt.refused.name);
}

static struct alm_bytes id_bytes(const struct alm_message *message)
{
	return (struct alm_bytes){message->id.raw, ALM_MESSAGE_ID_BYTES};
}

static struct alm_message request_in(int64_t wait_ms)
{
	struct alm_message message = test_message(&trust, "C84001");

	message.kind = ALM_KIND_REQUEST;
	message.deadline_ms = test_now_ms() + wait_ms;
	return message;
}

/* A deadline that passes soon, but after the acceptance: a slow machine gets
 * longer. */
static struct alm_message accepted_shortly(
	struct alm_message (*make)(int64_t wait_ms), int64_t wait_ms)
{
	for (;; wait_ms *= 2) {
		struct alm_message message = make(wait_ms);
		struct alm_receipt receipt = say(&trust, &message, "content");

		if (receipt.is_accepted) {
			return message;
		}
		cr_assert_lt(
			wait_ms, 60000, "refused: %s", receipt.refused.name);
	}
}

static struct alm_message reply_to(const struct alm_message *request)
{
	struct alm_message message = test_message(&practice, request->sender);

	message.kind = ALM_KIND_REPLY;
	message.correlation_id = id_bytes(request);
	return message;
}

static struct alm_message receipt_of(
	struct test_peer *from, const struct alm_message *original)
{
	struct alm_message message = test_message(from, original->sender);

	message.kind = ALM_KIND_ACTED;
	message.correlation_id = id_bytes(original);
	message.categories.count = 0;
	message.payload_level = ALM_WIRE_LEVEL_NONE;
	message.subject = "";
	return message;
}

static const struct alm_notice *notice(struct test_peer *peer)
{
	const struct alm_envelope *envelope =
		test_peer_expect(peer, ALM_ENVELOPE_NOTICE);

	test_peer_acknowledge(peer, envelope->notice.sequence, NULL);
	return &envelope->notice;
}

Test(conversations, a_request_has_one_reply)
{
	const struct alm_message request = request_in(3600000);
	struct alm_message reply = reply_to(&request);
	struct alm_message again = reply_to(&request);
	const struct alm_envelope *mail;

	accepted(&trust, &request, "how is he");
	mail = test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	cr_expect_eq(mail->deliver.kind, ALM_KIND_REQUEST);
	cr_expect_eq(mail->deliver.deadline_ms, request.deadline_ms);
	accepted(&practice, &reply, "well");
	mail = test_peer_expect(&trust, ALM_ENVELOPE_DELIVER);
	cr_expect_eq(mail->deliver.kind, ALM_KIND_REPLY);
	cr_expect(alm_bytes_equal(
		mail->deliver.correlation_id, id_bytes(&request)));
	refused(&practice, &again, "very well", ALM_REQUEST_CLOSED);
	/* The same reply again is no second one. */
	test_peer_send(&practice, &reply, "well", 0);
	cr_expect(test_peer_expect(&practice, ALM_ENVELOPE_RECEIPT)
			  ->receipt.accepted.is_duplicate);
}

Test(conversations, only_who_was_asked_may_reply)
{
	const struct alm_message request = request_in(3600000);
	struct alm_message reply = reply_to(&request);
	struct test_peer stranger;

	accepted(&trust, &request, "how is he");
	reply.correlation_id.bytes = 0;
	refused(&practice, &reply, "well", ALM_NO_SUCH_REQUEST);
	reply = reply_to(&request);
	test_peer_open(&stranger, &broker, "RHA", 64);
	reply.sender = "RHA";
	refused(&stranger, &reply, "well", ALM_NO_SUCH_REQUEST);
	test_peer_free(&stranger);
	reply = reply_to(&request);
	reply.recipient = "RHA"; /* who has not asked */
	refused(&practice, &reply, "well", ALM_NO_SUCH_REQUEST);
}

Test(conversations, a_refused_reply_leaves_the_request_open)
{
	const struct alm_message request = request_in(3600000);
	struct alm_message reply = reply_to(&request);

	accepted(&trust, &request, "how is he");
	reply.purpose = "research";
	refused(&practice, &reply, "well", ALM_REASON_103);
	reply = reply_to(&request);
	accepted(&practice, &reply, "well");
}

Test(conversations, a_request_needs_a_deadline_and_one_recipient)
{
	struct alm_message request = request_in(3600000);

	request.deadline_ms = 0;
	refused(&trust, &request, "how is he", ALM_REQUEST_DEADLINE);
	request = request_in(-1);
	refused(&trust, &request, "how is he", ALM_REQUEST_DEADLINE);
}

Test(conversations, a_request_without_a_reply_times_out_over_a_crash)
{
	const struct alm_message request = accepted_shortly(request_in, 1000);
	struct alm_message reply = reply_to(&request);
	const struct alm_notice *told;

	test_broker_kill(&broker);
	test_broker_start(&broker);
	test_peer_come_back(&trust, &broker, 64);
	told = notice(&trust);
	cr_expect_eq(told->kind, ALM_NOTICE_KIND_TIMED_OUT);
	cr_expect_eq(told->problem.code, ALM_NOTICE_TIMED_OUT);
	cr_expect_eq(memcmp(told->message_id.raw, request.id.raw, 16), 0);
	test_peer_come_back(&practice, &broker, 64);
	refused(&practice, &reply, "well", ALM_REQUEST_LATE);
	cr_expect_eq(test_broker_records(&broker, "request-timed-out"), 1);
}

/* A request whose reply came in time: a slow machine gets longer. */
static struct alm_message answered_shortly(void)
{
	for (int64_t wait_ms = 2000;; wait_ms *= 2) {
		struct alm_message request =
			accepted_shortly(request_in, wait_ms);
		struct alm_message reply = reply_to(&request);

		if (say(&practice, &reply, "well").is_accepted) {
			return request;
		}
		cr_assert_lt(wait_ms, 60000);
	}
}

Test(conversations, an_answered_request_does_not_time_out)
{
	struct alm_message request = answered_shortly();
	struct alm_message reply = reply_to(&request);
	int64_t later_ms = request.deadline_ms - test_now_ms() + 1000;
	struct alm_message open =
		accepted_shortly(request_in, later_ms > 1000 ? later_ms : 1000);
	const struct alm_notice *told;

	do {
		told = notice(&trust);
		cr_expect_neq(
			memcmp(told->message_id.raw, request.id.raw, 16), 0);
	} while (memcmp(told->message_id.raw, open.id.raw, 16) != 0);
	refused(&practice, &reply, "better", ALM_REQUEST_CLOSED);
}

Test(conversations, a_business_receipt_reaches_the_sender)
{
	const struct alm_message letter = test_message(&trust, "C84001");
	struct alm_message receipt = receipt_of(&practice, &letter);
	const struct alm_envelope *mail;

	accepted(&trust, &letter, "content");
	mail = test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	test_peer_acknowledge(&practice, mail->deliver.sequence, NULL);
	(void)test_peer_expect(&practice, ALM_ENVELOPE_ACKNOWLEDGED);
	accepted(&practice, &receipt, "");
	mail = test_peer_expect(&trust, ALM_ENVELOPE_DELIVER);
	cr_expect_eq(mail->deliver.kind, ALM_KIND_ACTED);
	cr_expect_str_eq(mail->deliver.sender, "C84001");
	cr_expect_str_eq(mail->deliver.subject, "");
	cr_expect_eq(mail->deliver.payload.bytes, 0);
	cr_expect(alm_bytes_equal(
		mail->deliver.correlation_id, id_bytes(&letter)));
	test_peer_acknowledge(&trust, mail->deliver.sequence, NULL);
	(void)test_peer_expect(&trust, ALM_ENVELOPE_ACKNOWLEDGED);
}

Test(conversations, each_of_several_may_say_what_became_of_a_message)
{
	static const char *const several[] = {"C84001", "RHA", "C84002"};
	struct alm_message letter = test_message(&trust, "");
	struct alm_message receipt;
	const struct alm_envelope *mail;
	struct test_peer other;

	letter.recipients = (struct alm_texts){several, 3};
	accepted(&trust, &letter, "content");
	(void)test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	receipt = receipt_of(&practice, &letter);
	accepted(&practice, &receipt, "");
	mail = test_peer_expect(&trust, ALM_ENVELOPE_DELIVER);
	cr_expect_str_eq(mail->deliver.sender, "C84001");
	cr_expect_eq(mail->deliver.kind, ALM_KIND_ACTED);
	/* The policy refused it to this one. */
	test_peer_open(&other, &broker, "C84002", 64);
	receipt = receipt_of(&other, &letter);
	refused(&other, &receipt, "", ALM_NO_ORIGINAL);
	test_peer_free(&other);
}

Test(conversations, a_business_receipt_is_of_what_was_handed_over)
{
	const struct alm_message letter = test_message(&trust, "RHA");
	struct alm_message receipt = receipt_of(&practice, &letter);
	struct test_peer second;

	accepted(&trust, &letter, "content");
	refused(&practice, &receipt, "", ALM_NO_ORIGINAL); /* not to it */
	test_peer_open(&second, &broker, "RHA", 0); /* takes no mail yet */
	receipt = receipt_of(&second, &letter);
	refused(&second, &receipt, "", ALM_NO_ORIGINAL);
	test_peer_free(&second);
}

/* Or a recipient could fill the sender's mailbox. */
Test(conversations, a_business_receipt_of_each_kind_is_sent_once)
{
	const struct alm_message letter = test_message(&trust, "C84001");
	const struct alm_message first = receipt_of(&practice, &letter);
	struct alm_message again = receipt_of(&practice, &letter);
	struct alm_message opened = receipt_of(&practice, &letter);

	opened.kind = ALM_KIND_OPENED;
	accepted(&trust, &letter, "content");
	(void)test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	accepted(&practice, &first, "");
	refused(&practice, &again, "", ALM_RECEIPT_REPEATED);
	accepted(&practice, &opened, "");
	test_broker_kill(&broker);
	test_broker_start(&broker);
	test_peer_come_back(&practice, &broker, 64);
	again = receipt_of(&practice, &letter);
	refused(&practice, &again, "", ALM_RECEIPT_REPEATED);
	/* The same one again is no second. */
	cr_expect(say(&practice, &first, "").accepted.is_duplicate);
	cr_expect_eq(test_broker_stop(&broker), 0);
	(void)test_broker_verify(&broker);
}

Test(conversations, a_business_receipt_says_nothing_of_a_person)
{
	const struct alm_message letter = test_message(&trust, "C84001");
	struct alm_message receipt = receipt_of(&practice, &letter);

	accepted(&trust, &letter, "content");
	(void)test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	refused(&practice, &receipt, "he is well", ALM_RECEIPT_NOT_PLAIN);
	receipt = receipt_of(&practice, &letter);
	receipt.subject = "9990000018";
	refused(&practice, &receipt, "", ALM_RECEIPT_NOT_PLAIN);
}

static void suspend(const char *row)
{
	const char *at = strstr(policy, row);
	char yaml[sizeof(policy) + 32];

	cr_assert_not_null(at);
	at += strlen(row);
	(void)snprintf(yaml, sizeof(yaml), "%.*s, status: suspended%s",
		(int)(at - policy), policy, at);
	test_broker_activate(&broker, yaml);
}

Test(conversations, a_business_receipt_is_between_active_organisations)
{
	const struct alm_message letter = test_message(&trust, "C84001");
	struct alm_message receipt = receipt_of(&practice, &letter);

	accepted(&trust, &letter, "content");
	(void)test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	suspend("id: C84001");
	refused(&practice, &receipt, "", ALM_REASON_202);
	suspend("id: RX1");
	receipt = receipt_of(&practice, &letter);
	refused(&practice, &receipt, "", ALM_REASON_204);
}

static void set_deputy(const char *organisation, const char *deputy)
{
	struct alm_answer answer = test_broker_ask(&broker, "mailbox.deputy",
		(const char *const[]){"organisation", organisation, "deputy",
			deputy, "reason", "a test", NULL});

	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
}

/* A practice that is not there, so that mail for it stays. */
static struct alm_message urgent_letter(int64_t wait_ms)
{
	struct alm_message message = test_message(&trust, "C84001");

	message.deadline_ms = test_now_ms() + wait_ms;
	return message;
}

Test(conversations, a_passed_deadline_brings_the_mail_to_the_deputy)
{
	const struct alm_message letter = urgent_letter(1000);
	const struct alm_envelope *mail;
	const struct alm_notice *told;
	struct test_peer deputy;

	set_deputy("C84001", "RHA");
	test_peer_leave(&practice);
	accepted(&trust, &letter, "content");
	told = notice(&trust);
	cr_expect_eq(told->kind, ALM_NOTICE_KIND_DEADLINE);
	cr_expect_str_eq(
		told->reason, "it still waits; its deputy RHA has it too");
	test_peer_open(&deputy, &broker, "RHA", 64);
	mail = test_peer_expect(&deputy, ALM_ENVELOPE_DELIVER);
	cr_expect_str_eq(mail->deliver.escalated_from, "C84001");
	cr_expect_str_eq(mail->deliver.recipient, "RHA");
	cr_expect_eq(mail->deliver.payload.bytes, 7);
	cr_expect_eq(
		memcmp(mail->deliver.message_id.raw, letter.id.raw, 16), 0);
	test_peer_acknowledge(&deputy, mail->deliver.sequence, NULL);
	(void)test_peer_expect(&deputy, ALM_ENVELOPE_ACKNOWLEDGED);
	test_peer_free(&deputy);
	test_peer_connect(&practice, &broker);
	test_peer_hello(&practice, 64);
	mail = test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	cr_expect_str_eq(mail->deliver.escalated_from, "");
	cr_expect_eq(test_broker_records(&broker, "deadline-passed"), 1);
	cr_expect_eq(test_broker_records(&broker, "escalated-to-deputy"), 1);
}

Test(conversations, a_deputy_that_the_policy_denies_gets_nothing)
{
	const struct alm_message letter = urgent_letter(1000);
	const struct alm_notice *told;
	struct alm_answer answer;

	set_deputy("C84001", "C84002");
	test_peer_leave(&practice);
	accepted(&trust, &letter, "content");
	told = notice(&trust);
	cr_expect_eq(told->kind, ALM_NOTICE_KIND_DEADLINE);
	cr_expect_null(strstr(told->reason, "C84002"),
		"the sender could not find it in the directory: %s",
		told->reason);
	cr_expect_not_null(strstr(told->reason, "its deputy did not get it"));
	answer = test_broker_ask(&broker, "mailbox.show",
		(const char *const[]){"organisation", "C84002", NULL});
	cr_expect_eq(answer.row_count, 0);
	answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){"kind", "escalated-to-deputy", NULL});
	cr_assert_eq(answer.row_count, 1);
	cr_expect_str_eq(test_cell(&answer, 0, "effect"), "deny");
	cr_expect_str_eq(test_cell(&answer, 0, "recipient"), "",
		"its sender may read the record");
	cr_expect_eq(test_broker_records(&broker, "escalated-to-deputy"), 1);
}

/* Two letters, of which its mailbox has room for one. */
Test(conversations, a_deputy_whose_mailbox_is_full_leaves_a_record)
{
	const struct alm_message first = urgent_letter(1000);
	const struct alm_message second = urgent_letter(1000);
	struct alm_answer answer;

	set_deputy("C84001", "RHA");
	test_peer_leave(&practice);
	answer = test_broker_ask(&broker, "mailbox.limit",
		(const char *const[]){"organisation", "RHA", "messages", "1",
			"reason", "small", NULL});
	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
	test_peer_renew(&trust, 0); /* it is told when both are accepted */
	accepted(&trust, &first, "content");
	accepted(&trust, &second, "content");
	test_peer_renew(&trust, 64);
	cr_expect_not_null(strstr(notice(&trust)->reason, "has it too"));
	cr_expect_not_null(strstr(notice(&trust)->reason,
		"its deputy RHA did not get it: ALM-1302"));
	answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){"kind", "escalated-to-deputy", NULL});
	cr_assert_eq(answer.row_count, 2);
	cr_expect_str_eq(test_cell(&answer, 1, "effect"), "deny");
	cr_expect_str_eq(test_cell(&answer, 1, "code"), "1302");
	cr_expect_str_eq(test_cell(&answer, 1, "recipient"), "RHA");
}

/* A slow machine gets longer. */
static struct alm_message letter_taken_in_time(void)
{
	for (int64_t wait_ms = 1000;; wait_ms *= 2) {
		const struct alm_message letter = urgent_letter(wait_ms);
		const struct alm_envelope *mail;

		accepted(&trust, &letter, "content");
		mail = test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
		test_peer_acknowledge(&practice, mail->deliver.sequence, NULL);
		(void)test_peer_expect(&practice, ALM_ENVELOPE_ACKNOWLEDGED);
		if (test_now_ms() < letter.deadline_ms) {
			return letter;
		}
		cr_assert_lt(wait_ms, 60000);
	}
}

Test(conversations, mail_taken_in_time_is_told_of_to_nobody)
{
	const struct alm_message letter = letter_taken_in_time();
	struct alm_message last = urgent_letter(0);
	const struct alm_notice *told;

	test_peer_leave(&practice);
	last.deadline_ms = letter.deadline_ms + 500;
	accepted(&trust, &last, "content");
	do { /* of letters that were taken too late, too */
		told = notice(&trust);
		cr_assert_neq(
			memcmp(told->message_id.raw, letter.id.raw, 16), 0);
	} while (memcmp(told->message_id.raw, last.id.raw, 16) != 0);
	cr_expect_str_eq(told->reason, "it still waits");
}
