/*
 * Goal: of a turn that failed, one request alone is to blame or nobody is,
 * and what its agent asked behind it waits, so that an agent costs the others
 * one turn.  Method: the requests of two agents, over a real store.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "broker/loop/reload.h"
#include "broker/loop/undo.h"
#include "lib/limits.h"
#include "tests/unit/store/fixture.h"

static struct alm_broker *broker;
static struct alm_agent trust = {.number = 1, .organisation = "RX1"};
static struct alm_agent practice = {.number = 2, .organisation = "C84001"};
static struct alm_turn_request requests[4] = {{.agent = &trust},
	{.agent = &practice}, {.agent = &trust}, {.agent = &practice}};
static struct alm_turn turn;

static void open_all(void)
{
	set_up();
	broker = calloc(1, sizeof(*broker));
	cr_assert_not_null(broker);
	broker->store = store;
	turn = (struct alm_turn){
		.broker = broker, .requests = requests, .request_count = 4};
}

static void close_all(void)
{
	free(broker);
	tear_down();
}

TestSuite(undo, .init = open_all, .fini = close_all);

Test(undo, one_request_is_to_blame_once)
{
	cr_expect_not(alm_turn_can_do_without(&turn, ALM_NOT_FOUND));
	turn.at = &requests[1];
	cr_assert(alm_turn_can_do_without(&turn, ALM_NOT_FOUND));
	cr_assert(alm_turn_can_do_without(&turn, ALM_STORE_CORRUPT));
	alm_turn_fail_request(&turn, ALM_NOT_FOUND);
	cr_expect_not(alm_turn_can_do_without(&turn, ALM_NOT_FOUND));
}

Test(undo, what_everybody_lacks_is_nobodys_fault)
{
	turn.at = &requests[1];
	cr_expect_not(alm_turn_can_do_without(&turn, ALM_OK));
	cr_expect_not(alm_turn_can_do_without(&turn, ALM_NOMEM));
	cr_expect_not(alm_turn_can_do_without(&turn, ALM_STORE_FULL));
	cr_expect_not(alm_turn_can_do_without(&turn, ALM_STORE_IO));
}

Test(undo, what_the_same_agent_asked_behind_it_waits)
{
	turn.at = &requests[0];
	alm_turn_fail_request(&turn, ALM_NOT_FOUND);
	cr_expect_eq(requests[0].failed, ALM_NOT_FOUND);
	cr_expect_eq(requests[1].failed, ALM_OK);
	cr_expect_eq(requests[2].failed, ALM_BUSY);
	cr_expect_eq(requests[3].failed, ALM_OK);
}

Test(undo, of_operators_nothing_else_waits)
{
	requests[0].agent = NULL;
	requests[2].agent = NULL;
	turn.at = &requests[0];
	alm_turn_fail_request(&turn, ALM_NOT_FOUND);
	cr_expect_eq(requests[2].failed, ALM_OK);
}

/* As if each had taken so much, and memory were out at the last of them. */
static void take_memory(const size_t bytes[4], bool is_at_one)
{
	static struct alm_arena full;

	full = (struct alm_arena){.bytes_max = ALM_TURN_ARENA_BYTES_MAX};
	turn.arena = &full;
	for (size_t i = 0; i < 4; i++) {
		requests[i].arena_bytes = full.bytes;
		requests[i].failed = ALM_OK;
		full.bytes += bytes[i];
	}
	turn.at = is_at_one ? &requests[3] : NULL;
}

#define MIB ((size_t)1024 * 1024)

Test(undo, memory_is_made_by_half_of_what_the_greediest_took)
{
	take_memory((const size_t[]){90 * MIB, 1 * MIB, 80 * MIB, 2 * MIB}, 1);
	cr_assert(alm_turn_spare_memory(&turn));
	cr_expect_eq(requests[0].failed, ALM_BUSY, "more than half by itself");
	cr_expect_eq(requests[1].failed, ALM_OK);
	cr_expect_eq(requests[2].failed, ALM_BUSY);
	cr_expect_eq(requests[3].failed, ALM_OK);
}

Test(undo, what_needs_all_memory_is_refused_for_good)
{
	take_memory((const size_t[]){1 * MIB, 0, 1 * MIB, 3 * MIB}, 1);
	cr_assert(alm_turn_spare_memory(&turn));
	cr_expect_eq(requests[3].failed, ALM_NOMEM, "it asked for the rest");
	cr_expect_eq(requests[1].failed, ALM_OK);
	take_memory((const size_t[]){150 * MIB, 90 * MIB, 1 * MIB, 0}, 0);
	cr_assert(alm_turn_spare_memory(&turn));
	cr_expect_eq(requests[0].failed, ALM_NOMEM);
	cr_expect_eq(requests[2].failed, ALM_BUSY);
	cr_expect_eq(requests[1].failed, ALM_OK);
}

Test(undo, memory_that_no_request_took_is_nobodys_fault)
{
	take_memory((const size_t[]){0, 0, 0, 0}, 0);
	cr_expect_not(alm_turn_spare_memory(&turn));
}

Test(undo, a_turn_is_not_taken_again_without_end)
{
	unsigned count = 0;

	do {
		take_memory((const size_t[]){90 * MIB, 80 * MIB, 0, 0}, 1);
	} while (alm_turn_spare_memory(&turn) && ++count < 1000);
	cr_expect_lt(count, 100);
}

/* The operator reads in status and journal what is in force. */
Test(undo, of_settings_only_what_was_committed_is_told)
{
	const struct alm_problem done = {.err = ALM_OK};

	alm_reload_note(&turn, &done);
	alm_reload_undo(&turn);
	alm_reload_committed(&turn);
	cr_expect_eq(broker->reload.at_us, 0);
	alm_reload_note(&turn, &done);
	alm_reload_committed(&turn);
	cr_expect_gt(broker->reload.at_us, 0);
}
