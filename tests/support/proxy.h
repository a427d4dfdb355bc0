/*
 * proxy.h - a network that fails: a TCP proxy in a process of its own that
 * delays, cuts into small pieces, stops one direction or both, slows down,
 * resets, or leaves connections half open, as the test says at each moment.
 * What it randomises comes from a seed.
 */
#ifndef ALM_TESTS_SUPPORT_PROXY_H
#define ALM_TESTS_SUPPORT_PROXY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/** What the network does now; shared with the proxy, changed at any time. */
struct test_weather {
	uint32_t delay_ms;    /* each piece waits up to so long */
	uint32_t piece_bytes; /* and is at most so large; 0: any size */
	uint32_t bytes_per_s; /* of each direction; 0: no limit */
	bool is_up_stopped;   /* nothing passes from client to server */
	bool is_down_stopped; /* nor the other way */
	uint32_t cuts;        /* count up: every connection is reset */
	uint32_t halves;      /* count up: the server is told, clients not */
	bool refuses;         /* no new connections */
};

struct test_proxy {
	struct test_weather *weather;
	char endpoint[64]; /* where clients connect */
	pid_t pid;
};

/** In front of `endpoint`, which is tcp://127.0.0.1:PORT. */
void test_proxy_open(
	struct test_proxy *proxy, const char *endpoint, unsigned seed);
void test_proxy_close(struct test_proxy *proxy);

/** All is well from now on. */
void test_proxy_heal(struct test_proxy *proxy);

#endif /* ALM_TESTS_SUPPORT_PROXY_H */
