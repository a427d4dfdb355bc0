/* test_registry.c - policy epochs, agents and information standards. */
#include "broker/store/inside.h"
#include "broker/store/invite.h"
#include "lib/role.h"
#include "tests/unit/store/fixture.h"

TestSuite(store_registry, .init = set_up, .fini = tear_down);

static struct alm_bytes text(const char *value)
{
	return (struct alm_bytes){(const uint8_t *)value, strlen(value)};
}

static struct alm_policy_epoch bundle(
	const struct alm_policy_file *files, size_t count)
{
	return (struct alm_policy_epoch){.bundle = "north",
		.activated_at_us = 12,
		.files = files,
		.file_count = count};
}

Test(store_registry, keeps_every_policy_epoch_byte_for_byte)
{
	static char large[3 << 20];
	const struct alm_policy_file first[] = {{"a.yaml", text("x: 1\n")}};
	const struct alm_policy_file second[] = {{"a.yaml", text("x: 2\n")},
		{"sub/b.yaml", {(const uint8_t *)large, sizeof(large)}}};
	struct alm_policy_epoch one = bundle(first, 1);
	struct alm_policy_epoch two = bundle(second, 2);
	struct alm_policy_epoch got;

	memset(large, 'y', sizeof(large));
	cr_expect_eq(
		alm_store_policy_get(store, 0, &arena, &got), ALM_NOT_FOUND);
	begin();
	cr_assert_eq(alm_store_policy_put(store, &one), ALM_OK);
	cr_assert_eq(alm_store_policy_put(store, &two), ALM_OK);
	commit();
	reopen();
	cr_expect_eq(one.epoch, 1);
	cr_expect_eq(two.epoch, 2);
	cr_expect_neq(memcmp(&one.digest, &two.digest, 32), 0);
	cr_assert_eq(alm_store_policy_get(store, 0, &arena, &got), ALM_OK);
	cr_expect_eq(got.epoch, 2);
	cr_expect_str_eq(got.bundle, "north");
	cr_expect_eq(got.activated_at_us, 12);
	cr_expect_eq(memcmp(&got.digest, &two.digest, 32), 0);
	cr_assert_eq(got.file_count, 2);
	cr_expect_str_eq(got.files[1].name, "sub/b.yaml");
	cr_expect(alm_bytes_equal(got.files[1].content, second[1].content));
	cr_assert_eq(alm_store_policy_get(store, 1, &arena, &got), ALM_OK);
	cr_expect(alm_bytes_equal(got.files[0].content, text("x: 1\n")));
	cr_expect_eq(
		alm_store_policy_get(store, 3, &arena, &got), ALM_NOT_FOUND);
}

Test(store_registry, gives_each_list_of_files_its_own_digest)
{
	const struct alm_policy_file files[][2] = {
		{{"a", text("bc")}, {"d", text("")}},
		{{"ab", text("c")}, {"d", text("")}},
		{{"d", text("")}, {"a", text("bc")}},
	};
	struct alm_policy_epoch epochs[4];

	begin();
	for (unsigned i = 0; i < 4; i++) {
		epochs[i] = bundle(files[i % 3], 2);
		cr_assert_eq(alm_store_policy_put(store, &epochs[i]), ALM_OK);
	}
	alm_store_abort(store);
	cr_expect_neq(memcmp(&epochs[0].digest, &epochs[1].digest, 32), 0);
	cr_expect_neq(memcmp(&epochs[0].digest, &epochs[2].digest, 32), 0);
	cr_expect_eq(memcmp(&epochs[0].digest, &epochs[3].digest, 32), 0);
}

static struct alm_agent_row agent(
	const char *organisation, const char *name, uint8_t key)
{
	return (struct alm_agent_row){.organisation = organisation,
		.name = name,
		.curve_key = {key},
		.signing_key = {key},
		.registered_at_us = key};
}

