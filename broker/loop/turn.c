/*
 * The stages of a turn, in order; alm_turn_run(), at the end, goes through
 * them: receive, decode, authenticate (stage.c), decide and minimise, which is
 * what carry_out() hands each request to, commit, deliver (deliver.c).
 *
 * Group commit falls out of the loop: while one turn is being synced, the
 * sockets gather the next one's requests, so the batch grows with the load and
 * shrinks to one when idle.
 */
#include "broker/loop/turn.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "broker/admin/administer.h"
#include "broker/edge/clock.h"
#include "broker/evidence/checkpoint.h"
#include "broker/identity/hello.h"
#include "broker/identity/identity.h"
#include "broker/loop/deliver.h"
#include "broker/loop/detail.h"
#include "broker/loop/fair.h"
#include "broker/loop/faults.h"
#include "broker/loop/reload.h"
#include "broker/loop/stage.h"
#include "broker/loop/sums.h"
#include "broker/loop/undo.h"
#include "broker/mail/accept.h"
#include "broker/mail/acknowledge.h"
#include "broker/mail/gather.h"
#include "broker/mail/handover.h"
#include "broker/mail/letter.h"
#include "broker/mail/sweep.h"
#include "broker/rules/epoch.h"
#include "broker/rules/impact.h"

/* --- receive ------------------------------------------------------------- */

static void receive_from(
	struct alm_turn *turn, enum alm_edge_socket socket, size_t *bytes)
{
	/* Frames that must wait are read as well, to see who else is there. */
	size_t reads = 2 * turn->broker->frames_max;

	while (turn->frame_count < turn->broker->frames_max &&
		*bytes < ALM_TURN_BYTES_MAX && reads-- > 0 &&
		(socket == ALM_EDGE_ADMIN ||
			!alm_fair_is_sated(turn->broker))) {
		struct alm_edge_frame *frame = &turn->frames[turn->frame_count];

		if (alm_edge_receive(turn->broker->edge, socket, frame) !=
			ALM_OK) {
			return;
		}
		if (socket == ALM_EDGE_AGENTS &&
			(alm_join_is_dropped(turn, frame) ||
				!alm_fair_admit(turn, frame))) {
			continue;
		}
		*bytes += frame->bytes.bytes;
		turn->frame_count++;
	}
}

static void receive(struct alm_turn *turn, const struct alm_edge_ready *ready)
{
	size_t bytes = 0;

	/* Administration first: an operator gets through a flood. */
	if (ready->admin) {
		receive_from(turn, ALM_EDGE_ADMIN, &bytes);
	}
	alm_fair_begin(turn, &bytes);
	if (ready->agents) {
		receive_from(turn, ALM_EDGE_AGENTS, &bytes);
	}
}

/* Acknowledgements alone wait for the next message, and share its turn. */
static void gather(struct alm_turn *turn, const struct alm_edge_ready *ready)
{
	struct alm_edge_ready more;
	size_t before = turn->frame_count;
	size_t bytes = 0;

	if (ready->admin || turn->broker->is_draining ||
		!alm_hold_is_worth(turn)) {
		return;
	}
	alm_edge_wait(turn->broker->edge, ALM_HOLD_MS, &more);
	if (more.agents) {
		receive_from(turn, ALM_EDGE_AGENTS, &bytes);
	}
	if (turn->frame_count > before) {
		alm_hold_note_other(&turn->broker->hold);
	}
}

/* --- decode -------------------------------------------------------------- */

static void add_request(struct alm_turn *turn,
	const struct alm_edge_frame *frame, const struct alm_envelope *envelope,
	const struct alm_problem *problem)
{
	struct alm_turn_request *request;

	if (turn->request_count == ALM_TURN_REQUESTS_MAX) {
		turn->broker->metrics.lost_frames++;
		return;
	}
	request = &turn->requests[turn->request_count++];
	*request = (struct alm_turn_request){
		.socket = frame->socket,
		.peer = frame->peer,
		.address = frame->address == NULL ? "" : frame->address,
		.user_id = frame->user_id,
		.envelope = envelope,
		.problem = problem,
		.is_surplus = frame->is_surplus,
	};
}

