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

void alm_edge_wait(
	struct alm_edge *edge, int timeout_ms, struct alm_edge_ready *out_ready)
{
	zmq_pollitem_t items[] = {
		{.socket = edge->agents, .events = ZMQ_POLLIN},
		{.socket = edge->admin, .events = ZMQ_POLLIN},
		{.socket = edge->zap, .events = ZMQ_POLLIN},
		{.fd = edge->signal_fd, .events = ZMQ_POLLIN},
		{.fd = -1, .events = ZMQ_POLLIN},
		{.fd = -1, .events = ZMQ_POLLIN},
	};
	int count = 4;
	int extra = 0;
	int next = 0;

	if (edge->extra_fd >= 0) {
		extra = count++;
		items[extra].fd = edge->extra_fd;
	}
	if (edge->next != NULL) {
		next = count++;
		items[next].socket = edge->next;
	}
	memset(out_ready, 0, sizeof(*out_ready));
	if (zmq_poll(items, count, timeout_ms) <= 0) {
		return;
	}
	out_ready->agents = (items[0].revents & ZMQ_POLLIN) != 0;
	out_ready->admin = (items[1].revents & ZMQ_POLLIN) != 0;
	out_ready->zap = (items[2].revents & ZMQ_POLLIN) != 0;
	out_ready->signal = (items[3].revents & ZMQ_POLLIN) != 0;
	out_ready->extra =
		extra != 0 && (items[extra].revents & ZMQ_POLLIN) != 0;
	out_ready->agents |=
		next != 0 && (items[next].revents & ZMQ_POLLIN) != 0;
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

/* Bounded: a peer that sends only rubbish does not hold the loop. */
static bool receive_from(
	struct alm_edge *edge, void *socket, struct alm_edge_frame *out_frame)
{
	int rc = 0;

	for (unsigned i = 0; i < ALM_TURN_FRAMES_MAX && rc == 0; i++) {
		rc = receive_one(edge, socket, out_frame);
	}
	return rc == 1;
}

static bool receive_next(
	struct alm_edge *edge, struct alm_edge_frame *out_frame)
{
	if (edge->next == NULL || !receive_from(edge, edge->next, out_frame)) {
		return false;
	}
	out_frame->peer.number |= ALM_PEER_NEXT;
	return true;
}

enum alm_err alm_edge_receive(struct alm_edge *edge,
	enum alm_edge_socket socket, struct alm_edge_frame *out_frame)
{
	bool is_taken;

	if (edge->held_count == ALM_TURN_FRAMES_MAX) {
		return ALM_TOO_MANY_VALUES;
	}
	if (socket == ALM_EDGE_ADMIN) {
		is_taken = receive_from(edge, edge->admin, out_frame);
	} else if (edge->is_next_first) {
		is_taken = receive_next(edge, out_frame) ||
			   receive_from(edge, edge->agents, out_frame);
	} else {
		is_taken = receive_from(edge, edge->agents, out_frame) ||
			   receive_next(edge, out_frame);
	}
	out_frame->socket = socket;
	out_frame->is_surplus = false;
	out_frame->is_rest = false;
	out_frame->part_count = 0;
	return is_taken ? ALM_OK : ALM_NOT_FOUND;
}

void alm_edge_release(struct alm_edge *edge)
{
	for (size_t i = 0; i < edge->held_count; i++) {
		(void)zmq_msg_close(&edge->held[i]);
	}
	edge->held_count = 0;
	edge->is_next_first = edge->next != NULL && !edge->is_next_first;
}

/* What the keeper does not see. */
struct kept {
	struct alm_edge_kept seen;
	zmq_msg_t message;
	size_t offset; /* of what is kept, in the message */
};

static struct kept *whole(struct alm_edge_kept *seen)
{
	return (struct kept *)seen; /* it stands first */
}

static struct kept *new_kept(
	const struct alm_edge_frame *frame, zmq_msg_t *message)
{
	struct kept *kept = calloc(1, sizeof(*kept));

	if (kept != NULL) {
		const uint8_t *data = zmq_msg_data(message);

		(void)zmq_msg_init(&kept->message);
		kept->seen.frame = *frame;
		kept->offset = (size_t)(frame->bytes.data - data);
	}
	return kept;
}

struct alm_edge_kept *alm_edge_keep(
	struct alm_edge *edge, const struct alm_edge_frame *frame)
{
	zmq_msg_t *held = &edge->held[edge->held_count - 1];
	struct kept *kept;

	ALM_ASSERT(edge->held_count > 0);
	kept = new_kept(frame, held);
	if (kept == NULL) {
		return NULL;
	}
	edge->held_count--;
	(void)zmq_msg_move(&kept->message, held);
	return &kept->seen;
}

struct alm_edge_kept *alm_edge_keep_rest(struct alm_edge *edge,
	const struct alm_edge_frame *frame, size_t part_bytes)
{
	zmq_msg_t *held = &edge->held[edge->held_count - 1];
	struct kept *kept;

	ALM_ASSERT(edge->held_count > 0 && part_bytes <= frame->bytes.bytes);
	kept = new_kept(frame, held);
	/* The two share the bytes; ZeroMQ counts who has them. */
	if (kept == NULL || zmq_msg_copy(&kept->message, held) != 0) {
		free(kept);
		return NULL;
	}
	kept->offset += part_bytes;
	kept->seen.frame.bytes.bytes -= part_bytes;
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
	out_frame->bytes.data =
		(const uint8_t *)zmq_msg_data(held) + kept->offset;
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
	bool is_next = (peer.number & ALM_PEER_NEXT) != 0;
	void *to = socket == ALM_EDGE_ADMIN ? edge->admin
		   : is_next                ? edge->next
					    : edge->agents;
	uint8_t id[PEER_ID_BYTES] = {0};

	alm_put_u32(id + 1, (uint32_t)peer.number);
	if (zmq_send(to, id, sizeof(id), ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
		return err_from_send(zmq_errno());
	}
	if (zmq_send(to, frame.data, frame.bytes, ZMQ_DONTWAIT) < 0) {
		return err_from_send(zmq_errno());
	}
	return ALM_OK;
}
