/*
 * Goal: what a shared turn takes and hands over is bounded, whatever the turns
 * before it seemed to cost.  Method: turns that cost nothing, and those that
 * took long.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "broker/edge/clock.h"
#include "broker/loop/fair.h"
#include "broker/loop/stage.h"

static struct alm_broker *broker;
static struct alm_turn turn;

static void open_all(void)
{
	broker = calloc(1, sizeof(*broker));
	cr_assert_not_null(broker);
	alm_fair_init(&broker->fair);
	turn = (struct alm_turn){.broker = broker};
}

static void close_all(void)
{
	free(broker);
}

TestSuite(fair_cost, .init = open_all, .fini = close_all);

static void work(uint32_t units, int64_t took_us)
{
	broker->fair.turn_units = units;
	broker->fair.begun_us = alm_clock_thread_us() - took_us;
	alm_fair_worked(&turn);
}

/* Refusals cost little; the next turn may not be full of them. */
Test(fair_cost, what_was_cheap_is_not_believed_to_stay_so)
{
	for (unsigned i = 0; i < 1000; i++) {
		work(1000000, 1);
	}
	cr_expect_float_eq(broker->fair.unit_us, 5.0, 1e-9);
}

Test(fair_cost, what_became_dear_is_believed_sooner)
{
	work(10, 1000000);
	cr_expect_gt(broker->fair.unit_us, 50000);
}

Test(fair_cost, few_units_say_nothing)
{
	double before = broker->fair.unit_us;

	work(7, 1000000);
	cr_expect_float_eq(broker->fair.unit_us, before, 1e-9);
}

Test(fair_cost, a_shared_turn_hands_over_little_more_than_it_takes)
{
	struct alm_fair *fair = &broker->fair;

	cr_expect_eq(alm_fair_hand_overs(fair), ALM_TURN_HAND_OVERS_MAX);
	fair->is_shared = true;
	fair->units = 40;
	cr_expect_eq(alm_fair_hand_overs(fair), 60);
	fair->units = 8;
	cr_expect_eq(alm_fair_hand_overs(fair), 32);
}
