/*
 * Goal: an opt-out reaches what waits, however it becomes known: recorded of
 * one person, or by a list that leaves somebody out; and the sender is told
 * that it cannot be used for this purpose, and no more.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/time.h"
#include "tests/support/pair.h"
#include "tests/support/people.h"
#include "tests/support/policy.h"

#define ANN "9990000018"
#define BOB "9990000026"

static const char policy[] = TEST_POLICY("{id: discharge}",
	TEST_TRUST("RX1") TEST_PRACTICE("C84001"),
	TEST_PLANNING_AGREEMENT("DSA-PLAN", "RX1, C84001", "RX1, C84001",
		"discharge", "applies"));

static int64_t now_s;

/* What was said of somebody so many seconds ago. */
static void say(const char *subject, enum alm_opt_out_list list,
	bool is_objecting, int64_t seconds, int64_t recorded_s)
{
	struct alm_person_record record = {.type = ALM_RECORD_OPT_OUT,
		.opt_out = {.list = list,
			.is_objecting = is_objecting,
			.as_of_s = now_s - seconds,
			.recorded_s = recorded_s}};

	strcpy(record.subject, subject);
	test_people_put(&broker, &record);
}

static void say_now(
	const char *subject, enum alm_opt_out_list list, bool is_objecting)
{
	say(subject, list, is_objecting, 60, now_s - 60);
}

static void open_all(void)
{
	now_s = test_now_ms() / 1000;
	open_trust("", policy, 8);
	test_peer_open(&practice, &broker, "C84001", 0);
	say(ANN, ALM_OPT_OUT_NATIONAL, false, 7200, now_s - 7200);
	say(BOB, ALM_OPT_OUT_NATIONAL, false, 7200, now_s - 7200);
}

TestSuite(opt_outs, .init = open_all, .fini = close_pair, .timeout = 1800);

static void send_about(
	struct test_peer *from, const char *to, const char *subject)
{
	struct alm_message message = test_message(from, to);

	message.purpose = "planning";
	message.subject = subject;
	(void)test_peer_accepted(from, &message);
}

/* Of one of two: the sender hears that it cannot be used, and no more. */
static void expect_stopped(struct test_peer *sender)
{
	const struct alm_notice *notice =
		&test_peer_expect(sender, ALM_ENVELOPE_NOTICE)->notice;

	cr_expect_eq(notice->kind, ALM_NOTICE_KIND_STOPPED);
	cr_expect_eq(notice->problem.code, ALM_REASON_410);
	cr_assert_eq(notice->problem.reason_count, 1);
	cr_expect_eq(notice->problem.reasons[0], 410);
	cr_expect_eq(test_broker_figure(&broker, "stopped"), 1);
}

Test(opt_outs, of_somebody_stops_what_waits)
{
	send_about(&trust, "C84001", ANN);
	send_about(&trust, "C84001", BOB);
	say_now(ANN, ALM_OPT_OUT_NATIONAL, true);
	expect_stopped(&trust);
	test_peer_hello(&practice, 8);
	cr_expect_str_eq(test_peer_expect(&practice, ALM_ENVELOPE_DELIVER)
				 ->deliver.subject,
		BOB);
}

Test(opt_outs, of_type_1_stops_what_a_practice_has_sent)
{
	test_peer_hello(&practice, 8);
	test_peer_hello(&trust, 0);
	send_about(&practice, "RX1", ANN);
	send_about(&practice, "RX1", BOB);
	say_now(ANN, ALM_OPT_OUT_TYPE_1, true);
	expect_stopped(&practice);
}

/* Whom a newer list leaves out is not clear any more. */
Test(opt_outs, by_a_list_without_somebody_stop_what_waits)
{
	char as_of[ALM_INSTANT_TEXT_BYTES];
	char number[32];
	struct alm_answer begun;

	send_about(&trust, "C84001", ANN);
	send_about(&trust, "C84001", BOB);
	alm_instant_text(now_s - 600, as_of);
	begun = test_broker_ask(&broker, "opt-out.begin",
		(const char *const[]){"list", "national", "as-of", as_of,
			"count", "1", "reason", "a test", NULL});
	cr_assert_eq(begun.code, ALM_OK, "%s", begun.detail);
	(void)snprintf(
		number, sizeof(number), "%s", test_fact(&begun, "number"));
	say(BOB, ALM_OPT_OUT_NATIONAL, false, 600,
		(int64_t)test_number(&begun, "recorded-s"));
	cr_expect_eq(test_broker_figure(&broker, "stopped"), 0,
		"it is not whole yet");
	begun = test_broker_ask(&broker, "opt-out.finish",
		(const char *const[]){
			"number", number, "reason", "a test", NULL});
	cr_assert_eq(begun.code, ALM_OK, "%s", begun.detail);
	expect_stopped(&trust);
	test_peer_hello(&practice, 8);
	cr_expect_str_eq(test_peer_expect(&practice, ALM_ENVELOPE_DELIVER)
				 ->deliver.subject,
		BOB);
}
