/*
 * Goal: an agent does what its role says from the next message on; keys are
 * replaced, the agent's and the broker's, without one refused message; and an
 * invite's key opens nothing but the join.
 */
#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <zmq.h>

#include "lib/file.h"
#include "lib/id.h"
#include "lib/join.h"
#include "tests/support/peer.h"

#define WAIT_S 120
#define ATTEMPTS_MAX 2u
#define FLOOD_ROUNDS 100u

static struct test_broker broker;
static struct test_peer sender;
static struct test_peer clinic;
static struct test_peer ward;

/* The test policy, but that RX1 may also send `contact`. */
static void activate(void)
{
	static char yaml[8192];
	const char *mark = "categories: [discharge]";
	const char *at = strstr(test_policy, mark);

	snprintf(yaml, sizeof(yaml), "%.*scategories: [discharge, contact]%s",
		(int)(at - test_policy), test_policy, at + strlen(mark));
	test_broker_activate(&broker, yaml);
}

static void open_all(void)
{
	test_broker_open(&broker, "attempts-max: 2\n");
	activate();
}

static void close_all(void)
{
	test_peer_free(&sender);
	test_peer_free(&clinic);
	test_peer_free(&ward);
	test_broker_close(&broker);
}

TestSuite(identity, .init = open_all, .fini = close_all, .timeout = 1800);

static void set_roles(const char *organisation, const char *agent,
	const char *roles, const char *categories)
{
	struct alm_answer answer = test_broker_ask(&broker, "agent.roles",
		(const char *const[]){"organisation", organisation, "agent",
			agent, "roles", roles, "categories", categories,
			"reason", "test", NULL});

	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
}

/* Send in one category; the code of the receipt. */
static enum alm_err send_in(struct test_peer *peer, const char *recipient,
	const char *category, const char *payload)
{
	struct alm_message message = test_message(peer, recipient);
	const struct alm_receipt *receipt;

	message.categories = (struct alm_texts){&category, 1};
	test_peer_send(peer, &message, payload, 0);
	receipt = &test_peer_expect(peer, ALM_ENVELOPE_RECEIPT)->receipt;
	return receipt->is_accepted ? ALM_OK : receipt->refused.code;
}

/* --- roles --------------------------------------------------------------- */

Test(identity, a_role_holds_from_the_next_message_of_an_open_connection)
{
	test_peer_open_as(&sender, &broker, "RX1", "ward", 8);
	cr_expect_eq(send_in(&sender, "C84001", "discharge", "1"), ALM_OK);
	set_roles("RX1", "ward", "receive,query", "any");
	cr_expect_eq(
		send_in(&sender, "C84001", "discharge", "2"), ALM_AGENT_ROLE);
	set_roles("RX1", "ward", "send", "contact");
	cr_expect_eq(send_in(&sender, "C84001", "discharge", "3"),
		ALM_AGENT_CATEGORY);
	cr_expect_eq(send_in(&sender, "C84001", "contact", "4"), ALM_OK);
	set_roles("RX1", "ward", "all", "any");
	cr_expect_eq(send_in(&sender, "C84001", "discharge", "5"), ALM_OK);
	cr_expect_eq(test_broker_records(&broker, "agent-roles"), 3);
}

/* An empty one would leave things as they are, and look as if it had not. */
Test(identity, a_change_of_roles_says_which)
{
	struct alm_answer answer;

	test_peer_open_as(&sender, &broker, "RX1", "ward", 8);
	answer = test_broker_ask(&broker, "agent.roles",
		(const char *const[]){"organisation", "RX1", "agent", "ward",
			"categories", "", "reason", "test", NULL});
	cr_expect_eq(answer.code, ALM_BAD_ARGUMENT, "%d", (int)answer.code);
	cr_expect_eq(test_broker_records(&broker, "agent-roles"), 0);
}

Test(identity, a_question_needs_its_role)
{
	const struct alm_argument reason = {"reason", "a test"};
	const struct alm_envelope query = {.kind = ALM_ENVELOPE_QUERY,
		.request = {.id = 7,
			.verb = "audit.query",
			.arguments = &reason,
			.argument_count = 1}};

	test_peer_open_as(&sender, &broker, "RX1", "ward", 8);
	test_peer_say(&sender, &query);
	cr_expect_eq(
		test_peer_expect(&sender, ALM_ENVELOPE_ANSWER)->answer.code,
		ALM_OK);
	set_roles("RX1", "ward", "send,receive", "any");
	test_peer_say(&sender, &query);
	cr_expect_eq(
		test_peer_expect(&sender, ALM_ENVELOPE_ANSWER)->answer.code,
		ALM_AGENT_ROLE);
}

