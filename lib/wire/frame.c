/*
 * A frame is filled envelope by envelope, straight into its buffer.  The two
 * outer headers are written by hand: protobuf-c would pack each level and then
 * move it to make room for its length.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/protowire.h"
#include "lib/wire/encode.h"
#include "lib/wire/prescan.h"
#include "lib/wire/rules.h"

#define ENVELOPE_TAG ((1u << 3) | ALM_PROTO_BYTES)
#define CAPACITY_MIN ((size_t)4 * 1024)

void alm_frame_init(struct alm_frame_builder *frame, size_t bytes_max)
{
	*frame = (struct alm_frame_builder){.bytes_max = bytes_max};
}

void alm_frame_fini(struct alm_frame_builder *frame)
{
	free(frame->data);
	*frame = (struct alm_frame_builder){.bytes_max = frame->bytes_max};
}

void alm_frame_reset(struct alm_frame_builder *frame)
{
	frame->bytes = 0;
	frame->envelope_count = 0;
}

/* Room for `bytes` more, which is within bytes_max. */
static enum alm_err reserve(struct alm_frame_builder *frame, size_t bytes)
{
	size_t need = frame->bytes + bytes;
	size_t capacity = frame->bytes_capacity;
	uint8_t *data;

	if (need <= capacity) {
		return ALM_OK;
	}
	capacity = capacity < CAPACITY_MIN ? CAPACITY_MIN : 2 * capacity;
	if (capacity < need) {
		capacity = need;
	}
	data = realloc(frame->data, capacity);
	if (data == NULL) {
		return ALM_NOMEM;
	}
	frame->data = data;
	frame->bytes_capacity = capacity;
	return ALM_OK;
}

/* Pack, and check the result as the other side will. */
static enum alm_err append(struct alm_frame_builder *frame, uint32_t kind,
	const ProtobufCMessage *body, size_t body_bytes, size_t envelope_bytes)
{
	uint8_t *at = frame->data + frame->bytes;
	struct alm_bytes packed = {NULL, body_bytes};
	enum alm_err err;

	at += alm_proto_put_varint(at, ENVELOPE_TAG);
	at += alm_proto_put_varint(at, envelope_bytes);
	at += alm_proto_put_varint(at, kind << 3 | ALM_PROTO_BYTES);
	at += alm_proto_put_varint(at, body_bytes);
	packed.data = at;
	(void)protobuf_c_message_pack(body, at);
	err = alm_wire_prescan(alm_wire_body_rules(kind), packed, NULL);
	if (err != ALM_OK) {
		return err;
	}
	frame->bytes = (size_t)(at - frame->data) + body_bytes;
	frame->envelope_count++;
	return ALM_OK;
}

enum alm_err alm_frame_add(struct alm_frame_builder *frame,
	const struct alm_envelope *envelope, struct alm_arena *arena)
{
	uint32_t kind = (uint32_t)envelope->kind;
	const ProtobufCMessage *body;
	size_t body_bytes;
	size_t envelope_bytes;
	size_t bytes;

	if (frame->envelope_count >= ALM_FRAME_ENVELOPES_MAX) {
		return ALM_TOO_MANY_ENVELOPES;
	}
	body = alm_wire_give_body(envelope, arena);
	if (body == NULL) {
		return ALM_NOMEM;
	}
	body_bytes = protobuf_c_message_get_packed_size(body);
	envelope_bytes = 1 + alm_proto_varint_bytes(body_bytes) + body_bytes;
	bytes = 1 + alm_proto_varint_bytes(envelope_bytes) + envelope_bytes;
	if (bytes > frame->bytes_max - frame->bytes) {
		return ALM_FRAME_TOO_LARGE;
	}
	if (reserve(frame, bytes) != ALM_OK) {
		return ALM_NOMEM;
	}
	return append(frame, kind, body, body_bytes, envelope_bytes);
}

struct alm_bytes alm_frame_bytes(const struct alm_frame_builder *frame)
{
	return (struct alm_bytes){frame->data, frame->bytes};
}
