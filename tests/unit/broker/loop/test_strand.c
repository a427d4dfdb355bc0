/* test_strand.c - the order of mail while sessions share a mailbox. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "broker/loop/session.h"
#include "broker/loop/strand.h"

static struct alm_mailboxes *mailboxes;
static struct alm_mailbox *mailbox;
static struct alm_session a;
static struct alm_session b;

static void set_up(void)
{
	const struct alm_mailbox_limits limits = {.messages = 1};

	mailboxes = alm_mailboxes_new(&limits);
	mailbox = alm_mailboxes_get(mailboxes, "RX1");
	a = (struct alm_session){.mailbox = mailbox, .next_of_mailbox = &b};
	b = (struct alm_session){.mailbox = mailbox};
	mailbox->sessions = &a; /* and so b: it is shared */
	mailbox->wants_strands = true;
	cr_assert_eq(alm_strands_ready(mailbox), ALM_OK);
	cr_assert_neq(mailbox->strands, NULL);
}

static void tear_down(void)
{
	mailbox->sessions = NULL;
	alm_mailboxes_free(mailboxes);
}

TestSuite(strand, .init = set_up, .fini = tear_down);

/* Mail about person `who` comes into a session's hands; NULL: nobody's. */
static struct alm_held *put(
	uint64_t seq, uint8_t who, struct alm_session *session)
{
	struct alm_held *held;

	cr_assert_eq(alm_mailbox_hold(mailbox, seq, &held), ALM_OK);
	alm_strand_leave(mailbox, held);
	held->session = session;
	held->is_parked = false;
	strcpy(held->card.sender, "RY2");
	held->card.has_person = true;
	held->card.person[0] = who;
	cr_assert_eq(alm_strand_enter(mailbox, held), ALM_OK);
	return held;
}

static uint64_t key_of(uint8_t who)
{
	const struct alm_card card = {
		.sender = "RY2", .has_person = true, .person = {who}};

	return alm_strand_key(&card);
}

static bool may_go(
	uint8_t who, uint64_t seq, bool is_held, struct alm_session **session)
{
	*session = &b;
	return alm_strand_may_go(mailbox, key_of(who), seq, is_held, session);
}

Test(strand, stays_in_the_hands_that_have_it)
{
	struct alm_session *to;

	(void)put(1, 'p', &a);
	cr_expect(may_go('p', 2, false, &to));
	cr_expect_eq(to, &a);
	cr_expect(may_go('q', 3, false, &to));
	cr_expect_eq(to, &b);
	alm_mailbox_release(mailbox, 1);
	cr_expect(may_go('p', 2, false, &to));
	cr_expect_eq(to, &b, "it is in no hands any more");
}

Test(strand, what_is_new_waits_behind_what_came_back)
{
	struct alm_session *to;
	struct alm_held *first = put(1, 'p', NULL);

	cr_expect_not(may_go('p', 2, false, &to));
	cr_expect(may_go('q', 3, false, &to));
	cr_expect(may_go('p', 1, true, &to), "the first of them may go");
	alm_strand_block(mailbox, first);
	cr_expect(may_go('p', 1, true, &to));
	(void)put(2, 'p', NULL);
	cr_expect_not(may_go('p', 2, true, &to), "the first waits");
	alm_strands_unblock(mailbox);
	cr_expect(may_go('p', 2, true, &to));
}

Test(strand, priorities_and_senders_are_strands_of_their_own)
{
	struct alm_card card = {
		.sender = "RY2", .has_person = true, .person = {'p'}};
	uint64_t key = alm_strand_key(&card);

	card.priority = ALM_MAIL_URGENT;
	cr_expect_neq(alm_strand_key(&card), key);
	card.priority = ALM_MAIL_ROUTINE;
	strcpy(card.sender, "RY3");
	cr_expect_neq(alm_strand_key(&card), key);
	card.is_notice = true;
	cr_expect_eq(alm_strand_key(&card), 0);
}

Test(strand, is_forgotten_when_it_is_not_needed)
{
	(void)put(1, 'p', NULL);
	mailbox->sessions = &b;
	cr_assert_eq(alm_strands_ready(mailbox), ALM_OK);
	cr_expect_neq(mailbox->strands, NULL, "something is back");
	(void)put(1, 'p', &b);
	cr_assert_eq(alm_strands_ready(mailbox), ALM_OK);
	cr_expect_eq(mailbox->strands, NULL);
	mailbox->wants_strands = true;
	cr_assert_eq(alm_strands_ready(mailbox), ALM_OK);
	cr_expect_neq(mailbox->strands, NULL, "they can be made anew");
}

Test(strand, many_come_and_go)
{
	struct alm_session *to;

	for (uint64_t seq = 1; seq <= 5000; seq++) {
		(void)put(seq, (uint8_t)(seq % 251), seq % 2 == 0 ? &a : &b);
	}
	for (uint64_t seq = 1; seq <= 5000; seq++) {
		alm_mailbox_release(mailbox, seq);
	}
	for (unsigned who = 0; who < 256; who++) {
		cr_expect(may_go((uint8_t)who, 6000, false, &to));
		cr_expect_eq(to, &b, "no strand is left");
	}
	cr_expect_eq(alm_strands_parked(mailbox), 0);
}

Test(strand, mail_of_a_lost_session_is_due_in_time_once_that_did_not_help)
{
	struct alm_held *often = put(1, 'p', &a);
	struct alm_held *once = put(2, 'q', &a);

	often->attempts = 4;
	often->due_ms = 5000;
	once->attempts = 1;
	once->due_ms = 5000;
	alm_mailbox_session_gone(mailbox, &a);
	cr_expect_eq(alm_mailbox_held(mailbox, 1)->due_ms, 5000);
	cr_expect_eq(alm_mailbox_held(mailbox, 2)->due_ms, 0);
	cr_expect(mailbox->wants_strands);
}
