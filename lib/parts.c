#include "lib/parts.h"

#include <stdlib.h>
#include <string.h>

struct alm_part_tree {
	uint32_t count;
	const struct alm_digest *root;
	struct alm_digest nodes[];
};

bool alm_part_is_of(struct alm_hash *hash, uint64_t payload_bytes,
	const uint8_t root[ALM_DIGEST_BYTES], uint32_t index,
	struct alm_bytes data, struct alm_bytes path)
{
	size_t steps = path.bytes / ALM_DIGEST_BYTES;
	struct alm_digest nodes[ALM_PART_PATH_MAX];
	struct alm_digest wanted;
	struct alm_digest leaf;

	if (data.bytes == 0 ||
		data.bytes != alm_part_length(payload_bytes, index) ||
		steps > ALM_PART_PATH_MAX ||
		path.bytes % ALM_DIGEST_BYTES != 0) {
		return false;
	}
	if (path.bytes > 0) {
		memcpy(nodes, path.data, path.bytes);
	}
	memcpy(wanted.raw, root, sizeof(wanted.raw));
	alm_merkle_leaf(hash, data, &leaf);
	return alm_merkle_verify_inclusion(hash, index,
		alm_parts_count(payload_bytes), &leaf, nodes, steps, &wanted);
}

struct alm_part_tree *alm_part_tree_new(uint32_t count)
{
	size_t nodes = ALM_MERKLE_WHOLE_NODES(count, ALM_PART_PATH_MAX);
	struct alm_part_tree *tree;

	ALM_ASSERT(count > 0 && count <= ALM_PARTS_MAX);
	tree = calloc(1, sizeof(*tree) + nodes * sizeof(tree->nodes[0]));
	if (tree != NULL) {
		tree->count = count;
	}
	return tree;
}

void alm_part_tree_free(struct alm_part_tree *tree)
{
	free(tree);
}

void alm_part_tree_set(struct alm_part_tree *tree, struct alm_hash *hash,
	uint32_t index, struct alm_bytes data)
{
	ALM_ASSERT(index < tree->count);
	alm_merkle_leaf(hash, data, &tree->nodes[index]);
}

void alm_part_tree_close(struct alm_part_tree *tree, struct alm_hash *hash)
{
	tree->root = alm_merkle_whole_build(hash, tree->nodes, tree->count);
}

const struct alm_digest *alm_part_tree_root(const struct alm_part_tree *tree)
{
	return tree->root;
}

bool alm_part_tree_has(const struct alm_part_tree *tree, struct alm_hash *hash,
	uint32_t index, struct alm_bytes data)
{
	struct alm_digest leaf;

	if (index >= tree->count) {
		return false;
	}
	alm_merkle_leaf(hash, data, &leaf);
	return memcmp(leaf.raw, tree->nodes[index].raw, sizeof(leaf.raw)) == 0;
}

size_t alm_part_tree_path(const struct alm_part_tree *tree, uint32_t index,
	struct alm_digest *out)
{
	return alm_merkle_whole_path(tree->nodes, tree->count, index, out);
}
