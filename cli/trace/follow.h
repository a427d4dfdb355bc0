/*
 * follow.h - the steps of one message and of those that answer it, asked of
 * the broker: over the administration socket, or as an agent over its own
 * connection, of what its organisation may see.
 */
#ifndef ALM_CLI_TRACE_FOLLOW_H
#define ALM_CLI_TRACE_FOLLOW_H

#include "cli/args.h"
#include "lib/arena.h"
#include "lib/id.h"

/** Columns of the verb `trace`. */
enum alm_trace_cell {
	ALM_TRACE_SEQ,
	ALM_TRACE_TIME,
	ALM_TRACE_KIND,
	ALM_TRACE_EFFECT,
	ALM_TRACE_CODE,
	ALM_TRACE_NAME,
	ALM_TRACE_SENDER,
	ALM_TRACE_RECIPIENT,
	ALM_TRACE_AGENT,
	ALM_TRACE_MESSAGE,
	ALM_TRACE_MAIL,
	ALM_TRACE_REF,
	ALM_TRACE_ATTEMPT,
	ALM_TRACE_DUE,
	ALM_TRACE_MESSAGE_KIND,
	ALM_TRACE_CELLS
};

struct alm_trace_step {
	const char *cells[ALM_TRACE_CELLS]; /* in the arena */
	int64_t time_us;
	bool is_answer; /* of another message, which answers this one */
};

#define ALM_TRACE_STEPS_MAX 100000u

struct alm_trace {
	struct alm_arena arena;
	char id[ALM_UUID_TEXT_BYTES];
	const char *answers; /* the message that this one answers; "" */
	struct alm_trace_step *steps; /* by time */
	size_t count;
	size_t capacity;
};

void alm_trace_init(struct alm_trace *trace);
void alm_trace_fini(struct alm_trace *trace);

/** The id of the one message whose id begins with `begin`.
 * Errors: as alm_trace_follow() */
ALM_MUST_USE enum alm_err alm_trace_find(const struct alm_args *args,
	const char *begin, char out_id[ALM_UUID_TEXT_BYTES],
	struct alm_problem *problem);

/**
 * Follow the one message whose id begins with `id`, and those that answer it.
 * Errors:  NOT_FOUND, AMBIGUOUS, and those of connecting and asking
 */
ALM_MUST_USE enum alm_err alm_trace_follow(struct alm_trace *trace,
	const struct alm_args *args, const char *id,
	struct alm_problem *problem);

#endif /* ALM_CLI_TRACE_FOLLOW_H */
