/*
 * Nothing of a turn has left the broker before it is committed, so a turn can
 * be taken back and taken again, as often as there are agents in it.
 */
#include "broker/loop/undo.h"

#include <string.h>

#include "broker/loop/reload.h"
#include "broker/mail/accept.h"
#include "broker/mail/gather.h"

/* A turn is taken again so often to make memory. */
#define SPARED_MAX 16u
/* With less than that in use, one request has asked for the rest and more. */
#define MEMORY_SHORT_BYTES (ALM_TURN_ARENA_BYTES_MAX / 2)

/* They are not sent a second time when the turn is taken again. */
static void forget_sends(struct alm_turn *turn)
{
	for (size_t i = 0; i < turn->request_count; i++) {
		struct alm_session *session = alm_sessions_find(
			turn->broker->sessions, turn->requests[i].peer);

		if (session != NULL) {
			session->sends = 0;
		}
	}
}

enum alm_err alm_turn_take_back(
	struct alm_turn *turn, const struct alm_metrics *metrics)
{
	struct alm_broker *broker = turn->broker;
	struct alm_audit_head head;
	enum alm_err err;

	alm_store_abort(broker->store);
	alm_outbox_discard(broker->outbox);
	alm_store_audit_head(broker->store, &head);
	broker->audit_size = head.size;
	broker->metrics = *metrics;
	broker->world.seq = alm_store_people_sequence(broker->store);
	alm_mailboxes_rewind(broker->mailboxes, turn->number);
	forget_sends(turn);
	alm_redecide_undone(broker);
	alm_reload_undo(turn);
	alm_uploads_clear(&broker->uploads);
	alm_fetches_clear(&broker->fetches);
	broker->overrides.is_counted = false;
	alm_arena_rewind(turn->arena, &turn->decoded);
	turn->at = NULL;
	turn->letter_count = 0;
	turn->people_count = 0;
	turn->unpacked_bytes = 0;
	turn->repeated_bytes = 0;
	turn->swept_bytes = 0;
	turn->part_count = 0;
	turn->multicast_count = 0;
	turn->multicast_view_bytes = 0;
	turn->has_effects = false;
	if (!turn->has_new_world) {
		return ALM_OK;
	}
	turn->has_new_world = false;
	/* Whatever was registered or activated in the turn was not. */
	err = alm_broker_load(broker, NULL);
	if (err == ALM_OK) {
		alm_turn_authenticate(turn);
	}
	return err;
}

static enum alm_err refuse(struct alm_turn *turn,
	const struct alm_turn_request *request, enum alm_err why)
{
	bool is_send = request->envelope != NULL &&
		       (request->envelope->kind == ALM_ENVELOPE_SEND ||
			       request->envelope->kind == ALM_ENVELOPE_PART);

	return is_send ? alm_refuse_unrecorded(turn, request, why)
		       : alm_turn_reply_error(turn, request, why, "");
}

void alm_turn_give_up(struct alm_turn *turn, enum alm_err why)
{
	for (size_t i = 0; i < turn->request_count; i++) {
		const struct alm_turn_request *request = &turn->requests[i];
		enum alm_err err = refuse(turn, request, why);

		if (err != ALM_OK) {
			return; /* out of memory even for that */
		}
	}
}

/* --- a turn without one request ------------------------------------------ */

bool alm_turn_can_do_without(const struct alm_turn *turn, enum alm_err err)
{
	return err != ALM_OK && err != ALM_NOMEM && err != ALM_STORE_FULL &&
	       err != ALM_STORE_IO && err != ALM_STORE_READ_ONLY &&
	       turn->at != NULL && turn->at->failed == ALM_OK &&
	       !alm_store_is_spoilt(turn->broker->store);
}

void alm_turn_fail_request(struct alm_turn *turn, enum alm_err why)
{
	struct alm_turn_request *failed = turn->at;
	const struct alm_turn_request *end =
		turn->requests + turn->request_count;

	failed->failed = why;
	for (struct alm_turn_request *next = failed + 1;
		next < end && failed->agent != NULL; next++) {
		if (next->agent == failed->agent && next->failed == ALM_OK) {
			next->failed = ALM_BUSY;
		}
	}
}

