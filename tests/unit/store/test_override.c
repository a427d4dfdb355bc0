/* test_override.c - the review queue of overrides. */
#include <stdio.h>

#include "tests/support/table.h"
#include "tests/unit/store/fixture.h"

TestSuite(store_override, .init = set_up, .fini = tear_down);

static struct alm_override_row row_of(uint64_t audit_seq)
{
	return (struct alm_override_row){
		.audit_seq = audit_seq,
		.used_at_us = NOW_US,
		.due_at_us = NOW_US + 1000,
		.kind = 1,
		.mail_seq = 7,
		.message_id = {{1, 2, 3}},
		.sender = "RX1",
		.recipient = "C84001",
		.purpose = "emergency-care",
		.basis = "DSA-1",
	};
}

static void put(uint64_t audit_seq)
{
	const struct alm_override_row row = row_of(audit_seq);

	cr_assert_eq(alm_store_override_put(store, &row), ALM_OK);
}

static enum alm_err review(uint64_t audit_seq)
{
	struct alm_override_row row = row_of(audit_seq);

	row.outcome = ALM_OVERRIDE_NOT_JUSTIFIED;
	row.reviewed_at_us = NOW_US + 5;
	row.review_seq = 99;
	return alm_store_override_review(store, &row);
}

Test(store_override, keeps_what_is_to_be_reviewed)
{
	struct alm_override_row row;

	begin();
	put(300);
	put(2);
	commit();
	reopen();
	cr_assert_eq(
		alm_store_override_next(store, false, 0, &arena, &row), ALM_OK);
	cr_expect_eq(row.audit_seq, 2);
	cr_expect_eq(row.used_at_us, NOW_US);
	cr_expect_eq(row.due_at_us, NOW_US + 1000);
	cr_expect_eq(row.kind, 1);
	cr_expect_eq(row.mail_seq, 7);
	cr_expect_eq(row.message_id.raw[2], 3);
	cr_expect_str_eq(row.sender, "RX1");
	cr_expect_str_eq(row.recipient, "C84001");
	cr_expect_str_eq(row.purpose, "emergency-care");
	cr_expect_str_eq(row.basis, "DSA-1");
	cr_expect_eq(row.outcome, ALM_OVERRIDE_OPEN);
	cr_assert_eq(
		alm_store_override_next(store, false, 2, &arena, &row), ALM_OK);
	cr_expect_eq(row.audit_seq, 300);
	cr_expect_eq(alm_store_override_next(store, false, 300, &arena, &row),
		ALM_NOT_FOUND);
	cr_expect_eq(alm_store_override_next(store, true, 0, &arena, &row),
		ALM_NOT_FOUND);
	cr_expect_eq(
		alm_store_override_get(store, 3, &arena, &row), ALM_NOT_FOUND);
	cr_expect_eq(
		alm_store_override_get(store, 0, &arena, &row), ALM_NOT_FOUND);
}

Test(store_override, reviews_each_once)
{
	struct alm_override_row row;

	begin();
	put(4);
	put(5);
	cr_assert_eq(review(4), ALM_OK);
	cr_expect_eq(review(4), ALM_NOT_FOUND);
	commit();
	reopen();
	cr_assert_eq(
		alm_store_override_next(store, false, 0, &arena, &row), ALM_OK);
	cr_expect_eq(row.audit_seq, 5);
	cr_assert_eq(alm_store_override_get(store, 4, &arena, &row), ALM_OK);
	cr_expect_eq(row.outcome, ALM_OVERRIDE_NOT_JUSTIFIED);
	cr_expect_eq(row.reviewed_at_us, NOW_US + 5);
	cr_expect_eq(row.review_seq, 99);
}

/* Break a row in the file; what is left still counts and can be closed. */
Test(store_override, says_of_a_damaged_one_that_it_is)
{
	struct test_table table;
	uint8_t raw[9] = {0};
	char rubbish[] = "rubbish that is long enough for a seal";
	MDB_val key = {sizeof(raw), raw};
	MDB_val value = {sizeof(rubbish), rubbish};
	struct alm_override_row row;

	begin();
	put(4);
	put(5);
	commit();
	alm_store_close(store);
	store = NULL;
	alm_put_u64(raw + 1, 4);
	table = test_table_open(folder, "override", 0);
	test_table_put(&table, key, value);
	test_table_close(&table);
	reopen();
	cr_assert_eq(
		alm_store_override_next(store, false, 0, &arena, &row), ALM_OK);
	cr_expect(row.is_damaged);
	cr_expect_eq(row.audit_seq, 4);
	cr_expect_eq(row.outcome, ALM_OVERRIDE_OPEN);
	cr_expect_eq(row.due_at_us, 0, "it is overdue");
	cr_assert_eq(
		alm_store_override_next(store, false, 4, &arena, &row), ALM_OK);
	cr_expect_not(row.is_damaged);
	begin();
	cr_expect_eq(review(4), ALM_OK);
	commit();
}
