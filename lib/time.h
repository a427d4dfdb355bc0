/*
 * time.h - instants and days as the decision rule counts them.  Pure: the
 * clock itself belongs to broker/edge and to the programs.
 *
 * An instant is a count of seconds since 1970-01-01T00:00:00Z (leap seconds
 * do not exist).  Days are those of Europe/London, by the rule's own sentence.
 */
#ifndef ALM_LIB_TIME_H
#define ALM_LIB_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"

#define ALM_INSTANT_TEXT_BYTES 21u    /* YYYY-MM-DDTHH:MM:SSZ and a NUL */
#define ALM_INSTANT_US_TEXT_BYTES 28u /* with six decimals */
#define ALM_INSTANT_NEVER INT64_MAX   /* the end of "until further notice" */

/** Exactly YYYY-MM-DDTHH:MM:SSZ, 2000 to 2099.  Errors: VALUE_BAD. */
ALM_MUST_USE enum alm_err alm_instant_parse(const char *text, int64_t *out_s);

/** The same, and with one to six decimals of a second.  Errors: VALUE_BAD. */
ALM_MUST_USE enum alm_err alm_instant_us_parse(
	const char *text, int64_t *out_us);

/** `instant_s` lies in the years 1970 to 9999. */
void alm_instant_text(int64_t instant_s, char out[ALM_INSTANT_TEXT_BYTES]);
void alm_instant_us_text(
	int64_t instant_us, char out[ALM_INSTANT_US_TEXT_BYTES]);
/** With six decimals, or with none where the second is whole. */
void alm_instant_short_text(
	int64_t instant_us, char out[ALM_INSTANT_US_TEXT_BYTES]);

/** A period of days as instants: valid from `from_s`, before `until_s`. */
struct alm_period {
	int64_t from_s;
	int64_t until_s;
};

/** `2025-04-01`, 2000-01-01 to 2099-12-31.  Errors: VALUE_BAD. */
ALM_MUST_USE enum alm_err alm_day_parse(
	const char *text, struct alm_period *out_period);

/**
 * `2025-04-01 to 2027-03-31` or `2025-04-01 until further notice`.
 * Errors: VALUE_BAD, PERIOD_REVERSED.
 */
ALM_MUST_USE enum alm_err alm_period_parse(
	const char *text, struct alm_period *out_period);

/** From `from_s` on and before `until_s`. */
bool alm_period_holds(const struct alm_period *period, int64_t instant_s);

/** The first instant of the month (UTC) that an instant lies in, and of the
 * `months`-th after it; a negative number counts back.  1970 to 9999. */
int64_t alm_month_start_us(int64_t instant_us, int months);

/** `90s 5m 30d 168h` in seconds.  Errors: VALUE_BAD. */
ALM_MUST_USE enum alm_err alm_duration_parse(const char *text, int64_t *out_s);

#endif /* ALM_LIB_TIME_H */