/* --- memory -------------------------------------------------------------- */

/* What a request has taken of the turn's memory. */
static size_t taken_by(
	const struct alm_turn *turn, const struct alm_turn_request *request)
{
	const struct alm_turn_request *last =
		turn->at != NULL ? turn->at
				 : turn->requests + turn->request_count - 1;

	if (request->failed != ALM_OK || request > last) {
		return 0;
	}
	return (request < last ? request[1].arena_bytes : turn->arena->bytes) -
	       request->arena_bytes;
}

static bool is_of(
	const struct alm_turn_request *request, const struct alm_agent *agent)
{
	return request->agent != NULL && agent != NULL
		       ? strcmp(request->agent->organisation,
				 agent->organisation) == 0
		       : request->agent == agent;
}

static struct alm_turn_request *greediest(const struct alm_turn *turn)
{
	struct alm_turn_request *most = NULL;

	for (size_t i = 0; i < turn->request_count; i++) {
		struct alm_turn_request *request = &turn->requests[i];

		if (taken_by(turn, request) > 0 &&
			(most == NULL || taken_by(turn, request) >
						 taken_by(turn, most))) {
			most = request;
		}
	}
	return most;
}

/* What one organisation, or the operator, asks beyond half of what it took
 * comes again. */
static void refuse_half(struct alm_turn *turn, const struct alm_agent *agent)
{
	size_t total = 0;
	size_t kept = 0;

	for (size_t i = 0; i < turn->request_count; i++) {
		total += is_of(&turn->requests[i], agent)
				 ? taken_by(turn, &turn->requests[i])
				 : 0;
	}
	for (size_t i = 0; i < turn->request_count; i++) {
		struct alm_turn_request *request = &turn->requests[i];

		if (!is_of(request, agent) || request->failed != ALM_OK) {
			continue;
		}
		kept += taken_by(turn, request);
		if (kept > total / 2) {
			request->failed = ALM_BUSY;
		}
	}
}

bool alm_turn_spare_memory(struct alm_turn *turn)
{
	struct alm_turn_request *most = greediest(turn);
	bool is_alone = turn->arena->bytes < MEMORY_SHORT_BYTES;

	if (turn->spared++ >= SPARED_MAX) {
		return false;
	}
	if (is_alone) {
		most = turn->at;
	}
	if (most == NULL || most->failed != ALM_OK) {
		return false;
	}
	if (is_alone || taken_by(turn, most) >= MEMORY_SHORT_BYTES) {
		/* It would not do in a turn of its own either. */
		turn->at = most;
		alm_turn_fail_request(turn, ALM_NOMEM);
	} else {
		refuse_half(turn, most->agent);
	}
	return true;
}

/* --- answering ----------------------------------------------------------- */

/* What failed inside is for the record; its asker can do nothing with it. */
static enum alm_err code_of(const struct alm_turn_request *request)
{
	return request->failed == ALM_BUSY ||
			       request->failed == ALM_STORE_CORRUPT
		       ? request->failed
		       : ALM_INTERNAL;
}

static enum alm_err record_failure(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	struct alm_audit_record record =
		alm_turn_record(turn, ALM_AUDIT_ANOMALY);
	const char *detail = alm_arena_printf(turn->arena,
		"what: a request of kind %d could not be carried out\n"
		"why: %s\n"
		"done: it was refused, and the others were served\n",
		request->envelope == NULL ? 0 : (int)request->envelope->kind,
		alm_err_info(request->failed)->name);

	if (detail == NULL) {
		return ALM_NOMEM;
	}
	turn->broker->metrics.failed_requests++;
	record.effect = ALM_EFFECT_DENY;
	record.code = (uint32_t)code_of(request);
	if (request->agent != NULL) {
		record.agent = request->agent->number;
		record.sender = request->agent->organisation;
	}
	return alm_turn_audit(turn, &record, detail);
}

enum alm_err alm_turn_refuse_failed(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	enum alm_err err = request->failed == ALM_BUSY || turn->is_store_full
				   ? ALM_OK
				   : record_failure(turn, request);

	return err == ALM_OK ? refuse(turn, request, code_of(request)) : err;
}
