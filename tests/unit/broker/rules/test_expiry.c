/* test_expiry.c - agreements that end soon, soonest first. */
#include <criterion/criterion.h>
#include <string.h>

#include "broker/rules/expiry.h"

#define DAY INT64_C(86400)

TestSuite(expiry);

static struct alm_bundle_basis basis(const char *id, int64_t until_s)
{
	struct alm_bundle_basis row = {.id = {.text = id}};

	row.valid.until_s = until_s;
	return row;
}

static const int64_t now_s = 1000 * DAY;

static struct alm_expiries *list(void)
{
	struct alm_bundle_basis bases[] = {basis("later", now_s + 61 * DAY),
		basis("b", now_s + 60 * DAY), basis("over", now_s),
		basis("a", now_s + 60 * DAY), basis("first", now_s + 1),
		basis("never", ALM_INSTANT_NEVER),
		basis("suspended", now_s + DAY)};
	const struct alm_bundle bundle = {
		.bases = bases, .basis_count = ALM_COUNT(bases)};

	bases[6].status = ALM_STATUS_SUSPENDED;
	return alm_expiries_new(&bundle);
}

Test(expiry, tells_those_within_sixty_days_in_order)
{
	const struct alm_expiry *first = NULL;
	struct alm_expiries *expiries = list();

	cr_assert_eq(alm_expiries_soon(expiries, now_s, &first), 3);
	cr_expect_str_eq(first[0].id, "first");
	cr_expect_str_eq(first[1].id, "a");
	cr_expect_str_eq(first[2].id, "b");
	alm_expiries_free(expiries);
}

Test(expiry, takes_both_ends_of_the_time_for_what_they_are)
{
	const struct alm_expiry *first = NULL;
	struct alm_expiries *expiries = list();

	/* A day later `first` has ended, and `later` is near. */
	cr_assert_eq(alm_expiries_soon(expiries, now_s + DAY, &first), 3);
	cr_expect_str_eq(first[0].id, "a");
	cr_expect_str_eq(first[2].id, "later");
	/* One second before it is 60 days, and at its very end. */
	cr_expect_eq(alm_expiries_soon(expiries, now_s - 1, &first), 2);
	cr_expect_eq(alm_expiries_soon(expiries, now_s + 61 * DAY, &first), 0);
	alm_expiries_free(expiries);
}

Test(expiry, has_nothing_to_tell_without_a_policy)
{
	const struct alm_expiry *first = NULL;

	cr_expect_eq(alm_expiries_soon(NULL, now_s, &first), 0);
	cr_expect_eq(first, NULL);
}
