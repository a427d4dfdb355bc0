/*
 * Receiving and sending.  A message is [routing id][frame]; anything else is
 * dropped and counted.  Received frames are held, not copied, until the turn
 * that takes them has ended.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker/edge/edge_internal.h"
#include "lib/limits.h"

/* An id that ROUTER assigned: 0, then 32 bits. */
#define PEER_ID_BYTES 5u

static void *socket_of(struct alm_edge *edge, enum alm_edge_socket socket)
{
	return socket == ALM_EDGE_AGENTS ? edge->agents : edge->admin;
}

void alm_edge_wait(
	struct alm_edge *edge, int timeout_ms, struct alm_edge_ready *out_ready)
{
	zmq_pollitem_t items[] = {
		{.socket = edge->agents, .events = ZMQ_POLLIN},
		{.socket = edge->admin, .events = ZMQ_POLLIN},
		{.socket = edge->zap, .events = ZMQ_POLLIN},
		{.fd = edge->signal_fd, .events = ZMQ_POLLIN},
		{.fd = edge->extra_fd, .events = ZMQ_POLLIN},
	};
	int count = edge->extra_fd < 0 ? 4 : 5;

	memset(out_ready, 0, sizeof(*out_ready));
	if (zmq_poll(items, count, timeout_ms) <= 0) {
		return;
	}
	out_ready->agents = (items[0].revents & ZMQ_POLLIN) != 0;
	out_ready->admin = (items[1].revents & ZMQ_POLLIN) != 0;
	out_ready->zap = (items[2].revents & ZMQ_POLLIN) != 0;
	out_ready->signal = (items[3].revents & ZMQ_POLLIN) != 0;
	out_ready->extra = count == 5 && (items[4].revents & ZMQ_POLLIN) != 0;
}

/* Read the rest of a multipart message away. */
static void skip_parts(void *socket, zmq_msg_t *part)
{
	while (zmq_msg_more(part)) {
		if (zmq_msg_recv(part, socket, ZMQ_DONTWAIT) < 0) {
			return;
		}
	}
}

static bool peer_from_id(zmq_msg_t *id, struct alm_peer *out_peer)
{
	const uint8_t *raw = zmq_msg_data(id);

	/* A peer may choose its own id; we serve only those that ROUTER
	 * assigned, so that an id says nothing but which connection it is. */
	if (zmq_msg_size(id) != PEER_ID_BYTES || raw[0] != 0) {
		return false;
	}
	out_peer->number = alm_get_u32(raw + 1);
	return true;
}

/* One message.  1: a frame was taken, 0: one was dropped, -1: none waits. */
static int receive_one(
	struct alm_edge *edge, void *socket, struct alm_edge_frame *out_frame)
{
	zmq_msg_t *held = &edge->held[edge->held_count];
	zmq_msg_t id;
	bool is_good;

	(void)zmq_msg_init(&id);
	if (zmq_msg_recv(&id, socket, ZMQ_DONTWAIT) < 0) {
		(void)zmq_msg_close(&id);
		return -1;
	}
	(void)zmq_msg_init(held);
	is_good = peer_from_id(&id, &out_frame->peer) && zmq_msg_more(&id) &&
		  zmq_msg_recv(held, socket, ZMQ_DONTWAIT) >= 0 &&
		  !zmq_msg_more(held);
	if (!is_good) {
		skip_parts(socket, zmq_msg_size(held) > 0 ? held : &id);
		edge->dropped++;
		(void)zmq_msg_close(held);
	} else {
		edge->held_count++;
		out_frame->user_id = zmq_msg_gets(held, "User-Id");
		out_frame->address = zmq_msg_gets(held, "Peer-Address");
		out_frame->bytes.data = zmq_msg_data(held);
		out_frame->bytes.bytes = zmq_msg_size(held);
	}
	(void)zmq_msg_close(&id);
	return is_good ? 1 : 0;
}

enum alm_err alm_edge_receive(struct alm_edge *edge,
	enum alm_edge_socket socket, struct alm_edge_frame *out_frame)
{
	int rc = 0;

	if (edge->held_count == ALM_TURN_FRAMES_MAX) {
		return ALM_TOO_MANY_VALUES;
	}
	/* Bounded: a peer that sends only rubbish does not hold the loop. */
	for (unsigned i = 0; i < ALM_TURN_FRAMES_MAX && rc == 0; i++) {
		rc = receive_one(edge, socket_of(edge, socket), out_frame);
	}
	out_frame->socket = socket;
	out_frame->is_surplus = false;
	return rc == 1 ? ALM_OK : ALM_NOT_FOUND;
}

void alm_edge_release(struct alm_edge *edge)
{
	for (size_t i = 0; i < edge->held_count; i++) {
		(void)zmq_msg_close(&edge->held[i]);
	}
	edge->held_count = 0;
}

/* What the keeper does not see. */
struct kept {
	struct alm_edge_kept seen;
	zmq_msg_t message;
};

static struct kept *whole(struct alm_edge_kept *seen)
{
	return (struct kept *)seen; /* it stands first */
}

struct alm_edge_kept *alm_edge_keep(
	struct alm_edge *edge, const struct alm_edge_frame *frame)
{
	struct kept *kept = calloc(1, sizeof(*kept));

	ALM_ASSERT(edge->held_count > 0);
	if (kept == NULL) {
		return NULL;
	}
	edge->held_count--;
	(void)zmq_msg_init(&kept->message);
	(void)zmq_msg_move(&kept->message, &edge->held[edge->held_count]);
	kept->seen.frame = *frame;
	return &kept->seen;
}

void alm_edge_take_kept(struct alm_edge *edge, struct alm_edge_kept **take_kept,
	struct alm_edge_frame *out_frame)
{
	zmq_msg_t *held = &edge->held[edge->held_count];
	struct kept *kept = whole(*take_kept);

	*take_kept = NULL;
	ALM_ASSERT(edge->held_count < ALM_TURN_FRAMES_MAX);
	edge->held_count++;
	(void)zmq_msg_init(held);
	(void)zmq_msg_move(held, &kept->message);
	*out_frame = kept->seen.frame;
	/* A small message lies in its own head, which has moved. */
	out_frame->bytes.data = zmq_msg_data(held);
	free(kept);
}

void alm_edge_drop_kept(struct alm_edge_kept **take_kept)
{
	struct kept *kept = whole(*take_kept);

	*take_kept = NULL;
	(void)zmq_msg_close(&kept->message);
	free(kept);
}

uint64_t alm_edge_dropped(const struct alm_edge *edge)
{
	return edge->dropped;
}

static enum alm_err err_from_send(int error)
{
	return error == EAGAIN ? ALM_BUSY : ALM_UNREACHABLE;
}

enum alm_err alm_edge_send(struct alm_edge *edge, enum alm_edge_socket socket,
	struct alm_peer peer, struct alm_bytes frame)
{
	void *to = socket_of(edge, socket);
	uint8_t id[PEER_ID_BYTES] = {0};

	alm_put_u32(id + 1, peer.number);
	if (zmq_send(to, id, sizeof(id), ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
		return err_from_send(zmq_errno());
	}
	if (zmq_send(to, frame.data, frame.bytes, ZMQ_DONTWAIT) < 0) {
		return err_from_send(zmq_errno());
	}
	return ALM_OK;
}
