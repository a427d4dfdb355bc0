/*
 * Goal: strangers in any number keep nobody out who is registered, and nobody
 * who is connected waits for them.  Method: a real broker on TCP, floods of
 * connections from thousands of addresses at once, and agents that go on.
 */
#include "tests/support/flood.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "broker/watch/alarm.h"
#include "lib/file.h"
#include "tests/support/clock.h"

/* The machine is shared and the programs may be instrumented: these say that
 * nobody is locked out, not how fast it is. */
#define TURN_ROUND_MS_MAX 120000
#define COME_IN_MS_MAX 240000
#define FLOODED_MS 3000
#define AGAIN_MS 5000
#define FLOOD_MIN 100u
#define MESSAGES_MIN 20
#define MESSAGES_MAX 10000

static struct test_broker broker;
static struct test_peer trust;

static void open_all(void)
{
	struct alm_answer status;

	test_broker_open(&broker, "");
	test_broker_stop(&broker);
	test_broker_replace_setting(
		&broker, "endpoint", "endpoint: \"tcp://127.0.0.1:*\"");
	test_broker_start(&broker);
	status =
		test_broker_ask(&broker, "status", (const char *const[]){NULL});
	snprintf(broker.endpoint, sizeof(broker.endpoint), "%s",
		test_fact(&status, "endpoint"));
	test_broker_activate(&broker, test_policy);
	test_peer_open(&trust, &broker, "RX1", 8);
}

static void close_all(void)
{
	test_peer_free(&trust);
	test_broker_close(&broker);
}

TestSuite(flood, .init = open_all, .fini = close_all, .timeout = 1800);

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Send until the time is up; how long 19 of 20 receipts took at most: the
 * whole machine may stand still for one. */
static int64_t send_on(int64_t for_ms)
{
	static int64_t took_ms[MESSAGES_MAX];
	int64_t until_ms = test_monotonic_ms() + for_ms;
	unsigned n = 0;

	while (n < MESSAGES_MIN ||
		(n < MESSAGES_MAX && test_monotonic_ms() < until_ms)) {
		const struct alm_message message =
			test_message(&trust, "C84001");
		int64_t started_ms = test_monotonic_ms();

		test_peer_send(&trust, &message, "content", 0);
		cr_assert(test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT)
				  ->receipt.is_accepted);
		took_ms[n++] = test_monotonic_ms() - started_ms;
	}
	qsort(took_ms, n, sizeof(took_ms[0]), by_time);
	return took_ms[n * 19 / 20 - 1];
}

static int64_t come_in(const char *organisation)
{
	int64_t started_ms = test_monotonic_ms();
	struct test_peer peer;

	test_peer_open(&peer, &broker, organisation, 8);
	test_peer_free(&peer);
	return test_monotonic_ms() - started_ms;
}

static unsigned lines_of_log(const char *event)
{
	char path[PATH_MAX + 16];
	struct alm_problem problem;
	uint8_t *data = NULL;
	size_t bytes = 0;
	unsigned count = 0;

	snprintf(path, sizeof(path), "%s/log", broker.folder);
	cr_assert_eq(
		alm_file_read(path, 1 << 20, &data, &bytes, &problem), ALM_OK);
	for (const char *at = strstr((char *)data, event); at != NULL;
		at = strstr(at + 1, event)) {
		count++;
	}
	free(data);
	return count;
}

static void withstand(
	const struct test_flood_options *options, bool wants_refusals)
{
	int64_t calm_ms = send_on(0);
	struct test_flood flood;
	int64_t flooded_ms;
	int64_t came_ms;

	test_flood_open(&flood, options);
	flooded_ms = send_on(FLOODED_MS);
	while (flood.count->opened <= FLOOD_MIN) {
		(void)send_on(0); /* it has had no processor yet */
	}
	came_ms = come_in("C84001");
	came_ms += come_in("RHA");
	printf("opened %llu, failed %llu; 19 of 20 receipts took %lld "
	       "ms, %lld before; two came in after %lld ms\n",
		(unsigned long long)flood.count->opened,
		(unsigned long long)flood.count->failed, (long long)flooded_ms,
		(long long)calm_ms, (long long)came_ms);
	cr_expect_lt(flooded_ms, TURN_ROUND_MS_MAX);
	cr_expect_lt(came_ms, COME_IN_MS_MAX);
	while (wants_refusals &&
		test_broker_figure(&broker, "handshakes-refused") == 0) {
		(void)send_on(0);
	}
	test_flood_close(&flood);
	(void)send_on(0);
}

