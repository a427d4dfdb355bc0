/* From an endpoint to a socket that answers, and to a handshake. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agents/client/once.h"
#include "agents/include/almoner_doctor.h"

#define CONNECT_MS 5000
#define HANDSHAKE_MS 10000
#define TCP "tcp://"
#define IPC "ipc://"

void alm_step_add(struct alm_steps *steps, const char *name,
	enum alm_step_status status, enum alm_err err, const char *format, ...)
{
	struct alm_step *step = &steps->items[steps->count];
	va_list values;

	if (steps->count == ALM_STEPS_MAX) {
		return;
	}
	steps->count++;
	step->name = name;
	step->status = status;
	step->err = err;
	va_start(values, format);
	(void)vsnprintf(step->what, sizeof(step->what), format, values);
	va_end(values);
}

/* A connected socket; else -1 and errno. */
static int connect_within(
	int family, const struct sockaddr *address, socklen_t bytes)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd item = {.fd = fd, .events = POLLOUT};
	socklen_t error_bytes = sizeof(int);
	int error = 0;

	if (fd < 0) {
		return -1;
	}
	if (connect(fd, address, bytes) == 0) {
		return fd;
	}
	if (errno == EINPROGRESS) {
		error = poll(&item, 1, CONNECT_MS) == 1 ? 0 : ETIMEDOUT;
		if (error == 0) {
			(void)getsockopt(
				fd, SOL_SOCKET, SO_ERROR, &error, &error_bytes);
		}
		if (error == 0) {
			return fd;
		}
	} else {
		error = errno;
	}
	(void)close(fd);
	errno = error;
	return -1;
}

static bool reach_ipc(struct alm_steps *steps, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	alm_step_add(steps, "name", ALM_STEP_SKIPPED, ALM_OK,
		"%s is on this machine", path);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	fd = connect_within(
		AF_UNIX, (const struct sockaddr *)&address, sizeof(address));
	if (fd < 0) {
		alm_step_add(steps, "tcp", ALM_STEP_FAILED, ALM_UNREACHABLE,
			"%s: %s; is the broker running?", path,
			strerror(errno));
		return false;
	}
	(void)close(fd);
	alm_step_add(steps, "tcp", ALM_STEP_GOOD, ALM_OK,
		"somebody listens on %s", path);
	return true;
}

static void tell_unreached(
	struct alm_steps *steps, const char *host, const char *port, int error)
{
	if (error == ECONNREFUSED) {
		alm_step_add(steps, "tcp", ALM_STEP_FAILED, ALM_UNREACHABLE,
			"%s:%s refuses: nothing listens there, or its firewall "
			"rejects. On the broker: allow tcp in to port %s (nft "
			"add rule inet filter input tcp dport %s accept; ufw "
			"allow %s/tcp)",
			host, port, port, port, port);
		return;
	}
	alm_step_add(steps, "tcp", ALM_STEP_FAILED, ALM_UNREACHABLE,
		"%s:%s: %s. Ask for: allow tcp out from this host to %s:%s "
		"(nft add rule inet filter output ip daddr %s tcp dport %s "
		"accept; ufw allow out to %s port %s proto tcp); one "
		"connection out is all an agent needs",
		host, port, strerror(error), host, port, host, port, host,
		port);
}

static bool try_addresses(struct alm_steps *steps,
	const struct addrinfo *addresses, const char *host, const char *port)
{
	int error = 0;

	for (const struct addrinfo *at = addresses; at != NULL;
		at = at->ai_next) {
		int fd = connect_within(
			at->ai_family, at->ai_addr, at->ai_addrlen);

		if (fd >= 0) {
			(void)close(fd);
			alm_step_add(steps, "tcp", ALM_STEP_GOOD, ALM_OK,
				"%s:%s takes connections", host, port);
			return true;
		}
		error = errno;
	}
	tell_unreached(steps, host, port, error);
	return false;
}

static bool reach_tcp(
	struct alm_steps *steps, const char *host, const char *port)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *addresses = NULL;
	char first[NI_MAXHOST] = "";
	bool is_reached;
	int rc = getaddrinfo(host, port, &hints, &addresses);

	if (rc != 0) {
		alm_step_add(steps, "name", ALM_STEP_FAILED, ALM_UNREACHABLE,
			"%s: %s; ask whoever runs your name service", host,
			gai_strerror(rc));
		return false;
	}
	(void)getnameinfo(addresses->ai_addr, addresses->ai_addrlen, first,
		sizeof(first), NULL, 0, NI_NUMERICHOST);
	alm_step_add(
		steps, "name", ALM_STEP_GOOD, ALM_OK, "%s is %s", host, first);
	is_reached = try_addresses(steps, addresses, host, port);
	freeaddrinfo(addresses);
	return is_reached;
}

bool alm_doctor_reach(struct alm_steps *steps, const char *endpoint)
{
	const char *colon = strrchr(endpoint, ':');
	char host[NI_MAXHOST];
	const char *from = endpoint + strlen(TCP);
	size_t bytes;

	if (strncmp(endpoint, IPC, strlen(IPC)) == 0) {
		return reach_ipc(steps, endpoint + strlen(IPC));
	}
	if (strncmp(endpoint, TCP, strlen(TCP)) != 0 || colon < from) {
		alm_step_add(steps, "name", ALM_STEP_FAILED,
			ALM_ENDPOINT_INVALID, "%s: write tcp://HOST:PORT",
			endpoint);
		return false;
	}
	bytes = (size_t)(colon - from);
	if (bytes > 1 && from[0] == '[' && from[bytes - 1] == ']') {
		from++;
		bytes -= 2;
	}
	(void)snprintf(host, sizeof(host), "%.*s", (int)bytes, from);
	/* What is bound to all addresses is reached by this one. */
	if (strcmp(host, "*") == 0 || strcmp(host, "0.0.0.0") == 0) {
		(void)snprintf(host, sizeof(host), "127.0.0.1");
	}
	return reach_tcp(steps, host, colon + 1);
}

bool alm_doctor_handshake(struct alm_steps *steps, const char *endpoint,
	const uint8_t broker_key[32], const uint8_t curve_secret_key[32],
	bool is_stranger)
{
	const struct alm_once once = {.endpoint = endpoint,
		.broker_key = broker_key,
		.curve_secret_key = curve_secret_key,
		.timeout_ms = HANDSHAKE_MS};
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_link *link = NULL;
	enum alm_err err = alm_once_connect(&once, &link, &problem);
	bool is_refused = err == ALM_NOT_AUTHENTICATED;

	alm_link_close(link, 0);
	if (err != ALM_OK && !is_refused) {
		alm_step_add(steps, "curve", ALM_STEP_FAILED, err,
			"%s; compare the broker key of the context with the "
			"operator's",
			problem.detail);
		return false;
	}
	alm_step_add(steps, "curve", ALM_STEP_GOOD, ALM_OK,
		"the broker has the key that is expected");
	if (is_stranger) {
		alm_step_add(steps, "zap",
			is_refused ? ALM_STEP_GOOD : ALM_STEP_FAILED,
			is_refused ? ALM_OK : ALM_STRANGER_ADMITTED,
			is_refused ? "a stranger is refused"
				   : "a stranger is let in: stop the broker");
		return is_refused;
	}
	alm_step_add(steps, "zap", is_refused ? ALM_STEP_FAILED : ALM_STEP_GOOD,
		is_refused ? ALM_NOT_AUTHENTICATED : ALM_OK,
		is_refused ? "the broker does not know this agent's key: not "
			     "approved yet, revoked, or replaced"
			   : "the broker lets this agent in");
	return !is_refused;
}
