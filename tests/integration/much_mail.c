/*
 * Goal: mail that together is larger than the memory of a turn expires, is
 * listed and is acknowledged as other mail is, some of it in each turn.
 * Method: counts, never times; a body of the largest size that many share.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/peer.h"

#define PAYLOAD_BYTES ((size_t)1000 * 1000)
/* More than a turn has memory for. */
#define MEMBERS (ALM_TURN_ARENA_BYTES_MAX / PAYLOAD_BYTES + 20)
/* More than a turn takes the acknowledgements of. */
#define WAITING 40u

static struct test_broker broker;
static struct test_peer trust;
static struct test_peer practice;
static char *payload;

static void open_all(void)
{
	payload = malloc(PAYLOAD_BYTES + 1);
	cr_assert_not_null(payload);
	memset(payload, 'p', PAYLOAD_BYTES);
	payload[PAYLOAD_BYTES] = '\0';
	test_broker_open(&broker, "");
}

static void close_all(void)
{
	test_peer_free(&trust);
	test_peer_free(&practice);
	test_broker_close(&broker);
	free(payload);
}

TestSuite(much_mail, .init = open_all, .fini = close_all, .timeout = 1800);

/* Accepted, however slow the machine is. */
static void send_what_expires(void)
{
	static const char *const group[] = {"group:many"};
	const struct alm_receipt *receipt;
	int64_t life_ms = 1000;

	do {
		struct alm_message message = test_message(&trust, "");

		message.recipients = (struct alm_texts){group, 1};
		message.expires_ms = test_now_ms() + life_ms;
		life_ms *= 2;
		test_peer_send(&trust, &message, payload, 0);
		receipt = &test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT)
				   ->receipt;
	} while (!receipt->is_accepted &&
		 receipt->refused.code == ALM_ALREADY_EXPIRED);
	cr_assert(receipt->is_accepted, "%s", receipt->refused.name);
	cr_assert_eq(receipt->outcome_count, MEMBERS);
}

Test(much_mail, expires_in_several_turns)
{
	test_policy_activate_many(&broker, MEMBERS);
	test_peer_open(&trust, &broker, "RX1", 0);
	send_what_expires();
	test_broker_await(&broker, "expired", MEMBERS);
	cr_expect_eq(test_broker_stop(&broker), 0);
	/* What is left are the notices. */
	cr_expect_eq(test_broker_verify(&broker), MEMBERS);
}

static void queue_some(void)
{
	test_broker_activate(&broker, test_policy);
	test_peer_open(&trust, &broker, "RX1", 0);
	test_peer_open(&practice, &broker, "C84001", 0);
	for (size_t i = 0; i < WAITING; i++) {
		struct alm_message message = test_message(&trust, "C84001");
		const struct alm_receipt *receipt;

		test_peer_send(&trust, &message, payload, 0);
		receipt = &test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT)
				   ->receipt;
		cr_assert(receipt->is_accepted, "%s", receipt->refused.name);
	}
}

Test(much_mail, is_listed_a_part_at_a_time)
{
	struct alm_answer answer;
	const char *cursor = "";
	size_t count = 0;
	size_t pages = 0;

	queue_some();
	do {
		char kept[32];

		(void)snprintf(kept, sizeof(kept), "%s", cursor);
		answer = test_broker_ask(&broker, "mailbox.show",
			(const char *const[]){"organisation", "C84001",
				"cursor", kept, NULL});
		cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
		for (size_t i = 0; i < answer.row_count; i++) {
			cr_expect_str_eq(
				test_cell(&answer, i, "sender"), "RX1");
		}
		count += answer.row_count;
		pages++;
		cursor = answer.cursor;
	} while (cursor[0] != '\0');
	cr_expect_eq(count, WAITING);
	cr_expect_gt(pages, 1);
}

/* Of mail that is not in its hands, an agent may say anything. */
Test(much_mail, is_acknowledged_unseen_a_part_in_each_turn)
{
	struct alm_acknowledgement items[WAITING];
	const struct alm_envelope say = {.kind = ALM_ENVELOPE_ACKNOWLEDGE,
		.acknowledge = {.items = items, .count = WAITING}};
	size_t taken = 0;
	size_t rounds = 0;

	queue_some();
	for (size_t i = 0; i < WAITING; i++) {
		items[i] = (struct alm_acknowledgement){
			.sequence = i + 1, .reason = ""};
	}
	/* What is gone already is acknowledged again. */
	for (; taken < WAITING; rounds++) {
		test_peer_say(&practice, &say);
		taken = test_peer_expect(&practice, ALM_ENVELOPE_ACKNOWLEDGED)
				->acknowledged.count;
	}
	cr_expect_gt(rounds, 1);
	cr_expect_eq(test_broker_figure(&broker, "acknowledged"), WAITING);
}
