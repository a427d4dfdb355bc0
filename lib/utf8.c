#include "lib/utf8.h"

#include <stdbool.h>

static bool is_tail(uint8_t byte)
{
	return (byte & 0xC0) == 0x80;
}

/* The second byte's range depends on the first (RFC 3629 section 4). */
static bool is_second(uint8_t lead, uint8_t byte)
{
	switch (lead) {
	case 0xE0:
		return byte >= 0xA0 && byte <= 0xBF;
	case 0xED:
		return byte >= 0x80 && byte <= 0x9F;
	case 0xF0:
		return byte >= 0x90 && byte <= 0xBF;
	case 0xF4:
		return byte >= 0x80 && byte <= 0x8F;
	default:
		return is_tail(byte);
	}
}

size_t alm_utf8_char(struct alm_bytes text)
{
	uint8_t lead = text.data[0];
	size_t bytes;

	if (lead < 0x80) {
		return 1;
	}
	if (lead < 0xC2 || lead > 0xF4) {
		return 0;
	}
	bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
	if (text.bytes < bytes || !is_second(lead, text.data[1])) {
		return 0;
	}
	for (size_t i = 2; i < bytes; i++) {
		if (!is_tail(text.data[i])) {
			return 0;
		}
	}
	return bytes;
}
