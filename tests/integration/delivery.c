/*
 * Goal: delivery through a real broker: priorities, what is never
 * acknowledged, what is run again, mailboxes on hold and mailboxes that are
 * full.  Method: agents at the level of the wire; goodbye gives mail back at
 * once, so that no test waits for the clock.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/pair.h"

#define NONE ((const char *const[]){NULL})
#define OF_PRACTICE ((const char *const[]){"organisation", "C84001", NULL})

static void open_all(void)
{
	open_trust("acknowledge-timeout: 1h\nattempts-max: "
		   "2\nmailbox-messages-max: 100\n"
		   "mailbox-bytes-max: 100KiB\ndead-letter-keep: 1h\n",
		test_policy, 64);
}

TestSuite(delivery, .init = open_all, .fini = close_pair, .timeout = 1800);

static uint64_t accepted_of(enum alm_priority priority)
{
	struct alm_message message = test_message(&trust, "C84001");

	message.priority = priority;
	return test_peer_accepted(&trust, &message);
}

/* A message to the practice that it took twice and never acknowledged. */
static uint64_t make_dead_letter(struct alm_message *message)
{
	uint64_t sequence;

	*message = test_message(&trust, "C84001");
	test_peer_open(&practice, &broker, "C84001", 8);
	sequence = test_peer_accepted(&trust, message);
	for (uint32_t attempt = 1; attempt <= 2; attempt++) {
		const struct alm_envelope *mail =
			test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);

		cr_assert_eq(mail->deliver.sequence, sequence);
		cr_assert_eq(mail->deliver.attempt, attempt);
		test_peer_renew(&practice, 8);
	}
	return sequence;
}

static const struct alm_notice *expect_notice(enum alm_notice_kind kind)
{
	const struct alm_notice *notice =
		&test_peer_expect(&trust, ALM_ENVELOPE_NOTICE)->notice;

	cr_assert_eq(notice->kind, kind);
	test_peer_acknowledge(&trust, notice->sequence, NULL);
	return notice;
}

Test(delivery, what_is_never_acknowledged_becomes_a_dead_letter)
{
	struct alm_message message;
	uint64_t sequence = make_dead_letter(&message);
	const struct alm_notice *notice =
		expect_notice(ALM_NOTICE_KIND_DEAD_LETTER);
	struct alm_answer answer;
	char number[24];

	cr_expect_eq(notice->problem.code, ALM_NOTICE_DEAD);
	cr_expect_eq(memcmp(&notice->message_id, &message.id, 16), 0);
	cr_expect_str_eq(notice->recipient, "C84001");
	test_peer_expect_nothing(&practice);
	(void)snprintf(
		number, sizeof(number), "%llu", (unsigned long long)sequence);
	answer = test_broker_ask(&broker, "mailbox.dead", NONE);
	cr_assert_eq(answer.row_count, 1);
	cr_expect_str_eq(test_cell(&answer, 0, "organisation"), "C84001");
	cr_expect_str_eq(test_cell(&answer, 0, "sequence"), number);
	cr_expect_str_eq(test_cell(&answer, 0, "attempts"), "2");
	cr_expect_str_eq(test_cell(&answer, 0, "reason"), "dead-lettered");
	answer = test_broker_ask(&broker, "mailbox.show", OF_PRACTICE);
	cr_expect_eq(answer.row_count, 0);
	cr_expect_eq(test_number(&answer, "dead-letters"), 1);
	cr_expect_eq(test_broker_records(&broker, "dead-lettered"), 1);
	cr_expect_eq(test_broker_figure(&broker, "dead-letters"), 1);
}

/* It is not waited for who may not acknowledge any more. */
Test(delivery, what_a_revoked_agent_holds_goes_to_another_at_once)
{
	struct alm_message message = test_message(&trust, "C84001");
	struct test_peer desk;
	const struct alm_envelope *mail;
	uint64_t sequence;

	test_peer_open(&practice, &broker, "C84001", 8);
	sequence = test_peer_accepted(&trust, &message);
	(void)test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	test_peer_make(&desk, "C84001");
	test_peer_register(&desk, &broker, "desk");
	test_peer_connect(&desk, &broker);
	test_peer_hello(&desk, 8);
	cr_assert_eq(test_broker_ask(&broker, "agent.revoke",
			     (const char *const[]){"organisation", "C84001",
				     "agent", "agent", "reason", "gone", NULL})
			     .code,
		ALM_OK);
	mail = test_peer_expect(&desk, ALM_ENVELOPE_DELIVER);
	cr_expect_eq(mail->deliver.sequence, sequence);
	cr_expect(mail->deliver.is_repeat);
	test_peer_acknowledge(&practice, sequence, NULL);
	(void)test_peer_expect(&practice, ALM_ENVELOPE_ERROR);
	test_peer_free(&desk);
}

