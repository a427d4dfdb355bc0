/*
 * texts.h - lists of texts as one text, as records and stored mail keep them.
 * Of texts that hold no comma.  No I/O; any thread.
 */
#ifndef ALM_LIB_WIRE_TEXTS_H
#define ALM_LIB_WIRE_TEXTS_H

#include "lib/wire/wire.h"

/** Comma-separated, in order; in the arena.  NULL when memory is out. */
const char *alm_texts_join(struct alm_texts texts, struct alm_arena *arena);

/** The other way; an empty text gives none.  Copied into the arena.
 * False when memory is out. */
ALM_MUST_USE bool alm_texts_split(const char *joined, struct alm_arena *arena,
	struct alm_texts *out_texts);

/** The first ones, as many as `count_max`; borrowed as `texts` are. */
struct alm_texts alm_texts_first(struct alm_texts texts, size_t count_max);

#endif /* ALM_LIB_WIRE_TEXTS_H */
