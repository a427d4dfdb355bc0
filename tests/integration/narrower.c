/*
 * Goal: what a recipient gets never grows between acceptance and hand-over.
 * A policy that allows more comes into force while mail waits; the mail stays
 * what it was judged to be: its categories, its level, and without whom it is
 * about where that was restricted.  Where the two policies have nothing in
 * common, nothing is left to hand over, and a view of nothing is refused.
 * Method: a message to several, whose kept body holds more than one of them
 * may have, so that a bound that is forgotten shows in the bytes.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/pair.h"
#include "tests/support/people.h"
#include "tests/support/policy.h"
#include "tests/support/summary.h"

#define ALL "treatment-summary, medications, contact"

/* The second trust may have all of it, the practice what is said. */
static const char policy[] = TEST_POLICY(
	"{id: treatment-summary}, {id: medications}, {id: contact}",
	TEST_TRUST("RX1") TEST_TRUST("RHA") TEST_PRACTICE("C84001"),
	TEST_CARE_AGREEMENT("DSA-WHOLE", "RX1", "RHA", ALL, "identifiable")
		TEST_CARE_AGREEMENT("DSA-PART", "RX1", "C84001", "%s", "%s"));

static void activate(const char *categories, const char *level)
{
	test_broker_activate_filled(&broker, policy, categories, level);
}

static void open_all(void)
{
	test_broker_open(&broker, "");
	activate("medications", "identifiable");
	test_broker_put_standard(&broker, "treatment-summary");
	test_peer_open(&trust, &broker, "RX1", 8);
	test_peer_open(&practice, &broker, "C84001", 0);
}

TestSuite(narrower, .init = open_all, .fini = close_pair, .timeout = 1800);

static const char *subject = "9990000018"; /* "": nobody knows */

/* Gives the receipt of what is sent. */
static const struct alm_receipt *offer(const char *payload, bool is_to_several)
{
	struct alm_message message =
		summary_with_contact(&trust, is_to_several);

	message.subject = subject;
	message.subject_unknown = subject[0] == '\0' ? "not registered" : "";
	test_peer_send(&trust, &message, payload, 0);
	return &test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT)->receipt;
}

static void send(const char *payload, bool is_to_several)
{
	const struct alm_receipt *receipt = offer(payload, is_to_several);

	cr_assert(receipt->is_accepted, "%s", receipt->refused.name);
}

static void expect_medications_only(const char *of_whom)
{
	const struct alm_deliver *mail =
		&test_peer_expect(&practice, ALM_ENVELOPE_DELIVER)->deliver;

	cr_expect_eq(mail->level, ALM_WIRE_LEVEL_IDENTIFIABLE);
	cr_expect(mail->is_partial);
	cr_expect_str_eq(mail->subject, of_whom);
	cr_assert_eq(mail->categories.count, 1);
	cr_expect_str_eq(mail->categories.items[0], "medications");
	cr_assert_eq(mail->payload.bytes, strlen(ALLERGIES));
	cr_expect_eq(
		memcmp(mail->payload.data, ALLERGIES, strlen(ALLERGIES)), 0);
}

Test(narrower, a_wider_agreement_does_not_widen_what_waits)
{
	send(DISCHARGED ALLERGIES, false);
	send(DISCHARGED ALLERGIES, true);
	activate(ALL, "identifiable");
	test_peer_hello(&practice, 8);
	expect_medications_only("9990000018");
	expect_medications_only("9990000018");
}

Test(narrower, a_narrower_agreement_narrows_what_waits)
{
	activate(ALL, "identifiable");
	send(DISCHARGED ALLERGIES, false);
	send(DISCHARGED ALLERGIES, true);
	activate("medications", "identifiable");
	test_peer_hello(&practice, 8);
	expect_medications_only("9990000018");
	expect_medications_only("9990000018");
}

Test(narrower, a_higher_level_does_not_bring_back_whom_it_is_about)
{
	activate("medications", "pseudonymised");
	send(DISCHARGED ALLERGIES, false);
	send(DISCHARGED ALLERGIES, true);
	activate(ALL, "identifiable");
	test_peer_hello(&practice, 8);
	for (int i = 0; i < 2; i++) {
		const struct alm_deliver *mail =
			&test_peer_expect(&practice, ALM_ENVELOPE_DELIVER)
				 ->deliver;

		cr_expect_eq(mail->level, ALM_WIRE_LEVEL_PSEUDONYMISED);
		cr_expect_str_empty(mail->subject);
		cr_expect_eq(mail->pseudonym.bytes, 16);
		cr_expect(mail->is_partial);
	}
}

