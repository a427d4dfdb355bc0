/*
 * ROUTER takes frames from its connections in turn, so an organisation with
 * many connections would get as much more.  What is shared here is the turn,
 * by organisation, in units of about a kilobyte.
 */
#include "broker/fair.h"

#include "broker/detail.h"
#include "broker/edge/clock.h"
#include "broker/mail/letter.h"
#include "broker/session.h"
#include "broker/stage.h"

#define UNIT_BYTES 2048u
#define ERA_MS 512
/* The work of a shared turn is half as long as a commit, within these. */
#define WORK_US_MIN 300.0
#define WORK_US_MAX 1500.0
#define UNIT_US_FIRST 12.0
#define UNITS_MIN 32u
#define SHARE_MIN 8u
#define SURPLUS_MAX 2048u /* units that one turn refuses */
#define MEASURED_UNITS_MIN 16u
#define SMOOTHING 0.1
#define FAULT_RECORD_MS 1000
#define HAND_OVERS_MIN 128u

void alm_fair_init(struct alm_fair *fair)
{
	fair->unit_us = UNIT_US_FIRST;
	fair->commit_us = WORK_US_MIN;
	fair->units = ALM_TURN_FRAMES_QUICK;
	fair->share = ALM_TURN_FRAMES_QUICK;
}

static struct alm_lane *lane_of(
	const struct alm_turn *turn, struct alm_peer peer)
{
	struct alm_session *session =
		alm_sessions_find(turn->broker->sessions, peer);

	return session == NULL ? NULL : &session->mailbox->lane;
}

static uint32_t units_of(const struct alm_edge_frame *frame)
{
	return 1 + (uint32_t)(frame->bytes.bytes / UNIT_BYTES);
}

/* --- quotas and shares --------------------------------------------------- */

static int64_t refilled(int64_t left, uint64_t per_second, int64_t elapsed_ms)
{
	int64_t most = (int64_t)per_second;

	if (elapsed_ms >= 1000) {
		return most;
	}
	left += most / 1000 * elapsed_ms + most % 1000 * elapsed_ms / 1000;
	return left < most ? left : most;
}

static void refill(const struct alm_turn *turn, struct alm_lane *lane)
{
	const struct alm_settings *settings = &turn->broker->settings;
	int64_t elapsed_ms = turn->monotonic_ms - lane->filled_ms;

	if (elapsed_ms < 10 && lane->filled_ms != 0) {
		return; /* less would be rounded away */
	}
	if (lane->filled_ms == 0) {
		elapsed_ms = 1000;
	}
	lane->messages_left = refilled(lane->messages_left,
		settings->organisation_messages_per_s, elapsed_ms);
	lane->bytes_left = refilled(lane->bytes_left,
		settings->organisation_bytes_per_s, elapsed_ms);
	lane->filled_ms = turn->monotonic_ms;
}

static bool has_quota(const struct alm_lane *lane)
{
	return lane->messages_left > 0 && lane->bytes_left > 0;
}

static bool has_share(
	const struct alm_turn *turn, struct alm_lane *lane, uint32_t units)
{
	const struct alm_fair *fair = &turn->broker->fair;

	if (lane->turn != turn->number) {
		lane->turn = turn->number;
		lane->taken = 0;
		lane->taken_bytes = 0;
		refill(turn, lane);
	}
	/* What the turn has taken counts before it is carried out. */
	if ((int64_t)lane->taken >= lane->messages_left ||
		lane->taken_bytes >= lane->bytes_left) {
		return false;
	}
	return !fair->is_shared || lane->taken == 0 ||
	       lane->taken + units <= fair->share;
}

static void take(struct alm_turn *turn, struct alm_lane *lane, uint32_t units,
	size_t bytes)
{
	lane->taken += units;
	lane->taken_bytes += (int64_t)bytes;
	turn->broker->fair.turn_units += units;
}

/* --- frames that wait ---------------------------------------------------- */

