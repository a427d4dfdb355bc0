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
#include "lib/limits.h"

#define ALM_STEPS_MAX 64u

enum alm_step_status {
	ALM_STEP_GOOD = 0,
	ALM_STEP_WARNED,
	ALM_STEP_FAILED,
	ALM_STEP_SKIPPED, /* it does not apply, or needs one that failed */
};

/** One line: what was tried, where, what came of it, and what to do. */
struct alm_step {
	const char *name; /* static */
	enum alm_step_status status;
	enum alm_err err; /* why it failed, or what is to be done about it */
	char where[320];
	char what[1024];
	char todo[1024]; /* "" when nothing is */
	char ask[1024];  /* lines for a firewall, with "; " between; or "" */
};

struct alm_steps {
	struct alm_step items[ALM_STEPS_MAX];
	size_t count;
	char where[320]; /* of the steps that are added now */
};

/** Add a line; one too many is left out.  One that failed says what the
 * catalogue advises, until alm_step_do() knows better. */
void alm_step_add(struct alm_steps *steps, const char *name,
	enum alm_step_status status, enum alm_err err, const char *format, ...)
	ALM_PRINTF(5, 6);

/** Where the steps that follow are. */
void alm_steps_at(struct alm_steps *steps, const char *format, ...)
	ALM_PRINTF(2, 3);
/** What to do about the step that was added last. */
void alm_step_do(struct alm_steps *steps, const char *format, ...)
	ALM_PRINTF(2, 3);

/** Steps `name` and `tcp`: the endpoint's host is known and answers.  True if
 * it does; else the firewall's lines stand in the step, for each family that
 * the host has an address of. */
bool alm_doctor_reach(
	struct alm_steps *steps, const char *endpoint, int timeout_ms);

/** Steps `curve` and `zap`: the broker has this key, and refuses a stranger,
 * whose key this is. */
bool alm_doctor_stranger(struct alm_steps *steps, const char *endpoint,
	const uint8_t broker_key[ALM_KEY_BYTES],
	const uint8_t curve_secret_key[ALM_KEY_BYTES], int timeout_ms);

struct alm_doctor_options {
	const char *context_file;
	int timeout_ms; /* for each address, and for each answer */
	/* What a message would be answered; `to` NULL: do not ask. */
	const char *to;
	const char *purpose;
	const char *categories; /* with commas between */
	const char *level;
	const char *basis; /* NULL: none is named */
};

/** Everything from a context file to a letter there and back. */
void alm_doctor_agent(
	struct alm_steps *steps, const struct alm_doctor_options *options);

#endif /* ALM_AGENTS_INCLUDE_ALMONER_DOCTOR_H */
