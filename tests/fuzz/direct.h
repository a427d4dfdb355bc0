/* direct.h - what the direct decoder takes, the general one takes alike. */
#ifndef ALM_TESTS_FUZZ_DIRECT_H
#define ALM_TESTS_FUZZ_DIRECT_H

#include "tests/fuzz/frame.h"
#include "tests/support/direct.h"

static inline void fuzz_direct(enum alm_wire_side side, struct alm_bytes bytes)
{
	struct alm_arena arena;

	alm_arena_init(&arena, (size_t)256 * 1024 * 1024);
	FUZZ_ASSERT(direct_compare(side, bytes, &arena) >= 0);
	alm_arena_fini(&arena);
}

#endif /* ALM_TESTS_FUZZ_DIRECT_H */
