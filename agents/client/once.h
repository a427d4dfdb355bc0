/*
 * once.h - one envelope to the broker and its answer, on a connection of its
 * own and without hello, so that the agent at work is not superseded.
 */
#ifndef ALM_AGENTS_CLIENT_ONCE_H
#define ALM_AGENTS_CLIENT_ONCE_H

#include "agents/client/context.h"
#include "agents/client/link.h"
#include "lib/wire/wire.h"

struct alm_once {
	const char *endpoint;
	const uint8_t *broker_key;       /* 32 bytes, public */
	const uint8_t *curve_secret_key; /* 32 bytes */
	int timeout_ms;
};

/**
 * Connect and wait until the broker has let us in.
 * Errors:  UNREACHABLE: nobody answers; BROKER_KEY: the handshake was broken
 *          off; NOT_AUTHENTICATED: our key was refused; HANDSHAKES_LIMITED; as
 *          alm_link_open()
 */
ALM_MUST_USE enum alm_err alm_once_connect(const struct alm_once *once,
	struct alm_link **out_link, struct alm_problem *problem);

/**
 * Say one envelope and take the first envelope of `kind` that comes back.
 * Errors:  TIMEOUT; UNREACHABLE; the code of an error envelope; NOMEM
 */
ALM_MUST_USE enum alm_err alm_once_say(struct alm_link *link,
	const struct alm_envelope *envelope, enum alm_envelope_kind kind,
	int timeout_ms, struct alm_arena *arena,
	const struct alm_envelope **out_reply, struct alm_problem *problem);

/** Both, with a question, under the keys of a context.  Errors also: the
 * answer's code, with its detail; then `out_answer` is set as well. */
ALM_MUST_USE enum alm_err alm_once_ask(const struct alm_context *context,
	const char *verb, const struct alm_argument *arguments, size_t count,
	struct alm_arena *arena, struct alm_answer *out_answer,
	struct alm_problem *problem);

#endif /* ALM_AGENTS_CLIENT_ONCE_H */
