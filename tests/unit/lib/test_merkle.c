/*
 * test_merkle.c - trees against the published vectors of RFC 6962 (the hash,
 * root and proof values of transparency-dev/merkle) and against the recursive
 * definition for all sizes up to 70.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "lib/id.h"
#include "lib/merkle.h"

#define SIZE_MAX_TRIED 70u

static struct alm_hash *hash;

static void set_up(void)
{
	hash = alm_hash_new();
	cr_assert_not_null(hash);
}

static void tear_down(void)
{
	alm_hash_free(hash);
}

TestSuite(merkle, .init = set_up, .fini = tear_down);

static const char *const LEAVES[8] = {"", "00", "10", "2021", "3031",
	"40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};

/* Whether it is hashed in one piece or not. */
Test(merkle, a_leaf_may_have_any_length)
{
	static uint8_t data[1 + 1100];

	for (size_t bytes = 1; bytes < 1100; bytes += bytes < 1000 ? 37 : 1) {
		struct alm_digest whole;
		struct alm_digest leaf;

		memset(data + 1, (int)bytes, bytes);
		alm_hash_bytes(
			hash, (struct alm_bytes){data, 1 + bytes}, whole.raw);
		alm_merkle_leaf(
			hash, (struct alm_bytes){data + 1, bytes}, &leaf);
		cr_assert_arr_eq(leaf.raw, whole.raw, sizeof(whole.raw));
	}
}

static const char *const ROOTS[9] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

struct proof_row {
	uint64_t first; /* of an inclusion proof: the index */
	uint64_t second;
	size_t count;
	const char *nodes[3];
};

static const struct proof_row INCLUSION[] = {
	{0, 1, 0, {NULL}},
	{0, 8, 3,
		{"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09c"
		 "fc7",
			"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360"
			"f50de3031e",
			"6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab03"
			"5ca39bf6e4"}},
	{5, 8, 3,
		{"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599"
		 "e6b",
			"ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9"
			"d5975a0ae0",
			"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd"
			"95209614b7"}},
	{2, 3, 1,
		{"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c"
		 "125"}},
	{1, 5, 3,
		{"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa"
		 "01d",
			"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360"
			"f50de3031e",
			"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f"
			"4d88599e6b"}},
};

static const struct proof_row CONSISTENCY[] = {
	{1, 1, 0, {NULL}},
	{1, 8, 3,
		{"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09c"
		 "fc7",
			"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360"
			"f50de3031e",
			"6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab03"
			"5ca39bf6e4"}},
	{6, 8, 3,
		{"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558e"
		 "f6a",
			"ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9"
			"d5975a0ae0",
			"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd"
			"95209614b7"}},
	{2, 5, 2,
		{"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de30"
		 "31e",
			"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f"
			"4d88599e6b"}},
	{6, 7, 3,
		{"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558e"
		 "f6a",
			"b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2e"
			"d16ffb1a5f",
			"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd"
			"95209614b7"}},
};

static struct alm_digest digest(const char *text)
{
	struct alm_digest out;

	cr_assert_eq(alm_unhex(text, out.raw, sizeof(out.raw)), ALM_OK);
	return out;
}

static bool same(const struct alm_digest *a, const struct alm_digest *b)
{
	return memcmp(a->raw, b->raw, sizeof(a->raw)) == 0;
}

static struct alm_digest leaf_of_hex(const char *text)
{
	uint8_t raw[16];
	struct alm_digest out;

	cr_assert_eq(alm_unhex(text, raw, strlen(text) / 2), ALM_OK);
	alm_merkle_leaf(hash, (struct alm_bytes){raw, strlen(text) / 2}, &out);
	return out;
}

static void make_leaves(struct alm_digest out[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint8_t raw[2] = {(uint8_t)(i >> 8), (uint8_t)i};

		alm_merkle_leaf(hash, (struct alm_bytes){raw, 2}, &out[i]);
	}
}

