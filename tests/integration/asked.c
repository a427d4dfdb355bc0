/*
 * Goal: what a message says reaches the rule: each of its words changes the
 * answer as docs/POLICY.md has it.  Method: one message that is permitted, of
 * which one thing is said otherwise at a time.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/pair.h"
#include "tests/support/policy.h"

#define DSA_KNOWN \
	"  - id: DSA-KNOWN\n" \
	"    title: Care\n" \
	"    from: [RX1]\n" \
	"    to: [C84001, C84002]\n" \
	"    purposes: [direct-care]\n" \
	"    categories: [discharge]\n" \
	"    identifiability: identifiable\n" \
	"    relationship: required\n" \
	"    overrides: [emergency]\n" \
	"    consent: implied\n" \
	"    opt-out: not-applicable\n" \
	"    valid: 2020-01-01 until further notice\n" \
	"    law: {article-6: 6(1)(e), article-9: 9(2)(h), " \
	"confidentiality: implied-consent}\n" \
	"    evidence: [DPIA-1]\n" \
	"    approved-by: [guardian, owner]\n"

/* The practice must have a relationship; two agreements fit for RHA. */
static const char policy[] = TEST_POLICY("{id: discharge}",
	TEST_TRUST("RX1") TEST_TRUST("RHA") TEST_PRACTICE("C84001")
		TEST_PRACTICE("C84002"),
	DSA_KNOWN TEST_CARE_AGREEMENT("DSA-A", "RX1", "RHA", "discharge",
		"identifiable") TEST_CARE_AGREEMENT("DSA-B", "RX1", "RHA",
		"discharge", "identifiable"));

static void open_all(void)
{
	open_trust("", policy, 8);
	test_peer_make(&practice, "C84001");
}

TestSuite(asked, .init = open_all, .fini = close_pair, .timeout = 1800);

static const struct alm_receipt *answer(const struct alm_message *message)
{
	return test_peer_receipt(&trust, message);
}

static struct alm_message to_practice(void)
{
	struct alm_message message = test_message(&trust, "C84001");

	message.has_relationship = true;
	message.relationship_kind = "referral";
	message.relationship_ref = "UBRN 1";
	message.relationship_organisation = "C84001";
	return message;
}

static struct alm_message to_trust(void)
{
	struct alm_message message = test_message(&trust, "RHA");

	message.basis = "DSA-A";
	return message;
}

Test(asked, the_agreement_that_is_named_is_the_one)
{
	struct alm_message message = to_trust();
	const struct alm_receipt *receipt = answer(&message);

	cr_assert(receipt->is_accepted, "%s", receipt->refused.name);
	cr_expect_str_eq(receipt->accepted.basis, "DSA-A");
	message = to_trust();
	message.basis = "DSA-B";
	cr_expect_str_eq(answer(&message)->accepted.basis, "DSA-B");
	message = to_trust();
	message.basis = "";
	receipt = answer(&message);
	cr_expect_eq(receipt->refused.code, ALM_REASON_308);
	cr_assert_eq(receipt->refused.candidates.count, 2);
	cr_expect_str_eq(receipt->refused.candidates.items[0], "DSA-A");
	cr_expect_str_eq(receipt->refused.candidates.items[1], "DSA-B");
}

static void name_no_agreement(struct alm_message *message)
{
	message->basis = "DSA-NONE";
}

static void name_agreement_of_others(struct alm_message *message)
{
	message->basis = "DSA-A";
}

static void assert_nothing(struct alm_message *message)
{
	message->has_relationship = false;
}

static void assert_of_another(struct alm_message *message)
{
	message->relationship_organisation = "RHA";
}

static void assert_without_ref(struct alm_message *message)
{
	message->relationship_ref = "";
}

static void override(struct alm_message *message)
{
	message->has_relationship = false;
	message->has_override = true;
	message->override_kind = ALM_WIRE_OVERRIDE_EMERGENCY;
	message->override_by = "Dr A. Example";
	message->override_reason = "unconscious";
}

static void override_as_guardian(struct alm_message *message)
{
	override(message);
	message->override_kind = ALM_WIRE_OVERRIDE_GUARDIAN;
}

static void override_without_kind(struct alm_message *message)
{
	override(message);
	message->override_kind = ALM_WIRE_OVERRIDE_NONE;
}

