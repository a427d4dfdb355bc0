#include "broker/loop/deliver.h"

#include "broker/edge/log.h"
#include "lib/limits.h"

/* Of a connection without a session nothing is kept longer. */
#define FORGET_AFTER_MS (10LL * 60 * 1000)

static enum alm_err may_send(void *cookie, enum alm_edge_socket socket,
	struct alm_peer peer, size_t bytes)
{
	struct alm_turn *turn = cookie;

	/* An operator's program asks for one page after the other. */
	return socket == ALM_EDGE_AGENTS
		       ? alm_unreads_send(turn->broker->unreads, peer, bytes,
				 turn->monotonic_ms)
		       : ALM_OK;
}

static void tell(struct alm_broker *broker, const struct alm_session *session)
{
	broker->metrics.not_reading++;
	alm_log(ALM_LOG_WARNING, "session.not-reading",
		"%d %s: an agent of %s was sent %zu MiB that it does not "
		"read; it is sent nothing more until it does",
		(int)ALM_NOT_READING, alm_err_info(ALM_NOT_READING)->name,
		session->mailbox->organisation, ALM_UNREAD_BYTES_MAX >> 20);
}

/* A peer that is gone gives its mail back; so does one that does not read,
 * because what it missed must come before what follows.  It is told to say
 * hello again when it speaks. */
static void lost(void *cookie, enum alm_edge_socket socket,
	struct alm_peer peer, enum alm_err err)
{
	struct alm_turn *turn = cookie;
	struct alm_broker *broker = turn->broker;
	struct alm_session *session;

	broker->metrics.lost_frames++;
	if (socket != ALM_EDGE_AGENTS) {
		return;
	}
	session = alm_sessions_find(broker->sessions, peer);
	if (session != NULL && err == ALM_NOT_READING) {
		tell(broker, session);
	}
	if (session != NULL) {
		alm_sessions_remove(broker->sessions, &session);
	}
	if (err == ALM_UNREACHABLE) {
		alm_unreads_forget(broker->unreads, peer);
	}
}

/* One that is stopped says hello again when it has read so far. */
static enum alm_err ask(struct alm_turn *turn, const struct alm_unread *reader,
	struct alm_frame_builder *frame)
{
	const struct alm_envelope ping = {.kind = ALM_ENVELOPE_PING,
		.ping = {
			.context = {reader->context, sizeof(reader->context)}}};
	const struct alm_envelope error = {.kind = ALM_ENVELOPE_ERROR,
		.error = {
			.code = ALM_NOT_READING, .detail = "", .nearest = ""}};
	enum alm_err err = alm_frame_add(frame, &ping, turn->arena);

	if (err == ALM_OK && reader->is_stopped) {
		err = alm_frame_add(frame, &error, turn->arena);
	}
	return err == ALM_OK
		       ? alm_edge_send(turn->broker->edge, ALM_EDGE_AGENTS,
				 reader->peer, alm_frame_bytes(frame))
		       : err;
}

static void ask_all(struct alm_turn *turn)
{
	struct alm_unreads *readers = turn->broker->unreads;
	struct alm_unread *reader;
	struct alm_frame_builder frame;

	alm_frame_init(&frame, ALM_FRAME_BYTES_MAX);
	while ((reader = alm_unreads_next_to_ask(readers)) != NULL) {
		enum alm_err err = ask(turn, reader, &frame);

		alm_frame_reset(&frame);
		alm_unread_asked(reader, err == ALM_OK);
		if (err == ALM_UNREACHABLE) {
			alm_unreads_forget(readers, reader->peer);
		}
	}
	alm_frame_fini(&frame);
}

static bool has_session(void *cookie, struct alm_peer peer)
{
	struct alm_turn *turn = cookie;

	return alm_sessions_find(turn->broker->sessions, peer) != NULL;
}

void alm_deliver(struct alm_turn *turn)
{
	const struct alm_outbox_hooks hooks = {turn, may_send, lost};
	struct alm_broker *broker = turn->broker;

	alm_outbox_send(broker->outbox, broker->edge, &hooks);
	ask_all(turn);
	if (turn->monotonic_ms - broker->unread_swept_at_ms >= 1000) {
		broker->unread_swept_at_ms = turn->monotonic_ms;
		alm_unreads_sweep(broker->unreads,
			turn->monotonic_ms - FORGET_AFTER_MS, has_session,
			turn);
	}
}

void alm_take_pong(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	(void)alm_unreads_answer(turn->broker->unreads, request->peer,
		request->envelope->ping.context);
}
