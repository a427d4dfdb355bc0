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

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* How many bytes a number takes that begins here; 0: there is none. */
static size_t number_at(const char *text, size_t bytes)
{
	char digits[ALM_NHS_NUMBER_BYTES + 1];
	size_t count = 0;
	size_t at = 0;

	while (at < bytes && count < ALM_NHS_NUMBER_BYTES) {
		bool is_gap = (text[at] == ' ' || text[at] == '-') &&
			      (count == 3 || count == 6) &&
			      is_word(text[at - 1]);

		if (!is_gap) {
			digits[count++] = text[at];
		}
		at++;
	}
	digits[count] = '\0';
	return alm_nhs_number_is_valid(digits) &&
			       (at == bytes || !is_word(text[at]))
		       ? at
		       : 0;
}

void alm_nhs_numbers_mask(char *text, size_t bytes)
{
	size_t at = 0;

	while (at < bytes) {
		size_t length = at > 0 && is_word(text[at - 1])
					? 0
					: number_at(text + at, bytes - at);

		/* All but three digits before and two behind. */
		for (size_t i = 3; i + 2 < length; i++) {
			char *c = &text[at + i];

			if (is_word(*c)) {
				*c = '*';
			}
		}
		at += length > 0 ? length : 1;
	}
}
