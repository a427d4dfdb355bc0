/*
 * walk.h - the records of a run that a question may be about: those whose
 * terms are all that it asks for, and those that could not be read.
 */
#ifndef ALM_BROKER_STORE_INDEX_WALK_H
#define ALM_BROKER_STORE_INDEX_WALK_H

#include "broker/store/index/run.h"
#include "lib/arena.h"

/* What a look at a record costs, in steps of a walk; and a block. */
#define ALM_WORK_RECORD 16u
#define ALM_WORK_BLOCK 64u

/** One condition, and the blocks where it was last looked for. */
struct alm_walk_term {
	struct alm_term_choice choice;
	struct alm_run_block *blocks[2]; /* the second, if there is a choice */
};

struct alm_walk {
	struct alm_walk_term terms[ALM_TERMS_MAX];
	size_t term_count; /* 0: the index does not help */
	struct alm_run_block *unreadable;
	const struct alm_run *run;
	bool is_downwards;
	uint64_t work_left; /* in steps */
};

/** Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_walk_init(struct alm_walk *walk,
	const struct alm_term_key *key, const struct alm_audit_filter *filter,
	bool is_downwards, struct alm_arena *arena);

/** Look in this run from now on. */
void alm_walk_enter(struct alm_walk *walk, const struct alm_run *run);

/**
 * The first place from `place` on, itself included, in the walk's direction.
 * Out:     out_place     it; or where to go on, when the work is done
 *          out_is_found  whether it is one
 * Errors:  NOT_FOUND: no more in this run; STORE_CORRUPT, STORE_IO
 */
ALM_MUST_USE enum alm_err alm_walk_next(struct alm_walk *walk, uint64_t place,
	uint64_t *out_place, bool *out_is_found);

#endif /* ALM_BROKER_STORE_INDEX_WALK_H */
