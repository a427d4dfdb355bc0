/*
 * Goal: one message through a real broker: accepted, refused, repeated,
 * forged, stopped at the door.  Method: agents at the level of the wire.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/pair.h"
#include "tests/support/people.h"

#define NONE ((const char *const[]){NULL})
#define SUBJECT "9990000018"

static void open_with(const char *settings)
{
	open_trust(settings, test_policy, 64);
	test_peer_open(&practice, &broker, "C84001", 64);
}

static void open_all(void)
{
	open_with("acknowledge-timeout: 1h\n");
}

TestSuite(messages, .init = open_all, .fini = close_pair, .timeout = 1800);

static enum alm_err refusal_of(const struct alm_message *message)
{
	const struct alm_envelope *receipt;

	test_peer_send(&trust, message, "content", 0);
	receipt = test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);
	cr_assert_not(receipt->receipt.is_accepted);
	cr_assert_str_neq(receipt->receipt.refused.sentence, "");
	cr_assert_str_neq(receipt->receipt.refused.hint, "");
	return receipt->receipt.refused.code;
}

Test(messages, accepts_delivers_and_forgets_what_is_acknowledged)
{
	const struct alm_message message = test_message(&trust, "C84001");
	const struct alm_envelope *mail;
	struct alm_answer answer;
	uint64_t sequence = test_peer_accepted(&trust, &message);

	mail = test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	cr_assert_eq(mail->deliver.sequence, sequence);
	cr_assert_eq(mail->deliver.attempt, 1);
	cr_assert_not(mail->deliver.is_repeat);
	cr_assert_str_eq(mail->deliver.sender, "RX1");
	cr_assert_str_eq(mail->deliver.subject, SUBJECT);
	cr_assert_str_eq(mail->deliver.basis, "DSA-CARE");
	cr_assert_eq(mail->deliver.payload.bytes, 7);
	cr_assert_eq(memcmp(mail->deliver.payload.data, "content", 7), 0);
	test_peer_acknowledge(&practice, sequence, NULL);
	(void)test_peer_expect(&practice, ALM_ENVELOPE_ACKNOWLEDGED);
	answer = test_broker_ask(&broker, "mailbox.list", NONE);
	cr_assert_eq(answer.row_count, 0);
	answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){
			"person", SUBJECT, "reason", "a test", NULL});
	cr_assert_eq(answer.row_count, 3);
	cr_assert_str_eq(test_cell(&answer, 0, "kind"), "accepted");
	cr_assert_str_eq(test_cell(&answer, 1, "kind"), "delivered");
	cr_assert_str_eq(test_cell(&answer, 2, "kind"), "acknowledged");
	cr_assert_str_eq(test_cell(&answer, 2, "sender"), "RX1");
	answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){"kind", "audit-queried", NULL});
	cr_assert_eq(answer.row_count, 1); /* the question before this one */
}

Test(messages, a_goodbye_ends_the_session_and_gives_its_mail_back)
{
	const struct alm_message message = test_message(&trust, "C84001");
	const struct alm_envelope goodbye = {.kind = ALM_ENVELOPE_GOODBYE};
	const struct alm_envelope ping = {.kind = ALM_ENVELOPE_PING};
	const struct alm_envelope *reply;
	uint64_t sequence = test_peer_accepted(&trust, &message);

	(void)test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	test_peer_say(&practice, &goodbye);
	test_peer_say(&practice, &ping);
	reply = test_peer_expect(&practice, ALM_ENVELOPE_ERROR);
	cr_assert_eq(reply->error.code, ALM_HELLO_REQUIRED);
	cr_assert_eq(test_broker_figure(&broker, "sessions"), 1);
	test_peer_say(&practice, &goodbye); /* once more is no fault */
	test_peer_hello(&practice, 64);
	reply = test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	cr_assert_eq(reply->deliver.sequence, sequence);
	cr_assert_eq(reply->deliver.attempt, 2);
	cr_assert(reply->deliver.is_repeat);
}

Test(messages, answers_a_repeated_send_with_the_first_receipt)
{
	const struct alm_message message = test_message(&trust, "C84001");
	uint64_t sequence = test_peer_accepted(&trust, &message);
	const struct alm_envelope *receipt;

	test_peer_send(&trust, &message, "content", 5);
	receipt = test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);
	cr_assert(receipt->receipt.is_accepted);
	cr_assert(receipt->receipt.accepted.is_duplicate);
	cr_assert_eq(receipt->receipt.accepted.sequence, sequence);
	cr_assert_str_eq(receipt->receipt.accepted.basis, "DSA-CARE");
	cr_assert_eq(test_broker_figure(&broker, "accepted"), 1);
}

