#include "agents/client/event.h"

#include <stdlib.h>
#include <string.h>

struct alm_frame_pool {
	size_t holders; /* whoever made it, and each frame that is held */
	struct alm_held_frame *spares;
	size_t spare_count;
};

struct alm_frame_pool *alm_frame_pool_new(void)
{
	struct alm_frame_pool *pool = calloc(1, sizeof(*pool));

	if (pool != NULL) {
		pool->holders = 1;
	}
	return pool;
}

static void free_frame(struct alm_held_frame *frame)
{
	alm_arena_fini(&frame->arena);
	free(frame);
}

void alm_frame_pool_free(struct alm_frame_pool *pool)
{
	struct alm_held_frame *spare;

	if (pool == NULL || --pool->holders > 0) {
		return;
	}
	spare = pool->spares;
	while (spare != NULL) {
		struct alm_held_frame *next = spare->next_spare;

		free_frame(spare);
		spare = next;
	}
	free(pool);
}

struct alm_held_frame *alm_held_frame_new(
	struct alm_frame_pool *pool, size_t bytes_max)
{
	struct alm_held_frame *frame = pool->spares;

	if (frame != NULL) {
		pool->spares = frame->next_spare;
		pool->spare_count--;
		frame->arena.bytes_max = bytes_max;
	} else {
		frame = calloc(1, sizeof(*frame));
		if (frame == NULL) {
			return NULL;
		}
		alm_arena_init(&frame->arena, bytes_max);
		frame->pool = pool;
	}
	frame->holders = 1;
	frame->queued = 0;
	frame->charged_bytes = 0;
	pool->holders++;
	return frame;
}

/** Its user may hold it longer than the client: then the pool waits too. */
void alm_held_frame_release(struct alm_held_frame *frame)
{
	struct alm_frame_pool *pool;

	if (frame == NULL || --frame->holders > 0) {
		return;
	}
	pool = frame->pool;
	if (frame->arena.bytes <= ALM_SPARE_FRAME_BYTES_MAX &&
		pool->spare_count < ALM_SPARE_FRAMES_MAX) {
		alm_arena_reset(&frame->arena);
		frame->next_spare = pool->spares;
		pool->spares = frame;
		pool->spare_count++;
	} else {
		free_frame(frame);
	}
	alm_frame_pool_free(pool);
}

struct alm_item *alm_item_new(
	struct alm_held_frame *frame, enum alm_event_kind kind)
{
	struct alm_item *item = alm_arena_take(&frame->arena, sizeof(*item));

	if (item != NULL) {
		item->event.kind = kind;
		item->event.detail = "";
		item->frame = frame;
		frame->holders++;
	}
	return item;
}

void alm_item_free(struct alm_item *item)
{
	if (item != NULL) {
		alm_held_frame_release(item->frame);
	}
}

void alm_events_init(struct alm_events *events)
{
	TAILQ_INIT(&events->items);
	events->count = 0;
	events->informing_count = 0;
	events->bytes = 0;
}

void alm_events_fini(struct alm_events *events)
{
	struct alm_item *item = TAILQ_FIRST(&events->items);

	while (item != NULL) {
		struct alm_item *next = TAILQ_NEXT(item, order);

		alm_item_free(item);
		item = next;
	}
	alm_events_init(events);
}

static bool only_informs(const struct alm_item *item)
{
	return item->event.kind == ALM_EVENT_CONNECTED ||
	       item->event.kind == ALM_EVENT_DISCONNECTED ||
	       item->event.kind == ALM_EVENT_ACKNOWLEDGED ||
	       item->event.kind == ALM_EVENT_PROBLEM ||
	       item->event.kind == ALM_EVENT_DELAYED;
}

/** A frame counts once, with what it has grown to by now. */
static void charge(struct alm_events *events, struct alm_held_frame *frame)
{
	frame->queued++;
	events->bytes += frame->arena.bytes - frame->charged_bytes;
	frame->charged_bytes = frame->arena.bytes;
}

