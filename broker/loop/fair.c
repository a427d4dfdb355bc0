/*
 * ROUTER takes frames from its connections in turn, so an organisation with
 * many connections would get as much more.  What is shared here is the turn,
 * by organisation, in units of about a kilobyte.
 */
#include "broker/loop/fair.h"

#include "broker/auth/zap.h"
#include "broker/edge/clock.h"
#include "broker/loop/session.h"
#include "broker/loop/stage.h"
#include "broker/loop/weigh.h"

#define ERA_MS 512
/* The work of a shared turn is half as long as a commit, within these. */
#define WORK_US_MIN 300.0
#define WORK_US_MAX 1500.0
#define UNIT_US_FIRST 12.0
#define UNITS_MIN 8u
#define SHARE_MIN 4u
/* So long after a turn was shared, whoever sends rarely is reckoned with. */
#define RARE_MS (10LL * 60 * 1000)
#define SURPLUS_MAX 2048u /* units that one turn refuses */

void alm_fair_init(struct alm_fair *fair)
{
	fair->unit_us = UNIT_US_FIRST;
	fair->commit_us = WORK_US_MIN;
	fair->units = ALM_TURN_FRAMES_QUICK;
	fair->share = ALM_TURN_FRAMES_QUICK;
}

/* What comes before hello is of the organisation whose key opened the
 * connection.  NULL: of nobody, and refused unread; or memory is out. */
static struct alm_lane *lane_of(
	const struct alm_turn *turn, const struct alm_edge_frame *frame)
{
	struct alm_broker *broker = turn->broker;
	struct alm_session *session =
		alm_sessions_find(broker->sessions, frame->peer);
	struct alm_mailbox *mailbox = session == NULL ? NULL : session->mailbox;
	struct alm_user user;

	if (session == NULL) {
		user = alm_user_from_id(broker->keyring, frame->user_id);
		mailbox = user.agent == NULL
				  ? NULL
				  : alm_mailboxes_get(broker->mailboxes,
					    user.agent->organisation);
	}
	return mailbox == NULL ? NULL : &mailbox->lane;
}

/* --- quotas and shares --------------------------------------------------- */

static bool has_quota(const struct alm_lane *lane)
{
	return alm_quota_left(&lane->messages) > 0 &&
	       alm_quota_left(&lane->bytes) > 0;
}

/* How many units of this turn are left to an organisation. */
static uint32_t room_of(const struct alm_turn *turn, struct alm_lane *lane)
{
	const struct alm_settings *settings = &turn->broker->settings;
	const struct alm_fair *fair = &turn->broker->fair;

	if (lane->turn != turn->number) {
		lane->turn = turn->number;
		lane->taken = 0;
		alm_quota_begin(&lane->messages,
			lane->messages_per_s != 0
				? lane->messages_per_s
				: settings->organisation_messages_per_s,
			turn->monotonic_ms);
		alm_quota_begin(&lane->bytes,
			lane->bytes_per_s != 0
				? lane->bytes_per_s
				: settings->organisation_bytes_per_s,
			turn->monotonic_ms);
	}
	if (!has_quota(lane)) {
		return 0;
	}
	if (!fair->is_shared) {
		return fair->turn_units < fair->alone_units || lane->taken == 0
			       ? UINT32_MAX
			       : 0;
	}
	return lane->taken < fair->share ? fair->share - lane->taken : 0;
}

/* --- frames that wait ---------------------------------------------------- */

static void push_waiting(struct alm_fair *fair, struct alm_lane *lane)
{
	if (lane->is_waiting) {
		return;
	}
	lane->is_waiting = true;
	lane->next_waiting = NULL;
	if (fair->last_waiting == NULL) {
		fair->first_waiting = lane;
	} else {
		fair->last_waiting->next_waiting = lane;
	}
	fair->last_waiting = lane;
	fair->waiting_count++;
}

static struct alm_lane *pop_waiting(struct alm_fair *fair)
{
	struct alm_lane *lane = fair->first_waiting;

	fair->first_waiting = lane->next_waiting;
	if (fair->first_waiting == NULL) {
		fair->last_waiting = NULL;
	}
	fair->waiting_count--;
	lane->is_waiting = false;
	return lane;
}

