/*
 * The tree is built level by level, an odd node at the end rising unpaired:
 * that is the tree of RFC 6962, and every path falls out on the way, so a
 * batch costs two hashes a message.
 */
#include "agents/client/batch.h"

#include <sodium.h>
#include <string.h>

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
		&batch->leaves[batch->count]);
	batch->path_counts[batch->count] = 0;
	batch->count++;
}

/** Add to each leaf's path the node beside its ancestor on this level. */
static void extend_paths(struct alm_batch *batch,
	const struct alm_digest *nodes, size_t node_count, unsigned level)
{
	for (size_t i = 0; i < batch->count; i++) {
		size_t beside = (i >> level) ^ 1u;

		if (beside < node_count) {
			batch->paths[i][batch->path_counts[i]++] =
				nodes[beside];
		}
	}
}

void alm_batch_sign(struct alm_batch *batch, struct alm_hash *hash,
	const uint8_t secret[ALM_SIGNING_SECRET_BYTES])
{
	struct alm_digest nodes[ALM_SIGNATURE_LEAVES_MAX];
	uint8_t text[sizeof(CONTEXT) + ALM_DIGEST_BYTES];
	size_t count = batch->count;

	ALM_ASSERT(count > 0);
	memcpy(nodes, batch->leaves, count * sizeof(nodes[0]));
	for (unsigned level = 0; count > 1; level++) {
		extend_paths(batch, nodes, count, level);
		for (size_t i = 0; i + 1 < count; i += 2) {
			alm_merkle_node(
				hash, &nodes[i], &nodes[i + 1], &nodes[i / 2]);
		}
		if (count % 2 == 1) {
			nodes[count / 2] = nodes[count - 1];
		}
		count = (count + 1) / 2;
	}
	memcpy(text, CONTEXT, sizeof(CONTEXT));
	memcpy(text + sizeof(CONTEXT), nodes[0].raw, ALM_DIGEST_BYTES);
	(void)crypto_sign_detached(
		batch->ed25519, NULL, text, sizeof(text), secret);
}

void alm_batch_signature(const struct alm_batch *batch, size_t i,
	struct alm_signature *out_signature)
{
	memcpy(out_signature->ed25519, batch->ed25519, ALM_SIGNATURE_BYTES);
	out_signature->leaf_index = (uint32_t)i;
	out_signature->tree_size = (uint32_t)batch->count;
	out_signature->path.data = batch->paths[i][0].raw;
	out_signature->path.bytes =
		batch->path_counts[i] * sizeof(struct alm_digest);
}
