/*
 * steady.h - the broker's time of day.  The system's clock may be set to
 * something else at any moment, by a fault more often than on purpose, and
 * mail would expire, keys end and the log be dated by it, for good.  So a step
 * is not believed until it has lasted: until then time goes on from what was
 * believed before, by the clock that counts since boot.
 */
#ifndef ALM_BROKER_LOOP_STEADY_H
#define ALM_BROKER_LOOP_STEADY_H

#include <stdint.h>

#include "lib/err.h"

struct alm_broker;

/* What the two clocks may differ by between two looks, as when NTP sets one. */
#define ALM_STEADY_STEP_US_MAX (INT64_C(120) * 1000000)
#define ALM_STEADY_HOLD_US (INT64_C(600) * 1000000)

/** All zero at the start: the first look is believed. */
struct alm_steady {
	int64_t wall_us; /* believed, ... */
	int64_t boot_us; /* ... when the other clock said this */
	int64_t off_us; /* what the system's clock says more; 0: not in doubt */
	int64_t since_us; /* by the other clock, since when */
	int64_t step_us;  /* the last one that was believed */
	uint64_t doubts;
	uint64_t steps; /* of these, believed in the end */
};

enum alm_steady_news {
	ALM_STEADY_SAME,
	ALM_STEADY_DOUBTED,   /* it was set, perhaps again */
	ALM_STEADY_CAME_BACK, /* it says what is believed */
	ALM_STEADY_BELIEVED,  /* it has stayed so */
};

/** Look at both clocks. */
enum alm_steady_news alm_steady_look(
	struct alm_steady *steady, int64_t wall_us, int64_t boot_us);

/** What is believed, given both clocks. */
int64_t alm_steady_us(
	const struct alm_steady *steady, int64_t wall_us, int64_t boot_us);

/** Look at the clocks, tell what is new, and give the time. */
int64_t alm_broker_look_at_clock(struct alm_broker *broker);

/** The time, without looking whether the clock was set. */
int64_t alm_broker_now_us(const struct alm_broker *broker);

/** By how much the log's last record is later than now; 0: it is not. */
int64_t alm_broker_behind_us(const struct alm_broker *broker);

/**
 * Before the first turn: a clock that is plainly wrong is refused, one that
 * leaves a gap in the log is told of.  Errors: CLOCK.
 */
ALM_MUST_USE enum alm_err alm_broker_check_clock(
	struct alm_broker *broker, struct alm_problem *problem);

/** For `status`: "good", or what is wrong; NUL-terminated. */
#define ALM_STEADY_WORDS_BYTES 96u
void alm_broker_clock_words(
	const struct alm_broker *broker, char out[ALM_STEADY_WORDS_BYTES]);

#endif /* ALM_BROKER_LOOP_STEADY_H */
