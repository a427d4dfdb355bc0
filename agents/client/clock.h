/* clock.h - the client's clocks. */
#ifndef ALM_AGENTS_CLIENT_CLOCK_H
#define ALM_AGENTS_CLIENT_CLOCK_H

#include <stdint.h>

/** Milliseconds since 1970 (UTC). */
int64_t alm_client_wall_ms(void);

/** Milliseconds that never go back; of use only as differences. */
int64_t alm_client_monotonic_ms(void);

/** The same, and those count in which the machine slept. */
int64_t alm_client_boot_ms(void);

#endif /* ALM_AGENTS_CLIENT_CLOCK_H */
