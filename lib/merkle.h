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

/** The height of the perfect subtree that goes on at leaf `at`, 0 < at < size:
 * the largest that fits before the end.  From `at` to the end there are as
 * many as a proof of a range has behind the range. */
unsigned alm_merkle_next_height(uint64_t at, uint64_t size);

/** That the tree of `size` leaves holds these and no others from `first` on:
 * what is before them and behind them.  Also shows that the tree of the first
 * `first` leaves, whose root follows from `left`, was extended. */
struct alm_merkle_range {
	uint64_t first; /* leaves before the range */
	uint64_t end;   /* leaves before what is behind it */
	uint64_t size;
	struct alm_digest left[64]; /* one for each bit set in `first` */
	struct alm_digest right[64];
	size_t right_count;
};

/** How many digests `right` has. */
size_t alm_merkle_right_count(uint64_t end, uint64_t size);

/** Verify that a frontier, made of `left` and then of each leaf of the range,
 * ends in `root`.  The frontier is changed. */
ALM_MUST_USE bool alm_merkle_verify_range(struct alm_hash *hash,
	const struct alm_merkle_range *range, struct alm_frontier *frontier,
	const struct alm_digest *root);

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

/** How many digests a whole tree takes: a level has half of the one below, and
 * at most one node more. */
#define ALM_MERKLE_WHOLE_NODES(count, levels) (2 * (size_t)(count) + (levels))

/**
 * The whole tree over leaves, so that a path for each costs no more hashing.
 * In:      nodes  the first `count` are the leaves, at least one; room for
 *                 ALM_MERKLE_WHOLE_NODES of them
 * Gives:   the root, which is one of the nodes
 */
const struct alm_digest *alm_merkle_whole_build(
	struct alm_hash *hash, struct alm_digest *nodes, size_t count);

/** The inclusion proof of leaf `index`, from a tree that was built; `out_path`
 * holds as many as the tree has levels, at most 64.  Gives its length. */
size_t alm_merkle_whole_path(const struct alm_digest *nodes, size_t count,
	size_t index, struct alm_digest *out_path);

#endif /* ALM_LIB_MERKLE_H */
