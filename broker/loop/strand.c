/*
 * Strands stand in an open-addressing table by a hash of what makes them one.
 * Two whose hashes are the same are one strand, which is stricter and no
 * fault.  A strand is there as long as held mail belongs to it.
 */
#include "broker/loop/strand.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_MIN 64u

struct strand {
	uint64_t key; /* 0: a free slot */
	struct alm_session *session;
	uint32_t in_hands;
	uint32_t back; /* in nobody's hands */
	uint32_t parked;
	uint64_t blocked_seq; /* the first that does not go yet; 0: none */
};

struct alm_strands {
	struct strand *slots;
	size_t slot_count; /* a power of two */
	size_t count;
	size_t back;
	size_t parked;
};

static uint64_t mix(uint64_t hash, const void *data, size_t bytes)
{
	const uint8_t *at = data;

	for (size_t i = 0; i < bytes; i++) { /* FNV-1a */
		hash = (hash ^ at[i]) * UINT64_C(1099511628211);
	}
	return hash;
}

uint64_t alm_strand_key(const struct alm_card *card)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	if (card->is_notice) {
		return 0;
	}
	hash = mix(hash, card->sender, strlen(card->sender) + 1);
	hash = mix(hash, &card->priority, 1);
	if (card->has_person) {
		hash = mix(hash, card->person, sizeof(card->person));
	}
	return hash == 0 ? 1 : hash;
}

static struct strand *slot_of(const struct alm_strands *strands, uint64_t key)
{
	size_t mask = strands->slot_count - 1;
	size_t at = (size_t)(key >> 32) & mask;

	while (strands->slots[at].key != 0 && strands->slots[at].key != key) {
		at = (at + 1) & mask;
	}
	return &strands->slots[at];
}

static struct strand *find(const struct alm_mailbox *mailbox, uint64_t key)
{
	struct strand *strand;

	if (mailbox->strands == NULL || key == 0) {
		return NULL;
	}
	strand = slot_of(mailbox->strands, key);
	return strand->key == 0 ? NULL : strand;
}

static enum alm_err grow(struct alm_strands *strands)
{
	size_t count =
		strands->slot_count == 0 ? SLOTS_MIN : 2 * strands->slot_count;
	struct strand *old = strands->slots;
	size_t old_count = strands->slot_count;
	struct strand *slots = calloc(count, sizeof(*slots));

	if (slots == NULL) {
		return ALM_NOMEM;
	}
	strands->slots = slots;
	strands->slot_count = count;
	for (size_t i = 0; i < old_count; i++) {
		if (old[i].key != 0) {
			*slot_of(strands, old[i].key) = old[i];
		}
	}
	free(old);
	return ALM_OK;
}

/* Nothing belongs to it any more: later ones of its run move back. */
static void remove_strand(struct alm_strands *strands, struct strand *strand)
{
	size_t mask = strands->slot_count - 1;
	size_t hole = (size_t)(strand - strands->slots);
	size_t at = hole;

	strands->count--;
	for (;;) {
		size_t home;

		strands->slots[hole].key = 0;
		do {
			at = (at + 1) & mask;
			if (strands->slots[at].key == 0) {
				return;
			}
			home = (size_t)(strands->slots[at].key >> 32) & mask;
		} while (((at - home) & mask) < ((at - hole) & mask));
		strands->slots[hole] = strands->slots[at];
		hole = at;
	}
}

void alm_strand_leave(struct alm_mailbox *mailbox, const struct alm_held *held)
{
	struct strand *strand = find(mailbox, held->strand);

	if (strand == NULL) {
		return;
	}
	if (held->session != NULL) {
		strand->in_hands--;
	} else if (held->is_parked) {
		strand->parked--;
		mailbox->strands->parked--;
	} else {
		strand->back--;
		mailbox->strands->back--;
	}
	if (strand->in_hands + strand->back + strand->parked == 0) {
		remove_strand(mailbox->strands, strand);
	}
}

