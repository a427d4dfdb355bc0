/*
 * patience.h - a bound on waiting in which only time counts in which we ran:
 * while the whole machine stands still nobody is late.  Who waits comes back
 * within ALM_PATIENCE_STEP_MS to say how late it is; of a longer while between
 * two looks only twice as much counts.  Times are of any monotonic clock. Pure.
 */
#ifndef ALM_LIB_PATIENCE_H
#define ALM_LIB_PATIENCE_H

#include <stdint.h>

#define ALM_PATIENCE_STEP_MS 1000

struct alm_patience {
	int64_t left_ms;
	int64_t looked_ms;
};

static inline struct alm_patience alm_patience_of(int64_t ms, int64_t now_ms)
{
	return (struct alm_patience){ms, now_ms};
}

/** What counts of the time since `looked_ms`. */
static inline int64_t alm_patience_spent(int64_t looked_ms, int64_t now_ms)
{
	int64_t since_ms = now_ms - looked_ms;

	return since_ms < 2 * ALM_PATIENCE_STEP_MS ? since_ms
						   : 2 * ALM_PATIENCE_STEP_MS;
}

/** Look at the clock: how long to wait until the next look; 0: it is over. */
static inline int alm_patience_step(
	struct alm_patience *patience, int64_t now_ms)
{
	patience->left_ms -= alm_patience_spent(patience->looked_ms, now_ms);
	patience->looked_ms = now_ms;
	if (patience->left_ms <= 0) {
		return 0;
	}
	return patience->left_ms < ALM_PATIENCE_STEP_MS ? (int)patience->left_ms
							: ALM_PATIENCE_STEP_MS;
}

#endif /* ALM_LIB_PATIENCE_H */