static void expect_mail(struct test_peer *peer, const char *payload)
{
	const struct alm_deliver *deliver =
		&test_peer_expect(peer, ALM_ENVELOPE_DELIVER)->deliver;

	cr_expect_eq(deliver->payload.bytes, strlen(payload));
	cr_expect_eq(memcmp(deliver->payload.data, payload, strlen(payload)), 0,
		"not %s", payload);
	test_peer_acknowledge(peer, deliver->sequence, NULL);
	(void)test_peer_expect(peer, ALM_ENVELOPE_ACKNOWLEDGED);
}

Test(identity, mail_waits_for_an_agent_that_may_have_it)
{
	test_peer_open_as(&sender, &broker, "RX1", "ward", 0);
	test_peer_open_as(&clinic, &broker, "C84001", "clinic", 0);
	set_roles("C84001", "clinic", "all", "contact");
	cr_assert_eq(
		send_in(&sender, "C84001", "discharge", "for all"), ALM_OK);
	cr_assert_eq(send_in(&sender, "C84001", "contact", "clinic"), ALM_OK);
	test_peer_hello(&clinic, 8);
	expect_mail(&clinic, "clinic");
	cr_expect_null(test_peer_next(&clinic, 300));
	test_peer_open_as(&ward, &broker, "C84001", "desk", 8);
	expect_mail(&ward, "for all");
	/* Given more, it gets what waits, on its open connection. */
	test_peer_free(&ward);
	memset(&ward, 0, sizeof(ward));
	cr_assert_eq(send_in(&sender, "C84001", "discharge", "later"), ALM_OK);
	cr_expect_null(test_peer_next(&clinic, 300));
	set_roles("C84001", "clinic", "all", "any");
	expect_mail(&clinic, "later");
}

Test(identity, a_limited_agent_takes_out_only_what_it_may_have)
{
	const struct alm_envelope *reply;

	test_peer_open_as(&sender, &broker, "RX1", "ward", 0);
	test_peer_open_as(&clinic, &broker, "C84001", "clinic", 8);
	set_roles("C84001", "clinic", "all", "contact");
	cr_assert_eq(send_in(&sender, "C84001", "discharge", "kept"), ALM_OK);
	test_peer_acknowledge(&clinic, 1, NULL);
	reply = test_peer_expect(&clinic, ALM_ENVELOPE_ERROR);
	cr_expect_eq(reply->error.code, ALM_AGENT_CATEGORY);
	set_roles("C84001", "clinic", "send", "any");
	test_peer_acknowledge(&clinic, 1, NULL);
	reply = test_peer_expect(&clinic, ALM_ENVELOPE_ERROR);
	cr_expect_eq(reply->error.code, ALM_AGENT_ROLE);
	test_peer_open_as(&ward, &broker, "C84001", "desk", 8);
	expect_mail(&ward, "kept");
}

/* Sequences are easily guessed. */
Test(identity, a_limited_agent_takes_out_no_dead_letter_of_others)
{
	const struct alm_envelope goodbye = {.kind = ALM_ENVELOPE_GOODBYE};

	test_peer_open_as(&sender, &broker, "RX1", "ward", 0);
	test_peer_open_as(&ward, &broker, "C84001", "desk", 8);
	cr_assert_eq(send_in(&sender, "C84001", "discharge", "1"), ALM_OK);
	for (unsigned i = 0; i < ATTEMPTS_MAX; i++) {
		(void)test_peer_expect(&ward, ALM_ENVELOPE_DELIVER);
		test_peer_say(&ward, &goodbye);
		test_peer_hello(&ward, 8);
	}
	test_broker_await(&broker, "dead-letters", 1);
	test_peer_open_as(&clinic, &broker, "C84001", "clinic", 8);
	set_roles("C84001", "clinic", "all", "contact");
	test_peer_acknowledge(&clinic, 1, NULL);
	(void)test_peer_expect(&clinic, ALM_ENVELOPE_ERROR);
	cr_expect_eq(test_broker_figure(&broker, "dead-letters"), 1);
	test_peer_acknowledge(&ward, 1, NULL);
	(void)test_peer_expect(&ward, ALM_ENVELOPE_ACKNOWLEDGED);
	cr_expect_eq(test_broker_figure(&broker, "dead-letters"), 0);
}

