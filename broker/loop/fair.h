/*
 * fair.h - who gets how much of a turn.  While several organisations send,
 * each takes at most its share of a turn, however many connections it has; the
 * frames beyond, or what is beyond of a frame, wait in its lane and come in
 * turn.  Quotas hold frames back in
 * the same way.  Frames are refused only when a lane is full.
 *
 * The work of a shared turn is about half a commit long, so that whoever
 * sends little waits for little.  With one sender a turn is not shared, and as
 * much work as it has frames when each holds one message; another's message in
 * it makes the rest of it shared.
 * Loop thread only; never logs.
 */
#ifndef ALM_BROKER_LOOP_FAIR_H
#define ALM_BROKER_LOOP_FAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/loop/lane.h"
#include "lib/err.h"

struct alm_broker;
struct alm_edge_frame;
struct alm_session;
struct alm_turn;

struct alm_fair {
	struct alm_lane *first_waiting;
	struct alm_lane *last_waiting;
	size_t waiting_count; /* lanes */
	size_t kept_bytes;    /* of all lanes */
	uint32_t era;
	uint32_t senders; /* organisations that have sent in this era */
	uint32_t senders_before;
	bool is_shared;      /* more than one sends */
	uint32_t units;      /* that a shared turn takes of those who wait */
	uint32_t share;      /* that one organisation takes of it */
	uint32_t turn_units; /* taken in this turn */
	uint32_t surplus;    /* units of it that no lane has room for */
	const struct alm_lane *alone; /* who sends in a turn not shared */
	uint32_t alone_units;         /* that such a turn takes */
	int64_t shared_ms;            /* monotonic, the last one; 0: none */
	double unit_us;               /* what one was measured to cost */
	double commit_us;             /* and a commit */
	int64_t begun_us;             /* the thread's time, this turn's work */
	struct alm_lane other;        /* of faults of who has said no hello */
	struct alm_lane *noisy;
	uint64_t held_back;    /* frames that waited, since the start */
	uint64_t quota_waits;  /* turns in which one waited for its quota */
	uint64_t refused_over; /* records for which their asker waits */
};

void alm_fair_init(struct alm_fair *fair);
/** Drop the frames that wait; before the edge is closed. */
void alm_fair_fini(struct alm_broker *broker);

/** A turn begins: put the frames whose turn has come into it. */
void alm_fair_begin(struct alm_turn *turn, size_t *bytes);

/** Whether a frame that was just received belongs to this turn.  If not, it
 * waits in its lane, and its place may be used for another. */
bool alm_fair_admit(struct alm_turn *turn, struct alm_edge_frame *frame);

/** A frame of which a part was to be taken is not right: nothing of it is. */
void alm_fair_drop_rest(
	struct alm_turn *turn, const struct alm_edge_frame *frame);

/** The turn has no place for what frames from `first` on ask: they wait. */
void alm_fair_put_back(struct alm_turn *turn, size_t first);

/** The turn has enough, of work or of what it refuses: leave the rest where it
 * is. */
bool alm_fair_is_sated(const struct alm_broker *broker);

/** A message was taken of a session; `bytes` of message and payload. */
void alm_fair_note_send(
	struct alm_turn *turn, struct alm_session *session, size_t bytes);

/** A part of a payload was taken, of so many bytes. */
void alm_fair_note_part(
	struct alm_turn *turn, struct alm_session *session, size_t bytes);

/** It goes to so many: that many messages of its sender, and their work. */
void alm_fair_note_several(
	struct alm_turn *turn, struct alm_lane *lane, size_t recipient_count);

/** So many records were written of what it asked and did not get, or of its
 * questions: beyond what is let go it waits. */
void alm_fair_note_refused(
	struct alm_turn *turn, const char *organisation, uint64_t count);
/** The same of what a recipient has no room for now, which is no fault of the
 * sender's: ALM_REFUSALS_ROOM_TIMES as many are let go. */
void alm_fair_note_no_room(
	struct alm_turn *turn, const char *organisation, uint64_t count);

/** The turn's requests are carried out: see what they cost. */
void alm_fair_worked(struct alm_turn *turn);
/** It is committed, which took so long. */
void alm_fair_committed(struct alm_turn *turn, int64_t commit_us);

/** How much mail one turn hands over, and one mailbox in a pass. */
size_t alm_fair_hand_overs(const struct alm_fair *fair);
size_t alm_fair_pass(const struct alm_fair *fair, size_t otherwise);
/** How many parts of payloads. */
unsigned alm_fair_parts(const struct alm_fair *fair);

/** Whether frames wait; `*out_is_ready`: whose time has come. */
bool alm_fair_is_waiting(const struct alm_broker *broker, bool *out_is_ready);

#endif /* ALM_BROKER_LOOP_FAIR_H */
