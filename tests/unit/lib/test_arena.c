#include "lib/arena.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

TestSuite(arena);

Test(arena, gives_zeroed_aligned_memory)
{
	struct alm_arena arena;

	alm_arena_init(&arena, 1 << 20);
	for (size_t bytes = 1; bytes < 2000; bytes += 13) {
		uint8_t *at = alm_arena_take(&arena, bytes);

		cr_assert_not_null(at);
		cr_assert_eq((uintptr_t)at % _Alignof(max_align_t), 0u);
		for (size_t i = 0; i < bytes; i++) {
			cr_assert_eq(at[i], 0);
		}
		memset(at, 0xFF, bytes);
	}
	alm_arena_reset(&arena);
	cr_expect_eq(*(uint8_t *)alm_arena_take(&arena, 1), 0);
	alm_arena_fini(&arena);
}

Test(arena, keeps_its_maximum)
{
	struct alm_arena arena;
	size_t max = 256;

	alm_arena_init(&arena, max);
	cr_expect_null(alm_arena_take(&arena, max + 1));
	cr_expect_null(alm_arena_take(&arena, SIZE_MAX));
	cr_expect_not_null(alm_arena_take(&arena, max));
	cr_expect_null(alm_arena_take(&arena, 1));
	alm_arena_reset(&arena);
	cr_expect_not_null(alm_arena_take(&arena, max));
	alm_arena_fini(&arena);
}

Test(arena, grows_past_one_block)
{
	struct alm_arena arena;

	alm_arena_init(&arena, 1 << 22);
	for (int i = 0; i < 10; i++) {
		uint8_t *at = alm_arena_take(&arena, 200000);

		cr_assert_not_null(at);
		at[199999] = 1;
	}
	alm_arena_fini(&arena);
	alm_arena_fini(&arena);
}

Test(arena, copies_texts_and_bytes)
{
	struct alm_arena arena;
	struct alm_bytes raw = {(const uint8_t *)"xyz", 3};

	alm_arena_init(&arena, 1 << 20);
	cr_expect_str_eq(alm_arena_text(&arena, "abcdef", 3), "abc");
	cr_expect_str_eq(alm_arena_text(&arena, "", 0), "");
	cr_expect_eq(memcmp(alm_arena_copy(&arena, raw), "xyz", 3), 0);
	cr_expect_not_null(alm_arena_copy(&arena, (struct alm_bytes){NULL, 0}));
	cr_expect_str_eq(
		alm_arena_printf(&arena, "%s-%d", "line", 7), "line-7");
	alm_arena_fini(&arena);
	alm_arena_init(&arena, 16);
	cr_expect_null(alm_arena_text(&arena, "0123456789abcdef", 16));
	cr_expect_null(alm_arena_printf(&arena, "%s", "0123456789abcdef"));
	alm_arena_fini(&arena);
}

Test(arena, may_be_freed_when_zeroed)
{
	struct alm_arena arena = {0};

	alm_arena_reset(&arena);
	cr_expect_null(alm_arena_take(&arena, 1));
	alm_arena_fini(&arena);
}
