/*
 * Goal: keys that the operator gives an agent by hand, as when its own are
 * lost or in the wrong hands: what they replace is worth nothing at once.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/peer.h"

static struct test_broker broker;
static struct test_peer sender;
static struct test_peer clinic;
static struct test_peer ward;

static void open_all(void)
{
	test_broker_open(&broker, "");
	test_broker_activate(&broker, test_policy);
}

static void close_all(void)
{
	test_peer_free(&sender);
	test_peer_free(&clinic);
	test_peer_free(&ward);
	test_broker_close(&broker);
}

TestSuite(keys_by_hand, .init = open_all, .fini = close_all, .timeout = 1800);

static enum alm_err send_to(
	struct test_peer *peer, const char *recipient, const char *payload)
{
	struct alm_message message = test_message(peer, recipient);
	const struct alm_receipt *receipt;

	test_peer_send(peer, &message, payload, 0);
	receipt = &test_peer_expect(peer, ALM_ENVELOPE_RECEIPT)->receipt;
	return receipt->is_accepted ? ALM_OK : receipt->refused.code;
}

Test(keys_by_hand, keys_given_by_hand_can_end_the_old_ones_at_once)
{
	char curve[65];
	char signing[65];
	struct alm_answer answer;

	test_peer_open_as(&sender, &broker, "RX1", "ward", 0);
	test_peer_make(&ward, "RX1");
	alm_hex(ward.curve_public, 32, curve);
	alm_hex(ward.signing_public, 32, signing);
	answer = test_broker_ask(&broker, "agent.rekey",
		(const char *const[]){"organisation", "RX1", "agent", "ward",
			"curve-key", curve, "signing-key", signing, "now",
			"yes", "reason", "lost", NULL});
	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
	cr_expect_not(test_peer_keys_are_admitted(&sender, &broker));
	cr_expect(test_peer_keys_are_admitted(&ward, &broker));
	/* Nobody gets the lost key back into the registry. */
	alm_hex(sender.curve_public, 32, curve);
	answer = test_broker_ask(&broker, "agent.register",
		(const char *const[]){"organisation", "RX1", "agent", "other",
			"curve-key", curve, "signing-key", curve, NULL});
	cr_expect_eq(answer.code, ALM_KEY_USED);
}

static struct alm_answer rekey(const struct test_peer *next,
	const char *organisation, const char *now, const char *dry_run)
{
	char curve[65];
	char signing[65];

	alm_hex(next->curve_public, 32, curve);
	alm_hex(next->signing_public, 32, signing);
	return test_broker_ask(&broker, "agent.rekey",
		(const char *const[]){"organisation", organisation, "agent",
			"ward", "curve-key", curve, "signing-key", signing,
			"now", now, "dry-run", dry_run, "reason", "lost",
			NULL});
}

/* Whoever has the lost key may have a connection already. */
Test(keys_by_hand, a_connection_of_keys_that_end_at_once_is_handed_no_more)
{
	const struct alm_envelope ping = {.kind = ALM_ENVELOPE_PING};

	test_peer_open_as(&sender, &broker, "RX1", "trust", 8);
	test_peer_open_as(&ward, &broker, "C84001", "ward", 8);
	cr_assert_eq(send_to(&sender, "C84001", "1"), ALM_OK);
	(void)test_peer_expect(&ward, ALM_ENVELOPE_DELIVER);
	test_peer_make(&clinic, "C84001");
	cr_assert_eq(rekey(&clinic, "C84001", "yes", "no").code, ALM_OK);
	cr_assert_eq(send_to(&sender, "C84001", "2"), ALM_OK);
	cr_expect_eq(test_broker_figure(&broker, "delivered"), 1);
	test_peer_say(&ward, &ping);
	cr_expect_eq(test_peer_expect(&ward, ALM_ENVELOPE_ERROR)->error.code,
		ALM_KEY_RETIRED);
	/* And what it held is due again. */
	test_peer_connect(&clinic, &broker);
	test_peer_hello(&clinic, 8);
	cr_expect(test_peer_expect(&clinic, ALM_ENVELOPE_DELIVER)
			  ->deliver.is_repeat);
	(void)test_peer_expect(&clinic, ALM_ENVELOPE_DELIVER);
}

Test(keys_by_hand, a_trial_of_new_keys_says_what_would_be_said)
{
	test_peer_open_as(&sender, &broker, "RX1", "ward", 0);
	test_peer_make(&ward, "RX1");
	test_peer_make(&clinic, "RX1");
	cr_expect_eq(rekey(&sender, "RX1", "no", "yes").code, ALM_KEY_USED);
	cr_expect_eq(rekey(&ward, "RX1", "no", "yes").code, ALM_OK);
	cr_expect_eq(test_broker_records(&broker, "agent-keys"), 0);
	cr_assert_eq(rekey(&ward, "RX1", "no", "no").code, ALM_OK);
	cr_expect_eq(
		rekey(&clinic, "RX1", "no", "yes").code, ALM_ROTATION_OPEN);
	cr_expect_eq(rekey(&clinic, "RX1", "no", "no").code, ALM_ROTATION_OPEN);
	/* Both pairs may be in the wrong hands: that need not wait. */
	cr_expect_eq(rekey(&clinic, "RX1", "yes", "yes").code, ALM_OK);
	cr_assert_eq(rekey(&clinic, "RX1", "yes", "no").code, ALM_OK);
	cr_expect_not(test_peer_keys_are_admitted(&sender, &broker));
	cr_expect_not(test_peer_keys_are_admitted(&ward, &broker));
	cr_expect(test_peer_keys_are_admitted(&clinic, &broker));
}
