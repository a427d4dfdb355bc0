/* Frames as an agent takes them from the broker, by either decoder. */
#include "tests/fuzz/frame.h"
#include "tests/support/direct.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct alm_arena arena;

	fuzz_frame(ALM_WIRE_AGENT, (struct alm_bytes){data, bytes});
	alm_arena_init(&arena, (size_t)256 * 1024 * 1024);
	FUZZ_ASSERT(
		direct_compare((struct alm_bytes){data, bytes}, &arena) >= 0);
	alm_arena_fini(&arena);
	return 0;
}
