/*
 * Goal: at the handshake only a valid key of an agent in office, or of an open
 * invite, is admitted; and a user id says no more than it should.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "broker/auth/zap.h"

#define NOW_US INT64_C(1790000000000000)

static struct alm_keyring *ring;
static struct alm_handshake_limit limit;
static struct alm_handshake_sources sources;
static const char *address;
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
	limit = (struct alm_handshake_limit){.per_second = 100, .tokens = 100};
	alm_handshake_sources_init(&sources, 100, 0, 7);
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
static bool is_admitted(uint8_t key)
{
	uint8_t raw[32] = {key};
	const struct alm_bytes frames[] = {text("1.0"), text("1"),
		text("almoner"), text(address), text(""), text("CURVE"),
		{raw, 32}};

	alm_zap_judge(ring, &limit, &sources, (struct alm_zap_clock){0, NOW_US},
		frames, ALM_COUNT(frames), &verdict);
	return strcmp(verdict.status, "200") == 0;
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

Test(zap, refuses_what_is_not_curve_and_more_than_its_share)
{
	uint8_t raw[32] = {1};
	struct alm_bytes frames[] = {text("1.0"), text("1"), text("almoner"),
		text("10.0.0.1"), text(""), text("PLAIN"), {raw, 32}};
	const struct alm_zap_clock now = {0, NOW_US};

	alm_zap_judge(ring, &limit, &sources, now, frames, 7, &verdict);
	cr_expect_str_eq(verdict.status, "400");
	frames[5] = text("CURVE");
	frames[2] = text("other");
	alm_zap_judge(ring, &limit, &sources, now, frames, 7, &verdict);
	cr_expect_str_eq(verdict.status, "400");
	frames[2] = text("almoner");
	alm_zap_judge(ring, &limit, &sources, now, frames, 6, &verdict);
	cr_expect_str_eq(verdict.status, "400");
	for (int i = 0; i < 100; i++) {
		cr_assert(is_admitted(1), "%d", i);
	}
	cr_expect_not(is_admitted(1));
	cr_expect_str_eq(verdict.status, "300");
}

/* A flood from one address leaves handshakes for the others. */
Test(zap, one_address_takes_its_own_share_alone)
{
	alm_handshake_sources_init(&sources, 10, 0, 7);
	for (unsigned i = 0; i < 10; i++) {
		cr_assert(is_admitted(1));
	}
	for (unsigned i = 0; i < 1000; i++) {
		cr_assert_not(is_admitted(1));
		cr_assert_str_eq(verdict.status, "300");
	}
	address = "10.0.0.2";
	cr_expect(is_admitted(1));
	limit.tokens = 0;
	cr_expect_not(is_admitted(1), "all together are limited as well");
}
