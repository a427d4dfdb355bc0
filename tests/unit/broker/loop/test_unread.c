/*
 * Goal: what a connection has not shown to have read is counted to the byte,
 * and at the limit nothing more goes out until it has shown it.  Method: the
 * accounts alone, at both sides of each limit.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "broker/loop/unread.h"
#include "lib/limits.h"

#define NOW_MS 1000

static const struct alm_peer one = {1};
static const struct alm_peer other = {1025}; /* of the same bucket */
static struct alm_unreads *unreads;

static void open_all(void)
{
	unreads = alm_unreads_new();
}

static void close_all(void)
{
	alm_unreads_free(unreads);
}

TestSuite(unread, .init = open_all, .fini = close_all);

static enum alm_err put(struct alm_peer peer, size_t bytes)
{
	return alm_unreads_send(unreads, peer, bytes, NOW_MS);
}

/* It is asked; the context to answer with. */
static struct alm_bytes asked(void)
{
	static uint8_t context[ALM_UNREAD_CONTEXT_BYTES];
	struct alm_unread *reader = alm_unreads_next_to_ask(unreads);

	cr_assert_neq(reader, NULL);
	memcpy(context, reader->context, sizeof(context));
	alm_unread_asked(reader, true);
	return (struct alm_bytes){context, sizeof(context)};
}

Test(unread, asks_from_the_limit_on_and_once)
{
	cr_assert_eq(put(one, ALM_UNREAD_BYTES_ASKED - 1), ALM_OK);
	cr_expect_eq(alm_unreads_next_to_ask(unreads), NULL);
	cr_assert_eq(put(one, 1), ALM_OK);
	(void)asked();
	cr_assert_eq(put(one, ALM_UNREAD_BYTES_ASKED), ALM_OK);
	cr_expect_eq(alm_unreads_next_to_ask(unreads), NULL);
}

Test(unread, an_answer_shows_what_came_before_the_question)
{
	struct alm_bytes context;

	cr_assert_eq(put(one, ALM_UNREAD_BYTES_ASKED), ALM_OK);
	context = asked();
	cr_assert_eq(put(one, 10), ALM_OK);
	cr_assert(alm_unreads_answer(unreads, one, context));
	cr_expect_eq(alm_unreads_bytes(unreads), 10);
	cr_expect_not(alm_unreads_answer(unreads, one, context), "once");
}

Test(unread, an_answer_of_another_is_none)
{
	struct alm_bytes context;

	cr_assert_eq(put(other, 5), ALM_OK);
	cr_assert_eq(put(one, ALM_UNREAD_BYTES_ASKED), ALM_OK);
	context = asked();
	cr_expect_not(alm_unreads_answer(unreads, other, context));
	context.bytes--;
	cr_expect_not(alm_unreads_answer(unreads, one, context));
}

Test(unread, at_the_limit_nothing_more_goes_out_until_all_is_read)
{
	struct alm_bytes context;

	cr_assert_eq(put(one, ALM_UNREAD_BYTES_MAX - 1), ALM_OK);
	context = asked();
	cr_assert_eq(put(one, 1), ALM_OK);
	cr_assert_eq(put(one, 1), ALM_NOT_READING);
	cr_expect(alm_unreads_is_stopped(unreads, one));
	cr_expect_not(alm_unreads_answer(unreads, one, context),
		"the question of before is not the last any more");
	context = asked();
	cr_assert_eq(put(one, 1), ALM_NOT_READING);
	cr_expect_eq(alm_unreads_next_to_ask(unreads), NULL);
	cr_assert_eq(put(other, 1), ALM_OK);
	cr_assert(alm_unreads_answer(unreads, one, context));
	cr_expect_not(alm_unreads_is_stopped(unreads, one));
	cr_expect_eq(put(one, 1), ALM_OK);
	cr_expect_eq(alm_unreads_bytes(unreads), 2);
}

Test(unread, who_could_not_be_asked_is_asked_again)
{
	struct alm_unread *reader;

	cr_assert_eq(put(one, ALM_UNREAD_BYTES_MAX), ALM_OK);
	reader = alm_unreads_next_to_ask(unreads);
	alm_unread_asked(reader, false);
	cr_assert_eq(put(one, 1), ALM_NOT_READING);
	(void)asked();
}

Test(unread, forgets_who_is_gone_though_it_was_to_be_asked)
{
	cr_assert_eq(put(one, ALM_UNREAD_BYTES_ASKED), ALM_OK);
	cr_assert_eq(put(other, ALM_UNREAD_BYTES_ASKED), ALM_OK);
	alm_unreads_forget(unreads, one);
	cr_expect_eq(alm_unreads_bytes(unreads), ALM_UNREAD_BYTES_ASKED);
	(void)asked();
	cr_expect_eq(alm_unreads_next_to_ask(unreads), NULL);
}

static bool is_other(void *cookie, struct alm_peer peer)
{
	(void)cookie;
	return peer.number == other.number;
}

Test(unread, sweeps_who_has_no_session_and_got_nothing_for_long)
{
	cr_assert_eq(put(one, 1), ALM_OK);
	cr_assert_eq(put(other, 2), ALM_OK);
	alm_unreads_sweep(unreads, NOW_MS, is_other, NULL);
	cr_expect_eq(alm_unreads_bytes(unreads), 3);
	alm_unreads_sweep(unreads, NOW_MS + 1, is_other, NULL);
	cr_expect_eq(alm_unreads_bytes(unreads), 2);
}
