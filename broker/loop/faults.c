/*
 * A fault of a frame is recorded once a second for each organisation; those
 * between are counted, and the count is recorded when the second is over.
 */
#include "broker/loop/faults.h"

#include "broker/loop/detail.h"
#include "broker/loop/session.h"
#include "broker/loop/stage.h"

#define FAULT_RECORD_MS 1000

bool alm_faults_may_record(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	struct alm_fair *fair = &turn->broker->fair;
	const struct alm_session *session =
		request->socket == ALM_EDGE_AGENTS
			? alm_sessions_find(
				  turn->broker->sessions, request->peer)
			: NULL;
	struct alm_lane *lane =
		session == NULL ? &fair->other : &session->mailbox->lane;

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

enum alm_err alm_faults_record(struct alm_turn *turn)
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
