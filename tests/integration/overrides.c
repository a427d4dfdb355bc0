/*
 * Goal: an override goes through at once, is told to the Guardian, stands in
 * the review queue until somebody else has reviewed it, and alarms when that
 * is not done in time.  Method: a person who objects, and a trust that
 * overrides.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/peer.h"
#include "tests/support/people.h"

#define NONE ((const char *const[]){NULL})

static struct test_broker broker;
static struct test_peer trust;
static struct test_peer guardian;

static void open_all(void)
{
	test_broker_open(&broker, "guardian-mailbox: C84001\n");
	test_policy_activate_overridable(&broker);
	test_peer_open(&trust, &broker, "RX1", 0);
	test_peer_open(&guardian, &broker, "C84001", 64);
}

static void close_all(void)
{
	test_peer_free(&trust);
	test_peer_free(&guardian);
	test_broker_close(&broker);
}

TestSuite(overrides, .init = open_all, .fini = close_all, .timeout = 1800);

/* Gives the record of the acceptance, which names the override. */
static uint64_t override_with(enum alm_wire_override kind)
{
	struct alm_message message = test_message(&trust, "RHA");
	const struct alm_envelope *receipt;

	message.has_override = true;
	message.override_kind = kind;
	message.override_by = "Dr A. Example";
	message.override_reason = "unconscious";
	test_peer_send(&trust, &message, "content", 0);
	receipt = test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);
	cr_assert(receipt->receipt.is_accepted, "refused: %s",
		receipt->receipt.refused.name);
	return receipt->receipt.accepted.audit_sequence;
}

static const char *as_text(uint64_t number)
{
	static char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	return text;
}

static enum alm_err review(uint64_t id, const char *by, const char *outcome)
{
	return test_broker_ask(&broker, "override.review",
		(const char *const[]){"id", as_text(id), "by", by, "outcome",
			outcome, "reason", "asked the ward", NULL})
		.code;
}

/* The figure is counted with the sweep, within a second. */
Test(overrides, go_through_at_once_and_are_told_to_the_guardian)
{
	const struct alm_envelope *notice;
	struct alm_answer answer;
	uint64_t id;

	test_people_object(&broker);
	id = override_with(ALM_WIRE_OVERRIDE_EMERGENCY);
	notice = test_peer_expect(&guardian, ALM_ENVELOPE_NOTICE);
	cr_expect_eq(notice->notice.kind, ALM_NOTICE_KIND_OVERRIDE);
	cr_expect_eq(notice->notice.problem.code, ALM_NOTICE_OVERRIDE);
	cr_expect_str_eq(notice->notice.recipient, "RHA");
	cr_expect_not_null(strstr(notice->notice.reason, as_text(id)));
	cr_expect_null(strstr(notice->notice.reason, "Example"));
	answer = test_broker_ask(&broker, "override.list", NONE);
	cr_assert_eq(answer.row_count, 1);
	cr_expect_eq(strtoull(test_cell(&answer, 0, "id"), NULL, 10), id);
	cr_expect_str_eq(test_cell(&answer, 0, "status"), "open");
	cr_expect_str_eq(test_cell(&answer, 0, "kind"), "emergency");
	cr_expect_str_eq(test_cell(&answer, 0, "sender"), "RX1");
	cr_expect_str_eq(test_cell(&answer, 0, "by"), "", "it is private");
	test_broker_await(&broker, "overrides-unreviewed", 1);
	cr_expect_eq(test_broker_figure(&broker, "overrides-overdue"), 0);
}

Test(overrides, without_an_effect_are_nothing_to_review)
{
	(void)override_with(ALM_WIRE_OVERRIDE_EMERGENCY);
	cr_expect_eq(
		test_broker_ask(&broker, "override.list", NONE).row_count, 0);
}

/* The test policy, whose care agreement wants a relationship. */
static void want_relationship(void)
{
	static const char no[] = "    relationship: not-required\n";
	const char *at = strstr(test_policy, no);
	char policy[8192];

	cr_assert_not_null(at);
	(void)snprintf(policy, sizeof(policy),
		"%.*s    relationship: required\n"
		"    overrides: [emergency]\n%s",
		(int)(at - test_policy), test_policy, at + strlen(no));
	test_broker_activate(&broker, policy);
}

Test(overrides, in_place_of_a_relationship_are_reviewed_too)
{
	struct alm_message message = test_message(&trust, "RHA");
	const struct alm_deliver *mail;
	struct test_peer hospital;
	struct alm_answer answer;
	uint64_t id;

	want_relationship();
	cr_expect_eq(test_peer_receipt(&trust, &message)->refused.code,
		ALM_REASON_501);
	id = override_with(ALM_WIRE_OVERRIDE_EMERGENCY);
	(void)test_peer_expect(&guardian, ALM_ENVELOPE_NOTICE);
	answer = test_broker_ask(&broker, "override.list", NONE);
	cr_assert_eq(answer.row_count, 1);
	cr_expect_eq(strtoull(test_cell(&answer, 0, "id"), NULL, 10), id);
	test_peer_open(&hospital, &broker, "RHA", 64);
	mail = &test_peer_expect(&hospital, ALM_ENVELOPE_DELIVER)->deliver;
	cr_assert_eq(mail->obligations.count, 1);
	cr_expect_str_eq(mail->obligations.items[0], "review:override");
	test_peer_free(&hospital);
}

