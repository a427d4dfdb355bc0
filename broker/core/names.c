/* Ids by their hash: half of it in the slot, so that few texts are compared. */
#include <stdlib.h>
#include <string.h>

#include "broker/core/draft.h"

#define MIX UINT64_C(0x9E3779B97F4A7C15)

/* A slot is the tag above and the index + 1 below; 0 is free. */
#define INDEX_BITS 0xFFFFu

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * MIX;
	return hash ^ (hash >> 32);
}

struct alm_name_hash alm_name_hash(const char *text)
{
	size_t bytes = strlen(text);
	uint64_t hash = bytes;
	uint64_t word = 0;

	for (; bytes >= sizeof(word); bytes -= sizeof(word)) {
		memcpy(&word, text, sizeof(word));
		hash = mix(hash, word);
		text += sizeof(word);
	}
	word = 0;
	for (size_t i = 0; i < bytes; i++) {
		word = word << 8 | (uint8_t)text[i];
	}
	hash = mix(hash, word);
	return (struct alm_name_hash){.at = (uint32_t)hash,
		.tag = (uint32_t)(hash >> 32) & ~INDEX_BITS};
}

uint32_t alm_names_find(const struct alm_snapshot *snapshot,
	const struct alm_names *names, const char *text)
{
	const uint32_t *slots = snapshot->numbers + names->first_slot;
	struct alm_name_hash hash;
	uint32_t at;

	if (names->count == 0) {
		return ALM_NAME_NONE;
	}
	hash = alm_name_hash(text);
	at = hash.at & names->slot_mask;
	while (slots[at] != 0) {
		uint32_t index = (slots[at] & INDEX_BITS) - 1;

		if ((slots[at] & ~INDEX_BITS) == hash.tag &&
			strcmp(alm_name_text(snapshot, names, index), text) ==
				0) {
			return index;
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

static void index_names(
	uint32_t *slots, uint32_t slot_mask, const char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct alm_name_hash hash = alm_name_hash(texts[i]);
		uint32_t at = hash.at & slot_mask;

		while (slots[at] != 0) {
			at = (at + 1) & slot_mask;
		}
		slots[at] = hash.tag | (uint32_t)(i + 1);
	}
}

void alm_draft_names(struct alm_draft *draft, const char **texts, size_t count,
	struct alm_names *out)
{
	size_t slot_count = slots_for(count);
	struct alm_names names = {.count = (uint32_t)count,
		.slot_mask = (uint32_t)(slot_count - 1)};
	uint32_t *slots;

	ALM_ASSERT(count < INDEX_BITS + 1);
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
	slots = alm_draft_take(draft, ALM_SECTION_NUMBERS, slot_count,
		sizeof(*slots), &names.first_slot);
	if (slots != NULL) {
		index_names(slots, names.slot_mask, texts, count);
		*out = names;
	}
}
