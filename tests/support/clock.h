/*
 * clock.h - the two clocks of tests, in milliseconds.
 */
#ifndef ALM_TESTS_SUPPORT_CLOCK_H
#define ALM_TESTS_SUPPORT_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t test_clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/** The clock by which messages are dated. */
static inline int64_t test_now_ms(void)
{
	return test_clock_ms(CLOCK_REALTIME);
}

/** The clock by which one waits. */
static inline int64_t test_monotonic_ms(void)
{
	return test_clock_ms(CLOCK_MONOTONIC);
}

#endif /* ALM_TESTS_SUPPORT_CLOCK_H */
