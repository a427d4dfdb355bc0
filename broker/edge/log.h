/*
 * log.h - the daemon's own log: to the journal with structured fields when
 * run by systemd, else to standard error.  A failure is logged once, by the
 * edge or by main, with its stable code.  Never payloads, keys, routing ids,
 * NHS numbers or names of people.
 */
#ifndef ALM_BROKER_EDGE_LOG_H
#define ALM_BROKER_EDGE_LOG_H

#include "lib/err.h"

enum alm_log_level {
	ALM_LOG_ERROR = 3, /* as syslog(3) numbers them */
	ALM_LOG_WARNING = 4,
	ALM_LOG_NOTICE = 5,
	ALM_LOG_INFO = 6,
	ALM_LOG_DEBUG = 7,
};

/** Messages above `level` are dropped.  Called once, at start. */
void alm_log_open(enum alm_log_level level);

/** One line; `id` is stable, e.g. `edge.bound`. */
void alm_log(enum alm_log_level level, const char *id, const char *format, ...)
	ALM_PRINTF(3, 4);

/** One line for a problem: code, name and detail. */
void alm_log_problem(enum alm_log_level level, const char *id,
	const struct alm_problem *problem);

#endif /* ALM_BROKER_EDGE_LOG_H */
