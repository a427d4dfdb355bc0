#include "agents/client/link.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <sodium.h>
#include <zmq.h>

#include "agents/client/clock.h"
#include "lib/id.h"
#include "lib/limits.h"

/* Frames, not bytes: flow.h bounds the bytes.  A full queue would stop
 * heartbeats, so there is room for a window of them. */
#define SEND_FRAMES_MAX 16384
/* Besides mail: receipts, which come many in one, answers and parts.  A frame
 * may have a MiB, and the broker is not to choose how much we keep of it. */
#define RECEIVE_FRAMES_MORE 256
#define HANDSHAKE_MS 10000
/* A handshake that ends so late ended for want of an answer: whoever breaks
 * one off does so at once.  The event does not say which it was. */
#define SILENCE_MS (HANDSHAKE_MS * 3 / 4)
/* libzmq says at once that it will connect again.  Where it says nothing it has
 * met what is not its protocol, and never will. */
#define GIVEN_UP_MS 5000
/* A name has at most 253 bytes; libzmq takes nothing that is so long. */
#define ENDPOINT_BYTES_MAX 511u

struct alm_link {
	void *context;
	bool owns_context;
	void *socket;
	void *monitor;
	int epoll_fd;
	int timer_fd;
	int wake_fd;
	bool is_awake;        /* wake_fd is readable */
	int64_t timer_ms;     /* what the timer is set to */
	int64_t looked_ms;    /* when no event was left */
	int64_t connected_ms; /* the last handshake began then or later */
	int64_t given_up_ms;  /* if it does not try again; INT64_MAX: it does */
	uint32_t credit;
	char endpoint[ENDPOINT_BYTES_MAX + 1];
	zmq_msg_t message;
};

static enum alm_err err_from_errno(
	const char *what, const char *endpoint, struct alm_problem *problem)
{
	enum alm_err err = ALM_IO;

	if (errno == EINVAL || errno == EPROTONOSUPPORT ||
		errno == ENOCOMPATPROTO || errno == ENODEV) {
		err = ALM_ENDPOINT_INVALID;
	} else if (errno == ENOMEM || errno == EMFILE) {
		err = ALM_NOMEM;
	}
	return alm_problem_set(problem, err, "%s: cannot %s: %s", endpoint,
		what, zmq_strerror(errno));
}

static bool set_int(void *socket, int option, int value)
{
	return zmq_setsockopt(socket, option, &value, sizeof(value)) == 0;
}

static int receive_frames(uint32_t credit)
{
	return (int)credit + RECEIVE_FRAMES_MORE;
}

void alm_link_set_credit(struct alm_link *link, uint32_t credit)
{
	link->credit = credit;
	if (link->socket != NULL) {
		(void)set_int(link->socket, ZMQ_RCVHWM, receive_frames(credit));
	}
}

static bool set_options(void *socket, const struct alm_link_options *options)
{
	int64_t frame_bytes_max = (int64_t)ALM_FRAME_BYTES_MAX;

	return set_int(socket, ZMQ_IMMEDIATE, 1) &&
	       set_int(socket, ZMQ_LINGER, 0) && set_int(socket, ZMQ_IPV6, 1) &&
	       set_int(socket, ZMQ_SNDHWM, SEND_FRAMES_MAX) &&
	       set_int(socket, ZMQ_RCVHWM, receive_frames(options->credit)) &&
	       set_int(socket, ZMQ_RECONNECT_IVL, 200) &&
	       set_int(socket, ZMQ_RECONNECT_IVL_MAX, 30000) &&
	       set_int(socket, ZMQ_CONNECT_TIMEOUT, 10000) &&
	       set_int(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) &&
	       set_int(socket, ZMQ_HEARTBEAT_IVL, 10000) &&
	       set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, 30000) &&
	       set_int(socket, ZMQ_HEARTBEAT_TTL, 60000) &&
	       set_int(socket, ZMQ_TCP_KEEPALIVE, 1) &&
	       zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_bytes_max,
		       sizeof(frame_bytes_max)) == 0 &&
	       zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, options->broker_key,
		       ALM_KEY_BYTES) == 0 &&
	       zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY,
		       options->curve_public_key, ALM_KEY_BYTES) == 0 &&
	       zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY,
		       options->curve_secret_key, ALM_KEY_BYTES) == 0;
}