Test(identity, business_receipts_go_with_receiving)
{
	struct alm_message letter;
	struct alm_message receipt;

	test_peer_open_as(&sender, &broker, "RX1", "ward", 8);
	test_peer_open_as(&clinic, &broker, "C84001", "clinic", 8);
	set_roles("C84001", "clinic", "receive", "contact");
	set_roles("RX1", "ward", "all", "contact");
	letter = test_message(&sender, "C84001");
	letter.categories =
		(struct alm_texts){(const char *const[]){"contact"}, 1};
	test_peer_send(&sender, &letter, "a letter", 0);
	expect_mail(&clinic, "a letter");
	receipt = test_message(&clinic, "RX1");
	receipt.kind = ALM_KIND_ACTED;
	receipt.correlation_id = (struct alm_bytes){letter.id.raw, 16};
	receipt.categories.count = 0;
	receipt.payload_level = ALM_WIRE_LEVEL_NONE;
	receipt.subject = "";
	test_peer_send(&clinic, &receipt, "", 0);
	cr_expect(test_peer_expect(&clinic, ALM_ENVELOPE_RECEIPT)
			  ->receipt.is_accepted);
	/* And a limited sender is handed it, though it names no category. */
	cr_expect_eq(
		test_peer_expect(&sender, ALM_ENVELOPE_DELIVER)->deliver.kind,
		ALM_KIND_ACTED);
}

/* --- the agent's keys ---------------------------------------------------- */

/* Ask for new keys, signed by both; leaves them in `next`. */
static enum alm_err rotate(struct test_peer *peer, const char *agent,
	struct test_peer *next, bool is_forged)
{
	char texts[4][129];
	uint8_t check[32];
	uint8_t signature[64];
	const struct alm_rotate_facts facts = {peer->organisation, agent,
		broker.public_key, next->curve_public, next->signing_public};
	const struct alm_argument arguments[] = {{"curve-key", texts[0]},
		{"signing-key", texts[1]}, {"signature", texts[2]},
		{"proof", texts[3]}};
	const struct alm_envelope query = {.kind = ALM_ENVELOPE_QUERY,
		.request = {.id = 3,
			.verb = "agent.rotate",
			.arguments = arguments,
			.argument_count = 4}};

	cr_assert_eq(alm_rotate_check(&facts, check), ALM_OK);
	alm_hex(next->curve_public, 32, texts[0]);
	alm_hex(next->signing_public, 32, texts[1]);
	/* The first half of a secret key is its seed. */
	alm_digest_sign(ALM_ROTATE_CONTEXT, check,
		is_forged ? next->signing_secret : peer->signing_secret,
		signature);
	alm_hex(signature, 64, texts[2]);
	alm_digest_sign(
		ALM_ROTATE_CONTEXT, check, next->signing_secret, signature);
	alm_hex(signature, 64, texts[3]);
	test_peer_say(peer, &query);
	return test_peer_expect(peer, ALM_ENVELOPE_ANSWER)->answer.code;
}

Test(identity, old_and_new_keys_are_valid_for_a_time)
{
	test_peer_open_as(&sender, &broker, "RX1", "ward", 0);
	test_peer_make(&ward, "RX1");
	cr_expect_eq(rotate(&sender, "ward", &ward, true), ALM_BAD_SIGNATURE);
	cr_assert_eq(rotate(&sender, "ward", &ward, false), ALM_OK);
	cr_expect_eq(rotate(&sender, "ward", &ward, false), ALM_OK);
	test_peer_make(&clinic, "RX1");
	cr_expect_eq(rotate(&sender, "ward", &clinic, false), ALM_BAD_SIGNATURE,
		"the old signing key has rotated away");
	/* The open connection goes on, with what the old key signs. */
	cr_expect_eq(send_in(&sender, "C84001", "discharge", "old"), ALM_OK);
	cr_expect(test_peer_keys_are_admitted(&sender, &broker));
	cr_expect(test_peer_keys_are_admitted(&ward, &broker));
	/* A new connection is the same agent. */
	test_peer_connect(&ward, &broker);
	test_peer_hello(&ward, 0);
	cr_expect_eq(test_peer_expect(&sender, ALM_ENVELOPE_ERROR)->error.code,
		ALM_SUPERSEDED);
	cr_expect_eq(send_in(&ward, "C84001", "discharge", "new"), ALM_OK);
}

