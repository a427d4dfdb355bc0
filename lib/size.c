#include "lib/size.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base.h"

#define PLAIN 4u /* of units: without one */

static const struct {
	const char *unit;
	uint64_t bytes;
} units[] = {{"TiB", UINT64_C(1) << 40}, {"GiB", UINT64_C(1) << 30},
	{"MiB", UINT64_C(1) << 20}, {"KiB", UINT64_C(1) << 10}, {"", 1},
	{"B", 1}};

enum alm_err alm_size_parse(const char *text, uint64_t *out_bytes)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t value = 0;

	for (size_t i = 0; i < digits; i++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(
				value, (uint64_t)(text[i] - '0'), &value)) {
			return ALM_VALUE_BAD;
		}
	}
	for (size_t i = 0; digits > 0 && i < ALM_COUNT(units); i++) {
		if (strcmp(text + digits, units[i].unit) == 0) {
			if (__builtin_mul_overflow(
				    value, units[i].bytes, &value)) {
				return ALM_VALUE_BAD;
			}
			*out_bytes = value;
			return ALM_OK;
		}
	}
	return ALM_VALUE_BAD;
}

void alm_size_write(uint64_t bytes, char out[ALM_SIZE_TEXT_BYTES])
{
	size_t i = bytes > 0 ? 0 : PLAIN;

	while (bytes % units[i].bytes != 0) {
		i++; /* as far as PLAIN */
	}
	(void)snprintf(out, ALM_SIZE_TEXT_BYTES, "%" PRIu64 "%s",
		bytes / units[i].bytes, units[i].unit);
}