/* The oldest frame of a lane, which has one. */
static struct alm_edge_kept *pop_kept(
	struct alm_fair *fair, struct alm_lane *lane)
{
	struct alm_edge_kept *kept = lane->first;

	lane->first = kept->next;
	if (lane->first == NULL) {
		lane->last = NULL;
	}
	lane->kept_count--;
	lane->kept_bytes -= kept->frame.bytes.bytes;
	fair->kept_bytes -= kept->frame.bytes.bytes;
	return kept;
}

static void push_kept(struct alm_fair *fair, struct alm_lane *lane,
	struct alm_edge_kept *kept, bool is_first)
{
	if (lane->first == NULL) {
		lane->first = kept;
		lane->last = kept;
		push_waiting(fair, lane);
	} else if (is_first) {
		kept->next = lane->first;
		lane->first = kept;
	} else {
		lane->last->next = kept;
		lane->last = kept;
	}
	lane->kept_count++;
	lane->kept_bytes += kept->frame.bytes.bytes;
	fair->kept_bytes += kept->frame.bytes.bytes;
	fair->held_back++;
}

static bool is_lane_full(const struct alm_broker *broker,
	const struct alm_lane *lane, size_t bytes)
{
	const struct alm_fair *fair = &broker->fair;

	return lane->kept_count >= ALM_LANE_FRAMES_MAX ||
	       lane->kept_bytes + bytes >
		       broker->settings.organisation_waiting_bytes ||
	       fair->kept_bytes + bytes > ALM_LANES_BYTES_MAX;
}

void alm_fair_fini(struct alm_broker *broker)
{
	struct alm_fair *fair = &broker->fair;

	while (fair->first_waiting != NULL) {
		struct alm_lane *lane = pop_waiting(fair);

		while (lane->first != NULL) {
			struct alm_edge_kept *kept = pop_kept(fair, lane);

			alm_edge_drop_kept(&kept);
		}
	}
}

/* --- the turn ------------------------------------------------------------ */

static void count_senders(struct alm_fair *fair, int64_t now_ms)
{
	uint32_t era = (uint32_t)(now_ms / ERA_MS) + 1; /* 0: never */

	if (era == fair->era) {
		return;
	}
	fair->senders_before = era == fair->era + 1 ? fair->senders : 0;
	fair->senders = 0;
	fair->era = era;
}

static void measure_share(struct alm_fair *fair)
{
	double work_us = fair->commit_us / 2;
	double units;

	work_us = work_us < WORK_US_MIN ? WORK_US_MIN : work_us;
	work_us = work_us > WORK_US_MAX ? WORK_US_MAX : work_us;
	units = work_us / fair->unit_us;
	fair->units = units < UNITS_MIN ? UNITS_MIN : (uint32_t)units;
	if (fair->units > ALM_TURN_FRAMES_QUICK / 2) {
		fair->units = ALM_TURN_FRAMES_QUICK / 2;
	}
	fair->share = fair->units;
	if (fair->waiting_count > 1) {
		fair->share /= (uint32_t)fair->waiting_count;
	}
	if (fair->share < SHARE_MIN) {
		fair->share = SHARE_MIN;
	}
}

/* As many as it has frames of one message; fewer where somebody else sends now
 * and then, who would wait for all of it. */
static void measure_alone(const struct alm_turn *turn)
{
	struct alm_fair *fair = &turn->broker->fair;

	if (fair->is_shared) {
		fair->shared_ms = turn->monotonic_ms;
	}
	fair->alone_units = (uint32_t)turn->broker->frames_max;
	if (fair->shared_ms != 0 &&
		turn->monotonic_ms - fair->shared_ms < RARE_MS) {
		fair->alone_units = ALM_TURN_FRAMES_QUICK;
	}
}

static bool has_place(const struct alm_turn *turn, size_t bytes)
{
	return turn->frame_count < turn->broker->frames_max &&
	       bytes < ALM_TURN_BYTES_MAX;
}

/* The frame that was received last goes into the turn, or its front does and
 * the rest waits before all else of the lane. */
static void take(struct alm_turn *turn, struct alm_lane *lane,
	struct alm_edge_frame *frame, uint32_t room, bool is_greeted)
{
	struct alm_fair *fair = &turn->broker->fair;
	struct alm_front front = alm_weigh_front(frame->bytes, room);

