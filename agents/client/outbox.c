#include "agents/client/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "agents/client/parts.h"

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
	pending->is_held = false;
}

/** Whether `pending` keeps the order, and `other` is to go out after it. */
static bool goes_before(
	const struct alm_pending *pending, const struct alm_pending *other)
{
	return pending->sending == NULL && other->sending == NULL &&
	       pending->number < other->number;
}

/** Take `back` into the queue.  One pass where it is in order already. */
static void queue_in_order(
	struct alm_outbox *outbox, struct alm_pending_list *back)
{
	struct alm_pending_list *queued = &outbox->lists[ALM_PENDING_QUEUED];
	struct alm_pending *at = TAILQ_FIRST(queued);
	const struct alm_pending *last = NULL;
	struct alm_pending *pending;

	while ((pending = TAILQ_FIRST(back)) != NULL) {
		TAILQ_REMOVE(back, pending, order);
		if (last != NULL && goes_before(pending, last)) {
			at = TAILQ_FIRST(queued);
		}
		while (at != NULL && pending->sending == NULL &&
			!goes_before(pending, at)) {
			at = TAILQ_NEXT(at, order);
		}
		pending->state = ALM_PENDING_QUEUED;
		pending->due_ms = 0;
		outbox->counts[ALM_PENDING_QUEUED]++;
		if (at == NULL) {
			TAILQ_INSERT_TAIL(queued, pending, order);
		} else {
			TAILQ_INSERT_BEFORE(at, pending, order);
		}
		last = pending->sending == NULL ? pending : last;
	}
}

/** Of what waits or was sent, move to `back` all, or what is due. */
static void take_back(struct alm_outbox *outbox, enum alm_pending_state state,
	bool (*is_wanted)(const struct alm_pending *pending, int64_t now_ms),
	int64_t now_ms, struct alm_pending_list *back)
{
	struct alm_pending *pending = TAILQ_FIRST(&outbox->lists[state]);

	while (pending != NULL) {
		struct alm_pending *next = TAILQ_NEXT(pending, order);

		if (is_wanted(pending, now_ms)) {
			leave(outbox, pending);
			TAILQ_INSERT_TAIL(back, pending, order);
		} else if (state == ALM_PENDING_SENT) {
			return; /* those after it were sent later */
		}
		pending = next;
	}
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
	pending->number = ++outbox->number;
	pending->tries = 0;
	pending->is_doubted = false;
	pending->is_held = false;
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
		if (pending->refused != ALM_OK && !pending->is_held &&
			pending->whose == whose) {
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
	outbox->holds = 0;
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

/* Half of it to all of it, so that many agents do not come at once. */
static int64_t wait_ms(unsigned tries, uint32_t random)
{
	unsigned shift = tries < 8 ? tries : 8;
	int64_t most_ms = (int64_t)RETRY_MS_MIN << shift;

	if (most_ms > RETRY_MS_MAX) {
		most_ms = RETRY_MS_MAX;
	}
	return most_ms / 2 + (int64_t)(random % (uint32_t)(most_ms / 2 + 1));
}

void alm_outbox_retry_later(struct alm_outbox *outbox,
	struct alm_pending *pending, int64_t now_ms, uint32_t random)
{
	int64_t due_ms = now_ms + wait_ms(pending->tries, random);

	pending->tries++;
	pending->is_doubted = false;
	leave(outbox, pending);
	enter(outbox, pending, ALM_PENDING_WAITING, due_ms);
}

void alm_outbox_hold(struct alm_outbox *outbox, struct alm_pending *pending,
	int64_t now_ms, uint32_t random)
{
	if (!outbox->is_holding) {
		outbox->is_holding = true;
		outbox->hold_until_ms = now_ms + wait_ms(outbox->holds, random);
		outbox->holds++;
		outbox->needs_hello = true;
	}
	pending->is_doubted = false;
	leave(outbox, pending);
	enter(outbox, pending, ALM_PENDING_WAITING, INT64_MAX);
	pending->is_held = true;
}

static bool is_any(const struct alm_pending *pending, int64_t now_ms)
{
	(void)pending;
	(void)now_ms;
	return true;
}

static bool is_held(const struct alm_pending *pending, int64_t now_ms)
{
	(void)now_ms;
	return pending->is_held;
}

static bool is_due(const struct alm_pending *pending, int64_t now_ms)
{
	return pending->due_ms <= now_ms;
}

void alm_outbox_resend_all(struct alm_outbox *outbox)
{
	struct alm_pending_list back = TAILQ_HEAD_INITIALIZER(back);

	take_back(outbox, ALM_PENDING_SENT, is_any, 0, &back);
	take_back(outbox, ALM_PENDING_WAITING, is_held, 0, &back);
	queue_in_order(outbox, &back);
	outbox->is_holding = false;
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
	TAILQ_FOREACH(pending, &outbox->lists[ALM_PENDING_WAITING], order)
	{
		pending->is_doubted |= pending->is_held;
	}
	alm_outbox_resend_all(outbox);
}

/* Of what keeps the order. */
static bool has_unanswered(const struct alm_outbox *outbox)
{
	const struct alm_pending *pending;

	TAILQ_FOREACH(pending, &outbox->lists[ALM_PENDING_SENT], order)
	{
		if (pending->sending == NULL) {
			return true;
		}
	}
	return false;
}

void alm_outbox_wake(struct alm_outbox *outbox, int64_t now_ms)
{
	struct alm_pending_list back = TAILQ_HEAD_INITIALIZER(back);

	take_back(outbox, ALM_PENDING_SENT, is_due, now_ms, &back);
	take_back(outbox, ALM_PENDING_WAITING, is_due, now_ms, &back);
	if (outbox->is_holding && outbox->hold_until_ms <= now_ms &&
		!has_unanswered(outbox)) {
		take_back(outbox, ALM_PENDING_WAITING, is_held, now_ms, &back);
		outbox->is_holding = false;
	}
	queue_in_order(outbox, &back);
}

int64_t alm_outbox_due_ms(const struct alm_outbox *outbox)
{
	const struct alm_pending *pending =
		TAILQ_FIRST(&outbox->lists[ALM_PENDING_SENT]);
	int64_t due_ms = pending == NULL ? INT64_MAX : pending->due_ms;

	if (outbox->is_holding && outbox->hold_until_ms < due_ms &&
		!has_unanswered(outbox)) {
		due_ms = outbox->hold_until_ms;
	}
	TAILQ_FOREACH(pending, &outbox->lists[ALM_PENDING_WAITING], order)
	{
		if (pending->due_ms < due_ms) {
			due_ms = pending->due_ms;
		}
	}
	return due_ms;
}
