/*
 * doctor.h - the inside of the doctor: one connection over which all is asked,
 * and the trial that goes there and back.
 */
#ifndef ALM_AGENTS_CLIENT_DOCTOR_H
#define ALM_AGENTS_CLIENT_DOCTOR_H

#include "agents/client/context.h"
#include "agents/client/link.h"
#include "agents/include/almoner_doctor.h"
#include "lib/wire/wire.h"

/** Connect with the context's key, and add the step that says whether it went.
 * True: the connection is open, close it with alm_link_close(). */
ALM_MUST_USE bool alm_doctor_connect(struct alm_steps *steps,
	const struct alm_context *context, int timeout_ms,
	struct alm_link **out_link);

/** The value of a fact; "" if it is not there. */
const char *alm_doctor_fact(const struct alm_answer *answer, const char *key);

/** Ask over an open connection.  Errors: as alm_once_say(); the answer's
 * code, with its detail. */
ALM_MUST_USE enum alm_err alm_doctor_ask(struct alm_link *link,
	const char *verb, const struct alm_argument *arguments, size_t count,
	struct alm_arena *arena, struct alm_answer *out_answer,
	struct alm_problem *problem);

/** Steps `decision` (if somebody is named), `accepted`, `delivered` and
 * `acknowledged`: a letter of random bytes to ourselves. */
void alm_doctor_trial(struct alm_steps *steps, struct alm_link *link,
	const struct alm_context *context,
	const struct alm_doctor_options *options);

#endif /* ALM_AGENTS_CLIENT_DOCTOR_H */
