/*
 * One process, one loop.  A way is one direction of a connection: what was
 * read waits in its buffer until it is due, then goes out in pieces.
 */
#include "tests/support/proxy.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/clock.h"
#include "tests/support/fork.h"

#define PAIRS_MAX 64u
#define BUFFER_BYTES 65536u
#define TICK_MS 2

struct way {
	int from;
	int to;
	uint8_t buffer[BUFFER_BYTES];
	size_t bytes;
	size_t sent;
	int64_t due_ms;
	int64_t paid_ms; /* until when the link is busy with what was sent */
};

struct pair {
	bool is_open;
	struct way up;
	struct way down;
};

struct state {
	struct test_weather *weather;
	struct sockaddr_in server;
	int listener;
	unsigned rng;
	uint32_t cuts;
	uint32_t halves;
	struct pair pairs[PAIRS_MAX];
};

static unsigned random_below(struct state *state, unsigned limit)
{
	state->rng = state->rng * 1664525u + 1013904223u;
	return limit == 0 ? 0 : (state->rng >> 8) % limit;
}

static void close_fd(int *fd, bool resets)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};

	if (*fd < 0) {
		return;
	}
	if (resets) {
		(void)setsockopt(*fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	}
	close(*fd);
	*fd = -1;
}

static void close_pair(struct pair *pair, bool resets)
{
	int client = pair->up.from;
	int server = pair->up.to;

	close_fd(&client, resets);
	close_fd(&server, resets);
	pair->is_open = false;
}

static void accept_one(struct state *state)
{
	int client = accept(state->listener, NULL, NULL);
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pair *pair = NULL;

	for (unsigned i = 0; i < PAIRS_MAX && pair == NULL; i++) {
		pair = state->pairs[i].is_open ? NULL : &state->pairs[i];
	}
	if (client < 0 || server < 0 || pair == NULL ||
		state->weather->refuses ||
		connect(server, (struct sockaddr *)&state->server,
			sizeof(state->server)) != 0) {
		close_fd(&client, true);
		close_fd(&server, true);
		return;
	}
	memset(pair, 0, sizeof(*pair));
	pair->is_open = true;
	pair->up.from = pair->down.to = client;
	pair->up.to = pair->down.from = server;
}

/* False when the connection is over. */
static bool fill(struct state *state, struct way *way)
{
	ssize_t n = recv(way->from, way->buffer, BUFFER_BYTES, MSG_DONTWAIT);

	if (n < 0) {
		return errno == EAGAIN || errno == EINTR;
	}
	way->bytes = (size_t)n;
	way->sent = 0;
	way->due_ms = test_monotonic_ms() +
		      random_below(state, state->weather->delay_ms + 1);
	return n > 0;
}

static bool empty(struct state *state, struct way *way)
{
	const struct test_weather *weather = state->weather;
	size_t bytes = way->bytes - way->sent;
	ssize_t n;

	if (weather->piece_bytes > 0 && bytes > weather->piece_bytes) {
		bytes = 1 + random_below(state, weather->piece_bytes);
	}
	if (weather->bytes_per_s > 0) {
		size_t tick = weather->bytes_per_s / 100 + 1;

		bytes = bytes < tick ? bytes : tick;
		way->paid_ms = test_monotonic_ms() +
			       (int64_t)bytes * 1000 / weather->bytes_per_s;
	}
	n = send(way->to, way->buffer + way->sent, bytes,
		MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0) {
		return errno == EAGAIN || errno == EINTR;
	}
	way->sent += (size_t)n;
	if (way->sent == way->bytes) {
		way->bytes = 0;
	} else if (weather->piece_bytes > 0) {
		way->due_ms = test_monotonic_ms() +
			      random_below(state, weather->delay_ms + 1);
	}
	return true;
}

static bool move(struct state *state, struct way *way, bool is_stopped)
{
	int64_t now = test_monotonic_ms();

	if (is_stopped) {
		return true; /* and nobody hears that it is so */
	}
	if (way->bytes == 0 && !fill(state, way)) {
		return false;
	}
	if (way->bytes == 0 || now < way->due_ms || now < way->paid_ms) {
		return true;
	}
	return empty(state, way);
}

/* The server sees the end; the client's side stays open and silent, until
 * this process ends. */
static void half(struct pair *pair)
{
	int server = pair->up.to;

	close_fd(&server, false);
	pair->is_open = false;
}

static void tick(struct state *state)
{
	const struct test_weather *weather = state->weather;
	bool cuts = state->cuts != weather->cuts;
	bool halves = state->halves != weather->halves;

	state->cuts = weather->cuts;
	state->halves = weather->halves;
	for (unsigned i = 0; i < PAIRS_MAX; i++) {
		struct pair *pair = &state->pairs[i];

		if (!pair->is_open) {
			continue;
		}
		if (cuts) {
			close_pair(pair, true);
		} else if (halves) {
			half(pair);
		} else if (!move(state, &pair->up, weather->is_up_stopped) ||
			   !move(state, &pair->down,
				   weather->is_down_stopped)) {
			close_pair(pair, false);
		}
	}
}

static _Noreturn void serve(struct state *state)
{
	for (;;) {
		struct pollfd fds[1 + 2 * PAIRS_MAX] = {
			{.fd = state->listener, .events = POLLIN}};
		nfds_t count = 1;

		for (unsigned i = 0; i < PAIRS_MAX; i++) {
			struct pair *pair = &state->pairs[i];

			if (pair->is_open && pair->up.bytes == 0 &&
				!state->weather->is_up_stopped) {
				fds[count++] = (struct pollfd){
					.fd = pair->up.from, .events = POLLIN};
			}
			if (pair->is_open && pair->down.bytes == 0 &&
				!state->weather->is_down_stopped) {
				fds[count++] =
					(struct pollfd){.fd = pair->down.from,
						.events = POLLIN};
			}
		}
		(void)poll(fds, count, TICK_MS);
		if (fds[0].revents != 0) {
			accept_one(state);
		}
		tick(state);
	}
}

void test_proxy_open(
	struct test_proxy *proxy, const char *endpoint, unsigned seed)
{
	static struct state state;
	struct sockaddr_in here = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t bytes = sizeof(here);
	const char *colon = strrchr(endpoint, ':');

	memset(&state, 0, sizeof(state));
	state.rng = seed;
	state.server = here;
	state.server.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	state.weather = mmap(NULL, sizeof(*state.weather),
		PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(state.weather, MAP_FAILED);
	state.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(state.listener, (struct sockaddr *)&here, bytes), 0);
	cr_assert_eq(listen(state.listener, 64), 0);
	cr_assert_eq(
		getsockname(state.listener, (struct sockaddr *)&here, &bytes),
		0);
	snprintf(proxy->endpoint, sizeof(proxy->endpoint), "tcp://127.0.0.1:%u",
		ntohs(here.sin_port));
	proxy->weather = state.weather;
	proxy->pid = test_fork();
	if (proxy->pid == 0) {
		serve(&state);
	}
	close(state.listener);
}

void test_proxy_close(struct test_proxy *proxy)
{
	int status;

	cr_assert_eq(kill(proxy->pid, SIGKILL), 0);
	cr_assert_eq(waitpid(proxy->pid, &status, 0), proxy->pid);
	munmap(proxy->weather, sizeof(*proxy->weather));
}

void test_proxy_heal(struct test_proxy *proxy)
{
	uint32_t cuts = proxy->weather->cuts;
	uint32_t halves = proxy->weather->halves;

	*proxy->weather = (struct test_weather){.cuts = cuts, .halves = halves};
}
