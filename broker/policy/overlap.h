/*
 * overlap.h - pairs of bases under which the same message could be sent, so
 * that it would have to name one (308).  Private to broker/policy.
 */
#ifndef ALM_BROKER_POLICY_OVERLAP_H
#define ALM_BROKER_POLICY_OVERLAP_H

#include "broker/policy/reach.h"

#define ALM_OVERLAPS_MAX ((size_t)1 << 18)

struct alm_overlap {
	uint32_t first; /* positions of bases; first < second */
	uint32_t second;
};

struct alm_overlaps {
	const struct alm_overlap
		*items; /* by second, then first; in the arena */
	size_t count;
	bool is_partial; /* a limit was met, or the arena is full */
};

/**
 * Find them all, within limits of memory and work.
 *
 * In:  reaches  of every basis; with no purposes, it is passed over
 *      now_s    what ended before is passed over
 */
void alm_overlaps_find(struct alm_reaches *r, const struct alm_reach *reaches,
	int64_t now_s, struct alm_overlaps *out);

/** Whether basis `a` covers all that `b` does, at the same or a higher level.
 */
bool alm_overlap_is_shadow(struct alm_reaches *r,
	const struct alm_reach *reaches, uint32_t a, uint32_t b);

#endif /* ALM_BROKER_POLICY_OVERLAP_H */
