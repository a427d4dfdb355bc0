#include <criterion/criterion.h>
#include <string.h>

#include "lib/bytes.h"

TestSuite(bytes);

Test(bytes, keeps_integers_big_endian)
{
	uint8_t raw[8];

	alm_put_u64(raw, UINT64_C(0x0102030405060708));
	cr_expect_eq(memcmp(raw, "\1\2\3\4\5\6\7\10", 8), 0);
	cr_expect_eq(alm_get_u64(raw), UINT64_C(0x0102030405060708));
	cr_expect_eq(alm_get_u32(raw), 0x01020304u);
	cr_expect_eq(alm_get_u16(raw), 0x0102u);
}

Test(bytes, gives_back_what_was_written)
{
	uint8_t raw[128];
	uint8_t three[3];
	struct alm_writer w;
	struct alm_reader r;
	size_t bytes = 0;
	struct alm_bytes some = {(const uint8_t *)"xyz", 3};

	alm_writer_init(&w, raw, sizeof(raw));
	alm_write_u8(&w, 0xFE);
	alm_write_u16(&w, 0xFEDC);
	alm_write_u32(&w, 0xFEDCBA98u);
	alm_write_u64(&w, UINT64_MAX);
	alm_write_raw(&w, "abc", 3);
	alm_write_bytes(&w, some);
	alm_write_bytes(&w, (struct alm_bytes){NULL, 0});
	alm_write_text(&w, "text");
	alm_write_text(&w, "");
	cr_assert_eq(alm_writer_finish(&w, &bytes), ALM_OK);
	alm_reader_init(&r, raw, bytes);
	cr_expect_eq(alm_read_u8(&r), 0xFE);
	cr_expect_eq(alm_read_u16(&r), 0xFEDC);
	cr_expect_eq(alm_read_u32(&r), 0xFEDCBA98u);
	cr_expect_eq(alm_read_u64(&r), UINT64_MAX);
	alm_read_raw(&r, three, 3);
	cr_expect_eq(memcmp(three, "abc", 3), 0);
	cr_expect(alm_bytes_equal(alm_read_bytes(&r), some));
	cr_expect_eq(alm_read_bytes(&r).bytes, 0u);
	cr_expect_str_eq(alm_read_text(&r), "text");
	cr_expect_not(alm_reader_is_done(&r));
	cr_expect_str_eq(alm_read_text(&r), "");
	cr_expect(alm_reader_is_done(&r));
}

Test(bytes, stays_bad_once_something_did_not_fit)
{
	uint8_t raw[3];
	struct alm_writer w;
	size_t bytes = 42;

	alm_writer_init(&w, raw, sizeof(raw));
	alm_write_u16(&w, 1);
	alm_write_u16(&w, 2);
	alm_write_u8(&w, 3);
	cr_expect_eq(alm_writer_finish(&w, &bytes), ALM_INTERNAL);
	cr_expect_eq(bytes, 42u);
	cr_expect_eq(w.bytes, 2u);
}

Test(bytes, refuses_a_text_longer_than_its_length_field)
{
	static char text[UINT16_MAX + 2];
	static uint8_t raw[sizeof(text) + 8];
	struct alm_writer w;
	size_t bytes;

	memset(text, 'a', UINT16_MAX);
	alm_writer_init(&w, raw, sizeof(raw));
	alm_write_text(&w, text);
	cr_expect_eq(alm_writer_finish(&w, &bytes), ALM_OK);
	text[UINT16_MAX] = 'a';
	alm_writer_init(&w, raw, sizeof(raw));
	alm_write_text(&w, text);
	cr_expect_eq(alm_writer_finish(&w, &bytes), ALM_INTERNAL);
}

Test(bytes, reads_nothing_past_the_end)
{
	static const uint8_t raw[] = {0, 0, 0, 5, 'a', 'b'};
	uint8_t out[4] = {9, 9, 9, 9};
	struct alm_reader r;

	alm_reader_init(&r, raw, sizeof(raw));
	cr_expect_null(alm_read_bytes(&r).data);
	cr_expect(r.is_bad);
	cr_expect_eq(alm_read_u8(&r), 0);
	alm_read_raw(&r, out, sizeof(out));
	cr_expect_eq(alm_get_u32(out), 0u);
	cr_expect_not(alm_reader_is_done(&r));
	alm_reader_init(&r, NULL, 0);
	cr_expect(alm_reader_is_done(&r));
	cr_expect_eq(alm_read_u64(&r), 0u);
	cr_expect_not(alm_reader_is_done(&r));
}

Test(bytes, refuses_a_text_without_its_nul_or_with_one_inside)
{
	static const uint8_t no_nul[] = {0, 2, 'a', 'b', 'c'};
	static const uint8_t inside[] = {0, 2, 'a', 0, 0};
	static const uint8_t cut[] = {0, 2, 'a', 'b'};
	struct alm_reader r;

	alm_reader_init(&r, no_nul, sizeof(no_nul));
	cr_expect_str_eq(alm_read_text(&r), "");
	cr_expect(r.is_bad);
	alm_reader_init(&r, inside, sizeof(inside));
	cr_expect_str_eq(alm_read_text(&r), "");
	cr_expect(r.is_bad);
	alm_reader_init(&r, cut, sizeof(cut));
	cr_expect_str_eq(alm_read_text(&r), "");
	cr_expect(r.is_bad);
}

Test(bytes, compares_content)
{
	struct alm_bytes none = {NULL, 0};
	struct alm_bytes a = {(const uint8_t *)"ab", 2};
	struct alm_bytes b = {(const uint8_t *)"abc", 2};
	struct alm_bytes c = {(const uint8_t *)"ac", 2};

	cr_expect(alm_bytes_equal(none, (struct alm_bytes){a.data, 0}));
	cr_expect(alm_bytes_equal(a, b));
	cr_expect_not(alm_bytes_equal(a, c));
	cr_expect_not(alm_bytes_equal(a, none));
}
