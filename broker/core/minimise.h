/*
 * minimise.h - does a payload conform to its information standard, and what
 * of it may its recipient have.  Pure: works on the wire bytes, no allocation.
 *
 * The view of a recipient holds a field if and only if
 *   - it has a label, and so have the messages it is in where they have one;
 *   - its category is released, or is "any" while anything is released;
 *   - its class is allowed at the level (below), LOC is not stripped;
 *   - it is not free text, or the level is identifiable;
 *   - it is not DIR, LOC or a birth date in a payload that holds RESTR.
 * Identifiable allows every class.  A payload lowered to pseudonymised loses
 * DIR, LOC, STAFF and QID, and its PSEU field becomes the broker's pseudonym;
 * one that was sent so loses DIR, LOC and STAFF.  Anonymised loses PSEU as
 * well, and is never made from more: the broker sees one message, not the
 * group a person hides in.  Aggregate leaves AGG, ORG and COMM.
 *
 * A field with a rule (generalise.h) goes on made coarser at pseudonymised,
 * LOC and QID as well, and at anonymised if its class does; a value that the
 * rule cannot read is dropped.  No rule gives back what any line above takes.
 *
 * A narrower view never holds more, and the view of a view is that view.
 */
#ifndef ALM_BROKER_CORE_MINIMISE_H
#define ALM_BROKER_CORE_MINIMISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/core/request.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/standard.h"

#define ALM_PSEUDONYM_BYTES 16u
#define ALM_FAULTS_MAX 64u
/* What a view may be longer than its payload: the pseudonym and its tag. */
#define ALM_VIEW_EXTRA_BYTES 32u

/** One fault of a payload: where and what. */
struct alm_fault {
	enum alm_err err;
	const char *path; /* the standard's; "" for the payload */
	uint32_t number;  /* of a field that the standard does not know */
};

struct alm_faults {
	struct alm_fault items[ALM_FAULTS_MAX];
	size_t count;
};

/**
 * Check a payload: known fields, types, counts, mandatory fields, formats.
 * Out:     out_faults  always written: each fault, to ALM_FAULTS_MAX of them
 * Errors:  NOT_CONFORMANT
 */
ALM_MUST_USE enum alm_err alm_standard_conforms(
	const struct alm_standard *standard, struct alm_bytes payload,
	struct alm_faults *out_faults);

/** The view that a decision allows. */
struct alm_view {
	const char *const *released; /* categories, any order */
	size_t released_count;
	bool strips_location;
	enum alm_level sent;  /* the level that the payload was sent at */
	enum alm_level level; /* the level allowed; above sent counts as sent */
	const uint8_t *pseudonym; /* ALM_PSEUDONYM_BYTES, or NULL for none */
	int64_t made_ms; /* the message's own time: ages are counted to it */
};

/* In place of the last path: there were more than fit.  No field's path. */
#define ALM_WITHHELD_MORE "..."

/** The fields that were in the payload and are not in the view as they were:
 * by path, or by path and what they became. */
struct alm_withheld {
	const char *paths[ALM_WITHHELD_MAX]; /* the standard's */
	size_t count;
	bool is_restricted; /* whom it is about is not to be told */
};

/**
 * Write the recipient's view of a payload that conforms.
 * In:      out           `out_max` bytes, at least the payload's and
 *                        ALM_VIEW_EXTRA_BYTES; must not overlap it
 * Out:     out_bytes     how many were written; 0: nothing may go on
 *          out_withheld  always written
 * Errors:  CANNOT_MINIMISE: the level cannot be reached; NOT_CONFORMANT: the
 *          payload was not checked; INTERNAL: `out` is too small.
 */
ALM_MUST_USE enum alm_err alm_minimise(const struct alm_standard *standard,
	struct alm_bytes payload, const struct alm_view *view, uint8_t *out,
	size_t out_max, size_t *out_bytes, struct alm_withheld *out_withheld);

#endif /* ALM_BROKER_CORE_MINIMISE_H */
