/*
 * Ids by their hash.  A slot holds how its id begins, so that for nearly all of
 * them one look into memory that may be far both finds and compares.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/core/draft.h"

#define MIX UINT64_C(0x9E3779B97F4A7C15)
#define HEAD_BYTES 14u
#define INDEX_SHIFT 48u

/* What a text is found by. */
struct wanted {
	uint64_t head;
	uint64_t more;
	uint32_t hash;
	const char *rest; /* what a slot has no room for, "" for most */
};

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * MIX;
	return hash ^ (hash >> 32);
}

/* The first one lowest, whatever the machine thinks. */
static uint64_t eight_bytes(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(word)
						      : word;
}

static uint64_t four_bytes(const char *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof(word));
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap32(word)
						      : word;
}

/* The `bytes`, at most eight: two reads that overlap, none past the end. */
static uint64_t short_word(const char *text, size_t bytes)
{
	uint64_t word = 0;

	if (bytes >= 4) {
		return four_bytes(text) | four_bytes(text + bytes - 4)
						  << 8 * (bytes - 4);
	}
	while (bytes > 0) {
		word = word << 8 | (uint8_t)text[--bytes];
	}
	return word;
}

static struct wanted want(const char *text)
{
	size_t bytes = strlen(text);
	struct wanted wanted = {.rest = ""};
	uint64_t hash;

	if (bytes <= 8) {
		wanted.head = short_word(text, bytes);
	} else {
		wanted.head = eight_bytes(text);
		if (bytes > HEAD_BYTES) {
			wanted.rest = text + HEAD_BYTES;
			bytes = HEAD_BYTES;
		}
		wanted.more = eight_bytes(text + bytes - 8) >> 8 * (16 - bytes);
	}
	hash = mix(mix(0, wanted.head), wanted.more);
	for (const char *at = wanted.rest; *at != '\0'; at++) {
		hash = mix(hash, (uint8_t)*at);
	}
	wanted.hash = (uint32_t)hash;
	return wanted;
}

static uint32_t index_of(const struct alm_name_slot *slot)
{
	return (uint32_t)(slot->more >> INDEX_SHIFT) - 1;
}

static bool is_same(const struct alm_snapshot *snapshot,
	const struct alm_names *names, const struct alm_name_slot *slot,
	const struct wanted *wanted)
{
	const char *text;

	if (slot->head != wanted->head ||
		((slot->more ^ wanted->more) << 16) != 0) {
		return false;
	}
	if (wanted->more >> 40 == 0) {
		return true; /* it ends within the head */
	}
	text = alm_name_text(snapshot, names, index_of(slot));
	return strcmp(text + HEAD_BYTES, wanted->rest) == 0;
}

uint32_t alm_names_find(const struct alm_snapshot *snapshot,
	const struct alm_names *names, const char *text)
{
	const struct alm_name_slot *slots =
		snapshot->name_slots + names->first_slot;
	struct wanted wanted;
	uint32_t at;

	if (names->count == 0) {
		return ALM_NAME_NONE;
	}
	wanted = want(text);
	at = wanted.hash & names->slot_mask;
	while (slots[at].more >> INDEX_SHIFT != 0) {
		if (is_same(snapshot, names, &slots[at], &wanted)) {
			return index_of(&slots[at]);
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
		struct wanted wanted = want(texts[i]);
		uint32_t at = wanted.hash & slot_mask;

		while (slots[at].more >> INDEX_SHIFT != 0) {
			at = (at + 1) & slot_mask;
		}
		slots[at] = (struct alm_name_slot){.head = wanted.head,
			.more = wanted.more | (uint64_t)(i + 1) << INDEX_SHIFT};
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
