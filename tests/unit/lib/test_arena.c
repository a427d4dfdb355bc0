#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "lib/arena.h"

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

Test(arena, gives_back_what_was_taken_since_a_mark)
{
	struct alm_arena arena;
	struct alm_arena_mark empty;
	struct alm_arena_mark mark;
	char *kept;
	char *first;

	alm_arena_init(&arena, (size_t)1024 * 1024);
	empty = alm_arena_mark(&arena);
	kept = alm_arena_text(&arena, "kept", 4);
	mark = alm_arena_mark(&arena);
	first = alm_arena_text(&arena, "gone", 4);
	for (size_t bytes = 1; bytes <= 100000; bytes *= 10) {
		cr_assert_not_null(alm_arena_take(&arena, bytes));
	}
	alm_arena_rewind(&arena, &mark);
	cr_assert_eq(arena.bytes, mark.bytes);
	cr_assert_str_eq(kept, "kept");
	cr_assert_eq(alm_arena_take(&arena, 5), first);
	cr_assert_eq(first[0], '\0', "not zeroed");
	/* All of the maximum is there again. */
	cr_assert_not_null(alm_arena_take(&arena, 900000));
	alm_arena_rewind(&arena, &empty);
	cr_assert_eq(arena.bytes, 0);
	cr_assert_null(arena.first);
	alm_arena_fini(&arena);
}
