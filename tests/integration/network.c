/*
 * Goal: a network that delays, cuts into pieces, slows down, partitions in one
 * direction or both, resets and leaves connections half open loses nothing,
 * and nothing comes twice without the mark; agents are back within a bound.
 * Method: the agents and the traffic of the crash test, through a proxy whose
 * weather changes at random; the broker is never killed.  The checker compares
 * the journals with the log.
 * NET_ROUNDS and NET_SEED change how often and which; half-open connections,
 * which take heartbeats to be noticed, are tried with NET_HALF_OPEN=1.
 * `make net-test` does all that, and with root the same through netem.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/crash/crash.h"
#include "tests/support/clock.h"
#include "tests/support/proxy.h"

#define ROUNDS_DEFAULT 12u
#define WEATHER_MS_MAX 400u
#define BACK_MS_MAX 60000
/* Heartbeats of 10 s, 30 s of silence, and a reconnection. */
#define HALF_OPEN_BACK_MS_MAX 75000
/* Of a step in which the whole machine stood still, so much counts. */
#define STALL_MS 500

static struct crash_world world;
static struct test_proxy proxy;

static void send_all(void)
{
	for (size_t i = 0; i < crash_actor_count; i++) {
		crash_actors[i].step(&world);
	}
}

static void play_for(unsigned ms)
{
	int64_t until_ms = test_monotonic_ms() + ms;

	while (test_monotonic_ms() < until_ms) {
		send_all();
		crash_step_for(&world, 20);
	}
}

/* Bad weather of one kind. */
static void change_weather(unsigned kind)
{
	struct test_weather *weather = proxy.weather;

	switch (kind) {
	case 0:
		weather->delay_ms = 1 + crash_random(&world, 60);
		break;
	case 1:
		weather->piece_bytes = 1 + crash_random(&world, 700);
		weather->delay_ms = crash_random(&world, 3);
		break;
	case 2:
		weather->bytes_per_s = 20000 + crash_random(&world, 100000);
		break;
	case 3:
		weather->is_up_stopped = true;
		break;
	case 4:
		weather->is_down_stopped = true;
		break;
	case 5:
		weather->is_up_stopped = true;
		weather->is_down_stopped = true;
		break;
	case 6:
		weather->cuts++;
		break;
	case 7: /* in the middle of a partition */
		weather->is_down_stopped = true;
		play_for(50);
		weather->cuts++;
		weather->refuses = true;
		break;
	}
}
#define WEATHERS 8u

/* Until somebody has a receipt again; how long that took. */
static int64_t wait_back(int64_t ms_max)
{
	uint64_t until = world.receipts + 1;
	int64_t waited_ms = 0;

	while (world.receipts < until) {
		int64_t begun_ms = test_monotonic_ms();
		int64_t step_ms;

		cr_assert_lt(waited_ms, ms_max, "nobody is back after %lld ms",
			(long long)ms_max);
		send_all();
		crash_step_for(&world, 20);
		step_ms = test_monotonic_ms() - begun_ms;
		waited_ms += step_ms < STALL_MS ? step_ms : STALL_MS;
	}
	return waited_ms;
}

static unsigned number_from(const char *name, unsigned fallback)
{
	const char *text = getenv(name);

	return text == NULL ? fallback : (unsigned)strtoul(text, NULL, 10);
}

/* A broker on TCP, and the proxy in front of it. */
static void begin(unsigned seed)
{
	struct alm_answer status;

	test_broker_open(&world.broker, "acknowledge-timeout: 2s\n"
					"redeliver-max: 4s\n");
	test_broker_stop(&world.broker);
	test_broker_replace_setting(
		&world.broker, "endpoint", "endpoint: tcp://127.0.0.1:*");
	test_broker_start(&world.broker);
	test_broker_activate(&world.broker, crash_policy);
	status = test_broker_ask(
		&world.broker, "status", (const char *const[]){NULL});
	test_proxy_open(&proxy, test_fact(&status, "endpoint"), seed);
	snprintf(world.broker.endpoint, sizeof(world.broker.endpoint), "%s",
		proxy.endpoint);
	for (size_t i = 0; i < crash_actor_count; i++) {
		if (crash_actors[i].begin != NULL) {
			crash_actors[i].begin(&world);
		}
	}
}

static void end(void)
{
	while (!crash_is_all_taken(&world)) {
		crash_step(&world);
	}
	crash_check_journals(&world);
	test_proxy_close(&proxy);
	test_broker_close(&world.broker);
}

static void play_any_weather(void)
{
	unsigned rounds = number_from("NET_ROUNDS", ROUNDS_DEFAULT);
	int64_t worst_ms = 0;

	world.rng = number_from("NET_SEED", 20261122u);
	printf("network: seed %u, %u rounds\n", world.rng, rounds);
	begin(world.rng);
	(void)wait_back(BACK_MS_MAX);
	for (unsigned round = 0; round < rounds; round++) {
		int64_t back_ms;

		change_weather(round < WEATHERS
				       ? round
				       : crash_random(&world, WEATHERS));
		play_for(1 + crash_random(&world, WEATHER_MS_MAX));
		test_proxy_heal(&proxy);
		back_ms = wait_back(BACK_MS_MAX);
		worst_ms = back_ms > worst_ms ? back_ms : worst_ms;
	}
	end();
	printf("network: %u messages, back after at most %lld ms\n",
		world.number, (long long)worst_ms);
}

static void play_half_open(void)
{
	world.rng = 1;
	begin(1);
	(void)wait_back(BACK_MS_MAX);
	play_for(200);
	proxy.weather->halves++;
	play_for(1000);
	printf("network: half open, back after %lld ms\n",
		(long long)wait_back(HALF_OPEN_BACK_MS_MAX));
	end();
}

/* One at a time: half open takes a minute. */
Test(network, loses_nothing_in_any_weather, .timeout = 3600)
{
	if (number_from("NET_HALF_OPEN", 0) != 0) {
		play_half_open();
	} else {
		play_any_weather();
	}
}
