/*
 * Held mail stands in an open-addressing table by sequence; deleting moves
 * later entries of the run back, so that no tombstones gather.
 */
#include "broker/loop/mailbox.h"

#include <stdlib.h>
#include <string.h>

#include "broker/config/quotas.h"
#include "broker/loop/session.h"
#include "broker/loop/strand.h"

#define BUCKETS 4096u
#define SLOTS_MIN 16u
#define NEVER_MS INT64_MAX
/* So often mail is due again at once when its session is gone. */
#define AT_ONCE_MAX 3u

struct alm_mailboxes {
	struct alm_mailbox_limits limits;
	struct alm_mailbox *buckets[BUCKETS];
};

struct alm_mailboxes *alm_mailboxes_new(const struct alm_mailbox_limits *limits)
{
	struct alm_mailboxes *mailboxes = calloc(1, sizeof(*mailboxes));

	if (mailboxes != NULL) {
		mailboxes->limits = *limits;
	}
	return mailboxes;
}

void alm_mailboxes_free(struct alm_mailboxes *mailboxes)
{
	if (mailboxes == NULL) {
		return;
	}
	for (size_t i = 0; i < BUCKETS; i++) {
		while (mailboxes->buckets[i] != NULL) {
			struct alm_mailbox *mailbox = mailboxes->buckets[i];

			mailboxes->buckets[i] = mailbox->next;
			alm_strands_free(mailbox);
			free(mailbox->slots);
			free(mailbox);
		}
	}
	free(mailboxes);
}

static size_t bucket_of(const char *organisation)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (const char *at = organisation; *at != '\0'; at++) {
		hash = (hash ^ (uint8_t)*at) * 16777619u;
	}
	return hash % BUCKETS;
}

struct alm_mailbox *alm_mailboxes_find(
	struct alm_mailboxes *mailboxes, const char *organisation)
{
	struct alm_mailbox *mailbox =
		mailboxes->buckets[bucket_of(organisation)];

	while (mailbox != NULL &&
		strcmp(mailbox->organisation, organisation) != 0) {
		mailbox = mailbox->next;
	}
	return mailbox;
}

void alm_mailbox_from_start(struct alm_mailbox *mailbox)
{
	for (unsigned i = 0; i < ALM_MAIL_PRIORITIES; i++) {
		mailbox->cursors[i] = alm_mail_place((uint8_t)i, 0);
		mailbox->has_more[i] = true;
	}
}

struct alm_mailbox *alm_mailboxes_get(
	struct alm_mailboxes *mailboxes, const char *organisation)
{
	struct alm_mailbox *mailbox =
		alm_mailboxes_find(mailboxes, organisation);
	size_t bucket = bucket_of(organisation);

	if (mailbox != NULL) {
		return mailbox;
	}
	ALM_ASSERT(strlen(organisation) <= ALM_ID_BYTES_MAX);
	mailbox = calloc(1, sizeof(*mailbox));
	if (mailbox != NULL) {
		alm_text_copy(mailbox->organisation,
			sizeof(mailbox->organisation), organisation);
		alm_mailbox_from_start(mailbox);
		mailbox->limits = mailboxes->limits;
		mailbox->due_ms = NEVER_MS;
		mailbox->lane.organisation = mailbox->organisation;
		mailbox->next = mailboxes->buckets[bucket];
		mailboxes->buckets[bucket] = mailbox;
	}
	return mailbox;
}

struct alm_mailbox *alm_mailboxes_next(
	struct alm_mailboxes *mailboxes, const struct alm_mailbox *after)
{
	size_t bucket = 0;

	if (after != NULL) {
		if (after->next != NULL) {
			return after->next;
		}
		bucket = bucket_of(after->organisation) + 1;
	}
	while (bucket < BUCKETS && mailboxes->buckets[bucket] == NULL) {
		bucket++;
	}
	return bucket < BUCKETS ? mailboxes->buckets[bucket] : NULL;
}

