/*
 * Goal: the broker's memory of what is in whose hands stays right whatever
 * order mail is taken, released and lost in.  Method: a model beside it, with
 * a seeded sequence of moves.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "broker/loop/mailbox.h"
#include "broker/loop/session.h"

#define SEED 20211u
#define SEQS 600u

static struct alm_mailboxes *mailboxes;
static struct alm_sessions *sessions;
static struct alm_arena arena;

static void open_all(void)
{
	mailboxes =
		alm_mailboxes_new(&(struct alm_mailbox_limits){.messages = 1});
	sessions = alm_sessions_new();
	alm_arena_init(&arena, (size_t)1 << 20);
}

static void close_all(void)
{
	alm_arena_fini(&arena);
	alm_sessions_free(sessions);
	alm_mailboxes_free(mailboxes);
}

TestSuite(mailbox, .init = open_all, .fini = close_all, .timeout = 1800);

static unsigned next_random(unsigned *state)
{
	*state = *state * 1103515245u + 12345u;
	return *state >> 16;
}

static struct alm_session *session_of(
	uint32_t peer, uint64_t agent, struct alm_mailbox *mailbox)
{
	struct alm_session *session = NULL;

	cr_assert_eq(alm_sessions_add(sessions, (struct alm_peer){peer}, agent,
			     mailbox, &session),
		ALM_OK);
	session->window = SEQS;
	return session;
}

static void give(struct alm_mailbox *mailbox, struct alm_session *session,
	uint64_t seq, int64_t due_ms)
{
	struct alm_held *held = NULL;

	cr_assert_eq(alm_mailbox_hold(mailbox, seq, &held), ALM_OK);
	held->session = session;
	held->due_ms = due_ms;
	held->bytes = 10;
	session->held_count++;
	session->held_bytes += 10;
	mailbox->due_ms = 0;
}

Test(mailbox, remembers_exactly_what_is_held)
{
	struct alm_mailbox *mailbox = alm_mailboxes_get(mailboxes, "C84001");
	struct alm_session *session = session_of(1, 1, mailbox);
	bool is_held[SEQS + 1] = {false};
	unsigned state = SEED;
	unsigned count = 0;

	for (unsigned i = 0; i < 40000; i++) {
		uint64_t seq = 1 + next_random(&state) % SEQS;

		if (!is_held[seq] && next_random(&state) % 2 == 0) {
			give(mailbox, session, seq, 0);
			is_held[seq] = true;
			count++;
		} else if (is_held[seq]) {
			alm_session_let_go(mailbox, seq);
			is_held[seq] = false;
			count--;
		}
		cr_assert_eq(mailbox->held_count, count, "seed %u", SEED);
		cr_assert_eq(session->held_count, count, "seed %u", SEED);
		cr_assert_eq(session->held_bytes, 10 * (size_t)count);
		seq = 1 + next_random(&state) % SEQS;
		cr_assert_eq(alm_mailbox_held(mailbox, seq) != NULL,
			is_held[seq], "seed %u, step %u", SEED, i);
	}
}

Test(mailbox, does_not_know_the_sequence_of_a_free_slot)
{
	struct alm_mailbox *mailbox = alm_mailboxes_get(mailboxes, "C84001");
	struct alm_session *session = session_of(1, 1, mailbox);

	give(mailbox, session, 7, 0);
	alm_session_let_go(mailbox, 7);
	alm_session_let_go(mailbox, 0);
	cr_assert_eq(alm_mailbox_held(mailbox, 0), NULL);
	cr_assert_eq(mailbox->held_count, 0);
	cr_assert_eq(session->held_count, 0);
}

Test(mailbox, gives_what_is_due_in_order_and_not_before)
{
	struct alm_mailbox *mailbox = alm_mailboxes_get(mailboxes, "C84001");
	struct alm_session *session = session_of(1, 1, mailbox);
	const uint64_t *seqs = NULL;
	size_t count = 0;

	give(mailbox, session, 9, 100);
	give(mailbox, session, 3, 100);
	give(mailbox, session, 5, 200);
	cr_assert_eq(alm_mailbox_due(mailbox, 99, 10, &arena, &seqs, &count),
		ALM_OK);
	cr_assert_eq(count, 0);
	cr_assert_eq(mailbox->due_ms, 100);
	cr_assert_eq(alm_mailbox_due(mailbox, 100, 10, &arena, &seqs, &count),
		ALM_OK);
	cr_assert_eq(count, 2);
	cr_assert_eq(seqs[0], 3);
	cr_assert_eq(seqs[1], 9);
	cr_assert_eq(alm_mailbox_due(mailbox, 100, 1, &arena, &seqs, &count),
		ALM_OK);
	cr_assert_eq(count, 1);
}

Test(mailbox, takes_back_only_what_the_lost_turn_handed_over)
{
	struct alm_mailbox *mailbox = alm_mailboxes_get(mailboxes, "C84001");
	struct alm_session *session = session_of(1, 1, mailbox);
	const uint64_t *seqs = NULL;
	size_t count = 0;

	give(mailbox, session, 1, 1000);
	alm_mailbox_held(mailbox, 1)->turn = 4;
	give(mailbox, session, 2, 1000);
	alm_mailbox_held(mailbox, 2)->turn = 5;
	mailbox->cursors[0] = 2;
	mailbox->has_more[0] = false;
	alm_mailboxes_rewind(mailboxes, 5);
	cr_assert_eq(mailbox->cursors[0], 0);
	cr_assert(mailbox->has_more[0]);
	cr_assert_eq(
		alm_mailbox_due(mailbox, 10, 9, &arena, &seqs, &count), ALM_OK);
	cr_assert_eq(count, 1);
	cr_assert_eq(seqs[0], 2);
}

Test(mailbox, parts_that_a_lost_turn_gave_were_not_given)
{
	struct alm_mailbox *mailbox = alm_mailboxes_get(mailboxes, "RX1");
	struct alm_session *session = session_of(1, 1, mailbox);

	for (uint64_t seq = 1; seq <= 2; seq++) {
		give(mailbox, session, seq, 1000);
		alm_mailbox_held(mailbox, seq)->has_parts = true;
		alm_mailbox_held(mailbox, seq)->parts_turn = 8 - seq;
	}
	alm_mailboxes_rewind(mailboxes, 7);
	cr_expect(alm_mailbox_held(mailbox, 1)->is_part_way);
	cr_expect_not(alm_mailbox_held(mailbox, 2)->is_part_way);
}

Test(mailbox, gives_back_what_a_lost_session_held)
{
	struct alm_mailbox *mailbox = alm_mailboxes_get(mailboxes, "C84001");
	struct alm_session *gone = session_of(1, 1, mailbox);
	struct alm_session *stays = session_of(2, 2, mailbox);
	const uint64_t *seqs = NULL;
	size_t count = 0;

	give(mailbox, gone, 1, 1000);
	give(mailbox, stays, 2, 1000);
	alm_sessions_remove(sessions, &gone);
	cr_assert_eq(gone, NULL);
	cr_assert_eq(alm_sessions_count(sessions), 1);
	cr_assert_eq(mailbox->sessions, stays);
	cr_assert_eq(
		alm_mailbox_due(mailbox, 10, 9, &arena, &seqs, &count), ALM_OK);
	cr_assert_eq(count, 1);
	cr_assert_eq(seqs[0], 1);
	cr_assert_eq(alm_mailbox_held(mailbox, 1)->session, NULL);
	alm_session_let_go(mailbox, 1);
	cr_assert_eq(stays->held_count, 1);
}

Test(mailbox, walks_over_every_mailbox_once)
{
	struct alm_mailbox *mailbox = NULL;
	unsigned count = 0;
	char name[16];

	for (unsigned i = 0; i < 5000; i++) {
		(void)snprintf(name, sizeof(name), "ORG%u", i);
		cr_assert_neq(alm_mailboxes_get(mailboxes, name), NULL);
	}
	cr_assert_eq(alm_mailboxes_find(mailboxes, "ORG5000"), NULL);
	while ((mailbox = alm_mailboxes_next(mailboxes, mailbox)) != NULL) {
		count++;
	}
	cr_assert_eq(count, 5000);
}

Test(mailbox, lets_one_piece_through_whatever_its_size)
{
	struct alm_mailbox *mailbox = alm_mailboxes_get(mailboxes, "C84001");
	struct alm_session *session = session_of(1, 1, mailbox);

	cr_assert(alm_session_has_room(
		session, ALM_DELIVER_WINDOW_BYTES_MAX + 1));
	give(mailbox, session, 1, 0);
	cr_assert(alm_session_has_room(
		session, ALM_DELIVER_WINDOW_BYTES_MAX - 10));
	cr_assert_not(alm_session_has_room(
		session, ALM_DELIVER_WINDOW_BYTES_MAX - 9));
	session->window = 1;
	cr_assert_not(alm_session_has_room(session, 0));
	session->window = 0;
	alm_session_let_go(mailbox, 1);
	cr_assert_not(alm_session_has_room(session, 0));
}
