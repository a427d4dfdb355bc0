/* Who waits for room behind whom. */
#include <criterion/criterion.h>

#include "agents/folder/lanes.h"

static struct alm_lanes lanes;
static uint32_t one;
static uint32_t other;

static void begin(void)
{
	lanes = (struct alm_lanes){0};
	one = alm_lane_of("C84001");
	other = alm_lane_of("RX1");
	cr_assert_neq(one, other);
}

TestSuite(lanes, .init = begin);

Test(lanes, a_message_to_several_has_none)
{
	cr_assert_eq(alm_lane_of(NULL), ALM_LANE_NONE);
	cr_assert_eq(alm_lane_of(""), ALM_LANE_NONE);
	cr_assert(alm_lanes_is_free(&lanes, ALM_LANE_NONE));
}

Test(lanes, who_is_refused_holds_up_its_own_recipient_alone)
{
	alm_lanes_started(&lanes, one);
	alm_lanes_ended(&lanes, one, false);
	alm_lanes_refused(&lanes, one, 0, 1000);
	cr_assert_not(alm_lanes_is_free(&lanes, one));
	cr_assert(alm_lanes_is_free(&lanes, other));
	cr_assert_eq(lanes.items[one].due_ms, 6000);
}

Test(lanes, of_a_full_broker_all_wait)
{
	alm_lanes_refused(&lanes, ALM_LANE_OF_BROKER, 0, 0);
	cr_assert_not(alm_lanes_is_free(&lanes, one));
	cr_assert_not(alm_lanes_is_free(&lanes, ALM_LANE_NONE));
}

Test(lanes, one_is_tried_first_and_then_more_at_a_time)
{
	alm_lanes_refused(&lanes, one, 0, 0);
	alm_lanes_look(&lanes);
	cr_assert(alm_lanes_is_free(&lanes, one));
	alm_lanes_started(&lanes, one);
	cr_assert_not(alm_lanes_is_free(&lanes, one));
	alm_lanes_ended(&lanes, one, true);
	cr_assert_eq(lanes.items[one].due_ms, 0, "the others need not wait");
	alm_lanes_started(&lanes, one);
	cr_assert(alm_lanes_is_free(&lanes, one));
	alm_lanes_started(&lanes, one);
	cr_assert_not(alm_lanes_is_free(&lanes, one));
}

Test(lanes, after_many_in_a_row_there_is_no_limit)
{
	alm_lanes_refused(&lanes, one, 0, 0);
	alm_lanes_look(&lanes);
	for (unsigned i = 0; i < 600; i++) {
		alm_lanes_started(&lanes, one);
		alm_lanes_ended(&lanes, one, true);
	}
	cr_assert_eq(lanes.items[one].allowed, 0);
}

Test(lanes, those_refused_together_count_once_and_the_next_waits_longer)
{
	alm_lanes_refused(&lanes, one, 0, 0);
	alm_lanes_refused(&lanes, one, 0, 1);
	cr_assert_eq(lanes.items[one].due_ms, 5000);
	alm_lanes_refused(&lanes, one, 0, 5000);
	cr_assert_eq(lanes.items[one].due_ms, 15000);
	alm_lanes_refused(&lanes, one, 60000, 15000);
	cr_assert_eq(lanes.items[one].due_ms, 75000, "as the broker asks");
	for (unsigned i = 0; i < 20; i++) {
		alm_lanes_refused(&lanes, one, 0, lanes.items[one].due_ms);
	}
	cr_assert_leq(lanes.items[one].due_ms, 75000 + 20 * 600000);
}
