#include "tests/support/flood.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>
#include <zmq.h>

#include "tests/support/clock.h"
#include "tests/support/fork.h"

#define CONNECTIONS_MAX 4096u
#define GREETING_BYTES 64u
#define HELLO_BYTES 202u /* two of framing */

struct connection {
	int fd;
	enum test_flood_kind kind;
	bool has_spoken;
	int64_t until_ms;
};

struct flood {
	const struct test_flood_options *options;
	struct test_flood_count *count;
	struct sockaddr_in broker;
	uint64_t random;
	uint8_t hello[GREETING_BYTES + HELLO_BYTES];
	struct connection connections[CONNECTIONS_MAX];
	struct pollfd items[CONNECTIONS_MAX];
};

static uint32_t next_random(struct flood *flood)
{
	flood->random = flood->random * UINT64_C(6364136223846793005) + 1;
	return (uint32_t)(flood->random >> 33);
}

/* A greeting of CURVE, and the client's first command, valid in all but that
 * nobody goes on with it (rfc.zeromq.org/spec/26). */
static void make_hello(struct flood *flood)
{
	static const char mechanism[] = "CURVE";
	uint8_t *hello = flood->hello + GREETING_BYTES;
	uint8_t nonce[24] = "CurveZMQHELLO---";
	uint8_t zeros[64] = {0};
	uint8_t public_key[32];
	uint8_t secret_key[32];

	flood->hello[0] = 0xff;
	flood->hello[9] = 0x7f;
	flood->hello[10] = 3;
	memcpy(flood->hello + 12, mechanism, sizeof(mechanism) - 1);
	hello[0] = 4; /* a short command */
	hello[1] = HELLO_BYTES - 2;
	memcpy(hello + 2, "\5HELLO\1", 8);
	crypto_box_keypair(public_key, secret_key);
	memcpy(hello + 2 + 80, public_key, 32);
	nonce[23] = 1;
	memcpy(hello + 2 + 112, nonce + 16, 8);
	cr_assert_eq(crypto_box_easy(hello + 2 + 120, zeros, sizeof(zeros),
			     nonce, flood->options->broker_key, secret_key),
		0);
}

static void end(struct connection *connection)
{
	const struct linger at_once = {1, 0};

	if (connection->fd >= 0) {
		(void)setsockopt(connection->fd, SOL_SOCKET, SO_LINGER,
			&at_once, sizeof(at_once));
		(void)close(connection->fd);
		connection->fd = -1;
	}
}

static void begin(struct flood *flood, struct connection *connection)
{
	struct sockaddr_in from = {.sin_family = AF_INET};
	uint32_t random = next_random(flood);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	from.sin_addr.s_addr = htonl(0x7f000000 | (random & 0xfffff) | 2);
	connection->fd = fd;
	connection->has_spoken = false;
	connection->kind = flood->options->only != TEST_FLOOD_KINDS
				   ? flood->options->only
				   : (enum test_flood_kind)(next_random(flood) %
							    TEST_FLOOD_KINDS);
	connection->until_ms =
		test_monotonic_ms() + 1 +
		(int)(next_random(flood) % (uint32_t)flood->options->hold_ms);
	if (fd < 0 ||
		bind(fd, (const struct sockaddr *)&from, sizeof(from)) != 0 ||
		(connect(fd, (const struct sockaddr *)&flood->broker,
			 sizeof(flood->broker)) != 0 &&
			errno != EINPROGRESS)) {
		flood->count->failed++;
		end(connection);
		return;
	}
	flood->count->opened++;
}

