/*
 * Goal: a crash of the broker at any instant loses nothing that was accepted,
 * delivers nothing that was not, and repeats only with the repeat mark.
 * Method: agents on the library keep the broker busy with all the traffic of
 * tests/crash/actors.c; it is killed after a random number of steps and a
 * random moment more, now and then while it drains, and started again.  Each
 * agent writes down what it does and sees; at the end tests/checker compares
 * their journals with the export of the audit log.
 * CRASH_ROUNDS and CRASH_SEED change how often and when; CRASH_KEEP is a
 * folder for journals and export.  `make crash-test ROUNDS=500` is the same.
 */
#include "tests/crash/crash.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS_DEFAULT 50u
#define STEPS_PER_ROUND_MAX 40u
#define INSTANT_US_MAX 3000u

static struct crash_world world;
static unsigned sent[CRASH_ACTORS_MAX];

/* Let the broker work on for a random while, so that it may be killed
 * anywhere: between a receipt and a commit, or in the middle of one. */
static void let_work_on(void)
{
	unsigned wait_us = crash_random(&world, INSTANT_US_MAX);
	struct timespec begun;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	do {
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - begun.tv_sec) * 1000000 +
			 (now.tv_nsec - begun.tv_nsec) / 1000 <
		 (long)wait_us);
}

static void send_all(void)
{
	for (size_t i = 0; i < crash_actor_count; i++) {
		unsigned before = world.sent;

		crash_actors[i].step(&world);
		sent[i] += world.sent - before;
	}
}

static void play_round(void)
{
	unsigned steps = 1 + crash_random(&world, STEPS_PER_ROUND_MAX);
	uint64_t until = world.receipts + 1;
	unsigned how = crash_random(&world, 8);

	for (unsigned i = 0; i < steps || world.receipts < until; i++) {
		send_all();
		crash_step(&world);
	}
	send_all();
	for (size_t i = 0; i < world.agent_count; i++) {
		cr_assert_eq(alm_client_process(world.agents[i].client), 0);
	}
	let_work_on();
	if (how == 0) {
		cr_assert_eq(test_broker_stop(&world.broker), 0);
	} else if (how == 1) {
		cr_assert_eq(kill(world.broker.pid, SIGTERM), 0);
		let_work_on();
		test_broker_kill(&world.broker);
	} else {
		test_broker_kill(&world.broker);
	}
	test_broker_start(&world.broker);
}

static unsigned number_from(const char *name, unsigned fallback)
{
	const char *text = getenv(name);

	return text == NULL ? fallback : (unsigned)strtoul(text, NULL, 10);
}

static void begin_all(void)
{
	test_broker_open(&world.broker, "acknowledge-timeout: 2s\n"
					"attempts-max: 3\n"
					"redeliver-max: 3s\n"
					"key-overlap: 1s\n");
	test_broker_activate(&world.broker, crash_policy);
	for (size_t i = 0; i < crash_actor_count; i++) {
		if (crash_actors[i].begin != NULL) {
			crash_actors[i].begin(&world);
		}
	}
}

/* Few rounds may have none of what is rare. */
static void tell_cover(unsigned rounds)
{
	printf("crash: %u rounds, %u messages, %u times new keys\ncrash:",
		rounds, world.sent, crash_rotate_count());
	for (size_t i = 0; i < crash_actor_count; i++) {
		printf("%s %s %u", i == 0 ? "" : ",", crash_actors[i].name,
			sent[i]);
	}
	puts("");
}

static void take_all(void)
{
	while (!crash_is_all_taken(&world)) {
		crash_step(&world);
	}
}

Test(crash, loses_nothing_and_repeats_only_with_the_mark, .timeout = 14400)
{
	unsigned rounds = number_from("CRASH_ROUNDS", ROUNDS_DEFAULT);

	cr_assert_gt(rounds, 0, "CRASH_ROUNDS is a number of kills");
	cr_assert_leq(crash_actor_count, CRASH_ACTORS_MAX);
	world.rng = number_from("CRASH_SEED", 20261122u);
	printf("crash: seed %u, %u rounds\n", world.rng, rounds);
	world.replaces_keys = true;
	begin_all();
	for (unsigned round = 0; round < rounds; round++) {
		play_round();
	}
	take_all();
	crash_large_is_freed(&world);
	take_all(); /* notices of what has expired since */
	crash_check_journals(&world);
	cr_assert_eq(test_broker_stop(&world.broker), 0);
	(void)test_broker_verify(&world.broker);
	tell_cover(rounds);
	cr_expect_gt(crash_rotate_count(), 0);
	test_broker_close(&world.broker);
}
