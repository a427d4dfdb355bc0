/*
 * lane.h - one organisation's way into the broker: the frames that wait their
 * turn, what it has taken of the turn, and what is left of its quota.  It is
 * part of the organisation's mailbox; broker/fair.c alone changes it.
 */
#ifndef ALM_BROKER_LANE_H
#define ALM_BROKER_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct alm_edge_kept;

struct alm_lane {
	const char *organisation;      /* NULL: of who said no hello */
	struct alm_lane *next_waiting; /* of those with frames that wait */
	struct alm_edge_kept *first;   /* frames that wait, oldest first */
	struct alm_edge_kept *last;
	size_t kept_count;
	size_t kept_bytes;
	uint64_t turn;       /* of `taken` */
	uint32_t taken;      /* units of that turn */
	int64_t taken_bytes; /* the same, in bytes of frames */
	uint32_t era;        /* in which it last sent a message */
	int64_t filled_ms;   /* monotonic, when the quota was filled; 0: new */
	int64_t messages_left; /* may be below 0 by one frame */
	int64_t bytes_left;
	struct alm_lane *next_noisy; /* of those with faults not yet recorded */
	bool is_noisy;
	int64_t fault_at_ms; /* monotonic, of the last fault recorded */
	uint64_t faults;     /* since then */
};

#endif /* ALM_BROKER_LANE_H */
