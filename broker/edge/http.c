/*
 * libmicrohttpd without threads: its epoll descriptor is one more that the
 * loop waits for.  The address is bound here, because only loopback and Unix
 * sockets are let through.
 */
#include "broker/edge/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <microhttpd.h>

#include "broker/edge/local.h"
#include "lib/id.h"

#define UNIX_SCHEME "unix:"
#define CONNECTIONS_MAX 64u
#define SECONDS_MAX 10u
#define LOOK_EVERY_MS 1000

struct alm_http {
	struct MHD_Daemon *daemon;
	struct alm_http_options options;
	char version[64];
	int epoll_fd;
	int64_t looked_ms; /* monotonic */
};

static enum MHD_Result answer(
	struct MHD_Connection *connection, unsigned status, char *text)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		strlen(text), text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result rc = MHD_NO;

	if (response != NULL) {
		(void)MHD_add_response_header(response,
			MHD_HTTP_HEADER_CONTENT_TYPE,
			"text/plain; version=0.0.4; charset=utf-8");
		rc = MHD_queue_response(connection, status, response);
		MHD_destroy_response(response);
	}
	return rc;
}

static enum MHD_Result answer_page(
	struct MHD_Connection *connection, unsigned status, char *take_page)
{
	enum MHD_Result rc = MHD_NO;

	if (take_page != NULL) {
		rc = answer(connection, status, take_page);
	}
	free(take_page);
	return rc;
}

static enum MHD_Result answer_ready(
	struct MHD_Connection *connection, const struct alm_http *http)
{
	char *reasons = http->options.unready(http->options.cookie);
	unsigned status = reasons != NULL && reasons[0] == '\0'
				  ? MHD_HTTP_OK
				  : MHD_HTTP_SERVICE_UNAVAILABLE;

	return answer_page(connection, status, reasons);
}

static enum MHD_Result answer_checkpoint(
	struct MHD_Connection *connection, const struct alm_http *http)
{
	char *note = http->options.checkpoint(http->options.cookie);
	unsigned status = note != NULL && note[0] == '\0' ? MHD_HTTP_NOT_FOUND
							  : MHD_HTTP_OK;

	return answer_page(connection, status, note);
}

static enum MHD_Result handle(void *cookie, struct MHD_Connection *connection,
	const char *url, const char *method, const char *version,
	const char *upload, size_t *upload_bytes, void **state)
{
	static char only_get[] = "GET only\n";
	static char alive[] = "ok\n";
	static char pages[] = "/livez /readyz /metrics /version /checkpoint\n";
	struct alm_http *http = cookie;

	(void)version;
	(void)upload;
	(void)state;
	*upload_bytes = 0;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0) {
		return answer(
			connection, MHD_HTTP_METHOD_NOT_ALLOWED, only_get);
	}
	if (strcmp(url, "/livez") == 0) {
		return answer(connection, MHD_HTTP_OK, alive);
	}
	if (strcmp(url, "/readyz") == 0) {
		return answer_ready(connection, http);
	}
	if (strcmp(url, "/version") == 0) {
		return answer(connection, MHD_HTTP_OK, http->version);
	}
	if (strcmp(url, "/checkpoint") == 0) {
		return answer_checkpoint(connection, http);
	}
	if (strcmp(url, "/metrics") == 0) {
		return answer_page(connection, MHD_HTTP_OK,
			http->options.metrics(http->options.cookie));
	}
	return answer(connection, MHD_HTTP_NOT_FOUND, pages);
}

static enum alm_err listen_problem(
	const char *endpoint, int fd, struct alm_problem *problem)
{
	enum alm_err err =
		errno == EADDRINUSE ? ALM_ENDPOINT_BUSY : ALM_ENDPOINT_INVALID;

	(void)alm_problem_set(problem, err, "http-endpoint: %s: %s", endpoint,
		strerror(errno));
	if (fd >= 0) {
		(void)close(fd);
	}
	return err;
}

