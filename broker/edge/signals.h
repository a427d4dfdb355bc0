/*
 * signals.h - signals as a file descriptor.  They are blocked before the first
 * thread starts, so that every thread inherits that and none is interrupted.
 */
#ifndef ALM_BROKER_EDGE_SIGNALS_H
#define ALM_BROKER_EDGE_SIGNALS_H

#include <stdint.h>

#include "lib/err.h"

/** Block SIGTERM, SIGINT, SIGHUP and ignore SIGPIPE.  Errors: INTERNAL. */
ALM_MUST_USE enum alm_err alm_signals_open(int *out_fd);

/** A signal, and which process of whom has sent it. */
struct alm_signal {
	int number;
	uint32_t user;
	uint32_t process;
};

/** The next pending signal; its number is 0 if there is none. */
struct alm_signal alm_signals_next(int fd);

#endif /* ALM_BROKER_EDGE_SIGNALS_H */
