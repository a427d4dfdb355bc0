/*
 * A frame is filled envelope by envelope, straight into its buffer.  The two
 * outer headers are written by hand: protobuf-c would pack each level and then
 * move it to make room for its length.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/wire/encode.h"
#include "lib/wire/encode_agent.h"
#include "lib/wire/encode_mail.h"
#include "lib/wire/prescan.h"
#include "lib/wire/put.h"
#include "lib/wire/rules.h"

#define ENVELOPE_NUMBER 1u
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

/** The body of an envelope, measured. */
struct body {
	size_t bytes;
	const ProtobufCMessage *general; /* NULL: has its own encoder */
};

static bool is_acceptance(const struct alm_envelope *envelope)
{
	return envelope->kind == ALM_ENVELOPE_RECEIPT &&
	       envelope->receipt.is_accepted &&
	       envelope->receipt.outcome_count == 0;
}

static enum alm_err measure(const struct alm_envelope *envelope,
	struct alm_arena *arena, struct body *out)
{
	out->general = NULL;
	if (envelope->kind == ALM_ENVELOPE_SEND) {
		return alm_wire_measure_send(&envelope->send, &out->bytes);
	}
	if (envelope->kind == ALM_ENVELOPE_ACKNOWLEDGE) {
		return alm_wire_measure_acknowledge(
			&envelope->acknowledge, &out->bytes);
	}
	if (envelope->kind == ALM_ENVELOPE_DELIVER) {
		return alm_wire_measure_deliver(
			&envelope->deliver, &out->bytes);
	}
	if (is_acceptance(envelope)) {
		return alm_wire_measure_receipt(
			&envelope->receipt, &out->bytes);
	}
	out->general = alm_wire_give_body(envelope, arena);
	if (out->general == NULL) {
		return ALM_NOMEM;
	}
	out->bytes = protobuf_c_message_get_packed_size(out->general);
	return ALM_OK;
}

/** Write the body; what went the general way is then checked as the other
 * side will, what has its own encoder was checked when it was measured. */
static enum alm_err put_body(const struct alm_envelope *envelope,
	const struct body *body, uint8_t *at)
{
	struct alm_bytes packed = {at, body->bytes};

	if (body->general != NULL) {
		(void)protobuf_c_message_pack(body->general, at);
		return alm_wire_prescan(
			alm_wire_body_rules((uint32_t)envelope->kind), packed,
			NULL);
	}
	switch (envelope->kind) {
	case ALM_ENVELOPE_SEND:
		alm_wire_put_send(&envelope->send, at);
		return ALM_OK;
	case ALM_ENVELOPE_ACKNOWLEDGE:
		alm_wire_put_acknowledge(&envelope->acknowledge, at);
		return ALM_OK;
	case ALM_ENVELOPE_DELIVER:
		alm_wire_put_deliver(&envelope->deliver, at);
		return ALM_OK;
	default:
		alm_wire_put_receipt(&envelope->receipt, at);
		return ALM_OK;
	}
}

enum alm_err alm_frame_add(struct alm_frame_builder *frame,
	const struct alm_envelope *envelope, struct alm_arena *arena)
{
	struct body body;
	size_t envelope_bytes;
	size_t bytes;
	uint8_t *at;
	enum alm_err err;

	if (frame->envelope_count >= ALM_FRAME_ENVELOPES_MAX) {
		return ALM_TOO_MANY_ENVELOPES;
	}
	err = measure(envelope, arena, &body);
	if (err != ALM_OK) {
		return err;
	}
	envelope_bytes = alm_head_bytes((uint32_t)envelope->kind, body.bytes) +
			 body.bytes;
	bytes = alm_head_bytes(ENVELOPE_NUMBER, envelope_bytes) +
		envelope_bytes;
	if (bytes > frame->bytes_max - frame->bytes) {
		return ALM_FRAME_TOO_LARGE;
	}
	if (reserve(frame, bytes) != ALM_OK) {
		return ALM_NOMEM;
	}
	at = frame->data + frame->bytes;
	at = alm_put_head(at, ENVELOPE_NUMBER, envelope_bytes);
	at = alm_put_head(at, (uint32_t)envelope->kind, body.bytes);
	err = put_body(envelope, &body, at);
	if (err == ALM_OK) {
		frame->bytes += bytes;
		frame->envelope_count++;
	}
	return err;
}

struct alm_bytes alm_frame_bytes(const struct alm_frame_builder *frame)
{
	return (struct alm_bytes){frame->data, frame->bytes};
}
