#include "lib/wire/texts.h"

#include <string.h>

const char *alm_texts_join(struct alm_texts texts, struct alm_arena *arena)
{
	size_t bytes = 1;
	char *joined;
	char *at;

	for (size_t i = 0; i < texts.count; i++) {
		bytes += strlen(texts.items[i]) + 1;
	}
	joined = alm_arena_take(arena, bytes);
	at = joined;
	for (size_t i = 0; joined != NULL && i < texts.count; i++) {
		size_t item_bytes = strlen(texts.items[i]);

		if (i > 0) {
			*at++ = ',';
		}
		memcpy(at, texts.items[i], item_bytes);
		at += item_bytes;
	}
	return joined;
}

bool alm_texts_split(const char *joined, struct alm_arena *arena,
	struct alm_texts *out_texts)
{
	size_t bytes = strlen(joined);
	size_t count = bytes == 0 ? 0 : 1;
	const char **items;
	char *copy;

	for (size_t i = 0; i < bytes; i++) {
		count += joined[i] == ',' ? 1 : 0;
	}
	copy = alm_arena_text(arena, joined, bytes);
	items = alm_arena_take(arena, (count + 1) * sizeof(*items));
	if (copy == NULL || items == NULL) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		char *end = strchr(copy, ',');

		items[i] = copy;
		if (end != NULL) {
			*end = '\0';
			copy = end + 1;
		}
	}
	*out_texts = (struct alm_texts){items, count};
	return true;
}

struct alm_texts alm_texts_first(struct alm_texts texts, size_t count_max)
{
	if (texts.count > count_max) {
		texts.count = count_max;
	}
	return texts;
}
