/*
 * alive.h - whether the process behind a local socket is still there and
 * works, while an answer of it is awaited.  Internal; never logs.
 */
#ifndef ALM_AGENTS_CLIENT_ALIVE_H
#define ALM_AGENTS_CLIENT_ALIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/err.h"

struct alm_alive {
	const char *path;  /* borrowed */
	pid_t pid;         /* who listens; 0: the kernel does not say */
	uint64_t ticks;    /* of processor time, when looked at last */
	int64_t looked_ms; /* monotonic */
	int64_t still_ms;  /* for so long there was no sign of work */
};

/** Connect and go again.  Errors: UNREACHABLE, NOT_PERMITTED, IO. */
ALM_MUST_USE enum alm_err alm_alive_begin(
	struct alm_alive *alive, const char *path, struct alm_problem *problem);

/** An answer is awaited from now on. */
void alm_alive_await(struct alm_alive *alive);

/**
 * Look again.  Who computes or waits for its disk works.  Where nobody looked
 * for long, the whole machine stood still: that is nobody's fault.
 * Errors:  UNREACHABLE: it has gone, or is another by now; TIMEOUT: it is
 *          stopped, or has done nothing for `quiet_ms`; NOT_PERMITTED, IO
 */
ALM_MUST_USE enum alm_err alm_alive_look(
	struct alm_alive *alive, int64_t quiet_ms, struct alm_problem *problem);

#endif /* ALM_AGENTS_CLIENT_ALIVE_H */
