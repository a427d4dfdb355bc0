/*
 * Ids by their hash.  A slot holds how its id begins, so that for nearly all of
 * them one look into memory that may be far both finds and compares.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/core/draft.h"

#define MIX UINT64_C(0x9E3779B97F4A7C15)
#define HEAD ((size_t)ALM_NAME_HEAD_BYTES)

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * MIX;
	return hash ^ (hash >> 32);
}

static uint64_t word_at(const char *text)
{
	uint64_t word;

	memcpy(&word, text, sizeof(word));
	return word;
}

/* The head of `text` in `out`; gives the hash of all of it. */
static uint32_t take_head(const char *text, char out[ALM_NAME_HEAD_BYTES])
{
	size_t bytes = strlen(text);
	uint64_t hash;

	memset(out, 0, HEAD);
	memcpy(out, text, bytes < HEAD ? bytes : HEAD);
	hash = mix(mix(bytes, word_at(out)), word_at(out + HEAD - 8));
	for (size_t at = HEAD; at < bytes; at++) {
		hash = mix(hash, (uint8_t)text[at]);
	}
	return (uint32_t)hash;
}

static bool is_same(const struct alm_snapshot *snapshot,
	const struct alm_names *names, const struct alm_name_slot *slot,
	const char head[ALM_NAME_HEAD_BYTES], const char *text)
{
	return memcmp(slot->head, head, HEAD) == 0 &&
	       (head[HEAD - 1] == '\0' ||
		       strcmp(alm_name_text(snapshot, names,
				      (uint32_t)slot->index - 1) +
				       HEAD,
			       text + HEAD) == 0);
}

uint32_t alm_names_find(const struct alm_snapshot *snapshot,
	const struct alm_names *names, const char *text)
{
	const struct alm_name_slot *slots =
		snapshot->name_slots + names->first_slot;
	char head[ALM_NAME_HEAD_BYTES];
	uint32_t at;

	if (names->count == 0) {
		return ALM_NAME_NONE;
	}
	at = take_head(text, head) & names->slot_mask;
	while (slots[at].index != 0) {
		if (is_same(snapshot, names, &slots[at], head, text)) {
			return (uint32_t)slots[at].index - 1;
		}
		at = (at + 1) & names->slot_mask;
	}
	return ALM_NAME_NONE;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* At most half full, so that a search always meets a free slot. */
static size_t slots_for(size_t count)
{
	size_t slots = 2;

	while (slots < 2 * count) {
		slots *= 2;
	}
	return slots;
}

static void index_names(struct alm_name_slot *slots, uint32_t slot_mask,
	const char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct alm_name_slot slot = {.index = (uint16_t)(i + 1)};
		uint32_t at = take_head(texts[i], slot.head) & slot_mask;

		while (slots[at].index != 0) {
			at = (at + 1) & slot_mask;
		}
		slots[at] = slot;
	}
}

void alm_draft_names(struct alm_draft *draft, const char **texts, size_t count,
	struct alm_names *out)
{
	size_t slot_count = slots_for(count);
	struct alm_names names = {.count = (uint32_t)count,
		.slot_mask = (uint32_t)(slot_count - 1)};
	struct alm_name_slot *slots;

	ALM_ASSERT(count <= UINT16_MAX);
	if (count > 0) {
		qsort(texts, count, sizeof(*texts), compare_texts);
	}
	(void)alm_draft_take(draft, ALM_SECTION_NUMBERS, count,
		sizeof(uint32_t), &names.first);
	for (size_t i = 0; i < count; i++) {
		uint32_t place = alm_draft_text(draft, texts[i]);
		uint32_t *at = alm_draft_at(draft, ALM_SECTION_NUMBERS,
			names.first + i, sizeof(*at));

		if (draft->is_full) {
			return;
		}
		*at = place;
	}
	slots = alm_draft_take(draft, ALM_SECTION_NAME_SLOTS, slot_count,
		sizeof(*slots), &names.first_slot);
	if (slots != NULL) {
		index_names(slots, names.slot_mask, texts, count);
		*out = names;
	}
}