/* The definition of RFC 6962, 2.1, as it stands there. */
static struct alm_digest mth(const struct alm_digest *leaves, size_t count)
{
	struct alm_digest left;
	struct alm_digest right;
	struct alm_digest out;
	size_t k = 1;

	if (count == 1) {
		return leaves[0];
	}
	while (k * 2 < count) {
		k *= 2;
	}
	left = mth(leaves, k);
	right = mth(leaves + k, count - k);
	alm_merkle_node(hash, &left, &right, &out);
	return out;
}

/* SUBPROOF of RFC 6962, 2.1.2. */
static size_t subproof(const struct alm_digest *leaves, size_t first,
	size_t count, bool is_whole, struct alm_digest *out)
{
	size_t k = 1;
	size_t n;

	if (first == count) {
		if (is_whole) {
			return 0;
		}
		out[0] = mth(leaves, count);
		return 1;
	}
	while (k * 2 < count) {
		k *= 2;
	}
	if (first <= k) {
		n = subproof(leaves, first, k, is_whole, out);
		out[n] = mth(leaves + k, count - k);
	} else {
		n = subproof(leaves + k, first - k, count - k, false, out);
		out[n] = mth(leaves, k);
	}
	return n + 1;
}

Test(merkle, hashes_leaves_and_nodes_as_published)
{
	static const uint8_t text[] = "L123456";
	struct alm_frontier empty = {.size = 0};
	struct alm_digest got;
	struct alm_digest want = digest("395aa064aa4c29f7010acfe3f25db9485bbd4b"
					"91897b6ad7ad547639252b4d56");

	alm_merkle_leaf(hash, (struct alm_bytes){text, 7}, &got);
	cr_expect(same(&got, &want));
	alm_merkle_leaf(hash, (struct alm_bytes){NULL, 0}, &got);
	want = digest(ROOTS[1]);
	cr_expect(same(&got, &want));
	alm_frontier_root(hash, &empty, &got);
	want = digest(ROOTS[0]);
	cr_expect(same(&got, &want));
}

Test(merkle, gives_the_published_roots_for_0_to_8_leaves)
{
	struct alm_frontier frontier = {.size = 0};

	for (size_t n = 0; n <= 8; n++) {
		struct alm_digest want = digest(ROOTS[n]);
		struct alm_digest got;

		alm_frontier_root(hash, &frontier, &got);
		cr_expect(same(&got, &want), "%zu leaves", n);
		cr_expect_eq(frontier.size, n);
		if (n < 8) {
			struct alm_digest leaf = leaf_of_hex(LEAVES[n]);

			alm_frontier_append(hash, &frontier, &leaf);
		}
	}
}

Test(merkle, accepts_the_published_inclusion_proofs_and_no_damaged_one)
{
	for (size_t i = 0; i < ALM_COUNT(INCLUSION); i++) {
		const struct proof_row *row = &INCLUSION[i];
		struct alm_digest path[4];
		struct alm_digest leaf = leaf_of_hex(LEAVES[row->first]);
		struct alm_digest root = digest(ROOTS[row->second]);

		for (size_t j = 0; j < row->count; j++) {
			path[j] = digest(row->nodes[j]);
		}
		path[row->count] = root;
#define CHECK(index, size, count) \
	alm_merkle_verify_inclusion( \
		hash, (index), (size), &leaf, path, (count), &root)
		cr_expect(CHECK(row->first, row->second, row->count));
		cr_expect_not(CHECK(row->first - 1, row->second, row->count));
		cr_expect_not(CHECK(row->first + 1, row->second, row->count));
		cr_expect_not(CHECK(row->first ^ 2, row->second, row->count));
		cr_expect_not(CHECK(row->first, row->second * 2, row->count));
		cr_expect_not(CHECK(row->first, row->second / 2, row->count));
		cr_expect_not(CHECK(row->first, 0, row->count));
		cr_expect_not(CHECK(row->first, row->second, row->count + 1));
		cr_expect_not(row->count > 0 &&
			      CHECK(row->first, row->second, row->count - 1));
		for (size_t j = 0; j < row->count; j++) {
			path[j].raw[0] ^= 8;
			cr_expect_not(
				CHECK(row->first, row->second, row->count));
			path[j].raw[0] ^= 8;
		}
		root = digest(ROOTS[0]);
		cr_expect_not(CHECK(row->first, row->second, row->count));
#undef CHECK
	}
}

