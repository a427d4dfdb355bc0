/* notify.h - what the service manager is told; nothing where there is none. */
#ifndef ALM_AGENTS_FOLDER_NOTIFY_H
#define ALM_AGENTS_FOLDER_NOTIFY_H

#include <stdint.h>

void alm_notify_ready(void);
void alm_notify_stopping(void);
/** `trouble` is "" where there is none. */
void alm_notify_status(
	uint64_t sent, uint64_t refused, uint64_t taken, const char *trouble);
/** Still alive; call at least twice in each watchdog period. */
void alm_notify_alive(void);

#endif /* ALM_AGENTS_FOLDER_NOTIFY_H */