static void discharge(struct alm_events *events, struct alm_held_frame *frame)
{
	if (--frame->queued == 0) {
		events->bytes -= frame->charged_bytes;
		frame->charged_bytes = 0;
	}
}

static struct alm_item *take(struct alm_events *events, struct alm_item *item)
{
	if (item != NULL) {
		TAILQ_REMOVE(&events->items, item, order);
		events->count--;
		events->informing_count -= only_informs(item) ? 1 : 0;
		discharge(events, item->frame);
	}
	return item;
}

static void drop_oldest_informing(struct alm_events *events)
{
	struct alm_item *item;

	TAILQ_FOREACH(item, &events->items, order)
	{
		if (only_informs(item)) {
			alm_item_free(take(events, item));
			return;
		}
	}
}

bool alm_events_are_full(const struct alm_events *events)
{
	return events->count >= ALM_EVENTS_MAX ||
	       events->bytes >= ALM_EVENTS_BYTES_MAX;
}

void alm_events_put(struct alm_events *events, struct alm_item *take_item)
{
	TAILQ_INSERT_TAIL(&events->items, take_item, order);
	events->count++;
	events->informing_count += only_informs(take_item) ? 1 : 0;
	charge(events, take_item->frame);
	if (events->informing_count > ALM_EVENTS_INFORMING_MAX ||
		events->bytes >= ALM_EVENTS_BYTES_MAX) {
		drop_oldest_informing(events);
	}
}

struct alm_item *alm_events_take(struct alm_events *events)
{
	return take(events, TAILQ_FIRST(&events->items));
}

void alm_events_drop_mail(struct alm_events *events)
{
	struct alm_item *item = TAILQ_FIRST(&events->items);

	while (item != NULL) {
		struct alm_item *next = TAILQ_NEXT(item, order);

		if (item->event.kind == ALM_EVENT_DELIVERY ||
			item->event.kind == ALM_EVENT_NOTICE) {
			alm_item_free(take(events, item));
		}
		item = next;
	}
}

struct alm_item *alm_events_take_kind(
	struct alm_events *events, enum alm_event_kind kind)
{
	struct alm_item *item;

	TAILQ_FOREACH(item, &events->items, order)
	{
		if (item->event.kind == kind) {
			break;
		}
	}
	return take(events, item);
}

struct alm_item *alm_events_take_receipt(
	struct alm_events *events, const uint8_t id[16])
{
	struct alm_item *item;

	TAILQ_FOREACH(item, &events->items, order)
	{
		if (item->event.kind == ALM_EVENT_RECEIPT &&
			memcmp(item->receipt.id, id, 16) == 0) {
			break;
		}
	}
	return take(events, item);
}

static bool is_reply_to(const struct alm_item *item, const uint8_t id[16])
{
	const struct alm_delivery *mail = &item->delivery;

	if (item->event.kind == ALM_EVENT_NOTICE) {
		return memcmp(item->notice.id, id, 16) == 0;
	}
	return item->event.kind == ALM_EVENT_DELIVERY &&
	       strcmp(mail->kind, "reply") == 0 &&
	       mail->correlation_id != NULL &&
	       memcmp(mail->correlation_id, id, 16) == 0;
}

struct alm_item *alm_events_take_reply(
	struct alm_events *events, const uint8_t id[16])
{
	struct alm_item *item;

	TAILQ_FOREACH(item, &events->items, order)
	{
		if (is_reply_to(item, id)) {
			break;
		}
	}
	return take(events, item);
}

struct alm_item *alm_events_take_fetched(
	struct alm_events *events, uint64_t sequence)
{
	struct alm_item *item;

	TAILQ_FOREACH(item, &events->items, order)
	{
		if (item->event.kind == ALM_EVENT_FETCHED &&
			item->event.sequences[0] == sequence) {
			break;
		}
	}
	return take(events, item);
}

struct alm_item *alm_events_take_answer(
	struct alm_events *events, uint32_t question)
{
	struct alm_item *item;

	TAILQ_FOREACH(item, &events->items, order)
	{
		if (item->event.kind == ALM_EVENT_ANSWER &&
			item->table.question == question) {
			break;
		}
	}
	return take(events, item);
}