enum alm_err alm_strand_enter(
	struct alm_mailbox *mailbox, struct alm_held *held)
{
	struct alm_strands *strands = mailbox->strands;
	struct strand *strand;

	if (strands == NULL) {
		return ALM_OK;
	}
	held->strand = alm_strand_key(&held->card);
	if (held->strand == 0) {
		return ALM_OK;
	}
	if (2 * (strands->count + 1) > strands->slot_count) {
		enum alm_err err = grow(strands);

		if (err != ALM_OK) {
			held->strand = 0;
			return err;
		}
	}
	strand = slot_of(strands, held->strand);
	if (strand->key == 0) {
		*strand = (struct strand){.key = held->strand};
		strands->count++;
	}
	if (held->session != NULL) {
		strand->in_hands++;
		strand->session = held->session;
	} else if (held->is_parked) {
		strand->parked++;
		strands->parked++;
	} else {
		strand->back++;
		strands->back++;
	}
	return ALM_OK;
}

void alm_strands_free(struct alm_mailbox *mailbox)
{
	if (mailbox->strands != NULL) {
		free(mailbox->strands->slots);
		free(mailbox->strands);
		mailbox->strands = NULL;
	}
	for (size_t i = 0; i < mailbox->slot_count; i++) {
		mailbox->slots[i].strand = 0;
	}
}

static enum alm_err build(struct alm_mailbox *mailbox)
{
	enum alm_err err;

	mailbox->strands = calloc(1, sizeof(*mailbox->strands));
	err = mailbox->strands == NULL ? ALM_NOMEM : grow(mailbox->strands);
	for (size_t i = 0; err == ALM_OK && i < mailbox->slot_count; i++) {
		if (mailbox->slots[i].seq != 0) {
			err = alm_strand_enter(mailbox, &mailbox->slots[i]);
		}
	}
	if (err != ALM_OK) {
		alm_strands_free(mailbox);
	}
	return err;
}

enum alm_err alm_strands_ready(struct alm_mailbox *mailbox)
{
	const struct alm_strands *strands = mailbox->strands;

	if (mailbox->wants_strands) {
		enum alm_err err;

		alm_strands_free(mailbox);
		err = build(mailbox);
		mailbox->wants_strands = err != ALM_OK;
		return err;
	}
	if (strands != NULL && strands->back == 0 && strands->parked == 0 &&
		!alm_mailbox_is_shared(mailbox)) {
		alm_strands_free(mailbox);
	}
	return ALM_OK;
}

size_t alm_strands_parked(const struct alm_mailbox *mailbox)
{
	return mailbox->strands == NULL ? 0 : mailbox->strands->parked;
}

bool alm_strand_may_go(const struct alm_mailbox *mailbox, uint64_t key,
	uint64_t seq, bool is_held, struct alm_session **session)
{
	const struct strand *strand = find(mailbox, key);

	if (strand == NULL) {
		return true;
	}
	if (!is_held && strand->back + strand->parked > 0) {
		return false;
	}
	if (strand->blocked_seq != 0 && strand->blocked_seq < seq) {
		return false;
	}
	if (strand->in_hands > 0) {
		*session = strand->session;
	}
	return true;
}

void alm_strand_block(struct alm_mailbox *mailbox, const struct alm_held *held)
{
	struct strand *strand = find(mailbox, held->strand);

	if (strand != NULL &&
		(strand->blocked_seq == 0 || held->seq < strand->blocked_seq)) {
		strand->blocked_seq = held->seq;
	}
}

void alm_strands_unblock(struct alm_mailbox *mailbox)
{
	struct alm_strands *strands = mailbox->strands;

	for (size_t i = 0; strands != NULL && i < strands->slot_count; i++) {
		strands->slots[i].blocked_seq = 0;
	}
}

bool alm_strand_is_free(
	const struct alm_mailbox *mailbox, const struct alm_held *held)
{
	const struct strand *strand = find(mailbox, held->strand);

	return strand == NULL || strand->blocked_seq == 0 ||
	       strand->blocked_seq > held->seq;
}