Test(delivery, a_dead_letter_outlives_the_broker_and_is_run_again)
{
	struct alm_message message;
	uint64_t sequence = make_dead_letter(&message);
	const struct alm_envelope *mail;
	struct alm_answer answer;

	(void)expect_notice(ALM_NOTICE_KIND_DEAD_LETTER);
	test_broker_kill(&broker);
	test_peer_disconnect(&practice);
	test_peer_disconnect(&trust);
	test_broker_start(&broker);
	answer = test_broker_ask(&broker, "mailbox.rerun",
		(const char *const[]){"organisation", "C84001", "all", "yes",
			"dry-run", "yes", NULL});
	cr_expect_eq(test_number(&answer, "queued"), 1);
	cr_expect_eq(test_broker_figure(&broker, "dead-letters"), 1);
	answer = test_broker_ask(&broker, "mailbox.rerun",
		(const char *const[]){"organisation", "C84001", "all", "yes",
			"reason", "mended", NULL});
	cr_expect_eq(test_number(&answer, "queued"), 1);
	cr_expect_eq(test_broker_figure(&broker, "dead-letters"), 0);
	test_peer_connect(&practice, &broker);
	test_peer_hello(&practice, 8);
	mail = test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	cr_expect_eq(mail->deliver.sequence, sequence);
	cr_expect(mail->deliver.is_repeat);
	test_peer_acknowledge(&practice, sequence, NULL);
	(void)test_peer_expect(&practice, ALM_ENVELOPE_ACKNOWLEDGED);
	cr_expect_eq(test_broker_records(&broker, "dead-letter-rerun"), 1);
	answer = test_broker_ask(&broker, "mailbox.list", NONE);
	for (size_t i = 0; i < answer.row_count; i++) {
		cr_expect_str_neq(test_cell(&answer, i, "organisation"),
			"C84001", "nothing is left of it");
	}
}

Test(delivery, is_passed_over_no_more_once_it_is_run_again)
{
	struct alm_message message;
	uint64_t sequence = make_dead_letter(&message);
	uint64_t later;
	char number[24];
	struct alm_answer answer;

	later = accepted_of(ALM_PRIORITY_ROUTINE);
	cr_assert_eq(test_peer_expect(&practice, ALM_ENVELOPE_DELIVER)
			     ->deliver.sequence,
		later);
	(void)snprintf(
		number, sizeof(number), "%llu", (unsigned long long)sequence);
	answer = test_broker_ask(&broker, "mailbox.rerun",
		(const char *const[]){
			"organisation", "C84001", "sequences", number, NULL});
	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
	cr_expect_eq(test_peer_expect(&practice, ALM_ENVELOPE_DELIVER)
			     ->deliver.sequence,
		sequence);
	answer = test_broker_ask(&broker, "mailbox.rerun",
		(const char *const[]){
			"organisation", "C84001", "sequences", number, NULL});
	cr_expect_eq(answer.code, ALM_NOT_FOUND);
}

Test(delivery, a_late_acknowledgement_still_counts)
{
	struct alm_message message;
	uint64_t sequence = make_dead_letter(&message);

	test_peer_acknowledge(&practice, sequence, NULL);
	(void)test_peer_expect(&practice, ALM_ENVELOPE_ACKNOWLEDGED);
	cr_expect_eq(test_broker_figure(&broker, "dead-letters"), 0);
	cr_expect_eq(test_broker_figure(&broker, "acknowledged"), 1);
	cr_expect_eq(test_broker_records(&broker, "acknowledged"), 1);
}

Test(delivery, a_dead_letter_is_decided_again_when_the_rule_changes)
{
	static const char from[] = "to: [C84001, RHA]";
	static const char to[] = "to: [RHA]        ";
	char policy[8192];
	struct alm_message message;
	const struct alm_notice *notice;

	(void)make_dead_letter(&message);
	(void)expect_notice(ALM_NOTICE_KIND_DEAD_LETTER);
	(void)snprintf(policy, sizeof(policy), "%s", test_policy);
	memcpy(strstr(policy, from), to, sizeof(to) - 1);
	test_broker_activate(&broker, policy);
	notice = expect_notice(ALM_NOTICE_KIND_STOPPED);
	cr_expect_eq(memcmp(&notice->message_id, &message.id, 16), 0);
	cr_expect_eq(test_broker_figure(&broker, "dead-letters"), 0);
}

