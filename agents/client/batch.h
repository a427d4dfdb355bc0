/*
 * batch.h - one Ed25519 signature for up to 256 messages: the tree over their
 * leaves, its signed root, and each leaf's path.  Pure given a hash context.
 */
#ifndef ALM_AGENTS_CLIENT_BATCH_H
#define ALM_AGENTS_CLIENT_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "lib/hash.h"
#include "lib/limits.h"
#include "lib/merkle.h"
#include "lib/wire/wire.h"

#define ALM_SIGNING_SECRET_BYTES 64u /* libsodium: seed and public key */

/** Caller's memory; valid from one signing to the next. */
struct alm_batch {
	size_t count;
	uint8_t ed25519[ALM_SIGNATURE_BYTES];
	struct alm_digest nodes[ALM_MERKLE_WHOLE_NODES(
		ALM_SIGNATURE_LEAVES_MAX, ALM_SIGNATURE_PATH_MAX)];
	struct alm_digest path[ALM_SIGNATURE_PATH_MAX];
};

/** Forget everything. */
void alm_batch_reset(struct alm_batch *batch);

/** Add a message; there are fewer than ALM_SIGNATURE_LEAVES_MAX. */
void alm_batch_add(struct alm_batch *batch, struct alm_hash *hash,
	int64_t sent_at_ms, const uint8_t message_sha256[ALM_DIGEST_BYTES]);

/** Sign what was added, which is at least one. */
void alm_batch_sign(struct alm_batch *batch, struct alm_hash *hash,
	const uint8_t secret[ALM_SIGNING_SECRET_BYTES]);

/** The signature of the i-th; its path is borrowed until the next call. */
void alm_batch_signature(
	struct alm_batch *batch, size_t i, struct alm_signature *out_signature);

#endif /* ALM_AGENTS_CLIENT_BATCH_H */