static enum alm_err decode_frame(
	struct alm_turn *turn, const struct alm_edge_frame *frame)
{
	enum alm_wire_side side = frame->socket == ALM_EDGE_ADMIN
					  ? ALM_WIRE_BROKER_ADMIN
					  : ALM_WIRE_BROKER_AGENTS;
	struct alm_problem *problem =
		alm_arena_take(turn->arena, sizeof(*problem));
	struct alm_arena_mark mark = alm_arena_mark(turn->arena);
	const struct alm_envelope *envelopes;
	size_t count = 0;

	if (problem == NULL) {
		return ALM_NOMEM;
	}
	if (alm_join_is_too_much(turn, frame)) {
		(void)alm_problem_set(problem, ALM_JOINS_LIMITED, "%s", "");
		add_request(turn, frame, NULL, problem);
		return ALM_OK;
	}
	problem->err = alm_wire_decode(
		side, frame->bytes, turn->arena, &envelopes, &count, problem);
	if (problem->err == ALM_NOMEM) {
		return ALM_NOMEM;
	}
	if (problem->err != ALM_OK) {
		alm_arena_rewind(turn->arena, &mark);
		alm_fair_drop_rest(turn, frame);
		add_request(turn, frame, NULL, problem);
		return ALM_OK;
	}
	if (frame->part_count > 0) {
		count = frame->part_count;
	}
	for (size_t i = 0; i < count; i++) {
		add_request(turn, frame, &envelopes[i], NULL);
	}
	return ALM_OK;
}

/* Half the memory is for what the requests ask for. */
static bool is_decoded_full(const struct alm_turn *turn)
{
	return turn->request_count + ALM_FRAME_ENVELOPES_MAX >
		       ALM_TURN_REQUESTS_MAX ||
	       turn->arena->bytes > ALM_TURN_ARENA_BYTES_MAX / 2;
}

static enum alm_err decode(struct alm_turn *turn)
{
	for (size_t i = 0; i < turn->frame_count; i++) {
		enum alm_err err;

		if (is_decoded_full(turn)) {
			alm_fair_put_back(turn, i);
			return ALM_OK;
		}
		err = decode_frame(turn, &turn->frames[i]);
		if (err != ALM_OK) {
			return err;
		}
	}
	return ALM_OK;
}

/* --- decide, each request by what it is ---------------------------------- */

static enum alm_err refuse_frame(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	struct alm_audit_record record =
		alm_turn_record(turn, ALM_AUDIT_REFUSED);
	enum alm_err err = ALM_OK;

	turn->broker->metrics.malformed++;
	if (turn->is_store_full || request->problem->err == ALM_JOINS_LIMITED) {
		return alm_turn_reply_error(
			turn, request, request->problem->err, "");
	}
	record.effect = ALM_EFFECT_DENY;
	record.code = (uint32_t)request->problem->err;
	if (request->agent != NULL) {
		record.agent = request->agent->number;
		record.sender = request->agent->organisation;
	}
	if (alm_faults_may_record(turn, request)) {
		err = alm_turn_audit(turn, &record, "");
	}
	if (err != ALM_OK) {
		return err;
	}
	return alm_turn_reply_error(
		turn, request, request->problem->err, request->problem->detail);
}

static enum alm_err take_send(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	if (turn->broker->is_draining) {
		return alm_refuse_unrecorded(turn, request, ALM_DRAINING);
	}
	if (request->is_surplus) {
		turn->broker->metrics.refused_busy++;
		return alm_refuse_unrecorded(turn, request, ALM_OVER_QUOTA);
	}
	if (turn->refuses_mail || turn->is_store_full) {
		turn->broker->metrics.refused_full++;
		return alm_refuse_unrecorded(turn, request, ALM_STORE_FULL);
	}
	return alm_accept(turn, request);
}

