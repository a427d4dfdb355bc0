/*
 * The ZAP handler's socket, and the proof at start that it is asked and obeyed.
 * It is served by the loop between turns (docs/decisions/0004).
 */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "broker/edge/clock.h"
#include "broker/edge/edge_internal.h"
#include "lib/patience.h"

#define REQUESTS_PER_CALL_MAX 64u
#define PROOF_MS_MAX 30000
#define PROOF_STEP_MS 50
/* One each: the first may still be closing when the second is opened. */
#define MONITOR_ENDPOINT "inproc://almoner.stranger"
#define NEXT_MONITOR_ENDPOINT "inproc://almoner.stranger.next"

struct zap_request {
	zmq_msg_t parts[ALM_ZAP_FRAMES_MAX];
	size_t count;
};

static void close_request(struct zap_request *request)
{
	for (size_t i = 0; i < request->count; i++) {
		(void)zmq_msg_close(&request->parts[i]);
	}
	request->count = 0;
}

/* False when nothing waits.  Frames past the maximum are read away. */
static bool receive_request(void *socket, struct zap_request *request)
{
	bool is_more = true;

	request->count = 0;
	while (is_more) {
		zmq_msg_t part;

		(void)zmq_msg_init(&part);
		if (zmq_msg_recv(&part, socket, ZMQ_DONTWAIT) < 0) {
			(void)zmq_msg_close(&part);
			return request->count > 0;
		}
		is_more = zmq_msg_more(&part);
		if (request->count < ALM_ZAP_FRAMES_MAX) {
			request->parts[request->count++] = part;
		} else {
			(void)zmq_msg_close(&part);
		}
	}
	return true;
}

static void send_text(void *socket, const char *text, int flags)
{
	(void)zmq_send(socket, text, strlen(text), flags | ZMQ_DONTWAIT);
}

/* [routing id] [] [1.0] [request id] [status] [text] [user id] [metadata] */
static void answer(void *socket, struct zap_request *request,
	alm_zap_judge_fn *judge, void *cookie)
{
	struct alm_bytes frames[ALM_ZAP_FRAMES_MAX];
	const char *status = "500";
	const char *text = "";
	const char *user_id = "";

	if (request->count < 4) {
		return; /* not from libzmq's own client */
	}
	for (size_t i = 2; i < request->count; i++) {
		frames[i - 2].data = zmq_msg_data(&request->parts[i]);
		frames[i - 2].bytes = zmq_msg_size(&request->parts[i]);
	}
	judge(cookie, frames, request->count - 2, &status, &text, &user_id);
	(void)zmq_msg_send(
		&request->parts[0], socket, ZMQ_SNDMORE | ZMQ_DONTWAIT);
	send_text(socket, "", ZMQ_SNDMORE);
	send_text(socket, "1.0", ZMQ_SNDMORE);
	(void)zmq_msg_send(
		&request->parts[3], socket, ZMQ_SNDMORE | ZMQ_DONTWAIT);
	send_text(socket, status, ZMQ_SNDMORE);
	send_text(socket, text, ZMQ_SNDMORE);
	send_text(socket, user_id, ZMQ_SNDMORE);
	send_text(socket, "", 0);
}

void alm_edge_serve_zap(
	struct alm_edge *edge, alm_zap_judge_fn *judge, void *cookie)
{
	struct zap_request request = {.count = 0};

	for (unsigned i = 0; i < REQUESTS_PER_CALL_MAX; i++) {
		if (!receive_request(edge->zap, &request)) {
			return;
		}
		answer(edge->zap, &request, judge, cookie);
		close_request(&request);
	}
}

static bool set_stranger_keys(
	void *stranger, const uint8_t broker_key[ALM_KEY_BYTES])
{
	uint8_t public_key[ALM_KEY_BYTES];
	uint8_t secret_key[ALM_KEY_BYTES];
	bool is_set;

	if (crypto_box_keypair(public_key, secret_key) != 0) {
		return false;
	}
	is_set = zmq_setsockopt(stranger, ZMQ_CURVE_SERVERKEY, broker_key,
			 ALM_KEY_BYTES) == 0 &&
		 zmq_setsockopt(stranger, ZMQ_CURVE_PUBLICKEY, public_key,
			 ALM_KEY_BYTES) == 0 &&
		 zmq_setsockopt(stranger, ZMQ_CURVE_SECRETKEY, secret_key,
			 ALM_KEY_BYTES) == 0;
	sodium_memzero(secret_key, sizeof(secret_key));
	return is_set;
}

