/*
 * Goal: what the law restricts never travels with whom it is about: not in
 * the payload, not beside it, and not by way of the log; over a restart and
 * to one of several as well.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/pair.h"
#include "tests/support/policy.h"
#include "tests/support/summary.h"

#define SUBJECT "9990000018"

static const char policy[] = TEST_POLICY(
	"{id: treatment-summary}, {id: medications}",
	TEST_TRUST("RX1") TEST_PRACTICE("C84001") TEST_PRACTICE("C84002"),
	TEST_CARE_AGREEMENT("DSA-CARE", "RX1", "kind:gp-practice",
		"treatment-summary, medications", "identifiable"));

static void open_all(void)
{
	open_trust("", policy, 8);
	test_broker_put_standard(&broker, "treatment-summary");
	test_peer_open(&practice, &broker, "C84001", 0);
}

TestSuite(restricted, .init = open_all, .fini = close_pair, .timeout = 1800);

static void send(const char *payload, bool is_to_several)
{
	static const char *const several[] = {"C84001", "C84002"};
	const struct alm_message message =
		is_to_several ? summary_to_several(&trust, several, 2)
			      : summary_to(&trust, "C84001");
	const struct alm_receipt *receipt;

	test_peer_send(&trust, &message, payload, 0);
	receipt = &test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT)->receipt;
	cr_assert(receipt->is_accepted, "%s", receipt->refused.name);
}

static void expect_subject_of(struct test_peer *peer, const char *subject)
{
	const struct alm_envelope *mail =
		test_peer_expect(peer, ALM_ENVELOPE_DELIVER);

	cr_expect_eq(mail->deliver.level, ALM_WIRE_LEVEL_IDENTIFIABLE);
	cr_expect_str_eq(mail->deliver.subject, subject);
	test_peer_acknowledge(peer, mail->deliver.sequence, NULL);
	(void)test_peer_expect(peer, ALM_ENVELOPE_ACKNOWLEDGED);
}

static void expect_subject(const char *subject)
{
	expect_subject_of(&practice, subject);
}

/* Hand-overs about the person that the log tells it of. */
static size_t told_of(struct test_peer *peer)
{
	const struct alm_argument arguments[] = {
		{"person", SUBJECT}, {"reason", "curious"}};
	const struct alm_envelope envelope = {.kind = ALM_ENVELOPE_QUERY,
		.request = {.id = 7,
			.verb = "audit.query",
			.arguments = arguments,
			.argument_count = 2}};
	const struct alm_answer *answer;
	size_t count = 0;

	test_peer_say(peer, &envelope);
	answer = &test_peer_expect(peer, ALM_ENVELOPE_ANSWER)->answer;
	cr_assert_eq(answer->code, ALM_OK);
	for (size_t i = 0; i < answer->row_count; i++) {
		count += strcmp(test_cell(answer, i, "kind"), "delivered") == 0;
	}
	return count;
}

Test(restricted, a_delivery_does_not_say_whom_it_is_about)
{
	test_peer_hello(&practice, 8);
	send(DISCHARGED ALLERGIES, false);
	expect_subject(SUBJECT);
	cr_expect_eq(told_of(&practice), 1);
	send(DISCHARGED ALLERGIES RESTRICTED, false);
	expect_subject("");
	cr_expect_eq(told_of(&practice), 1);
	cr_expect_eq(told_of(&trust), 2);
}

Test(restricted, nor_does_one_that_waited_or_goes_to_several)
{
	send(DISCHARGED ALLERGIES RESTRICTED, false);
	send(DISCHARGED ALLERGIES RESTRICTED, true);
	test_broker_kill(&broker);
	test_broker_start(&broker);
	test_peer_disconnect(&practice);
	test_peer_connect(&practice, &broker);
	test_peer_hello(&practice, 1);
	expect_subject("");
	expect_subject("");
	cr_expect_eq(told_of(&practice), 0);
}

/* The second one's view is that of the first, and was made for it. */
Test(restricted, nor_does_one_to_the_second_of_several)
{
	struct test_peer second;

	test_peer_open(&second, &broker, "C84002", 8);
	test_peer_hello(&practice, 8);
	send(DISCHARGED ALLERGIES RESTRICTED, true);
	expect_subject("");
	expect_subject_of(&second, "");
	cr_expect_eq(told_of(&second), 0);
	test_peer_free(&second);
}