Test(messages, calls_other_content_under_the_same_id_a_conflict)
{
	struct alm_message message = test_message(&trust, "C84001");
	const struct alm_envelope *receipt;

	(void)test_peer_accepted(&trust, &message);
	test_peer_send(&trust, &message, "other", 0);
	receipt = test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);
	cr_assert_eq(receipt->receipt.refused.code, ALM_MESSAGE_ID_CONFLICT);
}

Test(messages, refuses_a_forged_sender)
{
	struct alm_message message = test_message(&trust, "C84001");

	message.sender = "RHA";
	cr_assert_eq(refusal_of(&message), ALM_SENDER_MISMATCH);
}

Test(messages, refuses_a_signature_by_another_key)
{
	const struct alm_message message = test_message(&trust, "C84001");

	memcpy(trust.signing_secret, practice.signing_secret, 64);
	cr_assert_eq(refusal_of(&message), ALM_BAD_SIGNATURE);
}

Test(messages, refuses_a_clock_that_is_off_by_more_than_five_minutes)
{
	struct alm_message message = test_message(&trust, "C84001");
	const struct alm_envelope *receipt;
	static const int64_t skews_ms[] = {-360000, 360000};

	for (size_t i = 0; i < ALM_COUNT(skews_ms); i++) {
		test_peer_send(&trust, &message, "content", skews_ms[i]);
		receipt = test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);
		cr_assert_eq(receipt->receipt.refused.code, ALM_CLOCK_SKEW);
	}
	test_peer_send(&trust, &message, "content", -240000);
	receipt = test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);
	cr_assert(receipt->receipt.is_accepted);
}

Test(messages, refuses_an_id_that_is_too_old_to_know_its_replays)
{
	struct alm_message message = test_message(&trust, "C84001");
	const uint8_t random[10] = {1};

	message.id = alm_message_id_make(
		alm_message_id_ms(&message.id) - 31LL * 24 * 3600 * 1000,
		random);
	cr_assert_eq(refusal_of(&message), ALM_STALE_MESSAGE_ID);
}

Test(messages, refuses_with_the_reason_of_the_rule)
{
	struct alm_message message = test_message(&trust, "C84001");
	static const char *const unknown[] = {"gossip"};

	message.recipient = "CHA";
	cr_assert_eq(refusal_of(&message), ALM_REASON_304);
	message = test_message(&trust, "C84001");
	message.subject = "9990000019";
	cr_assert_eq(refusal_of(&message), ALM_REASON_107);
	message = test_message(&trust, "C84001");
	message.categories.items = unknown;
	cr_assert_eq(refusal_of(&message), ALM_REASON_104);
	message = test_message(&trust, "NOBODY");
	cr_assert_eq(refusal_of(&message), ALM_REASON_203);
	cr_assert_eq(test_broker_figure(&broker, "refused"), 4);
}

Test(messages, names_the_word_that_the_policy_lacks_and_what_may_be_meant)
{
	static const char *const near[] = {"dischrge"};
	struct alm_message message = test_message(&trust, "C84001");
	const struct alm_receipt *receipt;

	message.purpose = "direct-car";
	receipt = test_peer_receipt(&trust, &message);
	cr_expect_eq(receipt->refused.code, ALM_REASON_103);
	cr_expect_str_eq(receipt->refused.detail,
		"direct-car is no purpose of the policy; did you mean "
		"'direct-care'?");
	message = test_message(&trust, "C84001");
	message.categories.items = near;
	receipt = test_peer_receipt(&trust, &message);
	cr_expect_eq(receipt->refused.code, ALM_REASON_104);
	cr_expect_str_eq(receipt->refused.detail,
		"dischrge is no category of the policy; did you mean "
		"'discharge'?");
}

Test(messages, does_not_send_on_what_it_cannot_take_apart)
{
	struct alm_message message = test_message(&trust, "C84001");
	static const char *const both[] = {"discharge", "mental-health"};

	/* The agreement covers one of the two, and the payload is opaque. */
	message.categories = (struct alm_texts){both, 2};
	cr_assert_eq(refusal_of(&message), ALM_CANNOT_MINIMISE);
}

