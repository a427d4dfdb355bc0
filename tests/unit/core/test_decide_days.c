/* A basis of one day at the edges of that day, in every year of the rule. */
#include <time.h>

#include "tests/unit/core/builder.h"

TestSuite(decide_days);

/* The last Sunday of a month of 31 days, by counting from a known Sunday. */
static int last_sunday(int year, int month)
{
	struct tm tm = {
		.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = 31};
	time_t at = timegm(&tm);
	long days = (long)(at / DAY);

	return 31 - (int)((days + 4) % 7); /* 1970-01-01 was a Thursday */
}

static int64_t utc(int year, int month, int day, int hour)
{
	struct tm tm = {.tm_year = year - 1900,
		.tm_mon = month - 1,
		.tm_mday = day,
		.tm_hour = hour};

	return (int64_t)timegm(&tm);
}

static enum alm_effect effect_at(
	const struct alm_snapshot *snapshot, int64_t t_s)
{
	struct alm_world world = {snapshot, 7, 1042, ALM_OPT_OUT_AGE_DEFAULT_S};
	struct alm_scratch *scratch = alm_scratch_new(snapshot);
	struct alm_request request = REQUEST();
	struct alm_decision decision;

	alm_decide(&world, NULL, &request, t_s, scratch, &decision);
	alm_scratch_free(scratch);
	return decision.effect;
}

/* A basis of one day permits from its first instant to its last. */
static void expect_day(
	int year, int month, int day, int64_t first_s, int64_t until_s)
{
	char text[64];
	struct alm_period valid;
	struct alm_snapshot *snapshot;
	struct alm_bundle bundle;
	struct alm_bundle_basis bases[1];

	snprintf(text, sizeof(text), "%04d-%02d-%02d to %04d-%02d-%02d", year,
		month, day, year, month, day);
	cr_assert_eq(alm_period_parse(text, &valid), ALM_OK, "%s", text);
	bases[0] = BASIS("A", .valid = valid);
	bundle = bundle_of(bases, 1, NULL, 0);
	snapshot = alm_snapshot_compile(&bundle);
	cr_assert_not_null(snapshot);
	cr_expect_eq(effect_at(snapshot, first_s - 1), ALM_EFFECT_DENY,
		"before %s", text);
	cr_expect_eq(effect_at(snapshot, first_s), ALM_EFFECT_PERMIT,
		"first of %s", text);
	cr_expect_eq(effect_at(snapshot, until_s - 1), ALM_EFFECT_PERMIT,
		"last of %s", text);
	cr_expect_eq(effect_at(snapshot, until_s), ALM_EFFECT_DENY, "after %s",
		text);
	alm_snapshot_free(snapshot);
}

Test(decide_days, a_day_is_a_day_in_london)
{
	for (int year = 2000; year <= 2099; year++) {
		int march = last_sunday(year, 3);
		int october = last_sunday(year, 10);

		keep_reset();
		expect_day(year, 3, march - 1, utc(year, 3, march - 1, 0),
			utc(year, 3, march, 0));
		expect_day(year, 3, march, utc(year, 3, march, 0),
			utc(year, 3, march, 23));
		expect_day(year, 10, october - 1,
			utc(year, 10, october - 2, 23),
			utc(year, 10, october - 1, 23));
		expect_day(year, 10, october, utc(year, 10, october - 1, 23),
			utc(year, 10, october + 1, 0));
		expect_day(
			year, 7, 1, utc(year, 6, 30, 23), utc(year, 7, 1, 23));
		expect_day(year, 12, 31, utc(year, 12, 31, 0),
			utc(year, 12, 31, 24));
	}
}
