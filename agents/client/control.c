#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include <zmq.h>

#include "agents/client/alive.h"
#include "agents/client/clock.h"
#include "agents/include/almoner_control.h"

#define PREFIX "ipc://"

struct alm_control {
	void *context;
	void *socket;
	uint32_t last_id;
	zmq_msg_t frame; /* received last; it may hold more answers */
	bool has_frame;
	struct alm_alive alive;
	int wait_ms;
	int quiet_ms;
	char endpoint[];
};

/* How often it is looked whether the broker is still at it. */
#define LOOK_MS 1000

static bool is_local(const char *endpoint)
{
	struct sockaddr_un address;
	const char *path = endpoint + strlen(PREFIX);

	return strncmp(endpoint, PREFIX, strlen(PREFIX)) == 0 &&
	       path[0] != '\0' && strlen(path) < sizeof(address.sun_path);
}

static bool set_options(void *socket)
{
	int64_t bytes_max = (int64_t)ALM_ADMIN_FRAME_BYTES_MAX;
	int immediate = 1;
	int linger = 0;

	return zmq_setsockopt(socket, ZMQ_IMMEDIATE, &immediate,
		       sizeof(immediate)) == 0 &&
	       zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger)) ==
		       0 &&
	       zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &bytes_max,
		       sizeof(bytes_max)) == 0;
}

enum alm_err alm_control_open(const char *endpoint,
	struct alm_control **out_control, struct alm_problem *problem)
{
	size_t bytes = strlen(endpoint) + 1;
	struct alm_control *control;
	enum alm_err err;

	if (!is_local(endpoint)) {
		return alm_problem_set(
			problem, ALM_ENDPOINT_INVALID, "%s", endpoint);
	}
	control = calloc(1, sizeof(*control) + bytes);
	if (control == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "control");
	}
	memcpy(control->endpoint, endpoint, bytes);
	control->wait_ms = -1;
	err = alm_alive_begin(
		&control->alive, control->endpoint + strlen(PREFIX), problem);
	if (err != ALM_OK) {
		free(control);
		return err;
	}
	control->context = zmq_ctx_new();
	control->socket = control->context == NULL
				  ? NULL
				  : zmq_socket(control->context, ZMQ_DEALER);
	if (control->socket == NULL || !set_options(control->socket)) {
		err = alm_problem_set(
			problem, ALM_NOMEM, "%s", zmq_strerror(errno));
	} else if (zmq_connect(control->socket, endpoint) != 0) {
		err = alm_problem_set(problem, ALM_ENDPOINT_INVALID, "%s: %s",
			endpoint, zmq_strerror(errno));
	}
	if (err != ALM_OK) {
		alm_control_close(control);
		return err;
	}
	*out_control = control;
	return ALM_OK;
}

void alm_control_close(struct alm_control *control)
{
	if (control == NULL) {
		return;
	}
	if (control->has_frame) {
		(void)zmq_msg_close(&control->frame);
	}
	if (control->socket != NULL) {
		(void)zmq_close(control->socket);
	}
	if (control->context != NULL) {
		(void)zmq_ctx_term(control->context);
	}
	free(control);
}

void alm_control_set_patience(
	struct alm_control *control, int wait_ms, int quiet_ms)
{
	control->wait_ms = wait_ms;
	control->quiet_ms = quiet_ms;
}

/** Wait for `events` until the deadline (INT64_MAX: none), and only while the
 * broker is there. */
static enum alm_err wait_for(struct alm_control *control, short events,
	int64_t deadline_ms, enum alm_err late, struct alm_problem *problem)
{
	zmq_pollitem_t item = {.socket = control->socket, .events = events};
	enum alm_err err = ALM_OK;
	int rc = 0;

	while (err == ALM_OK && rc == 0) {
		int64_t left_ms = deadline_ms - alm_client_monotonic_ms();

		left_ms = left_ms < 0 ? 0 : left_ms;
		rc = zmq_poll(&item, 1,
			(long)(left_ms < LOOK_MS ? left_ms : LOOK_MS));
		if (rc < 0) {
			err = alm_problem_set(problem, ALM_INTERRUPTED,
				"administration socket");
		} else if (rc == 0 && left_ms <= LOOK_MS) {
			err = alm_problem_set(
				problem, late, "administration socket");
		} else if (rc == 0) {
			err = alm_alive_look(
				&control->alive, control->quiet_ms, problem);
		}
	}
	return err;
}

static enum alm_err send_call(struct alm_control *control,
	const struct alm_request_call *call, int64_t deadline_ms,
	struct alm_arena *arena, struct alm_problem *problem)
{
	struct alm_envelope envelope = {.kind = ALM_ENVELOPE_ADMINISTER};
	struct alm_frame_builder frame;
	struct alm_bytes bytes;
	enum alm_err err;