	if (front.count > 0) {
		struct alm_edge_kept *kept = alm_edge_keep_rest(
			turn->broker->edge, frame, front.bytes);

		if (kept == NULL) {
			front.count = 0; /* out of memory: all of it now */
		} else {
			kept->frame.is_rest = true;
			push_kept(fair, lane, kept, true);
		}
	}
	/* What was read as a whole need not be read so again. */
	if (front.count > 0 && frame->is_rest) {
		frame->bytes.bytes = front.bytes;
	} else {
		frame->part_count = front.count;
	}
	lane->taken += front.units;
	fair->turn_units += front.units;
	if (is_greeted) {
		alm_quota_take(&lane->messages, front.messages);
		alm_quota_take(&lane->bytes, (int64_t)frame->bytes.bytes);
	} else {
		/* It will be refused, and nothing of it is counted later. */
		alm_quota_spend(&lane->messages, front.messages);
		alm_quota_spend(&lane->bytes, (int64_t)frame->bytes.bytes);
	}
}

static void take_kept(
	struct alm_turn *turn, struct alm_lane *lane, size_t *bytes)
{
	struct alm_fair *fair = &turn->broker->fair;
	uint32_t room;

	while (lane->first != NULL && has_place(turn, *bytes) &&
		(room = room_of(turn, lane)) > 0) {
		struct alm_edge_frame *frame = &turn->frames[turn->frame_count];
		struct alm_edge_kept *kept = pop_kept(fair, lane);

		alm_edge_take_kept(turn->broker->edge, &kept, frame);
		take(turn, lane, frame, room,
			alm_sessions_find(
				turn->broker->sessions, frame->peer) != NULL);
		*bytes += frame->bytes.bytes;
		turn->frame_count++;
	}
	fair->quota_waits += lane->first != NULL && !has_quota(lane) ? 1 : 0;
}

static bool is_worked_full(const struct alm_broker *broker)
{
	const struct alm_fair *fair = &broker->fair;

	return fair->turn_units >=
	       (fair->is_shared ? fair->units : fair->alone_units);
}

void alm_fair_begin(struct alm_turn *turn, size_t *bytes)
{
	struct alm_fair *fair = &turn->broker->fair;

	count_senders(fair, turn->monotonic_ms);
	fair->is_shared = fair->senders > 1 || fair->senders_before > 1;
	fair->turn_units = 0;
	fair->surplus = 0;
	fair->alone = NULL;
	fair->begun_us = fair->is_shared ? alm_clock_thread_us() : 0;
	measure_share(fair);
	measure_alone(turn);
	/* Where the turn has no more place the next one begins. */
	for (size_t i = fair->waiting_count;
		i > 0 && has_place(turn, *bytes) &&
		fair->first_waiting != NULL && !is_worked_full(turn->broker);
		i--) {
		struct alm_lane *lane = pop_waiting(fair);

		fair->alone = fair->alone == NULL ? lane : fair->alone;
		take_kept(turn, lane, bytes);
		if (lane->first != NULL) {
			push_waiting(fair, lane);
		}
	}
}

/* The turn was one sender's, and another has come: what is left of it is
 * shared already, for who sends rarely would wait for all that the first one
 * has there. */
static void look_who_sends(struct alm_fair *fair, struct alm_lane *lane,
	const struct alm_edge_frame *frame)
{
	if (lane != fair->alone && alm_weigh_is_send(frame->bytes)) {
		fair->is_shared = fair->alone != NULL;
		fair->alone = lane;
	}
}

static bool is_hello(const struct alm_edge_frame *frame)
{
	return frame->bytes.bytes <= ALM_HELLO_FRAME_BYTES_MAX &&
	       alm_weigh_is_hello(frame->bytes);
}

