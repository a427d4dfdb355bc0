/*
 * Goal: mail of one sender about one subject stays in order when it comes back
 * and when agents share it.  Method: agents at the level of the wire.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/pair.h"

static void open_all(void)
{
	open_trust("attempts-max: 9\n", test_policy, 64);
}

TestSuite(order, .init = open_all, .fini = close_pair, .timeout = 1800);

static uint64_t accepted_about(const char *subject)
{
	struct alm_message message = test_message(&trust, "C84001");

	message.subject = subject;
	return test_peer_accepted(&trust, &message);
}

static uint64_t next_delivered(struct test_peer *peer)
{
	return test_peer_expect(peer, ALM_ENVELOPE_DELIVER)->deliver.sequence;
}

/* As after a crash: without a goodbye. */
static void crash_and_come_again(uint32_t credit)
{
	test_peer_come_back(&practice, &broker, credit);
}

Test(order, what_comes_later_waits_for_what_is_not_due_again)
{
	uint64_t first;
	uint64_t later;
	uint64_t other;

	test_peer_open(&practice, &broker, "C84001", 8);
	first = accepted_about("9990000018");
	for (unsigned i = 0; i < 4; i++) {
		cr_assert_eq(next_delivered(&practice), first);
		crash_and_come_again(8);
	}
	/* It crashes whoever takes it: now it waits for its time. */
	test_peer_expect_nothing(&practice);
	later = accepted_about("9990000018");
	other = accepted_about("9990000026");
	cr_expect_eq(next_delivered(&practice), other,
		"a message about somebody else goes on");
	test_peer_expect_nothing(&practice);
	test_peer_acknowledge(&practice, other, NULL);
	(void)test_peer_expect(&practice, ALM_ENVELOPE_ACKNOWLEDGED);
	test_peer_renew(&practice, 8);
	test_peer_expect_nothing(&practice);
	/* Taken after all, it lets the others go. */
	test_peer_acknowledge(&practice, first, NULL);
	cr_expect_eq(next_delivered(&practice), later);
}

Test(order, two_agents_of_one_organisation_share_mail_and_keep_its_order)
{
	static const char *const subjects[] = {
		"9990000018", "9990000026", "9990000034", "9990000042"};
	struct test_peer second;
	struct test_peer *peers[] = {&practice, &second};
	uint64_t first_of[ALM_COUNT(subjects)] = {0};
	uint64_t last[ALM_COUNT(subjects)] = {0};
	size_t owner[ALM_COUNT(subjects)];
	size_t counts[2] = {0};

	test_peer_open(&practice, &broker, "C84001", 64);
	test_peer_make(&second, "C84001");
	test_peer_register(&second, &broker, "agent-2");
	test_peer_connect(&second, &broker);
	test_peer_hello(&second, 64);
	for (size_t i = 0; i < 8 * ALM_COUNT(subjects); i++) {
		uint64_t sequence =
			accepted_about(subjects[i % ALM_COUNT(subjects)]);

		if (first_of[i % ALM_COUNT(subjects)] == 0) {
			first_of[i % ALM_COUNT(subjects)] = sequence;
		}
	}
	memset(owner, 0xFF, sizeof(owner));
	for (size_t p = 0; counts[0] + counts[1] < 8 * ALM_COUNT(subjects);
		p = 1 - p) {
		const struct alm_envelope *mail = test_peer_next(peers[p], 20);
		size_t s = 0;

		if (mail == NULL || mail->kind != ALM_ENVELOPE_DELIVER) {
			continue;
		}
		while (strcmp(mail->deliver.subject, subjects[s]) != 0) {
			s++;
		}
		cr_expect(owner[s] == SIZE_MAX || owner[s] == p,
			"one subject is in one agent's hands");
		owner[s] = p;
		cr_expect_gt(mail->deliver.sequence, last[s]);
		last[s] = mail->deliver.sequence;
		counts[p]++;
	}
	cr_expect_gt(counts[0], 0);
	cr_expect_gt(counts[1], 0, "both have work");
	/* What one had comes to the other, in order. */
	test_peer_come_back(&practice, &broker, 0);
	for (size_t s = 0; s < ALM_COUNT(subjects); s++) {
		const struct alm_envelope *mail;

		if (owner[s] == 0) {
			mail = test_peer_expect(&second, ALM_ENVELOPE_DELIVER);
			cr_expect_eq(mail->deliver.sequence, first_of[s]);
			break;
		}
	}
	test_peer_free(&second);
}

