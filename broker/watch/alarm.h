/*
 * alarm.h - what comes from outside and an operator should hear of, without
 * that a flood of it floods the log: connections that are refused, and files
 * that run short.
 */
#ifndef ALM_BROKER_WATCH_ALARM_H
#define ALM_BROKER_WATCH_ALARM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/bytes.h"

struct alm_broker;
struct alm_zap_verdict;

#define ALM_ALARM_ADDRESS_BYTES_MAX 47u

/** What was told, and when; all zero at the start. */
struct alm_alarms {
	int64_t refused_at_ms; /* when it was told last; 0: never */
	uint64_t refused;      /* handshakes, of which it was told */
	uint64_t limited;
	uint64_t agents_limited;
	char address[ALM_ALARM_ADDRESS_BYTES_MAX + 1]; /* of the last one */
	int64_t files_at_ms; /* when they were looked at last */
	bool is_short;       /* of files */
};

/** Count a handshake that was not admitted. */
void alm_alarms_count(struct alm_broker *broker,
	const struct alm_zap_verdict *verdict, struct alm_bytes address);

/** Log what there is to tell: of refused connections at most one line in
 * `ALM_ALARM_EVERY_MS`, with how many there were. */
void alm_alarms_tell(struct alm_broker *broker, int64_t monotonic_ms);

/** Have as many files as the system allows, for a connection takes one. */
void alm_alarms_raise_files(void);

/** How many files and connections are open. */
uint64_t alm_alarms_files_open(void);

/** The figures of what is alarmed about. */
void alm_alarms_metrics(FILE *out, const struct alm_broker *broker);

#define ALM_ALARM_EVERY_MS 60000

#endif /* ALM_BROKER_WATCH_ALARM_H */