bool alm_fair_admit(struct alm_turn *turn, struct alm_edge_frame *frame)
{
	struct alm_fair *fair = &turn->broker->fair;
	struct alm_session *session =
		alm_sessions_find(turn->broker->sessions, frame->peer);
	struct alm_lane *lane = session == NULL ? lane_of(turn, frame)
						: &session->mailbox->lane;
	struct alm_edge_kept *kept = NULL;
	uint32_t room;

	if (lane == NULL) {
		return true; /* an invite's, which is bounded by itself */
	}
	if (session == NULL && is_hello(frame)) {
		fair->turn_units++;
		return true; /* what waits of others does not hold it up */
	}
	if (!fair->is_shared) {
		look_who_sends(fair, lane, frame);
	}
	room = lane->first == NULL ? room_of(turn, lane) : 0;
	if (room > 0) {
		take(turn, lane, frame, room, session != NULL);
		return true;
	}
	if (!is_lane_full(turn->broker, lane, frame->bytes.bytes)) {
		kept = alm_edge_keep(turn->broker->edge, frame);
	}
	if (kept == NULL) {
		frame->is_surplus = true;
		fair->surplus += alm_weigh_bytes(frame->bytes.bytes);
		return true;
	}
	push_kept(fair, lane, kept, false);
	if (session != NULL) {
		session->heard_ms = turn->monotonic_ms;
	}
	return false;
}

void alm_fair_drop_rest(
	struct alm_turn *turn, const struct alm_edge_frame *frame)
{
	struct alm_lane *lane = lane_of(turn, frame);

	if (frame->part_count > 0 && lane != NULL && lane->first != NULL &&
		lane->first->frame.is_rest) {
		struct alm_edge_kept *kept =
			pop_kept(&turn->broker->fair, lane);

		alm_edge_drop_kept(&kept);
	}
}

void alm_fair_put_back(struct alm_turn *turn, size_t first)
{
	struct alm_broker *broker = turn->broker;

	/* The last first: so each lane has them in their order. */
	while (turn->frame_count > first) {
		struct alm_edge_frame *frame =
			&turn->frames[--turn->frame_count];
		struct alm_lane *lane = frame->socket == ALM_EDGE_AGENTS
						? lane_of(turn, frame)
						: NULL;
		struct alm_edge_kept *kept = alm_edge_keep(broker->edge, frame);

		if (kept == NULL) {
			return; /* memory is out: the rest is lost */
		}
		alm_fair_drop_rest(turn, frame); /* it is whole again */
		kept->frame.part_count = 0;
		if (lane != NULL) {
			kept->frame.is_surplus = false;
			push_kept(&broker->fair, lane, kept, true);
		} else {
			broker->metrics.lost_frames++;
			alm_edge_drop_kept(&kept);
		}
	}
}

bool alm_fair_is_sated(const struct alm_broker *broker)
{
	const struct alm_fair *fair = &broker->fair;

	/* While nobody waits, nobody need be read to wait. */
	return fair->surplus >= SURPLUS_MAX ||
	       (!fair->is_shared && fair->waiting_count == 0 &&
		       is_worked_full(broker));
}

void alm_fair_note_send(
	struct alm_turn *turn, struct alm_session *session, size_t bytes)
{
	struct alm_lane *lane = &session->mailbox->lane;

	alm_quota_spend(&lane->messages, 1);
	alm_fair_note_part(turn, session, bytes);
}

void alm_fair_note_part(
	struct alm_turn *turn, struct alm_session *session, size_t bytes)
{
	struct alm_fair *fair = &turn->broker->fair;
	struct alm_lane *lane = &session->mailbox->lane;

	alm_quota_spend(&lane->bytes, (int64_t)bytes);
	if (lane->era != fair->era) {
		lane->era = fair->era;
		fair->senders++;
	}
}

void alm_fair_note_several(
	struct alm_turn *turn, struct alm_lane *lane, size_t recipient_count)
{
	alm_quota_spend(&lane->messages, (int64_t)recipient_count - 1);
	lane->taken += (uint32_t)recipient_count - 1;
	turn->broker->fair.turn_units += (uint32_t)recipient_count - 1;
}

bool alm_fair_is_waiting(const struct alm_broker *broker, bool *out_is_ready)
{
	const struct alm_fair *fair = &broker->fair;

	*out_is_ready = false;
	for (const struct alm_lane *lane = fair->first_waiting; lane != NULL;
		lane = lane->next_waiting) {
		*out_is_ready |= !alm_quota_is_spent(&lane->messages) &&
				 !alm_quota_is_spent(&lane->bytes);
	}
	return fair->first_waiting != NULL;
}
