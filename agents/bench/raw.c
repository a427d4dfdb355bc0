/*
 * raw.c - the yardstick: a bare ROUTER that forwards, under CURVE, with no
 * policy, no record and no disk.  Its ends are those of ends.h, or such as do
 * nothing but pass frames of zeros, which shows what the ends cost.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zmq.h>

#include "agents/bench/bench.h"
#include "agents/bench/ends.h"
#include "agents/bench/process.h"

#define KEY_TEXT_BYTES 41u
#define STEP_WAIT_MS 300000
#define READY_WAIT_MS 300000

/** Shared by the three processes and their parent. */
struct raw {
	struct alm_bench_load load;
	bool has_ends; /* that work */
	size_t frame_bytes;
	uint64_t frame_count;
	char endpoint[128];
	char server_public[KEY_TEXT_BYTES];
	char server_secret[KEY_TEXT_BYTES];
	char sender_public[KEY_TEXT_BYTES];
	char sender_secret[KEY_TEXT_BYTES];
	char receiver_public[KEY_TEXT_BYTES];
	char receiver_secret[KEY_TEXT_BYTES];
	int64_t first_ns;
	int64_t last_ns;
	struct alm_bench_gate bound[2];    /* the router knows its port */
	struct alm_bench_gate is_attached; /* it has heard the receiver */
};

static bool set(void *socket, int option, int value)
{
	return zmq_setsockopt(socket, option, &value, sizeof(value)) == 0;
}

static bool set_text(void *socket, int option, const char *text)
{
	return zmq_setsockopt(socket, option, text, strlen(text)) == 0;
}

static bool limit(void *socket, const struct raw *raw)
{
	return set(socket, ZMQ_SNDHWM, (int)raw->load.window) &&
	       set(socket, ZMQ_RCVHWM, (int)raw->load.window) &&
	       set(socket, ZMQ_SNDTIMEO, STEP_WAIT_MS) &&
	       set(socket, ZMQ_RCVTIMEO, STEP_WAIT_MS) &&
	       set(socket, ZMQ_LINGER, STEP_WAIT_MS);
}

/* --- the router --------------------------------------------------------- */

static bool bind_router(void *socket, struct raw *raw)
{
	size_t bytes = sizeof(raw->endpoint);

	return limit(socket, raw) && set(socket, ZMQ_ROUTER_MANDATORY, 1) &&
	       set(socket, ZMQ_CURVE_SERVER, 1) &&
	       set_text(socket, ZMQ_CURVE_SECRETKEY, raw->server_secret) &&
	       zmq_bind(socket, "tcp://127.0.0.1:*") == 0 &&
	       zmq_getsockopt(
		       socket, ZMQ_LAST_ENDPOINT, raw->endpoint, &bytes) == 0;
}

/** Pass one frame on, from S to R or back.  A frame of one byte is the end. */
static bool forward(
	void *socket, zmq_msg_t *id, zmq_msg_t *frame, bool *out_is_over)
{
	const char *to;

	if (zmq_msg_recv(id, socket, 0) != 1 ||
		zmq_msg_recv(frame, socket, 0) < 0) {
		return false;
	}
	*out_is_over = zmq_msg_size(frame) == 1;
	to = *(const char *)zmq_msg_data(id) == 'S' ? "R" : "S";
	return *out_is_over || (zmq_send(socket, to, 1, ZMQ_SNDMORE) == 1 &&
				       zmq_msg_send(frame, socket, 0) >= 0);
}

static void route(void *cookie)
{
	struct raw *raw = cookie;
	void *context = zmq_ctx_new();
	void *socket = zmq_socket(context, ZMQ_ROUTER);
	zmq_msg_t id;
	zmq_msg_t frame;
	char hello[2];
	bool is_over = false;
	bool is_good = socket != NULL && bind_router(socket, raw);

	alm_bench_gate_open(&raw->bound[0]);
	alm_bench_gate_open(&raw->bound[1]);
	/* The receiver says hello first, so that its route is known. */
	is_good = is_good && zmq_recv(socket, hello, sizeof(hello), 0) == 1 &&
		  zmq_recv(socket, hello, sizeof(hello), 0) == 1;
	if (is_good) {
		alm_bench_gate_open(&raw->is_attached);
	}
	(void)zmq_msg_init(&id);
	(void)zmq_msg_init(&frame);
	while (is_good && !is_over) {
		is_good = forward(socket, &id, &frame, &is_over);
	}
	(void)zmq_msg_close(&id);
	(void)zmq_msg_close(&frame);
	(void)zmq_close(socket);
	(void)zmq_ctx_term(context);
	_exit(is_good ? 0 : 1);
}

/* --- the two ends ------------------------------------------------------- */

static bool attach(void *socket, struct raw *raw, const char *id,
	const char *public_key, const char *secret_key)
{
	return limit(socket, raw) && set_text(socket, ZMQ_ROUTING_ID, id) &&
	       set_text(socket, ZMQ_CURVE_SERVERKEY, raw->server_public) &&
	       set_text(socket, ZMQ_CURVE_PUBLICKEY, public_key) &&
	       set_text(socket, ZMQ_CURVE_SECRETKEY, secret_key) &&
	       zmq_connect(socket, raw->endpoint) == 0;
}

