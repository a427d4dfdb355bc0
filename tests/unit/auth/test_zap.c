/*
 * Goal: at the handshake only a valid key of an agent in office, or of an open
 * invite, is admitted; and a user id says no more than it should.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "broker/auth/zap.h"
#include "lib/limits.h"

#define NOW_US INT64_C(1790000000000000)

static struct alm_keyring *ring;
static struct alm_handshake_gate gate;
static const char *address;
static int64_t now_ms;
static struct alm_zap_verdict verdict;

static struct alm_agent agent_with(uint64_t number, uint8_t key)
{
	return (struct alm_agent){.number = number,
		.organisation = "RX1",
		.name = "ward",
		.curve_key = {key},
		.signing_key = {key}};
}

static void put(const struct alm_agent *agent)
{
	cr_assert_eq(alm_keyring_put(ring, agent), ALM_OK);
}

static void open_ring(void)
{
	struct alm_agent agent = agent_with(7, 1);

	ring = alm_keyring_new();
	alm_handshake_gate_init(&gate, 100, 10, 0, 7);
	now_ms = 0;
	address = "10.0.0.1";
	put(&agent);
}

static void close_ring(void)
{
	alm_keyring_free(ring);
}

TestSuite(zap, .init = open_ring, .fini = close_ring);

static struct alm_bytes text(const char *value)
{
	return (struct alm_bytes){(const uint8_t *)value, strlen(value)};
}

/* Whether a CURVE request with this key is admitted at NOW_US. */
static bool asks(uint8_t key)
{
	uint8_t raw[32] = {key};
	const struct alm_bytes frames[] = {text("1.0"), text("1"),
		text("almoner"), text(address), text(""), text("CURVE"),
		{raw, 32}};

	alm_zap_judge(ring, &gate, (struct alm_zap_clock){now_ms, NOW_US},
		frames, ALM_COUNT(frames), &verdict);
	return strcmp(verdict.status, "200") == 0;
}

/* The same, when no limit is met. */
static bool is_admitted(uint8_t key)
{
	now_ms += 1000;
	return asks(key);
}

Test(zap, admits_the_key_of_an_agent_in_office_alone)
{
	struct alm_agent agent = agent_with(7, 1);

	cr_expect(is_admitted(1));
	cr_expect_str_eq(verdict.user_id, "7");
	cr_expect_not(is_admitted(2));
	cr_expect_str_eq(verdict.user_id, "");
	agent.is_revoked = true;
	put(&agent);
	cr_expect_not(is_admitted(1));
}

Test(zap, admits_the_key_before_until_its_instant)
{
	struct alm_agent agent = agent_with(7, 3);

	agent.rotations = 2;
	agent.old_curve_key[0] = 1;
	agent.old_until_us = NOW_US + 1;
	put(&agent);
	cr_expect(is_admitted(1));
	cr_expect_str_eq(verdict.user_id, "7.1");
	cr_expect(is_admitted(3));
	cr_expect_str_eq(verdict.user_id, "7.2");
	agent.old_until_us = NOW_US;
	put(&agent);
	cr_expect_not(is_admitted(1));
	cr_expect(is_admitted(3));
	/* Once retired it is nobody's. */
	agent.old_until_us = 0;
	put(&agent);
	cr_expect_not(is_admitted(1));
	cr_expect_null(alm_keyring_by_key(ring, (const uint8_t[32]){1}));
}

