#include "lib/wire/direct.h"

#include <string.h>

#include "lib/wire/body_map.h"
#include "lib/wire/fields.h"

/* clang-format off */
#define ROW(number, kind, field, max, count) \
	[number] = ALM_ROW(kind, field, max, count),
#define CHILD(number, name)
#define BODY struct alm_accepted
static const struct alm_row accepted_rows[] = {
	ALM_ACCEPTED_FIELDS(ROW)
};
#undef BODY
#define BODY struct alm_deliver
static const struct alm_row deliver_rows[] = {
	ALM_DELIVER_FIELDS(ROW)
};
#undef BODY
#define BODY struct send_parts
struct send_parts {
	struct alm_bytes message;
	struct alm_bytes payload;
	int64_t sent_at_ms;
	struct alm_bytes signature;
};
static const struct alm_row send_rows[] = {
	ROW(1, BYTES, message, ALM_MESSAGE_BYTES_MAX, 0)
	ROW(2, BYTES, payload, ALM_PAYLOAD_BYTES_MAX, 0)
	ROW(3, U64, sent_at_ms, INT64_MAX, 0)
	ROW(4, BYTES, signature, ALM_FRAME_BYTES_MAX, 0)
};
#undef BODY
#define BODY struct alm_signature
static const struct alm_row signature_rows[] = {
	ALM_SIGNATURE_FIELDS(ROW)
};
#undef BODY
#define BODY struct alm_acknowledgement
static const struct alm_row acknowledgement_rows[] = {
	ALM_ACKNOWLEDGEMENT_FIELDS(ROW)
};
#undef BODY
#define BODY struct alm_message
static const struct alm_row message_rows[] = {
	ALM_MESSAGE_FIELDS(ROW, CHILD)
};
#undef BODY
#define SHAPE(rows, needed) {(rows), ALM_COUNT(rows), (needed)}
/* clang-format on */

static const struct alm_shape accepted_shape = SHAPE(accepted_rows, 1u << 1);
static const struct alm_shape deliver_shape =
	SHAPE(deliver_rows, 1u << 1 | 1u << 4 | 1u << 5 | 1u << 6);
static const struct alm_shape send_shape =
	SHAPE(send_rows, 1u << 1 | 1u << 3 | 1u << 4);
static const struct alm_shape signature_shape =
	SHAPE(signature_rows, 1u << 1 | 1u << 3);
static const struct alm_shape acknowledgement_shape =
	SHAPE(acknowledgement_rows, 1u << 1);
static const struct alm_shape message_shape =
	SHAPE(message_rows, 1u << 1 | 1u << 20);

/* --- what brokers send -------------------------------------------------- */

static bool take_receipt(struct alm_fields_reader *r, const uint8_t *end,
	struct alm_receipt *out)
{
	const uint8_t *id_end = alm_fields_enter(r, end, 1);

	if (id_end == NULL || id_end != r->at + ALM_MESSAGE_ID_BYTES) {
		return false;
	}
	memcpy(out->message_id.raw, r->at, ALM_MESSAGE_ID_BYTES);
	r->at += ALM_MESSAGE_ID_BYTES;
	if (alm_fields_enter(r, end, 2) != end) {
		return false;
	}
	out->is_accepted = true;
	out->accepted.basis = "";
	return alm_fields_take(r, end, &accepted_shape, &out->accepted);
}

static bool take_deliver(struct alm_fields_reader *r, const uint8_t *end,
	struct alm_deliver *out)
{
	out->sender = out->recipient = out->purpose = "";
	out->standard = out->standard_version = "";
	out->subject = out->basis = out->traceparent = "";
	out->escalated_from = "";
	return alm_fields_take(r, end, &deliver_shape, out);
}

/** One packed list of numbers, each of which ends with a byte below 0x80. */
static bool take_acknowledged(struct alm_fields_reader *r, const uint8_t *end,
	struct alm_acknowledged *out)
{
	uint64_t *sequences;
	size_t count = 0;

	if (alm_fields_enter(r, end, 1) != end) {
		return false;
	}
	for (const uint8_t *at = r->at; at < end; at++) {
		count += *at < 0x80 ? 1 : 0;
	}
	if (count > ALM_ACKS_PER_ENVELOPE_MAX) {
		return false;
	}
	sequences = alm_arena_take(r->arena, count * sizeof(*sequences));
	if (sequences == NULL) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (!alm_fields_varint(r, end, &sequences[i])) {
			return false;
		}
	}
	out->sequences = sequences;
	out->count = count;
	return r->at == end;
}

/* --- what agents send --------------------------------------------------- */

/** The signature comes last, and no text comes before it. */
static bool take_send(
	struct alm_fields_reader *r, const uint8_t *end, struct alm_send *out)
{
	struct send_parts parts = {.sent_at_ms = 0};
	struct alm_signature *signature = &out->signature;

	if (!alm_fields_take(r, end, &send_shape, &parts)) {
		return false;
	}
	out->message = parts.message;
	out->payload = parts.payload;
	out->sent_at_ms = parts.sent_at_ms;
	r->at -= parts.signature.bytes;
	return alm_fields_take(r, end, &signature_shape, signature) &&
	       signature->leaf_index < signature->tree_size &&
	       signature->path.bytes % ALM_DIGEST_BYTES == 0;
}

