/*
 * Goal: a change of what is known about a person, or of the policy, reaches
 * mail that is already queued at once, and only that mail; a crash on the way
 * loses none of it.  Method: counts, never times; nobody is connected to take
 * the mail, so nothing but the change can move it.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/peer.h"
#include "tests/support/people.h"

#define NONE ((const char *const[]){NULL})
#define ANN "9990000018"
#define BOB "9990000026"
/* More than one turn decides again. */
#define MANY 1300u

static struct test_broker broker;
static struct test_peer trust;

static void open_all(void)
{
	test_broker_open(&broker, "acknowledge-timeout: 1h\n");
	test_broker_activate(&broker, test_policy);
	test_peer_open(&trust, &broker, "RX1", 0);
}

static void close_all(void)
{
	test_peer_free(&trust);
	test_broker_close(&broker);
}

TestSuite(withdrawals, .init = open_all, .fini = close_all, .timeout = 1800);

/* No more than the broker's queue for this peer holds. */
static void send_some_about(const char *subject, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct alm_message message = test_message(&trust, "RHA");

		message.subject = subject;
		test_peer_send(&trust, &message, "content", 0);
	}
	for (size_t i = 0; i < count; i++) {
		const struct alm_envelope *receipt =
			test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);

		cr_assert(receipt->receipt.is_accepted, "refused: %s",
			receipt->receipt.refused.name);
	}
}

static void send_about(const char *subject, size_t count)
{
	while (count > 0) {
		size_t some = count < 200 ? count : 200;

		send_some_about(subject, some);
		count -= some;
	}
}

static void deny(const char *subject)
{
	const struct alm_person_record record = test_objection(subject);

	test_people_put(&broker, &record);
}

static uint64_t queued_for(const char *organisation)
{
	struct alm_answer answer =
		test_broker_ask(&broker, "mailbox.list", NONE);

	for (size_t i = 0; i < answer.row_count; i++) {
		if (strcmp(test_cell(&answer, i, "organisation"),
			    organisation) == 0) {
			return strtoull(
				test_cell(&answer, i, "messages"), NULL, 10);
		}
	}
	return 0;
}

/* Each question is a turn, so this ends. */
static void settle(void)
{
	struct alm_answer answer;

	do {
		answer = test_broker_ask(&broker, "status", NONE);
	} while (strcmp(test_fact(&answer, "redecision-due"), "yes") == 0);
}

static uint64_t records_of(const char *person, const char *kind)
{
	struct alm_answer answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){"person", person, "kind", kind, "reason",
			"a test", NULL});

	return answer.row_count;
}

Test(withdrawals, stop_what_is_queued_about_that_person_at_once)
{
	send_about(ANN, 5);
	send_about(BOB, 7);
	deny(ANN);
	settle();
	cr_expect_eq(test_broker_figure(&broker, "stopped"), 5);
	cr_expect_eq(queued_for("RHA"), 7);
	cr_expect_eq(queued_for("RX1"), 5, "a notice for each");
	cr_expect_eq(records_of(ANN, "stopped-at-hand-over"), 5);
	cr_expect_eq(records_of(BOB, "stopped-at-hand-over"), 0);
	cr_expect_eq(test_broker_figure(&broker, "effects"), 1);
}

Test(withdrawals, tell_the_sender_why)
{
	const struct alm_envelope *notice;

	send_about(ANN, 1);
	deny(ANN);
	test_peer_come_back(&trust, &broker, 64);
	notice = test_peer_expect(&trust, ALM_ENVELOPE_NOTICE);
	cr_expect_eq(notice->notice.kind, ALM_NOTICE_KIND_STOPPED);
	cr_expect_eq(notice->notice.problem.code, ALM_REASON_403);
	cr_assert_eq(notice->notice.problem.reason_count, 2);
	cr_expect_eq(notice->notice.problem.reasons[0], 402);
	cr_expect_eq(notice->notice.problem.reasons[1], 403);
	cr_expect_str_eq(notice->notice.recipient, "RHA");
}

