/*
 * Goal: a session ends when nothing was heard of its agent for so long, and
 * not because the broker itself stood still meanwhile.  Method: turns at times
 * made by hand.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "broker/identity/hello.h"
#include "broker/loop/session.h"

#define IDLE_MS 60000
#define BEGIN_MS INT64_C(1000000)

static struct alm_broker *broker;
static struct alm_edge_frame frame = {.socket = ALM_EDGE_AGENTS, .peer = {1}};

static void open_all(void)
{
	static struct alm_mailbox mailbox = {.organisation = "RX1"};
	struct alm_session *session;

	broker = calloc(1, sizeof(*broker));
	cr_assert_not_null(broker);
	broker->settings.session_idle_ms = IDLE_MS;
	broker->sessions = alm_sessions_new();
	broker->keyring = alm_keyring_new();
	cr_assert_eq(alm_sessions_add(broker->sessions, frame.peer, 1, &mailbox,
			     &session),
		ALM_OK);
	session->heard_ms = BEGIN_MS;
}

static void close_all(void)
{
	alm_sessions_free(broker->sessions);
	alm_keyring_free(broker->keyring);
	free(broker);
}

TestSuite(silence, .init = open_all, .fini = close_all);

static void take_turn(int64_t at_ms, size_t frame_count)
{
	struct alm_turn turn = {.broker = broker,
		.monotonic_ms = BEGIN_MS + at_ms,
		.frames = &frame,
		.frame_count = frame_count};

	alm_note_signs_of_life(&turn);
}

/* Turns in which nothing comes, from one time to another. */
static void listen(int64_t from_ms, int64_t until_ms)
{
	for (int64_t at_ms = from_ms; at_ms <= until_ms; at_ms += 500) {
		take_turn(at_ms, 0);
	}
}

static size_t count(void)
{
	return alm_sessions_count(broker->sessions);
}

Test(silence, ends_a_session_when_it_has_lasted)
{
	listen(0, IDLE_MS);
	cr_expect_eq(count(), 1);
	listen(IDLE_MS + 500, IDLE_MS + 500);
	cr_expect_eq(count(), 0);
}

Test(silence, is_over_with_each_frame)
{
	listen(0, IDLE_MS);
	take_turn(IDLE_MS, 1);
	listen(IDLE_MS + 500, 2 * IDLE_MS);
	cr_expect_eq(count(), 1);
	listen(2 * IDLE_MS + 500, 2 * IDLE_MS + 500);
	cr_expect_eq(count(), 0);
}

/* What was said meanwhile is read a little later. */
Test(silence, does_not_count_while_the_broker_stands_still)
{
	listen(0, 1000);
	listen(10 * IDLE_MS, 10 * IDLE_MS + 500);
	cr_expect_eq(count(), 1);
	take_turn(10 * IDLE_MS + 1000, 1);
	listen(10 * IDLE_MS + 1500, 11 * IDLE_MS);
	cr_expect_eq(count(), 1);
}

Test(silence, counts_again_once_it_goes_on)
{
	listen(0, 1000);
	listen(10 * IDLE_MS, 11 * IDLE_MS + 500);
	cr_expect_eq(count(), 0);
}

/* Mail whose time has come, more than one turn reads: each turn sweeps. */
Test(silence, counts_while_much_mail_is_swept)
{
	for (int64_t at_ms = 0; at_ms <= IDLE_MS + 2000; at_ms += 500) {
		broker->swept_at_ms = BEGIN_MS + at_ms;
		take_turn(at_ms, 0);
	}
	cr_expect_eq(count(), 0);
}
