#include "lib/id.h"

#include <endian.h>
#include <string.h>

static bool is_alphanumeric(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9');
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	if (c >= 'A' && c <= 'F') {
		return c - 'A' + 10;
	}
	return -1;
}

bool alm_id_is_valid(const char *text)
{
	size_t bytes = strlen(text);

	if (bytes == 0 || bytes > ALM_ID_BYTES_MAX ||
		!is_alphanumeric(text[0]) || strcmp(text, "any") == 0) {
		return false;
	}
	for (size_t i = 1; i < bytes; i++) {
		if (!is_alphanumeric(text[i]) && text[i] != '.' &&
			text[i] != '_' && text[i] != '-') {
			return false;
		}
	}
	return true;
}

bool alm_request_id_is_valid(const char *text)
{
	size_t bytes = strlen(text);

	if (bytes == 0 || bytes > ALM_ID_BYTES_MAX) {
		return false;
	}
	for (size_t i = 0; i < bytes; i++) {
		if (text[i] < 0x21 || text[i] > 0x7E) {
			return false;
		}
	}
	return true;
}

struct alm_message_id alm_message_id_make(
	int64_t unix_ms, const uint8_t random[10])
{
	struct alm_message_id id;

	for (unsigned i = 0; i < 6; i++) {
		id.raw[i] = (uint8_t)((uint64_t)unix_ms >> (8 * (5 - i)));
	}
	memcpy(id.raw + 6, random, 10);
	id.raw[6] = (uint8_t)((id.raw[6] & 0x0Fu) | 0x70u);
	id.raw[8] = (uint8_t)((id.raw[8] & 0x3Fu) | 0x80u);
	return id;
}

#define STEP_MAX 0xFFFu
#define SET_BACK_MS 1000

struct alm_message_id alm_message_id_next(
	struct alm_id_series *series, int64_t unix_ms, const uint8_t random[10])
{
	uint8_t bytes[10];

	if (unix_ms > series->ms || unix_ms < series->ms - SET_BACK_MS) {
		/* From the lower half, so that there is room above. */
		series->ms = unix_ms;
		series->step = (random[0] & 0x07u) << 8 | random[1];
	} else if (series->step < STEP_MAX) {
		series->step++;
	} else {
		series->ms++;
		series->step = 0;
	}
	memcpy(bytes, random, sizeof(bytes));
	bytes[0] = (uint8_t)(series->step >> 8);
	bytes[1] = (uint8_t)series->step;
	return alm_message_id_make(series->ms, bytes);
}

bool alm_message_id_is_valid(const struct alm_message_id *id)
{
	return (id->raw[6] & 0xF0u) == 0x70u && (id->raw[8] & 0xC0u) == 0x80u;
}

int64_t alm_message_id_ms(const struct alm_message_id *id)
{
	uint64_t ms = 0;

	for (unsigned i = 0; i < 6; i++) {
		ms = (ms << 8) | id->raw[i];
	}
	return (int64_t)ms;
}

/* Where the dashes of 8-4-4-4-12 stand, counted in bytes. */
static bool dash_before(size_t byte)
{
	return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

void alm_message_id_text(
	const struct alm_message_id *id, char out[ALM_UUID_TEXT_BYTES])
{
	size_t at = 0;

	for (size_t i = 0; i < ALM_MESSAGE_ID_BYTES; i++) {
		if (dash_before(i)) {
			out[at++] = '-';
		}
		alm_hex(&id->raw[i], 1, out + at);
		at += 2;
	}
}

enum alm_err alm_message_id_parse(
	const char *text, struct alm_message_id *out_id)
{
	struct alm_message_id id;
	size_t at = 0;

	if (strlen(text) != ALM_UUID_TEXT_BYTES - 1) {
		return ALM_BAD_MESSAGE_ID;
	}
	for (size_t i = 0; i < ALM_MESSAGE_ID_BYTES; i++) {
		char pair[3] = {0};

		if (dash_before(i) && text[at++] != '-') {
			return ALM_BAD_MESSAGE_ID;
		}
		memcpy(pair, text + at, 2);
		if (alm_unhex(pair, &id.raw[i], 1) != ALM_OK) {
			return ALM_BAD_MESSAGE_ID;
		}
		at += 2;
	}
	if (!alm_message_id_is_valid(&id)) {
		return ALM_BAD_MESSAGE_ID;
	}
	*out_id = id;
	return ALM_OK;
}

enum alm_err alm_id_range_parse(
	const char *text, struct alm_id_range *out_range)
{
	struct alm_id_range range = {.digits = 0};

	memset(range.last.raw, 0xFF, sizeof(range.last.raw));
	for (; *text != '\0'; text++) {
		int value = hex_value(*text);
		size_t at = range.digits / 2;

		if (*text == '-') {
			continue;
		}
		if (value < 0 || at == ALM_MESSAGE_ID_BYTES) {
			return ALM_BAD_MESSAGE_ID;
		}
		if (range.digits % 2 == 0) {
			range.first.raw[at] = (uint8_t)(value << 4);
			range.last.raw[at] = (uint8_t)(value << 4 | 0x0F);
		} else {
			range.first.raw[at] |= (uint8_t)value;
			range.last.raw[at] = range.first.raw[at];
		}
		range.digits++;
	}
	*out_range = range;
	return ALM_OK;
}

bool alm_id_range_has(
	const struct alm_id_range *range, const struct alm_message_id *id)
{
	return memcmp(id->raw, range->first.raw, sizeof(id->raw)) >= 0 &&
	       memcmp(id->raw, range->last.raw, sizeof(id->raw)) <= 0;
}

void alm_text_copy(char *out, size_t out_bytes, const char *text)
{
	size_t bytes = strnlen(text, out_bytes - 1);

	memcpy(out, text, bytes);
	out[bytes] = '\0';
}

/* Four bytes as eight digits, which stand in the word from its low end. */
static uint64_t hex_word(const uint8_t data[4])
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t pairs = (uint64_t)data[0] | (uint64_t)data[1] << 16 |
			 (uint64_t)data[2] << 32 | (uint64_t)data[3] << 48;
	uint64_t nibbles = ((pairs >> 4) & (ones * 0x0F)) |
			   (pairs & 0x000F000F000F000Fu) << 8;
	uint64_t letters = ((nibbles + ones * 6) >> 4) & ones;

	return nibbles + ones * '0' + letters * ('a' - '0' - 10);
}

void alm_hex(const uint8_t *data, size_t bytes, char *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t i = 0;

	for (; i + 4 <= bytes; i += 4) {
		uint64_t word = htole64(hex_word(data + i));

		memcpy(out + 2 * i, &word, sizeof(word));
	}
	for (; i < bytes; i++) {
		out[2 * i] = digits[data[i] >> 4];
		out[2 * i + 1] = digits[data[i] & 0x0Fu];
	}
	out[2 * bytes] = '\0';
}

enum alm_err alm_unhex(const char *text, uint8_t *out, size_t bytes)
{
	if (strlen(text) != 2 * bytes) {
		return ALM_VALUE_BAD;
	}
	for (size_t i = 0; i < bytes; i++) {
		int high = hex_value(text[2 * i]);
		int low = hex_value(text[2 * i + 1]);

		if (high < 0 || low < 0) {
			return ALM_VALUE_BAD;
		}
		out[i] = (uint8_t)((high << 4) | low);
	}
	return ALM_OK;
}
