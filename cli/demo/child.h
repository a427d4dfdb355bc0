/*
 * child.h - a process of the demonstration: what it is told goes to its
 * standard input, what it says comes from its standard output, line by line.
 * It dies with this process.  One thread.
 */
#ifndef ALM_CLI_DEMO_CHILD_H
#define ALM_CLI_DEMO_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/err.h"

#define ALM_CHILD_LINE_BYTES 16384u

/** Caller's memory; zeroed is a process that was never started. */
struct alm_child {
	pid_t pid;
	int in;       /* we write, it reads */
	int out;      /* it writes, we read */
	bool is_over; /* it has closed its output */
	size_t used;
	size_t taken; /* of `used`, given out as lines */
	char text[ALM_CHILD_LINE_BYTES];
};

/**
 * In:      argv    argv[0] is the program's path; ends with NULL
 *          log     its standard error is appended there
 * Errors:  IO
 */
ALM_MUST_USE enum alm_err alm_child_start(struct alm_child *child,
	const char *const *argv, const char *log, struct alm_problem *problem);

/** Tell it a line.  False if it does not listen any more. */
ALM_MUST_USE bool alm_child_tell(struct alm_child *child, const char *line);

/** The next whole line, without its end; NULL: none yet.  Valid until the
 * next call on the child. */
const char *alm_child_line(struct alm_child *child);

/** Wait until it says something or ends, then read it.  False if the time is
 * over. */
bool alm_child_wait(struct alm_child *child, int wait_ms);

/** Close its input, signal it (0: the end of its input ends it) and wait for
 * its end, by SIGKILL after some seconds.  Gives its exit status, 128 plus a
 * signal, or -1 if it was not started. */
int alm_child_stop(struct alm_child *child, int signal_number);

/** Run to the end without input; output goes to the log too.  Gives as
 * alm_child_stop(). */
int alm_child_run(const char *const *argv, const char *log);

/** Milliseconds of a clock that never goes back. */
int64_t alm_child_now_ms(void);

#endif /* ALM_CLI_DEMO_CHILD_H */
