/* notify.h - tells the service manager how the daemon is (sd_notify). */
#ifndef ALM_BROKER_EDGE_NOTIFY_H
#define ALM_BROKER_EDGE_NOTIFY_H

#include <stdint.h>

#include "lib/base.h"

void alm_notify_ready(void);
void alm_notify_stopping(void);
void alm_notify_watchdog(void);

/** One line of live figures, shown by `systemctl status`. */
void alm_notify_status(const char *format, ...) ALM_PRINTF(1, 2);

/** How often to feed the watchdog, milliseconds; 0: there is none. */
int64_t alm_notify_watchdog_ms(void);

#endif /* ALM_BROKER_EDGE_NOTIFY_H */
