#include "agents/client/outbox.h"

#include "agents/client/parts.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_MS_MIN 200
#define RETRY_MS_MAX 30000

void alm_outbox_init(struct alm_outbox *outbox)
{
	memset(outbox, 0, sizeof(*outbox));
	for (size_t i = 0; i < ALM_COUNT(outbox->lists); i++) {
		TAILQ_INIT(&outbox->lists[i]);
	}
}

void alm_outbox_fini(struct alm_outbox *outbox)
{
	for (size_t i = 0; i < ALM_COUNT(outbox->lists); i++) {
		struct alm_pending *pending;

		while ((pending = TAILQ_FIRST(&outbox->lists[i])) != NULL) {
			TAILQ_REMOVE(&outbox->lists[i], pending, order);
			alm_sending_free(pending->sending);
			free(pending);
		}
	}
	for (size_t i = 0; i < ALM_COUNT(outbox->spares); i++) {
		while (outbox->spares[i] != NULL) {
			struct alm_pending *spare = outbox->spares[i];

			outbox->spares[i] = spare->next_in_bucket;
			free(spare);
		}
	}
	outbox->spare_bytes = 0;
}

/** Where spares of this many bytes are kept, and the bytes rounded up to what
 * all of them there have; NULL: they are not kept. */
static struct alm_pending **spares_of(struct alm_outbox *outbox, size_t *bytes)
{
	size_t step = (*bytes - 1) / ALM_OUTBOX_SPARE_STEP_BYTES;

	if (step >= ALM_OUTBOX_SPARE_STEPS) {
		return NULL;
	}
	*bytes = (step + 1) * ALM_OUTBOX_SPARE_STEP_BYTES;
	return &outbox->spares[step];
}

/** Memory that is not zeroed. */
static struct alm_pending *allocate(struct alm_outbox *outbox, size_t bytes)
{
	struct alm_pending **spares = spares_of(outbox, &bytes);
	struct alm_pending *pending;

	if (spares != NULL && *spares != NULL) {
		pending = *spares;
		*spares = pending->next_in_bucket;
		outbox->spare_bytes -= bytes;
		return pending;
	}
	pending = malloc(bytes);
	if (pending != NULL) {
		pending->bytes = bytes;
	}
	return pending;
}

static void release(struct alm_outbox *outbox, struct alm_pending *pending)
{
	size_t bytes = pending->bytes;
	struct alm_pending **spares = spares_of(outbox, &bytes);

	if (spares == NULL ||
		outbox->spare_bytes + bytes > ALM_OUTBOX_SPARE_BYTES_MAX) {
		free(pending);
		return;
	}
	pending->next_in_bucket = *spares;
	*spares = pending;
	outbox->spare_bytes += bytes;
}

/* The last bytes of a UUIDv7 are random, so they spread by themselves. */
static size_t bucket_of(const struct alm_message_id *id)
{
	return alm_get_u32(id->raw + 12) % ALM_OUTBOX_BUCKETS;
}

struct alm_pending *alm_outbox_find(
	const struct alm_outbox *outbox, const struct alm_message_id *id)
{
	struct alm_pending *pending = outbox->buckets[bucket_of(id)];

	while (pending != NULL &&
		memcmp(pending->id.raw, id->raw, sizeof(id->raw)) != 0) {
		pending = pending->next_in_bucket;
	}
	return pending;
}

static void enter(struct alm_outbox *outbox, struct alm_pending *pending,
	enum alm_pending_state state, int64_t due_ms)
{
	pending->state = state;
	pending->due_ms = due_ms;
	TAILQ_INSERT_TAIL(&outbox->lists[state], pending, order);
	outbox->counts[state]++;
}

static void leave(struct alm_outbox *outbox, struct alm_pending *pending)
{
	TAILQ_REMOVE(&outbox->lists[pending->state], pending, order);
	outbox->counts[pending->state]--;
}

static struct alm_bytes place(uint8_t *at, struct alm_bytes from)
{
	if (from.bytes > 0) {
		memcpy(at, from.data, from.bytes);
	}
	return (struct alm_bytes){at, from.bytes};
}

enum alm_err alm_outbox_add(struct alm_outbox *outbox,
	const struct alm_message_id *id,
	const uint8_t message_sha256[ALM_DIGEST_BYTES],
	struct alm_bytes message, struct alm_bytes payload)
{
	size_t bytes =
		sizeof(struct alm_pending) + message.bytes + payload.bytes;
	struct alm_pending **bucket = &outbox->buckets[bucket_of(id)];
	struct alm_pending *pending;

	if (outbox->bytes + bytes > ALM_OUTBOX_BYTES_MAX) {
		return ALM_WINDOW_FULL;
	}
	pending = allocate(outbox, bytes);
	if (pending == NULL) {
		return ALM_NOMEM;
	}
	pending->id = *id;
	pending->tries = 0;
	pending->is_doubted = false;
	pending->sending = NULL;
	pending->refused = ALM_OK;
	pending->is_told = false;
	memcpy(pending->message_sha256, message_sha256, ALM_DIGEST_BYTES);
	pending->message = place((uint8_t *)(pending + 1), message);
	pending->payload =
		place((uint8_t *)(pending + 1) + message.bytes, payload);
	pending->next_in_bucket = *bucket;
	*bucket = pending;
	enter(outbox, pending, ALM_PENDING_QUEUED, 0);
	outbox->bytes += pending->bytes;
	outbox->count++;
	return ALM_OK;
}

static void forget_refusal(
	struct alm_outbox *outbox, struct alm_pending *pending)
{
	if (pending->refused != ALM_OK) {
		pending->refused = ALM_OK;
		outbox->kept_count--;
		outbox->kept_bytes -= pending->bytes;
	}
}

