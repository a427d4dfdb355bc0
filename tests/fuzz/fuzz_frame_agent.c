/* Frames as an agent takes them from the broker, by either decoder. */
#include "tests/fuzz/direct.h"
#include "tests/fuzz/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	fuzz_frame(ALM_WIRE_AGENT, (struct alm_bytes){data, bytes});
	fuzz_direct(ALM_WIRE_AGENT, (struct alm_bytes){data, bytes});
	return 0;
}
