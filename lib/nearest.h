/*
 * nearest.h - the known word that an unknown one was probably meant to be.
 * Pure; no allocation.  Words longer than 64 bytes are nobody's neighbour.
 */
#ifndef ALM_LIB_NEAREST_H
#define ALM_LIB_NEAREST_H

#include <stddef.h>

struct alm_nearest {
	const char *word;
	const char *best;  /* borrowed; NULL: nothing is near enough */
	unsigned distance; /* only nearer words than this are of interest */
};

/** Begin a search.  Near is a third of the letters wrong, 2 to 4. */
void alm_nearest_init(struct alm_nearest *nearest, const char *word);

/**
 * Offer a candidate; it is kept if it is nearer than all before it.  Distance
 * counts inserted, deleted, exchanged and transposed letters; case is free.
 */
void alm_nearest_offer(struct alm_nearest *nearest, const char *candidate);

/** The nearest of a list; NULL if none is near. */
const char *alm_nearest_of(
	const char *word, const char *const *words, size_t count);

#endif /* ALM_LIB_NEAREST_H */
