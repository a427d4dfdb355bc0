#include "broker/core/names.h"

#include <stdlib.h>
#include <string.h>

static uint32_t hash_text(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (const char *at = text; *at != '\0'; at++) {
		hash = (hash ^ (uint8_t)*at) * UINT64_C(0x100000001b3);
	}
	return (uint32_t)(hash ^ (hash >> 32));
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

static void index_names(struct alm_names *names, uint64_t *slots)
{
	for (uint32_t i = 0; i < names->count; i++) {
		uint32_t hash = hash_text(names->ids[i]);
		uint32_t at = hash & names->slot_mask;

		while (slots[at] != 0) {
			at = (at + 1) & names->slot_mask;
		}
		slots[at] = ((uint64_t)hash << 32) | (i + 1);
	}
}

bool alm_names_build(struct alm_arena *arena, const char **texts, size_t count,
	struct alm_names *out)
{
	size_t slot_count = slots_for(count);
	const char **ids = alm_arena_take(arena, count * sizeof(*ids));
	uint64_t *slots = alm_arena_take(arena, slot_count * sizeof(*slots));

	if (ids == NULL || slots == NULL) {
		return false;
	}
	if (count > 0) {
		qsort(texts, count, sizeof(*texts), compare_texts);
	}
	for (size_t i = 0; i < count; i++) {
		ids[i] = alm_arena_text(arena, texts[i], strlen(texts[i]));
		if (ids[i] == NULL) {
			return false;
		}
	}
	*out = (struct alm_names){.ids = ids,
		.count = (uint32_t)count,
		.slot_mask = (uint32_t)(slot_count - 1),
		.slots = slots};
	index_names(out, slots);
	return true;
}

uint32_t alm_names_find(const struct alm_names *names, const char *text)
{
	uint32_t hash;
	uint32_t at;

	if (names->count == 0) {
		return ALM_NAME_NONE;
	}
	hash = hash_text(text);
	at = hash & names->slot_mask;
	while (names->slots[at] != 0) {
		uint32_t index = (uint32_t)names->slots[at] - 1;

		if ((uint32_t)(names->slots[at] >> 32) == hash &&
			strcmp(names->ids[index], text) == 0) {
			return index;
		}
		at = (at + 1) & names->slot_mask;
	}
	return ALM_NAME_NONE;
}