Test(order, what_a_revoked_agent_had_begun_does_not_go_on_to_it)
{
	const struct alm_envelope *mail;
	struct test_peer second;
	struct alm_answer answer;
	uint64_t later;

	test_peer_open(&practice, &broker, "C84001", 64);
	(void)accepted_about("9990000018");
	(void)next_delivered(&practice);
	test_peer_make(&second, "C84001");
	test_peer_register(&second, &broker, "agent-2");
	test_peer_connect(&second, &broker);
	test_peer_hello(&second, 64);
	answer = test_broker_ask(&broker, "agent.revoke",
		(const char *const[]){"organisation", "C84001", "agent",
			"agent", "reason", "lost", NULL});
	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
	later = accepted_about("9990000018");
	while ((mail = test_peer_next(&practice, 200)) != NULL) {
		cr_expect(mail->kind != ALM_ENVELOPE_DELIVER ||
			  mail->deliver.sequence != later);
	}
	test_peer_free(&second);
}

/* --- what is sent -------------------------------------------------------- */

static void open_narrow(void)
{
	open_trust("send-window: 1\n", test_policy, 0);
}

TestSuite(order_of_sends, .init = open_narrow, .fini = close_pair,
	.timeout = 1800);

static void say_hello(bool keeps_order)
{
	const struct alm_envelope hello = {.kind = ALM_ENVELOPE_HELLO,
		.hello = {.version = ALM_PROTOCOL_VERSION,
			.software = "test",
			.keeps_order = keeps_order}};

	test_peer_say(&trust, &hello);
	(void)test_peer_expect(&trust, ALM_ENVELOPE_WELCOME);
}

static void expect_busy(const struct alm_receipt *receipt)
{
	cr_assert_not(receipt->is_accepted);
	cr_expect_eq(receipt->refused.code, ALM_BUSY);
}

/* The second is one more than the window takes in a turn. */
static void send_two_of_which_one_is_taken(
	const struct alm_message *first, const struct alm_message *second)
{
	test_peer_send_both(&trust, first, second);
	cr_assert(test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT)
			  ->receipt.is_accepted);
	expect_busy(&test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT)->receipt);
}

Test(order_of_sends, nothing_overtakes_what_was_refused_for_the_moment)
{
	const struct alm_message first = test_message(&trust, "C84001");
	const struct alm_message second = test_message(&trust, "C84001");
	const struct alm_message third = test_message(&trust, "C84001");
	uint64_t sequence;

	say_hello(true);
	send_two_of_which_one_is_taken(&first, &second);
	expect_busy(test_peer_receipt(&trust, &third));
	expect_busy(test_peer_receipt(&trust, &second));
	say_hello(true);
	sequence = test_peer_accepted(&trust, &second);
	cr_expect_lt(sequence, test_peer_accepted(&trust, &third));
}

Test(order_of_sends, who_does_not_ask_for_order_is_not_held_up)
{
	const struct alm_message first = test_message(&trust, "C84001");
	const struct alm_message second = test_message(&trust, "C84001");
	const struct alm_message third = test_message(&trust, "C84001");

	say_hello(true);
	say_hello(false);
	send_two_of_which_one_is_taken(&first, &second);
	(void)test_peer_accepted(&trust, &third);
	(void)test_peer_accepted(&trust, &second);
}
