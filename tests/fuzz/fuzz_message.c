/* The signed part of a message, by either decoder. */
#include "tests/fuzz/frame.h"
#include "tests/support/direct.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct alm_message message;
	struct alm_problem problem;
	struct alm_arena arena;
	struct alm_bytes first;
	struct alm_bytes second;

	alm_arena_init(&arena, (size_t)16 * 1024 * 1024);
	if (alm_wire_decode_message((struct alm_bytes){data, bytes}, &arena,
		    &message, &problem) == ALM_OK) {
		FUZZ_ASSERT(alm_wire_encode_message(&message, &arena, &first) ==
			    ALM_OK);
		FUZZ_ASSERT(alm_wire_decode_message(first, &arena, &message,
				    &problem) == ALM_OK);
		FUZZ_ASSERT(alm_wire_encode_message(
				    &message, &arena, &second) == ALM_OK);
		FUZZ_ASSERT(alm_bytes_equal(first, second));
	}
	FUZZ_ASSERT(direct_compare_message(
			    (struct alm_bytes){data, bytes}, &arena) >= 0);
	alm_arena_fini(&arena);
	return 0;
}