static bool send_zeros(void *socket, const struct raw *raw)
{
	uint8_t *frame = calloc(1, raw->frame_bytes);
	bool is_good = frame != NULL;

	for (uint64_t i = 0; is_good && i < raw->frame_count; i++) {
		is_good = zmq_send(socket, frame, raw->frame_bytes, 0) >= 0;
	}
	free(frame);
	return is_good;
}

static void send_all(void *cookie)
{
	struct raw *raw = cookie;
	void *context = zmq_ctx_new();
	void *socket = zmq_socket(context, ZMQ_DEALER);
	bool is_good = alm_bench_gate_wait(&raw->bound[0], READY_WAIT_MS) &&
		       attach(socket, raw, "S", raw->sender_public,
			       raw->sender_secret) &&
		       alm_bench_gate_wait(&raw->is_attached, READY_WAIT_MS);

	raw->first_ns = alm_bench_now_ns();
	if (is_good) {
		is_good = raw->has_ends
				  ? alm_bench_send_signed(socket, &raw->load)
				  : send_zeros(socket, raw);
	}
	is_good = is_good && zmq_send(socket, "", 1, 0) == 1;
	(void)zmq_close(socket);
	(void)zmq_ctx_term(context);
	_exit(is_good ? 0 : 1);
}

static bool take_zeros(void *socket, const struct raw *raw)
{
	zmq_msg_t frame;
	bool is_good = true;

	(void)zmq_msg_init(&frame);
	for (uint64_t i = 0; is_good && i < raw->frame_count; i++) {
		is_good = zmq_msg_recv(&frame, socket, 0) ==
			  (int)raw->frame_bytes;
	}
	(void)zmq_msg_close(&frame);
	return is_good;
}

static void receive_all(void *cookie)
{
	struct raw *raw = cookie;
	void *context = zmq_ctx_new();
	void *socket = zmq_socket(context, ZMQ_DEALER);
	bool is_good = alm_bench_gate_wait(&raw->bound[1], READY_WAIT_MS) &&
		       attach(socket, raw, "R", raw->receiver_public,
			       raw->receiver_secret) &&
		       zmq_send(socket, "", 1, 0) == 1;

	if (is_good) {
		is_good = raw->has_ends
				  ? alm_bench_take_signed(socket, &raw->load)
				  : take_zeros(socket, raw);
	}
	raw->last_ns = alm_bench_now_ns();
	(void)zmq_close(socket);
	(void)zmq_ctx_term(context);
	_exit(is_good ? 0 : 1);
}

/* --- all three ---------------------------------------------------------- */

static bool make_keys(struct raw *raw)
{
	return zmq_curve_keypair(raw->server_public, raw->server_secret) == 0 &&
	       zmq_curve_keypair(raw->sender_public, raw->sender_secret) == 0 &&
	       zmq_curve_keypair(raw->receiver_public, raw->receiver_secret) ==
		       0;
}

static enum alm_err run(
	struct raw *raw, double *out_per_s, struct alm_problem *problem)
{
	void (*const works[])(void *) = {route, receive_all, send_all};
	static const char *const names[] = {"router", "receiver", "sender"};
	pid_t pids[ALM_COUNT(works)];
	int failed = -1;

	for (size_t i = 0; i < ALM_COUNT(works); i++) {
		pids[i] = alm_bench_fork(works[i], raw);
	}
	for (int i = (int)ALM_COUNT(works) - 1; i >= 0; i--) {
		if (!alm_bench_join(pids[i]) && failed < 0) {
			failed = i;
		}
	}
	if (failed >= 0 || raw->last_ns <= raw->first_ns) {
		return alm_problem_set(problem, ALM_IO,
			"the bare %s process failed",
			failed >= 0 ? names[failed] : "receiver");
	}
	*out_per_s = (double)raw->load.message_count * 1e9 /
		     (double)(raw->last_ns - raw->first_ns);
	return ALM_OK;
}

enum alm_err alm_bench_raw(const struct alm_bench_load *load, bool has_ends,
	double *out_per_s, struct alm_problem *problem)
{
	struct raw *raw = alm_bench_share(sizeof(*raw));
	enum alm_err err;

	if (raw == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "shared memory");
	}
	raw->load = *load;
	raw->has_ends = has_ends;
	raw->frame_count =
		(load->message_count + load->envelopes_per_frame - 1) /
		load->envelopes_per_frame;
	err = alm_bench_frame_bytes(load->payload_bytes,
		load->envelopes_per_frame, &raw->frame_bytes);
	if (err == ALM_OK &&
		(!make_keys(raw) || !alm_bench_gate_init(&raw->bound[0]) ||
			!alm_bench_gate_init(&raw->bound[1]) ||
			!alm_bench_gate_init(&raw->is_attached))) {
		err = alm_problem_set(problem, ALM_IO, "pipes or keys");
	}
	if (err == ALM_OK) {
		err = run(raw, out_per_s, problem);
		alm_bench_gate_fini(&raw->bound[0]);
		alm_bench_gate_fini(&raw->bound[1]);
		alm_bench_gate_fini(&raw->is_attached);
	}
	alm_bench_unshare(raw, sizeof(*raw));
	return err;
}