static void push_waiting(struct alm_fair *fair, struct alm_lane *lane)
{
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
	struct alm_edge_kept *kept)
{
	if (lane->first == NULL) {
		lane->first = kept;
		push_waiting(fair, lane);
	} else {
		lane->last->next = kept;
	}
	lane->last = kept;
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

static bool has_place(const struct alm_turn *turn, size_t bytes)
{
	return turn->frame_count < turn->broker->frames_max &&
	       bytes < ALM_TURN_BYTES_MAX;
}

static void take_kept(
	struct alm_turn *turn, struct alm_lane *lane, size_t *bytes)
{
	while (lane->first != NULL && has_place(turn, *bytes)) {
		struct alm_edge_frame *frame = &turn->frames[turn->frame_count];
		uint32_t units = units_of(&lane->first->frame);
		struct alm_edge_kept *kept;

		if (!has_share(turn, lane, units)) {
			return;
		}
		kept = pop_kept(&turn->broker->fair, lane);
		*bytes += kept->frame.bytes.bytes;
		alm_edge_take_kept(turn->broker->edge, &kept, frame);
		take(turn, lane, units, frame->bytes.bytes);
		turn->frame_count++;
	}
}

void alm_fair_begin(struct alm_turn *turn, size_t *bytes)
{
	struct alm_fair *fair = &turn->broker->fair;

	count_senders(fair, turn->monotonic_ms);
	fair->is_shared = fair->senders > 1 || fair->senders_before > 1;
	fair->turn_units = 0;
	fair->surplus = 0;
	fair->begun_us = alm_clock_monotonic_us();
	measure_share(fair);
	for (size_t i = fair->waiting_count;
		i > 0 && fair->first_waiting != NULL; i--) {
		struct alm_lane *lane = pop_waiting(fair);

		take_kept(turn, lane, bytes);
		if (lane->first != NULL) {
			push_waiting(fair, lane);
		}
	}
}

bool alm_fair_admit(struct alm_turn *turn, struct alm_edge_frame *frame)
{
	struct alm_fair *fair = &turn->broker->fair;
	struct alm_session *session =
		alm_sessions_find(turn->broker->sessions, frame->peer);
	uint32_t units = units_of(frame);
	struct alm_edge_kept *kept;
	struct alm_lane *lane;

	if (session == NULL) {
		return true; /* hello, or it is told to say so */
	}
	lane = &session->mailbox->lane;
	if (lane->first == NULL && has_share(turn, lane, units)) {
		take(turn, lane, units, frame->bytes.bytes);
		return true;
	}
	if (is_lane_full(turn->broker, lane, frame->bytes.bytes)) {
		frame->is_surplus = true;
		fair->surplus += units;
		return true;
	}
	kept = alm_edge_keep(turn->broker->edge, frame);
	if (kept == NULL) {
		frame->is_surplus = true;
		return true;
	}
	push_kept(fair, lane, kept);
	session->heard_ms = turn->monotonic_ms;
	return false;
}

static void push_kept_first(struct alm_fair *fair, struct alm_lane *lane,
	struct alm_edge_kept *kept)
{
	if (lane->first == NULL) {
		push_kept(fair, lane, kept);
		return;
	}
	kept->next = lane->first;
	lane->first = kept;
	lane->kept_count++;
	lane->kept_bytes += kept->frame.bytes.bytes;
	fair->kept_bytes += kept->frame.bytes.bytes;
	fair->held_back++;
}

void alm_fair_put_back(struct alm_turn *turn, size_t first)
{
	struct alm_broker *broker = turn->broker;

	/* The last first: so each lane has them in their order. */
	while (turn->frame_count > first) {
		const struct alm_edge_frame *frame =
			&turn->frames[--turn->frame_count];
		struct alm_lane *lane = frame->socket == ALM_EDGE_AGENTS
						? lane_of(turn, frame->peer)
						: NULL;
		struct alm_edge_kept *kept = alm_edge_keep(broker->edge, frame);

		if (kept == NULL) {
			return; /* memory is out: the rest is lost */
		}
		if (lane != NULL) {
			kept->frame.is_surplus = false;
			push_kept_first(&broker->fair, lane, kept);
		} else {
			broker->metrics.lost_frames++;
			alm_edge_drop_kept(&kept);
		}
	}
}

bool alm_fair_is_sated(const struct alm_fair *fair)
{
	return fair->surplus >= SURPLUS_MAX;
}

void alm_fair_note_send(
	struct alm_turn *turn, struct alm_session *session, size_t bytes)
{
	struct alm_fair *fair = &turn->broker->fair;
	struct alm_lane *lane = &session->mailbox->lane;

