/* The turn that the stages share: answering, recording, changing course. */
#include "broker/loop/stage.h"

/* An answer that does not fit the wire must not undo what everybody else
 * asked for: its asker is told so instead, under the same id. */
static struct alm_envelope say_less(const struct alm_envelope *envelope)
{
	struct alm_envelope less = {.kind = ALM_ENVELOPE_ERROR};

	if (envelope->kind == ALM_ENVELOPE_ANSWER) {
		less.kind = ALM_ENVELOPE_ANSWER;
		less.answer.id = envelope->answer.id;
		less.answer.code = ALM_INTERNAL;
		less.answer.detail = "the answer does not fit a frame";
		less.answer.cursor = "";
		return less;
	}
	less.error.code = ALM_INTERNAL;
	less.error.detail = "the answer does not fit a frame";
	less.error.nearest = "";
	if (envelope->kind == ALM_ENVELOPE_RECEIPT) {
		less.error.message_id = (struct alm_bytes){
			envelope->receipt.message_id.raw, ALM_MESSAGE_ID_BYTES};
	}
	return less;
}

enum alm_err alm_turn_reply(struct alm_turn *turn,
	const struct alm_turn_request *request,
	const struct alm_envelope *envelope)
{
	struct alm_outbox *outbox = turn->broker->outbox;
	enum alm_err err = alm_outbox_add(
		outbox, request->socket, request->peer, envelope, turn->arena);
	struct alm_envelope instead;

	if (err == ALM_OK || err == ALM_NOMEM) {
		return err;
	}
	turn->broker->metrics.unsayable++;
	instead = say_less(envelope);
	return alm_outbox_add(
		outbox, request->socket, request->peer, &instead, turn->arena);
}

enum alm_err alm_turn_reply_error(struct alm_turn *turn,
	const struct alm_turn_request *request, enum alm_err code,
	const char *detail)
{
	struct alm_envelope envelope = {
		.kind = ALM_ENVELOPE_ERROR,
		.error = {.code = code, .detail = detail, .nearest = ""},
	};

	return alm_turn_reply(turn, request, &envelope);
}

struct alm_session *alm_session_of(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	struct alm_sessions *sessions = turn->broker->sessions;
	struct alm_session *session =
		alm_sessions_find(sessions, request->peer);

	/* Peers may choose their ROUTER id; the key tells who they are. */
	if (session != NULL && request->agent != NULL &&
		session->agent_number != request->agent->number) {
		alm_sessions_remove(sessions, &session);
	}
	return session;
}

struct alm_audit_record alm_turn_record(
	const struct alm_turn *turn, enum alm_audit_kind kind)
{
	return (struct alm_audit_record){
		.time_us = turn->now_us,
		.kind = kind,
		.policy_epoch = turn->broker->world.epoch,
		.people_seq = turn->broker->world.seq,
		.sender = "",
		.recipient = "",
		.purpose = "",
		.categories = "",
		.basis = "",
		.standard = "",
	};
}

enum alm_err alm_turn_audit(struct alm_turn *turn,
	struct alm_audit_record *record, const char *detail)
{
	enum alm_err err =
		alm_store_audit_append(turn->broker->store, record, detail);

	if (err == ALM_OK) {
		turn->has_effects = true;
		turn->broker->audit_size = record->seq;
	}
	return err;
}

/* --- changes that the rest of the turn must see -------------------------- */

enum alm_err alm_turn_change_agent(
	struct alm_turn *turn, const struct alm_agent *agent)
{
	enum alm_err err = alm_keyring_put(turn->broker->keyring, agent);

	turn->has_new_world = true;
	turn->broker->identity_due_us =
		alm_keyring_due_us(turn->broker->keyring);
	if (err == ALM_OK) {
		alm_turn_authenticate(
			turn); /* the ring's agents may have moved */
	}
	return err;
}

void alm_turn_change_people(struct alm_turn *turn)
{
	turn->letter_count = 0;
	turn->broker->world.seq =
		alm_store_people_sequence(turn->broker->store);
}

/* The connection was made under a key that is not valid any more. */
static bool is_retired(const struct alm_user *user)
{
	const struct alm_agent *agent = user->agent;

	return user->rotations != agent->rotations &&
	       (user->rotations + 1 != agent->rotations ||
		       agent->old_until_us == 0);
}

static const struct alm_problem *fault_of(
	const struct alm_turn_request *request, const struct alm_user *user)
{
	static const struct alm_problem stranger = {
		.err = ALM_NOT_AUTHENTICATED};
	static const struct alm_problem revoked = {.err = ALM_AGENT_REVOKED};
	static const struct alm_problem retired = {.err = ALM_KEY_RETIRED};

	if (user->invite != 0) {
		/* The key of an invite is good for one envelope alone. */
		return request->envelope != NULL && request->envelope->kind !=
							    ALM_ENVELOPE_JOIN
			       ? &stranger
			       : NULL;
	}
	if (user->agent == NULL) {
		return &stranger;
	}
	if (user->agent->is_revoked) {
		return &revoked;
	}
	return is_retired(user) ? &retired : NULL;
}

void alm_turn_authenticate(struct alm_turn *turn)
{
	for (size_t i = 0; i < turn->request_count; i++) {
		struct alm_turn_request *request = &turn->requests[i];
		const struct alm_problem *problem;
		struct alm_user user;

		if (request->socket == ALM_EDGE_ADMIN) {
			continue; /* the file's mode has let them in */
		}
		user = alm_user_from_id(
			turn->broker->keyring, request->user_id);
		request->agent = user.agent;
		request->rotations = user.rotations;
		request->invite = user.invite;
		problem = fault_of(request, &user);
		if (problem != NULL) {
			request->envelope = NULL;
			request->problem = problem;
		}
	}
}
