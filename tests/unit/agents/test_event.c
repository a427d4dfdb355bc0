/* Events and the frames they lie in: whoever lets go last frees. */
#include <criterion/criterion.h>
#include <string.h>

#include "agents/client/event.h"
#include "agents/client/random.h"

#define BYTES_MAX ((size_t)4 * 1024 * 1024)

Test(event, a_frame_outlives_its_pool_as_long_as_it_is_held)
{
	struct alm_frame_pool *pool = alm_frame_pool_new();
	struct alm_held_frame *frame = alm_held_frame_new(pool, BYTES_MAX);
	struct alm_item *item = alm_item_new(frame, ALM_EVENT_RECEIPT);

	alm_held_frame_release(frame);
	alm_frame_pool_free(pool);
	cr_assert_eq(item->event.kind, ALM_EVENT_RECEIPT);
	alm_item_free(item);
}

Test(event, the_memory_of_a_frame_serves_the_next)
{
	struct alm_frame_pool *pool = alm_frame_pool_new();
	struct alm_held_frame *frame = alm_held_frame_new(pool, BYTES_MAX);
	uint8_t *first = alm_arena_take(&frame->arena, 100);
	uint8_t *second;

	memset(first, 0xA5, 100);
	alm_held_frame_release(frame);
	frame = alm_held_frame_new(pool, BYTES_MAX);
	second = alm_arena_take(&frame->arena, 100);
	cr_assert_eq(first, second);
	for (size_t i = 0; i < 100; i++) {
		cr_assert_eq(second[i], 0, "of an earlier frame");
	}
	alm_held_frame_release(frame);
	alm_frame_pool_free(pool);
}

Test(event, large_and_many_frames_are_not_kept)
{
	struct alm_frame_pool *pool = alm_frame_pool_new();
	struct alm_held_frame *frames[3 * ALM_SPARE_FRAMES_MAX];
	struct alm_held_frame *large = alm_held_frame_new(pool, BYTES_MAX);

	cr_assert_not_null(
		alm_arena_take(&large->arena, ALM_SPARE_FRAME_BYTES_MAX + 1));
	alm_held_frame_release(large);
	for (size_t i = 0; i < ALM_COUNT(frames); i++) {
		frames[i] = alm_held_frame_new(pool, BYTES_MAX);
		cr_assert_eq(frames[i]->arena.bytes, 0);
		cr_assert_null(frames[i]->arena.spare, "of the large one");
	}
	for (size_t i = 0; i < ALM_COUNT(frames); i++) {
		alm_held_frame_release(frames[i]);
	}
	alm_frame_pool_free(pool);
}

Test(event, a_frame_counts_once_for_all_that_lies_in_it)
{
	struct alm_frame_pool *pool = alm_frame_pool_new();
	struct alm_held_frame *frame = alm_held_frame_new(pool, BYTES_MAX);
	struct alm_events events;
	size_t bytes;

	alm_events_init(&events);
	alm_events_put(&events, alm_item_new(frame, ALM_EVENT_RECEIPT));
	cr_assert_not_null(alm_arena_take(&frame->arena, 100000));
	alm_events_put(&events, alm_item_new(frame, ALM_EVENT_DELIVERY));
	bytes = frame->arena.bytes;
	cr_assert_geq(bytes, 100000);
	cr_assert_eq(events.bytes, bytes);
	alm_held_frame_release(frame);
	alm_item_free(alm_events_take(&events));
	cr_assert_eq(events.bytes, bytes, "the other still holds it");
	alm_item_free(alm_events_take(&events));
	cr_assert_eq(events.bytes, 0);
	alm_events_fini(&events);
	alm_frame_pool_free(pool);
}

Test(event, what_only_informs_makes_room_when_the_bytes_are_reached)
{
	struct alm_frame_pool *pool = alm_frame_pool_new();
	struct alm_events events;

	alm_events_init(&events);
	for (size_t i = 0; i < 2 * ALM_EVENTS_INFORMING_MAX; i++) {
		struct alm_held_frame *frame =
			alm_held_frame_new(pool, BYTES_MAX);

		cr_assert_not_null(
			alm_arena_take(&frame->arena, BYTES_MAX / 2));
		alm_events_put(&events, alm_item_new(frame, ALM_EVENT_PROBLEM));
		alm_held_frame_release(frame);
		cr_assert_not(alm_events_are_full(&events));
	}
	alm_events_fini(&events);
	alm_frame_pool_free(pool);
}

Test(event, no_two_ids_are_made_of_the_same_bytes)
{
	struct alm_random random = {.left = 0};
	uint8_t made[300][10];

	for (size_t i = 0; i < ALM_COUNT(made); i++) {
		memcpy(made[i], alm_random_for_id(&random), sizeof(made[i]));
		for (size_t j = 0; j < i; j++) {
			cr_assert_neq(
				memcmp(made[i], made[j], sizeof(made[i])), 0);
		}
	}
}