Test(identity, old_keys_retire)
{
	const struct alm_envelope ping = {.kind = ALM_ENVELOPE_PING};
	const struct alm_envelope *reply;

	test_broker_add_settings(&broker, "key-overlap: 1s\n");
	cr_assert_eq(test_broker_stop(&broker), 0);
	test_broker_start(&broker);
	test_peer_open_as(&sender, &broker, "RX1", "ward", 0);
	test_peer_make(&ward, "RX1");
	cr_assert_eq(rotate(&sender, "ward", &ward, false), ALM_OK);
	for (int i = 0; i < 10 * WAIT_S &&
			test_broker_records(&broker, "agent-keys") < 2;
		i++) {
		poll(NULL, 0, 100);
	}
	cr_expect_eq(test_broker_records(&broker, "agent-keys"), 2);
	cr_expect_not(test_peer_keys_are_admitted(&sender, &broker));
	test_peer_say(&sender, &ping);
	reply = test_peer_expect(&sender, ALM_ENVELOPE_ERROR);
	cr_expect_eq(reply->error.code, ALM_KEY_RETIRED);
	/* The old signing key is nobody's, even under the new CURVE key. */
	test_peer_connect(&ward, &broker);
	test_peer_hello(&ward, 0);
	memcpy(ward.signing_secret, sender.signing_secret, 64);
	cr_expect_eq(
		send_in(&ward, "C84001", "discharge", "x"), ALM_BAD_SIGNATURE);
}

/* --- the broker's key ---------------------------------------------------- */

Test(identity, two_endpoints_with_two_keys_are_one_broker)
{
	struct test_broker moved;
	struct alm_welcome welcome;
	uint8_t next_key[32] = {5};
	char text[4 * PATH_MAX];
	char path[PATH_MAX + 16];

	test_broker_stop(&broker);
	snprintf(path, sizeof(path), "%s/next.key", broker.folder);
	cr_assert_eq(alm_key_file_write(path, next_key, NULL), ALM_OK);
	snprintf(text, sizeof(text),
		"endpoint-next: ipc://%s/next.sock\n"
		"curve-key-file-next: %s\n",
		broker.folder, path);
	test_broker_add_settings(&broker, text);
	test_broker_start(&broker);
	test_peer_open_as(&sender, &broker, "RX1", "ward", 0);
	test_peer_disconnect(&sender);
	test_peer_connect(&sender, &broker);
	test_peer_say(
		&sender, &(struct alm_envelope){.kind = ALM_ENVELOPE_HELLO,
				 .hello = {.version = 1, .software = ""}});
	welcome = test_peer_expect(&sender, ALM_ENVELOPE_WELCOME)->welcome;
	cr_expect(strstr(welcome.next_endpoint, "/next.sock") != NULL);
	cr_assert_eq(welcome.next_broker_key.bytes, 32);
	cr_expect_eq(test_broker_figure(&broker, "agents-on-old-key"), 1);

	moved = broker;
	snprintf(moved.endpoint, PATH_MAX, "ipc://%s/next.sock", broker.folder);
	memcpy(moved.public_key, welcome.next_broker_key.data, 32);
	test_peer_make(&ward, "C84001");
	cr_expect_not(test_peer_is_admitted(&ward, &moved));
	test_peer_disconnect(&ward);
	test_peer_register(&ward, &broker, "practice");
	cr_expect_eq(test_broker_figure(&broker, "agents-on-old-key"), 2);
	test_peer_connect(&ward, &moved);
	test_peer_hello(&ward, 8);
	cr_expect_eq(test_broker_figure(&broker, "agents-on-old-key"), 1);
	cr_expect_eq(send_in(&sender, "C84001", "discharge", "across"), ALM_OK);
	expect_mail(&ward, "across");
	test_peer_disconnect(&sender);
	test_peer_connect(&sender, &moved);
	test_peer_hello(&sender, 0);
	cr_expect_eq(test_broker_figure(&broker, "agents-on-old-key"), 0);
	cr_expect_eq(send_in(&sender, "C84001", "discharge", "moved"), ALM_OK);
	expect_mail(&ward, "moved");
}

/* --- invites ------------------------------------------------------------- */

/* Invite somebody, and let the peer come with the key of the invite. */
static void connect_invited(struct test_peer *peer, const char *agent)
{
	uint8_t secret[32] = {42};
	struct alm_invite_keys keys;
	struct alm_answer answer;
	char invite_key[65];
	char proof_hash[65];

	memcpy(secret + 1, agent, strlen(agent));
	cr_assert_eq(alm_invite_derive(secret, &keys), ALM_OK);
	alm_hex(keys.curve_public, 32, invite_key);
	alm_hex(keys.proof_hash, 32, proof_hash);
	answer = test_broker_ask(&broker, "agent.invite",
		(const char *const[]){"organisation", "RX1", "agent", agent,
			"invite-key", invite_key, "proof-hash", proof_hash,
			NULL});
	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
	test_peer_make(peer, "RX1");
	memcpy(peer->curve_public, keys.curve_public, 32);
	memcpy(peer->curve_secret, keys.curve_secret, 32);
	test_peer_connect(peer, &broker);
}