struct alm_mailbox_limits alm_mailboxes_limits(
	const struct alm_mailboxes *mailboxes,
	const struct alm_mailbox_limits *own)
{
	struct alm_mailbox_limits limits = mailboxes->limits;

	if (own->messages != 0) {
		limits.messages = own->messages;
	}
	if (own->bytes != 0) {
		limits.bytes = own->bytes;
	}
	if (own->age_ms != 0) {
		limits.age_ms = own->age_ms;
	}
	return limits;
}

enum alm_err alm_mailboxes_set_quotas(
	struct alm_mailboxes *mailboxes, const struct alm_quotas *quotas)
{
	struct alm_mailbox *mailbox = NULL;

	for (size_t i = 0; i < quotas->count; i++) {
		if (alm_mailboxes_get(
			    mailboxes, quotas->items[i].organisation) == NULL) {
			return ALM_NOMEM;
		}
	}
	while ((mailbox = alm_mailboxes_next(mailboxes, mailbox)) != NULL) {
		mailbox->lane.messages_per_s = 0;
		mailbox->lane.bytes_per_s = 0;
	}
	for (size_t i = 0; i < quotas->count; i++) {
		const struct alm_own_quota *quota = &quotas->items[i];

		mailbox = alm_mailboxes_find(mailboxes, quota->organisation);
		mailbox->lane.messages_per_s = quota->messages_per_s;
		mailbox->lane.bytes_per_s = quota->bytes_per_s;
	}
	return ALM_OK;
}

void alm_mailbox_set_limits(struct alm_mailboxes *mailboxes,
	struct alm_mailbox *mailbox, const struct alm_mailbox_limits *limits)
{
	mailbox->limits = alm_mailboxes_limits(mailboxes, limits);
	mailbox->is_unread = true; /* looked at anew by the next message */
}

void alm_mailboxes_forget_orders(struct alm_mailboxes *mailboxes)
{
	const struct alm_mailbox_limits none = {.messages = 0};
	struct alm_mailbox *mailbox = NULL;

	while ((mailbox = alm_mailboxes_next(mailboxes, mailbox)) != NULL) {
		mailbox->is_on_hold = false;
		alm_mailbox_set_limits(mailboxes, mailbox, &none);
	}
}

void alm_mailbox_count_anew(struct alm_mailbox *mailbox, uint64_t turn)
{
	if (mailbox->asked_turn != turn) {
		mailbox->asked_turn = turn;
		mailbox->unheld_acks = 0;
		mailbox->questions = 0;
		mailbox->questions_us = 0;
	}
}

size_t alm_mailboxes_on_hold(struct alm_mailboxes *mailboxes)
{
	struct alm_mailbox *mailbox = NULL;
	size_t count = 0;

	while ((mailbox = alm_mailboxes_next(mailboxes, mailbox)) != NULL) {
		count += mailbox->is_on_hold ? 1 : 0;
	}
	return count;
}

void alm_mailbox_look_at(struct alm_mailbox *mailbox, uint64_t place)
{
	size_t priority = (size_t)(place >> ALM_PLACE_SHIFT);

	if (mailbox->cursors[priority] >= place) {
		mailbox->cursors[priority] = place - 1;
	}
	mailbox->has_more[priority] = true;
}

/* Sequences are dense: a multiplication spreads them over the table. */
static size_t home_of(const struct alm_mailbox *mailbox, uint64_t seq)
{
	return (size_t)((seq * UINT64_C(0x9E3779B97F4A7C15)) >> 32) &
	       (mailbox->slot_count - 1);
}

/* The slot of `seq`, or the free slot where it would stand. */
static struct alm_held *slot_of(const struct alm_mailbox *mailbox, uint64_t seq)
{
	size_t at = home_of(mailbox, seq);

	while (mailbox->slots[at].seq != 0 && mailbox->slots[at].seq != seq) {
		at = (at + 1) & (mailbox->slot_count - 1);
	}
	return &mailbox->slots[at];
}

