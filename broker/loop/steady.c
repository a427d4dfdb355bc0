#include "broker/loop/steady.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "broker/broker.h"
#include "broker/edge/clock.h"
#include "broker/edge/log.h"

/* Before this, the clock is plainly wrong: 2020-01-01. */
#define CLOCK_US_MIN (INT64_C(1577836800) * 1000000)
#define GAP_DAYS_MAX 31
#define DAY_US (INT64_C(86400) * 1000000)

static int64_t expected_us(const struct alm_steady *steady, int64_t boot_us)
{
	return steady->wall_us + (boot_us - steady->boot_us);
}

static void believe(struct alm_steady *steady, int64_t wall_us, int64_t boot_us)
{
	steady->wall_us = wall_us;
	steady->boot_us = boot_us;
	steady->off_us = 0;
}

enum alm_steady_news alm_steady_look(
	struct alm_steady *steady, int64_t wall_us, int64_t boot_us)
{
	int64_t off_us = wall_us - expected_us(steady, boot_us);
	bool was_off = steady->off_us != 0;

	if (steady->wall_us == 0 || llabs(off_us) <= ALM_STEADY_STEP_US_MAX) {
		believe(steady, wall_us, boot_us);
		return was_off ? ALM_STEADY_CAME_BACK : ALM_STEADY_SAME;
	}
	if (!was_off ||
		llabs(off_us - steady->off_us) > ALM_STEADY_STEP_US_MAX) {
		steady->off_us = off_us;
		steady->since_us = boot_us;
		steady->doubts++;
		return ALM_STEADY_DOUBTED;
	}
	if (boot_us - steady->since_us < ALM_STEADY_HOLD_US) {
		return ALM_STEADY_SAME;
	}
	steady->step_us = off_us;
	steady->steps++;
	believe(steady, wall_us, boot_us);
	return ALM_STEADY_BELIEVED;
}

int64_t alm_steady_us(
	const struct alm_steady *steady, int64_t wall_us, int64_t boot_us)
{
	int64_t believed_us = expected_us(steady, boot_us);

	return steady->wall_us == 0 || llabs(wall_us - believed_us) <=
					       ALM_STEADY_STEP_US_MAX
		       ? wall_us
		       : believed_us;
}

int64_t alm_broker_now_us(const struct alm_broker *broker)
{
	return alm_steady_us(
		&broker->steady, alm_clock_wall_us(), alm_clock_boot_us());
}

int64_t alm_broker_look_at_clock(struct alm_broker *broker)
{
	struct alm_steady *steady = &broker->steady;
	int64_t wall_us = alm_clock_wall_us();
	int64_t boot_us = alm_clock_boot_us();

	switch (alm_steady_look(steady, wall_us, boot_us)) {
	case ALM_STEADY_SAME:
		break;
	case ALM_STEADY_DOUBTED:
		alm_log(ALM_LOG_ERROR, "clock.doubted",
			"by=%+" PRId64 "s: the system's clock was set; it is "
			"not believed until it has stayed so for %d minutes",
			steady->off_us / 1000000,
			(int)(ALM_STEADY_HOLD_US / 60000000));
		break;
	case ALM_STEADY_CAME_BACK:
		alm_log(ALM_LOG_NOTICE, "clock.good",
			"the system's clock is right again");
		break;
	case ALM_STEADY_BELIEVED:
		alm_log(ALM_LOG_WARNING, "clock.believed",
			"by=%+" PRId64 "s: the system's clock has stayed as "
			"it was set and is followed now",
			steady->step_us / 1000000);
		break;
	}
	return alm_steady_us(steady, wall_us, boot_us);
}

int64_t alm_broker_behind_us(const struct alm_broker *broker)
{
	int64_t behind_us = alm_store_last_time_us(broker->store) -
			    alm_broker_now_us(broker);

	return behind_us > 0 ? behind_us : 0;
}

enum alm_err alm_broker_check_clock(
	struct alm_broker *broker, struct alm_problem *problem)
{
	int64_t now_us = alm_broker_look_at_clock(broker);
	int64_t last_us = alm_store_last_time_us(broker->store);
	int64_t behind_max_us = broker->settings.clock_behind_max_s * 1000000;

	if (now_us < CLOCK_US_MIN) {
		return alm_problem_set(problem, ALM_CLOCK, "it is before 2020");
	}
	if (now_us < last_us - behind_max_us) {
		return alm_problem_set(problem, ALM_CLOCK,
			"%" PRId64 " s before the log's last record; when it "
			"is right, raise clock-behind-max",
			(last_us - now_us) / 1000000);
	}
	if (now_us < last_us - ALM_STEADY_STEP_US_MAX) {
		alm_log(ALM_LOG_WARNING, "clock.behind",
			"by=%" PRId64 "s: records bear the time of the last "
			"one until the clock has passed it",
			(last_us - now_us) / 1000000);
	} else if (last_us > 0 && now_us - last_us > GAP_DAYS_MAX * DAY_US) {
		alm_log(ALM_LOG_WARNING, "clock.gap",
			"days=%" PRId64 ": so long nothing was recorded; is "
			"the clock right?",
			(now_us - last_us) / DAY_US);
	}
	return ALM_OK;
}

void alm_broker_clock_words(
	const struct alm_broker *broker, char out[ALM_STEADY_WORDS_BYTES])
{
	int64_t behind_us = alm_broker_behind_us(broker);

	if (broker->steady.off_us != 0) {
		(void)snprintf(out, ALM_STEADY_WORDS_BYTES,
			"was set by %+" PRId64 " s, which is not believed yet",
			broker->steady.off_us / 1000000);
	} else if (behind_us > ALM_STEADY_STEP_US_MAX) {
		(void)snprintf(out, ALM_STEADY_WORDS_BYTES,
			"%" PRId64 " s behind the last record",
			behind_us / 1000000);
	} else {
		(void)snprintf(out, ALM_STEADY_WORDS_BYTES, "good");
	}
}
