/*
 * From an endpoint to a socket that answers.  The name is looked up as the
 * connection does it: an IPv6 address is used if there is one.
 */
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agents/client/clock.h"
#include "agents/include/almoner_doctor.h"

#define TCP "tcp://"
#define IPC "ipc://"
#define HOPS_MAX 8u

/* A connected socket; else -1 and errno. */
static int connect_within(
	const struct sockaddr *address, socklen_t bytes, int timeout_ms)
{
	int fd = socket(address->sa_family,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
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
		error = poll(&item, 1, timeout_ms) == 1 ? 0 : ETIMEDOUT;
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

static bool reach_ipc(struct alm_steps *steps, const char *path, int timeout_ms)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	alm_step_add(steps, "name", ALM_STEP_SKIPPED, ALM_OK,
		"%s is on this machine", path);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	fd = connect_within(
		(const struct sockaddr *)&address, sizeof(address), timeout_ms);
	if (fd < 0) {
		alm_step_add(steps, "tcp", ALM_STEP_FAILED, ALM_UNREACHABLE,
			"%s: %s", path, strerror(errno));
		alm_step_do(steps, "start the broker on this machine");
		return false;
	}
	(void)close(fd);
	alm_step_add(steps, "tcp", ALM_STEP_GOOD, ALM_OK,
		"somebody listens on %s", path);
	return true;
}

/* --- addresses ----------------------------------------------------------- */

/* An address of the broker, and the one of ours that goes with it. */
struct hop {
	struct sockaddr_storage address;
	socklen_t bytes;
	char text[INET6_ADDRSTRLEN + IF_NAMESIZE];
	char from[INET6_ADDRSTRLEN + IF_NAMESIZE]; /* or "this machine" */
};

struct hops {
	struct hop items[HOPS_MAX];
	size_t count;
	const char *host;
	const char *port;
};

/* Nothing is sent: a datagram socket only chooses its own address. */
static void find_source(struct hop *hop)
{
	struct sockaddr_storage from;
	socklen_t bytes = sizeof(from);
	int fd = socket(hop->address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_known =
		fd >= 0 &&
		connect(fd, (const struct sockaddr *)&hop->address,
			hop->bytes) == 0 &&
		getsockname(fd, (struct sockaddr *)&from, &bytes) == 0 &&
		getnameinfo((const struct sockaddr *)&from, bytes, hop->from,
			sizeof(hop->from), NULL, 0, NI_NUMERICHOST) == 0;

	if (!is_known) {
		(void)snprintf(hop->from, sizeof(hop->from), "this machine");
	}
	if (fd >= 0) {
		(void)close(fd);
	}
}

static int resolve_family(struct hops *hops, int family)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM, .ai_family = family};
	struct addrinfo *addresses = NULL;
	int rc = getaddrinfo(hops->host, hops->port, &hints, &addresses);

	if (rc != 0) {
		return rc;
	}
	for (const struct addrinfo *at = addresses;
		at != NULL && hops->count < HOPS_MAX; at = at->ai_next) {
		struct hop *hop = &hops->items[hops->count++];

		memcpy(&hop->address, at->ai_addr, at->ai_addrlen);
		hop->bytes = at->ai_addrlen;
		(void)getnameinfo(at->ai_addr, at->ai_addrlen, hop->text,
			sizeof(hop->text), NULL, 0, NI_NUMERICHOST);
		find_source(hop);
	}
	freeaddrinfo(addresses);
	return 0;
}

static bool resolve(struct alm_steps *steps, struct hops *hops)
{
	char list[512] = "";
	size_t used = 0;
	int rc;

	(void)resolve_family(hops, AF_INET6);
	rc = resolve_family(hops, AF_INET);
	if (hops->count == 0) {
		alm_step_add(steps, "name", ALM_STEP_FAILED, ALM_HOST_UNKNOWN,
			"%s has no address here: %s", hops->host,
			gai_strerror(rc));
		return false;
	}
	for (size_t i = 0; i < hops->count && used < sizeof(list); i++) {
		used += (size_t)snprintf(list + used, sizeof(list) - used,
			"%s%s", i == 0 ? "" : ", ", hops->items[i].text);
	}
	alm_step_add(steps, "name", ALM_STEP_GOOD, ALM_OK, "%s is %s",
		hops->host, list);
	return true;
}

/* --- a connection -------------------------------------------------------- */

static enum alm_err code_of(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return ALM_PORT_CLOSED;
	case ETIMEDOUT:
	case EPERM: /* this machine's own firewall */
	case EACCES:
		return ALM_PORT_SILENT;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EADDRNOTAVAIL:
	case ENETDOWN:
		return ALM_NO_ROUTE;
	default:
		return ALM_UNREACHABLE;
	}
}

static bool is_ipv6(const struct hop *hop)
{
	return hop->address.ss_family == AF_INET6;
}

/* The way there does not leave this machine. */
static bool is_own(const struct hop *hop)
{
	return strcmp(hop->from, hop->text) == 0;
}

