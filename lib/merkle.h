/*
 * merkle.h - RFC 6962 trees over SHA-256: hashing, the frontier of a growing
 * tree, and the verification of proofs as RFC 9162 2.1.3.2 and 2.1.4.2 say.
 * Pure given a hash context.
 */
#ifndef ALM_LIB_MERKLE_H
#define ALM_LIB_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/hash.h"

struct alm_digest {
	uint8_t raw[ALM_DIGEST_BYTES];
};

/** SHA-256(0x00 || data). */
void alm_merkle_leaf(
	struct alm_hash *hash, struct alm_bytes data, struct alm_digest *out);

/** SHA-256(0x01 || left || right). */
void alm_merkle_node(struct alm_hash *hash, const struct alm_digest *left,
	const struct alm_digest *right, struct alm_digest *out);

/** The roots of the perfect subtrees of a tree of `size` leaves, largest
 * first: one for each bit set in `size`. */
struct alm_frontier {
	uint64_t size;
	struct alm_digest roots[64];
};

/** Add one leaf hash. */
void alm_frontier_append(struct alm_hash *hash, struct alm_frontier *frontier,
	const struct alm_digest *leaf);

/** The tree's root; of the empty tree, SHA-256 of nothing. */
void alm_frontier_root(struct alm_hash *hash,
	const struct alm_frontier *frontier, struct alm_digest *out);

/** Verify that `leaf` stands at `index` in the tree of `size` and `root`. */
ALM_MUST_USE bool alm_merkle_verify_inclusion(struct alm_hash *hash,
	uint64_t index, uint64_t size, const struct alm_digest *leaf,
	const struct alm_digest *path, size_t path_count,
	const struct alm_digest *root);

/** Fold `path` into the root it implies; false if its length is not that of
 * a proof for `index` in `size`. */
ALM_MUST_USE bool alm_merkle_implied_root(struct alm_hash *hash, uint64_t index,
	uint64_t size, const struct alm_digest *leaf,
	const struct alm_digest *path, size_t path_count,
	struct alm_digest *out_root);

/** Verify that the tree of `second` extends the tree of `first`, first > 0. */
ALM_MUST_USE bool alm_merkle_verify_consistency(struct alm_hash *hash,
	uint64_t first, uint64_t second, const struct alm_digest *proof,
	size_t proof_count, const struct alm_digest *first_root,
	const struct alm_digest *second_root);

/** The inclusion proof of leaf `index` among `count` leaves held in memory
 * (a batch signature); `out_path` holds 64.  Gives the path's length. */
size_t alm_merkle_path(struct alm_hash *hash, const struct alm_digest *leaves,
	size_t count, size_t index, struct alm_digest *out_path);

/** The tree over a batch of leaves with all its nodes, so that a path for
 * every leaf costs no more hashing. */
struct alm_merkle_batch {
	size_t count; /* leaves; 1 to ALM_SIGNATURE_LEAVES_MAX */
	struct alm_digest
		nodes[2 * ALM_SIGNATURE_LEAVES_MAX + ALM_SIGNATURE_PATH_MAX];
};

void alm_merkle_batch_build(struct alm_hash *hash,
	const struct alm_digest *leaves, size_t count,
	struct alm_merkle_batch *out_batch);
void alm_merkle_batch_root(
	const struct alm_merkle_batch *batch, struct alm_digest *out_root);
/** As alm_merkle_path(); `out_path` holds ALM_SIGNATURE_PATH_MAX. */
size_t alm_merkle_batch_path(const struct alm_merkle_batch *batch, size_t index,
	struct alm_digest *out_path);

#endif /* ALM_LIB_MERKLE_H */
