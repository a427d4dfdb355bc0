/*
 * The verifiers follow the numbered steps of RFC 9162, 2.1.3.2 and 2.1.4.2:
 * fn and sn are the index of the node and of the last node of its level.
 * A step taken when sn is already 0 means that the proof is too long, and sn
 * above 0 at the end that it is too short.
 */
#include "lib/merkle.h"

#include <string.h>

#define JOINED_BYTES ((size_t)1024)

void alm_merkle_leaf(
	struct alm_hash *hash, struct alm_bytes data, struct alm_digest *out)
{
	static const uint8_t prefix[1] = {0x00};
	const struct alm_bytes parts[2] = {{prefix, sizeof(prefix)}, data};
	ALM_UNINITIALIZED uint8_t whole[JOINED_BYTES];

	/* A piece that ends within a block costs a call of the block's code
	 * more, and that is more than copying. */
	if (data.bytes > 0 && data.bytes < sizeof(whole)) {
		whole[0] = prefix[0];
		memcpy(whole + 1, data.data, data.bytes);
		alm_hash_bytes(hash, (struct alm_bytes){whole, 1 + data.bytes},
			out->raw);
		return;
	}
	alm_hash_parts(hash, parts, ALM_COUNT(parts), out->raw);
}

void alm_merkle_node(struct alm_hash *hash, const struct alm_digest *left,
	const struct alm_digest *right, struct alm_digest *out)
{
	uint8_t data[1 + 2 * ALM_DIGEST_BYTES];

	data[0] = 0x01;
	memcpy(data + 1, left->raw, ALM_DIGEST_BYTES);
	memcpy(data + 1 + ALM_DIGEST_BYTES, right->raw, ALM_DIGEST_BYTES);
	alm_hash_bytes(hash, (struct alm_bytes){data, sizeof(data)}, out->raw);
}

static size_t root_count(uint64_t size)
{
	return (size_t)__builtin_popcountll(size);
}

void alm_frontier_append(struct alm_hash *hash, struct alm_frontier *frontier,
	const struct alm_digest *leaf)
{
	size_t count = root_count(frontier->size);
	struct alm_digest node = *leaf;

	for (uint64_t rest = frontier->size; (rest & 1u) != 0; rest >>= 1) {
		alm_merkle_node(hash, &frontier->roots[--count], &node, &node);
	}
	frontier->roots[count] = node;
	frontier->size++;
}

void alm_frontier_root(struct alm_hash *hash,
	const struct alm_frontier *frontier, struct alm_digest *out)
{
	size_t count = root_count(frontier->size);
	struct alm_digest node;

	if (count == 0) {
		alm_hash_bytes(hash, (struct alm_bytes){NULL, 0}, out->raw);
		return;
	}
	node = frontier->roots[--count];
	while (count > 0) {
		alm_merkle_node(hash, &frontier->roots[--count], &node, &node);
	}
	*out = node;
}

/* Add the root of 1 << height leaves at once; false if the tree's size is no
 * multiple of that, or would become too large. */
static bool add_node(struct alm_hash *hash, struct alm_frontier *frontier,
	unsigned height, const struct alm_digest *node)
{
	size_t count = root_count(frontier->size);
	struct alm_digest sum = *node;
	uint64_t leaves;

	if (height > 62) {
		return false;
	}
	leaves = UINT64_C(1) << height;
	if (frontier->size % leaves != 0 ||
		frontier->size > (uint64_t)INT64_MAX - leaves) {
		return false;
	}
	for (uint64_t rest = frontier->size >> height; (rest & 1u) != 0;
		rest >>= 1) {
		alm_merkle_node(hash, &frontier->roots[--count], &sum, &sum);
	}
	frontier->roots[count] = sum;
	frontier->size += leaves;
	return true;
}

unsigned alm_merkle_next_height(uint64_t at, uint64_t size)
{
	unsigned aligned = (unsigned)__builtin_ctzll(at);
	unsigned left = 63u - (unsigned)__builtin_clzll(size - at);

	return aligned < left ? aligned : left;
}

size_t alm_merkle_right_count(uint64_t end, uint64_t size)
{
	size_t count = 0;

	while (end > 0 && end < size) {
		end += UINT64_C(1) << alm_merkle_next_height(end, size);
		count++;
	}
	return count;
}

static bool digests_equal(
	const struct alm_digest *a, const struct alm_digest *b)
{
	return memcmp(a->raw, b->raw, ALM_DIGEST_BYTES) == 0;
}

bool alm_merkle_verify_range(struct alm_hash *hash,
	const struct alm_merkle_range *range, struct alm_frontier *frontier,
	const struct alm_digest *root)
{
	struct alm_digest found;

	if (frontier->size != range->end || range->end == 0 ||
		range->end > range->size ||
		range->right_count !=
			alm_merkle_right_count(range->end, range->size)) {
		return false;
	}
	for (size_t i = 0; i < range->right_count; i++) {
		if (!add_node(hash, frontier,
			    alm_merkle_next_height(frontier->size, range->size),
			    &range->right[i])) {
			return false;
		}
	}
	alm_frontier_root(hash, frontier, &found);
	return digests_equal(&found, root);
}

