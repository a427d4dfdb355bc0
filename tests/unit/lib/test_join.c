/* test_join.c - invites and joining: both sides make the same, and whatever
 * was changed on the way changes what people compare. */
#include <criterion/criterion.h>
#include <string.h>

#include <sodium.h>

#include "lib/join.h"

static uint8_t keys[5][32];

static struct alm_join_facts facts(void)
{
	for (uint8_t i = 0; i < 5; i++) {
		memset(keys[i], i + 1, 32);
	}
	return (struct alm_join_facts){.invite = 7,
		.organisation = "RX1",
		.agent = "ward",
		.invite_key = keys[0],
		.proof_hash = keys[1],
		.broker_key = keys[2],
		.curve_key = keys[3],
		.signing_key = keys[4]};
}

Test(join, a_secret_gives_the_same_keys_on_both_sides)
{
	uint8_t secret[32] = {1};
	struct alm_invite_keys one;
	struct alm_invite_keys other;
	uint8_t expected[32];

	cr_assert_eq(alm_invite_derive(secret, &one), ALM_OK);
	cr_assert_eq(alm_invite_derive(secret, &other), ALM_OK);
	cr_expect_arr_eq(&one, &other, sizeof(one));
	crypto_scalarmult_base(expected, one.curve_secret);
	cr_expect_arr_eq(one.curve_public, expected, 32);
	crypto_hash_sha256(expected, one.proof, 32);
	cr_expect_arr_eq(one.proof_hash, expected, 32);
	cr_expect_neq(memcmp(one.proof, one.curve_secret, 32), 0);
	secret[31] ^= 1;
	cr_assert_eq(alm_invite_derive(secret, &other), ALM_OK);
	cr_expect_neq(memcmp(one.curve_public, other.curve_public, 32), 0);
	cr_expect_neq(memcmp(one.proof_hash, other.proof_hash, 32), 0);
}

Test(join, every_fact_changes_the_check)
{
	struct alm_join_facts f = facts();
	uint8_t before[32];
	uint8_t after[32];

	cr_assert_eq(alm_join_check(&f, before), ALM_OK);
	for (int i = 0; i < 5; i++) {
		keys[i][31] ^= 1;
		cr_assert_eq(alm_join_check(&f, after), ALM_OK);
		cr_expect_neq(memcmp(before, after, 32), 0, "key %d", i);
		keys[i][31] ^= 1;
	}
	f.invite++;
	cr_assert_eq(alm_join_check(&f, after), ALM_OK);
	cr_expect_neq(memcmp(before, after, 32), 0);
	f = facts();
	/* The same letters, cut in another place. */
	f.organisation = "RX1w";
	f.agent = "ard";
	cr_assert_eq(alm_join_check(&f, after), ALM_OK);
	cr_expect_neq(memcmp(before, after, 32), 0);
	f = facts();
	cr_assert_eq(alm_join_check(&f, after), ALM_OK);
	cr_expect_arr_eq(before, after, 32);
}

Test(join, a_signature_holds_for_its_context_and_digest_alone)
{
	uint8_t seed[32] = {9};
	uint8_t digest[32] = {8};
	uint8_t signature[64];
	uint8_t public_key[32];
	uint8_t secret_key[64];

	crypto_sign_seed_keypair(public_key, secret_key, seed);
	alm_digest_sign(ALM_JOIN_CONTEXT, digest, seed, signature);
	cr_expect(alm_digest_is_signed(
		ALM_JOIN_CONTEXT, digest, signature, public_key));
	cr_expect(!alm_digest_is_signed(
		ALM_ROTATE_CONTEXT, digest, signature, public_key));
	digest[0] ^= 1;
	cr_expect(!alm_digest_is_signed(
		ALM_JOIN_CONTEXT, digest, signature, public_key));
}

Test(join, the_statement_of_a_rotation_names_both_keys_and_the_broker)
{
	uint8_t k[3][32] = {{1}, {2}, {3}};
	struct alm_rotate_facts f = {"RX1", "ward", k[0], k[1], k[2]};
	uint8_t before[32];
	uint8_t after[32];

	cr_assert_eq(alm_rotate_check(&f, before), ALM_OK);
	for (int i = 0; i < 3; i++) {
		k[i][0] ^= 0x80;
		cr_assert_eq(alm_rotate_check(&f, after), ALM_OK);
		cr_expect_neq(memcmp(before, after, 32), 0, "key %d", i);
		k[i][0] ^= 0x80;
	}
	f.agent = "desk";
	cr_assert_eq(alm_rotate_check(&f, after), ALM_OK);
	cr_expect_neq(memcmp(before, after, 32), 0);
}
