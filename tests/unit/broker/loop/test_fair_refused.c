/*
 * Goal: refusals are recorded as fast as they come until they are many, and
 * then no faster than the setting says, whatever the organisation's quota.
 * Method: the time is given; the lane of a real mailbox.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "broker/loop/fair.h"
#include "broker/loop/mailbox.h"
#include "broker/loop/stage.h"

#define PER_S 200u
#define BURST ((uint64_t)PER_S * ALM_REFUSALS_BURST_S)
#define START_MS 5000

static struct alm_broker *broker;
static struct alm_lane *lane;
static struct alm_turn turn;

static void open_all(void)
{
	const struct alm_mailbox_limits limits = {1000, 1000, 0};

	broker = calloc(1, sizeof(*broker));
	cr_assert_not_null(broker);
	alm_fair_init(&broker->fair);
	broker->mailboxes = alm_mailboxes_new(&limits);
	broker->settings.organisation_refusals_per_s = PER_S;
	broker->settings.organisation_messages_per_s = 1000000;
	lane = &alm_mailboxes_get(broker->mailboxes, "RX1")->lane;
	turn = (struct alm_turn){.broker = broker, .monotonic_ms = START_MS};
	alm_quota_begin(&lane->messages, 1000000, START_MS);
}

static void close_all(void)
{
	alm_mailboxes_free(broker->mailboxes);
	free(broker);
}

TestSuite(fair_refused, .init = open_all, .fini = close_all);

Test(fair_refused, as_many_as_a_large_group_has_cost_nothing)
{
	alm_fair_note_refused(&turn, "RX1", BURST);
	cr_expect_eq(alm_quota_left(&lane->messages), 1000000);
	cr_expect_eq(broker->fair.refused_over, 0);
}

Test(fair_refused, each_that_is_beyond_costs_its_time)
{
	alm_fair_note_refused(&turn, "RX1", BURST);
	alm_fair_note_refused(&turn, "RX1", 1);
	cr_expect_eq(alm_quota_left(&lane->messages), 1000000 - 5000);
	alm_fair_note_refused(&turn, "RX1", PER_S);
	cr_expect_eq(alm_quota_left(&lane->messages), -5000);
	cr_expect_eq(broker->fair.refused_over, 1 + PER_S);
}

Test(fair_refused, what_is_beyond_in_part_costs_that_part)
{
	alm_fair_note_refused(&turn, "RX1", BURST + 100);
	cr_expect_eq(alm_quota_left(&lane->messages), 500000);
}

Test(fair_refused, time_that_passes_lets_as_many_go)
{
	alm_fair_note_refused(&turn, "RX1", BURST);
	turn.monotonic_ms += 1000;
	alm_fair_note_refused(&turn, "RX1", PER_S);
	cr_expect_eq(alm_quota_left(&lane->messages), 1000000);
	alm_fair_note_refused(&turn, "RX1", 1);
	cr_expect_eq(alm_quota_left(&lane->messages), 995000);
}

Test(fair_refused, what_has_no_room_now_costs_a_part)
{
	alm_fair_note_no_room(&turn, "RX1", ALM_REFUSALS_ROOM_TIMES * BURST);
	cr_expect_eq(broker->fair.refused_over, 0);
	alm_fair_note_no_room(&turn, "RX1", ALM_REFUSALS_ROOM_TIMES);
	cr_expect_eq(alm_quota_left(&lane->messages), 1000000 - 5000);
	cr_expect_eq(broker->fair.refused_over, ALM_REFUSALS_ROOM_TIMES);
}

Test(fair_refused, a_small_quota_of_its_own_is_not_made_smaller)
{
	lane->messages_per_s = 100;
	alm_quota_begin(&lane->messages, 100, START_MS + 1000000);
	alm_fair_note_refused(&turn, "RX1", BURST);
	alm_fair_note_refused(&turn, "RX1", 1);
	cr_expect_gt(alm_quota_left(&lane->messages), 0);
	cr_expect_leq(broker->fair.refused_over, 1);
}

Test(fair_refused, others_do_not_pay_and_strangers_have_no_lane)
{
	struct alm_lane *other =
		&alm_mailboxes_get(broker->mailboxes, "RHA")->lane;

	alm_quota_begin(&other->messages, 1000000, START_MS);
	alm_fair_note_refused(&turn, "RX1", 2 * BURST);
	alm_fair_note_refused(&turn, "ZZ9", 2 * BURST);
	alm_fair_note_refused(&turn, "RX1", 0);
	cr_expect_eq(alm_quota_left(&other->messages), 1000000);
	cr_expect_eq(broker->fair.refused_over, 2 * BURST);
}
