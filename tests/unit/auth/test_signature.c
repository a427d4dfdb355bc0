/*
 * Goal: only what the agent signed passes, whatever was verified before.
 * Method: batches of every size; then each bit that matters is flipped, with
 * the tree remembered and with a verifier that has seen nothing.
 */
#include <criterion/criterion.h>
#include <string.h>

#include <sodium.h>

#include "broker/auth/signature.h"

#define CONTEXT "almoner.v1.send"
#define COUNT_MAX 256u

static struct alm_agent agent = {.number = 1};
static uint8_t secret[64];
static struct alm_hash *hash;
static struct alm_send sends[COUNT_MAX];
static uint8_t messages[COUNT_MAX][16];
static uint8_t payload_hash[32];
static struct alm_digest paths[COUNT_MAX][64];

static void make_leaf(size_t i, struct alm_digest *out)
{
	uint8_t data[8 + 32];

	alm_put_u64(data, (uint64_t)sends[i].sent_at_ms);
	alm_hash_bytes(hash, sends[i].message, data + 8);
	alm_merkle_leaf(hash, (struct alm_bytes){data, sizeof(data)}, out);
}

/* Sign `count` messages as one batch. */
static void sign_batch(size_t count)
{
	static const uint8_t payload[] = "payload";
	static struct alm_digest nodes[ALM_MERKLE_WHOLE_NODES(COUNT_MAX, 64)];
	uint8_t text[sizeof(CONTEXT) + 32];
	uint8_t signature[64];
	const struct alm_digest *root;

	for (size_t i = 0; i < count; i++) {
		memset(&sends[i], 0, sizeof(sends[i]));
		alm_put_u64(messages[i], i + 1000 * count);
		sends[i].message = (struct alm_bytes){messages[i], 16};
		sends[i].payload = (struct alm_bytes){payload, 7};
		sends[i].sent_at_ms = (int64_t)i + 1;
		make_leaf(i, &nodes[i]);
	}
	alm_hash_bytes(hash, sends[0].payload, payload_hash);
	root = alm_merkle_whole_build(hash, nodes, count);
	memcpy(text, CONTEXT, sizeof(CONTEXT));
	memcpy(text + sizeof(CONTEXT), root->raw, 32);
	crypto_sign_detached(signature, NULL, text, sizeof(text), secret);
	for (size_t i = 0; i < count; i++) {
		size_t steps = alm_merkle_whole_path(nodes, count, i, paths[i]);

		memcpy(sends[i].signature.ed25519, signature, 64);
		sends[i].signature.leaf_index = (uint32_t)i;
		sends[i].signature.tree_size = (uint32_t)count;
		sends[i].signature.path =
			(struct alm_bytes){paths[i][0].raw, 32 * steps};
	}
}

static enum alm_err verify(struct alm_verifier *verifier, size_t i)
{
	struct alm_summing summing = {.send = &sends[i]};

	alm_sum_sends(verifier, &summing, 1);
	return alm_verify_send(
		verifier, &agent, &sends[i], &summing.sums, payload_hash);
}

static void set_up(void)
{
	cr_assert_geq(sodium_init(), 0);
	crypto_sign_keypair(agent.signing_key, secret);
	hash = alm_hash_new();
}

TestSuite(signature, .init = set_up);

Test(signature, verifies_batches_of_every_size_in_any_order)
{
	struct alm_verifier *verifier = alm_verifier_new();

	for (size_t count = 1; count <= 70; count++) {
		sign_batch(count);
		for (size_t i = 0; i < count; i++) {
			cr_assert_eq(verify(verifier, i), ALM_OK, "%zu/%zu", i,
				count);
		}
		for (size_t i = count; i > 0; i--) {
			cr_assert_eq(verify(verifier, i - 1), ALM_OK);
		}
	}
	sign_batch(COUNT_MAX);
	for (size_t i = 0; i < COUNT_MAX; i += 7) {
		cr_assert_eq(verify(verifier, i), ALM_OK);
	}
	alm_verifier_free(verifier);
}