static enum alm_err carry_out(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	if (request->failed != ALM_OK) {
		return alm_turn_refuse_failed(turn, request);
	}
	if (request->envelope == NULL) {
		return refuse_frame(turn, request);
	}
	switch (request->envelope->kind) {
	case ALM_ENVELOPE_SEND:
		return take_send(turn, request);
	case ALM_ENVELOPE_ACKNOWLEDGE:
		return alm_acknowledge_mail(turn, request);
	case ALM_ENVELOPE_HELLO:
		return alm_hello(turn, request);
	case ALM_ENVELOPE_CREDIT:
		return alm_set_credit(turn, request);
	case ALM_ENVELOPE_PING:
		return alm_pong(turn, request);
	case ALM_ENVELOPE_PONG:
		alm_take_pong(turn, request);
		return ALM_OK;
	case ALM_ENVELOPE_GOODBYE:
		alm_goodbye(turn, request);
		return ALM_OK;
	case ALM_ENVELOPE_PART:
		return alm_take_part(turn, request);
	case ALM_ENVELOPE_PROGRESS:
		return alm_take_progress(turn, request);
	case ALM_ENVELOPE_QUERY:
		return alm_query(turn, request);
	case ALM_ENVELOPE_ADMINISTER:
		return alm_administer(turn, request);
	case ALM_ENVELOPE_JOIN:
		if (request->invite != 0) {
			return alm_join(turn, request);
		}
		break; /* who is registered has joined */
	case ALM_ENVELOPE_WELCOME:
	case ALM_ENVELOPE_RECEIPT:
	case ALM_ENVELOPE_DELIVER:
	case ALM_ENVELOPE_ACKNOWLEDGED:
	case ALM_ENVELOPE_NOTICE:
	case ALM_ENVELOPE_ERROR:
	case ALM_ENVELOPE_ANSWER:
	case ALM_ENVELOPE_JOINED:
		break; /* the decoder lets none of these through */
	}
	return alm_turn_reply_error(turn, request, ALM_WRONG_ENVELOPE, "");
}

static enum alm_err decide(struct alm_turn *turn)
{
	enum alm_err err = alm_reload_if_asked(turn);

	if (err == ALM_OK) {
		err = alm_checkpoint_sign(turn);
	}
	if (err == ALM_OK) {
		err = alm_identity_expire(turn);
	}
	if (err == ALM_OK) {
		err = alm_epoch_expire(turn);
	}
	for (size_t i = 0; i < turn->request_count && err == ALM_OK; i++) {
		turn->at = &turn->requests[i];
		turn->at->arena_bytes = turn->arena->bytes;
		err = carry_out(turn, turn->at);
	}
	if (err == ALM_OK) {
		turn->at = NULL;
	}
	alm_fair_worked(turn);
	if (err == ALM_OK) {
		err = alm_redecide(turn);
	}
	if (err == ALM_OK && !turn->is_store_full) {
		err = alm_faults_record(turn);
	}
	if (err == ALM_OK) {
		alm_impact_sweep(turn->broker, turn->monotonic_ms);
		err = alm_sweep(turn);
	}
	if (err == ALM_OK) {
		err = alm_gather_serve(turn);
	}
	if (err == ALM_OK && !turn->is_store_full &&
		!turn->broker->is_draining) {
		err = alm_hand_over(turn);
	}
	return err == ALM_OK ? alm_fetches_serve(turn) : err;
}

/* --- commit -------------------------------------------------------------- */

static enum alm_err begin(struct alm_turn *turn)
{
	uint8_t seed[32];
	enum alm_err err;

	randombytes_buf(seed, sizeof(seed));
	err = alm_store_begin(turn->broker->store, turn->now_us, seed);
	sodium_memzero(seed, sizeof(seed));
	/* Not even judged: a refusal's record would take room as well. */
	turn->refuses_mail =
		alm_store_room(turn->broker->store) != ALM_STORE_ROOM;
	return err;
}

static enum alm_err commit(struct alm_turn *turn)
{
	struct alm_metrics *metrics = &turn->broker->metrics;
	int64_t started_us;
	int64_t took_us;
	enum alm_err err;

	if (!turn->has_effects) {
		alm_store_abort(turn->broker->store);
		return ALM_OK;
	}
	started_us = alm_clock_monotonic_us();
	err = alm_store_commit(turn->broker->store);
	took_us = alm_clock_monotonic_us() - started_us;
	alm_fair_committed(turn, took_us);
	metrics->commit_us += (uint64_t)took_us;
	metrics->turns++;
	if (turn->request_count > metrics->batch_max) {
		metrics->batch_max = turn->request_count;
	}
	return err;
}

