#include "broker/loop/weigh.h"

#include "lib/limits.h"
#include "lib/protowire.h"
#include "lib/wire/wire.h"
#include "lib/zip.h"

#define UNIT_BYTES 4096u
/* Eight acknowledgements are as much work as a message. */
#define ACKNOWLEDGE_UNIT_BYTES 64u

/* Fields of Send and Part. */
#define SEND_PAYLOAD 2u
#define PART_DATA 6u
#define ENCODING 5u

uint32_t alm_weigh_bytes(size_t bytes)
{
	return 1 + (uint32_t)(bytes / UNIT_BYTES);
}

size_t alm_weigh_content(uint64_t encoding, struct alm_bytes data)
{
	size_t bytes = 0;

	return encoding == ALM_ENCODING_ZSTD &&
			       alm_zip_size(data, ALM_PAYLOAD_BYTES_MAX,
				       &bytes) == ALM_OK &&
			       bytes > data.bytes
		       ? bytes
		       : data.bytes;
}

/* The body's field number is the kind; 0: it has none. */
static uint32_t body_of(
	const struct alm_proto_field *envelope, struct alm_proto_field *body)
{
	struct alm_bytes rest = envelope->bytes;

	return envelope->type == ALM_PROTO_BYTES &&
			       alm_proto_next(&rest, body) == ALM_OK
		       ? body->number
		       : 0;
}

static uint32_t kind_of(const struct alm_proto_field *envelope)
{
	struct alm_proto_field body;

	return body_of(envelope, &body);
}

/* How much more there is to a message or a part than travels. */
static size_t packed_away(const struct alm_proto_field *body)
{
	uint32_t number =
		body->number == ALM_ENVELOPE_PART ? PART_DATA : SEND_PAYLOAD;
	struct alm_bytes rest = body->bytes;
	struct alm_bytes data = {NULL, 0};
	struct alm_proto_field field;
	uint64_t encoding = ALM_ENCODING_NONE;

	while (rest.bytes > 0 && alm_proto_next(&rest, &field) == ALM_OK) {
		if (field.number == number && field.type == ALM_PROTO_BYTES) {
			data = field.bytes;
		} else if (field.number == ENCODING &&
			   field.type == ALM_PROTO_VARINT) {
			encoding = field.value;
		}
	}
	return alm_weigh_content(encoding, data) - data.bytes;
}

static uint32_t weigh(const struct alm_proto_field *envelope, bool *is_message)
{
	struct alm_proto_field body;
	uint32_t kind = body_of(envelope, &body);
	size_t bytes = envelope->whole.bytes;

	*is_message = kind != ALM_ENVELOPE_ACKNOWLEDGE;
	if (!*is_message) {
		return 1 + (uint32_t)(bytes / ACKNOWLEDGE_UNIT_BYTES);
	}
	if ((kind == ALM_ENVELOPE_SEND || kind == ALM_ENVELOPE_PART) &&
		body.type == ALM_PROTO_BYTES) {
		bytes += packed_away(&body);
	}
	return alm_weigh_bytes(bytes);
}

struct alm_front alm_weigh_front(struct alm_bytes frame, uint32_t room)
{
	struct alm_bytes rest = frame;
	struct alm_front front = {.units = 0};

	while (rest.bytes > 0 && front.count < ALM_FRAME_ENVELOPES_MAX) {
		struct alm_proto_field envelope;
		uint32_t units;
		bool is_message;

		if (alm_proto_next(&rest, &envelope) != ALM_OK) {
			units = alm_weigh_bytes(frame.bytes);
			return (struct alm_front){units, units, 0, frame.bytes};
		}
		units = weigh(&envelope, &is_message);
		if (front.count > 0 && front.units + units > room) {
			return front;
		}
		front.units += units;
		front.messages += is_message ? units : 0;
		front.count++;
		front.bytes += envelope.whole.bytes;
	}
	front.count = 0;
	front.bytes = frame.bytes;
	return front;
}

bool alm_weigh_is_send(struct alm_bytes frame)
{
	struct alm_proto_field envelope;
	uint32_t kind = alm_proto_next(&frame, &envelope) == ALM_OK
				? kind_of(&envelope)
				: 0;

	return kind == ALM_ENVELOPE_SEND || kind == ALM_ENVELOPE_PART;
}

bool alm_weigh_is_hello(struct alm_bytes frame)
{
	struct alm_proto_field envelope;

	return alm_proto_next(&frame, &envelope) == ALM_OK &&
	       frame.bytes == 0 && kind_of(&envelope) == ALM_ENVELOPE_HELLO;
}
