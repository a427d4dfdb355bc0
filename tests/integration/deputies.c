/*
 * Goal: a deputy gets what the rule lets the deputy have, and what it got is
 * mail of its own: it does not grow when the policy does, it is stopped when
 * the person objects, and its records follow its escalation.  Who may not have
 * it for somebody's opt-out is not told of which.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/pair.h"
#include "tests/support/people.h"
#include "tests/support/policy.h"
#include "tests/support/summary.h"

#define ALL "treatment-summary, medications"

#define CARE(id, to, categories, level) \
	TEST_CARE_AGREEMENT(id, "RX1", to, categories, level) \
	"    overrides: [emergency]\n"
#define PLANNING(id, to, opt_out) \
	TEST_PLANNING_AGREEMENT(id, "RX1", to, "medications", opt_out)

/* The practice may have all of it, its deputy what is said. */
static const char policy[] =
	TEST_POLICY("{id: treatment-summary}, {id: medications}",
		TEST_TRUST("RX1") TEST_TRUST("RHA") TEST_PRACTICE("C84001"),
		CARE("DSA-WHOLE", "C84001", ALL, "identifiable")
			CARE("DSA-DEPUTY", "RHA", "%s", "%s")
				PLANNING("DSA-EXEMPT", "C84001", "exempt:S251")
					PLANNING("DSA-PLAN", "RHA", "applies"));

static void activate(const char *categories, const char *level)
{
	test_broker_activate_filled(&broker, policy, categories, level);
}

static struct test_peer deputy;

static void open_all(void)
{
	test_broker_open(&broker, "");
	activate("medications", "pseudonymised");
	test_broker_put_standard(&broker, "treatment-summary");
	test_peer_open(&trust, &broker, "RX1", 64);
	test_peer_make(&practice, "C84001");
	test_peer_enrol(&deputy, &broker, "RHA");
	(void)test_broker_ask(&broker, "mailbox.deputy",
		(const char *const[]){"organisation", "C84001", "deputy", "RHA",
			"reason", "a test", NULL});
}

static void close_all(void)
{
	test_peer_free(&deputy);
	close_pair();
}

TestSuite(deputies, .init = open_all, .fini = close_all, .timeout = 1800);

static bool is_emergency; /* what is sent has an override */

/* A letter whose deadline passes soon, but after its acceptance: a slow
 * machine gets longer. */
static struct alm_message accepted_shortly(const char *purpose)
{
	static const char *const medications[] = {"medications"};

	for (int64_t wait_ms = 1000;; wait_ms *= 2) {
		struct alm_message message = summary_to(&trust, "C84001");
		const struct alm_receipt *receipt;

		message.deadline_ms = test_now_ms() + wait_ms;
		message.purpose = purpose;
		message.has_relationship = true; /* of the practice alone */
		message.relationship_kind = "referral";
		message.relationship_ref = "UBRN 1";
		message.relationship_organisation = "C84001";
		if (strcmp(purpose, "planning") == 0) {
			message.categories = (struct alm_texts){medications, 1};
		}
		message.has_override = is_emergency;
		message.override_kind = ALM_WIRE_OVERRIDE_EMERGENCY;
		message.override_by = "Dr A. Example";
		message.override_reason = "unconscious";
		test_peer_send(&trust, &message, DISCHARGED ALLERGIES, 0);
		receipt = &test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT)
				   ->receipt;
		if (receipt->is_accepted) {
			return message;
		}
		cr_assert_lt(
			wait_ms, 60000, "refused: %s", receipt->refused.name);
	}
}

static const struct alm_notice *told(void)
{
	return &test_peer_expect(&trust, ALM_ENVELOPE_NOTICE)->notice;
}

static void take_as_deputy(void)
{
	static const char start[] = ALLERGIES "\x82\x01\x10";
	const struct alm_deliver *mail;

	test_peer_connect(&deputy, &broker);
	test_peer_hello(&deputy, 8);
	mail = &test_peer_expect(&deputy, ALM_ENVELOPE_DELIVER)->deliver;
	cr_expect_str_eq(mail->escalated_from, "C84001");
	cr_expect_str_eq(mail->basis, "DSA-DEPUTY");
	cr_expect_eq(mail->level, ALM_WIRE_LEVEL_PSEUDONYMISED);
	cr_expect(mail->is_partial);
	cr_expect_str_empty(mail->subject);
	cr_assert_eq(mail->categories.count, 1);
	cr_expect_str_eq(mail->categories.items[0], "medications");
	cr_assert_eq(mail->payload.bytes, sizeof(start) - 1 + 16);
	cr_expect_eq(memcmp(mail->payload.data, start, sizeof(start) - 1), 0);
}

static struct alm_answer records(const char *kind)
{
	return test_broker_ask(&broker, "audit.query",
		(const char *const[]){"kind", kind, "reason", "looking", NULL});
}

