/* Goal: what is packed comes out the same, and hostile frames cost nothing. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "lib/zip.h"

#define TEXT_BYTES ((size_t)64 * 1024)
#define MAX ((size_t)1024 * 1024)

static struct alm_zip *zip;
static uint8_t text[TEXT_BYTES];
static uint8_t packed[2 * TEXT_BYTES];
static uint8_t out[TEXT_BYTES];

static void set_up(void)
{
	uint32_t x = 2463534242u;

	zip = alm_zip_new();
	cr_assert_not_null(zip);
	for (size_t i = 0; i < TEXT_BYTES; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		text[i] = (uint8_t)('a' + x % 7);
	}
}

static void tear_down(void)
{
	alm_zip_free(zip);
}

TestSuite(zip, .init = set_up, .fini = tear_down);

static struct alm_bytes pack(size_t bytes)
{
	return (struct alm_bytes){packed,
		alm_zip_pack(zip, (struct alm_bytes){text, bytes}, packed)};
}

static enum alm_err size_of(struct alm_bytes frame, size_t max)
{
	size_t bytes = 0;

	return alm_zip_size(frame, max, &bytes);
}

Test(zip, text_shrinks_and_comes_back)
{
	struct alm_bytes frame = pack(TEXT_BYTES);
	size_t bytes = 0;

	cr_assert_gt(frame.bytes, 0);
	cr_assert_lt(frame.bytes, TEXT_BYTES * 7 / 8);
	cr_assert_eq(alm_zip_size(frame, MAX, &bytes), ALM_OK);
	cr_assert_eq(bytes, TEXT_BYTES);
	cr_assert_eq(alm_zip_unpack(zip, frame, out, bytes), ALM_OK);
	cr_assert_arr_eq(out, text, TEXT_BYTES);
}

Test(zip, what_is_small_or_random_or_too_regular_goes_as_it_is)
{
	uint64_t x = 88172645463325252u;

	cr_assert_eq(pack(ALM_ZIP_BYTES_MIN - 1).bytes, 0);
	cr_assert_gt(pack(ALM_ZIP_BYTES_MIN).bytes, 0);
	for (size_t i = 0; i < TEXT_BYTES; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		text[i] = (uint8_t)x;
	}
	cr_assert_eq(pack(TEXT_BYTES).bytes, 0);
	memset(text, 0, sizeof(text));
	cr_assert_eq(pack(TEXT_BYTES).bytes, 0);
}

Test(zip, a_frame_must_keep_to_the_limit_that_it_declares)
{
	struct alm_bytes frame = pack(TEXT_BYTES);

	cr_assert_eq(size_of(frame, TEXT_BYTES), ALM_OK);
	cr_assert_eq(size_of(frame, TEXT_BYTES - 1), ALM_ENCODING_BROKEN);
}

Test(zip, a_bomb_is_refused_before_it_is_opened)
{
	struct alm_bytes frame = {packed, 0};

	memset(text, 0, sizeof(text));
	frame.bytes =
		ZSTD_compress(packed, sizeof(packed), text, TEXT_BYTES, 1);
	cr_assert_lt(frame.bytes, 100);
	cr_assert_eq(size_of(frame, MAX), ALM_ENCODING_BROKEN);
}

Test(zip, two_frames_half_a_frame_and_no_frame_are_refused)
{
	struct alm_bytes frame = pack(TEXT_BYTES);

	cr_assert_eq(size_of((struct alm_bytes){packed, frame.bytes - 1}, MAX),
		ALM_ENCODING_BROKEN);
	memcpy(packed + frame.bytes, packed, frame.bytes);
	cr_assert_eq(size_of((struct alm_bytes){packed, 2 * frame.bytes}, MAX),
		ALM_ENCODING_BROKEN);
	cr_assert_eq(size_of((struct alm_bytes){text, 4096}, MAX),
		ALM_ENCODING_BROKEN);
	cr_assert_eq(
		size_of((struct alm_bytes){NULL, 0}, MAX), ALM_ENCODING_BROKEN);
	/* A frame that is skipped has no content. */
	memcpy(packed, "\x50\x2A\x4D\x18\x04\x00\x00\x00skip", 12);
	cr_assert_eq(size_of((struct alm_bytes){packed, 12}, MAX),
		ALM_ENCODING_BROKEN);
}

/* libzstd reads the format of 2016 too; what stores and passes on such a part
 * would leave readers of other languages with what they cannot read. */
Test(zip, a_frame_of_an_older_format_is_refused)
{
	static const uint8_t head[] = {
		0x27, 0xB5, 0x2F, 0xFD, 0x60, 44, 0, 0x40, 1, 44};
	size_t content = 300;
	struct alm_bytes frame = {packed, sizeof(head) + content + 3};

	memcpy(packed, head, sizeof(head));
	memset(packed + sizeof(head), 'a', content);
	memcpy(packed + sizeof(head) + content, "\xC0\x00\x00", 3);
	cr_assert_eq(ZSTD_decompress(out, sizeof(out), packed, frame.bytes),
		content, "libzstd reads it");
	cr_assert_eq(size_of(frame, MAX), ALM_ENCODING_BROKEN);
}

/* In one piece nobody needs the window; a reader by and by makes room for it
 * before anything else. */
Test(zip, a_window_that_not_all_readers_have_is_refused)
{
	/* Window, 2 bytes of size, and one block of 300 bytes as they are. */
	static const uint8_t head[] = {
		0x28, 0xB5, 0x2F, 0xFD, 0x40, 13u << 3, 44, 0, 0x61, 0x09, 0};
	struct alm_bytes frame = {packed, sizeof(head) + 300};
	size_t bytes = 0;

	memcpy(packed, head, sizeof(head));
	memset(packed + sizeof(head), 'a', 300);
	cr_assert_eq(alm_zip_size(frame, MAX, &bytes), ALM_OK);
	cr_assert_eq(alm_zip_unpack(zip, frame, out, bytes), ALM_OK);
	packed[5]++;
	cr_assert_eq(size_of(frame, MAX), ALM_ENCODING_BROKEN);
	packed[5] = 21u << 3; /* 2 GiB */
	cr_assert_eq(size_of(frame, MAX), ALM_ENCODING_BROKEN);
}

Test(zip, a_frame_that_does_not_say_how_large_it_is_is_refused)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();
	struct alm_bytes frame = {packed, 0};

	ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
	frame.bytes = ZSTD_compress2(
		context, packed, sizeof(packed), text, TEXT_BYTES);
	cr_assert(!ZSTD_isError(frame.bytes));
	cr_assert_eq(size_of(frame, MAX), ALM_ENCODING_BROKEN);
	ZSTD_freeCCtx(context);
}

Test(zip, a_damaged_frame_never_gives_more_or_less_than_it_declares)
{
	struct alm_bytes frame = pack(TEXT_BYTES);
	size_t bytes = 0;

	for (size_t i = 0; i < frame.bytes; i += 17) {
		packed[i] ^= 0x10;
		if (alm_zip_size(frame, TEXT_BYTES, &bytes) == ALM_OK) {
			(void)!alm_zip_unpack(zip, frame, out, bytes);
		}
		packed[i] ^= 0x10;
	}
	cr_assert_eq(alm_zip_unpack(zip, frame, out, TEXT_BYTES), ALM_OK);
}
