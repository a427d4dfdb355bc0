/* Which message was refused, when the broker says only that a frame was. */
#include <criterion/criterion.h>

#include "agents/client/doubt.h"

static struct alm_outbox outbox;
static struct alm_doubt doubt;

static void set_up(void)
{
	alm_outbox_init(&outbox);
	doubt = (struct alm_doubt){0};
	for (uint8_t n = 1; n <= 3; n++) {
		struct alm_message_id id = {{0}};
		uint8_t sha256[ALM_DIGEST_BYTES] = {n};
		struct alm_bytes bytes = {(const uint8_t *)"abc", 3};

		id.raw[15] = n;
		cr_assert_eq(alm_outbox_add(&outbox, &id, sha256, bytes, bytes),
			ALM_OK);
	}
}

static void tear_down(void)
{
	alm_outbox_fini(&outbox);
}

TestSuite(doubt, .init = set_up, .fini = tear_down);

static void send_next(void)
{
	alm_outbox_mark_sent(&outbox, alm_outbox_next(&outbox), 0);
}

static void pong(void)
{
	struct alm_bytes context = alm_doubt_ping(&doubt, 0);

	cr_assert_gt(context.bytes, 0);
	alm_doubt_pinged(&doubt, 0);
	cr_assert_eq(alm_doubt_ping(&doubt, 1).bytes, 0, "once is enough");
	alm_doubt_pong(&doubt, context);
}

Test(doubt, finds_the_message_that_is_refused_alone)
{
	cr_assert_eq(alm_doubt_room(&doubt, &outbox, 100), 100);
	send_next();
	send_next();
	cr_assert_null(alm_doubt_refused(&doubt, &outbox));
	cr_assert_eq(alm_doubt_room(&doubt, &outbox, 100), 0);
	cr_assert_null(alm_doubt_refused(&doubt, &outbox)); /* another frame */
	pong();
	cr_assert_eq(alm_outbox_next(&outbox)->id.raw[15], 1);
	cr_assert_eq(alm_doubt_room(&doubt, &outbox, 100), 1);
	send_next();
	cr_assert_eq(alm_doubt_room(&doubt, &outbox, 100), 0);
	alm_outbox_remove(
		&outbox, TAILQ_FIRST(&outbox.lists[1])); /* answered */
	cr_assert_eq(alm_doubt_room(&doubt, &outbox, 0), 0);
	cr_assert_eq(alm_doubt_room(&doubt, &outbox, 100), 1);
	send_next();
	cr_assert_eq(alm_doubt_refused(&doubt, &outbox)->id.raw[15], 2);
	alm_outbox_remove(&outbox, TAILQ_FIRST(&outbox.lists[1]));
	/* The third was never in doubt. */
	cr_assert_eq(alm_doubt_room(&doubt, &outbox, 100), 100);
}

Test(doubt, asks_again_when_no_pong_comes_and_heeds_no_older_one)
{
	const uint8_t older[8] = {0};

	send_next();
	cr_assert_null(alm_doubt_refused(&doubt, &outbox));
	alm_doubt_pinged(&doubt, 0);
	alm_doubt_pong(&doubt, (struct alm_bytes){older, sizeof(older)});
	alm_doubt_pong(&doubt, (struct alm_bytes){NULL, 0});
	cr_assert_eq(alm_doubt_room(&doubt, &outbox, 100), 0);
	cr_assert_gt(alm_doubt_ping(&doubt, 60000).bytes, 0);
	alm_doubt_reconnected(&doubt);
	cr_assert_eq(alm_doubt_room(&doubt, &outbox, 100), 1);
}

Test(doubt, without_messages_on_their_way_there_is_none)
{
	cr_assert_null(alm_doubt_refused(&doubt, &outbox));
	cr_assert_eq(alm_doubt_ping(&doubt, 60000).bytes, 0);
	cr_assert_eq(alm_doubt_room(&doubt, &outbox, 100), 100);
	cr_assert(alm_doubt_is_refusal(ALM_MALFORMED));
	cr_assert_not(alm_doubt_is_refusal(ALM_SUPERSEDED));
}