static enum alm_err grow(struct alm_mailbox *mailbox)
{
	size_t old_count = mailbox->slot_count;
	struct alm_held *old = mailbox->slots;
	size_t count = old_count == 0 ? SLOTS_MIN : 2 * old_count;
	struct alm_held *slots = calloc(count, sizeof(*slots));

	if (slots == NULL) {
		return ALM_NOMEM;
	}
	mailbox->slots = slots;
	mailbox->slot_count = count;
	for (size_t i = 0; i < old_count; i++) {
		if (old[i].seq != 0) {
			*slot_of(mailbox, old[i].seq) = old[i];
		}
	}
	free(old);
	return ALM_OK;
}

enum alm_err alm_mailbox_hold(
	struct alm_mailbox *mailbox, uint64_t seq, struct alm_held **out_held)
{
	struct alm_held *held = alm_mailbox_held(mailbox, seq);

	ALM_ASSERT(seq != 0);
	if (held == NULL) {
		if (2 * (mailbox->held_count + 1) > mailbox->slot_count) {
			enum alm_err err = grow(mailbox);

			if (err != ALM_OK) {
				return err;
			}
		}
		held = slot_of(mailbox, seq);
		memset(held, 0, sizeof(*held));
		held->seq = seq;
		mailbox->held_count++;
	}
	*out_held = held;
	return ALM_OK;
}

struct alm_held *alm_mailbox_held(struct alm_mailbox *mailbox, uint64_t seq)
{
	struct alm_held *held;

	if (mailbox->slot_count == 0 || seq == 0) {
		return NULL;
	}
	held = slot_of(mailbox, seq);
	return held->seq == seq ? held : NULL;
}

bool alm_mailbox_has_moved(struct alm_mailbox *mailbox, uint64_t seq)
{
	const struct alm_held *held = alm_mailbox_held(mailbox, seq);

	return held != NULL && held->has_moved;
}

void alm_mailbox_release(struct alm_mailbox *mailbox, uint64_t seq)
{
	struct alm_held *held = alm_mailbox_held(mailbox, seq);
	size_t mask = mailbox->slot_count - 1;
	size_t hole;
	size_t at;

	if (held == NULL) {
		return;
	}
	if (mailbox->strands != NULL) {
		alm_strand_leave(mailbox, held);
	}
	hole = (size_t)(held - mailbox->slots);
	at = hole;
	mailbox->held_count--;
	mailbox->barred_count -= held->is_barred ? 1 : 0;
	for (;;) {
		size_t home;

		mailbox->slots[hole].seq = 0;
		do {
			at = (at + 1) & mask;
			if (mailbox->slots[at].seq == 0) {
				return;
			}
			home = home_of(mailbox, mailbox->slots[at].seq);
			/* It may stay if its home lies in (hole, at]. */
		} while (((at - home) & mask) < ((at - hole) & mask));
		mailbox->slots[hole] = mailbox->slots[at];
		hole = at;
	}
}

void alm_mailbox_session_gone(
	struct alm_mailbox *mailbox, const struct alm_session *session)
{
	for (size_t i = 0; i < mailbox->slot_count; i++) {
		struct alm_held *held = &mailbox->slots[i];

		if (held->seq != 0 && held->session == session) {
			held->session = NULL;
			if (session->said_goodbye ||
				held->attempts <= AT_ONCE_MAX) {
				held->due_ms = 0;
			}
			mailbox->due_ms = 0;
			mailbox->wants_strands = true;
		}
	}
	if (mailbox->wants_strands) {
		alm_strands_free(mailbox);
	}
}

bool alm_mailbox_is_shared(const struct alm_mailbox *mailbox)
{
	return mailbox->sessions != NULL &&
	       mailbox->sessions->next_of_mailbox != NULL;
}

