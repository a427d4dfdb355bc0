#include "broker/mail/uploads.h"

#include <stdlib.h>
#include <string.h>

#include "lib/parts.h"

void alm_uploads_init(struct alm_uploads *uploads)
{
	memset(uploads, 0, sizeof(*uploads));
	TAILQ_INIT(&uploads->all);
}

void alm_uploads_clear(struct alm_uploads *uploads)
{
	struct alm_live_upload *live;

	while ((live = TAILQ_FIRST(&uploads->all)) != NULL) {
		alm_uploads_remove(uploads, &live);
	}
}

struct alm_live_upload *alm_uploads_find(struct alm_uploads *uploads,
	struct alm_peer peer, const uint8_t message_id[ALM_MESSAGE_ID_BYTES])
{
	struct alm_live_upload *live;

	TAILQ_FOREACH(live, &uploads->all, order)
	{
		if (live->peer.number == peer.number &&
			memcmp(live->message_id.raw, message_id,
				ALM_MESSAGE_ID_BYTES) == 0) {
			break;
		}
	}
	return live;
}

struct alm_live_upload *alm_uploads_find_number(
	struct alm_uploads *uploads, uint64_t number)
{
	struct alm_live_upload *live;

	TAILQ_FOREACH(live, &uploads->all, order)
	{
		if (live->number == number) {
			break;
		}
	}
	return live;
}

struct alm_live_upload *alm_uploads_add(struct alm_uploads *uploads,
	struct alm_peer peer, const struct alm_upload *upload,
	const uint8_t root[ALM_DIGEST_BYTES], uint32_t next)
{
	struct alm_live_upload *live =
		alm_uploads_find_number(uploads, upload->number);

	if (live != NULL) {
		alm_uploads_remove(uploads, &live);
	}
	live = calloc(1, sizeof(*live));
	if (live == NULL) {
		return NULL;
	}
	live->peer = peer;
	live->number = upload->number;
	memcpy(live->sender, upload->sender, strlen(upload->sender) + 1);
	live->message_id = upload->message_id;
	live->payload_bytes = upload->payload_bytes;
	memcpy(live->root, root, sizeof(live->root));
	live->count = alm_parts_count(upload->payload_bytes);
	live->next = next;
	live->until = next;
	live->has_news = true;
	TAILQ_INSERT_TAIL(&uploads->all, live, order);
	uploads->count++;
	return live;
}

void alm_uploads_remove(
	struct alm_uploads *uploads, struct alm_live_upload **take_live)
{
	struct alm_live_upload *live = *take_live;

	*take_live = NULL;
	TAILQ_REMOVE(&uploads->all, live, order);
	uploads->count--;
	uploads->slots -= live->has_slot ? 1 : 0;
	free(live);
}

/* How many parts each of those with a slot may have on their way. */
static uint32_t window(const struct alm_uploads *uploads)
{
	uint32_t parts = ALM_PARTS_IN_FLIGHT_MAX / (uint32_t)uploads->slots;

	return parts == 0 ? 1 : parts;
}

static void allow(
	const struct alm_uploads *uploads, struct alm_live_upload *live)
{
	uint32_t until = live->next + window(uploads);

	if (until > live->count) {
		until = live->count;
	}
	if (until > live->until) {
		live->until = until;
		live->has_news = true;
	}
}

void alm_uploads_advance(struct alm_uploads *uploads,
	struct alm_live_upload *live, int64_t now_ms)
{
	live->next++;
	live->active_ms = now_ms;
	live->is_rewound = false;
	live->has_news = true;
	if (live->has_slot) {
		allow(uploads, live);
	}
}

static void take_back(struct alm_uploads *uploads, int64_t now_ms)
{
	struct alm_live_upload *live = TAILQ_FIRST(&uploads->all);
	size_t seen = uploads->count;

	while (seen-- > 0) {
		struct alm_live_upload *next = TAILQ_NEXT(live, order);

		if (live->has_slot &&
			now_ms - live->active_ms > ALM_UPLOAD_IDLE_MS) {
			live->has_slot = false;
			uploads->slots--;
			TAILQ_REMOVE(&uploads->all, live, order);
			TAILQ_INSERT_TAIL(&uploads->all, live, order);
		}
		live = next;
	}
}

void alm_uploads_share(struct alm_uploads *uploads, int64_t now_ms)
{
	struct alm_live_upload *live;

	if (uploads->slots == uploads->count) {
		return;
	}
	if (uploads->slots == ALM_UPLOAD_SLOTS_MAX) {
		take_back(uploads, now_ms);
	}
	TAILQ_FOREACH(live, &uploads->all, order)
	{
		if (uploads->slots == ALM_UPLOAD_SLOTS_MAX) {
			return;
		}
		if (!live->has_slot) {
			live->has_slot = true;
			live->active_ms = now_ms;
			uploads->slots++;
			allow(uploads, live);
		}
	}
}
