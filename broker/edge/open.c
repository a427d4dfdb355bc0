/*
 * Binding.  The order matters: the ZAP handler is bound before the socket it
 * protects, or the first handshakes would find none.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "broker/edge/edge_internal.h"
#include "broker/edge/local.h"

#define ZAP_ENDPOINT "inproc://zeromq.zap.01"
#define ADMIN_SCHEME "ipc://"
/* That wait for one peer; of agents their bytes are counted as well. */
#define AGENT_FRAMES_MAX (2 * (int)ALM_DELIVER_WINDOW_MAX)
#define ADMIN_FRAMES_MAX 64

static bool set_int(void *socket, int option, int value)
{
	return zmq_setsockopt(socket, option, &value, sizeof(value)) == 0;
}

static bool set_common(void *socket, size_t frame_bytes_max, int frames_max)
{
	/* One byte of room, so that a frame that is a little too long reaches
	 * the decoder and is refused by name instead of by disconnection. */
	int64_t bytes_max = (int64_t)frame_bytes_max + 1024;

	return zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &bytes_max,
		       sizeof(bytes_max)) == 0 &&
	       set_int(socket, ZMQ_LINGER, 0) &&
	       set_int(socket, ZMQ_ROUTER_MANDATORY, 1) &&
	       set_int(socket, ZMQ_HANDSHAKE_IVL, 5000) &&
	       set_int(socket, ZMQ_SNDHWM, frames_max);
}

static bool set_agents(void *socket, const char *zap_domain,
	const uint8_t secret_key[ALM_KEY_BYTES])
{
	return set_common(socket, ALM_FRAME_BYTES_MAX, AGENT_FRAMES_MAX) &&
	       set_int(socket, ZMQ_RCVHWM, 1024) &&
	       set_int(socket, ZMQ_BACKLOG, 4096) &&
	       set_int(socket, ZMQ_IPV6, 1) &&
	       set_int(socket, ZMQ_HEARTBEAT_IVL, 10000) &&
	       set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, 30000) &&
	       set_int(socket, ZMQ_HEARTBEAT_TTL, 60000) &&
	       set_int(socket, ZMQ_TCP_KEEPALIVE, 1) &&
	       set_int(socket, ZMQ_TCP_KEEPALIVE_IDLE, 60) &&
	       set_int(socket, ZMQ_TCP_MAXRT, ALM_UNREAD_MS_MAX) &&
	       set_int(socket, ZMQ_CURVE_SERVER, 1) &&
	       zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key,
		       ALM_KEY_BYTES) == 0 &&
	       zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, zap_domain,
		       strlen(zap_domain)) == 0 &&
	       set_int(socket, ALM_ZMQ_ZAP_ENFORCE_DOMAIN, 1);
}

static enum alm_err bind_problem(
	const char *endpoint, int error, struct alm_problem *problem)
{
	return alm_problem_set(problem,
		error == EADDRINUSE ? ALM_ENDPOINT_BUSY : ALM_ENDPOINT_INVALID,
		"%s: %s", endpoint, zmq_strerror(error));
}

/* A socket for both kinds names an IPv4 address as one of IPv6; agents without
 * IPv6 are told of it too, in status and invites. */
static void say_ipv4_plainly(char endpoint[ALM_ENDPOINT_BYTES_MAX + 1])
{
	static const char mapped[] = "tcp://[::ffff:";
	const char *address = endpoint + strlen(mapped);
	const char *end;
	char plain[ALM_ENDPOINT_BYTES_MAX + 1];

	if (strncmp(endpoint, mapped, strlen(mapped)) != 0) {
		return;
	}
	end = strchr(address, ']');
	if (end == NULL) {
		return;
	}
	(void)snprintf(plain, sizeof(plain), "tcp://%.*s%s",
		(int)(end - address), address, end + 1);
	memcpy(endpoint, plain, sizeof(plain));
}

/* One ROUTER for agents: `*out_socket` is set even on failure. */
static enum alm_err bind_router(struct alm_edge *edge, const char *endpoint,
	const char *zap_domain, const uint8_t secret_key[ALM_KEY_BYTES],
	void **out_socket, char bound[ALM_ENDPOINT_BYTES_MAX + 1],
	struct alm_problem *problem)
{
	size_t bytes = ALM_ENDPOINT_BYTES_MAX + 1;
	void *socket = zmq_socket(edge->context, ZMQ_ROUTER);

	*out_socket = socket;
	if (socket == NULL || !set_agents(socket, zap_domain, secret_key)) {
		return alm_problem_set(problem, ALM_INTERNAL,
			"agents' socket: %s", zmq_strerror(zmq_errno()));
	}
	if (zmq_bind(socket, endpoint) != 0 ||
		zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, bound, &bytes) != 0) {
		return bind_problem(endpoint, zmq_errno(), problem);
	}
	say_ipv4_plainly(bound);
	return ALM_OK;
}

static enum alm_err bind_agents(struct alm_edge *edge,
	const struct alm_edge_options *options, struct alm_problem *problem)
{
	enum alm_err err = bind_router(edge, options->endpoint,
		options->zap_domain, options->curve_secret_key, &edge->agents,
		edge->endpoint, problem);

	if (err == ALM_OK && options->endpoint_next != NULL) {
		err = bind_router(edge, options->endpoint_next,
			options->zap_domain, options->curve_secret_key_next,
			&edge->next, edge->next_endpoint, problem);
	}
	return err;
}

