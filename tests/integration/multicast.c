/*
 * Goal: a message to several is one body, and for each of them a decision, a
 * record, a place in the mailbox and a view of its own; one receipt says it
 * all; nothing of it is lost in a crash, and nothing stays behind.
 * Method: agents at the level of the wire, a store that is looked into while
 * its broker is down.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/peer.h"
#include "tests/support/people.h"
#include "tests/support/policy.h"
#include "tests/support/summary.h"

#define NONE ((const char *const[]){NULL})
#define SUBJECT "9990000018"
#define STRANGER "  - {id: FAR, name: A stranger, kind: charity}\n"
#define GROUPS \
	"groups:\n" \
	"  - {id: ics, members: [{organisation: RX1}, {organisation: " \
	"C84001}, " \
	"{organisation: RHA}, {organisation: CHA}]}\n" \
	"  - {id: others, members: [{organisation: RHA}, {organisation: " \
	"FAR}]}\n" \
	"  - {id: strangers, members: [{organisation: FAR}]}\n"

/* C84001 may have all of it, RHA a part, CHA nothing; FAR is nobody's. */
static const char policy[] = TEST_POLICY(
	"{id: treatment-summary}, {id: medications}",
	TEST_TRUST("RX1") TEST_TRUST("RHA") TEST_PRACTICE("C84001")
		TEST_CHARITY("CHA") STRANGER GROUPS,
	TEST_CARE_AGREEMENT("DSA-WHOLE", "RX1", "C84001",
		"treatment-summary, medications", "%s")
		TEST_CARE_AGREEMENT("DSA-PART", "RX1", "RHA", "%s", "%s"));

static struct test_broker broker;
static struct test_peer trust;
static struct test_peer practice;
static struct test_peer second;

/* The levels of the agreements with C84001 and with RHA. */
static void activate(const char *whole, const char *part)
{
	test_broker_activate_filled(&broker, policy, whole,
		part[0] == 'p' ? "medications" : "treatment-summary", part);
}

static void open_all(void)
{
	test_broker_open(&broker, "acknowledge-timeout: 1h\n");
	activate("identifiable", "identifiable");
	test_broker_put_standard(&broker, "treatment-summary");
	test_peer_open(&trust, &broker, "RX1", 64);
	test_peer_open(&practice, &broker, "C84001", 0);
	test_peer_open(&second, &broker, "RHA", 0);
}

static void close_all(void)
{
	test_peer_free(&trust);
	test_peer_free(&practice);
	test_peer_free(&second);
	test_broker_close(&broker);
}

TestSuite(multicast, .init = open_all, .fini = close_all, .timeout = 1800);

static const char *const everybody[] = {"group:ics"};

static struct alm_message message_to(
	const char *const *addresses, size_t address_count)
{
	return summary_to_several(&trust, addresses, address_count);
}

static const struct alm_receipt *receipt_of(const struct alm_message *message)
{
	test_peer_send(&trust, message, DISCHARGED ALLERGIES, 0);
	return &test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT)->receipt;
}

static const struct alm_send_outcome *outcome_of(
	const struct alm_receipt *receipt, const char *recipient)
{
	for (size_t i = 0; i < receipt->outcome_count; i++) {
		if (strcmp(receipt->outcomes[i].recipient, recipient) == 0) {
			return &receipt->outcomes[i];
		}
	}
	cr_assert(false, "no outcome of %s", recipient);
	return NULL;
}

static void is_payload(const struct alm_deliver *mail, const char *want)
{
	cr_expect_eq(mail->payload.bytes, strlen(want));
	cr_expect_eq(memcmp(mail->payload.data, want, strlen(want)), 0, "%s",
		mail->recipient);
}

static uint64_t take(struct test_peer *peer, bool is_partial, const char *want)
{
	const struct alm_envelope *mail =
		test_peer_expect(peer, ALM_ENVELOPE_DELIVER);

	cr_expect_str_eq(mail->deliver.sender, "RX1");
	cr_expect_str_eq(mail->deliver.recipient, peer->organisation);
	cr_expect_eq(mail->deliver.is_partial, is_partial);
	is_payload(&mail->deliver, want);
	return mail->deliver.sequence;
}

static void acknowledge(struct test_peer *peer, uint64_t sequence)
{
	test_peer_acknowledge(peer, sequence, NULL);
	(void)test_peer_expect(peer, ALM_ENVELOPE_ACKNOWLEDGED);
}