Test(deputies, get_their_own_view_with_records_of_its_own)
{
	struct alm_answer answer;
	char seq[32];

	(void)accepted_shortly("direct-care");
	cr_expect_eq(told()->kind, ALM_NOTICE_KIND_DEADLINE);
	take_as_deputy();
	answer = records("escalated-to-deputy");
	cr_assert_eq(answer.row_count, 1);
	cr_expect_str_eq(test_cell(&answer, 0, "recipient"), "RHA");
	cr_expect_str_eq(test_cell(&answer, 0, "categories"), "medications");
	cr_expect_str_eq(test_cell(&answer, 0, "level-out"), "pseudonymised");
	cr_expect_str_eq(test_cell(&answer, 0, "basis"), "DSA-DEPUTY");
	cr_expect_str_neq(test_cell(&answer, 0, "person"), "");
	(void)snprintf(seq, sizeof(seq), "%s", test_cell(&answer, 0, "seq"));
	answer = records("delivered");
	cr_assert_eq(answer.row_count, 1);
	cr_expect_str_eq(test_cell(&answer, 0, "recipient"), "RHA");
	cr_expect_str_eq(test_cell(&answer, 0, "ref"), seq);
}

Test(deputies, get_no_more_when_the_policy_allows_more)
{
	(void)accepted_shortly("direct-care");
	cr_expect_eq(told()->kind, ALM_NOTICE_KIND_DEADLINE);
	activate(ALL, "identifiable");
	take_as_deputy();
}

Test(deputies, get_nothing_when_the_person_objects)
{
	struct alm_person_record record = test_objection("9990000018");
	const char *to = "RHA";
	const struct alm_notice *notice;

	(void)accepted_shortly("direct-care");
	cr_expect_eq(told()->kind, ALM_NOTICE_KIND_DEADLINE);
	record.directive.to = (struct alm_word_list){&to, 1};
	test_people_put(&broker, &record);
	notice = told();
	cr_expect_eq(notice->kind, ALM_NOTICE_KIND_STOPPED);
	cr_expect_str_eq(notice->recipient, "RHA");
	test_peer_connect(&deputy, &broker);
	test_peer_hello(&deputy, 8);
	test_peer_expect_nothing(&deputy);
	cr_expect_eq(test_broker_figure(&broker, "stopped"), 1,
		"the practice may have it");
}

/* Somebody overrode an objection for the practice, and for nobody else. */
Test(deputies, get_nothing_by_an_override_for_another)
{
	struct alm_answer answer;
	const struct alm_notice *notice;

	is_emergency = true;
	test_people_object(&broker);
	(void)accepted_shortly("direct-care");
	notice = told();
	cr_expect_eq(notice->kind, ALM_NOTICE_KIND_DEADLINE);
	cr_expect_not_null(
		strstr(notice->reason, "ALM-4403"), "%s", notice->reason);
	answer = records("escalated-to-deputy");
	cr_assert_eq(answer.row_count, 1);
	cr_expect_str_eq(test_cell(&answer, 0, "effect"), "deny");
	answer = test_broker_ask(
		&broker, "override.list", (const char *const[]){NULL});
	cr_expect_eq(answer.row_count, 1, "that of the practice");
	test_peer_connect(&deputy, &broker);
	test_peer_hello(&deputy, 8);
	test_peer_expect_nothing(&deputy);
}

Test(deputies, that_an_opt_out_stops_are_not_told_apart)
{
	struct alm_answer answer;
	const struct alm_notice *notice;

	(void)accepted_shortly("planning");
	notice = told();
	cr_expect_eq(notice->kind, ALM_NOTICE_KIND_DEADLINE);
	cr_expect_not_null(
		strstr(notice->reason, "ALM-4410"), "%s", notice->reason);
	answer = records("escalated-to-deputy");
	cr_assert_eq(answer.row_count, 1);
	cr_expect_str_eq(
		test_cell(&answer, 0, "code"), "4411", "the log has it");
	test_peer_connect(&deputy, &broker);
	test_peer_hello(&deputy, 8);
	test_peer_expect_nothing(&deputy);
}

Test(deputies, are_somebody_else_and_known)
{
	const char *const own[] = {"organisation", "C84001", "deputy", "C84001",
		"reason", "a test", NULL};
	const char *const unknown[] = {"organisation", "C84001", "deputy",
		"ZZ9", "reason", "a test", NULL};
	const char *const silent[] = {
		"organisation", "C84001", "deputy", "RHA", NULL};
	const char *const dry[] = {"organisation", "C84001", "deputy", "RHA",
		"reason", "a test", "dry-run", "yes", NULL};
	struct alm_answer answer;

	cr_expect_eq(test_broker_ask(&broker, "mailbox.deputy", own).code,
		ALM_BAD_ARGUMENT);
	cr_expect_eq(test_broker_ask(&broker, "mailbox.deputy", unknown).code,
		ALM_NOT_FOUND);
	cr_expect_eq(test_broker_ask(&broker, "mailbox.deputy", silent).code,
		ALM_REASON_REQUIRED);
	cr_expect_eq(
		test_broker_ask(&broker, "mailbox.deputy", dry).code, ALM_OK);
	answer = test_broker_ask(&broker, "mailbox.deputy",
		(const char *const[]){"organisation", "C84001", "deputy", "",
			"reason", "a test", NULL});
	cr_expect_eq(answer.code, ALM_OK);
	cr_expect_str_eq(test_fact(&answer, "before"), "RHA");
}