Test(overrides, that_take_effect_later_are_reviewed_too)
{
	uint64_t id = override_with(ALM_WIRE_OVERRIDE_GUARDIAN);
	struct test_peer hospital;
	struct alm_answer answer;

	test_people_object(&broker);
	test_peer_open(&hospital, &broker, "RHA", 64);
	(void)test_peer_expect(&hospital, ALM_ENVELOPE_DELIVER);
	answer = test_broker_ask(&broker, "override.list", NONE);
	cr_assert_eq(answer.row_count, 1);
	cr_expect_eq(strtoull(test_cell(&answer, 0, "id"), NULL, 10), id);
	cr_expect_str_eq(test_cell(&answer, 0, "kind"), "guardian");
	test_peer_free(&hospital);
}

Test(overrides, show_who_and_why_for_a_reason_only)
{
	struct alm_answer answer;

	test_people_object(&broker);
	(void)override_with(ALM_WIRE_OVERRIDE_EMERGENCY);
	answer = test_broker_ask(&broker, "override.list",
		(const char *const[]){"reveal", "yes", NULL});
	cr_expect_eq(answer.code, ALM_REASON_REQUIRED);
	answer = test_broker_ask(&broker, "override.list",
		(const char *const[]){
			"reveal", "yes", "reason", "weekly", NULL});
	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
	cr_expect_str_eq(test_cell(&answer, 0, "by"), "Dr A. Example");
	cr_expect_str_eq(test_cell(&answer, 0, "why"), "unconscious");
	cr_expect_eq(test_broker_records(&broker, "audit-queried"), 1);
}

Test(overrides, are_reviewed_once_and_by_somebody_else)
{
	struct alm_answer answer;
	uint64_t id;

	test_people_object(&broker);
	id = override_with(ALM_WIRE_OVERRIDE_EMERGENCY);
	test_broker_await(&broker, "overrides-unreviewed", 1);
	cr_expect_eq(review(id, "dr a. example", "justified"), ALM_OWN_REVIEW);
	cr_expect_eq(review(id, "C. Guardian", "fine"), ALM_BAD_ARGUMENT);
	cr_expect_eq(review(id + 1, "C. Guardian", "justified"), ALM_NOT_FOUND);
	cr_assert_eq(review(id, "C. Guardian", "not-justified"), ALM_OK);
	cr_expect_eq(
		review(id, "C. Guardian", "justified"), ALM_ALREADY_REVIEWED);
	cr_expect_eq(
		test_broker_ask(&broker, "override.list", NONE).row_count, 0);
	answer = test_broker_ask(&broker, "override.list",
		(const char *const[]){"all", "yes", "reveal", "yes", "reason",
			"weekly", NULL});
	cr_assert_eq(answer.row_count, 1);
	cr_expect_str_eq(test_cell(&answer, 0, "status"), "reviewed");
	cr_expect_str_eq(test_cell(&answer, 0, "outcome"), "not-justified");
	cr_expect_str_eq(test_cell(&answer, 0, "reviewed-by"), "C. Guardian");
	cr_expect_str_eq(
		test_cell(&answer, 0, "review-reason"), "asked the ward");
	answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){"kind", "override-reviewed", NULL});
	cr_expect_eq(answer.row_count, 1);
	/* It is about the person too: it is found by them, and goes with
	 * them. */
	cr_expect_str_neq(test_cell(&answer, 0, "person"), "");
	answer = test_broker_ask(&broker, "people.erase",
		(const char *const[]){"subject", "9990000018",
			"with-objections", "yes", "reason", "test", NULL});
	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
	answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){"kind", "override-reviewed", "reveal",
			"yes", "reason", "test", NULL});
	cr_assert_eq(answer.row_count, 1);
	cr_expect_str_eq(test_cell(&answer, 0, "detail"), "erased");
	test_broker_await(&broker, "overrides-unreviewed", 0);
}

Test(overrides, are_kept_over_a_crash)
{
	uint64_t id;

	test_people_object(&broker);
	id = override_with(ALM_WIRE_OVERRIDE_EMERGENCY);
	test_broker_kill(&broker);
	test_broker_start(&broker);
	test_broker_await(&broker, "overrides-unreviewed", 1);
	cr_expect_eq(review(id, "C. Guardian", "justified"), ALM_OK);
}

Test(overrides, alarm_when_they_are_not_reviewed_in_time)
{
	struct alm_answer answer;
	uint64_t id;

	test_broker_add_settings(&broker, "override-review-within: 1s\n");
	cr_assert_eq(test_broker_stop(&broker), 0);
	test_broker_start(&broker);
	test_peer_come_back(&trust, &broker, 0);
	test_people_object(&broker);
	id = override_with(ALM_WIRE_OVERRIDE_EMERGENCY);
	test_broker_await(&broker, "overrides-overdue", 1);
	answer = test_broker_ask(&broker, "override.list",
		(const char *const[]){"overdue", "yes", NULL});
	cr_assert_eq(answer.row_count, 1);
	cr_expect_str_eq(test_cell(&answer, 0, "status"), "overdue");
	cr_expect_eq(review(id, "C. Guardian", "justified"), ALM_OK);
	test_broker_await(&broker, "overrides-overdue", 0);
}