Test(identity, an_invites_key_opens_nothing_but_the_join)
{
	const struct alm_envelope *reply;
	struct alm_answer answer;
	static const uint8_t large[ALM_JOIN_FRAME_BYTES_MAX + 1];

	connect_invited(&sender, "new");
	test_peer_say(
		&sender, &(struct alm_envelope){.kind = ALM_ENVELOPE_HELLO,
				 .hello = {.version = 1, .software = ""}});
	reply = test_peer_expect(&sender, ALM_ENVELOPE_ERROR);
	cr_expect_eq(reply->error.code, ALM_NOT_AUTHENTICATED);
	test_peer_say(
		&sender, &(struct alm_envelope){.kind = ALM_ENVELOPE_QUERY,
				 .request = {.id = 1, .verb = "agent.check"}});
	reply = test_peer_expect(&sender, ALM_ENVELOPE_ERROR);
	cr_expect_eq(reply->error.code, ALM_NOT_AUTHENTICATED);
	test_peer_say_bytes(&sender, (struct alm_bytes){large, sizeof(large)});
	reply = test_peer_expect(&sender, ALM_ENVELOPE_ERROR);
	cr_expect_eq(reply->error.code, ALM_JOINS_LIMITED);
	answer = test_broker_ask(&broker, "agent.invites",
		(const char *const[]){"organisation", "RX1", NULL});
	cr_assert_eq(answer.row_count, 1);
	cr_expect_str_eq(test_cell(&answer, 0, "status"), "open");
}

/* While the broker stands still, so that it finds all of them there. */
static void say_at_once(struct test_peer *peer,
	const struct alm_envelope *envelope, unsigned count)
{
	cr_assert_eq(kill(broker.pid, SIGSTOP), 0);
	for (unsigned i = 0; i < count; i++) {
		test_peer_say(peer, envelope);
	}
	cr_assert_eq(kill(broker.pid, SIGCONT), 0);
}

Test(identity, too_many_joins_are_told_to_wait_and_are_not_recorded)
{
	struct alm_envelope join = {.kind = ALM_ENVELOPE_JOIN};
	unsigned limited = 0;

	connect_invited(&sender, "new");
	join.join.invite = 1; /* with a proof of nothing */
	/* Once it is there all come in the same second. */
	test_peer_say(&sender, &join);
	(void)test_peer_expect(&sender, ALM_ENVELOPE_ERROR);
	say_at_once(&sender, &join, 100);
	for (unsigned i = 0; i < 100; i++) {
		const struct alm_envelope *reply =
			test_peer_expect(&sender, ALM_ENVELOPE_ERROR);

		limited += reply->error.code == ALM_JOINS_LIMITED ? 1 : 0;
	}
	cr_expect_gt(limited, 50);
	cr_expect_eq(test_broker_records(&broker, "join"), 1 + 100 - limited);
}

/* As many as all invites may have together, and more. */
Test(identity, joins_of_one_invite_hold_up_no_other)
{
	struct alm_envelope join = {.kind = ALM_ENVELOPE_JOIN};

	connect_invited(&clinic, "other");
	connect_invited(&sender, "new");
	join.join.invite = 2;
	say_at_once(&sender, &join, 100);
	for (unsigned i = 0; i < 100; i++) {
		(void)test_peer_expect(&sender, ALM_ENVELOPE_ERROR);
	}
	join.join.invite = 1;
	test_peer_say(&clinic, &join);
	cr_expect_eq(test_peer_expect(&clinic, ALM_ENVELOPE_ERROR)->error.code,
		ALM_INVITE_INVALID);
}

/* Whoever asked and never read would fill the memory with answers. */
Test(identity, a_flood_under_an_invites_key_is_not_answered)
{
	const struct alm_envelope join = {.kind = ALM_ENVELOPE_JOIN};
	unsigned rounds = 0;

	connect_invited(&sender, "new");
	while (test_broker_figure(&broker, "joins-dropped") == 0 &&
		rounds++ < FLOOD_ROUNDS) {
		say_at_once(
			&sender, &join, 4 * ALM_JOIN_ANSWERS_PER_INVITE_MAX);
		while (test_peer_next(&sender, 100) != NULL) {
		}
	}
	cr_expect_gt(test_broker_figure(&broker, "joins-dropped"), 0);
	test_peer_open_as(&ward, &broker, "RX1", "ward", 8);
	cr_expect_eq(send_in(&ward, "C84001", "discharge", "on"), ALM_OK);
}
