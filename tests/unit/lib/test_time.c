#include <criterion/criterion.h>
#include <string.h>

#include "lib/base.h"
#include "lib/time.h"

TestSuite(time);

static int64_t instant(const char *text)
{
	int64_t s = -1;

	cr_assert_eq(alm_instant_parse(text, &s), ALM_OK, "%s", text);
	return s;
}

Test(time, reads_and_writes_instants)
{
	static const struct {
		const char *text;
		int64_t s;
	} rows[] = {
		{"2000-01-01T00:00:00Z", 946684800},
		{"2000-02-29T12:00:00Z", 951825600},
		{"2026-03-01T09:00:00Z", 1772355600},
		{"2038-01-19T03:14:08Z", INT64_C(2147483648)},
		{"2099-12-31T23:59:59Z", INT64_C(4102444799)},
	};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		char text[ALM_INSTANT_TEXT_BYTES];

		cr_expect_eq(
			instant(rows[i].text), rows[i].s, "%s", rows[i].text);
		alm_instant_text(rows[i].s, text);
		cr_expect_str_eq(text, rows[i].text);
	}
}

Test(time, gives_back_every_day_it_writes)
{
	for (int64_t s = 946684800; s < INT64_C(4102444800); s += 86399) {
		char text[ALM_INSTANT_TEXT_BYTES];

		alm_instant_text(s, text);
		cr_assert_eq(instant(text), s, "%s", text);
	}
}

Test(time, refuses_what_is_not_an_instant)
{
	static const char *const rows[] = {"", "2026-03-01",
		"2026-03-01T09:00:00", "2026-03-01T09:00:00z",
		"2026-03-01 09:00:00Z", "2026-03-01T09:00:00+",
		"2026-03-01T24:00:00Z", "2026-03-01T09:60:00Z",
		"2026-03-01T09:00:60Z", "2026-02-29T09:00:00Z",
		"2100-02-29T09:00:00Z", "2026-00-01T09:00:00Z",
		"2026-13-01T09:00:00Z", "2026-04-31T09:00:00Z",
		"1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z",
		"2026-03-01T09:00:00.0Z", "2026-03-01T9:00:00Z ",
		"-026-03-01T09:00:00Z", "2026-03-01T+9:00:00Z"};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		int64_t s = 7;

		cr_expect_eq(alm_instant_parse(rows[i], &s), ALM_VALUE_BAD,
			"'%s'", rows[i]);
		cr_expect_eq(s, 7);
	}
}

Test(time, writes_microseconds)
{
	char text[ALM_INSTANT_US_TEXT_BYTES];

	alm_instant_us_text(INT64_C(1772355600000042), text);
	cr_expect_str_eq(text, "2026-03-01T09:00:00.000042Z");
}

Test(time, reads_microseconds_as_it_writes_them)
{
	static const struct {
		const char *text;
		int64_t us;
	} rows[] = {{"2026-03-01T09:00:00Z", INT64_C(1772355600000000)},
		{"2026-03-01T09:00:00.5Z", INT64_C(1772355600500000)},
		{"2026-03-01T09:00:00.000042Z", INT64_C(1772355600000042)},
		{"2026-03-01T09:00:00.999999Z", INT64_C(1772355600999999)}};
	static const char *const bad[] = {"", "2026-03-01",
		"2026-03-01T09:00:00", "2026-03-01T09:00:00.Z",
		"2026-03-01T09:00:00.000042", "2026-03-01T09:00:00.0000420Z",
		"2026-03-01T09:00:00,5Z", "2026-03-01T09:00:00.5z",
		"2026-03-01T09:00:00.-1Z", "2026-03-01T09:00:60.5Z",
		"2026-03-01T09:00:00ZZ", "2026-03-01T09:00:00.5+01:00"};
	char text[ALM_INSTANT_US_TEXT_BYTES];
	int64_t us = 7;

	for (size_t i = 0; i < ALM_COUNT(bad); i++) {
		cr_expect_eq(alm_instant_us_parse(bad[i], &us), ALM_VALUE_BAD,
			"'%s'", bad[i]);
		cr_expect_eq(us, 7);
	}
	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		cr_assert_eq(alm_instant_us_parse(rows[i].text, &us), ALM_OK);
		cr_expect_eq(us, rows[i].us, "%s", rows[i].text);
	}
	alm_instant_short_text(rows[0].us, text);
	cr_expect_str_eq(text, rows[0].text);
	alm_instant_short_text(rows[2].us, text);
	cr_expect_str_eq(text, rows[2].text);
}

