/*
 * sums.h - the digests of sends, made for several of a turn's requests at once,
 * as that costs less.  Loop thread only.
 */
#ifndef ALM_BROKER_LOOP_SUMS_H
#define ALM_BROKER_LOOP_SUMS_H

#include "broker/auth/signature.h"
#include "broker/loop/stage.h"

/** Of the requests that were looked at last; those before and behind are not
 * there.  Clear at the beginning of a turn. */
struct alm_sums {
	size_t count;
	size_t next; /* likely to be asked for next */
	const struct alm_turn_request *requests[ALM_SUMMINGS_MAX];
	struct alm_summing summings[ALM_SUMMINGS_MAX];
};

/**
 * The digests of a request's send; of those that come after it as well, for
 * the next calls.
 * In:      send  as it came, or unpacked, which is hashed by itself in `own`
 * Gives:   the sums, good until the next call
 */
const struct alm_send_sums *alm_turn_sums(struct alm_turn *turn,
	const struct alm_turn_request *request, const struct alm_send *send,
	struct alm_summing *own);

#endif /* ALM_BROKER_LOOP_SUMS_H */
