/*
 * Goal: below identifiable a recipient gets where and when in coarser words,
 * the same at every hand-over, and its sender is told which fields became
 * what.  What is taken for another reason does not come back coarser.
 * Method: a practice that may have treatment summaries pseudonymised, one
 * message, and one to it and to a trust that may have the whole, so that the
 * kept body is finer than what the practice gets.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/pair.h"
#include "tests/support/people.h"
#include "tests/support/policy.h"
#include "tests/support/summary.h"

#define ALL "treatment-summary, medications, contact"
#define SUBJECT "9990000018"
#define PSEUDONYM_HEAD "\x82\x01\x10"
#define FINE CONTACT DISCHARGED ALLERGIES
#define COARSE CONTACT_NEAR DISCHARGED_IN ALLERGIES
/* Of the Isles of Scilly. */
#define CONTACT_FEW \
	"\x12\x0A\x12\x08" \
	"TR21 0LW"

static const char policy[] = TEST_POLICY(
	"{id: treatment-summary}, {id: medications}, {id: contact}",
	TEST_TRUST("RX1") TEST_TRUST("RHA") TEST_PRACTICE("C84001"),
	TEST_CARE_AGREEMENT("DSA-WHOLE", "RX1", "RHA", ALL, "identifiable")
		TEST_CARE_AGREEMENT(
			"DSA-COARSE", "RX1", "C84001", ALL, "pseudonymised"));

static void open_all(void)
{
	open_trust("", policy, 8);
	test_broker_put_standard(&broker, "treatment-summary");
	test_peer_open(&practice, &broker, "C84001", 0);
}

TestSuite(coarser, .init = open_all, .fini = close_pair, .timeout = 1800);

static const struct alm_receipt *offer(
	const char *payload, enum alm_wire_level level, bool is_to_several)
{
	struct alm_message message =
		summary_with_contact(&trust, is_to_several);

	message.payload_level = level;
	test_peer_send(&trust, &message, payload, 0);
	return &test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT)->receipt;
}

static void send(const char *payload, bool is_to_several)
{
	const struct alm_receipt *receipt =
		offer(payload, ALM_WIRE_LEVEL_IDENTIFIABLE, is_to_several);

	cr_assert(receipt->is_accepted, "%s", receipt->refused.name);
}

static const struct alm_deliver *take(void)
{
	return &test_peer_expect(&practice, ALM_ENVELOPE_DELIVER)->deliver;
}

/* These fields and the pseudonym, and nothing more. */
static void expect_view(const struct alm_deliver *mail, const char *fields)
{
	size_t bytes = strlen(fields);
	size_t head_bytes = strlen(PSEUDONYM_HEAD);

	cr_expect_eq(mail->level, ALM_WIRE_LEVEL_PSEUDONYMISED);
	cr_expect(mail->is_partial);
	cr_expect_str_empty(mail->subject);
	cr_assert_eq(mail->payload.bytes, bytes + head_bytes + 16);
	cr_expect_eq(memcmp(mail->payload.data, fields, bytes), 0);
	cr_expect_eq(
		memcmp(mail->payload.data + bytes, PSEUDONYM_HEAD, head_bytes),
		0);
}

static void expect_withheld(
	const struct alm_receipt *receipt, const char *a, const char *b)
{
	cr_assert(receipt->is_accepted, "%s", receipt->refused.name);
	cr_expect(receipt->accepted.is_transformed);
	cr_assert_eq(receipt->accepted.withheld.count, 2);
	cr_expect_str_eq(receipt->accepted.withheld.items[0], a);
	cr_expect_str_eq(receipt->accepted.withheld.items[1], b);
}

static void expect_recorded(const char *kind, const char *what)
{
	struct alm_answer answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){"kind", kind, "reveal", "yes", "reason",
			"looking", NULL});

	cr_assert_eq(answer.row_count, 1);
	cr_expect_not_null(strstr(test_cell(&answer, 0, "detail"), what), "%s",
		test_cell(&answer, 0, "detail"));
}