Test(zap, admits_an_invite_until_it_expires_under_an_id_of_its_own)
{
	struct alm_invite_key invite = {
		.number = 9, .key = {5}, .expires_us = NOW_US + 1};
	struct alm_user user;

	cr_assert_eq(alm_keyring_invite_put(ring, &invite), ALM_OK);
	cr_expect(is_admitted(5));
	cr_expect_str_eq(verdict.user_id, "invite/9");
	user = alm_user_from_id(ring, verdict.user_id);
	cr_expect_null(user.agent);
	cr_expect_eq(user.invite, 9);
	cr_expect_eq(alm_keyring_due_us(ring), NOW_US + 1);
	alm_keyring_invite_remove(ring, 9);
	cr_expect_not(is_admitted(5));
	invite.expires_us = NOW_US;
	cr_assert_eq(alm_keyring_invite_put(ring, &invite), ALM_OK);
	cr_expect_not(is_admitted(5));
	cr_expect_eq(alm_keyring_invite_expired(ring, NOW_US)->number, 9);
	cr_expect_null(alm_keyring_invite_expired(ring, NOW_US - 1));
}

Test(zap, holds_so_many_invites_and_no_more)
{
	struct alm_invite_key invite = {.expires_us = INT64_MAX};

	for (unsigned i = 1; i <= ALM_INVITES_OPEN_MAX; i++) {
		invite.number = i;
		alm_put_u32(invite.key, i);
		cr_assert_eq(alm_keyring_invite_put(ring, &invite), ALM_OK);
	}
	cr_expect_eq(
		alm_keyring_invite_put(ring, &invite), ALM_TOO_MANY_VALUES);
	alm_keyring_invite_remove(ring, 3);
	cr_expect_eq(alm_keyring_invite_put(ring, &invite), ALM_OK);
}

Test(zap, reads_user_ids_strictly)
{
	static const struct {
		const char *id;
		bool is_agent;
		uint32_t rotations;
		uint64_t invite;
	} rows[] = {
		{"7", true, 0, 0},
		{"7.1", true, 1, 0},
		{"7.4294967295", true, UINT32_MAX, 0},
		{"invite/1", false, 0, 1},
		{"8", false, 0, 0},
		{"", false, 0, 0},
		{"07", false, 0, 0},
		{"7.", false, 0, 0},
		{"7.0", false, 0, 0},
		{"7.4294967296", false, 0, 0},
		{"7x", false, 0, 0},
		{" 7", false, 0, 0},
		{"-7", false, 0, 0},
		{"invite/", false, 0, 0},
		{"invite/7.1", false, 0, 0},
		{"invite/x", false, 0, 0},
		{"i7", false, 0, 0},
		{"99999999999999999999", false, 0, 0},
		{"11111111111111111111111111111111", false, 0, 0},
	};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		struct alm_user user = alm_user_from_id(ring, rows[i].id);

		cr_expect_eq(
			user.agent != NULL, rows[i].is_agent, "%s", rows[i].id);
		cr_expect_eq(
			user.rotations, rows[i].rotations, "%s", rows[i].id);
		cr_expect_eq(user.invite, rows[i].invite, "%s", rows[i].id);
	}
	cr_expect_null(alm_user_from_id(ring, NULL).agent);
}

Test(zap, refuses_what_is_not_curve)
{
	uint8_t raw[32] = {1};
	struct alm_bytes frames[] = {text("1.0"), text("1"), text("almoner"),
		text("10.0.0.1"), text(""), text("PLAIN"), {raw, 32}};
	const struct alm_zap_clock now = {0, NOW_US};

	alm_zap_judge(ring, &gate, now, frames, 7, &verdict);
	cr_expect_str_eq(verdict.status, "400");
	frames[5] = text("CURVE");
	frames[2] = text("other");
	alm_zap_judge(ring, &gate, now, frames, 7, &verdict);
	cr_expect_str_eq(verdict.status, "400");
	frames[2] = text("almoner");
	alm_zap_judge(ring, &gate, now, frames, 6, &verdict);
	cr_expect_str_eq(verdict.status, "400");
}

