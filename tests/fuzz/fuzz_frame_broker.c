/* Frames as the broker takes them, from agents, by either decoder, and from
 * operators; and as they are weighed and cut before that. */
#include "broker/loop/weigh.h"
#include "tests/fuzz/direct.h"
#include "tests/fuzz/frame.h"

#define ROOM 4u

/* Whatever it is, it is cut into fronts that go on and come to an end. */
static void fuzz_weigh(struct alm_bytes frame)
{
	(void)alm_weigh_is_send(frame);
	(void)alm_weigh_is_hello(frame);
	while (frame.bytes > 0) {
		struct alm_front front = alm_weigh_front(frame, ROOM);

		FUZZ_ASSERT(front.units > 0 && front.messages <= front.units);
		FUZZ_ASSERT(front.bytes > 0 && front.bytes <= frame.bytes);
		FUZZ_ASSERT(front.count > 0 || front.bytes == frame.bytes);
		frame.data += front.bytes;
		frame.bytes -= front.bytes;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	fuzz_frame(ALM_WIRE_BROKER_AGENTS, (struct alm_bytes){data, bytes});
	fuzz_frame(ALM_WIRE_BROKER_ADMIN, (struct alm_bytes){data, bytes});
	fuzz_direct(ALM_WIRE_BROKER_AGENTS, (struct alm_bytes){data, bytes});
	fuzz_weigh((struct alm_bytes){data, bytes});
	return 0;
}
