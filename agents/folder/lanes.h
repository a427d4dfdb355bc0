/*
 * lanes.h - who waits for room behind whom.  A message that a full mailbox has
 * refused is not overtaken by what the outbox has for the same recipient: that
 * waits, and goes again one by one at first, then more at a time.  Another
 * lane is that of a broker that is full.  Pure.
 */
#ifndef ALM_AGENTS_FOLDER_LANES_H
#define ALM_AGENTS_FOLDER_LANES_H

#include <stdbool.h>
#include <stdint.h>

/* Recipients share some: then they wait together. */
#define ALM_LANES 1024u
#define ALM_LANE_OF_BROKER ALM_LANES
#define ALM_LANE_NONE (ALM_LANES + 1)

struct alm_lane {
	bool is_held; /* somebody before waits; until the next look */
	unsigned tries;
	uint32_t allowed; /* at a time; 0: as many as there are */
	uint32_t in_flight;
	int64_t due_ms; /* who waits for room is tried again */
};

/** Zeroed is free. */
struct alm_lanes {
	struct alm_lane items[ALM_LANES + 1];
};

/** The lane of a recipient; of none, or of several: ALM_LANE_NONE. */
uint32_t alm_lane_of(const char *recipient);

/** Look at the entries anew, from the first. */
void alm_lanes_look(struct alm_lanes *lanes);

/** What comes behind in this lane waits, until the next look. */
void alm_lanes_hold(struct alm_lanes *lanes, uint32_t lane);

/** Whether it may go. */
bool alm_lanes_is_free(const struct alm_lanes *lanes, uint32_t lane);

/** It has gone, or its way has ended; OK: accepted. */
void alm_lanes_started(struct alm_lanes *lanes, uint32_t lane);
void alm_lanes_ended(struct alm_lanes *lanes, uint32_t lane, bool is_accepted);

/** It was refused for want of room.  `least_ms`: what the broker asks for. */
void alm_lanes_refused(struct alm_lanes *lanes, uint32_t lane,
	uint32_t least_ms, int64_t now_ms);

#endif /* ALM_AGENTS_FOLDER_LANES_H */