/* `change` must be noticed by a fresh verifier and by one that knows all. */
static void notices(void (*change)(size_t i), size_t count, size_t i)
{
	struct alm_verifier *fresh = alm_verifier_new();
	struct alm_verifier *knowing = alm_verifier_new();

	sign_batch(count);
	for (size_t k = 0; k < count; k++) {
		cr_assert_eq(verify(knowing, k), ALM_OK);
	}
	change(i);
	cr_expect_neq(verify(fresh, i), ALM_OK, "fresh %zu/%zu", i, count);
	cr_expect_neq(verify(knowing, i), ALM_OK, "knowing %zu/%zu", i, count);
	alm_verifier_free(fresh);
	alm_verifier_free(knowing);
}

static void change_message(size_t i)
{
	messages[i][15] ^= 1;
}

static void change_time(size_t i)
{
	sends[i].sent_at_ms++;
}

static void change_signature(size_t i)
{
	sends[i].signature.ed25519[5] ^= 1;
}

static void change_place(size_t i)
{
	sends[i].signature.leaf_index = (sends[i].signature.leaf_index + 1) %
					sends[i].signature.tree_size;
}

static void change_place_past_the_end(size_t i)
{
	sends[i].signature.leaf_index = sends[i].signature.tree_size;
}

static void change_size_to_none(size_t i)
{
	sends[i].signature.tree_size = 0;
}

static void change_payload(size_t i)
{
	sends[i].payload.bytes--;
}

static void change_path(size_t i)
{
	size_t steps = sends[i].signature.path.bytes / 32;

	paths[i][steps - 1].raw[3] ^= 1;
}

static void cut_path(size_t i)
{
	sends[i].signature.path.bytes -= 32;
}

static void cut_path_unevenly(size_t i)
{
	sends[i].signature.path.bytes--;
}

Test(signature, sums_of_many_sends_are_those_of_each)
{
	static struct alm_summing all[COUNT_MAX];
	struct alm_verifier *verifier = alm_verifier_new();

	sign_batch(COUNT_MAX);
	for (size_t count = 1; count <= ALM_SUMMINGS_MAX; count++) {
		for (size_t i = 0; i < count; i++) {
			all[i] = (struct alm_summing){.send = &sends[i]};
		}
		alm_sum_sends(verifier, all, count);
		for (size_t i = 0; i < count; i++) {
			struct alm_summing one = {.send = &sends[i]};

			alm_sum_sends(verifier, &one, 1);
			cr_assert_arr_eq(
				&one.sums, &all[i].sums, sizeof(one.sums));
			cr_assert_eq(
				alm_verify_send(verifier, &agent, &sends[i],
					&all[i].sums, payload_hash),
				ALM_OK);
		}
	}
	alm_verifier_free(verifier);
}

Test(signature, notices_every_change)
{
	static void (*const changes[])(size_t) = {change_message, change_time,
		change_signature, change_place, change_place_past_the_end,
		change_size_to_none, change_payload, change_path, cut_path,
		cut_path_unevenly};

	for (size_t c = 0; c < ALM_COUNT(changes); c++) {
		for (size_t i = 0; i < 13; i += 4) {
			notices(changes[c], 13, i);
		}
	}
}

Test(signature, refuses_another_agents_signature)
{
	struct alm_verifier *verifier = alm_verifier_new();

	sign_batch(4);
	cr_assert_eq(verify(verifier, 0), ALM_OK);
	agent.signing_key[0] ^= 1;
	cr_assert_eq(verify(verifier, 1), ALM_BAD_SIGNATURE);
	alm_verifier_free(verifier);
}

Test(signature, takes_the_key_before_while_the_ring_has_it)
{
	struct alm_verifier *verifier = alm_verifier_new();

	sign_batch(4);
	memcpy(agent.old_signing_key, agent.signing_key, 32);
	agent.signing_key[0] ^= 1;
	agent.old_until_us = 1;
	for (size_t i = 0; i < 4; i++) {
		cr_expect_eq(verify(verifier, i), ALM_OK);
	}
	/* Its tree is known, and counts no more. */
	agent.old_until_us = 0;
	cr_expect_eq(verify(verifier, 1), ALM_BAD_SIGNATURE);
	alm_verifier_free(verifier);
}
