/*
 * test_evidence.c - that the log only grew, and that a range of it is whole,
 * can be proved at every size; heads, keys and witnesses are kept.
 */
#include "broker/store/evidence.h"
#include "lib/hash.h"
#include "tests/unit/store/fixture.h"

static struct alm_hash *hash;

static void open_all(void)
{
	set_up();
	hash = alm_hash_new();
}

static void close_all(void)
{
	alm_hash_free(hash);
	tear_down();
}

TestSuite(store_evidence, .init = open_all, .fini = close_all, .timeout = 1800);

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

static void grows(uint64_t old, uint64_t size)
{
	struct alm_digest path[ALM_TLOG_PATH_MAX];
	struct alm_audit_head first;
	struct alm_audit_head second;
	size_t count = 0;

	cr_assert_eq(
		alm_audit_prove_growth(store, old, size, path, &count), ALM_OK);
	cr_assert_eq(alm_audit_head_at(store, old, &first), ALM_OK);
	cr_assert_eq(alm_audit_head_at(store, size, &second), ALM_OK);
	cr_assert(alm_merkle_verify_consistency(hash, old, size, path, count,
			  &first.root, &second.root),
		"%d to %d", (int)old, (int)size);
	if (old < size) {
		first.root.raw[3] ^= 1;
		cr_assert_not(alm_merkle_verify_consistency(hash, old, size,
			path, count, &first.root, &second.root));
	}
}

static bool is_whole(
	uint64_t first, uint64_t end, uint64_t size, uint64_t left_out)
{
	struct alm_merkle_range range;
	struct alm_frontier frontier = {.size = first};
	struct alm_audit_head head;

	cr_assert_eq(
		alm_audit_prove_range(store, first, end, size, &range), ALM_OK);
	cr_assert_eq(alm_audit_head_at(store, size, &head), ALM_OK);
	memcpy(frontier.roots, range.left, sizeof(frontier.roots));
	for (uint64_t seq = first + 1; seq <= end; seq++) {
		struct alm_bytes header;
		struct alm_digest leaf;

		if (seq == left_out) {
			continue;
		}
		alm_arena_reset(&arena);
		cr_assert_eq(
			alm_audit_leaf(store, seq, &arena, &header), ALM_OK);
		alm_merkle_leaf(hash, header, &leaf);
		alm_frontier_append(hash, &frontier, &leaf);
	}
	return alm_merkle_verify_range(hash, &range, &frontier, &head.root);
}

Test(store_evidence, proves_growth_and_ranges_at_every_small_size)
{
	append_many(33);
	for (uint64_t size = 1; size <= 33; size++) {
		for (uint64_t old = 1; old <= size; old++) {
			grows(old, size);
			cr_assert(is_whole(old - 1, size, size, 0));
			cr_assert(is_whole(0, old, size, 0));
			cr_assert(is_whole(old / 2, old, size, 0));
			cr_assert_not(is_whole(0, old, size, 1));
			cr_assert_not(is_whole(old / 2, old, size, old));
		}
	}
}

Test(store_evidence, proves_growth_and_ranges_over_the_edges_of_tiles)
{
	static const uint64_t sizes[] = {1, 2, 255, 256, 257, 511, 512, 513,
		4095, 65535, 65536, 65537, 66000};

	append_many(66000);
	for (size_t i = 0; i < ALM_COUNT(sizes); i++) {
		for (size_t k = i; k < ALM_COUNT(sizes); k++) {
			uint64_t from = sizes[i] < 300 ? 0 : sizes[i] - 300;

			grows(sizes[i], sizes[k]);
			cr_assert(is_whole(from, sizes[i], sizes[k], 0),
				"%d in %d", (int)sizes[i], (int)sizes[k]);
		}
	}
}

Test(store_evidence, proves_nothing_outside_the_log)
{
	struct alm_digest path[ALM_TLOG_PATH_MAX];
	struct alm_merkle_range range;
	size_t count;

	append_many(3);
	cr_expect_eq(alm_audit_prove_growth(store, 0, 3, path, &count),
		ALM_NOT_FOUND);
	cr_expect_eq(alm_audit_prove_growth(store, 3, 2, path, &count),
		ALM_NOT_FOUND);
	cr_expect_eq(alm_audit_prove_growth(store, 3, 4, path, &count),
		ALM_NOT_FOUND);
	cr_expect_eq(
		alm_audit_prove_range(store, 2, 2, 3, &range), ALM_NOT_FOUND);
	cr_expect_eq(
		alm_audit_prove_range(store, 0, 4, 3, &range), ALM_NOT_FOUND);
	cr_expect_eq(
		alm_audit_prove_range(store, 0, 4, 4, &range), ALM_NOT_FOUND);
}

static void keep_head(uint64_t size, bool is_published)
{
	const struct alm_signed_head head = {.size = size,
		.signed_at_us = (int64_t)size,
		.is_published = is_published,
		.note = {(const uint8_t *)"text\n\n", 6}};

	begin();
	cr_assert_eq(alm_store_head_put(store, &head), ALM_OK);
	commit();
}

