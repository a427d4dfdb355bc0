#include "broker/identity/hello.h"

#include "broker/identity/identity.h"
#include "lib/limits.h"

/* A turn comes twice a second, unless one takes long. */
#define LATE_MS 1000
/* It looks at every session. */
#define LOOK_EVERY_MS 1000

/* The old connection of an agent that has come back. */
static enum alm_err supersede(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	struct alm_session *old = alm_sessions_of_agent(
		turn->broker->sessions, request->agent->number);
	struct alm_turn_request there = *request;

	if (old == NULL) {
		return ALM_OK;
	}
	there.peer = old->peer;
	alm_sessions_remove(turn->broker->sessions, &old);
	return alm_turn_reply_error(turn, &there, ALM_SUPERSEDED, "");
}

static uint32_t bounded_window(uint32_t asked)
{
	return asked < ALM_DELIVER_WINDOW_MAX ? asked : ALM_DELIVER_WINDOW_MAX;
}

/* There may be somebody for what nobody could be given. */
static void look_again(struct alm_mailbox *mailbox)
{
	if (mailbox->has_skipped) {
		mailbox->has_skipped = false;
		alm_mailbox_from_start(mailbox);
	}
}

/* What of them both sides may use. */
static uint32_t agreed_encodings(
	const struct alm_settings *settings, uint32_t asked)
{
	uint32_t ours = settings->compress_from_bytes == 0
				? 0
				: 1u << ALM_ENCODING_ZSTD;

	return asked & ours;
}

/* What the agent has said of itself. */
static void keep_hello(const struct alm_turn *turn,
	const struct alm_agent *agent, const struct alm_hello *hello,
	struct alm_session *session)
{
	struct alm_mailbox *mailbox = session->mailbox;

	session->window = bounded_window(hello->credit);
	session->encodings =
		agreed_encodings(&turn->broker->settings, hello->encodings);
	session->takes_parts = hello->takes_parts;
	session->keeps_order = hello->keeps_order;
	session->is_barred = false;
	mailbox->has_limited |= agent->categories[0] != '\0';
	look_again(mailbox);
}

/* Who comes under the old key of the broker is told where the next one is:
 * the old key vouches for it. */
static void tell_next(struct alm_broker *broker,
	const struct alm_turn_request *request, struct alm_welcome *welcome)
{
	bool is_next = (request->peer.number & ALM_PEER_NEXT) != 0;

	if (!alm_edge_has_next(broker->edge)) {
		return;
	}
	alm_keyring_note_broker_key(
		broker->keyring, request->agent->number, is_next);
	if (!is_next) {
		welcome->next_endpoint = alm_next_endpoint(broker);
		welcome->next_broker_key = (struct alm_bytes){
			alm_edge_next_public_key(broker->edge), ALM_KEY_BYTES};
	}
}

static enum alm_err welcome(struct alm_turn *turn,
	const struct alm_turn_request *request,
	const struct alm_session *session)
{
	const struct alm_world *world = &turn->broker->world;
	struct alm_envelope envelope = {
		.kind = ALM_ENVELOPE_WELCOME,
		.welcome =
			{
				.version = ALM_PROTOCOL_VERSION,
				.credit = turn->broker->settings.send_window,
				.broker_time_ms = turn->now_ms,
				.frame_bytes_max = ALM_FRAME_BYTES_MAX,
				.frame_envelopes_max = ALM_FRAME_ENVELOPES_MAX,
				.payload_bytes_max = ALM_PAYLOAD_BYTES_MAX,
				.organisation = request->agent->organisation,
				.agent = request->agent->name,
				.policy_epoch = world->epoch,
				.people_sequence = world->seq,
				.encodings = session->encodings,
				.parts_bytes_max =
					turn->broker->settings
						.large_payload_bytes_max,
			},
	};

	tell_next(turn->broker, request, &envelope.welcome);
	return alm_turn_reply(turn, request, &envelope);
}

