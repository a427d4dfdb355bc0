/* Goal: every part proves its place, and nothing else passes for it. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "lib/parts.h"

static struct alm_hash *hash;
static uint8_t *payload;

static void set_up(void)
{
	hash = alm_hash_new();
	payload = malloc(9 * ALM_PART_BYTES);
	cr_assert(hash != NULL && payload != NULL);
	for (size_t i = 0; i < 9 * ALM_PART_BYTES; i++) {
		payload[i] = (uint8_t)(i * 31 + (i >> 12) + (i >> 18) * 77);
	}
}

static void tear_down(void)
{
	alm_hash_free(hash);
	free(payload);
}

TestSuite(parts, .init = set_up, .fini = tear_down);

Test(parts, are_counted_and_measured)
{
	cr_assert_eq(alm_parts_count(1), 1);
	cr_assert_eq(alm_parts_count(ALM_PART_BYTES), 1);
	cr_assert_eq(alm_parts_count(ALM_PART_BYTES + 1), 2);
	cr_assert_eq(
		alm_parts_count(ALM_PARTS_PAYLOAD_BYTES_MAX), ALM_PARTS_MAX);
	cr_assert_eq(alm_part_length(ALM_PART_BYTES + 1, 0), ALM_PART_BYTES);
	cr_assert_eq(alm_part_length(ALM_PART_BYTES + 1, 1), 1);
	cr_assert_eq(alm_part_length(ALM_PART_BYTES + 1, 2), 0);
	cr_assert_eq(alm_part_length(2 * ALM_PART_BYTES, 1), ALM_PART_BYTES);
}

static struct alm_bytes part_of(uint64_t bytes, uint32_t index)
{
	return (struct alm_bytes){payload + index * ALM_PART_BYTES,
		alm_part_length(bytes, index)};
}

static struct alm_part_tree *tree_of(uint64_t bytes)
{
	uint32_t count = alm_parts_count(bytes);
	struct alm_part_tree *tree = alm_part_tree_new(count);

	for (uint32_t i = 0; i < count; i++) {
		alm_part_tree_set(tree, hash, i, part_of(bytes, i));
	}
	alm_part_tree_close(tree, hash);
	return tree;
}

Test(parts, each_proves_its_place_in_trees_of_every_shape)
{
	for (uint32_t count = 1; count <= 9; count++) {
		uint64_t bytes = count * ALM_PART_BYTES - 7;
		struct alm_part_tree *tree = tree_of(bytes);
		struct alm_frontier frontier = {.size = 0};
		struct alm_digest root;

		for (uint32_t i = 0; i < count; i++) {
			struct alm_digest path[ALM_PART_PATH_MAX];
			size_t steps = alm_part_tree_path(tree, i, path);
			struct alm_bytes proof = {path[0].raw, 32 * steps};
			struct alm_digest leaf;

			alm_merkle_leaf(hash, part_of(bytes, i), &leaf);
			alm_frontier_append(hash, &frontier, &leaf);
			cr_assert(alm_part_is_of(hash, bytes,
				alm_part_tree_root(tree)->raw, i,
				part_of(bytes, i), proof));
			cr_assert(alm_part_tree_has(
				tree, hash, i, part_of(bytes, i)));
		}
		alm_frontier_root(hash, &frontier, &root);
		cr_assert_arr_eq(root.raw, alm_part_tree_root(tree)->raw, 32);
		alm_part_tree_free(tree);
	}
}

Test(parts, nothing_else_passes_for_one)
{
	uint64_t bytes = 5 * ALM_PART_BYTES - 7;
	struct alm_part_tree *tree = tree_of(bytes);
	const uint8_t *root = alm_part_tree_root(tree)->raw;
	struct alm_digest path[ALM_PART_PATH_MAX + 1] = {0};
	struct alm_bytes proof = {
		path[0].raw, 32 * alm_part_tree_path(tree, 2, path)};
	struct alm_bytes part = part_of(bytes, 2);
	struct alm_bytes longer = {proof.data, proof.bytes + 32};
	struct alm_bytes odd = {proof.data, proof.bytes - 1};
	struct alm_bytes shorter = {part.data, part.bytes - 1};

	cr_assert(alm_part_is_of(hash, bytes, root, 2, part, proof));
	cr_assert(!alm_part_is_of(hash, bytes, root, 3, part, proof));
	cr_assert(!alm_part_is_of(hash, bytes, root, 9, part, proof));
	cr_assert(!alm_part_is_of(hash, bytes, root, 2, shorter, proof));
	cr_assert(!alm_part_is_of(hash, bytes, root, 2, part, longer));
	cr_assert(!alm_part_is_of(hash, bytes, root, 2, part, odd));
	payload[2 * ALM_PART_BYTES + 99] ^= 1;
	cr_assert(!alm_part_is_of(hash, bytes, root, 2, part, proof));
	cr_assert(!alm_part_tree_has(tree, hash, 2, part));
	cr_assert(!alm_part_tree_has(tree, hash, 5, part));
	payload[2 * ALM_PART_BYTES + 99] ^= 1;
	path[1].raw[5] ^= 1;
	cr_assert(!alm_part_is_of(hash, bytes, root, 2, part, proof));
	alm_part_tree_free(tree);
}

Test(parts, the_largest_tree_has_the_longest_path)
{
	struct alm_part_tree *tree = alm_part_tree_new(ALM_PARTS_MAX);
	struct alm_digest path[ALM_PART_PATH_MAX];

	for (uint32_t i = 0; i < ALM_PARTS_MAX; i++) {
		alm_part_tree_set(
			tree, hash, i, (struct alm_bytes){payload + i, 1});
	}
	alm_part_tree_close(tree, hash);
	cr_assert_eq(alm_part_tree_path(tree, ALM_PARTS_MAX - 1, path),
		ALM_PART_PATH_MAX);
	alm_part_tree_free(tree);
}
