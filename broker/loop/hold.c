/* Acknowledgements that wait for company. */
#include "broker/loop/hold.h"

#include "broker/edge/clock.h"
#include "broker/loop/session.h"
#include "broker/loop/stage.h"
#include "lib/protowire.h"

#define FRAMES_MAX 8u
#define FRAME_BYTES_MAX 512u /* some sixty of them */
#define EVERY_US_MAX 1500.0
#define IDLE_US 10000
#define SMOOTHING 0.2
#define FIELD_ACKNOWLEDGE 6u

/* Bytes that are no frame are something else. */
static bool is_acknowledgement(struct alm_bytes frame)
{
	while (frame.bytes > 0) {
		struct alm_proto_field envelope;
		struct alm_proto_field what;
		struct alm_bytes rest;

		if (alm_proto_next(&frame, &envelope) != ALM_OK) {
			return false;
		}
		rest = envelope.bytes;
		if (rest.bytes == 0 || alm_proto_next(&rest, &what) != ALM_OK ||
			what.number != FIELD_ACKNOWLEDGE) {
			return false;
		}
	}
	return true;
}

/* Of an agent that does not wait for its mail to be let go. */
static bool can_wait(
	const struct alm_turn *turn, const struct alm_edge_frame *frame)
{
	const struct alm_session *session;

	if (frame->socket != ALM_EDGE_AGENTS || frame->bytes.bytes == 0 ||
		frame->bytes.bytes > FRAME_BYTES_MAX) {
		return false;
	}
	session = alm_sessions_find(turn->broker->sessions, frame->peer);
	return session != NULL && session->held_count < session->window &&
	       is_acknowledgement(frame->bytes);
}

static bool are_acknowledgements(const struct alm_turn *turn)
{
	if (turn->frame_count > FRAMES_MAX) {
		return false;
	}
	for (size_t i = 0; i < turn->frame_count; i++) {
		if (!can_wait(turn, &turn->frames[i])) {
			return false;
		}
	}
	return true;
}

void alm_hold_note_other(struct alm_hold *hold)
{
	int64_t now_us = alm_clock_monotonic_us();
	int64_t since_us = now_us - hold->other_us;

	if (since_us > IDLE_US) {
		since_us = IDLE_US;
	}
	hold->every_us += SMOOTHING * ((double)since_us - hold->every_us);
	hold->other_us = now_us;
}

bool alm_hold_is_worth(struct alm_turn *turn)
{
	struct alm_hold *hold = &turn->broker->hold;

	if (turn->frame_count == 0) {
		return false;
	}
	if (!are_acknowledgements(turn)) {
		alm_hold_note_other(hold);
		return false;
	}
	return hold->every_us < EVERY_US_MAX &&
	       (double)(alm_clock_monotonic_us() - hold->other_us) <
		       EVERY_US_MAX;
}