void alm_outbox_keep(struct alm_outbox *outbox, struct alm_pending *pending,
	uint32_t whose, enum alm_err refused, int64_t due_ms)
{
	forget_refusal(outbox, pending);
	pending->refused = refused;
	pending->whose = whose;
	pending->is_doubted = false;
	outbox->kept_count++;
	outbox->kept_bytes += pending->bytes;
	leave(outbox, pending);
	enter(outbox, pending, ALM_PENDING_WAITING, due_ms);
}

int64_t alm_outbox_kept_due_ms(const struct alm_outbox *outbox, uint32_t whose)
{
	const struct alm_pending *pending;

	TAILQ_FOREACH(pending, &outbox->lists[ALM_PENDING_WAITING], order)
	{
		if (pending->refused != ALM_OK && pending->whose == whose) {
			return pending->due_ms;
		}
	}
	return 0;
}

void alm_outbox_remove(struct alm_outbox *outbox, struct alm_pending *pending)
{
	struct alm_pending **at = &outbox->buckets[bucket_of(&pending->id)];

	while (*at != pending) {
		at = &(*at)->next_in_bucket;
	}
	*at = pending->next_in_bucket;
	forget_refusal(outbox, pending);
	leave(outbox, pending);
	alm_sending_free(pending->sending);
	outbox->bytes -= pending->bytes;
	outbox->count--;
	release(outbox, pending);
}

struct alm_pending *alm_outbox_next(const struct alm_outbox *outbox)
{
	return TAILQ_FIRST(&outbox->lists[ALM_PENDING_QUEUED]);
}

void alm_outbox_mark_sent(
	struct alm_outbox *outbox, struct alm_pending *pending, int64_t now_ms)
{
	leave(outbox, pending);
	enter(outbox, pending, ALM_PENDING_SENT, now_ms + ALM_ANSWER_WAIT_MS);
}

void alm_outbox_answered(
	struct alm_outbox *outbox, struct alm_pending *pending, int64_t now_ms)
{
	pending->tries = 0;
	leave(outbox, pending);
	enter(outbox, pending, ALM_PENDING_SENT, now_ms + ALM_ANSWER_WAIT_MS);
}

void alm_outbox_retry_later(struct alm_outbox *outbox,
	struct alm_pending *pending, int64_t now_ms, uint32_t random)
{
	unsigned shift = pending->tries < 8 ? pending->tries : 8;
	int64_t wait_ms = (int64_t)RETRY_MS_MIN << shift;

	if (wait_ms > RETRY_MS_MAX) {
		wait_ms = RETRY_MS_MAX;
	}
	/* Half of it to all of it, so that many agents do not come at once. */
	wait_ms = wait_ms / 2 + (int64_t)(random % (uint32_t)(wait_ms / 2 + 1));
	pending->tries++;
	pending->is_doubted = false;
	leave(outbox, pending);
	enter(outbox, pending, ALM_PENDING_WAITING, now_ms + wait_ms);
}

void alm_outbox_resend_all(struct alm_outbox *outbox)
{
	struct alm_pending_list *sent = &outbox->lists[ALM_PENDING_SENT];
	struct alm_pending_list *queued = &outbox->lists[ALM_PENDING_QUEUED];
	struct alm_pending *pending;

	/* What was sent is older than what is queued: it goes first. */
	while ((pending = TAILQ_LAST(sent, alm_pending_list)) != NULL) {
		leave(outbox, pending);
		pending->state = ALM_PENDING_QUEUED;
		TAILQ_INSERT_HEAD(queued, pending, order);
		outbox->counts[ALM_PENDING_QUEUED]++;
	}
}

void alm_outbox_put_first(
	struct alm_outbox *outbox, struct alm_pending *pending)
{
	struct alm_pending_list *list = &outbox->lists[pending->state];

	TAILQ_REMOVE(list, pending, order);
	TAILQ_INSERT_HEAD(list, pending, order);
}

void alm_outbox_doubt_all(struct alm_outbox *outbox)
{
	struct alm_pending *pending;

	TAILQ_FOREACH(pending, &outbox->lists[ALM_PENDING_SENT], order)
	{
		pending->is_doubted = true;
	}
	alm_outbox_resend_all(outbox);
}

static void wake_list(
	struct alm_outbox *outbox, enum alm_pending_state state, int64_t now_ms)
{
	struct alm_pending *pending = TAILQ_FIRST(&outbox->lists[state]);

	while (pending != NULL) {
		struct alm_pending *next = TAILQ_NEXT(pending, order);

		if (pending->due_ms <= now_ms) {
			leave(outbox, pending);
			enter(outbox, pending, ALM_PENDING_QUEUED, 0);
		} else if (state == ALM_PENDING_SENT) {
			return; /* those after it were sent later */
		}
		pending = next;
	}
}

void alm_outbox_wake(struct alm_outbox *outbox, int64_t now_ms)
{
	wake_list(outbox, ALM_PENDING_WAITING, now_ms);
	wake_list(outbox, ALM_PENDING_SENT, now_ms);
}

int64_t alm_outbox_due_ms(const struct alm_outbox *outbox)
{
	const struct alm_pending *pending =
		TAILQ_FIRST(&outbox->lists[ALM_PENDING_SENT]);
	int64_t due_ms = pending == NULL ? INT64_MAX : pending->due_ms;

	TAILQ_FOREACH(pending, &outbox->lists[ALM_PENDING_WAITING], order)
	{
		if (pending->due_ms < due_ms) {
			due_ms = pending->due_ms;
		}
	}
	return due_ms;
}
