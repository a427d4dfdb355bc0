/*
 * What the turns were measured to cost, and what one hands over while it is
 * shared.
 */
#include "broker/edge/clock.h"
#include "broker/loop/fair.h"
#include "broker/loop/stage.h"

#define UNITS_MIN 8u
#define SMOOTHING 0.1
/* Messages that are each signed alone cost several times as much: whoever
 * begins with them shall not have long turns for long. */
#define SMOOTHING_UP 0.5
/* What is refused costs less than this, and need not be refused faster than it
 * is; what is taken after it costs more. */
#define UNIT_US_MIN 5.0
#define HAND_OVERS_MIN 32u
#define PARTS_MIN 1u

void alm_fair_worked(struct alm_turn *turn)
{
	struct alm_fair *fair = &turn->broker->fair;
	double unit_us;

	if (fair->begun_us == 0 || fair->turn_units < UNITS_MIN) {
		return;
	}
	unit_us = (double)(alm_clock_thread_us() - fair->begun_us) /
		  fair->turn_units;
	fair->unit_us += (unit_us > fair->unit_us ? SMOOTHING_UP : SMOOTHING) *
			 (unit_us - fair->unit_us);
	if (fair->unit_us < UNIT_US_MIN) {
		fair->unit_us = UNIT_US_MIN;
	}
}

/* How many frames the next turn should take, if its commit takes as long. */
static size_t frames_worth(int64_t commit_us)
{
	uint64_t frames = ALM_TURN_FRAMES_QUICK * (uint64_t)commit_us / 1000;

	if (frames < ALM_TURN_FRAMES_QUICK) {
		return ALM_TURN_FRAMES_QUICK;
	}
	return frames < ALM_TURN_FRAMES_MAX ? (size_t)frames
					    : ALM_TURN_FRAMES_MAX;
}

void alm_fair_committed(struct alm_turn *turn, int64_t commit_us)
{
	struct alm_fair *fair = &turn->broker->fair;

	fair->commit_us += SMOOTHING * ((double)commit_us - fair->commit_us);
	turn->broker->frames_max = frames_worth(commit_us);
}

size_t alm_fair_hand_overs(const struct alm_fair *fair)
{
	size_t count = fair->units + (size_t)fair->units / 2;

	if (!fair->is_shared) {
		return ALM_TURN_HAND_OVERS_MAX;
	}
	return count < HAND_OVERS_MIN ? HAND_OVERS_MIN : count;
}

size_t alm_fair_pass(const struct alm_fair *fair, size_t otherwise)
{
	return fair->is_shared ? ALM_QUEUE_LIST_MAX : otherwise;
}

unsigned alm_fair_parts(const struct alm_fair *fair)
{
	return fair->is_shared ? PARTS_MIN : ALM_TURN_PARTS_OUT_MAX;
}
