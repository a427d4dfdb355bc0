/*
 * test_growth.c - what the tables take, and how long the room lasts, told from
 * a log of months that was made with its times.
 */
#include "broker/store/audit.h"
#include "broker/store/growth.h"
#include "tests/unit/store/fixture.h"

TestSuite(store_growth, .init = set_up, .fini = tear_down, .timeout = 1800);

#define DAY_US (INT64_C(86400) * 1000000)

static void record_day(int64_t at_us, unsigned records)
{
	struct alm_audit_record record = {.kind = ALM_AUDIT_ADMIN,
		.sender = "RX1",
		.recipient = "RHA",
		.purpose = "",
		.categories = "",
		.basis = "",
		.standard = ""};
	uint8_t seed[32] = {0};

	turn_number++;
	memcpy(seed, &turn_number, sizeof(turn_number));
	cr_assert_eq(alm_store_begin(store, at_us, seed), ALM_OK);
	for (unsigned i = 0; i < records; i++) {
		cr_assert_eq(alm_store_audit_append(
				     store, &record, "what: of one day\n"),
			ALM_OK);
	}
	cr_assert_eq(alm_store_commit(store), ALM_OK);
}

static void record_days(unsigned from, unsigned to, unsigned records)
{
	for (unsigned day = from; day < to; day++) {
		record_day(NOW_US + day * DAY_US, records);
	}
}

Test(store_growth, is_not_known_on_the_first_day)
{
	struct alm_store_growth growth;

	cr_expect_eq(alm_store_growth(store, NOW_US, &growth), ALM_NOT_FOUND);
	record_day(NOW_US, 10);
	cr_expect_eq(alm_store_growth(store, NOW_US + DAY_US / 2, &growth),
		ALM_NOT_FOUND);
	cr_expect_eq(
		alm_store_growth(store, NOW_US + 2 * DAY_US, &growth), ALM_OK);
}

/* What was said is what comes: the store grows on and is measured again. */
Test(store_growth, lasts_as_long_as_it_says)
{
	struct alm_store_growth before;
	struct alm_store_growth after;
	double spent;

	record_days(0, 60, 500);
	cr_assert_eq(
		alm_store_growth(store, NOW_US + 60 * DAY_US, &before), ALM_OK);
	record_days(60, 90, 500);
	cr_assert_eq(
		alm_store_growth(store, NOW_US + 90 * DAY_US, &after), ALM_OK);
	spent = (double)(before.room_bytes - after.room_bytes);
	cr_expect_float_eq(spent / ((double)before.bytes_a_day * 30), 1, 0.1,
		"%f bytes, not %f", spent, (double)before.bytes_a_day * 30);
	cr_expect_float_eq(
		(double)(before.lasts_s - after.lasts_s) / (30 * 86400), 1,
		0.1);
}

Test(store_growth, looks_back_for_a_month)
{
	struct alm_store_growth busy;
	struct alm_store_growth quiet;

	record_days(0, 40, 500);
	cr_assert_eq(
		alm_store_growth(store, NOW_US + 40 * DAY_US, &busy), ALM_OK);
	record_days(40, 80, 5);
	cr_assert_eq(
		alm_store_growth(store, NOW_US + 80 * DAY_US, &quiet), ALM_OK);
	cr_expect_lt(quiet.bytes_a_day, busy.bytes_a_day / 50);
	cr_expect_gt(quiet.lasts_s, busy.lasts_s * 50);
}

Test(store_growth, is_endless_while_nothing_is_recorded)
{
	struct alm_store_growth growth;

	record_day(NOW_US, 10);
	cr_assert_eq(alm_store_growth(store, NOW_US + 365 * DAY_US, &growth),
		ALM_OK);
	cr_expect_eq(growth.bytes_a_day, 0);
	cr_expect_eq(growth.lasts_s, INT64_C(36525) * 86400);
}

Test(store_growth, tables_have_their_rows_and_pages)
{
	struct alm_table_size sizes[ALM_TABLE_SIZES_MAX];
	size_t count = 0;
	bool is_seen = false;

	record_day(NOW_US, 1000);
	cr_assert_eq(alm_store_table_sizes(store, sizes, &count), ALM_OK);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(sizes[i].name, "rec") == 0) {
			is_seen = true;
			cr_expect_eq(sizes[i].rows, 1000);
			cr_expect_gt(sizes[i].bytes, 1000u * 172);
		}
	}
	cr_expect(is_seen);
}