/* The test policy, with so many obligations in its care agreement. */
static void oblige(unsigned count)
{
	const char *at = strstr(test_policy, "    law:");
	char list[2048] = "";
	char policy[8192];
	size_t bytes = 0;

	cr_assert_not_null(at);
	for (unsigned i = 0; i < count; i++) {
		bytes += (size_t)snprintf(list + bytes, sizeof(list) - bytes,
			"%sduty-%u", i == 0 ? "" : ", ", i);
	}
	(void)snprintf(policy, sizeof(policy), "%.*s    obligations: [%s]\n%s",
		(int)(at - test_policy), test_policy, list, at);
	test_broker_activate(&broker, policy);
}

Test(messages, does_not_send_on_with_fewer_obligations_than_there_are)
{
	struct alm_message message = test_message(&trust, "C84001");

	oblige(ALM_OBLIGATIONS_MAX + 1);
	cr_expect_eq(refusal_of(&message), ALM_TOO_MANY_OBLIGATIONS);
	oblige(ALM_OBLIGATIONS_MAX);
	message = test_message(&trust, "C84001");
	cr_expect_eq(
		test_peer_receipt(&trust, &message)->accepted.obligations.count,
		ALM_OBLIGATIONS_MAX);
}

Test(messages, tells_the_sender_when_the_recipient_rejects)
{
	const struct alm_message message = test_message(&trust, "C84001");
	const struct alm_envelope *notice;
	uint64_t sequence = test_peer_accepted(&trust, &message);

	(void)test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	test_peer_acknowledge(&practice, sequence, "not our patient");
	notice = test_peer_expect(&trust, ALM_ENVELOPE_NOTICE);
	cr_assert_eq(notice->notice.kind, ALM_NOTICE_KIND_REJECTED);
	cr_assert_str_eq(notice->notice.reason, "not our patient");
	cr_assert_eq(memcmp(&notice->notice.message_id, &message.id, 16), 0);
	test_peer_acknowledge(&trust, notice->notice.sequence, NULL);
	(void)test_peer_expect(&trust, ALM_ENVELOPE_ACKNOWLEDGED);
}

Test(messages, hands_over_again_with_the_repeat_mark_after_a_reconnection)
{
	const struct alm_message message = test_message(&trust, "C84001");
	const struct alm_envelope *mail;
	uint64_t sequence = test_peer_accepted(&trust, &message);

	(void)test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	test_peer_come_back(&practice, &broker, 64);
	mail = test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	cr_assert_eq(mail->deliver.sequence, sequence);
	cr_assert(mail->deliver.is_repeat);
	cr_assert_eq(mail->deliver.attempt, 2);
}

Test(messages, hands_over_again_when_no_acknowledgement_comes)
{
	struct alm_message message;
	const struct alm_envelope *mail;

	close_pair();
	open_with("acknowledge-timeout: 1s\n");
	message = test_message(&trust, "C84001");
	(void)test_peer_accepted(&trust, &message);
	(void)test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	mail = test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	cr_assert(mail->deliver.is_repeat);
}

Test(messages, keeps_mail_over_a_crash_and_marks_it_as_a_repeat)
{
	const struct alm_message message = test_message(&trust, "C84001");
	const struct alm_envelope *mail;
	const struct alm_envelope *receipt;
	uint64_t sequence = test_peer_accepted(&trust, &message);

	(void)test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	test_broker_kill(&broker);
	test_broker_start(&broker);
	test_peer_disconnect(&trust);
	test_peer_come_back(&practice, &broker, 64);
	mail = test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	cr_assert_eq(mail->deliver.sequence, sequence);
	cr_assert(mail->deliver.is_repeat);
	test_peer_connect(&trust, &broker);
	test_peer_hello(&trust, 64);
	test_peer_send(&trust, &message, "content", 0);
	receipt = test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);
	cr_assert(receipt->receipt.accepted.is_duplicate);
}

/* --- people's choices ---------------------------------------------------- */

static struct alm_person_record consent(const char *id)
{
	static const char *const purposes[] = {"support"};
	static const char *const categories[] = {"contact"};
	static const char *const to[] = {"CHA"};
	struct alm_person_record record = {
		.type = ALM_RECORD_DIRECTIVE, .subject = SUBJECT};

