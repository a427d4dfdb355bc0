/* A batch signature verifies for every size of tree, by the code that the
 * broker verifies with. */
#include <criterion/criterion.h>
#include <string.h>

#include <sodium.h>

#include "agents/client/batch.h"

static void check_size(size_t count)
{
	static struct alm_batch batch;
	uint8_t public_key[32];
	uint8_t secret[ALM_SIGNING_SECRET_BYTES];
	uint8_t seed[32] = {7};
	struct alm_hash *hash = alm_hash_new();

	cr_assert_eq(sodium_init() < 0, false);
	crypto_sign_seed_keypair(public_key, secret, seed);
	alm_batch_reset(&batch);
	for (size_t i = 0; i < count; i++) {
		uint8_t digest[ALM_DIGEST_BYTES] = {(uint8_t)i};

		alm_batch_add(&batch, hash, 1000 + (int64_t)i, digest);
	}
	alm_batch_sign(&batch, hash, secret);
	for (size_t i = 0; i < count; i++) {
		uint8_t data[8 + ALM_DIGEST_BYTES] = {0};
		uint8_t text[48] = "almoner.v1.send";
		struct alm_digest path[ALM_SIGNATURE_PATH_MAX];
		struct alm_signature signature;
		struct alm_digest leaf;
		struct alm_digest root;

		alm_put_u64(data, 1000 + i);
		data[8] = (uint8_t)i;
		alm_batch_signature(&batch, i, &signature);
		cr_assert_eq(signature.leaf_index, i);
		cr_assert_eq(signature.tree_size, count);
		cr_assert_leq(signature.path.bytes, sizeof(path));
		memcpy(path, signature.path.data, signature.path.bytes);
		alm_merkle_leaf(
			hash, (struct alm_bytes){data, sizeof(data)}, &leaf);
		cr_assert(alm_merkle_implied_root(hash, i, count, &leaf, path,
			signature.path.bytes / ALM_DIGEST_BYTES, &root));
		memcpy(text + 16, root.raw, sizeof(root.raw));
		cr_assert_eq(crypto_sign_verify_detached(signature.ed25519,
				     text, sizeof(text), public_key),
			0);
	}
	alm_hash_free(hash);
}

Test(batch, every_message_of_every_size_of_tree_verifies)
{
	static const size_t sizes[] = {
		1, 2, 3, 4, 5, 7, 8, 9, 100, 127, 128, 129, 255, 256};

	for (size_t i = 0; i < ALM_COUNT(sizes); i++) {
		check_size(sizes[i]);
	}
}

Test(batch, a_lone_message_has_an_empty_path)
{
	static struct alm_batch batch;
	struct alm_hash *hash = alm_hash_new();
	uint8_t digest[ALM_DIGEST_BYTES] = {0};
	uint8_t secret[ALM_SIGNING_SECRET_BYTES] = {0};
	struct alm_signature signature;

	alm_batch_reset(&batch);
	alm_batch_add(&batch, hash, 1, digest);
	alm_batch_sign(&batch, hash, secret);
	alm_batch_signature(&batch, 0, &signature);
	cr_assert_eq(signature.path.bytes, 0);
	cr_assert_eq(signature.tree_size, 1);
	alm_hash_free(hash);
}