Test(store_registry, registers_agents_and_never_a_key_or_name_twice)
{
	struct alm_agent_row a = agent("RX1", "ward", 1);
	struct alm_agent_row b = agent("RX1", "theatre", 2);
	struct alm_agent_row same_name = agent("RX1", "ward", 3);
	struct alm_agent_row same_key = agent("RY2", "ward", 1);
	struct alm_agent_row got;

	begin();
	cr_assert_eq(alm_store_agent_put(store, &a), ALM_OK);
	cr_assert_eq(alm_store_agent_put(store, &b), ALM_OK);
	cr_expect_eq(alm_store_agent_put(store, &same_name), ALM_AGENT_EXISTS);
	cr_expect_eq(alm_store_agent_put(store, &same_key), ALM_AGENT_EXISTS);
	same_key.curve_key[0] = 9;
	cr_expect_eq(alm_store_agent_put(store, &same_key), ALM_AGENT_EXISTS);
	commit();
	reopen();
	cr_assert_eq(alm_store_agent_next(store, 0, &arena, &got), ALM_OK);
	cr_expect_eq(got.number, 1);
	cr_expect_str_eq(got.organisation, "RX1");
	cr_expect_str_eq(got.name, "ward");
	cr_expect_eq(got.curve_key[0], 1);
	cr_expect_not(got.is_revoked);
	cr_assert_eq(alm_store_agent_next(store, 1, &arena, &got), ALM_OK);
	cr_expect_str_eq(got.name, "theatre");
	cr_expect_eq(
		alm_store_agent_next(store, 2, &arena, &got), ALM_NOT_FOUND);
}

Test(store_registry, frees_the_name_but_never_the_key_of_a_revoked_agent)
{
	struct alm_agent_row a = agent("RX1", "ward", 1);
	struct alm_agent_row again = agent("RX1", "ward", 1);
	struct alm_agent_row renewed = agent("RX1", "ward", 2);
	struct alm_agent_row got;

	begin();
	cr_assert_eq(alm_store_agent_put(store, &a), ALM_OK);
	cr_expect_eq(alm_store_agent_revoke(store, 2, 50), ALM_NOT_FOUND);
	cr_expect_eq(alm_store_agent_revoke(store, 0, 50), ALM_NOT_FOUND);
	cr_expect_eq(alm_store_agent_revoke(store, 1, 50), ALM_OK);
	cr_expect_eq(alm_store_agent_revoke(store, 1, 60), ALM_OK);
	cr_expect_eq(alm_store_agent_put(store, &again), ALM_AGENT_EXISTS);
	cr_expect_eq(alm_store_agent_put(store, &renewed), ALM_OK);
	cr_expect_eq(renewed.number, 2);
	commit();
	reopen();
	cr_assert_eq(alm_store_agent_next(store, 0, &arena, &got), ALM_OK);
	cr_expect(got.is_revoked);
	cr_expect_eq(got.revoked_at_us, 50);
	cr_expect_eq(got.registered_at_us, 1);
}

Test(store_registry, keeps_roles_and_both_keys_of_a_rotation)
{
	struct alm_agent_row a = agent("RX1", "ward", 1);
	struct alm_agent_row other = agent("RX1", "theatre", 2);
	struct alm_agent_row next = a;
	struct alm_agent_row got;

	begin();
	cr_assert_eq(alm_store_agent_put(store, &a), ALM_OK);
	cr_assert_eq(alm_store_agent_put(store, &other), ALM_OK);
	next = a;
	next.roles = ALM_ROLE_RECEIVE;
	next.categories = "sexual-health";
	next.rotations = 1;
	next.keys_since_us = 70;
	next.old_until_us = 90;
	memcpy(next.old_curve_key, a.curve_key, 32);
	memcpy(next.old_signing_key, a.signing_key, 32);
	next.curve_key[0] = 2;
	next.signing_key[0] = 8;
	cr_expect_eq(
		alm_store_agent_change(store, &a, &next), ALM_AGENT_EXISTS);
	next.curve_key[0] = 7;
	cr_expect_eq(alm_store_agent_change(store, &a, &next), ALM_OK);
	commit();
	reopen();
	cr_assert_eq(alm_store_agent_next(store, 0, &arena, &got), ALM_OK);
	cr_expect_eq(got.number, 1);
	cr_expect_eq(got.roles, ALM_ROLE_RECEIVE);
	cr_expect_str_eq(got.categories, "sexual-health");
	cr_expect_eq(got.rotations, 1);
	cr_expect_eq(got.keys_since_us, 70);
	cr_expect_eq(got.old_until_us, 90);
	cr_expect_eq(got.curve_key[0], 7);
	cr_expect_eq(got.signing_key[0], 8);
	cr_expect_arr_eq(got.old_curve_key, a.curve_key, 32);
	cr_expect_arr_eq(got.old_signing_key, a.signing_key, 32);
}