	lane->messages_left--;
	lane->bytes_left -= (int64_t)bytes;
	if (lane->era != fair->era) {
		lane->era = fair->era;
		fair->senders++;
	}
}

void alm_fair_note_several(
	struct alm_turn *turn, struct alm_lane *lane, size_t recipient_count)
{
	lane->messages_left -= (int64_t)recipient_count - 1;
	take(turn, lane, (uint32_t)recipient_count - 1, 0);
}

static double smooth(double before, double now)
{
	return before + SMOOTHING * (now - before);
}

void alm_fair_end(struct alm_turn *turn, int64_t worked_until_us,
	int64_t committed_at_us, size_t request_count)
{
	struct alm_fair *fair = &turn->broker->fair;
	double units = request_count > fair->turn_units
			       ? (double)request_count
			       : (double)fair->turn_units;

	fair->commit_us = smooth(
		fair->commit_us, (double)(committed_at_us - worked_until_us));
	if (fair->turn_units >= MEASURED_UNITS_MIN) {
		fair->unit_us = smooth(fair->unit_us,
			(double)(worked_until_us - fair->begun_us) / units);
	}
	if (fair->unit_us < 0.1) {
		fair->unit_us = 0.1;
	}
}

size_t alm_fair_hand_overs(const struct alm_fair *fair)
{
	size_t count = 2 * (size_t)fair->units;

	if (!fair->is_shared) {
		return ALM_TURN_HAND_OVERS_MAX;
	}
	return count < HAND_OVERS_MIN ? HAND_OVERS_MIN : count;
}

size_t alm_fair_pass(const struct alm_fair *fair, size_t otherwise)
{
	return fair->is_shared ? ALM_QUEUE_LIST_MAX : otherwise;
}

bool alm_fair_is_waiting(const struct alm_broker *broker, bool *out_is_ready)
{
	const struct alm_fair *fair = &broker->fair;

	*out_is_ready = false;
	for (const struct alm_lane *lane = fair->first_waiting; lane != NULL;
		lane = lane->next_waiting) {
		*out_is_ready |= has_quota(lane);
	}
	return fair->first_waiting != NULL;
}

/* --- faults -------------------------------------------------------------- */

bool alm_fair_may_record(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	struct alm_fair *fair = &turn->broker->fair;
	struct alm_lane *lane = request->socket == ALM_EDGE_AGENTS
					? lane_of(turn, request->peer)
					: NULL;

	if (lane == NULL) {
		lane = &fair->other;
	}
	if (!lane->is_noisy && (lane->fault_at_ms == 0 ||
				       turn->monotonic_ms - lane->fault_at_ms >=
					       FAULT_RECORD_MS)) {
		lane->fault_at_ms = turn->monotonic_ms;
		return true;
	}
	lane->faults++;
	if (!lane->is_noisy) {
		lane->is_noisy = true;
		lane->next_noisy = fair->noisy;
		fair->noisy = lane;
	}
	return false;
}

static enum alm_err record_faults(struct alm_turn *turn, struct alm_lane *lane)
{
	struct alm_audit_record record =
		alm_turn_record(turn, ALM_AUDIT_REFUSED);

	record.effect = ALM_EFFECT_DENY;
	record.code = ALM_MALFORMED;
	if (lane->organisation != NULL) {
		record.sender = lane->organisation;
	}
	alm_detail_init(turn->detail);
	alm_detail_number(turn->detail, "frames", lane->faults);
	return alm_turn_audit(turn, &record, alm_detail_finish(turn->detail));
}

enum alm_err alm_fair_record_faults(struct alm_turn *turn)
{
	struct alm_lane **link = &turn->broker->fair.noisy;

	while (*link != NULL) {
		struct alm_lane *lane = *link;
		enum alm_err err;

		if (turn->monotonic_ms - lane->fault_at_ms < FAULT_RECORD_MS) {
			link = &lane->next_noisy;
			continue;
		}
		err = record_faults(turn, lane);
		if (err != ALM_OK) {
			return err;
		}
		*link = lane->next_noisy;
		lane->is_noisy = false;
		lane->faults = 0;
		lane->fault_at_ms = turn->monotonic_ms;
	}
	return ALM_OK;
}
