/*
 * pulse.h - what the daemon says while it runs: watchdog and status to the
 * service manager, and to the journal each change that an operator should
 * hear of, once.  Fed from the loop: one that hangs stops it all.
 */
#ifndef ALM_BROKER_WATCH_PULSE_H
#define ALM_BROKER_WATCH_PULSE_H

#include <stdint.h>

#include "broker/store/store.h"

struct alm_broker;

/** What was told already; all zero at the start but `watchdog_ms`. */
struct alm_pulse {
	int64_t stale_as_of_s; /* of the list whose age was told of */
	uint64_t epoch;        /* of which it was told */
	int64_t watchdog_ms;   /* 0: nobody watches */
	int64_t fed_ms;
	int64_t told_ms;
	uint64_t overdue;
	uint64_t damaged;         /* rows, of which it was told */
	uint64_t failed_requests; /* of which it was told */
	enum alm_store_room room; /* of which it was told */
};

/** After each turn. */
void alm_pulse_beat(struct alm_pulse *pulse, const struct alm_broker *broker);

/** The line of `systemctl status`. */
void alm_say_status(const struct alm_broker *broker);

#endif /* ALM_BROKER_WATCH_PULSE_H */