/* Step up past the levels at which the node has no right neighbour. */
static void skip_promoted(uint64_t *fn, uint64_t *sn)
{
	while (*fn != 0 && (*fn & 1u) == 0) {
		*fn >>= 1;
		*sn >>= 1;
	}
}

bool alm_merkle_implied_root(struct alm_hash *hash, uint64_t index,
	uint64_t size, const struct alm_digest *leaf,
	const struct alm_digest *path, size_t path_count,
	struct alm_digest *out_root)
{
	struct alm_digest node = *leaf;
	uint64_t fn = index;
	uint64_t sn = size - 1;

	if (index >= size) {
		return false;
	}
	for (size_t i = 0; i < path_count; i++) {
		if (sn == 0) {
			return false;
		}
		if ((fn & 1u) != 0 || fn == sn) {
			alm_merkle_node(hash, &path[i], &node, &node);
			skip_promoted(&fn, &sn);
		} else {
			alm_merkle_node(hash, &node, &path[i], &node);
		}
		fn >>= 1;
		sn >>= 1;
	}
	if (sn != 0) {
		return false;
	}
	*out_root = node;
	return true;
}

bool alm_merkle_verify_inclusion(struct alm_hash *hash, uint64_t index,
	uint64_t size, const struct alm_digest *leaf,
	const struct alm_digest *path, size_t path_count,
	const struct alm_digest *root)
{
	struct alm_digest implied;

	return alm_merkle_implied_root(
		       hash, index, size, leaf, path, path_count, &implied) &&
	       digests_equal(&implied, root);
}

/* Both roots at once: `fr` of the first tree and `sr` of the second. */
static bool fold_consistency(struct alm_hash *hash, uint64_t fn, uint64_t sn,
	const struct alm_digest *proof, size_t proof_count,
	struct alm_digest *fr, struct alm_digest *sr)
{
	for (size_t i = 0; i < proof_count; i++) {
		if (sn == 0) {
			return false;
		}
		if ((fn & 1u) != 0 || fn == sn) {
			alm_merkle_node(hash, &proof[i], fr, fr);
			alm_merkle_node(hash, &proof[i], sr, sr);
			skip_promoted(&fn, &sn);
		} else {
			alm_merkle_node(hash, sr, &proof[i], sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0;
}

bool alm_merkle_verify_consistency(struct alm_hash *hash, uint64_t first,
	uint64_t second, const struct alm_digest *proof, size_t proof_count,
	const struct alm_digest *first_root,
	const struct alm_digest *second_root)
{
	uint64_t fn = first - 1;
	uint64_t sn = second - 1;
	struct alm_digest fr;
	struct alm_digest sr;

	if (first == 0 || first > second) {
		return false;
	}
	if (first == second) {
		return proof_count == 0 &&
		       digests_equal(first_root, second_root);
	}
	if (proof_count == 0) {
		return false;
	}
	while ((fn & 1u) != 0) {
		fn >>= 1;
		sn >>= 1;
	}
	/* A first tree of 2^n leaves is itself the first node of the proof. */
	if (fn == 0) {
		fr = *first_root;
	} else {
		fr = *proof++;
		proof_count--;
	}
	sr = fr;
	return fold_consistency(hash, fn, sn, proof, proof_count, &fr, &sr) &&
	       digests_equal(&fr, first_root) &&
	       digests_equal(&sr, second_root);
}

/* Level after level, leaves first; a last node without a neighbour goes up as
 * it is, which is the shape that RFC 6962 defines. */
const struct alm_digest *alm_merkle_whole_build(
	struct alm_hash *hash, struct alm_digest *nodes, size_t count)
{
	struct alm_digest *level = nodes;

	ALM_ASSERT(count > 0);
	for (size_t width = count; width > 1; width = (width + 1) / 2) {
		struct alm_digest *above = level + width;

		for (size_t i = 0; i + 1 < width; i += 2) {
			alm_merkle_node(
				hash, &level[i], &level[i + 1], &above[i / 2]);
		}
		if (width % 2 == 1) {
			above[width / 2] = level[width - 1];
		}
		level = above;
	}
	return level;
}

size_t alm_merkle_whole_path(const struct alm_digest *nodes, size_t count,
	size_t index, struct alm_digest *out_path)
{
	const struct alm_digest *level = nodes;
	size_t path_count = 0;

	ALM_ASSERT(index < count);
	for (size_t width = count; width > 1; width = (width + 1) / 2) {
		if ((index ^ 1u) < width) {
			out_path[path_count++] = level[index ^ 1u];
		}
		index /= 2;
		level += width;
	}
	return path_count;
}