/* The lines to ask for: one for the first address of each family. */
static void ask_for_lines(struct alm_steps *steps, const struct hops *hops)
{
	struct alm_step *step = &steps->items[steps->count - 1];
	size_t used = 0;
	int family = 0;

	for (size_t i = 0; i < hops->count && used < sizeof(step->ask); i++) {
		const struct hop *hop = &hops->items[i];

		if (hop->address.ss_family == family) {
			continue;
		}
		family = hop->address.ss_family;
		used += (size_t)snprintf(step->ask + used,
			sizeof(step->ask) - used,
			"%sallow TCP %s%s to %s port %s (%s, %s)",
			used == 0 ? "" : "; ", is_own(hop) ? "in" : "out from ",
			is_own(hop) ? "" : hop->from, hop->text, hops->port,
			hops->host, is_ipv6(hop) ? "IPv6" : "IPv4");
	}
}

static void tell_unreached(struct alm_steps *steps, const struct hops *hops,
	const struct hop *hop, int error)
{
	enum alm_err code = code_of(error);

	alm_step_add(steps, "tcp", ALM_STEP_FAILED, code, "%s port %s: %s",
		hop->text, hops->port,
		error == ETIMEDOUT ? "nothing comes back" : strerror(error));
	if (code == ALM_PORT_CLOSED) {
		alm_step_do(steps,
			"ask the operator whether almonerd listens on port %s "
			"and lets %s in (there: nft add rule inet filter input "
			"tcp dport %s accept; or ufw allow %s/tcp)",
			hops->port, hop->from, hops->port, hops->port);
	} else if (code == ALM_PORT_SILENT && is_own(hop)) {
		alm_step_do(steps,
			"let this machine and the partners in: nft add rule "
			"inet filter input tcp dport %s accept; or ufw allow "
			"%s/tcp",
			hops->port, hops->port);
	} else if (code == ALM_PORT_SILENT) {
		alm_step_do(steps,
			"ask whoever runs the firewalls for the line below; on "
			"this machine: nft add rule inet filter output %s "
			"daddr %s tcp dport %s accept; or ufw allow out to %s "
			"port %s proto tcp.  One connection out is all that an "
			"agent needs",
			is_ipv6(hop) ? "ip6" : "ip", hop->text, hops->port,
			hop->text, hops->port);
	}
	ask_for_lines(steps, hops);
}

/* Of the other family: it is not used while the first address is there. */
static void try_other(
	struct alm_steps *steps, const struct hops *hops, int timeout_ms)
{
	const struct hop *used = &hops->items[0];

	for (size_t i = 1; i < hops->count; i++) {
		const struct hop *hop = &hops->items[i];
		int fd;

		if (is_ipv6(hop) == is_ipv6(used)) {
			continue;
		}
		fd = connect_within((const struct sockaddr *)&hop->address,
			hop->bytes, timeout_ms);
		alm_step_add(steps, "tcp-other",
			fd >= 0 ? ALM_STEP_GOOD : ALM_STEP_SKIPPED, ALM_OK,
			"%s port %s: %s; an agent uses %s while the name has "
			"it",
			hop->text, hops->port,
			fd >= 0 ? "takes connections too" : strerror(errno),
			used->text);
		if (fd >= 0) {
			(void)close(fd);
		}
		return;
	}
}

static bool reach_tcp(struct alm_steps *steps, const char *host,
	const char *port, int timeout_ms)
{
	struct hops hops = {.count = 0, .host = host, .port = port};
	const struct hop *hop = &hops.items[0];
	int64_t from_ms;
	int fd;

	if (!resolve(steps, &hops)) {
		return false;
	}
	from_ms = alm_client_monotonic_ms();
	fd = connect_within(
		(const struct sockaddr *)&hop->address, hop->bytes, timeout_ms);
	if (fd < 0) {
		tell_unreached(steps, &hops, hop, errno);
	} else {
		(void)close(fd);
		alm_step_add(steps, "tcp", ALM_STEP_GOOD, ALM_OK,
			"%s port %s takes connections, after %lld ms%s",
			hop->text, port,
			(long long)(alm_client_monotonic_ms() - from_ms),
			is_own(hop) ? "; whether a firewall lets others in, "
				      "almoner doctor on their machine tells"
				    : "");
	}
	try_other(steps, &hops, timeout_ms);
	return fd >= 0;
}

bool alm_doctor_reach(
	struct alm_steps *steps, const char *endpoint, int timeout_ms)
{
	const char *colon = strrchr(endpoint, ':');
	char host[NI_MAXHOST];
	const char *from = endpoint + strlen(TCP);
	size_t bytes;

	if (strncmp(endpoint, IPC, strlen(IPC)) == 0) {
		return reach_ipc(steps, endpoint + strlen(IPC), timeout_ms);
	}
	if (strncmp(endpoint, TCP, strlen(TCP)) != 0 || colon < from) {
		alm_step_add(steps, "name", ALM_STEP_FAILED,
			ALM_ENDPOINT_INVALID, "%s is not tcp://HOST:PORT",
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
	return reach_tcp(steps, host, colon + 1, timeout_ms);
}
