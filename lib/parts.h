/*
 * parts.h - the tree over the parts of a large payload: RFC 6962 over SHA-256,
 * one leaf for each part in clear, so that each can be checked by itself.
 */
#ifndef ALM_LIB_PARTS_H
#define ALM_LIB_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/limits.h"
#include "lib/merkle.h"

/** How many parts; the payload is within ALM_PARTS_PAYLOAD_BYTES_MAX. */
static inline uint32_t alm_parts_count(uint64_t payload_bytes)
{
	return (uint32_t)((payload_bytes + ALM_PART_BYTES - 1) /
			  ALM_PART_BYTES);
}

/** How long part `index` is in clear; 0 past the last. */
static inline size_t alm_part_length(uint64_t payload_bytes, uint32_t index)
{
	uint64_t from = (uint64_t)index * ALM_PART_BYTES;

	if (from >= payload_bytes) {
		return 0;
	}
	return payload_bytes - from < ALM_PART_BYTES
		       ? (size_t)(payload_bytes - from)
		       : ALM_PART_BYTES;
}

/** Whether `data` is part `index` of the payload with this root: its place,
 * its length and every byte. */
ALM_MUST_USE bool alm_part_is_of(struct alm_hash *hash, uint64_t payload_bytes,
	const uint8_t root[ALM_DIGEST_BYTES], uint32_t index,
	struct alm_bytes data, struct alm_bytes path);

/** All leaves and nodes, for who has the whole payload: 64 bytes a part. */
struct alm_part_tree;

/** For 1 to ALM_PARTS_MAX parts.  NULL when memory is out. */
struct alm_part_tree *alm_part_tree_new(uint32_t count);
void alm_part_tree_free(struct alm_part_tree *tree);

/** Hash a part in its place; each once, before the tree is closed. */
void alm_part_tree_set(struct alm_part_tree *tree, struct alm_hash *hash,
	uint32_t index, struct alm_bytes data);

/** All parts are set. */
void alm_part_tree_close(struct alm_part_tree *tree, struct alm_hash *hash);

/** Of a closed tree. */
const struct alm_digest *alm_part_tree_root(const struct alm_part_tree *tree);

/** Whether `data` is the part that was set there. */
ALM_MUST_USE bool alm_part_tree_has(const struct alm_part_tree *tree,
	struct alm_hash *hash, uint32_t index, struct alm_bytes data);

/** The inclusion proof of a part; `out` holds ALM_PART_PATH_MAX.  Gives how
 * many steps it has. */
size_t alm_part_tree_path(const struct alm_part_tree *tree, uint32_t index,
	struct alm_digest *out);

#endif /* ALM_LIB_PARTS_H */
