/*
 * Civil days are counted from 1970-01-01 in the proleptic Gregorian calendar;
 * the conversion shifts the year to begin in March, so that the leap day is
 * its last.
 */
#include "lib/time.h"

#include <stdio.h>
#include <string.h>

#define DAY_S INT64_C(86400)
#define HOUR_S INT64_C(3600)

struct civil {
	int64_t year;
	int64_t month; /* 1..12 */
	int64_t day;   /* 1..31 */
};

static int64_t days_from_civil(struct civil c)
{
	int64_t year = c.month <= 2 ? c.year - 1 : c.year;
	int64_t month = (c.month + 9) % 12; /* March is 0 */

	return year * 365 + year / 4 - year / 100 + year / 400 +
	       (month * 306 + 5) / 10 + c.day - 1 - 719468;
}

static struct civil civil_from_days(int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = z / 146097;
	int64_t of_era = z % 146097;
	int64_t year =
		(of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) /
		365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;

	return (struct civil){
		.year = year + era * 400 + (month >= 10 ? 1 : 0),
		.month = month < 10 ? month + 3 : month - 9,
		.day = of_year - (153 * month + 2) / 5 + 1,
	};
}

static int64_t days_in_month(int64_t year, int64_t month)
{
	static const int8_t days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

int64_t alm_month_start_us(int64_t instant_us, int months)
{
	struct civil c = civil_from_days(instant_us / (DAY_S * 1000000));
	int64_t month = c.year * 12 + (c.month - 1) + months;
	struct civil first = {month / 12, month % 12 + 1, 1};
	int64_t days = days_from_civil(first);

	return days < 0 ? 0 : days * DAY_S * 1000000;
}

/* `count` digits at `text`; -1 if one is not a digit. */
static int64_t digits(const char *text, unsigned count)
{
	int64_t value = 0;

	for (unsigned i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9') {
			return -1;
		}
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

/* YYYY-MM-DD at the start of `text`, which holds at least 10 characters. */
static bool civil_parse(const char *text, struct civil *out)
{
	struct civil c = {
		digits(text, 4), digits(text + 5, 2), digits(text + 8, 2)};

	if (text[4] != '-' || text[7] != '-' || c.year < 2000 ||
		c.year > 2099 || c.month < 1 || c.month > 12 || c.day < 1 ||
		c.day > days_in_month(c.year, c.month)) {
		return false;
	}
	*out = c;
	return true;
}

enum alm_err alm_instant_parse(const char *text, int64_t *out_s)
{
	struct civil c;
	int64_t hour;
	int64_t minute;
	int64_t second;

	if (strlen(text) != ALM_INSTANT_TEXT_BYTES - 1 ||
		!civil_parse(text, &c)) {
		return ALM_VALUE_BAD;
	}
	hour = digits(text + 11, 2);
	minute = digits(text + 14, 2);
	second = digits(text + 17, 2);
	if (text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
		text[19] != 'Z' || hour < 0 || hour > 23 || minute < 0 ||
		minute > 59 || second < 0 || second > 59) {
		return ALM_VALUE_BAD;
	}
	*out_s = days_from_civil(c) * DAY_S + hour * HOUR_S + minute * 60 +
		 second;
	return ALM_OK;
}

enum alm_err alm_instant_us_parse(const char *text, int64_t *out_us)
{
	char whole[ALM_INSTANT_TEXT_BYTES];
	int64_t fraction_us = 0;
	int64_t unit_us = 1000000;
	int64_t instant_s = 0;
	const char *at = text + ALM_INSTANT_TEXT_BYTES - 2;
	enum alm_err err;

	if (strlen(text) < ALM_INSTANT_TEXT_BYTES - 1) {
		return ALM_VALUE_BAD;
	}
	memcpy(whole, text, sizeof(whole) - 2);
	memcpy(whole + sizeof(whole) - 2, "Z", 2);
	if (*at == '.') {
		while (*++at >= '0' && *at <= '9' && unit_us > 1) {
			unit_us /= 10;
			fraction_us += (*at - '0') * unit_us;
		}
		if (unit_us == 1000000) {
			return ALM_VALUE_BAD;
		}
	}
	if (strcmp(at, "Z") != 0) {
		return ALM_VALUE_BAD;
	}
	err = alm_instant_parse(whole, &instant_s);
	if (err == ALM_OK) {
		*out_us = instant_s * 1000000 + fraction_us;
	}
	return err;
}

void alm_instant_text(int64_t instant_s, char out[ALM_INSTANT_TEXT_BYTES])
{
	struct civil c = civil_from_days(instant_s / DAY_S);
	int64_t rest = instant_s % DAY_S;
	char text[64];

	(void)snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ",
		(int)c.year, (int)c.month, (int)c.day, (int)(rest / HOUR_S),
		(int)(rest / 60 % 60), (int)(rest % 60));
	memcpy(out, text, ALM_INSTANT_TEXT_BYTES - 1);
	out[ALM_INSTANT_TEXT_BYTES - 1] = '\0';
}

void alm_instant_us_text(
	int64_t instant_us, char out[ALM_INSTANT_US_TEXT_BYTES])
{
	char text[64];

	alm_instant_text(instant_us / 1000000, out);
	(void)snprintf(
		text, sizeof(text), ".%06dZ", (int)(instant_us % 1000000));
	memcpy(out + 19, text, 9);
}

void alm_instant_short_text(
	int64_t instant_us, char out[ALM_INSTANT_US_TEXT_BYTES])
{
	if (instant_us % 1000000 != 0) {
		alm_instant_us_text(instant_us, out);
	} else {
		alm_instant_text(instant_us / 1000000, out);
	}
}

/* The last Sunday of a month of 31 days, as a day count. */
static int64_t last_sunday(int64_t year, int64_t month)
{
	int64_t last = days_from_civil((struct civil){year, month, 31});
	int64_t weekday = (last + 4) % 7; /* 1970-01-01 was a Thursday */

	return last - weekday;
}

/* 00:00 of a day in Europe/London. */
static int64_t london_midnight(int64_t days)
{
	int64_t year = civil_from_days(days).year;
	int64_t utc = days * DAY_S;
	int64_t summer = last_sunday(year, 3) * DAY_S + HOUR_S;
	int64_t winter = last_sunday(year, 10) * DAY_S + HOUR_S;

	/* Midnight in summer time is an hour earlier in UTC; the day on which
	 * the clocks change begins under the old time. */
	return utc > summer && utc - HOUR_S < winter ? utc - HOUR_S : utc;
}

enum alm_err alm_day_parse(const char *text, struct alm_period *out_period)
{
	struct civil c;
	int64_t days;

	if (strlen(text) != 10 || !civil_parse(text, &c)) {
		return ALM_VALUE_BAD;
	}
	days = days_from_civil(c);
	out_period->from_s = london_midnight(days);
	out_period->until_s = london_midnight(days + 1);
	return ALM_OK;
}

enum alm_err alm_period_parse(const char *text, struct alm_period *out_period)
{
	char first[11] = {0};
	struct alm_period from;
	struct alm_period to;

	if (strlen(text) < 15) {
		return ALM_VALUE_BAD;
	}
	memcpy(first, text, 10);
	if (alm_day_parse(first, &from) != ALM_OK) {
		return ALM_VALUE_BAD;
	}
	if (strcmp(text + 10, " until further notice") == 0) {
		out_period->from_s = from.from_s;
		out_period->until_s = ALM_INSTANT_NEVER;
		return ALM_OK;
	}
	if (strncmp(text + 10, " to ", 4) != 0 ||
		alm_day_parse(text + 14, &to) != ALM_OK) {
		return ALM_VALUE_BAD;
	}
	if (to.from_s < from.from_s) {
		return ALM_PERIOD_REVERSED;
	}
	out_period->from_s = from.from_s;
	out_period->until_s = to.until_s;
	return ALM_OK;
}

bool alm_period_holds(const struct alm_period *period, int64_t instant_s)
{
	return instant_s >= period->from_s && instant_s < period->until_s;
}

enum alm_err alm_duration_parse(const char *text, int64_t *out_s)
{
	size_t bytes = strlen(text);
	int64_t value;
	int64_t unit;

	if (bytes < 2 || bytes > 10) {
		return ALM_VALUE_BAD;
	}
	value = digits(text, (unsigned)(bytes - 1));
	switch (text[bytes - 1]) {
	case 's':
		unit = 1;
		break;
	case 'm':
		unit = 60;
		break;
	case 'h':
		unit = HOUR_S;
		break;
	case 'd':
		unit = DAY_S;
		break;
	default:
		return ALM_VALUE_BAD;
	}
	if (value < 0) {
		return ALM_VALUE_BAD;
	}
	*out_s = value * unit;
	return ALM_OK;
}