/* The next event of the stranger's connection; 0 if none waits. */
static unsigned next_event(void *monitor)
{
	uint8_t event[6] = {0};
	char endpoint[ALM_ENDPOINT_BYTES_MAX + 1];
	uint16_t number;

	if (zmq_recv(monitor, event, sizeof(event), ZMQ_DONTWAIT) !=
		(int)sizeof(event)) {
		return 0;
	}
	(void)zmq_recv(monitor, endpoint, sizeof(endpoint), ZMQ_DONTWAIT);
	memcpy(&number, event, sizeof(number)); /* in the host's order */
	return number;
}

/* True once the handshake was seen to fail because of who asked. */
static bool watch_refusal(struct alm_edge *edge, void *monitor,
	alm_zap_judge_fn *judge, void *cookie)
{
	struct alm_patience patience =
		alm_patience_of(PROOF_MS_MAX, alm_clock_monotonic_ms());

	while (alm_patience_step(&patience, alm_clock_monotonic_ms()) > 0) {
		zmq_pollitem_t items[] = {
			{.socket = edge->zap, .events = ZMQ_POLLIN},
			{.socket = monitor, .events = ZMQ_POLLIN},
		};
		unsigned event;

		(void)zmq_poll(items, 2, PROOF_STEP_MS);
		alm_edge_serve_zap(edge, judge, cookie);
		for (event = next_event(monitor); event != 0;
			event = next_event(monitor)) {
			if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
				return false;
			}
			if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
				return true;
			}
		}
	}
	return false;
}

/* One endpoint to be proved. */
struct proof {
	const char *endpoint;
	const uint8_t *broker_key;
	const char *monitor_at;
};

static enum alm_err prove_refused(struct alm_edge *edge,
	const struct proof *proof, alm_zap_judge_fn *judge, void *cookie,
	struct alm_problem *problem)
{
	void *stranger = zmq_socket(edge->context, ZMQ_DEALER);
	void *monitor = zmq_socket(edge->context, ZMQ_PAIR);
	bool is_refused = false;
	int linger = 0;
	int one = 1; /* the endpoint may be one of IPv6 */

	if (stranger != NULL && monitor != NULL &&
		zmq_setsockopt(stranger, ZMQ_LINGER, &linger, sizeof(linger)) ==
			0 &&
		zmq_setsockopt(monitor, ZMQ_LINGER, &linger, sizeof(linger)) ==
			0 &&
		zmq_setsockopt(stranger, ZMQ_IPV6, &one, sizeof(one)) == 0 &&
		set_stranger_keys(stranger, proof->broker_key) &&
		zmq_socket_monitor(
			stranger, proof->monitor_at, ZMQ_EVENT_ALL) == 0 &&
		zmq_connect(monitor, proof->monitor_at) == 0 &&
		zmq_connect(stranger, proof->endpoint) == 0) {
		is_refused = watch_refusal(edge, monitor, judge, cookie);
	}
	if (stranger != NULL) {
		(void)zmq_socket_monitor(stranger, NULL, 0);
		(void)zmq_close(stranger);
	}
	if (monitor != NULL) {
		(void)zmq_close(monitor);
	}
	if (!is_refused) {
		return alm_problem_set(
			problem, ALM_STRANGER_ADMITTED, "%s", proof->endpoint);
	}
	return ALM_OK;
}

enum alm_err alm_edge_prove_stranger_refused(struct alm_edge *edge,
	alm_zap_judge_fn *judge, void *cookie, struct alm_problem *problem)
{
	const struct proof first = {
		edge->endpoint, edge->public_key, MONITOR_ENDPOINT};
	const struct proof next = {edge->next_endpoint, edge->next_public_key,
		NEXT_MONITOR_ENDPOINT};
	enum alm_err err = prove_refused(edge, &first, judge, cookie, problem);

	if (err == ALM_OK && edge->next != NULL) {
		err = prove_refused(edge, &next, judge, cookie, problem);
	}
	return err;
}
