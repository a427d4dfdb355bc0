/*
 * who.h - who may receive what from whom, by which basis and at which level:
 * the rule asked about every recipient, of a person of whom all is known that
 * a basis may want.  Pure.
 */
#ifndef ALM_BROKER_POLICY_WHO_H
#define ALM_BROKER_POLICY_WHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/core/bundle.h"
#include "broker/core/decide.h"
#include "lib/err.h"

struct alm_who_question {
	const struct alm_bundle *bundle;     /* loaded */
	const struct alm_snapshot *snapshot; /* compiled of it */
	const char *from;
	const char *purpose;
	const char *category; /* one with narrower ones stands for these */
	int64_t t_s;
};

/** One way in which something may go; valid during the call. */
struct alm_who_answer {
	const struct alm_bundle_organisation *recipient;
	const char *category;
	const char *basis;
	bool must_name_basis; /* because several fit */
	enum alm_level level; /* the highest at which it goes */
	/* What the basis wants of the person: */
	bool needs_relationship;
	bool needs_consent;
	bool needs_opt_out_clear;
	uint32_t smallest_group; /* 0: none */
	struct alm_ids obligations;
};

/** Takes one answer. */
typedef void alm_who_fn(void *context, const struct alm_who_answer *answer);

/**
 * Call `take` for each recipient, category and basis, in the order of the
 * bundle's organisations, then of categories, then of ids of bases.
 *
 * Errors: NOT_FOUND (`problem` names the word and the nearest one), NOMEM.
 */
ALM_MUST_USE enum alm_err alm_who_find(const struct alm_who_question *question,
	alm_who_fn *take, void *context, struct alm_problem *problem);

#endif /* ALM_BROKER_POLICY_WHO_H */
