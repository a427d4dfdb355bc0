/*
 * fuzz_request_bytes.c - requests as `policy decide --at` sends them to the
 * administration socket.  What decodes must encode to the same bytes.
 */
#include <stdlib.h>

#include "broker/core/request_bytes.h"
#include "lib/bytes.h"

#define AGAIN_BYTES_MAX ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t again[AGAIN_BYTES_MAX];
	struct alm_bytes bytes = {data, size};
	struct alm_request request;
	struct alm_writer writer;
	struct alm_arena arena;
	int64_t at_s = 0;

	alm_arena_init(&arena, (size_t)1 << 20);
	if (alm_request_decode(bytes, &arena, &request, &at_s) == ALM_OK) {
		alm_writer_init(&writer, again, sizeof(again));
		alm_request_encode(&request, at_s, &writer);
		ALM_ASSERT(writer.is_bad ||
			   alm_bytes_equal(bytes,
				   (struct alm_bytes){again, writer.bytes}));
	}
	alm_arena_fini(&arena);
	return 0;
}