Test(store_registry, takes_no_key_that_was_replaced)
{
	struct alm_agent_row a = agent("RX1", "ward", 1);
	struct alm_agent_row next;
	struct alm_agent_row back = agent("RY2", "ward", 9);

	begin();
	cr_assert_eq(alm_store_agent_put(store, &a), ALM_OK);
	next = a;
	next.curve_key[0] = 5;
	next.signing_key[0] = 6;
	cr_assert_eq(alm_store_agent_change(store, &a, &next), ALM_OK);
	commit();
	reopen();
	begin();
	memcpy(back.curve_key, a.curve_key, 32);
	cr_expect_eq(alm_store_agent_put(store, &back), ALM_KEY_USED);
	back.curve_key[0] = 9;
	memcpy(back.signing_key, a.signing_key, 32);
	cr_expect_eq(alm_store_agent_put(store, &back), ALM_KEY_USED);
	cr_expect_eq(alm_store_agent_change(store, &next, &a), ALM_KEY_USED);
	a.number = 2;
	cr_expect_eq(alm_store_agent_change(store, &a, &a), ALM_NOT_FOUND);
	alm_store_abort(store);
}

/* Copies of the one agent there is, with keys of their own, until there are
 * as many as there may be. */
static void fill_registry(void)
{
	struct alm_agent_row first = agent("RX1", "a", 1);
	struct alm_bytes row = {NULL, 0};
	uint8_t number[8];
	uint8_t copy[512];

	alm_put_u64(number, 1);
	cr_assert_eq(alm_store_agent_put(store, &first), ALM_OK);
	cr_assert_eq(alm_row_get(store, store->turn, ALM_TABLE_AGENT,
			     (struct alm_bytes){number, 8}, &row),
		ALM_OK);
	cr_assert_leq(row.bytes, sizeof(copy));
	memcpy(copy, row.data, row.bytes);
	for (uint32_t i = 2; i <= ALM_AGENTS_MAX; i++) {
		uint8_t *keys = memmem(copy, row.bytes, first.curve_key, 32);

		cr_assert_not_null(keys);
		alm_put_u64(number, i);
		alm_put_u64(first.curve_key + 8, i);
		memcpy(keys, first.curve_key, 32);
		memcpy(keys + 32, first.curve_key, 32);
		keys[64] = 1; /* revoked: its name may be another's */
		cr_assert_eq(alm_row_put(store, ALM_TABLE_AGENT,
				     (struct alm_bytes){number, 8},
				     (struct alm_bytes){copy, row.bytes}, 0),
			ALM_OK);
	}
	store->state.agent_number = ALM_AGENTS_MAX;
	store->is_state_changed = true;
}

Test(store_registry, rotates_keys_where_there_is_place_for_no_agent)
{
	struct alm_agent_row before = agent("RX1", "b", 1);
	struct alm_agent_row after = agent("RX1", "b", 3);
	struct alm_agent_row more = agent("RX1", "more", 2);

	before.number = ALM_AGENTS_MAX;
	after.number = ALM_AGENTS_MAX;
	begin();
	fill_registry();
	cr_expect_eq(alm_store_agent_put(store, &more), ALM_STORE_FULL);
	cr_expect_eq(alm_store_agent_change(store, &before, &after), ALM_OK);
	alm_store_abort(store);
}