static bool take_acknowledge(struct alm_fields_reader *r, const uint8_t *end,
	struct alm_acknowledge *out)
{
	struct alm_acknowledgement *items;
	size_t count = alm_fields_count(*r, end, 1, ALM_ACKS_PER_ENVELOPE_MAX);

	items = alm_arena_take(r->arena, count * sizeof(*items));
	if (count == 0 || items == NULL) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const uint8_t *item_end = alm_fields_enter(r, end, 1);

		items[i].reason = "";
		if (item_end == NULL ||
			!alm_fields_take(r, item_end, &acknowledgement_shape,
				&items[i])) {
			return false;
		}
	}
	out->items = items;
	out->count = count;
	return true;
}

static bool take_message(struct alm_bytes bytes, struct alm_arena *arena,
	struct alm_message *out_message)
{
	struct alm_fields_reader r = {.arena = arena};
	const uint8_t *end;

	r.at = alm_arena_take(arena, bytes.bytes + 1);
	if (r.at == NULL || bytes.bytes == 0) {
		return false;
	}
	memcpy(r.at, bytes.data, bytes.bytes);
	end = r.at + bytes.bytes;
	*out_message = alm_message_empty();
	if (!alm_fields_take(&r, end, &message_shape, out_message) ||
		!alm_message_id_is_valid(&out_message->id)) {
		return false;
	}
	alm_fields_close(&r);
	return true;
}

bool alm_wire_decode_message_direct(struct alm_bytes bytes,
	struct alm_arena *arena, struct alm_message *out_message)
{
	struct alm_arena_mark mark = alm_arena_mark(arena);

	if (take_message(bytes, arena, out_message)) {
		return true;
	}
	alm_arena_rewind(arena, &mark);
	return false;
}

/* --- the frame ---------------------------------------------------------- */

static bool take_for_agent(struct alm_fields_reader *r, const uint8_t *end,
	uint32_t kind, struct alm_envelope *out)
{
	switch (kind) {
	case ALM_ENVELOPE_RECEIPT:
		return take_receipt(r, end, &out->receipt);
	case ALM_ENVELOPE_DELIVER:
		return take_deliver(r, end, &out->deliver);
	case ALM_ENVELOPE_ACKNOWLEDGED:
		return take_acknowledged(r, end, &out->acknowledged);
	default:
		return false;
	}
}

static bool take_for_broker(struct alm_fields_reader *r, const uint8_t *end,
	uint32_t kind, struct alm_envelope *out)
{
	switch (kind) {
	case ALM_ENVELOPE_SEND:
		return take_send(r, end, &out->send);
	case ALM_ENVELOPE_ACKNOWLEDGE:
		return take_acknowledge(r, end, &out->acknowledge);
	default:
		return false;
	}
}

/** One body is all there is in an envelope. */
static bool take_envelope(enum alm_wire_side side, struct alm_fields_reader *r,
	const uint8_t *end, struct alm_envelope *out)
{
	struct alm_read_field f;

	if (r->at == end || !alm_fields_next(r, end, &f) || !f.is_bytes ||
		r->at != end) {
		return false;
	}
	r->at = f.data;
	out->kind = (enum alm_envelope_kind)f.number;
	return side == ALM_WIRE_AGENT ? take_for_agent(r, end, f.number, out)
				      : take_for_broker(r, end, f.number, out);
}

static bool take_frame(enum alm_wire_side side, struct alm_bytes frame,
	struct alm_arena *arena, const struct alm_envelope **out_envelopes,
	size_t *out_count)
{
	struct alm_fields_reader r = {.arena = arena};
	struct alm_envelope *envelopes;
	const uint8_t *end;
	size_t count;

	r.at = alm_arena_take(arena, frame.bytes + 1);
	if (r.at == NULL) {
		return false;
	}
	memcpy(r.at, frame.data, frame.bytes);
	end = r.at + frame.bytes;
	count = alm_fields_count(r, end, 1, ALM_FRAME_ENVELOPES_MAX);
	envelopes = alm_arena_take(arena, count * sizeof(*envelopes));
	if (count == 0 || envelopes == NULL) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const uint8_t *envelope_end = alm_fields_enter(&r, end, 1);

		if (envelope_end == NULL ||
			!take_envelope(side, &r, envelope_end, &envelopes[i])) {
			return false;
		}
	}
	alm_fields_close(&r);
	*out_envelopes = envelopes;
	*out_count = count;
	return true;
}

bool alm_wire_decode_direct(enum alm_wire_side side, struct alm_bytes frame,
	struct alm_arena *arena, const struct alm_envelope **out_envelopes,
	size_t *out_count)
{
	struct alm_arena_mark mark = alm_arena_mark(arena);

	if (side == ALM_WIRE_BROKER_ADMIN || frame.bytes == 0) {
		return false;
	}
	if (take_frame(side, frame, arena, out_envelopes, out_count)) {
		return true;
	}
	alm_arena_rewind(arena, &mark);
	return false;
}