Test(multicast, each_gets_its_own_view_and_the_receipt_says_so)
{
	const struct alm_message message = message_to(everybody, 1);
	const struct alm_receipt *receipt;
	const struct alm_send_outcome *whole;
	const struct alm_send_outcome *part;
	const struct alm_send_outcome *none;
	struct alm_answer answer;

	test_peer_hello(&practice, 64);
	test_peer_hello(&second, 64);
	receipt = receipt_of(&message);
	cr_assert(receipt->is_accepted, "%s", receipt->refused.name);
	cr_assert_eq(receipt->outcome_count, 3);
	cr_expect(receipt->accepted.is_transformed);
	whole = outcome_of(receipt, "C84001");
	part = outcome_of(receipt, "RHA");
	none = outcome_of(receipt, "CHA");
	cr_expect_eq(whole->code, ALM_OK);
	cr_expect_not(whole->is_transformed);
	cr_expect_eq(part->code, ALM_OK);
	cr_expect(part->is_transformed);
	cr_expect_eq(none->code, ALM_REASON_300);
	cr_expect_eq(none->sequence, 0);
	cr_assert_eq(receipt->problem_count, 1);
	cr_expect_eq(receipt->problems[0].code, ALM_REASON_300);
	cr_expect_str_neq(receipt->problems[0].hint, "");
	cr_expect_eq(
		whole->sequence, take(&practice, false, DISCHARGED ALLERGIES));
	cr_expect_eq(part->sequence, take(&second, true, DISCHARGED));
	acknowledge(&practice, whole->sequence);
	acknowledge(&second, part->sequence);
	answer = test_broker_ask(&broker, "mailbox.list", NONE);
	cr_expect_eq(answer.row_count, 0);
	cr_expect_eq(test_broker_records(&broker, "sent-to-several"), 1);
	cr_expect_eq(test_broker_records(&broker, "accepted"), 2);
	cr_expect_eq(test_broker_records(&broker, "refused"), 1);
	cr_expect_eq(test_broker_records(&broker, "acknowledged"), 2);
	cr_expect_eq(test_broker_stop(&broker), 0);
	cr_expect_eq(test_broker_verify(&broker), 0);
}

Test(multicast, a_repeated_send_gets_the_first_receipt_again)
{
	struct alm_message message = message_to(everybody, 1);
	const struct alm_receipt *receipt = receipt_of(&message);
	uint64_t sequence = receipt->accepted.sequence;
	uint64_t share = outcome_of(receipt, "RHA")->sequence;

	receipt = receipt_of(&message);
	cr_assert(receipt->is_accepted);
	cr_expect(receipt->accepted.is_duplicate);
	cr_expect(receipt->accepted.is_transformed);
	cr_expect_eq(receipt->accepted.sequence, sequence);
	cr_assert_eq(receipt->outcome_count, 3);
	cr_expect_eq(outcome_of(receipt, "RHA")->sequence, share);
	cr_expect_eq(outcome_of(receipt, "CHA")->code, ALM_REASON_300);
	cr_expect_eq(receipt->problem_count, 1);
	message.purpose = "other";
	receipt = receipt_of(&message);
	cr_assert_not(receipt->is_accepted);
	cr_expect_eq(receipt->refused.code, ALM_MESSAGE_ID_CONFLICT);
	cr_expect_eq(test_broker_records(&broker, "accepted"), 2);
	cr_expect_eq(test_broker_stop(&broker), 0);
	cr_expect_eq(test_broker_verify(&broker), 3,
		"one for two, and their shares");
}

Test(multicast, when_all_are_refused_each_is_told_of_and_nothing_is_kept)
{
	static const char *const addresses[] = {"CHA", "ZZ9"};
	const struct alm_message message = message_to(addresses, 2);
	const struct alm_receipt *receipt = receipt_of(&message);

	cr_assert_not(receipt->is_accepted);
	cr_expect_eq(receipt->refused.code, ALM_ALL_REFUSED);
	cr_assert_eq(receipt->outcome_count, 2);
	cr_expect_eq(outcome_of(receipt, "CHA")->code, ALM_REASON_300);
	cr_expect_eq(outcome_of(receipt, "ZZ9")->code, ALM_REASON_203);
	cr_expect_eq(receipt->problem_count, 2);
	cr_expect_eq(test_broker_records(&broker, "refused"), 2);
	cr_expect_eq(test_broker_stop(&broker), 0);
	cr_expect_eq(test_broker_verify(&broker), 0);
}

Test(multicast, whose_mailbox_is_full_is_told_with_when_to_try_again)
{
	static const char *const addresses[] = {"C84001", "RHA"};
	const struct alm_message fits = message_to(addresses, 2);
	const struct alm_message does_not = message_to(addresses, 2);
	const struct alm_receipt *receipt;

	(void)test_broker_ask(&broker, "mailbox.limit",
		(const char *const[]){"organisation", "C84001", "messages", "1",
			"reason", "small", NULL});
	cr_assert(receipt_of(&fits)->is_accepted);
	receipt = receipt_of(&does_not);
	cr_assert(receipt->is_accepted);
	cr_expect_eq(outcome_of(receipt, "C84001")->code, ALM_MAILBOX_FULL);
	cr_expect_eq(outcome_of(receipt, "RHA")->code, ALM_OK);
	cr_assert_eq(receipt->problem_count, 1);
	cr_expect(receipt->problems[0].is_retryable);
	cr_expect_gt(receipt->problems[0].retry_after_ms, 0);
}

