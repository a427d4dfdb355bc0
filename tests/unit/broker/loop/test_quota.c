/*
 * Goal: an organisation gets what its quota allows and no more: what a turn
 * has taken counts before it is carried out, and a debt is paid in full.
 * Method: the time is given; rows of small numbers.
 */
#include <criterion/criterion.h>

#include "broker/loop/quota.h"

#define START_MS 5000

Test(quota, begins_with_what_a_second_allows)
{
	struct alm_quota quota = {.taken = 0};

	alm_quota_begin(&quota, 100, START_MS);
	cr_expect_eq(alm_quota_left(&quota), 100);
	alm_quota_begin(&quota, 100, START_MS + 60000);
	cr_expect_eq(alm_quota_left(&quota), 100, "no more ever gathers");
}

Test(quota, what_a_turn_has_taken_counts_at_once)
{
	struct alm_quota quota = {.taken = 0};

	alm_quota_begin(&quota, 100, START_MS);
	alm_quota_take(&quota, 99);
	cr_expect_eq(alm_quota_left(&quota), 1);
	alm_quota_take(&quota, 1);
	cr_expect_eq(alm_quota_left(&quota), 0);
	cr_expect(!alm_quota_is_spent(&quota), "nothing was carried out");
}

Test(quota, what_was_taken_and_cost_nothing_is_there_again)
{
	struct alm_quota quota = {.taken = 0};

	alm_quota_begin(&quota, 100, START_MS);
	alm_quota_take(&quota, 100);
	alm_quota_spend(&quota, 30);
	alm_quota_begin(&quota, 100, START_MS);
	cr_expect_eq(alm_quota_left(&quota), 70);
}

Test(quota, a_debt_is_paid_before_anything_is_taken)
{
	struct alm_quota quota = {.taken = 0};

	alm_quota_begin(&quota, 100, START_MS);
	alm_quota_spend(&quota, 600);
	for (int64_t ms = 1; ms <= 5000; ms++) {
		alm_quota_begin(&quota, 100, START_MS + ms);
		cr_assert_leq(alm_quota_left(&quota), 0, "after %lld ms",
			(long long)ms);
	}
	alm_quota_begin(&quota, 100, START_MS + 5010);
	cr_expect_eq(alm_quota_left(&quota), 1);
	alm_quota_begin(&quota, 100, START_MS + 7000);
	cr_expect_eq(alm_quota_left(&quota), 100);
}

/* Turns are often; what one of them brings is less than one message. */
Test(quota, fills_however_often_it_is_looked_at)
{
	struct alm_quota quota = {.taken = 0};

	alm_quota_begin(&quota, 1, START_MS);
	alm_quota_spend(&quota, 1);
	for (int64_t ms = 1; ms < 1000; ms++) {
		alm_quota_begin(&quota, 1, START_MS + ms);
		cr_assert(alm_quota_is_spent(&quota));
	}
	alm_quota_begin(&quota, 1, START_MS + 1000);
	cr_expect_eq(alm_quota_left(&quota), 1);
}

Test(quota, bears_the_largest_rate_and_a_long_time)
{
	struct alm_quota quota = {.taken = 0};
	uint64_t rate = UINT64_C(1) << 40;

	alm_quota_begin(&quota, rate, START_MS);
	alm_quota_spend(&quota, (int64_t)rate + 1);
	alm_quota_begin(&quota, rate, INT64_C(1) << 52);
	cr_expect_eq(alm_quota_left(&quota), (int64_t)rate);
}
