/*
 * almoner_control.h - ask the broker over its local administration socket.
 * Internal: for our own command line; not installed, not exported.  Who may
 * ask is decided by the permissions of the socket file.  Never logs; one
 * thread at a time.
 */
#ifndef ALM_AGENTS_INCLUDE_ALMONER_CONTROL_H
#define ALM_AGENTS_INCLUDE_ALMONER_CONTROL_H

#include "lib/wire/wire.h"

struct alm_control;

/**
 * Open the socket.
 *
 * In:      endpoint      ipc:///PATH
 * Out:     out_control   close with alm_control_close()
 * Errors:  ENDPOINT_INVALID; UNREACHABLE: nobody listens there; NOT_PERMITTED:
 *          the socket's mode keeps this user out; NOMEM, IO
 */
ALM_MUST_USE enum alm_err alm_control_open(const char *endpoint,
	struct alm_control **out_control, struct alm_problem *problem);

/** NULL is fine. */
void alm_control_close(struct alm_control *control);

/** How long an answer is awaited where a call says 0 (-1: for ever, as at
 * first), and how long from a broker whose process is stopped or does nothing
 * (0: no less).  One that has gone is told of at once. */
void alm_control_set_patience(
	struct alm_control *control, int wait_ms, int quiet_ms);

/**
 * Ask once and wait for the answer.  `call->id` is set by the function.
 *
 * In:      call          borrowed; attachments up to ALM_ADMIN_FRAME_BYTES_MAX
 *          timeout_ms    -1 waits for ever, 0 as alm_control_set_patience()
 *          arena         the answer lives in it
 * Out:     out_answer    whenever an answer came: look at its code and detail
 * Errors:  UNREACHABLE, TIMEOUT: try again; FRAME_TOO_LARGE, FIELD_TOO_LARGE,
 *          TOO_MANY_VALUES: ask for less; the errors of alm_wire_decode();
 *          the code of an error envelope (DRAINING, UNKNOWN_VERB, ...)
 */
ALM_MUST_USE enum alm_err alm_control_ask(struct alm_control *control,
	const struct alm_request_call *call, int timeout_ms,
	struct alm_arena *arena, struct alm_answer *out_answer,
	struct alm_problem *problem);

/**
 * The two halves of asking, for who keeps several calls on their way; the
 * answers come in the order of the calls.
 *
 * Out:     out_id        which call it is
 * Errors:  as alm_control_ask()
 */
ALM_MUST_USE enum alm_err alm_control_send(struct alm_control *control,
	const struct alm_request_call *call, int timeout_ms,
	struct alm_arena *arena, uint32_t *out_id, struct alm_problem *problem);
ALM_MUST_USE enum alm_err alm_control_await(struct alm_control *control,
	uint32_t id, int timeout_ms, struct alm_arena *arena,
	struct alm_answer *out_answer, struct alm_problem *problem);

#endif /* ALM_AGENTS_INCLUDE_ALMONER_CONTROL_H */
