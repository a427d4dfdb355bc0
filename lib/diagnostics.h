/*
 * diagnostics.h - a bounded list of what is wrong with a file, each entry with
 * its place.  Readers collect as many as they can, so that an author mends a
 * file in one go.  Pure; the texts live in the arena given at the start.
 */
#ifndef ALM_LIB_DIAGNOSTICS_H
#define ALM_LIB_DIAGNOSTICS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/arena.h"
#include "lib/err.h"
#include "lib/place.h"

#define ALM_DIAGNOSTICS_MAX 100u

struct alm_diagnostic {
	enum alm_err err;
	struct alm_place place;
	const char *message; /* no newline, no control character */
};

/** Caller's memory.  Full is not a fault: what does not fit is counted. */
struct alm_diagnostics {
	struct alm_arena *arena;
	struct alm_diagnostic items[ALM_DIAGNOSTICS_MAX];
	size_t count;   /* kept */
	size_t dropped; /* found after the list was full */
};

/** An empty list.  The arena outlives it; so do the places' file names. */
void alm_diagnostics_init(
	struct alm_diagnostics *diagnostics, struct alm_arena *arena);

/**
 * Add an entry and give `err` back.  Control characters of the message are
 * shown as '?'.  When memory is out, the catalogue's sentence stands in.
 */
enum alm_err alm_diagnostics_add(struct alm_diagnostics *diagnostics,
	enum alm_err err, struct alm_place place, const char *format, ...)
	ALM_PRINTF(4, 5);

/** No room for another: messages need not be worked out any more. */
bool alm_diagnostics_is_full(const struct alm_diagnostics *diagnostics);

/** The error of the first entry; OK if there is none. */
enum alm_err alm_diagnostics_first(const struct alm_diagnostics *diagnostics);

/**
 * The first entry as `FILE:LINE:COLUMN: message`, for callers that show one.
 * Gives its error; OK, with `problem` (may be NULL) untouched, if none.
 */
enum alm_err alm_diagnostics_problem(
	const struct alm_diagnostics *diagnostics, struct alm_problem *problem);

/** In order of file name (bytewise), line and column. */
void alm_diagnostics_sort(struct alm_diagnostics *diagnostics);

#endif /* ALM_LIB_DIAGNOSTICS_H */
