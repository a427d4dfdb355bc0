/*
 * signals.h - signals as a file descriptor.  They are blocked before the first
 * thread starts, so that every thread inherits that and none is interrupted.
 */
#ifndef ALM_BROKER_EDGE_SIGNALS_H
#define ALM_BROKER_EDGE_SIGNALS_H

#include "lib/err.h"

/** Block SIGTERM, SIGINT, SIGHUP and ignore SIGPIPE.  Errors: INTERNAL. */
ALM_MUST_USE enum alm_err alm_signals_open(int *out_fd);

/** The next pending signal; 0 if there is none. */
int alm_signals_next(int fd);

#endif /* ALM_BROKER_EDGE_SIGNALS_H */