Test(store_registry, numbers_invites_and_keeps_them)
{
	struct alm_invite_row invite = {.state = ALM_INVITE_OPEN,
		.organisation = "RX1",
		.agent = "ward",
		.roles = ALM_ROLE_SEND,
		.categories = "a,b",
		.invite_key = {1},
		.proof_hash = {2},
		.made_at_us = 3,
		.expires_us = 4};
	struct alm_invite_row got;

	cr_expect_eq(
		alm_store_invite_next(store, 0, &arena, &got), ALM_NOT_FOUND);
	begin();
	cr_assert_eq(alm_store_invite_put(store, &invite), ALM_OK);
	cr_expect_eq(invite.number, 1);
	cr_assert_eq(alm_store_invite_put(store, &invite), ALM_OK);
	cr_expect_eq(invite.number, 2);
	invite.state = ALM_INVITE_JOINED;
	invite.curve_key[31] = 5;
	invite.signing_key[31] = 6;
	invite.agent_number = 7;
	cr_assert_eq(alm_store_invite_change(store, &invite), ALM_OK);
	commit();
	reopen();
	cr_assert_eq(alm_store_invite_next(store, 1, &arena, &got), ALM_OK);
	cr_expect_eq(got.number, 2);
	cr_expect_eq(got.state, ALM_INVITE_JOINED);
	cr_expect_str_eq(got.organisation, "RX1");
	cr_expect_str_eq(got.agent, "ward");
	cr_expect_str_eq(got.categories, "a,b");
	cr_expect_eq(got.roles, ALM_ROLE_SEND);
	cr_expect_eq(got.expires_us, 4);
	cr_expect_arr_eq(got.proof_hash, invite.proof_hash, 32);
	cr_expect_arr_eq(got.curve_key, invite.curve_key, 32);
	cr_expect_eq(got.agent_number, 7);
	cr_assert_eq(alm_store_invite_get(store, 1, &arena, &got), ALM_OK);
	cr_expect_eq(got.state, ALM_INVITE_OPEN);
	cr_expect_eq(
		alm_store_invite_get(store, 0, &arena, &got), ALM_NOT_FOUND);
	cr_expect_eq(
		alm_store_invite_get(store, 3, &arena, &got), ALM_NOT_FOUND);
}

Test(store_registry, keeps_standards_in_order_and_refuses_other_content)
{
	static const char *const rows[][2] = {
		{"a", "1"}, {"a", "1.1"}, {"a-b", "1"}, {"b", "2"}};
	struct alm_standard_row row = {.descriptor = text("bytes")};
	struct alm_standard_row got = {.id = "", .version = ""};

	begin();
	for (unsigned i = 0; i < 4; i++) {
		row.id = rows[3 - i][0];
		row.version = rows[3 - i][1];
		cr_assert_eq(alm_store_standard_put(store, &row), ALM_OK);
		cr_assert_eq(alm_store_standard_put(store, &row), ALM_OK);
	}
	row.descriptor = text("other");
	cr_expect_eq(alm_store_standard_put(store, &row), ALM_ID_DUPLICATE);
	commit();
	reopen();
	for (unsigned i = 0; i < 4; i++) {
		cr_assert_eq(alm_store_standard_next(
				     store, got.id, got.version, &arena, &got),
			ALM_OK);
		cr_expect_str_eq(got.id, rows[i][0]);
		cr_expect_str_eq(got.version, rows[i][1]);
		cr_expect(alm_bytes_equal(got.descriptor, text("bytes")));
	}
	cr_expect_eq(alm_store_standard_next(
			     store, got.id, got.version, &arena, &got),
		ALM_NOT_FOUND);
}
