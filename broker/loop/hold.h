/*
 * hold.h - acknowledgements that come alone wait a moment for the next
 * message.  A turn of their own would cost as much as its, and it would come
 * in the middle of it.  Loop thread only.
 */
#ifndef ALM_BROKER_LOOP_HOLD_H
#define ALM_BROKER_LOOP_HOLD_H

#include <stdbool.h>
#include <stdint.h>

struct alm_turn;

struct alm_hold {
	int64_t other_us; /* when something else came last; monotonic */
	double every_us;  /* and how often it does */
};

/** How long at most; a poll knows nothing shorter. */
#define ALM_HOLD_MS 1

/** Whether what a turn has received can wait: a few acknowledgements, of
 * agents that may be given more mail before, while messages come so often that
 * one is expected within that time. */
bool alm_hold_is_worth(struct alm_turn *turn);

/** Something came while they waited. */
void alm_hold_note_other(struct alm_hold *hold);

#endif /* ALM_BROKER_LOOP_HOLD_H */
