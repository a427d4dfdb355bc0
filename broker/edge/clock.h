/* clock.h - the only place of the broker that asks what time it is. */
#ifndef ALM_BROKER_EDGE_CLOCK_H
#define ALM_BROKER_EDGE_CLOCK_H

#include <stdint.h>

/** Microseconds since 1970 (UTC). */
int64_t alm_clock_wall_us(void);

/** Milliseconds that never go back; of use only as differences. */
int64_t alm_clock_monotonic_ms(void);

/** Microseconds that never go back and go on while the machine sleeps. */
int64_t alm_clock_boot_us(void);

/** Microseconds that never go back. */
int64_t alm_clock_monotonic_us(void);

/** What the calling thread has had of a processor. */
int64_t alm_clock_thread_us(void);

#endif /* ALM_BROKER_EDGE_CLOCK_H */
