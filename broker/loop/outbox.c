/*
 * A parcel is the frames for one peer.  Parcels are found through a small
 * hash of the peer's number and are kept from turn to turn with their memory,
 * so that a busy broker does not allocate.
 */
#include "broker/loop/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "lib/limits.h"

#define BUCKETS 1024u
/* Memory that a parcel keeps for the next turn; larger blocks are given back.
 * The first few, which a turn uses first, may keep a whole frame. */
#define KEPT_BYTES_MAX ((size_t)64 * 1024)
#define LARGE_PARCELS 16u
#define SMALL_BYTES_MAX ((size_t)8 * 1024)

struct sealed_frame {
	struct sealed_frame *next;
	size_t bytes;
	uint8_t data[];
};

struct parcel {
	enum alm_edge_socket socket;
	struct alm_peer peer;
	struct alm_frame_builder open;
	struct sealed_frame *first;
	struct sealed_frame **last;
	size_t sealed_bytes;
	uint32_t next_in_bucket; /* place + 1 */
};

struct alm_outbox {
	struct parcel **parcels;
	size_t count; /* in use this turn */
	size_t capacity;
	size_t made; /* parcels that exist */
	uint32_t buckets[BUCKETS];
};

struct alm_outbox *alm_outbox_new(void)
{
	return calloc(1, sizeof(struct alm_outbox));
}

static void free_sealed(struct parcel *parcel)
{
	while (parcel->first != NULL) {
		struct sealed_frame *next = parcel->first->next;

		free(parcel->first);
		parcel->first = next;
	}
	parcel->last = &parcel->first;
	parcel->sealed_bytes = 0;
}

void alm_outbox_free(struct alm_outbox *outbox)
{
	if (outbox == NULL) {
		return;
	}
	for (size_t i = 0; i < outbox->made; i++) {
		free_sealed(outbox->parcels[i]);
		alm_frame_fini(&outbox->parcels[i]->open);
		free(outbox->parcels[i]);
	}
	free(outbox->parcels);
	free(outbox);
}

static bool make_parcel(struct alm_outbox *outbox)
{
	struct parcel *parcel;

	if (outbox->made == outbox->capacity) {
		size_t capacity = outbox->capacity * 2 + 16;
		struct parcel **parcels = realloc(
			outbox->parcels, capacity * sizeof(struct parcel *));

		if (parcels == NULL) {
			return false;
		}
		outbox->parcels = parcels;
		outbox->capacity = capacity;
	}
	parcel = calloc(1, sizeof(*parcel));
	if (parcel == NULL) {
		return false;
	}
	parcel->last = &parcel->first;
	outbox->parcels[outbox->made++] = parcel;
	return true;
}

static void prepare_frame(struct parcel *parcel, size_t place)
{
	size_t kept_bytes_max =
		place < LARGE_PARCELS ? ALM_FRAME_BYTES_MAX : KEPT_BYTES_MAX;
	size_t bytes_max = parcel->socket == ALM_EDGE_AGENTS
				   ? ALM_FRAME_BYTES_MAX
				   : ALM_ADMIN_FRAME_BYTES_MAX;

	if (parcel->open.bytes_max != bytes_max ||
		parcel->open.bytes_capacity > kept_bytes_max) {
		alm_frame_fini(&parcel->open);
		alm_frame_init(&parcel->open, bytes_max);
	}
	alm_frame_reset(&parcel->open);
}

static struct parcel *find_or_add(struct alm_outbox *outbox,
	enum alm_edge_socket socket, struct alm_peer peer)
{
	uint32_t *bucket = &outbox->buckets[peer.number % BUCKETS];
	struct parcel *parcel;

	for (uint32_t at = *bucket; at != 0;
		at = outbox->parcels[at - 1]->next_in_bucket) {
		parcel = outbox->parcels[at - 1];
		if (parcel->socket == socket &&
			parcel->peer.number == peer.number) {
			return parcel;
		}
	}
	if (outbox->count == outbox->made && !make_parcel(outbox)) {
		return NULL;
	}
	parcel = outbox->parcels[outbox->count++];
	parcel->socket = socket;
	parcel->peer = peer;
	parcel->next_in_bucket = *bucket;
	*bucket = (uint32_t)outbox->count;
	prepare_frame(parcel, outbox->count);
	return parcel;
}

