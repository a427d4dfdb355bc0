/*
 * decide.h - the decision rule (docs/POLICY.md sections 4 and 5).
 *
 * Pure: no clock, no I/O, no allocation, no global state.  Any thread, each
 * with its own scratch.
 */
#ifndef ALM_BROKER_CORE_DECIDE_H
#define ALM_BROKER_CORE_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/core/person.h"
#include "broker/core/request.h"
#include "broker/core/snapshot.h"
#include "lib/limits.h"

#define ALM_OPT_OUT_AGE_DEFAULT_S INT64_C(604800) /* 168 h */

enum alm_effect {
	ALM_EFFECT_PERMIT = 1,
	ALM_EFFECT_TRANSFORM = 2,
	ALM_EFFECT_DENY = 3,
};

/** What stands around a decision besides request and person. */
struct alm_world {
	const struct alm_snapshot *snapshot; /* NULL: no bundle, reason 190 */
	uint64_t epoch;
	uint64_t seq;
	int64_t opt_out_age_max_s;
};

/** A borrowed, sorted list of ids. */
struct alm_ids {
	const char *const *items;
	size_t count;
};

/**
 * The answer, field for field as section 5.  Lists point into the scratch,
 * the snapshot and the person's records: valid until the next decision with
 * the same scratch.
 */
struct alm_decision {
	enum alm_effect effect;
	unsigned code; /* 0 permit, 1 transform, else the first blocker */
	size_t reason_count;
	const char *basis;   /* NULL: null */
	const char *nearest; /* NULL: null */
	struct alm_ids candidates;
	struct alm_ids release;
	struct alm_ids redact;
	bool strips_location;
	enum alm_level level;    /* ALM_LEVEL_UNKNOWN: null */
	uint32_t smallest_group; /* 0: null */
	struct alm_ids obligations;
	struct alm_ids directives;
	struct alm_ids prohibitions;
	struct alm_ids lifts;
	uint64_t epoch;
	uint64_t seq;
	/* Not part of the answer, for its users: */
	bool is_care; /* the purpose is of class care: a refusal is loud */
	/* As many as there are; ascending, no duplicates.  Last, because the
	 * others are left as they were. */
	uint16_t reasons[ALM_REASONS_MAX];
};

struct alm_scratch;

/**
 * Memory for decisions under `snapshot` (or NULL) and persons of at most
 * `ALM_PERSON_RECORDS_MAX` records.  NULL when memory is out.
 */
struct alm_scratch *alm_scratch_new(const struct alm_snapshot *snapshot);
void alm_scratch_free(struct alm_scratch *scratch);

/**
 * Decide.  Total: whatever cannot be evaluated is a denial.
 *
 * In:  world    its snapshot is the one that `scratch` was made for
 *      person   NULL: nothing is known, or nobody is concerned
 *      t_s      the instant of the decision
 * Out: out      always written
 */
void alm_decide(const struct alm_world *world, const struct alm_person *person,
	const struct alm_request *request, int64_t t_s,
	struct alm_scratch *scratch, struct alm_decision *out);

/** The record of a list that counts at `t_s` (docs/POLICY.md section 2), or
 * NULL. */
const struct alm_opt_out *alm_opt_out_counting(const struct alm_opt_out *all,
	size_t count, enum alm_opt_out_list list, int64_t t_s);

#endif /* ALM_BROKER_CORE_DECIDE_H */
