/*
 * index.h - finding the words of a bundle by text: a sorted array, so that
 * no choice of ids can make a look-up slow.
 */
#ifndef ALM_BROKER_POLICY_INDEX_H
#define ALM_BROKER_POLICY_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "broker/core/bundle.h"
#include "lib/arena.h"
#include "lib/err.h"

struct alm_index_entry {
	const struct alm_word *word;
	uint32_t position; /* in the bundle's list */
};

/** Zeroed is empty.  Lives in the arena that it is built in. */
struct alm_index {
	struct alm_index_entry *items; /* by text, then by position */
	size_t count;
};

#define ALM_INDEX_NONE SIZE_MAX

/** Room for `count` words.  Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_index_init(
	struct alm_index *index, struct alm_arena *arena, size_t count);

/** Add before sorting; within the room asked for. */
void alm_index_add(
	struct alm_index *index, const struct alm_word *word, size_t position);

void alm_index_sort(struct alm_index *index);

/** Made of `count` words that stand `stride` bytes apart, sorted; those without
 * a text are left out.  Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_index_build(struct alm_index *index,
	struct alm_arena *arena, const struct alm_word *first, size_t stride,
	size_t count);

/** The position of the first word with this text, or ALM_INDEX_NONE. */
size_t alm_index_find(const struct alm_index *index, const char *text);

/** The known word nearest to `text`; NULL if none is near. */
const char *alm_index_nearest(const struct alm_index *index, const char *text);

#endif /* ALM_BROKER_POLICY_INDEX_H */