Test(merkle, accepts_the_published_consistency_proofs_and_no_damaged_one)
{
	for (size_t i = 0; i < ALM_COUNT(CONSISTENCY); i++) {
		const struct proof_row *row = &CONSISTENCY[i];
		struct alm_digest proof[5];
		struct alm_digest a = digest(ROOTS[row->first]);
		struct alm_digest b = digest(ROOTS[row->second]);

		for (size_t j = 0; j < row->count; j++) {
			proof[1 + j] = digest(row->nodes[j]);
		}
		proof[0] = a;
		proof[1 + row->count] = b;
#define CHECK(first, second, from, count, r1, r2) \
	alm_merkle_verify_consistency( \
		hash, (first), (second), proof + (from), (count), (r1), (r2))
		cr_expect(
			CHECK(row->first, row->second, 1, row->count, &a, &b));
		cr_expect_not(CHECK(
			row->first, row->second, 0, row->count + 1, &a, &b));
		cr_expect_not(CHECK(
			row->first, row->second, 1, row->count + 1, &a, &b));
		cr_expect_not(CHECK(0, row->second, 1, row->count, &a, &b));
		if (row->count == 0) {
			continue;
		}
		cr_expect_not(CHECK(
			row->first - 1, row->second, 1, row->count, &a, &b));
		cr_expect_not(CHECK(
			row->first + 1, row->second, 1, row->count, &a, &b));
		cr_expect_not(CHECK(
			row->first, row->second * 2, 1, row->count, &a, &b));
		cr_expect_not(CHECK(
			row->first, row->second / 2, 1, row->count, &a, &b));
		cr_expect_not(
			CHECK(row->first, row->second, 1, row->count, &b, &a));
		cr_expect_not(CHECK(row->first, row->second, 1, 0, &a, &b));
		cr_expect_not(CHECK(
			row->first, row->second, 1, row->count - 1, &a, &b));
		for (size_t j = 1; j <= row->count; j++) {
			proof[j].raw[0] ^= 16;
			cr_expect_not(CHECK(row->first, row->second, 1,
				row->count, &a, &b));
			proof[j].raw[0] ^= 16;
		}
#undef CHECK
	}
}

Test(merkle, refuses_a_consistency_proof_from_the_empty_tree)
{
	struct alm_digest empty = digest(ROOTS[0]);

	cr_expect_not(alm_merkle_verify_consistency(
		hash, 0, 0, NULL, 0, &empty, &empty));
	cr_expect_not(alm_merkle_verify_consistency(
		hash, 2, 1, NULL, 0, &empty, &empty));
}

Test(merkle, agrees_with_the_recursive_definition_for_all_small_sizes)
{
	struct alm_frontier frontier = {.size = 0};
	struct alm_digest leaves[SIZE_MAX_TRIED];

	make_leaves(leaves, SIZE_MAX_TRIED);
	for (size_t n = 1; n <= SIZE_MAX_TRIED; n++) {
		struct alm_digest want = mth(leaves, n);
		struct alm_digest got;

		alm_frontier_append(hash, &frontier, &leaves[n - 1]);
		alm_frontier_root(hash, &frontier, &got);
		cr_expect(same(&got, &want), "%zu leaves", n);
	}
}

