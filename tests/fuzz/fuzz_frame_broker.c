/* Frames as the broker takes them, from agents, by either decoder, and from
 * operators. */
#include "tests/fuzz/direct.h"
#include "tests/fuzz/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	fuzz_frame(ALM_WIRE_BROKER_AGENTS, (struct alm_bytes){data, bytes});
	fuzz_frame(ALM_WIRE_BROKER_ADMIN, (struct alm_bytes){data, bytes});
	fuzz_direct(ALM_WIRE_BROKER_AGENTS, (struct alm_bytes){data, bytes});
	return 0;
}