/* libzmq forgets the address of a closed monitor in a thread of its own, in
 * its own time: no address is used twice. */
static bool open_monitor(struct alm_link *link)
{
	static atomic_uint_least64_t opened;
	char address[64];
	int events = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CONNECT_RETRIED |
		     ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
		     ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
		     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
		     ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
		     ZMQ_EVENT_DISCONNECTED;

	(void)snprintf(address, sizeof(address),
		"inproc://almoner-monitor-%" PRIuLEAST64,
		atomic_fetch_add(&opened, 1));
	if (zmq_socket_monitor(link->socket, address, events) != 0) {
		return false;
	}
	link->looked_ms = alm_client_monotonic_ms();
	link->monitor = zmq_socket(link->context, ZMQ_PAIR);
	return link->monitor != NULL && set_int(link->monitor, ZMQ_LINGER, 0) &&
	       zmq_connect(link->monitor, address) == 0;
}

static bool watch(struct alm_link *link, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return fd >= 0 &&
	       epoll_ctl(link->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static int socket_fd(void *socket)
{
	int fd = -1;
	size_t bytes = sizeof(fd);

	return zmq_getsockopt(socket, ZMQ_FD, &fd, &bytes) == 0 ? fd : -1;
}

static bool open_descriptors(struct alm_link *link)
{
	link->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	link->timer_fd =
		timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	link->timer_ms = INT64_MAX;
	link->wake_fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	link->is_awake = true;
	return link->epoll_fd >= 0 && watch(link, link->timer_fd) &&
	       watch(link, link->wake_fd);
}

static void unwatch(struct alm_link *link, void *socket)
{
	int fd = socket_fd(socket);

	if (fd >= 0 && link->epoll_fd >= 0) {
		(void)epoll_ctl(link->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	}
}

void alm_link_stop(struct alm_link *link)
{
	link->given_up_ms = INT64_MAX; /* nothing is left to tend */
	if (link->monitor != NULL) {
		unwatch(link, link->monitor);
		(void)zmq_socket_monitor(link->socket, NULL, 0);
		(void)zmq_close(link->monitor);
		link->monitor = NULL;
	}
	if (link->socket != NULL) {
		unwatch(link, link->socket);
		(void)zmq_close(link->socket);
		link->socket = NULL;
	}
}

static void note(struct alm_link *link, const struct alm_link_options *options)
{
	link->credit = options->credit;
	alm_text_copy(
		link->endpoint, sizeof(link->endpoint), options->endpoint);
}

/* The new socket first: if there is none, the old one still knows the keys. */
static enum alm_err start(struct alm_link *link,
	const struct alm_link_options *options, struct alm_problem *problem)
{
	void *socket = zmq_socket(link->context, ZMQ_DEALER);

	if (socket != NULL) {
		alm_link_stop(link);
		link->socket = socket;
	}
	if (socket == NULL || !set_options(socket, options) ||
		!open_monitor(link) || !watch(link, socket_fd(socket)) ||
		!watch(link, socket_fd(link->monitor))) {
		return err_from_errno(
			"make a socket for", options->endpoint, problem);
	}
	if (zmq_connect(socket, options->endpoint) != 0) {
		return err_from_errno("connect", options->endpoint, problem);
	}
	alm_link_wake(link);
	return ALM_OK;
}

enum alm_err alm_link_open(const struct alm_link_options *options,
	struct alm_link **out_link, struct alm_problem *problem)
{
	struct alm_link *link = calloc(1, sizeof(*link));
	enum alm_err err = ALM_OK;

	if (link == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "connection");
	}
	link->epoll_fd = link->timer_fd = link->wake_fd = -1;
	link->given_up_ms = INT64_MAX;
	note(link, options);
	(void)zmq_msg_init(&link->message);
	link->owns_context = options->zmq_context == NULL;
	link->context =
		link->owns_context ? zmq_ctx_new() : options->zmq_context;
	if (link->context == NULL || !open_descriptors(link)) {
		err = err_from_errno("wait for", options->endpoint, problem);
	} else {
		err = start(link, options, problem);
	}
	if (err != ALM_OK) {
		alm_link_close(link, 0);
		return err;
	}
	*out_link = link;
	return ALM_OK;
}

enum alm_err alm_link_reopen(struct alm_link *link,
	const struct alm_link_options *options, struct alm_problem *problem)
{
	note(link, options);
	alm_link_stop(link);
	return start(link, options, problem);
}

static bool get_key(void *socket, int option, uint8_t out_key[ALM_KEY_BYTES])
{
	size_t bytes = 32;

	return zmq_getsockopt(socket, option, out_key, &bytes) == 0;
}

static enum alm_err connect_anew(struct alm_link *link)
{
	uint8_t broker_key[ALM_KEY_BYTES];
	uint8_t public_key[ALM_KEY_BYTES];
	uint8_t secret_key[ALM_KEY_BYTES];
	const struct alm_link_options options = {.endpoint = link->endpoint,
		.broker_key = broker_key,
		.curve_public_key = public_key,
		.curve_secret_key = secret_key,
		.credit = link->credit};
	struct alm_problem problem;
	enum alm_err err = ALM_IO;

	if (get_key(link->socket, ZMQ_CURVE_SERVERKEY, broker_key) &&
		get_key(link->socket, ZMQ_CURVE_PUBLICKEY, public_key) &&
		get_key(link->socket, ZMQ_CURVE_SECRETKEY, secret_key)) {
		err = start(link, &options, &problem);
	}
	sodium_memzero(secret_key, sizeof(secret_key));
	return err;
}

void alm_link_tend(struct alm_link *link, int64_t now_ms)
{
	if (link->given_up_ms <= now_ms && link->socket != NULL) {
		link->given_up_ms = connect_anew(link) == ALM_OK
					    ? INT64_MAX
					    : now_ms + GIVEN_UP_MS;
	}
}

int64_t alm_link_due_ms(const struct alm_link *link)
{
	return link->given_up_ms;
}

static void close_fd(int fd)
{
	if (fd >= 0) {
		(void)close(fd);
	}
}

void alm_link_close(struct alm_link *link, int linger_ms)
{
	if (link == NULL) {
		return;
	}
	if (link->socket != NULL) {
		(void)set_int(link->socket, ZMQ_LINGER, linger_ms);
	}
	alm_link_stop(link);
	(void)zmq_msg_close(&link->message);
	if (link->owns_context && link->context != NULL) {
		(void)zmq_ctx_term(link->context);
	}
	close_fd(link->epoll_fd);
	close_fd(link->timer_fd);
	close_fd(link->wake_fd);
	free(link);
}

int alm_link_fd(const struct alm_link *link)
{
	return link->epoll_fd;
}

static enum alm_link_change change_from_event(
	struct alm_link *link, uint16_t event, uint32_t value)
{
	int64_t now_ms = alm_client_monotonic_ms();

	if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
		return ALM_LINK_UP;
	}
	link->given_up_ms = now_ms + GIVEN_UP_MS;
	switch (event) {
	case ZMQ_EVENT_DISCONNECTED:
		return ALM_LINK_DOWN;
	case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
		return value == 400 ? ALM_LINK_REFUSED : ALM_LINK_LIMITED;
	default:
		return now_ms - link->connected_ms >= SILENCE_MS
			       ? ALM_LINK_SILENT
			       : ALM_LINK_FAILED;
	}
}

static bool next_event(
	struct alm_link *link, uint16_t *out_event, uint32_t *out_value)
{
	uint8_t head[6] = {0};
	char address[256];

	if (link->monitor == NULL ||
		zmq_recv(link->monitor, head, sizeof(head), ZMQ_DONTWAIT) !=
			(int)sizeof(head)) {
		return false;
	}
	(void)zmq_recv(link->monitor, address, sizeof(address), ZMQ_DONTWAIT);
	/* in the machine's own order */
	memcpy(out_event, head, sizeof(*out_event));
	memcpy(out_value, head + sizeof(*out_event), sizeof(*out_value));
	return true;
}

enum alm_link_change alm_link_next_change(struct alm_link *link)
{
	uint16_t event;
	uint32_t value;

	while (next_event(link, &event, &value)) {
		link->given_up_ms = INT64_MAX;
		if (event == ZMQ_EVENT_CONNECTED) {
			link->connected_ms = link->looked_ms;
		} else if (event != ZMQ_EVENT_CONNECT_RETRIED) {
			return change_from_event(link, event, value);
		}
	}
	link->looked_ms = alm_client_monotonic_ms();
	return ALM_LINK_SAME;
}

/** A frame of several parts is no frame of ours: drop the rest. */
static void drop_parts(struct alm_link *link)
{
	while (zmq_msg_more(&link->message)) {
		if (zmq_msg_recv(&link->message, link->socket, ZMQ_DONTWAIT) <
			0) {
			return;
		}
	}
}

enum alm_err alm_link_receive(
	struct alm_link *link, struct alm_bytes *out_frame)
{
	if (link->socket == NULL ||
		zmq_msg_recv(&link->message, link->socket, ZMQ_DONTWAIT) < 0) {
		return ALM_NOT_FOUND;
	}
	drop_parts(link);
	out_frame->data = zmq_msg_data(&link->message);
	out_frame->bytes = zmq_msg_size(&link->message);
	return ALM_OK;
}

enum alm_err alm_link_send(struct alm_link *link, struct alm_bytes frame)
{
	if (link->socket == NULL || zmq_send(link->socket, frame.data,
					    frame.bytes, ZMQ_DONTWAIT) < 0) {
		return ALM_BUSY;
	}
	return ALM_OK;
}

void alm_link_wake(struct alm_link *link)
{
	uint64_t one = 1;

	if (!link->is_awake) {
		link->is_awake = write(link->wake_fd, &one, sizeof(one)) ==
				 (ssize_t)sizeof(one);
	}
}

static void let_sleep(struct alm_link *link)
{
	uint64_t count;

	if (link->is_awake) {
		(void)!read(link->wake_fd, &count, sizeof(count));
		link->is_awake = false;
	}
}

static void set_timer(struct alm_link *link, int64_t due_ms)
{
	struct itimerspec at = {0};

	if (due_ms != INT64_MAX) {
		at.it_value.tv_sec = due_ms / 1000;
		at.it_value.tv_nsec = due_ms % 1000 * 1000000;
	}
	if (timerfd_settime(link->timer_fd, TFD_TIMER_ABSTIME, &at, NULL) ==
		0) {
		link->timer_ms = due_ms;
	}
}

static bool is_readable(void *socket)
{
	int events = 0;
	size_t bytes = sizeof(events);

	return socket != NULL &&
	       zmq_getsockopt(socket, ZMQ_EVENTS, &events, &bytes) == 0 &&
	       (events & ZMQ_POLLIN) != 0;
}

/* A timer that fires early costs a turn that finds nothing, which then sets it
 * anew; so what is only put off, as with every send, is left as it is. */
void alm_link_arm(struct alm_link *link, bool has_work, bool is_read,
	int64_t due_ms, int64_t now_ms)
{
	/* Asked in any case: that is what quiets its descriptor. */
	bool has_frames = is_readable(link->socket);

	due_ms = due_ms < 1 ? 1 : due_ms; /* 0 would disarm the timer */
	if (due_ms < link->timer_ms || link->timer_ms <= now_ms) {
		set_timer(link, due_ms);
	}
	if (has_work || (has_frames && is_read) || is_readable(link->monitor)) {
		alm_link_wake(link);
	} else {
		let_sleep(link);
	}
}

enum alm_err alm_link_wait(struct alm_link *link, int timeout_ms)
{
	struct pollfd item = {.fd = link->epoll_fd, .events = POLLIN};
	int rc = poll(&item, 1, timeout_ms);

	if (rc < 0) {
		return ALM_INTERRUPTED;
	}
	return rc == 0 ? ALM_TIMEOUT : ALM_OK;
}