	record.directive.id = id;
	record.directive.authority = "patient";
	record.directive.scope = "charity-support";
	record.directive.effect = ALM_WORD_PERMIT;
	record.directive.recorded_s = 1700000000;
	record.directive.purposes = (struct alm_word_list){purposes, 1};
	record.directive.categories = (struct alm_word_list){categories, 1};
	record.directive.to = (struct alm_word_list){to, 1};
	record.directive.valid =
		(struct alm_period){1600000000, ALM_INSTANT_NEVER};
	return record;
}

static struct alm_message support_message(void)
{
	static const char *const categories[] = {"contact"};
	struct alm_message message = test_message(&trust, "CHA");

	message.purpose = "support";
	message.categories.items = categories;
	return message;
}

Test(messages, needs_consent_where_the_agreement_says_so)
{
	struct alm_message message = support_message();
	const struct alm_person_record record = consent("R-1");

	cr_assert_eq(refusal_of(&message), ALM_REASON_401);
	test_people_put(&broker, &record);
	(void)test_peer_accepted(
		&trust, &message); /* a refused id may be used again */
}

Test(messages, stops_what_is_queued_when_consent_is_withdrawn)
{
	const struct alm_person_record record = consent("R-1");
	const struct alm_message message = support_message();
	const struct alm_envelope *notice;
	struct test_peer charity;
	struct alm_answer answer;

	test_people_put(&broker, &record);
	(void)test_peer_accepted(&trust, &message);
	answer = test_broker_ask(&broker, "people.withdraw",
		(const char *const[]){"subject", SUBJECT, "authority",
			"patient", "scope", "charity-support", "reason",
			"they said so", NULL});
	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
	test_peer_open(&charity, &broker, "CHA", 64);
	notice = test_peer_expect(&trust, ALM_ENVELOPE_NOTICE);
	cr_assert_eq(notice->notice.kind, ALM_NOTICE_KIND_STOPPED);
	cr_assert_eq(notice->notice.problem.code, ALM_REASON_405);
	cr_assert_eq(memcmp(&notice->notice.message_id, &message.id, 16), 0);
	cr_assert_eq(test_broker_figure(&broker, "stopped"), 1);
	cr_assert_eq(test_broker_figure(&broker, "delivered"), 0);
	cr_assert_eq(test_peer_next(&charity, 0), NULL);
	test_peer_free(&charity);
}

/* Accepted, and soon past its time; a slow machine gets longer. */
static uint64_t accepted_shortly(
	const char *recipient, struct alm_message *out_message)
{
	for (int64_t life_ms = 400;; life_ms *= 2) {
		const struct alm_receipt *receipt;

		*out_message = test_message(&trust, recipient);
		out_message->expires_ms = test_now_ms() + life_ms;
		test_peer_send(&trust, out_message, "content", 0);
		receipt = &test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT)
				   ->receipt;
		if (receipt->is_accepted) {
			return receipt->accepted.sequence;
		}
		cr_assert_lt(
			life_ms, 60000, "refused: %s", receipt->refused.name);
	}
}

Test(messages, expires_what_nobody_takes_and_tells_the_sender)
{
	struct alm_message message;
	const struct alm_envelope *notice;

	(void)accepted_shortly("RHA", &message);
	notice = test_peer_expect(&trust, ALM_ENVELOPE_NOTICE);
	cr_assert_eq(notice->notice.kind, ALM_NOTICE_KIND_EXPIRED);
	cr_assert_str_eq(notice->notice.recipient, "RHA");
	cr_assert_eq(test_broker_figure(&broker, "expired"), 1);
}

/* A sender whose receipt was lost asks again when the message has expired. */
Test(messages, accepted_stays_accepted_when_it_has_expired_since)
{
	struct alm_message message;
	const struct alm_envelope *receipt;
	uint64_t sequence = accepted_shortly("C84001", &message);

	while (test_now_ms() <= message.expires_ms) {
		(void)test_peer_next(&trust, 50);
	}
	test_peer_send(&trust, &message, "content", 0);
	receipt = test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);
	cr_assert(receipt->receipt.is_accepted, "refused: %s",
		receipt->receipt.refused.name);
	cr_expect(receipt->receipt.accepted.is_duplicate);
	cr_expect_eq(receipt->receipt.accepted.sequence, sequence);
}
