#include "agents/client/acks.h"

#include <stdlib.h>
#include <string.h>

void alm_acks_init(struct alm_acks *acks)
{
	memset(acks, 0, sizeof(*acks));
	TAILQ_INIT(&acks->queued);
	TAILQ_INIT(&acks->sent);
}

static void free_list(struct alm_ack_list *list)
{
	struct alm_ack *ack;

	while ((ack = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, ack, order);
		free(ack);
	}
}

void alm_acks_fini(struct alm_acks *acks)
{
	free_list(&acks->queued);
	free_list(&acks->sent);
	while (acks->spares != NULL) {
		struct alm_ack *spare = acks->spares;

		acks->spares = spare->next_in_bucket;
		free(spare);
	}
	acks->spare_count = 0;
}

/** Memory that is not zeroed, for a reason of `bytes`. */
static struct alm_ack *allocate(struct alm_acks *acks, size_t bytes)
{
	struct alm_ack *ack = acks->spares;

	if (bytes > 1 || ack == NULL) {
		return malloc(sizeof(*ack) + bytes);
	}
	acks->spares = ack->next_in_bucket;
	acks->spare_count--;
	return ack;
}

static void release(struct alm_acks *acks, struct alm_ack *ack)
{
	if (acks->spare_count >= ALM_ACK_SPARES_MAX) {
		free(ack);
		return;
	}
	ack->next_in_bucket = acks->spares;
	acks->spares = ack;
	acks->spare_count++;
}

/** Where the pointer to the acknowledgement stands, or would stand. */
static struct alm_ack **find(struct alm_acks *acks, uint64_t sequence)
{
	struct alm_ack **at = &acks->buckets[sequence % ALM_ACKS_BUCKETS];

	while (*at != NULL && (*at)->sequence != sequence) {
		at = &(*at)->next_in_bucket;
	}
	return at;
}

enum alm_err alm_acks_add(
	struct alm_acks *acks, uint64_t sequence, const char *reject_reason)
{
	const char *reason = reject_reason == NULL ? "" : reject_reason;
	size_t bytes = strlen(reason) + 1;
	struct alm_ack **at = find(acks, sequence);
	struct alm_ack *ack;

	if (bytes > ALM_ACK_REASON_BYTES_MAX + 1) {
		return ALM_FIELD_TOO_LARGE;
	}
	if (*at != NULL) {
		return ALM_OK;
	}
	if (acks->count >= ALM_ACKS_MAX) {
		return ALM_WINDOW_FULL;
	}
	ack = allocate(acks, bytes);
	if (ack == NULL) {
		return ALM_NOMEM;
	}
	ack->next_in_bucket = NULL;
	ack->sequence = sequence;
	ack->is_sent = false;
	ack->is_rejected = reject_reason != NULL;
	memcpy(ack->reason, reason, bytes);
	*at = ack;
	TAILQ_INSERT_TAIL(&acks->queued, ack, order);
	acks->queued_count++;
	acks->count++;
	return ALM_OK;
}

bool alm_acks_has(const struct alm_acks *acks, uint64_t sequence)
{
	const struct alm_ack *ack = acks->buckets[sequence % ALM_ACKS_BUCKETS];

	while (ack != NULL && ack->sequence != sequence) {
		ack = ack->next_in_bucket;
	}
	return ack != NULL;
}

const struct alm_ack *alm_acks_next(const struct alm_acks *acks)
{
	return TAILQ_FIRST(&acks->queued);
}

void alm_acks_mark_sent(struct alm_acks *acks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct alm_ack *ack = TAILQ_FIRST(&acks->queued);

		TAILQ_REMOVE(&acks->queued, ack, order);
		TAILQ_INSERT_TAIL(&acks->sent, ack, order);
		ack->is_sent = true;
		acks->queued_count--;
	}
}

static void queue_again(struct alm_acks *acks, struct alm_ack *ack)
{
	if (ack->is_sent) {
		TAILQ_REMOVE(&acks->sent, ack, order);
		TAILQ_INSERT_TAIL(&acks->queued, ack, order);
		ack->is_sent = false;
		acks->queued_count++;
	}
}

void alm_acks_repeat(struct alm_acks *acks, uint64_t sequence)
{
	struct alm_ack *ack = *find(acks, sequence);

	if (ack != NULL) {
		queue_again(acks, ack);
	}
}

void alm_acks_repeat_all(struct alm_acks *acks)
{
	struct alm_ack *ack;

	while ((ack = TAILQ_FIRST(&acks->sent)) != NULL) {
		queue_again(acks, ack);
	}
}

void alm_acks_remove(struct alm_acks *acks, uint64_t sequence)
{
	struct alm_ack **at = find(acks, sequence);
	struct alm_ack *ack = *at;

	if (ack == NULL) {
		return;
	}
	*at = ack->next_in_bucket;
	if (ack->is_sent) {
		TAILQ_REMOVE(&acks->sent, ack, order);
	} else {
		TAILQ_REMOVE(&acks->queued, ack, order);
		acks->queued_count--;
	}
	acks->count--;
	release(acks, ack);
}
