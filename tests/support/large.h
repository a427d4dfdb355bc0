/*
 * large.h - a large payload that nobody needs to hold: each of its bytes
 * follows from its place.
 */
#ifndef ALM_TESTS_SUPPORT_LARGE_H
#define ALM_TESTS_SUPPORT_LARGE_H

#include "agents/include/almoner.h"
#include "tests/support/broker.h"

/** An alm_source's `read`; its cookie counts the calls, or is NULL. */
int test_large_read(void *reads, uint64_t offset, void *out, size_t bytes);

/** How far a recipient has come. */
struct test_large {
	uint64_t bytes; /* so many came, in order and right */
	uint64_t stop_at;
	uint64_t kill_at;           /* the broker, and start it again */
	struct test_broker *broker; /* that one */
	bool is_wrong;
};

/** An alm_sink's `write`; its cookie is a struct test_large. */
int test_large_write(
	void *large, uint64_t offset, const void *data, size_t bytes);

#endif /* ALM_TESTS_SUPPORT_LARGE_H */