Test(coarser, goes_on_and_its_sender_is_told)
{
	expect_withheld(offer(FINE, ALM_WIRE_LEVEL_IDENTIFIABLE, false),
		"contact.postcode:district", "discharged:month");
	expect_recorded("accepted", "contact.postcode:district");
	expect_recorded("accepted", "discharged:month");
	test_peer_hello(&practice, 8);
	expect_view(take(), COARSE);
}

Test(coarser, goes_on_also_from_who_sends_it_pseudonymised)
{
	const struct alm_receipt *receipt =
		offer(FINE, ALM_WIRE_LEVEL_PSEUDONYMISED, false);
	const struct alm_deliver *mail;

	expect_withheld(
		receipt, "contact.postcode:district", "discharged:month");
	test_peer_hello(&practice, 8);
	mail = take();
	cr_expect(mail->is_partial);
	cr_assert_eq(mail->payload.bytes, strlen(COARSE));
	cr_expect_eq(memcmp(mail->payload.data, COARSE, strlen(COARSE)), 0);
}

Test(coarser, is_the_same_at_each_hand_over_and_after_a_restart)
{
	send(FINE, false);
	send(FINE, true);
	test_peer_hello(&practice, 8);
	expect_view(take(), COARSE);
	expect_view(take(), COARSE);
	test_broker_kill(&broker);
	test_broker_start(&broker);
	test_peer_come_back(&practice, &broker, 8);
	expect_view(take(), COARSE);
	expect_view(take(), COARSE);
}

Test(coarser, does_not_tell_where_few_live)
{
	expect_withheld(offer(CONTACT_FEW DISCHARGED ALLERGIES,
				ALM_WIRE_LEVEL_IDENTIFIABLE, false),
		"contact.postcode", "discharged:month");
	test_peer_hello(&practice, 8);
	expect_view(take(), DISCHARGED_IN ALLERGIES);
}

Test(coarser, does_not_tell_where_what_is_restricted_is_from)
{
	const struct alm_receipt *receipt =
		offer(FINE RESTRICTED, ALM_WIRE_LEVEL_IDENTIFIABLE, false);

	cr_assert(receipt->is_accepted, "%s", receipt->refused.name);
	cr_assert_eq(receipt->accepted.withheld.count, 3);
	cr_expect_str_eq(
		receipt->accepted.withheld.items[0], "contact.postcode");
	cr_expect_str_eq(
		receipt->accepted.withheld.items[1], "discharged:month");
	cr_expect_str_eq(
		receipt->accepted.withheld.items[2], "restricted_note");
	test_peer_hello(&practice, 8);
	expect_view(take(), DISCHARGED_IN ALLERGIES);
}

/* Withheld before it is sent, and while it waits. */
Test(coarser, does_not_tell_where_somebody_is_whose_place_is_withheld)
{
	struct alm_person_record record = {.type = ALM_RECORD_FLAG,
		.flag = {.flag = ALM_FLAG_LOCATION_WITHHELD,
			.recorded_s = 1700000000,
			.valid = {1600000000, ALM_INSTANT_NEVER}}};

	send(FINE, false);
	send(FINE, true);
	strcpy(record.subject, SUBJECT);
	test_people_put(&broker, &record);
	send(FINE, false);
	send(FINE, true);
	test_peer_hello(&practice, 8);
	for (int i = 0; i < 4; i++) {
		expect_view(take(), DISCHARGED_IN ALLERGIES);
	}
}

/* What is coarse already is no value of the standard: nobody but the broker
 * makes it so. */
Test(coarser, is_not_taken_from_a_sender)
{
	const struct alm_receipt *receipt =
		offer(COARSE, ALM_WIRE_LEVEL_PSEUDONYMISED, false);

	cr_assert_not(receipt->is_accepted);
	cr_expect_eq(receipt->refused.code, ALM_NOT_CONFORMANT);
	cr_assert_eq(receipt->refused.withheld.count, 2);
	cr_expect_str_eq(
		receipt->refused.withheld.items[0], "contact.postcode");
	cr_expect_str_eq(receipt->refused.withheld.items[1], "discharged");
}
