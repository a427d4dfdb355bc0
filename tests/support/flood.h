/*
 * flood.h - strangers in numbers: a process of its own that opens connections
 * to a broker from many addresses of 127.0.0.0/8 and does with each what an
 * attacker without a key could: nothing, rubbish, the wrong mechanism, half of
 * a handshake with the costly part in it, or one that is cut after its first
 * byte.  Beside them strangers with keys of their own complete handshakes.
 */
#ifndef ALM_TESTS_SUPPORT_FLOOD_H
#define ALM_TESTS_SUPPORT_FLOOD_H

#include <stdint.h>
#include <sys/types.h>

#include "tests/support/peer.h"

enum test_flood_kind {
	TEST_FLOOD_SILENCE,
	TEST_FLOOD_RUBBISH,
	TEST_FLOOD_OTHER_MECHANISM,
	TEST_FLOOD_HALF,
	TEST_FLOOD_CUT,
	TEST_FLOOD_KINDS,
};

struct test_flood_options {
	const char *endpoint; /* tcp://127.0.0.1:PORT */
	const uint8_t *broker_key;
	unsigned connections; /* open at once */
	unsigned strangers;   /* that complete handshakes */
	int hold_ms;          /* what one is kept open at most */
	unsigned seed;
	enum test_flood_kind only;  /* TEST_FLOOD_KINDS: all in turn */
	const struct test_peer *as; /* strangers have its keys; NULL: new */
};

struct test_flood {
	pid_t pid;
	struct test_flood_count {
		uint64_t opened;
		uint64_t failed;
	} * count; /* shared with the process */
};

void test_flood_open(
	struct test_flood *flood, const struct test_flood_options *options);
void test_flood_close(struct test_flood *flood);

#endif /* ALM_TESTS_SUPPORT_FLOOD_H */