static void speak(struct flood *flood, struct connection *connection)
{
	static const uint8_t rubbish[128] = {0x16, 3, 1, 2};
	uint8_t other[GREETING_BYTES];

	connection->has_spoken = true;
	switch (connection->kind) {
	case TEST_FLOOD_SILENCE:
		break;
	case TEST_FLOOD_RUBBISH:
		(void)send(
			connection->fd, rubbish, sizeof(rubbish), MSG_NOSIGNAL);
		break;
	case TEST_FLOOD_OTHER_MECHANISM:
		memcpy(other, flood->hello, sizeof(other));
		memcpy(other + 12, "NULL\0", 5);
		(void)send(connection->fd, other, sizeof(other), MSG_NOSIGNAL);
		break;
	case TEST_FLOOD_HALF:
		(void)send(connection->fd, flood->hello, sizeof(flood->hello),
			MSG_NOSIGNAL);
		break;
	case TEST_FLOOD_CUT:
		(void)send(connection->fd, flood->hello, 1, MSG_NOSIGNAL);
		end(connection);
		break;
	case TEST_FLOOD_KINDS:
		break;
	}
}

static void step(
	struct flood *flood, struct connection *connection, short events)
{
	char bytes[512];

	if (connection->fd < 0) {
		begin(flood, connection);
		return;
	}
	if ((events & POLLOUT) != 0 && !connection->has_spoken) {
		speak(flood, connection);
		return;
	}
	if ((events & (POLLERR | POLLHUP)) != 0 ||
		((events & POLLIN) != 0 &&
			recv(connection->fd, bytes, sizeof(bytes), 0) <= 0) ||
		test_monotonic_ms() > connection->until_ms) {
		end(connection);
	}
}

static void one_round(struct flood *flood)
{
	unsigned n = flood->options->connections;

	for (unsigned i = 0; i < n; i++) {
		const struct connection *connection = &flood->connections[i];

		flood->items[i] = (struct pollfd){.fd = connection->fd,
			.events = connection->has_spoken ? POLLIN
							 : POLLIN | POLLOUT};
	}
	(void)poll(flood->items, n, 10);
	for (unsigned i = 0; i < n; i++) {
		step(flood, &flood->connections[i], flood->items[i].revents);
	}
}

/* libzmq connects again by itself, as soon as it is refused. */
static void add_strangers(const struct test_flood_options *options)
{
	void *context = zmq_ctx_new();
	int soon = 1;

	for (unsigned i = 0; i < options->strangers; i++) {
		void *socket = zmq_socket(context, ZMQ_DEALER);
		uint8_t public_key[32];
		uint8_t secret_key[32];

		crypto_box_keypair(public_key, secret_key);
		if (options->as != NULL) {
			memcpy(public_key, options->as->curve_public, 32);
			memcpy(secret_key, options->as->curve_secret, 32);
		}
		zmq_setsockopt(
			socket, ZMQ_CURVE_SERVERKEY, options->broker_key, 32);
		zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public_key, 32);
		zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key, 32);
		zmq_setsockopt(socket, ZMQ_RECONNECT_IVL, &soon, sizeof(soon));
		zmq_connect(socket, options->endpoint);
	}
}

static void run(struct flood *flood)
{
	unsigned long port =
		strtoul(strrchr(flood->options->endpoint, ':') + 1, NULL, 10);

	flood->random = flood->options->seed;
	flood->broker = (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	make_hello(flood);
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
		flood->connections[i].fd = -1;
	}
	add_strangers(flood->options);
	for (;;) {
		one_round(flood);
	}
}

void test_flood_open(
	struct test_flood *flood, const struct test_flood_options *options)
{
	struct flood *state = calloc(1, sizeof(*state));
	void *page = mmap(NULL, sizeof(*flood->count), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	cr_assert_neq(state, NULL);
	cr_assert_neq(page, MAP_FAILED);
	cr_assert_leq(options->connections, CONNECTIONS_MAX);
	flood->count = page;
	state->options = options;
	state->count = flood->count;
	flood->pid = test_fork();
	if (flood->pid == 0) {
		run(state);
	}
	free(state);
}

void test_flood_close(struct test_flood *flood)
{
	cr_assert_eq(kill(flood->pid, SIGKILL), 0);
	cr_assert_eq(waitpid(flood->pid, NULL, 0), flood->pid);
	cr_assert_eq(munmap(flood->count, sizeof(*flood->count)), 0);
}