/* --- the turn ------------------------------------------------------------ */

struct alm_turn_buffers {
	struct alm_edge_frame frames[ALM_TURN_FRAMES_MAX];
	struct alm_turn_request requests[ALM_TURN_REQUESTS_MAX];
	const struct alm_letter *letters[ALM_TURN_LETTERS_MAX];
	struct alm_detail detail;
	struct alm_sums sums;
};

struct alm_turn_buffers *alm_turn_buffers_new(void)
{
	return malloc(sizeof(struct alm_turn_buffers));
}

void alm_turn_buffers_free(struct alm_turn_buffers *buffers)
{
	free(buffers);
}

static enum alm_err work(struct alm_turn *turn)
{
	enum alm_err err = begin(turn);

	if (err == ALM_OK) {
		err = decide(turn);
	}
	if (err == ALM_OK) {
		err = commit(turn);
	}
	if (err == ALM_OK) {
		alm_reload_committed(turn);
		alm_redecide_committed(turn);
		alm_checkpoint_committed(turn->broker);
	}
	return err;
}

static enum alm_err work_again(
	struct alm_turn *turn, const struct alm_metrics *metrics)
{
	enum alm_err err = alm_turn_take_back(turn, metrics);

	return err == ALM_OK ? work(turn) : err;
}

/* A full store still lets mail out: the turn is taken again without what
 * would fill it more.  A request that cannot be carried out is nobody else's
 * trouble, and not the daemon's either. */
static bool mend(struct alm_turn *turn, enum alm_err err)
{
	if (alm_turn_can_do_without(turn, err)) {
		alm_turn_fail_request(turn, err);
		return true;
	}
	if (err == ALM_NOMEM) {
		return alm_turn_spare_memory(turn);
	}
	if (err == ALM_STORE_FULL && !turn->is_store_full) {
		turn->is_store_full = true;
		return true;
	}
	return false;
}

static enum alm_err work_or_give_up(struct alm_turn *turn)
{
	const struct alm_metrics metrics = turn->broker->metrics;
	enum alm_err err = work(turn);

	while (mend(turn, err)) {
		err = work_again(turn, &metrics);
	}
	if (err == ALM_NOMEM || err == ALM_STORE_FULL) {
		enum alm_err why = err;

		err = alm_turn_take_back(turn, &metrics);
		alm_turn_give_up(turn, why);
	}
	return err;
}

enum alm_err alm_turn_run(struct alm_broker *broker,
	const struct alm_edge_ready *ready, struct alm_problem *problem)
{
	struct alm_turn turn = {
		.broker = broker,
		.number = ++broker->turn_number,
		.now_us = alm_broker_look_at_clock(broker),
		.monotonic_ms = alm_clock_monotonic_ms(),
		.arena = &broker->arena,
		.detail = &broker->buffers->detail,
		.sums = &broker->buffers->sums,
		.frames = broker->buffers->frames,
		.requests = broker->buffers->requests,
		.letters = broker->buffers->letters,
	};
	enum alm_err err;

	turn.now_ms = turn.now_us / 1000;
	turn.now_s = turn.now_ms / 1000;
	alm_arena_reset(turn.arena);
	turn.sums->count = 0;
	receive(&turn, ready);
	gather(&turn, ready);
	err = decode(&turn);
	alm_turn_authenticate(&turn);
	alm_note_signs_of_life(&turn);
	turn.decoded = alm_arena_mark(turn.arena);
	if (err == ALM_OK) {
		err = work_or_give_up(&turn);
	} else {
		alm_turn_give_up(&turn, err);
		err = ALM_OK;
	}
	if (err == ALM_OK) {
		alm_deliver(&turn);
	}
	alm_edge_release(broker->edge);
	if (err != ALM_OK) {
		return alm_problem_set(problem, err, "turn %llu",
			(unsigned long long)turn.number);
	}
	return ALM_OK;
}
