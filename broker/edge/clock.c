#include "broker/edge/clock.h"

#include <time.h>

#include "lib/base.h"

static int64_t microseconds(clockid_t clock)
{
	struct timespec now;

	/* These clocks always exist on the systems we run on. */
	ALM_ASSERT(clock_gettime(clock, &now) == 0);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t alm_clock_wall_us(void)
{
	return microseconds(CLOCK_REALTIME);
}

int64_t alm_clock_boot_us(void)
{
	return microseconds(CLOCK_BOOTTIME);
}

int64_t alm_clock_monotonic_us(void)
{
	return microseconds(CLOCK_MONOTONIC);
}

int64_t alm_clock_monotonic_ms(void)
{
	return alm_clock_monotonic_us() / 1000;
}

int64_t alm_clock_thread_us(void)
{
	return microseconds(CLOCK_THREAD_CPUTIME_ID);
}
