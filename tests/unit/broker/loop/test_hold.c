/*
 * Goal: what waits for company is a few acknowledgements and nothing else, of
 * whom nothing is kept by it, and only while messages come often.  Method: the
 * frames of a turn, made by hand.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "broker/edge/clock.h"
#include "broker/loop/session.h"
#include "broker/loop/stage.h"

/* An envelope with an acknowledgement, with a message, and neither. */
static const uint8_t acknowledgement[] = {0x0a, 4, 0x32, 2, 0x08, 1};
static const uint8_t message[] = {0x0a, 4, 0x1a, 2, 0x08, 1};
static const uint8_t both[] = {
	0x0a, 4, 0x32, 2, 0x08, 1, 0x0a, 4, 0x1a, 2, 0x08, 1};
static const uint8_t rubbish[] = {0x0a, 200, 1};

static struct alm_broker *broker;
static struct alm_session *session;
static struct alm_edge_frame frames[16];
static struct alm_turn turn;

static void open_all(void)
{
	static struct alm_mailbox mailbox = {.organisation = "RX1"};

	broker = calloc(1, sizeof(*broker));
	cr_assert_not_null(broker);
	broker->sessions = alm_sessions_new();
	cr_assert_eq(alm_sessions_add(broker->sessions, (struct alm_peer){1}, 1,
			     &mailbox, &session),
		ALM_OK);
	session->window = 2;
	broker->hold = (struct alm_hold){
		.other_us = alm_clock_monotonic_us() + 3600000000,
		.every_us = 500}; /* so that this test may be slow */
	turn = (struct alm_turn){.broker = broker, .frames = frames};
}

static void close_all(void)
{
	alm_sessions_free(broker->sessions);
	free(broker);
}

TestSuite(hold, .init = open_all, .fini = close_all);

static void add(const uint8_t *bytes, size_t count)
{
	frames[turn.frame_count++] =
		(struct alm_edge_frame){.socket = ALM_EDGE_AGENTS,
			.peer = {1},
			.bytes = {bytes, count}};
}

Test(hold, acknowledgements_wait)
{
	add(acknowledgement, sizeof(acknowledgement));
	add(acknowledgement, sizeof(acknowledgement));
	cr_expect(alm_hold_is_worth(&turn));
}

Test(hold, nothing_does_not)
{
	cr_expect_not(alm_hold_is_worth(&turn));
}

Test(hold, nor_does_a_message_beside_them)
{
	add(acknowledgement, sizeof(acknowledgement));
	add(message, sizeof(message));
	cr_expect_not(alm_hold_is_worth(&turn));
}

Test(hold, nor_one_in_the_same_frame)
{
	add(both, sizeof(both));
	cr_expect_not(alm_hold_is_worth(&turn));
}

Test(hold, nor_what_is_no_frame)
{
	add(rubbish, sizeof(rubbish));
	cr_expect_not(alm_hold_is_worth(&turn));
	turn.frame_count = 0;
	add(rubbish, 0);
	cr_expect_not(alm_hold_is_worth(&turn));
}

Test(hold, nor_many)
{
	for (size_t i = 0; i < 9; i++) {
		add(acknowledgement, sizeof(acknowledgement));
	}
	cr_expect_not(alm_hold_is_worth(&turn));
}

Test(hold, nor_of_an_agent_that_has_all_it_can_hold)
{
	session->held_count = 2;
	add(acknowledgement, sizeof(acknowledgement));
	cr_expect_not(alm_hold_is_worth(&turn));
}

Test(hold, nor_when_messages_are_rare)
{
	add(acknowledgement, sizeof(acknowledgement));
	broker->hold.every_us = 5000;
	cr_expect_not(alm_hold_is_worth(&turn));
}

Test(hold, nor_when_none_has_come_for_long)
{
	add(acknowledgement, sizeof(acknowledgement));
	broker->hold.other_us = alm_clock_monotonic_us() - 5000;
	cr_expect_not(alm_hold_is_worth(&turn));
}

Test(hold, learns_how_often_messages_come)
{
	broker->hold = (struct alm_hold){
		.other_us = alm_clock_monotonic_us(), .every_us = 10000};
	for (unsigned i = 0; i < 50; i++) {
		alm_hold_note_other(&broker->hold);
	}
	cr_expect_lt(broker->hold.every_us, 10000);
	broker->hold = (struct alm_hold){.other_us = 0};
	alm_hold_note_other(&broker->hold);
	cr_expect_gt(broker->hold.every_us, 1500);
}