/* Put the open frame away as it is, and begin another. */
static enum alm_err seal(struct parcel *parcel)
{
	struct alm_bytes bytes = alm_frame_bytes(&parcel->open);
	struct sealed_frame *frame = malloc(sizeof(*frame) + bytes.bytes);

	if (frame == NULL) {
		return ALM_NOMEM;
	}
	frame->next = NULL;
	frame->bytes = bytes.bytes;
	memcpy(frame->data, bytes.data, bytes.bytes);
	*parcel->last = frame;
	parcel->last = &frame->next;
	parcel->sealed_bytes += frame->bytes;
	alm_frame_reset(&parcel->open);
	return ALM_OK;
}

enum alm_err alm_outbox_add(struct alm_outbox *outbox,
	enum alm_edge_socket socket, struct alm_peer peer,
	const struct alm_envelope *envelope, struct alm_arena *arena)
{
	struct parcel *parcel = find_or_add(outbox, socket, peer);
	enum alm_err err;

	if (parcel == NULL) {
		return ALM_NOMEM;
	}
	err = alm_frame_add(&parcel->open, envelope, arena);
	if ((err == ALM_FRAME_TOO_LARGE || err == ALM_TOO_MANY_ENVELOPES) &&
		parcel->open.envelope_count > 0) {
		err = seal(parcel);
		if (err == ALM_OK) {
			err = alm_frame_add(&parcel->open, envelope, arena);
		}
	}
	return err;
}

static enum alm_err send_parcel(struct alm_edge *edge, struct parcel *parcel)
{
	enum alm_err err = ALM_OK;

	for (struct sealed_frame *frame = parcel->first;
		frame != NULL && err == ALM_OK; frame = frame->next) {
		err = alm_edge_send(edge, parcel->socket, parcel->peer,
			(struct alm_bytes){frame->data, frame->bytes});
	}
	if (err == ALM_OK && parcel->open.envelope_count > 0) {
		err = alm_edge_send(edge, parcel->socket, parcel->peer,
			alm_frame_bytes(&parcel->open));
	}
	return err;
}

static size_t parcel_bytes(const struct parcel *parcel)
{
	return parcel->sealed_bytes + parcel->open.bytes;
}

static void send_those(struct alm_outbox *outbox, struct alm_edge *edge,
	const struct alm_outbox_hooks *hooks, bool are_small)
{
	for (size_t i = 0; i < outbox->count; i++) {
		struct parcel *parcel = outbox->parcels[i];
		size_t bytes = parcel_bytes(parcel);
		enum alm_err err;

		if ((bytes <= SMALL_BYTES_MAX) != are_small) {
			continue;
		}
		err = hooks->may_send(
			hooks->cookie, parcel->socket, parcel->peer, bytes);
		if (err == ALM_OK) {
			err = send_parcel(edge, parcel);
		}
		if (err != ALM_OK) {
			hooks->lost(hooks->cookie, parcel->socket, parcel->peer,
				err);
		}
	}
}

void alm_outbox_send(struct alm_outbox *outbox, struct alm_edge *edge,
	const struct alm_outbox_hooks *hooks)
{
	/* They are encrypted one after the other, in this order: who has sent
	 * little does not wait for the mail of who is sent much. */
	send_those(outbox, edge, hooks, true);
	send_those(outbox, edge, hooks, false);
	alm_outbox_discard(outbox);
}

void alm_outbox_discard(struct alm_outbox *outbox)
{
	for (size_t i = 0; i < outbox->count; i++) {
		struct parcel *parcel = outbox->parcels[i];

		outbox->buckets[parcel->peer.number % BUCKETS] = 0;
		free_sealed(parcel);
		alm_frame_reset(&parcel->open);
	}
	outbox->count = 0;
}
