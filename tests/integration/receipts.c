/*
 * Goal: an agent that is limited to categories gets no receipt of what its
 * organisation sent or was sent in others, asked by number or by message, and
 * who asked for it is in the log.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "lib/err.h"
#include "tests/support/peer.h"
#include "tests/support/policy.h"

static const char two_categories[] =
	"almoner: 1\n"
	"bundle: test\n"
	"kinds: [nhs-trust, gp-practice]\n"
	"purposes:\n"
	"  - {id: direct-care, class: care, recipients: [any]}\n"
	"categories:\n"
	"  - id: discharge\n"
	"  - id: contact\n"
	"organisations:\n"
	"  - {id: RX1, name: First trust, kind: nhs-trust}\n"
	"  - {id: C84001, name: A practice, kind: gp-practice}\n"
	"agreements:\n" TEST_CARE_AGREEMENT("DSA-CARE", "RX1", "C84001",
		"discharge, contact", "identifiable");

static const uint8_t audit_seed[32] = {7};

static struct test_broker broker;
static struct test_peer trust;
static struct test_peer clerk;     /* of the trust, for contact alone */
static struct test_peer reception; /* of the practice, likewise */

static void open_limited(struct test_peer *peer, const char *organisation)
{
	struct alm_answer answer;

	test_peer_open_as(peer, &broker, organisation, "clerk", 0);
	answer = test_broker_ask(&broker, "agent.roles",
		(const char *const[]){"organisation", organisation, "agent",
			"clerk", "roles", "all", "categories", "contact",
			"reason", "test", NULL});
	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
}

static void open_all(void)
{
	test_broker_open(&broker, "");
	cr_assert_eq(test_broker_stop(&broker), 0);
	test_broker_add_audit_key(&broker, audit_seed);
	test_broker_start(&broker);
	test_broker_activate(&broker, two_categories);
	test_peer_open(&trust, &broker, "RX1", 0);
	open_limited(&clerk, "RX1");
	open_limited(&reception, "C84001");
}

static void close_all(void)
{
	test_peer_free(&trust);
	test_peer_free(&clerk);
	test_peer_free(&reception);
	test_broker_close(&broker);
}

TestSuite(receipts, .init = open_all, .fini = close_all, .timeout = 1800);

/* One that was accepted: its id and the number of its record, as texts. */
struct sent {
	char id[64];
	char seq[24];
};

static struct sent send_in(const char *const *categories, size_t count)
{
	struct alm_message message = test_message(&trust, "C84001");
	const struct alm_receipt *receipt;
	struct sent sent;

	message.categories = (struct alm_texts){categories, count};
	receipt = test_peer_receipt(&trust, &message);
	cr_assert(receipt->is_accepted, "%s", receipt->refused.name);
	alm_message_id_text(&message.id, sent.id);
	(void)snprintf(sent.seq, sizeof(sent.seq), "%llu",
		(unsigned long long)receipt->accepted.audit_sequence);
	return sent;
}

/* The code of the answer, once a head stands for the record. */
static uint32_t asked(
	struct test_peer *peer, const char *key, const char *value)
{
	const struct alm_argument arguments[] = {{key, value}, {"from", "RX1"}};
	const struct alm_envelope envelope = {.kind = ALM_ENVELOPE_QUERY,
		.request = {.id = 7,
			.verb = "audit.receipt",
			.arguments = arguments,
			.argument_count = 2}};
	const struct alm_answer *answer;

	do {
		test_peer_say(peer, &envelope);
		answer = &test_peer_expect(peer, ALM_ENVELOPE_ANSWER)->answer;
	} while (
		answer->code == ALM_NOT_YET_SIGNED || answer->code == ALM_BUSY);
	cr_expect_eq(answer->row_count > 0, answer->code == ALM_OK);
	cr_expect_eq(answer->fact_count > 0, answer->code == ALM_OK);
	return answer->code;
}

static size_t questions(void)
{
	return test_broker_records(&broker, "audit-queried");
}

static void expect_hidden(const struct sent *sent)
{
	size_t before = questions();

	cr_expect_eq(asked(&clerk, "seq", sent->seq), ALM_NOT_FOUND);
	cr_expect_eq(asked(&clerk, "message", sent->id), ALM_NOT_FOUND);
	cr_expect_eq(asked(&reception, "message", sent->id), ALM_NOT_FOUND);
	cr_expect_geq(questions(), before + 3, "each has asked");
	cr_expect_eq(asked(&trust, "seq", sent->seq), ALM_OK);
	cr_expect_eq(asked(&trust, "message", sent->id), ALM_OK);
}

Test(receipts, of_other_categories_are_not_for_a_limited_agent)
{
	static const char *const both[] = {"contact", "discharge"};
	struct sent sent = send_in(&both[1], 1);

	expect_hidden(&sent);
	sent = send_in(both, 2);
	expect_hidden(&sent);
}

Test(receipts, of_its_own_categories_are_for_a_limited_agent)
{
	static const char *const contact[] = {"contact"};
	struct sent sent = send_in(contact, 1);

	cr_expect_eq(asked(&clerk, "seq", sent.seq), ALM_OK);
	cr_expect_eq(asked(&clerk, "message", sent.id), ALM_OK);
	cr_expect_eq(asked(&reception, "message", sent.id), ALM_OK);
	cr_expect_eq(asked(&reception, "seq", sent.seq), ALM_NOT_FOUND,
		"by number a recipient could go through what it never got");
}
