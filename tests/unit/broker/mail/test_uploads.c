/*
 * Goal: slots are shared: never more parts on their way than a turn takes,
 * nobody waits behind who does not send, and what is gone is forgotten.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "broker/mail/uploads.h"
#include "lib/parts.h"

static struct alm_uploads uploads;
static const uint8_t ROOT[ALM_DIGEST_BYTES] = {1};

static void set_up(void)
{
	alm_uploads_init(&uploads);
}

static void tear_down(void)
{
	alm_uploads_clear(&uploads);
}

TestSuite(uploads, .init = set_up, .fini = tear_down);

static struct alm_live_upload *add(uint64_t number)
{
	struct alm_upload upload = {.number = number,
		.sender = "RX1",
		.payload_bytes = 100 * ALM_PART_BYTES};
	struct alm_peer peer = {.number = (uint32_t)number};

	memset(upload.message_id.raw, (int)number, ALM_MESSAGE_ID_BYTES);
	return alm_uploads_add(&uploads, peer, &upload, ROOT, 0);
}

static uint32_t on_their_way(void)
{
	const struct alm_live_upload *live;
	uint32_t parts = 0;

	TAILQ_FOREACH(live, &uploads.all, order)
	{
		parts += live->until - live->next;
	}
	return parts;
}

Test(uploads, one_alone_may_fill_the_turn)
{
	struct alm_live_upload *live = add(1);

	cr_assert_eq(live->until, 0);
	alm_uploads_share(&uploads, 0);
	cr_assert_eq(live->until, ALM_PARTS_IN_FLIGHT_MAX);
	cr_assert(live->has_news);
	alm_uploads_advance(&uploads, live, 1);
	cr_assert_eq(live->next, 1);
	cr_assert_eq(live->until, ALM_PARTS_IN_FLIGHT_MAX + 1);
}

Test(uploads, no_more_than_the_slots_may_send)
{
	struct alm_live_upload *live = NULL;

	for (uint64_t i = 1; i <= 40; i++) {
		live = add(i);
		alm_uploads_share(&uploads, 0);
	}
	cr_assert_eq(uploads.slots, ALM_UPLOAD_SLOTS_MAX);
	cr_assert(!live->has_slot);
	cr_assert_eq(live->until, 0);
	/* Those that came first were alone for a moment. */
	cr_assert_leq(on_their_way(), 3 * ALM_PARTS_IN_FLIGHT_MAX);
}

Test(uploads, a_slot_that_is_not_used_goes_to_who_waits)
{
	struct alm_live_upload *first = NULL;
	struct alm_live_upload *waiting = NULL;

	for (uint64_t i = 1; i <= ALM_UPLOAD_SLOTS_MAX + 1; i++) {
		waiting = add(i);
		first = first == NULL ? waiting : first;
		alm_uploads_share(&uploads, 0);
	}
	cr_assert(!waiting->has_slot);
	alm_uploads_share(&uploads, ALM_UPLOAD_IDLE_MS);
	cr_assert(!waiting->has_slot);
	alm_uploads_share(&uploads, ALM_UPLOAD_IDLE_MS + 1);
	cr_assert(waiting->has_slot);
	cr_assert_gt(waiting->until, 0);
	cr_assert_eq(uploads.slots, ALM_UPLOAD_SLOTS_MAX);
}

Test(uploads, one_that_ends_makes_room)
{
	struct alm_live_upload *first = add(1);
	struct alm_live_upload *last = NULL;

	alm_uploads_share(&uploads, 0);
	for (uint64_t i = 2; i <= ALM_UPLOAD_SLOTS_MAX + 1; i++) {
		last = add(i);
		alm_uploads_share(&uploads, 0);
	}
	alm_uploads_remove(&uploads, &first);
	cr_assert_null(first);
	alm_uploads_share(&uploads, 0);
	cr_assert(last->has_slot);
}

Test(uploads, the_same_one_on_another_connection_takes_its_place)
{
	struct alm_live_upload *old = add(1);
	struct alm_upload upload = {.number = 1,
		.sender = "RX1",
		.message_id = old->message_id,
		.payload_bytes = old->payload_bytes};
	struct alm_peer old_peer = old->peer;
	struct alm_peer peer = {.number = 77};
	struct alm_live_upload *live =
		alm_uploads_add(&uploads, peer, &upload, ROOT, 5);

	cr_assert_eq(uploads.count, 1);
	cr_assert_eq(live->next, 5);
	cr_assert_null(
		alm_uploads_find(&uploads, old_peer, upload.message_id.raw));
	cr_assert_eq(
		alm_uploads_find(&uploads, peer, upload.message_id.raw), live);
}