enum alm_err alm_hello(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	const struct alm_hello *hello = &request->envelope->hello;
	struct alm_mailbox *mailbox;
	struct alm_session *session;
	enum alm_err err;

	if (hello->version < ALM_PROTOCOL_VERSION) {
		return alm_turn_reply_error(turn, request, ALM_VERSION, "");
	}
	if (alm_unreads_is_stopped(turn->broker->unreads, request->peer)) {
		return alm_turn_reply_error(turn, request, ALM_NOT_READING, "");
	}
	session = alm_sessions_find(turn->broker->sessions, request->peer);
	if (session != NULL &&
		session->agent_number == request->agent->number) {
		/* Hello again on a connection that stands: it keeps its mail.
		 */
		keep_hello(turn, request->agent, hello, session);
		return welcome(turn, request, session);
	}
	err = supersede(turn, request);
	if (err != ALM_OK) {
		return err;
	}
	mailbox = alm_mailboxes_get(
		turn->broker->mailboxes, request->agent->organisation);
	if (mailbox == NULL) {
		return ALM_NOMEM;
	}
	err = alm_sessions_add(turn->broker->sessions, request->peer,
		request->agent->number, mailbox, &session);
	if (err == ALM_TOO_MANY_VALUES) {
		return alm_turn_reply_error(turn, request, ALM_BUSY,
			"as many agents are connected as the broker takes");
	}
	if (err != ALM_OK) {
		return err;
	}
	keep_hello(turn, request->agent, hello, session);
	session->rotations = request->rotations;
	session->heard_ms = turn->monotonic_ms;
	return welcome(turn, request, session);
}

enum alm_err alm_set_credit(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	struct alm_session *session = alm_session_of(turn, request);

	if (session == NULL) {
		return alm_turn_reply_error(
			turn, request, ALM_HELLO_REQUIRED, "");
	}
	session->window = bounded_window(request->envelope->credit);
	look_again(session->mailbox);
	return ALM_OK;
}

static void note_contact(
	struct alm_turn *turn, const struct alm_session *session)
{
	int64_t ago_ms = turn->monotonic_ms - session->heard_ms;

	alm_keyring_note_contact(turn->broker->keyring, session->agent_number,
		turn->now_us - ago_ms * 1000);
}

void alm_goodbye(struct alm_turn *turn, const struct alm_turn_request *request)
{
	struct alm_session *session = alm_session_of(turn, request);

	if (session != NULL) {
		session->said_goodbye = true;
		note_contact(turn, session);
		alm_sessions_remove(turn->broker->sessions, &session);
	}
}

enum alm_err alm_pong(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	struct alm_envelope envelope = {
		.kind = ALM_ENVELOPE_PONG,
		.ping = {.context = request->envelope->ping.context,
			.broker_time_ms = turn->now_ms},
	};

	if (request->socket == ALM_EDGE_AGENTS &&
		alm_session_of(turn, request) == NULL) {
		return alm_turn_reply_error(
			turn, request, ALM_HELLO_REQUIRED, "");
	}
	return alm_turn_reply(turn, request, &envelope);
}

/* Whether the broker has itself been there for so long: what came while it
 * stood still is not all read in its first turn. */
static bool has_listened(struct alm_turn *turn, int64_t ms)
{
	struct alm_broker *broker = turn->broker;

	if (turn->monotonic_ms - broker->turned_at_ms > ms / 2 + LATE_MS) {
		broker->listens_since_ms = turn->monotonic_ms;
	}
	broker->turned_at_ms = turn->monotonic_ms;
	return turn->monotonic_ms - broker->listens_since_ms > ms;
}

void alm_note_signs_of_life(struct alm_turn *turn)
{
	struct alm_sessions *sessions = turn->broker->sessions;
	int64_t idle_ms = turn->broker->settings.session_idle_ms;
	int64_t before_ms = turn->monotonic_ms - idle_ms;
	struct alm_session *session;

	for (size_t i = 0; i < turn->frame_count; i++) {
		const struct alm_edge_frame *frame = &turn->frames[i];

		session = frame->socket == ALM_EDGE_AGENTS
				  ? alm_sessions_find(sessions, frame->peer)
				  : NULL;
		if (session != NULL) {
			session->heard_ms = turn->monotonic_ms;
		}
	}
	if (!has_listened(turn, idle_ms) ||
		turn->monotonic_ms - turn->broker->silence_at_ms <
			LOOK_EVERY_MS) {
		return;
	}
	turn->broker->silence_at_ms = turn->monotonic_ms;
	while ((session = alm_sessions_silent(sessions, before_ms)) != NULL) {
		note_contact(turn, session);
		alm_sessions_remove(sessions, &session);
	}
}
