/*
 * diff.h - what may be sent under one bundle and not under another, exactly.
 *
 * A cell is (sender, recipient, purpose, category, basis): a request for this
 * one leaf category that names this basis, at one instant.  Its value is the
 * level at which the category may go out, by payload level and batch, for a
 * person of whom all that is asked is known; and the terms on which.  Cells
 * are not counted out: organisations that the rules do not tell apart go
 * together, and only bases that a change can reach are looked at.
 *
 * Pure; the caller gives the instant.
 */
#ifndef ALM_BROKER_POLICY_DIFF_H
#define ALM_BROKER_POLICY_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/core/bundle.h"
#include "lib/err.h"

enum alm_diff_change {
	ALM_DIFF_SAME = 0,
	ALM_DIFF_GAINED,   /* could not be sent before */
	ALM_DIFF_LOST,     /* can no longer be sent */
	ALM_DIFF_WIDENED,  /* a higher level, or terms that ask less */
	ALM_DIFF_NARROWED, /* a lower level, or terms that ask more */
	ALM_DIFF_ALTERED,  /* some of both */
	ALM_DIFF_CHANGES,
};

const char *alm_diff_change_name(enum alm_diff_change change);

/** What may differ besides whether it can be sent: bits 1 << term. */
enum alm_diff_term {
	ALM_TERM_LEVEL,    /* the highest level it may go out at */
	ALM_TERM_PAYLOADS, /* at which payload levels it is accepted */
	ALM_TERM_RELATIONSHIP,
	ALM_TERM_CONSENT,
	ALM_TERM_OPT_OUT,
	ALM_TERM_TYPE_1,
	ALM_TERM_OBJECTION, /* whether a person's denials count */
	ALM_TERM_EMERGENCY,
	ALM_TERM_GUARDIAN,
	ALM_TERM_LOCATION,
	ALM_TERM_SMALLEST_GROUP,
	ALM_TERM_OBLIGATIONS,
	ALM_TERM_VALID_UNTIL,
	ALM_TERMS,
};

const char *alm_diff_term_name(enum alm_diff_term term);

/** Bits by number of a purpose or category of either bundle. */
struct alm_diff_mask {
	uint64_t bits[2];
};

/** Cells that change alike: every pair of `from` and `to` of two different
 * organisations, with every purpose and category.  Numbers ascend. */
struct alm_diff_block {
	enum alm_diff_change change;
	unsigned terms;                        /* that differ */
	const struct alm_bundle_basis *before; /* NULL: no such basis */
	const struct alm_bundle_basis *after;
	enum alm_level level_before; /* UNKNOWN: cannot be sent */
	enum alm_level level_after;
	struct alm_diff_mask purposes;
	struct alm_diff_mask categories;
	const uint32_t *from;
	uint32_t from_count;
	const uint32_t *to;
	uint32_t to_count;
	uint64_t cells;
};

struct alm_diff;

/** Takes each block as it is found; it is gone afterwards. */
typedef void alm_diff_fn(void *context, const struct alm_diff *diff,
	const struct alm_diff_block *block);

struct alm_diff_totals {
	uint64_t cells[ALM_DIFF_CHANGES];
	uint64_t blocks;
	size_t bases_added;
	size_t bases_removed;
	size_t bases_changed; /* in anything that the rule reads */
	size_t bases_judged;  /* those that a change can reach */
	size_t bases_left;    /* of too many sorts of pairs: not compared */
};

/**
 * Prepare to compare.  Borrows both bundles.
 * Errors: NOMEM.
 */
ALM_MUST_USE enum alm_err alm_diff_open(const struct alm_bundle *before,
	const struct alm_bundle *after, int64_t at_s,
	struct alm_diff **out_diff);
void alm_diff_close(struct alm_diff *diff);

/**
 * Compare all bases, by id.
 * Errors: NOMEM; then the totals are not whole.
 */
ALM_MUST_USE enum alm_err alm_diff_run(struct alm_diff *diff, alm_diff_fn *take,
	void *context, struct alm_diff_totals *out_totals);

/** Ids by number; numbers of both bundles' words, in byte order. */
const char *alm_diff_organisation(const struct alm_diff *diff, uint32_t number);
const char *alm_diff_purpose(const struct alm_diff *diff, unsigned number);
const char *alm_diff_category(const struct alm_diff *diff, unsigned number);

/**
 * The selectors of the block's basis that name only organisations of `items`
 * (all of them that may take part), and then the organisations left, as words
 * with spaces between; past `ids_max` organisations "and N more".
 * Gives NULL when memory is out; else the caller frees it.
 */
char *alm_diff_describe(struct alm_diff *diff,
	const struct alm_diff_block *block, bool is_recipient,
	uint32_t ids_max);

#endif /* ALM_BROKER_POLICY_DIFF_H */
