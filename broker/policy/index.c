#include "broker/policy/index.h"

#include <stdlib.h>
#include <string.h>

#include "lib/nearest.h"

enum alm_err alm_index_init(
	struct alm_index *index, struct alm_arena *arena, size_t count)
{
	*index = (struct alm_index){NULL, 0};
	if (count == 0) {
		return ALM_OK;
	}
	index->items = alm_arena_take(arena, count * sizeof(*index->items));
	return index->items != NULL ? ALM_OK : ALM_NOMEM;
}

void alm_index_add(
	struct alm_index *index, const struct alm_word *word, size_t position)
{
	index->items[index->count++] =
		(struct alm_index_entry){word, (uint32_t)position};
}

static int compare(const void *a, const void *b)
{
	const struct alm_index_entry *x = a;
	const struct alm_index_entry *y = b;
	int order = strcmp(x->word->text, y->word->text);

	if (order != 0) {
		return order;
	}
	return x->position < y->position ? -1 : x->position > y->position;
}

void alm_index_sort(struct alm_index *index)
{
	if (index->count > 1) {
		qsort(index->items, index->count, sizeof(*index->items),
			compare);
	}
}

enum alm_err alm_index_build(struct alm_index *index, struct alm_arena *arena,
	const struct alm_word *first, size_t stride, size_t count)
{
	const char *at = (const char *)first;
	enum alm_err err = alm_index_init(index, arena, count);

	if (err != ALM_OK) {
		return err;
	}
	for (size_t i = 0; i < count; i++, at += stride) {
		const struct alm_word *word =
			(const struct alm_word *)(const void *)at;

		if (word->text != NULL) {
			alm_index_add(index, word, i);
		}
	}
	alm_index_sort(index);
	return ALM_OK;
}

size_t alm_index_find(const struct alm_index *index, const char *text)
{
	size_t low = 0;
	size_t high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(index->items[middle].word->text, text) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	if (low < index->count &&
		strcmp(index->items[low].word->text, text) == 0) {
		return index->items[low].position;
	}
	return ALM_INDEX_NONE;
}

const char *alm_index_nearest(const struct alm_index *index, const char *text)
{
	struct alm_nearest nearest;

	alm_nearest_init(&nearest, text);
	for (size_t i = 0; i < index->count; i++) {
		alm_nearest_offer(&nearest, index->items[i].word->text);
	}
	return nearest.best;
}