Test(delivery, waits_while_a_mailbox_is_on_hold)
{
	const char *const order[] = {
		"organisation", "C84001", "reason", "a test", NULL};
	struct alm_answer answer;
	uint64_t sequence;

	answer = test_broker_ask(&broker, "mailbox.hold", order);
	cr_assert_eq(answer.code, ALM_OK);
	cr_expect_str_eq(test_fact(&answer, "changed"), "yes");
	test_peer_open(&practice, &broker, "C84001", 8);
	sequence = accepted_of(ALM_PRIORITY_URGENT);
	test_peer_expect_nothing(&practice);
	test_broker_kill(&broker);
	test_peer_disconnect(&practice);
	test_broker_start(&broker);
	cr_expect_eq(test_broker_figure(&broker, "mailboxes-on-hold"), 1);
	test_peer_connect(&practice, &broker);
	test_peer_hello(&practice, 8);
	test_peer_expect_nothing(&practice);
	answer = test_broker_ask(&broker, "mailbox.show", OF_PRACTICE);
	cr_assert_eq(answer.row_count, 1);
	cr_expect_str_eq(test_cell(&answer, 0, "priority"), "urgent");
	cr_expect_str_neq(test_fact(&answer, "on-hold-since"), "");
	answer = test_broker_ask(&broker, "mailbox.release", order);
	cr_assert_eq(answer.code, ALM_OK);
	cr_expect_eq(test_peer_expect(&practice, ALM_ENVELOPE_DELIVER)
			     ->deliver.sequence,
		sequence);
	cr_expect_eq(test_broker_records(&broker, "mailbox-changed"), 2);
}

static void limit(const char *key, const char *value)
{
	struct alm_answer answer = test_broker_ask(&broker, "mailbox.limit",
		(const char *const[]){"organisation", "C84001", key, value,
			"reason", "a test", NULL});

	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
}

Test(delivery, a_full_mailbox_refuses_with_a_hint_and_blocks_nobody_else)
{
	const struct alm_message to_other = test_message(&trust, "RHA");
	struct alm_message message = test_message(&trust, "C84001");
	const struct alm_receipt *receipt;

	limit("messages", "1");
	(void)accepted_of(ALM_PRIORITY_ROUTINE);
	receipt = test_peer_receipt(&trust, &message);
	cr_assert_not(receipt->is_accepted);
	cr_expect_eq(receipt->refused.code, ALM_MAILBOX_FULL);
	cr_expect(receipt->refused.is_retryable);
	cr_expect_gt(receipt->refused.retry_after_ms, 0);
	(void)test_peer_accepted(&trust, &to_other);
	limit("messages", "default");
	(void)test_peer_accepted(
		&trust, &message); /* a refusal does not use up the id */
	limit("bytes", "300");
	message = test_message(&trust, "C84001");
	receipt = test_peer_receipt(&trust, &message);
	cr_assert_not(receipt->is_accepted);
	cr_expect_eq(receipt->refused.code, ALM_MAILBOX_FULL);
}

Test(delivery, what_no_mailbox_of_that_size_can_hold_is_refused_for_good)
{
	struct alm_message message = test_message(&trust, "C84001");
	const struct alm_receipt *receipt;

	limit("bytes", "20");
	receipt = test_peer_receipt(&trust, &message);
	cr_assert_not(receipt->is_accepted);
	cr_expect_eq(receipt->refused.code, ALM_MAILBOX_TOO_SMALL);
	cr_expect_not(receipt->refused.is_retryable);
	cr_expect_eq(receipt->refused.retry_after_ms, 0);
	cr_expect_str_eq(receipt->refused.detail,
		"the mailbox of C84001 takes 20 bytes in all");
	limit("bytes", "default");
	(void)test_peer_accepted(&trust, &message);
}

Test(delivery, a_mailbox_that_nobody_reads_takes_no_more)
{
	const struct alm_receipt *receipt;
	struct alm_message message;
	uint64_t first = accepted_of(ALM_PRIORITY_ROUTINE);

	limit("age", "1");
	do { /* until the first is a second old */
		message = test_message(&trust, "C84001");
		message.priority = ALM_PRIORITY_BULK;
		receipt = test_peer_receipt(&trust, &message);
		cr_assert_eq(test_peer_next(&trust, 50), NULL);
	} while (receipt->is_accepted &&
		 receipt->accepted.sequence < first + 90);
	cr_assert_not(receipt->is_accepted);
	cr_expect_eq(receipt->refused.code, ALM_MAILBOX_UNREAD);
	cr_expect_gt(receipt->refused.retry_after_ms, 0);
}