/* Strangers in any number, from anywhere, leave the others theirs. */
Test(zap, joins_of_one_invite_take_nothing_of_anothers)
{
	struct alm_join_gate joins;
	unsigned come = 0;

	alm_join_gate_init(&joins, 0, 7);
	for (unsigned i = 0; i < 1000; i++) {
		come += alm_join_may_come(&joins, 1, 0) ? 1 : 0;
	}
	cr_expect_eq(come, ALM_JOINS_PER_INVITE_MAX);
	cr_expect(alm_join_may_come(&joins, 2, 0));
	cr_expect(alm_join_may_come(&joins, 1, 1000));
	for (unsigned i = 3; i < 100; i++) {
		come += alm_join_may_come(&joins, i, 0) ? 1 : 0;
	}
	cr_expect_lt(come, 2 * ALM_JOINS_PER_SECOND_MAX, "all of all");
}

Test(zap, an_invite_is_answered_so_often_and_no_more)
{
	struct alm_join_gate joins;

	alm_join_gate_init(&joins, 0, 7);
	for (unsigned i = 0; i < ALM_JOIN_ANSWERS_PER_INVITE_MAX; i++) {
		cr_assert(alm_join_may_be_answered(&joins, 1, 0));
	}
	cr_expect_not(alm_join_may_be_answered(&joins, 1, 0));
	cr_expect(alm_join_may_be_answered(&joins, 2, 0));
	cr_expect(alm_join_may_be_answered(&joins, 1, 1000));
}

Test(zap, strangers_spend_nothing_of_those_who_are_registered)
{
	char text[64];

	address = text;
	for (unsigned i = 0; i < 100000; i++) {
		snprintf(text, sizeof(text), "10.%u.%u.1", i / 256 % 256,
			i % 256);
		cr_assert_not(asks(9));
	}
	cr_expect(asks(1));
	cr_expect_eq(gate.known.tokens, 99.0);
}

Test(zap, a_stranger_shares_an_address_with_an_agent)
{
	for (unsigned i = 0; i < 10; i++) {
		cr_assert_not(asks(9));
		cr_assert_str_eq(verdict.status, "400");
		cr_assert_not(verdict.is_limited);
	}
	cr_assert_not(asks(9));
	cr_expect_str_eq(verdict.status, "300");
	cr_expect(verdict.is_limited);
	cr_expect_not(verdict.is_known);
	cr_expect(asks(1));
	address = "10.0.0.2";
	cr_assert_not(asks(9));
	cr_expect_str_eq(verdict.status, "400");
}

/* An address of IPv6 costs nothing to whoever has one. */
Test(zap, counts_strangers_by_network_where_addresses_are_cheap)
{
	char text[64];

	address = text;
	for (unsigned i = 0; i < 11; i++) {
		snprintf(text, sizeof(text), "2001:db8:1:2::%x", i + 1);
		cr_assert_not(asks(9));
	}
	cr_expect_str_eq(verdict.status, "300");
	address = "2001:db8:1:3::1";
	cr_assert_not(asks(9));
	cr_expect_str_eq(verdict.status, "400");
	for (unsigned i = 0; i < 11; i++) {
		address = "::ffff:10.0.0.7";
		cr_assert_not(asks(9));
	}
	cr_expect_str_eq(verdict.status, "300");
	address = "::ffff:10.0.0.8";
	cr_assert_not(asks(9));
	cr_expect_str_eq(verdict.status, "400");
}

Test(zap, an_agent_that_connects_again_and_again_waits_alone)
{
	struct alm_agent other = agent_with(8, 2);

	put(&other);
	for (unsigned i = 0; i < ALM_HANDSHAKES_PER_AGENT_MAX; i++) {
		cr_assert(asks(1), "%u", i);
	}
	for (unsigned i = 0; i < 1000; i++) {
		cr_assert_not(asks(1));
		cr_assert_str_eq(verdict.status, "300");
		cr_assert_str_eq(verdict.user_id, "");
	}
	cr_expect(verdict.is_limited && verdict.is_known);
	cr_expect(asks(2), "it took nothing of what all share");
	now_ms += 1000;
	cr_expect(asks(1));
	gate.known.tokens = 0;
	cr_expect_not(asks(2), "all together are limited as well");
}