static enum alm_err bind_admin(struct alm_edge *edge,
	const struct alm_edge_options *options, struct alm_problem *problem)
{
	const char *endpoint = options->admin_endpoint;
	const char *path = endpoint + strlen(ADMIN_SCHEME);
	mode_t mask;
	int rc;

	if (strncmp(endpoint, ADMIN_SCHEME, strlen(ADMIN_SCHEME)) != 0) {
		return alm_problem_set(problem, ALM_ENDPOINT_INVALID,
			"%s: administration takes ipc:// only", endpoint);
	}
	if (alm_local_is_live(path)) { /* libzmq would remove it */
		return bind_problem(endpoint, EADDRINUSE, problem);
	}
	edge->admin = zmq_socket(edge->context, ZMQ_ROUTER);
	if (edge->admin == NULL ||
		!set_common(edge->admin, ALM_ADMIN_FRAME_BYTES_MAX,
			ADMIN_FRAMES_MAX)) {
		return alm_problem_set(problem, ALM_INTERNAL,
			"administration socket: %s", zmq_strerror(zmq_errno()));
	}
	/* Nobody may connect between bind and chmod. */
	mask = umask(0177);
	rc = zmq_bind(edge->admin, endpoint);
	(void)umask(mask);
	if (rc != 0) {
		return bind_problem(endpoint, zmq_errno(), problem);
	}
	if (chmod(path, (mode_t)options->admin_mode) != 0) {
		return bind_problem(endpoint, errno, problem);
	}
	return ALM_OK;
}

static enum alm_err bind_zap(struct alm_edge *edge, struct alm_problem *problem)
{
	edge->zap = zmq_socket(edge->context, ZMQ_ROUTER);
	if (edge->zap == NULL || !set_int(edge->zap, ZMQ_LINGER, 0) ||
		zmq_bind(edge->zap, ZAP_ENDPOINT) != 0) {
		return alm_problem_set(problem, ALM_INTERNAL, "%s: %s",
			ZAP_ENDPOINT, zmq_strerror(zmq_errno()));
	}
	return ALM_OK;
}

/* A ROUTER counts its connections from rand(), and libzmq ends the process if
 * a peer says that it has the number of the next one. */
static void hide_ids(void)
{
	srand(randombytes_random());
}

enum alm_err alm_edge_open(const struct alm_edge_options *options,
	struct alm_edge **out_edge, struct alm_problem *problem)
{
	struct alm_edge *edge = calloc(1, sizeof(*edge));
	enum alm_err err;

	if (edge == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "sockets");
	}
	edge->signal_fd = options->signal_fd;
	edge->extra_fd = options->extra_fd;
	if (crypto_scalarmult_base(
		    edge->public_key, options->curve_secret_key) != 0 ||
		(options->endpoint_next != NULL &&
			crypto_scalarmult_base(edge->next_public_key,
				options->curve_secret_key_next) != 0)) {
		err = alm_problem_set(problem, ALM_KEY_FILE, "CURVE key");
		goto out;
	}
	hide_ids();
	edge->context = zmq_ctx_new();
	if (edge->context == NULL) {
		err = alm_problem_set(problem, ALM_NOMEM, "ZeroMQ context");
		goto out;
	}
	err = bind_zap(edge, problem);
	if (err == ALM_OK) {
		err = bind_admin(edge, options, problem);
	}
	if (err == ALM_OK) {
		err = bind_agents(edge, options, problem);
	}
	if (err == ALM_OK) {
		*out_edge = edge;
		edge = NULL;
	}
out:
	alm_edge_close(edge, 0);
	return err;
}

static void close_socket(void *socket, int linger_ms)
{
	if (socket != NULL) {
		(void)set_int(socket, ZMQ_LINGER, linger_ms);
		(void)zmq_close(socket);
	}
}

void alm_edge_close(struct alm_edge *edge, int linger_ms)
{
	if (edge == NULL) {
		return;
	}
	alm_edge_release(edge);
	close_socket(edge->agents, linger_ms);
	close_socket(edge->next, linger_ms);
	close_socket(edge->admin, linger_ms);
	close_socket(edge->zap, 0);
	if (edge->context != NULL) {
		(void)zmq_ctx_term(edge->context);
	}
	free(edge);
}

const char *alm_edge_endpoint(const struct alm_edge *edge)
{
	return edge->endpoint;
}

const uint8_t *alm_edge_public_key(const struct alm_edge *edge)
{
	return edge->public_key;
}

bool alm_edge_has_next(const struct alm_edge *edge)
{
	return edge->next != NULL;
}

const char *alm_edge_next_endpoint(const struct alm_edge *edge)
{
	return edge->next_endpoint;
}

const uint8_t *alm_edge_next_public_key(const struct alm_edge *edge)
{
	return edge->next_public_key;
}

const uint8_t *alm_edge_peer_key(
	const struct alm_edge *edge, struct alm_peer peer)
{
	return (peer.number & ALM_PEER_NEXT) != 0 ? edge->next_public_key
						  : edge->public_key;
}
