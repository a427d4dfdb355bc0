#include <criterion/criterion.h>
#include <stdlib.h>

#include "lib/protowire.h"

struct text_row {
	const char *text;
	size_t bytes;
	bool is_clean;
};

#define ROW(text, is_clean) \
	{ \
		text, sizeof(text) - 1, is_clean \
	}

static const struct text_row rows[] = {
	ROW("", true),
	ROW("plain text that is longer than eight bytes ~", true),
	ROW("tab\there", false),
	ROW("a line\n", false),
	ROW("12345678\x7F", false),
	ROW("1234567\x7F", false),
	ROW("a\0b", false),
	ROW("12345\0789", false),
	ROW("caf\xC3\xA9", true),
	ROW("\xC2\x80", false), /* C1 */
	ROW("\xC2\x9F", false),
	ROW("\xC2\xA0", true),
	ROW("\xC0\x80", false), /* overlong NUL */
	ROW("\xC1\xBF", false),
	ROW("\xE0\x9F\xBF", false), /* overlong */
	ROW("\xE0\xA0\x80", true),
	ROW("\xED\x9F\xBF", true),
	ROW("\xED\xA0\x80", false), /* surrogate */
	ROW("\xEF\xBF\xBD", true),
	ROW("\xF0\x8F\xBF\xBF", false), /* overlong */
	ROW("\xF0\x90\x80\x80", true),
	ROW("\xF4\x8F\xBF\xBF", true),
	ROW("\xF4\x90\x80\x80", false), /* past U+10FFFF */
	ROW("\xF5\x80\x80\x80", false),
	ROW("\xE2\x82", false), /* cut off */
	ROW("\xE2\x28\xA1", false),
	ROW("\x80", false),
	ROW("\xFF", false),
};

Test(protowire, tells_clean_text)
{
	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		struct alm_bytes text = {
			(const uint8_t *)rows[i].text, rows[i].bytes};

		cr_expect_eq(alm_text_is_clean(text), rows[i].is_clean,
			"row %zu", i);
	}
}

/* The same byte at each place of texts of each length. */
static void look_at_every_byte(size_t bytes)
{
	/* Without slack, so that reading past it is seen. */
	uint8_t *text = malloc(bytes);

	for (size_t at = 0; at < bytes; at++) {
		for (int c = 0; c < 256; c++) {
			bool is_plain = c >= 0x20 && c < 0x7F;

			memset(text, 'x', bytes);
			text[at] = (uint8_t)c;
			cr_assert_eq(alm_text_is_clean(
					     (struct alm_bytes){text, bytes}),
				is_plain, "%d at %zu of %zu", c, at, bytes);
		}
	}
	free(text);
}

Test(protowire, looks_at_every_byte_of_a_text)
{
	for (size_t bytes = 1; bytes <= 25; bytes++) {
		look_at_every_byte(bytes);
	}
	cr_assert(alm_text_is_clean((struct alm_bytes){NULL, 0}));
}

Test(protowire, varints_come_back)
{
	uint64_t value = 0;

	for (int shift = 0; shift < 64; shift++) {
		uint8_t out[ALM_PROTO_VARINT_BYTES_MAX];
		uint64_t in = (UINT64_C(1) << shift) | (value >> 1);
		size_t bytes = alm_proto_put_varint(out, in);
		struct alm_bytes rest = {out, bytes};

		cr_assert_eq(bytes, alm_proto_varint_bytes(in));
		cr_assert_eq(alm_proto_varint(
				     &rest, ALM_PROTO_VARINT_BYTES_MAX, &value),
			ALM_OK);
		cr_assert_eq(value, in);
		cr_assert_eq(rest.bytes, 0);
		rest = (struct alm_bytes){out, bytes - 1};
		cr_assert_eq(alm_proto_varint(
				     &rest, ALM_PROTO_VARINT_BYTES_MAX, &in),
			ALM_MALFORMED);
	}
}

Test(protowire, refuses_groups_number_zero_and_lengths_past_the_end)
{
	static const char *const bad[] = {"\x0B", "\x0C", "\x0E", "\x0F",
		"\x02\x01x", "\x0A\x02x", "\x09\1\2\3\4\5\6\7", "\x0D\1\2\3"};

	for (size_t i = 0; i < ALM_COUNT(bad); i++) {
		struct alm_bytes rest = {
			(const uint8_t *)bad[i], strlen(bad[i])};
		struct alm_bytes before = rest;
		struct alm_proto_field field;

		cr_expect_eq(alm_proto_next(&rest, &field), ALM_MALFORMED,
			"row %zu", i);
		cr_expect_eq(rest.data, before.data);
	}
}
