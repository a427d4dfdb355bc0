/*
 * past.h - the world as it stood at an instant: the policy in force then, and
 * what had been recorded about people by then.
 *
 * Two clocks: when something was recorded, which this is about, and when it
 * holds, which the instant of a request is about.  Both are given.
 */
#ifndef ALM_BROKER_RULES_PAST_H
#define ALM_BROKER_RULES_PAST_H

#include "broker/core/decide.h"
#include "broker/store/store.h"
#include "lib/arena.h"

struct alm_broker;

/** An earlier epoch, compiled; kept for the next question.  Zeroed: none. */
struct alm_past {
	uint64_t epoch;
	struct alm_snapshot *snapshot;
	struct alm_scratch *scratch;
};

void alm_past_fini(struct alm_past *past);

/**
 * Out:     out_world    with snapshot, epoch and people sequence of then
 *          out_scratch  of that snapshot; borrowed
 * Errors:  NOT_FOUND (no policy was active), STORE_CORRUPT, NOMEM, those of
 *          the policy's sources
 */
ALM_MUST_USE enum alm_err alm_past_world(struct alm_broker *broker,
	int64_t at_s, struct alm_arena *arena, struct alm_world *out_world,
	struct alm_scratch **out_scratch);

/** Leave out of `person` what was recorded after `at_s`.
 * Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_past_person(
	struct alm_person *person, int64_t at_s, struct alm_arena *arena);

#endif /* ALM_BROKER_RULES_PAST_H */