static void override_by_nobody(struct alm_message *message)
{
	override(message);
	message->override_by = "1234";
}

static void override_for_nothing(struct alm_message *message)
{
	override(message);
	message->override_reason = "";
}

static void ask_for_a_later_epoch(struct alm_message *message)
{
	message->has_not_before = true;
	message->not_before_epoch = 2;
}

static void ask_for_later_people(struct alm_message *message)
{
	message->has_not_before = true;
	message->not_before_seq = 1;
}

static void ask_for_this_epoch(struct alm_message *message)
{
	message->has_not_before = true;
	message->not_before_epoch = 1;
}

static void say_it_is_unknown(struct alm_message *message)
{
	message->subject = "";
	message->subject_unknown = "not registered";
}

static void say_both(struct alm_message *message)
{
	message->subject_unknown = "not registered";
}

static void say_neither(struct alm_message *message)
{
	message->subject = "";
}

static void say_unknown_without_why(struct alm_message *message)
{
	message->subject = "";
	message->subject_unknown = "?";
}

static void say_a_wrong_number(struct alm_message *message)
{
	message->subject = "9990000019";
}

static void say_a_statistic_of_somebody(struct alm_message *message)
{
	message->payload_level = ALM_WIRE_LEVEL_AGGREGATE;
}

static void say_no_level(struct alm_message *message)
{
	message->payload_level = ALM_WIRE_LEVEL_NONE;
}

static void say_no_purpose(struct alm_message *message)
{
	message->purpose = "";
}

static void say_no_category(struct alm_message *message)
{
	message->categories.count = 0;
}

static void say_nobody(struct alm_message *message)
{
	message->recipient = "";
}

static void say_oneself(struct alm_message *message)
{
	message->recipient = "RX1";
	message->has_relationship = false;
}

Test(asked, each_word_changes_the_answer)
{
	static const struct {
		void (*say)(struct alm_message *message);
		enum alm_err code;
	} rows[] = {
		{name_no_agreement, ALM_REASON_306},
		{name_agreement_of_others, ALM_REASON_307},
		{assert_nothing, ALM_REASON_501},
		{assert_of_another, ALM_REASON_101},
		{assert_without_ref, ALM_REASON_101},
		{override, ALM_OK},
		{override_as_guardian, ALM_REASON_501},
		{override_without_kind, ALM_REASON_101},
		{override_by_nobody, ALM_REASON_108},
		{override_for_nothing, ALM_REASON_108},
		{ask_for_a_later_epoch, ALM_REASON_191},
		{ask_for_later_people, ALM_REASON_191},
		{ask_for_this_epoch, ALM_OK},
		{say_it_is_unknown, ALM_OK},
		{say_both, ALM_REASON_107},
		{say_neither, ALM_REASON_107},
		{say_unknown_without_why, ALM_REASON_107},
		{say_a_wrong_number, ALM_REASON_107},
		{say_a_statistic_of_somebody, ALM_REASON_107},
		{say_no_level, ALM_REASON_101},
		{say_no_purpose, ALM_REASON_101},
		{say_no_category, ALM_REASON_101},
		{say_nobody, ALM_REASON_101},
		{say_oneself, ALM_REASON_206},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct alm_message message = to_practice();
		const struct alm_receipt *receipt;

		rows[i].say(&message);
		receipt = answer(&message);
		cr_expect_eq(receipt->is_accepted, rows[i].code == ALM_OK,
			"row %zu: %s", i, receipt->refused.name);
		cr_expect_eq(
			receipt->is_accepted ? ALM_OK : receipt->refused.code,
			rows[i].code, "row %zu: %s", i, receipt->refused.name);
	}
}

Test(asked, a_relationship_is_asserted_of_one_of_several)
{
	static const char *const several[] = {"C84001", "C84002"};
	struct alm_message message = to_practice();
	const struct alm_receipt *receipt;

	message.recipient = "";
	message.recipients = (struct alm_texts){several, 2};
	receipt = answer(&message);
	cr_assert(receipt->is_accepted, "%s", receipt->refused.name);
	cr_assert_eq(receipt->outcome_count, 2);
	cr_expect_eq(receipt->outcomes[0].code, ALM_OK);
	cr_expect_eq(receipt->outcomes[1].code, ALM_REASON_501);
}