Test(merkle, makes_paths_that_verify_at_their_own_place_only)
{
	struct alm_digest leaves[SIZE_MAX_TRIED];
	struct alm_digest nodes[ALM_MERKLE_WHOLE_NODES(SIZE_MAX_TRIED, 64)];
	struct alm_digest path[64];

	make_leaves(leaves, SIZE_MAX_TRIED);
	for (size_t n = 1; n <= SIZE_MAX_TRIED; n++) {
		struct alm_digest root = mth(leaves, n);

		memcpy(nodes, leaves, n * sizeof(*nodes));
		(void)alm_merkle_whole_build(hash, nodes, n);
		for (size_t i = 0; i < n; i++) {
			size_t count = alm_merkle_whole_path(nodes, n, i, path);

			cr_expect(alm_merkle_verify_inclusion(
				hash, i, n, &leaves[i], path, count, &root));
			cr_expect_not(alm_merkle_verify_inclusion(hash,
				(i + 1) % (n + 1), n, &leaves[i], path, count,
				&root));
			if (count > 0) {
				path[(i + n) % count].raw[i % 32] ^= 1;
				cr_expect_not(alm_merkle_verify_inclusion(hash,
					i, n, &leaves[i], path, count, &root));
			}
		}
	}
}

Test(merkle, gives_the_root_and_every_path_of_a_whole_tree)
{
	static struct alm_digest nodes[ALM_MERKLE_WHOLE_NODES(
		ALM_SIGNATURE_LEAVES_MAX, ALM_SIGNATURE_PATH_MAX)];
	static struct alm_digest leaves[ALM_SIGNATURE_LEAVES_MAX];
	struct alm_digest path[ALM_SIGNATURE_PATH_MAX];

	make_leaves(leaves, ALM_COUNT(leaves));
	for (size_t n = 1; n <= ALM_COUNT(leaves);
		n += n < SIZE_MAX_TRIED ? 1 : 31) {
		struct alm_digest root = mth(leaves, n);
		const struct alm_digest *got;

		memcpy(nodes, leaves, n * sizeof(*nodes));
		got = alm_merkle_whole_build(hash, nodes, n);
		cr_expect(same(&root, got), "%zu leaves", n);
		for (size_t i = 0; i < n; i++) {
			size_t count = alm_merkle_whole_path(nodes, n, i, path);

			cr_assert_leq(count, ALM_SIGNATURE_PATH_MAX);
			cr_expect(alm_merkle_verify_inclusion(
				hash, i, n, &leaves[i], path, count, &root));
		}
	}
}

Test(merkle, accepts_every_consistency_proof_of_the_definition)
{
	struct alm_digest leaves[SIZE_MAX_TRIED];
	struct alm_digest proof[64];

	make_leaves(leaves, SIZE_MAX_TRIED);
	for (size_t n = 1; n <= SIZE_MAX_TRIED; n++) {
		struct alm_digest second = mth(leaves, n);

		for (size_t m = 1; m <= n; m++) {
			struct alm_digest first = mth(leaves, m);
			size_t count = subproof(leaves, m, n, true, proof);

			cr_expect(alm_merkle_verify_consistency(
				hash, m, n, proof, count, &first, &second));
			if (count > 0) {
				proof[m % count].raw[n % 32] ^= 1;
				cr_expect_not(alm_merkle_verify_consistency(
					hash, m, n, proof, count, &first,
					&second));
			}
		}
	}
}

Test(merkle, ends_on_sizes_at_the_edge_of_the_numbers)
{
	struct alm_digest leaf = digest(ROOTS[1]);
	struct alm_digest path[65];
	struct alm_digest root;

	for (size_t i = 0; i < ALM_COUNT(path); i++) {
		path[i] = leaf;
	}
	cr_expect(alm_merkle_implied_root(
		hash, 0, UINT64_MAX, &leaf, path, 64, &root));
	cr_expect_not(alm_merkle_implied_root(
		hash, 0, UINT64_MAX, &leaf, path, 65, &root));
	cr_expect_not(alm_merkle_implied_root(
		hash, UINT64_MAX, UINT64_MAX, &leaf, path, 64, &root));
	cr_expect_not(alm_merkle_verify_consistency(
		hash, UINT64_MAX - 1, UINT64_MAX, path, 65, &leaf, &leaf));
}
