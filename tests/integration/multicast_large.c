/*
 * Goal: a message to a large group is the work of one turn, one body and one
 * receipt.  Method: counts, never times; MULTICAST_MEMBERS and
 * MULTICAST_SENDS make it larger, to be measured.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/peer.h"

static struct test_broker broker;
static struct test_peer trust;

static void open_all(void)
{
	test_broker_open(&broker, "");
}

static void close_all(void)
{
	test_peer_free(&trust);
	test_broker_close(&broker);
}

TestSuite(
	multicast_large, .init = open_all, .fini = close_all, .timeout = 1800);

static size_t number(const char *name, size_t otherwise)
{
	const char *text = getenv(name);

	return text == NULL ? otherwise : strtoul(text, NULL, 10);
}

static void send_to_all(size_t count)
{
	static const char *const group[] = {"group:many"};
	struct alm_message message = test_message(&trust, "");
	const struct alm_receipt *receipt;
	char payload[1025];

	memset(payload, 'p', sizeof(payload) - 1);
	payload[sizeof(payload) - 1] = '\0';
	message.recipients = (struct alm_texts){group, 1};
	test_peer_send(&trust, &message, payload, 0);
	receipt = &test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT)->receipt;
	cr_assert(receipt->is_accepted, "%s", receipt->refused.name);
	cr_assert_eq(receipt->outcome_count, count);
	for (size_t i = 0; i < count; i++) {
		cr_assert_eq(receipt->outcomes[i].code, ALM_OK);
	}
}

Test(multicast_large, is_one_turn_and_one_body)
{
	size_t count =
		number("MULTICAST_MEMBERS", ALM_MULTICAST_RECIPIENTS_MAX);
	size_t sends = number("MULTICAST_SENDS", 2);
	uint64_t turns;

	test_policy_activate_many(&broker, count);
	test_peer_open(&trust, &broker, "RX1", 0);
	turns = test_broker_figure(&broker, "turns");
	for (size_t i = 0; i < sends; i++) {
		send_to_all(count);
	}
	cr_expect_leq(test_broker_figure(&broker, "turns"), turns + sends + 2);
	cr_expect_eq(test_broker_figure(&broker, "accepted"), sends * count);
	cr_expect_eq(test_broker_stop(&broker), 0);
	cr_expect_eq(test_broker_verify(&broker), sends * (count + 1));
}
