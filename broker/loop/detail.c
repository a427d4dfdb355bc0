#include "broker/loop/detail.h"

#include <string.h>

#include "lib/nhs_number.h"

#define CUT_LINE "cut: yes\n"

void alm_detail_init(struct alm_detail *detail)
{
	detail->bytes = 0;
	detail->is_cut = false;
}

/* Room for `bytes` more, the cut line and a NUL; NULL when there is none. */
static char *room(struct alm_detail *detail, size_t bytes)
{
	char *at = detail->text + detail->bytes;

	if (detail->is_cut || bytes > sizeof(detail->text) - detail->bytes -
					      sizeof(CUT_LINE)) {
		detail->is_cut = true;
		return NULL;
	}
	detail->bytes += bytes;
	return at;
}

static char *put(char *at, const char *text, size_t bytes)
{
	memcpy(at, text, bytes);
	return at + bytes;
}

/* `key: `, room for the value, and a newline.  The place of the value. */
static char *begin_line(
	struct alm_detail *detail, const char *key, size_t value_bytes)
{
	size_t key_bytes = strlen(key);
	char *at = room(detail, key_bytes + 2 + value_bytes + 1);

	if (at != NULL) {
		at = put(put(at, key, key_bytes), ": ", 2);
		at[value_bytes] = '\n';
	}
	return at;
}

void alm_detail_text(
	struct alm_detail *detail, const char *key, const char *value)
{
	size_t bytes = strlen(value);
	char *at;

	if (bytes == 0) {
		return;
	}
	at = begin_line(detail, key, bytes);
	if (at != NULL) {
		(void)put(at, value, bytes);
	}
}

void alm_detail_words(
	struct alm_detail *detail, const char *key, const char *value)
{
	size_t bytes = strlen(value);
	char *at = bytes == 0 ? NULL : begin_line(detail, key, bytes);

	if (at != NULL) {
		(void)put(at, value, bytes);
		alm_nhs_numbers_mask(at, bytes);
	}
}

void alm_detail_texts(
	struct alm_detail *detail, const char *key, struct alm_texts values)
{
	size_t bytes = 0;
	char *at;

	if (values.count == 0) {
		return;
	}
	for (size_t i = 0; i < values.count; i++) {
		bytes += strlen(values.items[i]) + (i > 0 ? 1 : 0);
	}
	at = begin_line(detail, key, bytes);
	if (at == NULL) {
		return;
	}
	for (size_t i = 0; i < values.count; i++) {
		if (i > 0) {
			at = put(at, ",", 1);
		}
		at = put(at, values.items[i], strlen(values.items[i]));
	}
}

void alm_detail_number(
	struct alm_detail *detail, const char *key, uint64_t value)
{
	char digits[21];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	alm_detail_text(detail, key, digits + at);
}

void alm_detail_hex(
	struct alm_detail *detail, const char *key, struct alm_bytes value)
{
	char *at;

	if (value.bytes == 0) {
		return;
	}
	at = begin_line(detail, key, 2 * value.bytes);
	if (at != NULL) {
		alm_hex(value.data, value.bytes, at);
		at[2 * value.bytes] = '\n'; /* alm_hex ends with a NUL */
	}
}

const char *alm_detail_finish(struct alm_detail *detail)
{
	if (detail->is_cut) {
		(void)put(detail->text + detail->bytes, CUT_LINE,
			sizeof(CUT_LINE));
	} else {
		detail->text[detail->bytes] = '\0';
	}
	return detail->text;
}