Test(withdrawals, leave_alone_what_is_still_permitted)
{
	struct alm_person_record record = test_objection(ANN);
	static const char *const other[] = {"mental-health"};

	send_about(ANN, 3);
	record.directive.categories = (struct alm_word_list){other, 1};
	test_people_put(&broker, &record);
	settle();
	cr_expect_eq(test_broker_figure(&broker, "stopped"), 0);
	cr_expect_eq(queued_for("RHA"), 3);
	cr_expect_eq(test_broker_figure(&broker, "effects"), 1);
}

Test(withdrawals, of_somebody_with_more_than_a_turn_takes_stop_it_all)
{
	send_about(BOB, 3);
	send_about(ANN, MANY);
	settle();
	deny(ANN);
	settle();
	cr_expect_eq(test_broker_figure(&broker, "stopped"), MANY);
	cr_expect_eq(queued_for("RHA"), 3);
	cr_expect_eq(queued_for("RX1"), MANY);
	cr_expect_eq(test_broker_figure(&broker, "effects"), 1);
}

Test(withdrawals, go_on_after_a_crash)
{
	send_about(BOB, 3);
	send_about(ANN, MANY);
	deny(ANN); /* answered with the first of several turns */
	test_broker_kill(&broker);
	test_broker_start(&broker);
	settle();
	cr_expect_eq(queued_for("RHA"), 3);
	cr_expect_eq(queued_for("RX1"), MANY, "each notice once");
	cr_expect_eq(records_of(BOB, "stopped-at-hand-over"), 0);
	test_broker_kill(&broker);
	test_broker_start(&broker);
	settle();
	cr_expect_eq(test_broker_figure(&broker, "redecisions"), 0,
		"what was finished is not done again");
}

/* What a recipient holds may have been read; it is taken back when it comes
 * back, and an acknowledgement before that counts. */
Test(withdrawals, wait_for_what_is_in_a_recipients_hands)
{
	struct test_peer practice;
	const struct alm_envelope *mail;
	uint64_t first;

	test_peer_open(&practice, &broker, "RHA", 64);
	send_about(ANN, 2);
	mail = test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	first = mail->deliver.sequence;
	(void)test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	deny(ANN);
	settle();
	cr_expect_eq(test_broker_figure(&broker, "stopped"), 0);
	test_peer_acknowledge(&practice, first, NULL);
	(void)test_peer_expect(&practice, ALM_ENVELOPE_ACKNOWLEDGED);
	test_peer_leave(&practice);
	test_broker_await(&broker, "stopped", 1);
	cr_expect_eq(queued_for("RHA"), 0);
	cr_expect_eq(queued_for("RX1"), 1);
	cr_expect_eq(records_of(ANN, "acknowledged"), 1);
	test_peer_free(&practice);
}

static void suspend_agreement(void)
{
	const char *agreement = strstr(test_policy, "    law:");
	char policy[8192];

	cr_assert_not_null(agreement);
	(void)snprintf(policy, sizeof(policy), "%.*s    status: suspended\n%s",
		(int)(agreement - test_policy), test_policy, agreement);
	test_broker_activate(&broker, policy);
}

Test(withdrawals, of_an_agreement_stop_what_was_sent_under_it)
{
	send_about(ANN, 4);
	send_about(BOB, 4);
	suspend_agreement();
	settle();
	cr_expect_eq(test_broker_figure(&broker, "stopped"), 8);
	cr_expect_eq(queued_for("RHA"), 0);
	cr_expect_eq(queued_for("RX1"), 8);
	cr_expect_eq(test_broker_figure(&broker, "effects"), 0,
		"that counts changes about people");
}

