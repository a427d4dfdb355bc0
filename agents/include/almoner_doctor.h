/*
 * almoner_doctor.h - the path between an agent and its broker, step by step.
 * Internal: for our own command line; not installed, not exported.  Never
 * logs; waits for seconds.
 */
#ifndef ALM_AGENTS_INCLUDE_ALMONER_DOCTOR_H
#define ALM_AGENTS_INCLUDE_ALMONER_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define ALM_STEPS_MAX 32u

enum alm_step_status {
	ALM_STEP_GOOD = 0,
	ALM_STEP_WARNED,
	ALM_STEP_FAILED,
	ALM_STEP_SKIPPED, /* it does not apply, or needs one that failed */
};

/** One line: what was tried, and what came of it. */
struct alm_step {
	const char *name; /* static */
	enum alm_step_status status;
	enum alm_err err; /* why it failed */
	char what[1024];
};

struct alm_steps {
	struct alm_step items[ALM_STEPS_MAX];
	size_t count;
};

/** Add a line; one too many is left out. */
void alm_step_add(struct alm_steps *steps, const char *name,
	enum alm_step_status status, enum alm_err err, const char *format, ...)
	ALM_PRINTF(5, 6);

/** Steps `name` and `tcp`: the endpoint's host is known and answers.  True if
 * it does; else the firewall's line stands in the step. */
bool alm_doctor_reach(struct alm_steps *steps, const char *endpoint);

/** Steps `curve` and `zap`: the broker has this key, and lets ours in.
 * `is_stranger`: ours is nobody's, so it is good when it is refused. */
bool alm_doctor_handshake(struct alm_steps *steps, const char *endpoint,
	const uint8_t broker_key[32], const uint8_t curve_secret_key[32],
	bool is_stranger);

/** Everything from a context file to the mail that waits. */
void alm_doctor_agent(struct alm_steps *steps, const char *context_file);

#endif /* ALM_AGENTS_INCLUDE_ALMONER_DOCTOR_H */
