#include "cli/show/amount.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/base.h"

void alm_span_text(int64_t us, char out[ALM_AMOUNT_BYTES])
{
	if (us < 0) {
		us = 0;
	}
	if (us < 10000) {
		(void)snprintf(out, ALM_AMOUNT_BYTES, "%" PRId64 " us", us);
	} else if (us < 10000000) {
		(void)snprintf(
			out, ALM_AMOUNT_BYTES, "%" PRId64 " ms", us / 1000);
	} else if (us < 600000000) {
		(void)snprintf(
			out, ALM_AMOUNT_BYTES, "%" PRId64 " s", us / 1000000);
	} else if (us < INT64_C(172800000000)) {
		(void)snprintf(out, ALM_AMOUNT_BYTES, "%" PRId64 " min",
			us / 60000000);
	} else {
		(void)snprintf(out, ALM_AMOUNT_BYTES, "%" PRId64 " d",
			us / INT64_C(86400000000));
	}
}

void alm_size_text(uint64_t bytes, char out[ALM_AMOUNT_BYTES])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024 && unit + 1 < ALM_COUNT(units)) {
		value /= 1024;
		unit++;
	}
	(void)snprintf(out, ALM_AMOUNT_BYTES, "%.*f %s",
		unit > 0 && value < 10 ? 1 : 0, value, units[unit]);
}
