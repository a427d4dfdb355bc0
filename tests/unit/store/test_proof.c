/*
 * test_proof.c - every record of the log can be proved to be in it, at every
 * size the log has had; nothing else can.
 */
#include "tests/unit/store/fixture.h"

#include "lib/hash.h"

TestSuite(store_proof, .init = set_up, .fini = tear_down, .timeout = 60);

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