Test(time, counts_days_in_london)
{
	static const struct {
		const char *day;
		const char *from;
		const char *until;
	} rows[] = {
		/* winter, summer */
		{"2026-01-15", "2026-01-15T00:00:00Z", "2026-01-16T00:00:00Z"},
		{"2026-07-15", "2026-07-14T23:00:00Z", "2026-07-15T23:00:00Z"},
		/* the clocks go forward: 23 hours */
		{"2026-03-28", "2026-03-28T00:00:00Z", "2026-03-29T00:00:00Z"},
		{"2026-03-29", "2026-03-29T00:00:00Z", "2026-03-29T23:00:00Z"},
		{"2026-03-30", "2026-03-29T23:00:00Z", "2026-03-30T23:00:00Z"},
		/* and back: 25 hours */
		{"2026-10-24", "2026-10-23T23:00:00Z", "2026-10-24T23:00:00Z"},
		{"2026-10-25", "2026-10-24T23:00:00Z", "2026-10-26T00:00:00Z"},
		{"2026-10-26", "2026-10-26T00:00:00Z", "2026-10-27T00:00:00Z"},
		/* a last Sunday that is the 31st, and one that is the 25th */
		{"2024-03-31", "2024-03-31T00:00:00Z", "2024-03-31T23:00:00Z"},
		{"2029-03-25", "2029-03-25T00:00:00Z", "2029-03-25T23:00:00Z"},
		{"2027-10-31", "2027-10-30T23:00:00Z", "2027-11-01T00:00:00Z"},
		{"2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"},
		{"2000-01-01", "2000-01-01T00:00:00Z", "2000-01-02T00:00:00Z"},
	};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		struct alm_period p;

		cr_assert_eq(alm_day_parse(rows[i].day, &p), ALM_OK);
		cr_expect_eq(
			p.from_s, instant(rows[i].from), "%s", rows[i].day);
		cr_expect_eq(
			p.until_s, instant(rows[i].until), "%s", rows[i].day);
	}
}

Test(time, days_follow_each_other_without_gaps)
{
	struct alm_period before;
	int years = 0;

	cr_assert_eq(alm_day_parse("2000-01-01", &before), ALM_OK);
	for (int64_t s = instant("2000-01-02T12:00:00Z");
		s < INT64_C(4102444800); s += 86400) {
		char text[ALM_INSTANT_TEXT_BYTES];
		struct alm_period p;
		int64_t hours;

		alm_instant_text(s, text);
		text[10] = '\0';
		cr_assert_eq(alm_day_parse(text, &p), ALM_OK);
		cr_assert_eq(p.from_s, before.until_s, "%s", text);
		hours = (p.until_s - p.from_s) / 3600;
		cr_assert(hours >= 23 && hours <= 25);
		years += hours == 23;
		before = p;
	}
	cr_expect_eq(years, 100, "the clocks go forward once a year");
}

Test(time, reads_periods)
{
	struct alm_period p;

	cr_assert_eq(alm_period_parse("2025-04-01 to 2027-03-31", &p), ALM_OK);
	cr_expect_eq(p.from_s, instant("2025-03-31T23:00:00Z"));
	cr_expect_eq(p.until_s, instant("2027-03-31T23:00:00Z"));
	cr_expect_not(alm_period_holds(&p, p.from_s - 1));
	cr_expect(alm_period_holds(&p, p.from_s));
	cr_expect(alm_period_holds(&p, p.until_s - 1));
	cr_expect_not(alm_period_holds(&p, p.until_s));
	cr_assert_eq(alm_period_parse("2025-04-01 to 2025-04-01", &p), ALM_OK);
	cr_expect_eq(p.until_s - p.from_s, 86400);
	cr_assert_eq(alm_period_parse("2025-04-01 until further notice", &p),
		ALM_OK);
	cr_expect_eq(p.until_s, ALM_INSTANT_NEVER);
	cr_expect(alm_period_holds(&p, INT64_C(4102444799)));
}

