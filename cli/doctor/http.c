/* GET /readyz at http-endpoint: 127.0.0.1:PORT, [::1]:PORT or unix:/PATH. */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"

#define UNIX "unix:"
#define REQUEST "GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n"

static int open_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address,
			       sizeof(address)) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static int open_tcp(const char *endpoint)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	const char *colon = strrchr(endpoint, ':');
	struct addrinfo *address = NULL;
	bool is_bracketed = endpoint[0] == '[';
	char host[64];
	int fd = -1;

	if (colon == NULL) {
		return -1;
	}
	(void)snprintf(host, sizeof(host), "%.*s",
		(int)(colon - endpoint) - (is_bracketed ? 2 : 0),
		endpoint + (is_bracketed ? 1 : 0));
	if (getaddrinfo(host, colon + 1, &hints, &address) != 0) {
		return -1;
	}
	fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
		connect(fd, address->ai_addr, address->ai_addrlen) != 0) {
		(void)close(fd);
		fd = -1;
	}
	freeaddrinfo(address);
	return fd;
}

/* The whole answer, as far as it fits; "" if there is none. */
static void fetch(int fd, int timeout_ms, char *out, size_t room)
{
	const struct timeval wait = {.tv_sec = timeout_ms / 1000,
		.tv_usec = timeout_ms % 1000 * 1000L};
	size_t used = 0;
	ssize_t got = 0;

	out[0] = '\0';
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (send(fd, REQUEST, strlen(REQUEST), MSG_NOSIGNAL) !=
		(ssize_t)strlen(REQUEST)) {
		return;
	}
	while (used + 1 < room &&
		(got = recv(fd, out + used, room - 1 - used, 0)) > 0) {
		used += (size_t)got;
	}
	out[used] = '\0';
}

void alm_doctor_ready(
	struct alm_steps *steps, const char *endpoint, int timeout_ms)
{
	bool is_unix = strncmp(endpoint, UNIX, strlen(UNIX)) == 0;
	int fd = is_unix ? open_unix(endpoint + strlen(UNIX))
			 : open_tcp(endpoint);
	char answer[2048];
	const char *body;
	bool is_ready;

	if (fd < 0) {
		alm_step_add(steps, "metrics", ALM_STEP_FAILED, ALM_UNREACHABLE,
			"%s: %s", endpoint, strerror(errno));
		return;
	}
	fetch(fd, timeout_ms, answer, sizeof(answer));
	(void)close(fd);
	is_ready = strncmp(answer, "HTTP/1.", 7) == 0 &&
		   strncmp(answer + 8, " 200", 4) == 0;
	body = strstr(answer, "\r\n\r\n");
	alm_step_add(steps, "metrics",
		is_ready ? ALM_STEP_GOOD : ALM_STEP_FAILED,
		is_ready ? ALM_OK : ALM_UNREACHABLE, "/readyz says %s",
		is_ready       ? "ready"
		: body != NULL ? body + 4
			       : "nothing");
	if (!is_ready) {
		alm_step_do(steps, "mend what it names; until then load "
				   "balancers and alarms count this broker as "
				   "down");
	}
}