static void rewind_mailbox(struct alm_mailbox *mailbox, uint64_t turn)
{
	alm_mailbox_from_start(mailbox);
	mailbox->asked_turn = 0; /* what was asked is asked again */
	for (size_t i = 0; i < mailbox->slot_count; i++) {
		struct alm_held *held = &mailbox->slots[i];

		if (held->seq != 0 && held->turn == turn) {
			held->due_ms = 0;
			mailbox->due_ms = 0;
		}
		if (held->seq != 0 && held->parts_turn == turn) {
			held->is_part_way = held->has_parts;
		}
	}
}

void alm_mailboxes_rewind(struct alm_mailboxes *mailboxes, uint64_t turn)
{
	struct alm_mailbox *mailbox = NULL;

	while ((mailbox = alm_mailboxes_next(mailboxes, mailbox)) != NULL) {
		rewind_mailbox(mailbox, turn);
	}
}

void alm_mailbox_bar(struct alm_mailbox *mailbox, struct alm_held *held)
{
	mailbox->barred_count += held->is_barred ? 0 : 1;
	held->is_barred = true;
}

void alm_mailbox_unbar(struct alm_mailbox *mailbox, uint64_t seq)
{
	struct alm_held *held = alm_mailbox_held(mailbox, seq);

	if (held != NULL && held->is_barred) {
		held->is_barred = false;
		mailbox->barred_count--;
	}
}

enum alm_err alm_mailbox_barred(const struct alm_mailbox *mailbox,
	size_t count_max, struct alm_arena *arena, const uint64_t **out_seqs,
	size_t *out_count)
{
	uint64_t *seqs = alm_arena_take(arena, (count_max + 1) * sizeof(*seqs));
	size_t count = 0;

	if (seqs == NULL) {
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < mailbox->slot_count && count < count_max; i++) {
		const struct alm_held *held = &mailbox->slots[i];

		if (held->seq != 0 && held->is_barred &&
			held->session == NULL) {
			seqs[count++] = held->seq;
		}
	}
	*out_seqs = seqs;
	*out_count = count;
	return ALM_OK;
}

/* What is back and waits for its time holds up what comes after it. */
static void block_waiting(struct alm_mailbox *mailbox, int64_t now_ms)
{
	if (mailbox->strands == NULL) {
		return;
	}
	alm_strands_unblock(mailbox);
	for (size_t i = 0; i < mailbox->slot_count; i++) {
		const struct alm_held *held = &mailbox->slots[i];

		if (held->seq != 0 && held->session == NULL &&
			!held->is_parked && held->due_ms > now_ms) {
			alm_strand_block(mailbox, held);
		}
	}
}

static int by_value(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left;
	uint64_t b = *(const uint64_t *)right;

	return a < b ? -1 : a > b ? 1 : 0;
}

enum alm_err alm_mailbox_due(struct alm_mailbox *mailbox, int64_t now_ms,
	size_t count_max, struct alm_arena *arena, const uint64_t **out_seqs,
	size_t *out_count)
{
	int64_t next_ms = NEVER_MS;
	size_t count = 0;
	uint64_t *seqs;

	*out_count = 0;
	if (now_ms < mailbox->due_ms) {
		return ALM_OK;
	}
	seqs = alm_arena_take(arena, (mailbox->held_count + 1) * 8);
	if (seqs == NULL) {
		return ALM_NOMEM;
	}
	block_waiting(mailbox, now_ms);
	for (size_t i = 0; i < mailbox->slot_count; i++) {
		const struct alm_held *held = &mailbox->slots[i];

		if (held->seq == 0) {
			continue;
		}
		if (held->is_parked ? alm_strand_is_free(mailbox, held)
				    : held->due_ms <= now_ms) {
			seqs[count++] = held->seq;
		}
		if (held->due_ms < next_ms) {
			next_ms = held->due_ms;
		}
	}
	mailbox->due_ms = alm_strands_parked(mailbox) > 0 ? 0 : next_ms;
	qsort(seqs, count, sizeof(*seqs), by_value);
	*out_seqs = seqs;
	*out_count = count < count_max ? count : count_max;
	return ALM_OK;
}
