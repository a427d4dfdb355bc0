/*
 * test_proof.c - every record of the log can be proved to be in it, at every
 * size the log has had; nothing else can.
 */
#include "broker/store/evidence.h"
#include "lib/hash.h"
#include "tests/unit/store/flip.h"

TestSuite(store_proof, .init = set_up, .fini = tear_down, .timeout = 1800);

static void append_many(size_t count)
{
	begin();
	for (size_t i = 0; i < count; i++) {
		struct alm_audit_record record = plain_record();

		cr_assert_eq(
			alm_store_audit_append(store, &record, ""), ALM_OK);
	}
	commit();
}

static bool verifies(struct alm_hash *hash, uint64_t seq, uint64_t size)
{
	struct alm_audit_proof proof;
	struct alm_audit_head head;

	cr_assert_eq(alm_audit_prove(store, seq, size, &proof), ALM_OK);
	cr_assert_eq(alm_audit_head_at(store, size, &head), ALM_OK);
	cr_assert_eq(head.size, size);
	return alm_merkle_verify_inclusion(hash, seq - 1, size, &proof.leaf,
		proof.path, proof.path_count, &head.root);
}

Test(store_proof, proves_every_record_at_every_small_size)
{
	struct alm_hash *hash = alm_hash_new();

	append_many(40);
	for (uint64_t size = 1; size <= 40; size++) {
		for (uint64_t seq = 1; seq <= size; seq++) {
			cr_assert(verifies(hash, seq, size), "%d in %d",
				(int)seq, (int)size);
		}
	}
	alm_hash_free(hash);
}

Test(store_proof, proves_over_the_edges_of_tiles)
{
	static const uint64_t sizes[] = {
		255, 256, 257, 511, 512, 513, 1000, 65535, 65536, 65537, 66000};
	struct alm_hash *hash = alm_hash_new();

	append_many(66000);
	for (size_t i = 0; i < ALM_COUNT(sizes); i++) {
		const uint64_t seqs[] = {
			1, 2, 128, 255, sizes[i] / 2, sizes[i] - 1, sizes[i]};

		for (size_t k = 0; k < ALM_COUNT(seqs); k++) {
			cr_assert(verifies(hash, seqs[k], sizes[i]), "%d in %d",
				(int)seqs[k], (int)sizes[i]);
		}
	}
	alm_hash_free(hash);
}

Test(store_proof, agrees_with_the_head_of_the_log)
{
	struct alm_audit_head now;
	struct alm_audit_head then;

	append_many(700);
	alm_store_audit_head(store, &now);
	cr_assert_eq(alm_audit_head_at(store, 700, &then), ALM_OK);
	cr_assert_eq(memcmp(&now, &then, sizeof(now)), 0);
}

Test(store_proof, proves_nothing_outside_the_log)
{
	struct alm_audit_proof proof;
	struct alm_audit_head head;

	append_many(3);
	cr_expect_eq(alm_audit_prove(store, 0, 3, &proof), ALM_NOT_FOUND);
	cr_expect_eq(alm_audit_prove(store, 3, 2, &proof), ALM_NOT_FOUND);
	cr_expect_eq(alm_audit_prove(store, 4, 4, &proof), ALM_NOT_FOUND);
	cr_expect_eq(alm_audit_head_at(store, 4, &head), ALM_NOT_FOUND);
}

/* Of 600 leaves 512 are in whole tiles, then there are 64, 16 and 8. */
Test(store_proof, loses_the_proofs_of_one_subtree_to_a_damaged_record)
{
	struct alm_hash *hash = alm_hash_new();
	struct alm_digest path[ALM_TLOG_PATH_MAX];
	struct alm_audit_head before[2];
	size_t count = 0;

	append_many(600);
	for (uint64_t i = 0; i < 2; i++) {
		cr_assert_eq(
			alm_audit_head_at(store, 599 + i, &before[i]), ALM_OK);
	}
	flip_number("rec", 530, 20);
	for (uint64_t size = 599; size <= 600; size++) {
		struct alm_audit_head after;

		cr_assert_eq(alm_audit_head_at(store, size, &after), ALM_OK);
		cr_expect_eq(
			memcmp(&after, &before[size - 599], sizeof(after)), 0);
		for (uint64_t seq = 1; seq <= size; seq++) {
			struct alm_audit_proof proof;

			if (seq <= 512 || seq > 576) {
				cr_assert(verifies(hash, seq, size), "%d in %d",
					(int)seq, (int)size);
			} else {
				cr_assert_eq(alm_audit_prove(
						     store, seq, size, &proof),
					ALM_STORE_CORRUPT);
			}
		}
		cr_expect_eq(
			alm_audit_prove_growth(store, 512, size, path, &count),
			ALM_OK);
	}
	alm_hash_free(hash);
}

/* The tile's second entry is wrong: the root says who was misled by it. */
Test(store_proof, gives_no_proof_that_does_not_lead_to_the_root)
{
	static const uint8_t tile[9] = {1};
	struct alm_hash *hash = alm_hash_new();
	struct alm_audit_proof proof;
	struct alm_audit_head head;

	append_many(600);
	alm_store_audit_head(store, &head);
	flip("tile", tile, sizeof(tile), 40);
	cr_expect_eq(alm_audit_prove(store, 1, 600, &proof), ALM_STORE_CORRUPT);
	cr_assert_eq(alm_audit_prove(store, 300, 600, &proof), ALM_OK);
	cr_expect(alm_merkle_verify_inclusion(hash, 299, 600, &proof.leaf,
		proof.path, proof.path_count, &head.root));
	alm_hash_free(hash);
}
