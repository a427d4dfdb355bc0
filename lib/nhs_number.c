#include "lib/nhs_number.h"

#include <string.h>

bool alm_nhs_number_is_valid(const char *text)
{
	unsigned sum = 0;
	unsigned check;

	if (strlen(text) != ALM_NHS_NUMBER_BYTES) {
		return false;
	}
	for (unsigned i = 0; i < ALM_NHS_NUMBER_BYTES; i++) {
		if (text[i] < '0' || text[i] > '9') {
			return false;
		}
		if (i < 9) {
			sum += (unsigned)(text[i] - '0') * (10 - i);
		}
	}
	check = 11 - sum % 11;
	if (check == 11) {
		check = 0;
	}
	/* A check value of 10 is never issued, and no digit equals it. */
	return check == (unsigned)(text[9] - '0');
}

void alm_nhs_number_mask(const char *text, char out[ALM_NHS_MASKED_BYTES])
{
	static const char mask[ALM_NHS_MASKED_BYTES] = "*** *** ****";

	memcpy(out, mask, sizeof(mask));
	memcpy(out, text, 3);
	memcpy(out + 10, text + 8, 2);
}