	envelope.request = *call;
	envelope.request.id = ++control->last_id;
	alm_frame_init(&frame, ALM_ADMIN_FRAME_BYTES_MAX);
	err = alm_frame_add(&frame, &envelope, arena);
	if (err != ALM_OK) {
		err = alm_problem_set(problem, err, "%s", call->verb);
		goto out;
	}
	alm_alive_await(&control->alive);
	err = wait_for(
		control, ZMQ_POLLOUT, deadline_ms, ALM_UNREACHABLE, problem);
	if (err != ALM_OK) {
		goto out;
	}
	bytes = alm_frame_bytes(&frame);
	if (zmq_send(control->socket, bytes.data, bytes.bytes, ZMQ_DONTWAIT) <
		0) {
		err = alm_problem_set(
			problem, ALM_UNREACHABLE, "%s", zmq_strerror(errno));
	}
out:
	alm_frame_fini(&frame);
	return err;
}

/** Look for the answer to a call among the envelopes; NOT_FOUND if it is not
 * there. */
static enum alm_err find_answer(uint32_t id,
	const struct alm_envelope *envelopes, size_t count,
	struct alm_answer *out_answer, struct alm_problem *problem)
{
	for (size_t i = 0; i < count; i++) {
		if (envelopes[i].kind == ALM_ENVELOPE_ERROR) {
			return alm_problem_set(problem,
				envelopes[i].error.code == ALM_OK
					? ALM_INTERNAL
					: envelopes[i].error.code,
				"%s", envelopes[i].error.detail);
		}
		if (envelopes[i].kind == ALM_ENVELOPE_ANSWER &&
			envelopes[i].answer.id == id) {
			*out_answer = envelopes[i].answer;
			return ALM_OK;
		}
	}
	return ALM_NOT_FOUND;
}

/** Look in the frame that was received last. */
static enum alm_err look(struct alm_control *control, uint32_t id,
	struct alm_arena *arena, struct alm_answer *out_answer,
	struct alm_problem *problem)
{
	const struct alm_envelope *envelopes = NULL;
	struct alm_bytes bytes;
	size_t count = 0;
	enum alm_err err;

	if (!control->has_frame) {
		return ALM_NOT_FOUND;
	}
	bytes = (struct alm_bytes){
		zmq_msg_data(&control->frame), zmq_msg_size(&control->frame)};
	err = alm_wire_decode(
		ALM_WIRE_CONTROL, bytes, arena, &envelopes, &count, problem);
	if (err == ALM_OK) {
		err = find_answer(id, envelopes, count, out_answer, problem);
	}
	if (err != ALM_OK && err != ALM_NOT_FOUND) {
		(void)zmq_msg_close(&control->frame);
		control->has_frame = false; /* told of once */
	}
	return err;
}

static enum alm_err receive_answer(struct alm_control *control, uint32_t id,
	struct alm_arena *arena, struct alm_answer *out_answer,
	struct alm_problem *problem)
{
	if (control->has_frame) {
		(void)zmq_msg_close(&control->frame);
	}
	(void)zmq_msg_init(&control->frame);
	control->has_frame = zmq_msg_recv(&control->frame, control->socket,
				     ZMQ_DONTWAIT) >= 0;
	if (!control->has_frame) {
		(void)zmq_msg_close(&control->frame);
	}
	return look(control, id, arena, out_answer, problem);
}

static int64_t deadline_of(const struct alm_control *control, int timeout_ms)
{
	if (timeout_ms == 0) {
		timeout_ms = control->wait_ms;
	}
	return timeout_ms < 0 ? INT64_MAX
			      : alm_client_monotonic_ms() + timeout_ms;
}

enum alm_err alm_control_send(struct alm_control *control,
	const struct alm_request_call *call, int timeout_ms,
	struct alm_arena *arena, uint32_t *out_id, struct alm_problem *problem)
{
	enum alm_err err = send_call(control, call,
		deadline_of(control, timeout_ms), arena, problem);

	if (err == ALM_OK) {
		*out_id = control->last_id;
	}
	return err;
}

enum alm_err alm_control_await(struct alm_control *control, uint32_t id,
	int timeout_ms, struct alm_arena *arena, struct alm_answer *out_answer,
	struct alm_problem *problem)
{
	int64_t deadline_ms = deadline_of(control, timeout_ms);
	enum alm_err err = look(control, id, arena, out_answer, problem);

	alm_alive_await(&control->alive);
	/* Answers to earlier calls that timed out may come first. */
	while (err == ALM_NOT_FOUND) {
		err = wait_for(
			control, ZMQ_POLLIN, deadline_ms, ALM_TIMEOUT, problem);
		if (err == ALM_OK) {
			err = receive_answer(
				control, id, arena, out_answer, problem);
		}
	}
	return err;
}

enum alm_err alm_control_ask(struct alm_control *control,
	const struct alm_request_call *call, int timeout_ms,
	struct alm_arena *arena, struct alm_answer *out_answer,
	struct alm_problem *problem)
{
	uint32_t id = 0;
	enum alm_err err = alm_control_send(
		control, call, timeout_ms, arena, &id, problem);

	return err == ALM_OK ? alm_control_await(control, id, timeout_ms, arena,
				       out_answer, problem)
			     : err;
}