static void cosign(uint64_t agent, const char *org, uint64_t size)
{
	static const uint8_t raw[ALM_COSIGNATURE_BYTES] = {1};
	struct alm_witness witness = {.agent = agent,
		.organisation = org,
		.name = org,
		.cosigned_size = size};

	begin();
	cr_assert_eq(
		alm_store_cosignature_put(store, size, &witness, raw), ALM_OK);
	cr_assert_eq(alm_store_witness_put(store, &witness), ALM_OK);
	commit();
}

static bool has_head(uint64_t size)
{
	struct alm_bytes note;

	return alm_store_head_note(store, size, &arena, &note) == ALM_OK;
}

Test(store_evidence, forgets_heads_that_nobody_was_given_for_good)
{
	struct alm_signed_head last;

	cr_assert_eq(alm_store_head_last(store, &arena, &last), ALM_NOT_FOUND);
	keep_head(1, true);
	keep_head(2, false);
	keep_head(3, false);
	cosign(7, "RX1", 3);
	keep_head(4, false);
	cr_expect(has_head(1));
	cr_expect_not(has_head(2));
	cr_expect(has_head(3));
	cr_expect(has_head(4));
	cr_assert_eq(alm_store_head_last(store, &arena, &last), ALM_OK);
	cr_assert_eq(last.size, 4);
}

static int64_t lag_us(struct alm_witness *witness)
{
	int64_t us = -1;

	cr_assert_eq(alm_store_witness_next(store, 6, &arena, witness), ALM_OK);
	cr_assert_eq(
		alm_store_witness_lag(store, witness, INT64_MAX, &us), ALM_OK);
	return us;
}

Test(store_evidence, waits_for_no_witness_that_ended_until_it_cosigns_again)
{
	struct alm_witness witness;

	keep_head(1, true);
	cosign(7, "RX1", 1);
	cosign(8, "RX2", 1);
	keep_head(2, true);
	cr_assert_gt(lag_us(&witness), 0);
	begin();
	cr_assert_eq(alm_store_witness_end(store, &witness), ALM_OK);
	commit();
	cr_expect_eq(lag_us(&witness), 0);
	cr_expect(witness.is_ended);
	cr_assert_eq(
		alm_store_witness_next(store, 7, &arena, &witness), ALM_OK);
	cr_expect_not(witness.is_ended, "the other did not end");
	cosign(7, "RX1", 2);
	keep_head(3, true);
	cr_expect_gt(lag_us(&witness), 0);
	cr_expect_not(witness.is_ended);
}

static const char *grade(uint64_t seq)
{
	static char text[ALM_GRADE_TEXT_BYTES];
	struct alm_evidence_marks marks;

	cr_assert_eq(alm_store_evidence_marks(store, &marks), ALM_OK);
	alm_evidence_grade(&marks, seq, text);
	return text;
}

Test(store_evidence, grades_a_record_by_who_has_seen_a_head_that_covers_it)
{
	append_many(9);
	cr_expect_str_eq(grade(1), "on-disk");
	keep_head(3, true);
	keep_head(6, true);
	keep_head(8, true);
	cosign(1, "RX1", 6);
	cosign(2, "RX1", 3);
	cosign(3, "RX2", 3);
	cr_expect_str_eq(grade(2), "witnessed-by-2");
	cr_expect_str_eq(grade(4), "witnessed-by-1");
	cr_expect_str_eq(grade(7), "signed");
	cr_expect_str_eq(grade(9), "on-disk");
}

Test(store_evidence, prefers_the_head_that_most_witnesses_have_seen)
{
	struct alm_bytes note;
	uint64_t size = 0;

	keep_head(3, true);
	keep_head(6, true);
	keep_head(8, true);
	cosign(1, "RX1", 3);
	cosign(2, "RX2", 3);
	cosign(3, "RX3", 6);
	cr_assert_eq(alm_store_head_covering(store, 2, &arena, &size, &note),
		ALM_OK);
	cr_expect_eq(size, 3);
	cr_assert_eq(alm_store_head_covering(store, 5, &arena, &size, &note),
		ALM_OK);
	cr_expect_eq(size, 6);
	cr_assert_eq(alm_store_head_covering(store, 7, &arena, &size, &note),
		ALM_OK);
	cr_expect_eq(size, 8);
	cr_assert_eq(alm_store_head_covering(store, 9, &arena, &size, &note),
		ALM_NOT_YET_SIGNED);
}

Test(store_evidence, goes_on_under_another_name_that_still_has_the_store_id)
{
	char before[ALM_NOTE_NAME_BYTES];
	char after[ALM_NOTE_NAME_BYTES];

	cr_assert_eq(alm_store_origin(store, before), ALM_OK);
	begin();
	cr_assert_eq(alm_store_origin_renew(store, 123456, 1), ALM_OK);
	commit();
	cr_assert_eq(alm_store_origin(store, after), ALM_OK);
	cr_assert_eq(strncmp(before, after, strlen(before)), 0);
	cr_assert_str_eq(after + strlen(before), "/123456");
}
