#include "lib/lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

bool alm_line_take(struct alm_bytes *rest, struct alm_bytes *out_line)
{
	const uint8_t *end =
		rest->bytes == 0 ? NULL : memchr(rest->data, '\n', rest->bytes);
	size_t bytes;

	if (end == NULL) {
		return false;
	}
	bytes = (size_t)(end - rest->data);
	*out_line = (struct alm_bytes){rest->data, bytes};
	rest->data += bytes + 1;
	rest->bytes -= bytes + 1;
	return true;
}

bool alm_line_word(struct alm_bytes *line, const char *word)
{
	size_t bytes = strlen(word);

	if (line->bytes <= bytes || memcmp(line->data, word, bytes) != 0 ||
		line->data[bytes] != ' ') {
		return false;
	}
	line->data += bytes + 1;
	line->bytes -= bytes + 1;
	return true;
}

bool alm_line_field(struct alm_bytes *line, struct alm_bytes *out_field)
{
	const uint8_t *end =
		line->bytes == 0 ? NULL : memchr(line->data, ' ', line->bytes);
	size_t bytes = end == NULL ? line->bytes : (size_t)(end - line->data);

	if (bytes == 0 || (end != NULL && bytes + 1 == line->bytes)) {
		return false;
	}
	*out_field = (struct alm_bytes){line->data, bytes};
	if (end != NULL) {
		bytes++;
	}
	line->data += bytes;
	line->bytes -= bytes;
	return true;
}

bool alm_line_is(struct alm_bytes line, const char *text)
{
	return line.bytes == strlen(text) &&
	       (line.bytes == 0 || memcmp(line.data, text, line.bytes) == 0);
}

bool alm_line_number(struct alm_bytes line, uint64_t *out_number)
{
	uint64_t number = 0;

	if (line.bytes == 0 || line.bytes > 20 ||
		(line.data[0] == '0' && line.bytes > 1)) {
		return false;
	}
	for (size_t i = 0; i < line.bytes; i++) {
		uint64_t digit = (uint64_t)line.data[i] - '0';

		if (line.data[i] < '0' || line.data[i] > '9' ||
			number > (UINT64_MAX - digit) / 10) {
			return false;
		}
		number = number * 10 + digit;
	}
	*out_number = number;
	return true;
}

/* libsodium 1.0.18 takes some bytes above 127 for letters. */
static bool is_base64(struct alm_bytes line)
{
	for (size_t i = 0; i < line.bytes; i++) {
		uint8_t c = line.data[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			    (c >= '0' && c <= '9') || c == '+' || c == '/' ||
			    c == '=')) {
			return false;
		}
	}
	return true;
}

bool alm_line_base64_any(struct alm_bytes line, uint8_t *out, size_t bytes_max,
	size_t *out_bytes)
{
	const char *end = NULL;

	if (line.bytes == 0 || line.bytes % 4 != 0 || !is_base64(line) ||
		sodium_base642bin(out, bytes_max, (const char *)line.data,
			line.bytes, NULL, out_bytes, &end,
			sodium_base64_VARIANT_ORIGINAL) != 0) {
		return false;
	}
	return end == (const char *)line.data + line.bytes;
}

bool alm_line_base64(struct alm_bytes line, uint8_t *out, size_t bytes)
{
	size_t found = 0;

	return alm_line_base64_any(line, out, bytes, &found) && found == bytes;
}

void alm_line_put(struct alm_writer *writer, const char *text)
{
	alm_write_raw(writer, text, strlen(text));
}

void alm_line_put_number(struct alm_writer *writer, uint64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, number);
	alm_line_put(writer, text);
}

/* Three bytes at a time: what is written is not limited by a buffer. */
void alm_line_put_base64(struct alm_writer *writer, struct alm_bytes bytes)
{
	for (size_t at = 0; at < bytes.bytes; at += 3) {
		size_t count = bytes.bytes - at < 3 ? bytes.bytes - at : 3;
		char text[5];

		(void)sodium_bin2base64(text, sizeof(text), bytes.data + at,
			count, sodium_base64_VARIANT_ORIGINAL);
		alm_line_put(writer, text);
	}
}