Test(delivery, urgent_routine_and_bulk_mail_go_eight_to_four_to_one)
{
	unsigned counts[3] = {0};
	enum alm_priority first = ALM_PRIORITY_BULK;

	for (unsigned i = 0; i < 13; i++) {
		(void)accepted_of(ALM_PRIORITY_BULK);
		(void)accepted_of(ALM_PRIORITY_ROUTINE);
		(void)accepted_of(ALM_PRIORITY_URGENT);
	}
	test_peer_open(&practice, &broker, "C84001", 1);
	/* One at a time: what a round gives does not depend on the window. */
	for (unsigned i = 0; i < 13; i++) {
		const struct alm_envelope *mail =
			test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);

		first = i == 0 ? mail->deliver.priority : first;
		counts[mail->deliver.priority]++;
		test_peer_acknowledge(&practice, mail->deliver.sequence, NULL);
	}
	cr_expect_eq(first, ALM_PRIORITY_URGENT);
	cr_expect_eq(counts[ALM_PRIORITY_URGENT], 8);
	cr_expect_eq(counts[ALM_PRIORITY_ROUTINE], 4);
	cr_expect_eq(counts[ALM_PRIORITY_BULK], 1);
}

Test(delivery, keeps_order_within_a_priority)
{
	uint64_t last[3] = {0};

	for (unsigned i = 0; i < 20; i++) {
		(void)accepted_of(i % 3 == 0   ? ALM_PRIORITY_BULK
				  : i % 3 == 1 ? ALM_PRIORITY_ROUTINE
					       : ALM_PRIORITY_URGENT);
	}
	test_peer_open(&practice, &broker, "C84001", 64);
	for (unsigned i = 0; i < 20; i++) {
		const struct alm_envelope *mail =
			test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);

		cr_expect_gt(
			mail->deliver.sequence, last[mail->deliver.priority]);
		last[mail->deliver.priority] = mail->deliver.sequence;
	}
}

/* --- following a message ------------------------------------------------- */

static struct alm_answer trace(
	const struct alm_message_id *id, const char *part, const char *to)
{
	char text[ALM_UUID_TEXT_BYTES];

	alm_message_id_text(id, text);
	return test_broker_ask(&broker, "trace",
		to == NULL ? (const char *const[]){"message", text, "part",
				     part, NULL}
			   : (const char *const[]){"message", text, "part",
				     part, "to", to, NULL});
}

Test(delivery, a_trace_has_every_step_of_a_dead_letter)
{
	static const char *const kinds[] = {"accepted", "delivered",
		"delivered", "dead-lettered", "notice"};
	static const char *const attempts[] = {"", "1", "2", "2", ""};
	struct alm_message message;
	uint64_t sequence = make_dead_letter(&message);
	struct alm_answer answer;
	size_t seen = 0;

	(void)expect_notice(ALM_NOTICE_KIND_DEAD_LETTER);
	answer = trace(&message.id, "steps", NULL);
	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
	for (size_t i = 0; i < answer.row_count; i++) {
		const char *kind = test_cell(&answer, i, "kind");

		if (strcmp(kind, "now-dead-letter") == 0) {
			continue;
		}
		cr_assert_lt(seen, ALM_COUNT(kinds));
		cr_expect_str_eq(kind, kinds[seen]);
		cr_expect_str_eq(
			test_cell(&answer, i, "attempt"), attempts[seen]);
		seen++;
	}
	cr_expect_eq(seen, ALM_COUNT(kinds));
	cr_expect_eq(answer.row_count, seen + 1, "and where it is now");
	cr_expect_gt(sequence, 0);
}

Test(delivery, a_trace_finds_what_answers_a_message)
{
	const struct alm_message first = test_message(&trust, "C84001");
	struct alm_message second = test_message(&trust, "C84001");
	struct alm_answer answer;

	second.correlation_id =
		(struct alm_bytes){first.id.raw, ALM_MESSAGE_ID_BYTES};
	(void)test_peer_accepted(&trust, &first);
	(void)test_peer_accepted(&trust, &second);
	answer = trace(&first.id, "answers", "C84001");
	cr_assert_eq(answer.row_count, 1);
	answer = trace(&second.id, "answers", "C84001");
	cr_expect_eq(answer.row_count, 0);
	answer = trace(&second.id, "steps", NULL);
	cr_expect_neq(*test_fact(&answer, "answers"), '\0');
}