Test(time, refuses_what_is_not_a_period)
{
	static const char *const rows[] = {"", "2025-04-01", "2025-04-01 to ",
		"2025-04-01 to 2025-13-01", "2025-04-01  to 2025-04-02",
		"2025-04-01 until 2025-04-02",
		"2025-04-01 until further notice ", "2025-04-01 to 2100-01-01",
		"1999-12-31 to 2025-04-01", "2025-04-01 To 2025-04-02"};
	struct alm_period p;

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		cr_expect_eq(alm_period_parse(rows[i], &p), ALM_VALUE_BAD,
			"'%s'", rows[i]);
	}
	cr_expect_eq(alm_period_parse("2025-04-02 to 2025-04-01", &p),
		ALM_PERIOD_REVERSED);
	cr_expect_eq(alm_day_parse("2026-02-29", &p), ALM_VALUE_BAD);
	cr_expect_eq(alm_day_parse("2026-2-1", &p), ALM_VALUE_BAD);
}

Test(time, reads_durations)
{
	int64_t s = 0;

	cr_assert_eq(alm_duration_parse("90s", &s), ALM_OK);
	cr_expect_eq(s, 90);
	cr_assert_eq(alm_duration_parse("5m", &s), ALM_OK);
	cr_expect_eq(s, 300);
	cr_assert_eq(alm_duration_parse("168h", &s), ALM_OK);
	cr_expect_eq(s, 604800);
	cr_assert_eq(alm_duration_parse("30d", &s), ALM_OK);
	cr_expect_eq(s, 2592000);
	cr_expect_eq(alm_duration_parse("", &s), ALM_VALUE_BAD);
	cr_expect_eq(alm_duration_parse("s", &s), ALM_VALUE_BAD);
	cr_expect_eq(alm_duration_parse("5", &s), ALM_VALUE_BAD);
	cr_expect_eq(alm_duration_parse("-5s", &s), ALM_VALUE_BAD);
	cr_expect_eq(alm_duration_parse("5 s", &s), ALM_VALUE_BAD);
	cr_expect_eq(alm_duration_parse("5w", &s), ALM_VALUE_BAD);
	cr_expect_eq(alm_duration_parse("1234567890s", &s), ALM_VALUE_BAD);
}

Test(time, finds_the_month_of_an_instant)
{
	static const struct {
		const char *instant;
		int months;
		const char *start;
	} rows[] = {
		{"2026-07-30T09:00:00Z", 0, "2026-07-01T00:00:00Z"},
		{"2026-07-01T00:00:00Z", 0, "2026-07-01T00:00:00Z"},
		{"2026-07-31T23:59:59Z", 1, "2026-08-01T00:00:00Z"},
		{"2026-12-31T23:59:59Z", 1, "2027-01-01T00:00:00Z"},
		{"2028-02-29T12:00:00Z", -1, "2028-01-01T00:00:00Z"},
		{"2028-01-05T12:00:00Z", -13, "2026-12-01T00:00:00Z"},
	};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		char text[ALM_INSTANT_TEXT_BYTES];
		int64_t at_s = 0;

		cr_assert_eq(alm_instant_parse(rows[i].instant, &at_s), ALM_OK);
		alm_instant_text(alm_month_start_us(at_s * 1000000 + 999999,
					 rows[i].months) /
					 1000000,
			text);
		cr_expect_str_eq(text, rows[i].start);
	}
	cr_expect_eq(alm_month_start_us(0, -5), 0);
}