Test(withdrawals, of_an_agreement_go_on_after_a_crash)
{
	send_about(ANN, MANY);
	suspend_agreement(); /* answered with the first of several turns */
	test_broker_kill(&broker);
	test_broker_start(&broker);
	settle();
	cr_expect_eq(queued_for("RHA"), 0);
	cr_expect_eq(queued_for("RX1"), MANY, "each notice once");
}

/* --- replies -------------------------------------------------------------- */

static void activate_both_ways(void)
{
	static char yaml[8192];
	const char *mark = "    from: [RX1]\n    to: [C84001, RHA]\n";
	const char *at = strstr(test_policy, mark);

	cr_assert_not_null(at);
	(void)snprintf(yaml, sizeof(yaml),
		"%.*s    from: [RX1, RHA]\n    to: [RX1, RHA]\n%s",
		(int)(at - test_policy), test_policy, at + strlen(mark));
	test_broker_activate(&broker, yaml);
}

/* A request about Bob, answered about Ann; the asker takes no mail. */
static struct alm_message answered(struct test_peer *second, int64_t wait_ms)
{
	struct alm_message request;
	struct alm_message reply;
	const struct alm_envelope *e;

	activate_both_ways();
	test_peer_open(second, &broker, "RHA", 8);
	request = test_message(&trust, "RHA"); /* its time begins here */
	request.kind = ALM_KIND_REQUEST;
	request.subject = BOB;
	request.deadline_ms = alm_message_id_ms(&request.id) + wait_ms;
	test_peer_send(&trust, &request, "how is she", 0);
	e = test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);
	cr_assert(e->receipt.is_accepted, "%s", e->receipt.refused.name);
	(void)test_peer_expect(second, ALM_ENVELOPE_DELIVER);
	reply = test_message(second, "RX1");
	reply.kind = ALM_KIND_REPLY;
	reply.correlation_id = (struct alm_bytes){request.id.raw, 16};
	test_peer_send(second, &reply, "well", 0);
	e = test_peer_expect(second, ALM_ENVELOPE_RECEIPT);
	cr_assert(e->receipt.is_accepted, "%s", e->receipt.refused.name);
	return request;
}

/* The asker gets an answer or a timeout, and this answer it did not get. */
static void expect_timeout(const struct alm_message *request)
{
	const struct alm_envelope *e;

	test_peer_hello(&trust, 8);
	e = test_peer_expect(&trust, ALM_ENVELOPE_NOTICE);
	cr_expect_eq(e->notice.kind, ALM_NOTICE_KIND_TIMED_OUT);
	cr_expect_str_eq(e->notice.recipient, "RHA");
	cr_expect_eq(memcmp(&e->notice.message_id, &request->id, 16), 0);
}

Test(withdrawals, a_stopped_reply_leaves_its_request_open)
{
	struct test_peer second;
	struct alm_message request = answered(&second, 15000);
	struct alm_message reply = test_message(&second, "RX1");

	deny(ANN);
	settle();
	(void)test_peer_expect(&second, ALM_ENVELOPE_NOTICE);
	reply.kind = ALM_KIND_REPLY;
	reply.correlation_id = (struct alm_bytes){request.id.raw, 16};
	test_peer_send(&second, &reply, "again", 0);
	cr_expect_eq(test_peer_expect(&second, ALM_ENVELOPE_RECEIPT)
			     ->receipt.refused.code,
		ALM_REASON_403);
	expect_timeout(&request);
	test_peer_free(&second);
}

Test(withdrawals, a_reply_that_is_stopped_too_late_is_a_timeout)
{
	struct test_peer second;
	struct alm_message request = answered(&second, 8000);
	struct alm_message late;

	do { /* until the broker has seen that the deadline has passed */
		(void)test_broker_ask(&broker, "status", NONE);
		late = test_message(&trust, "RHA");
	} while (alm_message_id_ms(&late.id) < request.deadline_ms + 2500);
	deny(ANN);
	settle();
	expect_timeout(&request);
	test_peer_free(&second);
}
