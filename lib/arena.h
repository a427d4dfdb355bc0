/*
 * arena.h - memory that is given back all at once.  Every arena has a maximum
 * from birth, so hostile input cannot make it grow past that.
 */
#ifndef ALM_LIB_ARENA_H
#define ALM_LIB_ARENA_H

#include <stddef.h>

#include "lib/bytes.h"
#include "lib/err.h"

struct alm_arena_block;

/** Caller's memory; zeroed is empty.  Not copied, not shared by threads. */
struct alm_arena {
	struct alm_arena_block *first; /* newest block */
	struct alm_arena_block *spare; /* empty ones, for the next round */
	size_t bytes_max;              /* of all blocks together */
	size_t bytes;                  /* handed out */
};

/** An empty arena that will hand out at most `bytes_max` bytes. */
void alm_arena_init(struct alm_arena *arena, size_t bytes_max);

/** Forget everything handed out; keeps some blocks for the next round. */
void alm_arena_reset(struct alm_arena *arena);

/** How far an arena is filled. */
struct alm_arena_mark {
	struct alm_arena_block *first;
	size_t block_bytes;
	size_t bytes;
};

/** Valid until the arena is reset, or rewound past it. */
struct alm_arena_mark alm_arena_mark(const struct alm_arena *arena);

/** Forget what was handed out since the mark, which is of this round. */
void alm_arena_rewind(
	struct alm_arena *arena, const struct alm_arena_mark *mark);

/** Free everything.  A zeroed arena is fine. */
void alm_arena_fini(struct alm_arena *arena);

/**
 * Zeroed memory, aligned for any type, valid until reset or fini.
 * NULL when the maximum would be passed or memory is out.
 */
void *alm_arena_take(struct alm_arena *arena, size_t bytes);

/** A NUL-terminated copy; NULL as alm_arena_take(). */
char *alm_arena_text(struct alm_arena *arena, const char *text, size_t bytes);

/** A copy of the bytes; NULL as alm_arena_take(). */
uint8_t *alm_arena_copy(struct alm_arena *arena, struct alm_bytes bytes);

/** A formatted text; NULL as alm_arena_take(). */
char *alm_arena_printf(struct alm_arena *arena, const char *format, ...)
	ALM_PRINTF(2, 3);

#endif /* ALM_LIB_ARENA_H */