static enum alm_err refusal_of(const char *address)
{
	const struct alm_message message = message_to(&address, 1);
	const struct alm_receipt *receipt = receipt_of(&message);

	cr_assert_not(receipt->is_accepted, "%s", address);
	cr_expect_str_neq(receipt->refused.hint, "");
	return receipt->refused.code;
}

Test(multicast, addresses_that_come_to_nobody_are_refused)
{
	struct alm_message message = message_to(everybody, 1);

	cr_expect_eq(refusal_of("group:none"), ALM_GROUP_UNKNOWN);
	cr_expect_eq(refusal_of("kind:none@group:ics"), ALM_KIND_UNKNOWN);
	cr_expect_eq(refusal_of("kind:nhs-trust"), ALM_ADDRESS_MALFORMED);
	cr_expect_eq(refusal_of("group:strangers"), ALM_NOBODY_ADDRESSED);
	cr_expect_eq(refusal_of("RX1"), ALM_NOBODY_ADDRESSED);
	message.recipient = "RHA";
	cr_expect_eq(receipt_of(&message)->refused.code, ALM_RECIPIENT_TWICE);
}

Test(multicast, a_group_holds_only_whom_the_sender_may_know)
{
	static const char *const addresses[] = {
		"group:others", "kind:gp-practice@group:ics"};
	const struct alm_message message = message_to(addresses, 2);
	const struct alm_receipt *receipt = receipt_of(&message);

	cr_assert(receipt->is_accepted);
	cr_assert_eq(receipt->outcome_count, 2);
	cr_expect_str_eq(receipt->outcomes[0].recipient, "C84001");
	cr_expect_str_eq(receipt->outcomes[1].recipient, "RHA");
}

/* After a crash at each point, what is left is handed over, and no more. */
Test(multicast, survives_a_crash_between_any_two_steps)
{
	const struct alm_message message = message_to(everybody, 1);
	const struct alm_receipt *receipt = receipt_of(&message);
	uint64_t whole = outcome_of(receipt, "C84001")->sequence;
	uint64_t part = outcome_of(receipt, "RHA")->sequence;

	test_broker_kill(&broker);
	cr_expect_eq(test_broker_verify(&broker), 3);
	test_broker_start(&broker);
	test_peer_come_back(&practice, &broker, 64);
	cr_expect_eq(take(&practice, false, DISCHARGED ALLERGIES), whole);
	test_broker_kill(&broker);
	test_broker_start(&broker);
	test_peer_come_back(&practice, &broker, 64);
	cr_expect_eq(take(&practice, false, DISCHARGED ALLERGIES), whole);
	acknowledge(&practice, whole);
	test_broker_kill(&broker);
	cr_expect_eq(test_broker_verify(&broker), 2);
	test_broker_start(&broker);
	test_peer_come_back(&second, &broker, 64);
	cr_expect_eq(take(&second, true, DISCHARGED), part);
	acknowledge(&second, part);
	test_broker_kill(&broker);
	cr_expect_eq(test_broker_verify(&broker), 0);
}

Test(multicast, a_rejection_tells_the_sender_who_it_was)
{
	const struct alm_message message = message_to(everybody, 1);
	const struct alm_receipt *receipt = receipt_of(&message);
	uint64_t part = outcome_of(receipt, "RHA")->sequence;
	const struct alm_envelope *notice;

	test_peer_hello(&second, 64);
	cr_expect_eq(take(&second, true, DISCHARGED), part);
	test_peer_acknowledge(&second, part, "not our patient");
	notice = test_peer_expect(&trust, ALM_ENVELOPE_NOTICE);
	cr_expect_eq(notice->notice.kind, ALM_NOTICE_KIND_REJECTED);
	cr_expect_str_eq(notice->notice.recipient, "RHA");
	cr_expect_eq(
		memcmp(notice->notice.message_id.raw, message.id.raw, 16), 0);
	cr_expect_eq(test_broker_stop(&broker), 0);
	cr_expect_eq(test_broker_verify(&broker), 3,
		"a body, a share and the notice");
}

