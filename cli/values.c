#include "cli/values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base.h"
#include "lib/size.h"
#include "lib/time.h"

static bool parse_number(const char *text, int64_t *out)
{
	char *end = NULL;
	long long value;

	if (*text < '0' || *text > '9') {
		return false;
	}
	errno = 0;
	value = strtoll(text, &end, 10);
	*out = value;
	return errno == 0 && *end == '\0';
}

static bool parse_size(const char *text, int64_t *out)
{
	uint64_t bytes;

	if (alm_size_parse(text, &bytes) != ALM_OK || bytes > INT64_MAX) {
		return false;
	}
	*out = (int64_t)bytes;
	return true;
}

/* A time, a day, or how long ago.  The rule counts whole seconds: decimals are
 * left out. */
static bool parse_instant(const char *text, int64_t *out)
{
	int64_t instant_us = 0;
	int64_t now_s = (int64_t)time(NULL);
	struct alm_period day;
	int64_t long_s;

	if (alm_instant_us_parse(text, &instant_us) == ALM_OK) {
		*out = instant_us / 1000000;
		return true;
	}
	if (alm_duration_parse(text, &long_s) == ALM_OK) {
		*out = long_s < now_s ? now_s - long_s : 0;
		return true;
	}
	if (alm_day_parse(text, &day) != ALM_OK) {
		return false;
	}
	*out = day.from_s;
	return true;
}

static bool parse_moment(const char *text, int64_t *out_us)
{
	int64_t instant_s = 0;

	if (alm_instant_us_parse(text, out_us) == ALM_OK) {
		return true;
	}
	if (!parse_instant(text, &instant_s)) {
		return false;
	}
	*out_us = instant_s * 1000000;
	return true;
}

bool alm_option_parse(enum alm_option_type type, const char *text, int64_t *out)
{
	switch (type) {
	case ALM_OPTION_FLAG:
	case ALM_OPTION_TEXT:
		return true;
	case ALM_OPTION_NUMBER:
		return parse_number(text, out);
	case ALM_OPTION_SIZE:
		return parse_size(text, out);
	case ALM_OPTION_DURATION:
		return alm_duration_parse(text, out) == ALM_OK;
	case ALM_OPTION_INSTANT:
		return parse_instant(text, out);
	case ALM_OPTION_MOMENT:
		return parse_moment(text, out);
	}
	return false;
}

const char *alm_option_form(enum alm_option_type type)
{
	switch (type) {
	case ALM_OPTION_FLAG:
	case ALM_OPTION_TEXT:
		return "a text";
	case ALM_OPTION_NUMBER:
		return "a whole number";
	case ALM_OPTION_SIZE:
		return "a size such as 64KiB";
	case ALM_OPTION_DURATION:
		return "a duration such as 90s, 5m or 30d";
	case ALM_OPTION_INSTANT:
	case ALM_OPTION_MOMENT:
		return "a time such as 2026-07-30T09:00:00Z or "
		       "2026-07-30T09:00:00.000001Z, a day such as "
		       "2026-07-30, or how long ago such as 90m or 30d";
	}
	return "a text";
}