Test(narrower, restricted_stays_restricted_without_what_it_was)
{
	send(DISCHARGED ALLERGIES RESTRICTED, false);
	send(DISCHARGED ALLERGIES RESTRICTED, true);
	test_broker_kill(&broker);
	test_broker_start(&broker);
	test_peer_come_back(&practice, &broker, 8);
	expect_medications_only("");
	expect_medications_only("");
}

Test(narrower, nothing_in_common_leaves_nothing_to_hand_over)
{
	const struct alm_envelope *notice;

	send(DISCHARGED ALLERGIES, false);
	activate("treatment-summary", "identifiable");
	notice = test_peer_expect(&trust, ALM_ENVELOPE_NOTICE);
	cr_expect_eq(notice->notice.kind, ALM_NOTICE_KIND_STOPPED);
	cr_expect_eq(notice->notice.problem.code, ALM_REASON_403);
	test_peer_hello(&practice, 8);
	test_peer_expect_nothing(&practice);
	cr_expect_eq(test_broker_records(&broker, "stopped-at-hand-over"), 1);
}

static void expect_payload(struct test_peer *peer, const char *want)
{
	const struct alm_deliver *mail =
		&test_peer_expect(peer, ALM_ENVELOPE_DELIVER)->deliver;

	cr_assert_eq(mail->payload.bytes, strlen(want), "%s", mail->recipient);
	cr_expect_eq(memcmp(mail->payload.data, want, strlen(want)), 0);
}

/* Of nobody in particular, so that no pseudonym tells the two views apart. */
Test(narrower, of_two_levels_each_gets_its_own)
{
	struct test_peer second;

	activate(ALL, "pseudonymised");
	test_peer_open(&second, &broker, "RHA", 8);
	test_peer_hello(&practice, 8);
	subject = "";
	send(DISCHARGED ALLERGIES, true);
	expect_payload(&practice, DISCHARGED_IN ALLERGIES);
	expect_payload(&second, DISCHARGED ALLERGIES);
	test_peer_free(&second);
}

static void withhold_location(void)
{
	struct alm_person_record record = {.type = ALM_RECORD_FLAG,
		.flag = {.flag = ALM_FLAG_LOCATION_WITHHELD,
			.recorded_s = 1700000000,
			.valid = {1600000000, ALM_INSTANT_NEVER}}};

	strcpy(record.subject, subject);
	test_people_put(&broker, &record);
}

Test(narrower, where_somebody_lives_is_withheld_from_what_waits)
{
	activate(ALL, "identifiable");
	send(CONTACT DISCHARGED, true);
	send(CONTACT DISCHARGED, true);
	test_peer_hello(&practice, 1);
	expect_payload(&practice, CONTACT DISCHARGED);
	withhold_location();
	send(CONTACT DISCHARGED, true);
	test_peer_come_back(&practice, &broker, 8);
	for (int i = 0; i < 3; i++) {
		expect_payload(&practice, DISCHARGED);
	}
}

/* What the agreement leaves out is said, also where there was none of it. */
Test(narrower, a_category_left_out_makes_it_partial_without_a_field_of_it)
{
	const struct alm_receipt *receipt;

	activate("treatment-summary", "identifiable");
	receipt = offer(DISCHARGED, false);
	cr_assert(receipt->is_accepted, "%s", receipt->refused.name);
	cr_expect(receipt->accepted.is_transformed);
	cr_expect_eq(receipt->accepted.withheld.count, 0);
	test_peer_hello(&practice, 8);
	cr_expect(test_peer_expect(&practice, ALM_ENVELOPE_DELIVER)
			  ->deliver.is_partial);
}

Test(narrower, a_view_without_anything_is_refused)
{
	const struct alm_receipt *receipt = offer(DISCHARGED, false);

	cr_assert_not(receipt->is_accepted);
	cr_expect_eq(receipt->refused.code, ALM_REASON_403);
}
