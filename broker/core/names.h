/*
 * names.h - a set of ids as a sorted list with a hash table: index order is
 * byte order, and finding is constant time.  Part of the snapshot.
 */
#ifndef ALM_BROKER_CORE_NAMES_H
#define ALM_BROKER_CORE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"

#define ALM_NAME_NONE UINT32_MAX

/** Zeroed is empty.  Everything stands in the arena it was built in. */
struct alm_names {
	const char *const *ids;
	uint32_t count;
	uint32_t slot_mask;
	const uint64_t *slots; /* hash above, index + 1 below; 0 is free */
};

/**
 * Copies, sorts and indexes `texts`, which are unique.  The order of `texts`
 * itself changes.  False when the arena is full; then `out` is untouched.
 */
bool alm_names_build(struct alm_arena *arena, const char **texts, size_t count,
	struct alm_names *out);

/** The index of `text`, or ALM_NAME_NONE. */
uint32_t alm_names_find(const struct alm_names *names, const char *text);

#endif /* ALM_BROKER_CORE_NAMES_H */
