/*
 * lane.h - one organisation's way into the broker: the frames that wait their
 * turn, what it has taken of the turn, and what is left of its quota.  It is
 * part of the organisation's mailbox; but for its own quota, which is a
 * setting, the files of fair.h alone change it.
 */
#ifndef ALM_BROKER_LOOP_LANE_H
#define ALM_BROKER_LOOP_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/loop/quota.h"

struct alm_edge_kept;

struct alm_lane {
	const char *organisation;      /* NULL: of who said no hello */
	struct alm_lane *next_waiting; /* of those with frames that wait */
	struct alm_edge_kept *first;   /* frames that wait, oldest first */
	struct alm_edge_kept *last;
	size_t kept_count;
	size_t kept_bytes;
	bool is_waiting;         /* among those with frames that wait */
	uint64_t turn;           /* of `taken` */
	uint32_t taken;          /* units of that turn */
	uint32_t era;            /* in which it last sent a message */
	uint64_t messages_per_s; /* its own quota; 0: that of all */
	uint64_t bytes_per_s;    /* in the same way */
	struct alm_quota messages;
	struct alm_quota bytes;
	int64_t refused_us; /* monotonic: refusals are paid for up to then */
	struct alm_lane *next_noisy; /* of those with faults not yet recorded */
	bool is_noisy;
	int64_t fault_at_ms; /* monotonic, of the last fault recorded */
	uint64_t faults;     /* since then */
};

#endif /* ALM_BROKER_LOOP_LANE_H */