Test(multicast, a_withdrawal_stops_the_share_of_those_it_is_about)
{
	const struct alm_message message = message_to(everybody, 1);
	const struct alm_receipt *receipt = receipt_of(&message);
	uint64_t part = outcome_of(receipt, "RHA")->sequence;
	const char *to = "C84001";
	struct alm_person_record record;
	const struct alm_envelope *notice;

	record = test_objection(SUBJECT);
	record.directive.to = (struct alm_word_list){&to, 1};
	test_people_put(&broker, &record);
	notice = test_peer_expect(&trust, ALM_ENVELOPE_NOTICE);
	cr_expect_eq(notice->notice.kind, ALM_NOTICE_KIND_STOPPED);
	cr_expect_str_eq(notice->notice.recipient, "C84001");
	test_peer_hello(&second, 64);
	cr_expect_eq(take(&second, true, DISCHARGED), part);
	acknowledge(&second, part);
	cr_expect_eq(test_broker_figure(&broker, "stopped"), 1);
	cr_expect_eq(test_broker_stop(&broker), 0);
	cr_expect_eq(test_broker_verify(&broker), 1, "the notice");
}

static struct alm_answer find(
	struct test_peer *peer, const char *key, const char *value)
{
	const struct alm_argument argument = {key, value};
	const struct alm_envelope query = {.kind = ALM_ENVELOPE_QUERY,
		.request = {.id = 5,
			.verb = "org.find",
			.arguments = &argument,
			.argument_count = 1}};

	test_peer_say(peer, &query);
	return test_peer_expect(peer, ALM_ENVELOPE_ANSWER)->answer;
}

Test(multicast, the_directory_shows_partners_and_nobody_else)
{
	struct alm_answer answer = find(&trust, "text", "");

	cr_assert_eq(answer.code, ALM_OK);
	cr_assert_eq(answer.row_count, 4);
	cr_expect_str_eq(test_cell(&answer, 0, "id"), "C84001");
	cr_expect_str_eq(test_cell(&answer, 0, "groups"), "ics");
	cr_expect_str_eq(test_cell(&answer, 2, "id"), "RHA");
	cr_expect_str_eq(test_cell(&answer, 2, "groups"), "ics,others");
	cr_expect_str_empty(answer.cursor);
	answer = find(&trust, "text", "trust");
	cr_expect_eq(answer.row_count, 2);
	answer = find(&trust, "kind", "gp-practice");
	cr_expect_eq(answer.row_count, 1);
	answer = find(&trust, "group", "others");
	cr_expect_eq(answer.row_count, 1, "the other one is a stranger");
	answer = find(&trust, "id", "FAR");
	cr_expect_eq(answer.code, ALM_NOT_FOUND);
	answer = find(&trust, "id", "NOBODY");
	cr_expect_eq(answer.code, ALM_NOT_FOUND);
	test_peer_hello(&second, 0);
	answer = find(&second, "id", "FAR");
	cr_assert_eq(answer.row_count, 1);
	cr_expect_str_eq(test_cell(&answer, 0, "name"), "A stranger");
	answer = test_broker_ask(&broker, "org.find",
		(const char *const[]){"text", "a stranger", NULL});
	cr_expect_eq(answer.row_count, 1);
}

#define PSEUDONYM_HEAD "\x82\x01\x10"

static void is_pseudonymised(struct test_peer *peer, const char *start,
	uint8_t pseudonym[16], bool is_restarted)
{
	size_t bytes = strlen(start);
	const struct alm_deliver *mail;

	test_peer_come_back(peer, &broker, 64);
	mail = &test_peer_expect(peer, ALM_ENVELOPE_DELIVER)->deliver;
	cr_expect_eq(mail->level, ALM_WIRE_LEVEL_PSEUDONYMISED);
	cr_expect(mail->is_partial);
	cr_expect_str_empty(mail->subject);
	cr_assert_eq(mail->payload.bytes, bytes + 16);
	cr_expect_eq(memcmp(mail->payload.data, start, bytes), 0);
	cr_assert_eq(mail->pseudonym.bytes, 16);
	cr_expect_eq(
		memcmp(mail->payload.data + bytes, mail->pseudonym.data, 16),
		0);
	cr_expect(!is_restarted ||
		  memcmp(pseudonym, mail->pseudonym.data, 16) == 0);
	memcpy(pseudonym, mail->pseudonym.data, 16);
}

Test(multicast, each_agreement_has_its_own_pseudonym_of_the_same_body)
{
	static const char whole[] = DISCHARGED_IN ALLERGIES PSEUDONYM_HEAD;
	static const char part[] = ALLERGIES PSEUDONYM_HEAD;
	const struct alm_message message = message_to(everybody, 1);
	uint8_t first[16] = {0};
	uint8_t other[16] = {0};

	activate("pseudonymised", "pseudonymised");
	cr_assert(receipt_of(&message)->is_accepted);
	is_pseudonymised(&practice, whole, first, false);
	is_pseudonymised(&second, part, other, false);
	cr_expect_neq(memcmp(first, other, 16), 0);
	test_broker_kill(&broker);
	test_broker_start(&broker);
	is_pseudonymised(&practice, whole, first, true);
	is_pseudonymised(&second, part, other, true);
}
