/* shim.h - what the daemon's clocks say more than the machine's; shared by
 * tests/clock/shim.c, which is loaded into it, and the test. */
#ifndef ALM_TESTS_CLOCK_SHIM_H
#define ALM_TESTS_CLOCK_SHIM_H

#include <stdint.h>

/* Of the file that holds the offsets. */
#define TEST_CLOCK_VARIABLE "ALMONER_TEST_CLOCK"

struct test_clock {
	volatile int64_t wall_s;   /* CLOCK_REALTIME */
	volatile int64_t passed_s; /* both, at one stroke: time goes by */
};

#endif /* ALM_TESTS_CLOCK_SHIM_H */
