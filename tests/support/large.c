#include "tests/support/large.h"

static uint8_t byte_at(uint64_t offset)
{
	uint64_t x = (offset >> 3) * UINT64_C(0x9E3779B97F4A7C15);

	return (uint8_t)((x ^ x >> 29) >> (offset & 7) * 8);
}

int test_large_read(void *reads, uint64_t offset, void *out, size_t bytes)
{
	unsigned *count = reads;

	for (size_t i = 0; i < bytes; i++) {
		((uint8_t *)out)[i] = byte_at(offset + i);
	}
	if (count != NULL) {
		++*count;
	}
	return 0;
}

int test_large_write(
	void *large, uint64_t offset, const void *data, size_t bytes)
{
	struct test_large *place = large;

	place->is_wrong |= offset != place->bytes;
	for (size_t i = 0; i < bytes; i++) {
		place->is_wrong |=
			((const uint8_t *)data)[i] != byte_at(offset + i);
	}
	if (place->stop_at != 0 && place->bytes >= place->stop_at) {
		return -1;
	}
	place->bytes += bytes;
	if (place->kill_at != 0 && place->bytes >= place->kill_at) {
		place->kill_at = 0;
		test_broker_kill(place->broker);
		test_broker_start(place->broker);
	}
	return 0;
}