static enum alm_err listen_unix(
	const char *endpoint, int *out_fd, struct alm_problem *problem)
{
	const char *path = endpoint + strlen(UNIX_SCHEME);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	mode_t mask;
	int rc;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return listen_problem(endpoint, fd, problem);
	}
	alm_text_copy(address.sun_path, sizeof(address.sun_path), path);
	alm_local_remove(path);
	mask = umask(0117);
	rc = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	(void)umask(mask);
	if (rc != 0 || listen(fd, SOMAXCONN) != 0) {
		return listen_problem(endpoint, fd, problem);
	}
	*out_fd = fd;
	return ALM_OK;
}

/* The address of 127.x.y.z:PORT or [::1]:PORT; what an outsider could reach
 * is not offered.  Gives its length, or 0. */
static socklen_t loopback_address(
	const char *endpoint, struct sockaddr_storage *address)
{
	struct sockaddr_in *four = (struct sockaddr_in *)address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
	const char *colon = strrchr(endpoint, ':');
	char host[64] = "";
	uint16_t port;

	if (colon == NULL || (size_t)(colon - endpoint) >= sizeof(host)) {
		return 0;
	}
	memcpy(host, endpoint, (size_t)(colon - endpoint));
	port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	memset(address, 0, sizeof(*address));
	if (strcmp(host, "[::1]") == 0) {
		six->sin6_family = AF_INET6;
		six->sin6_port = port;
		six->sin6_addr = in6addr_loopback;
		return sizeof(*six);
	}
	four->sin_family = AF_INET;
	four->sin_port = port;
	if (inet_pton(AF_INET, host, &four->sin_addr) != 1 ||
		(ntohl(four->sin_addr.s_addr) >> 24) != 127) {
		return 0;
	}
	return sizeof(*four);
}

static enum alm_err listen_loopback(
	const char *endpoint, int *out_fd, struct alm_problem *problem)
{
	struct sockaddr_storage address;
	socklen_t bytes = loopback_address(endpoint, &address);
	int one = 1;
	int fd;

	if (bytes == 0) {
		return alm_problem_set(problem, ALM_ENDPOINT_INVALID,
			"http-endpoint: %s: only loopback is offered",
			endpoint);
	}
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) !=
			0 ||
		bind(fd, (const struct sockaddr *)&address, bytes) != 0 ||
		listen(fd, SOMAXCONN) != 0) {
		return listen_problem(endpoint, fd, problem);
	}
	*out_fd = fd;
	return ALM_OK;
}

enum alm_err alm_http_open(const struct alm_http_options *options,
	struct alm_http **out_http, struct alm_problem *problem)
{
	struct alm_http *http = calloc(1, sizeof(*http));
	const union MHD_DaemonInfo *info;
	int fd = -1;
	enum alm_err err;

	if (http == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "http-endpoint");
	}
	http->options = *options;
	(void)snprintf(
		http->version, sizeof(http->version), "%s\n", options->version);
	err = strncmp(options->endpoint, UNIX_SCHEME, strlen(UNIX_SCHEME)) == 0
		      ? listen_unix(options->endpoint, &fd, problem)
		      : listen_loopback(options->endpoint, &fd, problem);
	if (err != ALM_OK) {
		free(http);
		return err;
	}
	http->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, handle,
		http, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, SECONDS_MAX,
		MHD_OPTION_END);
	info = http->daemon == NULL ? NULL
				    : MHD_get_daemon_info(http->daemon,
					      MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL) {
		if (http->daemon == NULL) {
			(void)close(fd);
		}
		alm_http_close(http);
		return alm_problem_set(problem, ALM_NOMEM, "http-endpoint");
	}
	http->epoll_fd = info->epoll_fd;
	*out_http = http;
	return ALM_OK;
}

void alm_http_close(struct alm_http *http)
{
	if (http != NULL) {
		if (http->daemon != NULL) {
			MHD_stop_daemon(http->daemon);
		}
		free(http);
	}
}

int alm_http_fd(const struct alm_http *http)
{
	return http->epoll_fd;
}

void alm_http_serve(struct alm_http *http)
{
	(void)MHD_run(http->daemon);
}

void alm_http_look_after(struct alm_http *http, int64_t now_ms)
{
	if (http != NULL && now_ms - http->looked_ms >= LOOK_EVERY_MS) {
		http->looked_ms = now_ms;
		alm_http_serve(http);
	}
}