static struct test_flood_options flood_of(unsigned connections)
{
	return (struct test_flood_options){.endpoint = broker.endpoint,
		.broker_key = broker.public_key,
		.connections = connections,
		.hold_ms = 1000,
		.seed = 20261123,
		.only = TEST_FLOOD_KINDS};
}

Test(flood, of_all_kinds_of_strangers_keeps_nobody_out)
{
	struct test_flood_options options = flood_of(500);
	int64_t begun_ms = test_monotonic_ms();

	options.strangers = 50;
	withstand(&options, true);
	cr_expect_eq(
		test_broker_figure(&broker, "handshakes-agents-limited"), 0);
	cr_expect_leq(lines_of_log("handshakes.refused"),
		2 + (test_monotonic_ms() - begun_ms) / ALM_ALARM_EVERY_MS);
}

Test(flood, of_half_handshakes_keeps_nobody_out)
{
	struct test_flood_options options = flood_of(300);

	options.only = TEST_FLOOD_HALF;
	options.hold_ms = 50;
	withstand(&options, false);
}

/* Until there is something to say of them; where the machine was too slow for
 * so many to come at once, they come again. */
static void flood_until_limited(struct test_flood *flood,
	const struct test_flood_options *options, const char *figure)
{
	int64_t again_ms = test_monotonic_ms() + AGAIN_MS;

	test_flood_open(flood, options);
	while (test_broker_figure(&broker, figure) == 0) {
		(void)send_on(0);
		if (test_monotonic_ms() > again_ms) {
			test_flood_close(flood);
			test_flood_open(flood, options);
			again_ms = test_monotonic_ms() + AGAIN_MS;
		}
	}
}

Test(flood, of_strangers_with_keys_is_told_of_and_limited)
{
	struct test_flood_options options = flood_of(0);
	struct test_flood flood;
	struct alm_answer status;

	test_broker_add_settings(&broker, "handshakes-per-address: 10\n");
	cr_assert_eq(kill(broker.pid, SIGHUP), 0);
	do {
		status = test_broker_ask(
			&broker, "status", (const char *const[]){NULL});
	} while (test_fact(&status, "reloaded-at")[0] == '\0');
	options.strangers = 300; /* more than one address may */
	flood_until_limited(&flood, &options, "handshakes-limited");
	(void)come_in("C84001");
	test_flood_close(&flood);
	cr_expect_geq(lines_of_log("handshakes.refused"), 1);
}

/* A partner whose own programs run wild. */
Test(flood, of_an_agent_that_connects_in_a_loop_hurts_it_alone)
{
	struct test_flood_options options = flood_of(0);
	struct test_flood flood;
	struct test_peer wild;

	test_peer_enrol(&wild, &broker, "CHA");
	options.strangers = 100;
	options.as = &wild;
	flood_until_limited(&flood, &options, "handshakes-agents-limited");
	(void)come_in("C84001");
	cr_expect_lt(send_on(0), TURN_ROUND_MS_MAX);
	test_flood_close(&flood);
	test_peer_free(&wild);
}

/* More connections than the broker has files for: who is connected goes on,
 * and others come in as soon as there is room. */
Test(flood, that_takes_every_file_passes)
{
	const struct rlimit few = {128, 128};
	struct test_flood_options options = flood_of(600);
	struct test_flood flood;

	options.only = TEST_FLOOD_SILENCE;
	options.hold_ms = 60000;
	cr_assert_eq(prlimit(broker.pid, RLIMIT_NOFILE, &few, NULL), 0);
	test_flood_open(&flood, &options);
	while (lines_of_log("files.short") == 0) {
		cr_expect_lt(send_on(0), TURN_ROUND_MS_MAX);
	}
	cr_expect_lt(send_on(FLOODED_MS), TURN_ROUND_MS_MAX);
	test_flood_close(&flood);
	cr_expect_lt(come_in("C84001"), COME_IN_MS_MAX);
	while (lines_of_log("files.enough") == 0) {
		(void)send_on(0);
	}
}
