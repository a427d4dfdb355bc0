/*
 * Goal: what a recipient gets never grows between acceptance and hand-over.
 * A policy that allows more comes into force while mail waits; the mail stays
 * what it was judged to be: its categories, its level, and without whom it is
 * about where that was restricted.  Where the two policies have nothing in
 * common, nothing is left to hand over.
 * Method: a message to several, whose kept body holds more than one of them
 * may have, so that a bound that is forgotten shows in the bytes.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/pair.h"
#include "tests/support/policy.h"

#define DISCHARGED \
	"\x2A\x0A" \
	"2026-11-20"
#define ALLERGIES \
	"\x4A\x09" \
	"123456789"
#define RESTRICTED \
	"\x8A\x01\x07" \
	"history"
#define ALL "treatment-summary, medications"

static const char policy[] =
	"almoner: 1\n"
	"bundle: test\n"
	"kinds: [nhs-trust, gp-practice]\n"
	"purposes:\n"
	"  - {id: direct-care, class: care, recipients: [any]}\n"
	"categories:\n"
	"  - id: treatment-summary\n"
	"  - id: medications\n"
	"organisations:\n"
	"  - {id: RX1, name: First trust, kind: nhs-trust}\n"
	"  - {id: C84001, name: A practice, kind: gp-practice}\n"
	"  - {id: RHA, name: Second trust, kind: nhs-trust}\n"
	"agreements:\n";

static const char agreement[] =
	TEST_CARE_AGREEMENT("%s", "RX1", "%s", "%s", "%s");

/* What the practice may have; the second trust may have all of it. */
static void activate(const char *categories, const char *level)
{
	char yaml[8192];
	size_t at = sizeof(policy) - 1;

	memcpy(yaml, policy, at);
	at += (size_t)snprintf(yaml + at, sizeof(yaml) - at, agreement,
		"DSA-WHOLE", "RHA", ALL, "identifiable");
	(void)snprintf(yaml + at, sizeof(yaml) - at, agreement, "DSA-PART",
		"C84001", categories, level);
	test_broker_activate(&broker, yaml);
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

static void send(const char *payload, bool is_to_several)
{
	static const char *const categories[] = {
		"treatment-summary", "medications"};
	static const char *const several[] = {"C84001", "RHA"};
	struct alm_message message =
		test_message(&trust, is_to_several ? "" : "C84001");
	const struct alm_receipt *receipt;

	if (is_to_several) {
		message.recipients = (struct alm_texts){several, 2};
	}
	message.categories = (struct alm_texts){categories, 2};
	message.standard = "treatment-summary";
	message.standard_version = "1.0.0";
	test_peer_send(&trust, &message, payload, 0);
	receipt = &test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT)->receipt;
	cr_assert(receipt->is_accepted, "%s", receipt->refused.name);
}

static void expect_medications_only(const char *subject)
{
	const struct alm_deliver *mail =
		&test_peer_expect(&practice, ALM_ENVELOPE_DELIVER)->deliver;

	cr_expect_eq(mail->level, ALM_WIRE_LEVEL_IDENTIFIABLE);
	cr_expect(mail->is_partial);
	cr_expect_str_eq(mail->subject, subject);
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
