/*
 * quota.h - how much one organisation may send: what a second allows is the
 * most that gathers, and what was sent beyond is a debt that is paid before
 * anything more is taken.  Pure: the caller brings the time.
 */
#ifndef ALM_BROKER_LOOP_QUOTA_H
#define ALM_BROKER_LOOP_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

/** Of messages, or of bytes.  Zeroed: never filled. */
struct alm_quota {
	int64_t left_milli; /* thousandths; below 0: a debt */
	int64_t taken;      /* in this turn, of what was not yet spent */
	int64_t filled_ms;  /* monotonic; 0: never */
};

/** A turn begins: what the time since the last brought is there, and nothing
 * was taken.  `per_second` is 1 to 2^40. */
void alm_quota_begin(
	struct alm_quota *quota, uint64_t per_second, int64_t now_ms);

/** What may still be taken in this turn: 0 or less is none. */
static inline int64_t alm_quota_left(const struct alm_quota *quota)
{
	return quota->left_milli / 1000 - quota->taken;
}

/** Whether the next turn has to wait for more, whatever this one took. */
static inline bool alm_quota_is_spent(const struct alm_quota *quota)
{
	return quota->left_milli < 1000;
}

/** It was put into the turn; whether it costs anything is seen when it is
 * carried out. */
static inline void alm_quota_take(struct alm_quota *quota, int64_t count)
{
	quota->taken += count;
}

/** It was carried out. */
static inline void alm_quota_spend(struct alm_quota *quota, int64_t count)
{
	quota->left_milli -= count * 1000;
}

#endif /* ALM_BROKER_LOOP_QUOTA_H */
