#include "agents/client/batch.h"

#include <string.h>

#include <sodium.h>

#define CONTEXT "almoner.v1.send" /* its NUL is signed as well */

void alm_batch_reset(struct alm_batch *batch)
{
	batch->count = 0;
}

void alm_batch_add(struct alm_batch *batch, struct alm_hash *hash,
	int64_t sent_at_ms, const uint8_t message_sha256[ALM_DIGEST_BYTES])
{
	uint8_t data[8 + ALM_DIGEST_BYTES];

	ALM_ASSERT(batch->count < ALM_SIGNATURE_LEAVES_MAX);
	alm_put_u64(data, (uint64_t)sent_at_ms);
	memcpy(data + 8, message_sha256, ALM_DIGEST_BYTES);
	alm_merkle_leaf(hash, (struct alm_bytes){data, sizeof(data)},
		&batch->nodes[batch->count]);
	batch->count++;
}

void alm_batch_sign(struct alm_batch *batch, struct alm_hash *hash,
	const uint8_t secret[ALM_SIGNING_SECRET_BYTES])
{
	uint8_t text[sizeof(CONTEXT) + ALM_DIGEST_BYTES];
	const struct alm_digest *root =
		alm_merkle_whole_build(hash, batch->nodes, batch->count);

	memcpy(text, CONTEXT, sizeof(CONTEXT));
	memcpy(text + sizeof(CONTEXT), root->raw, ALM_DIGEST_BYTES);
	(void)crypto_sign_detached(
		batch->ed25519, NULL, text, sizeof(text), secret);
}

void alm_batch_signature(
	struct alm_batch *batch, size_t i, struct alm_signature *out_signature)
{
	size_t steps = alm_merkle_whole_path(
		batch->nodes, batch->count, i, batch->path);

	memcpy(out_signature->ed25519, batch->ed25519, ALM_SIGNATURE_BYTES);
	out_signature->leaf_index = (uint32_t)i;
	out_signature->tree_size = (uint32_t)batch->count;
	out_signature->path.data = batch->path[0].raw;
	out_signature->path.bytes = steps * sizeof(struct alm_digest);
}
