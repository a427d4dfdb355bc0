#include "broker/loop/weigh.h"

#include "lib/limits.h"
#include "lib/protowire.h"
#include "lib/wire/wire.h"

#define UNIT_BYTES 4096u
/* Eight acknowledgements are as much work as a message. */
#define ACKNOWLEDGE_UNIT_BYTES 64u

uint32_t alm_weigh_bytes(size_t bytes)
{
	return 1 + (uint32_t)(bytes / UNIT_BYTES);
}

/* The body's field number is the kind; 0: it has none. */
static uint32_t kind_of(const struct alm_proto_field *envelope)
{
	struct alm_bytes rest = envelope->bytes;
	struct alm_proto_field body;

	return envelope->type == ALM_PROTO_BYTES &&
			       alm_proto_next(&rest, &body) == ALM_OK
		       ? body.number
		       : 0;
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
		is_message = kind_of(&envelope) != ALM_ENVELOPE_ACKNOWLEDGE;
		units = is_message ? alm_weigh_bytes(envelope.whole.bytes)
				   : 1 + (uint32_t)(envelope.whole.bytes /
						    ACKNOWLEDGE_UNIT_BYTES);
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
