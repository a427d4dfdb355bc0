/*
 * Goal: of a turn that failed, one request alone is to blame or nobody is,
 * and what its agent asked behind it waits, so that an agent costs the others
 * one turn.  Method: the requests of two agents, over a real store.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "broker/loop/undo.h"
#include "tests/unit/store/fixture.h"

static struct alm_broker *broker;
static struct alm_agent trust = {.number = 1};
static struct alm_agent practice = {.number = 2};
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
