#include "agents/folder/skew.h"

#include <string.h>

#include "agents/folder/log.h"
#include "lib/id.h"
#include "lib/limits.h"

/* What the way to the broker and back may add to what is seen here. */
#define WAY_MS 5000
#define SURE_MS (ALM_CLOCK_SKEW_MS_MAX - WAY_MS)

static int64_t apart_ms(const struct alm_skew *skew)
{
	return skew->ahead_ms < 0 ? -skew->ahead_ms : skew->ahead_ms;
}

static void begin(struct alm_skew *skew)
{
	struct alm_problem problem = {0};

	if (skew->is_on) {
		return;
	}
	skew->is_on = true;
	(void)alm_problem_set(&problem, ALM_CLOCK_SKEW,
		"this machine's clock is %lld s %s the broker's: nothing is "
		"sent until they agree",
		(long long)(apart_ms(skew) + 500) / 1000,
		skew->ahead_ms > 0 ? "behind" : "ahead of");
	alm_log_problem(ALM_CLOCK_SKEW, "outbox", problem.detail);
}

bool alm_skew_see(struct alm_skew *skew, int64_t ahead_ms)
{
	skew->ahead_ms = ahead_ms;
	if (apart_ms(skew) > ALM_CLOCK_SKEW_MS_MAX) {
		begin(skew);
	} else if (skew->is_on && apart_ms(skew) <= SURE_MS) {
		skew->is_on = false;
		alm_log_note("outbox", "the clocks agree again");
		return true;
	}
	return false;
}

bool alm_skew_refused(struct alm_skew *skew)
{
	if (apart_ms(skew) > SURE_MS) {
		begin(skew);
	}
	return skew->is_on;
}

bool alm_skew_is_ahead(
	const struct alm_skew *skew, const uint8_t id[16], int64_t wall_ms)
{
	struct alm_message_id made;

	memcpy(made.raw, id, sizeof(made.raw));
	return alm_message_id_ms(&made) - wall_ms - skew->ahead_ms > SURE_MS;
}
