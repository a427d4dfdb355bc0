#include "lib/band.h"

#include <inttypes.h>
#include <stdio.h>

void alm_band_text(uint64_t count, char out[ALM_BAND_TEXT_BYTES])
{
	uint64_t rest = count % ALM_BAND_STEP;

	if (count <= ALM_BAND_HIDDEN_MAX) {
		(void)snprintf(out, ALM_BAND_TEXT_BYTES, "*");
		return;
	}
	count -= rest;
	if (rest > ALM_BAND_STEP / 2 && count <= UINT64_MAX - ALM_BAND_STEP) {
		count += ALM_BAND_STEP;
	}
	(void)snprintf(out, ALM_BAND_TEXT_BYTES, "%" PRIu64, count);
}
