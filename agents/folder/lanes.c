#include "agents/folder/lanes.h"

#include <stddef.h>

#define WAIT_MS_MIN 5000
#define WAIT_MS_MAX 600000
#define DOUBLINGS_MAX 7u
/* So many in a row: there is room again. */
#define ALLOWED_MAX 512u

uint32_t alm_lane_of(const char *recipient)
{
	uint32_t hash = UINT32_C(2166136261);

	if (recipient == NULL || recipient[0] == '\0') {
		return ALM_LANE_NONE;
	}
	for (const char *at = recipient; *at != '\0'; at++) {
		hash = (hash ^ (uint8_t)*at) * UINT32_C(16777619);
	}
	return hash % ALM_LANES;
}

void alm_lanes_look(struct alm_lanes *lanes)
{
	for (size_t i = 0; i <= ALM_LANES; i++) {
		lanes->items[i].is_held = false;
	}
}

void alm_lanes_hold(struct alm_lanes *lanes, uint32_t lane)
{
	if (lane <= ALM_LANE_OF_BROKER) {
		lanes->items[lane].is_held = true;
	}
}

static bool is_free(const struct alm_lanes *lanes, uint32_t lane)
{
	const struct alm_lane *one = &lanes->items[lane];

	return !one->is_held &&
	       (one->allowed == 0 || one->in_flight < one->allowed);
}

bool alm_lanes_is_free(const struct alm_lanes *lanes, uint32_t lane)
{
	return is_free(lanes, ALM_LANE_OF_BROKER) &&
	       (lane == ALM_LANE_NONE || is_free(lanes, lane));
}

void alm_lanes_started(struct alm_lanes *lanes, uint32_t lane)
{
	lanes->items[ALM_LANE_OF_BROKER].in_flight++;
	if (lane != ALM_LANE_NONE) {
		lanes->items[lane].in_flight++;
	}
}

static void end(struct alm_lane *lane, bool is_accepted)
{
	if (lane->in_flight > 0) {
		lane->in_flight--;
	}
	if (!is_accepted || lane->allowed == 0) {
		return;
	}
	lane->tries = 0;
	lane->due_ms = 0;
	lane->allowed = lane->allowed < ALLOWED_MAX ? lane->allowed + 1 : 0;
}

void alm_lanes_ended(struct alm_lanes *lanes, uint32_t lane, bool is_accepted)
{
	end(&lanes->items[ALM_LANE_OF_BROKER], is_accepted);
	if (lane != ALM_LANE_NONE) {
		end(&lanes->items[lane], is_accepted);
	}
}

void alm_lanes_refused(struct alm_lanes *lanes, uint32_t lane,
	uint32_t least_ms, int64_t now_ms)
{
	struct alm_lane *one = &lanes->items[lane];
	unsigned shift =
		one->tries < DOUBLINGS_MAX ? one->tries : DOUBLINGS_MAX;
	int64_t wait_ms = (int64_t)WAIT_MS_MIN << shift;

	one->allowed = 1;
	one->is_held = true;
	if (one->due_ms > now_ms) {
		return; /* one of those that were on their way together */
	}
	wait_ms = wait_ms < least_ms ? least_ms : wait_ms;
	one->tries++;
	one->due_ms = now_ms + (wait_ms < WAIT_MS_MAX ? wait_ms : WAIT_MS_MAX);
}
