/* Large payloads: what agents and brokers both send. */
#include "lib/wire/decode.h"

enum alm_encoding alm_wire_take_encoding(
	struct alm_wire_decoder *d, Almoner__V1__Encoding in)
{
	return (enum alm_encoding)alm_wire_number(
		d, (uint32_t)in, ALM_ENCODING_ZSTD, "encoding");
}

/** An upload has a message id, mail has a sequence. */
static struct alm_bytes take_name(struct alm_wire_decoder *d,
	ProtobufCBinaryData message_id, uint64_t sequence)
{
	bool is_from_agent = d->side == ALM_WIRE_BROKER_AGENTS;

	if ((message_id.len == 0) == (sequence == 0)) {
		alm_wire_fault(d,
			sequence == 0 ? ALM_MISSING_FIELD : ALM_DUPLICATE_FIELD,
			is_from_agent ? "message_id" : "sequence", "");
	}
	return alm_wire_optional(
		d, message_id, ALM_MESSAGE_ID_BYTES, "message_id");
}

void alm_wire_take_part(struct alm_wire_decoder *d, const Almoner__V1__Part *in,
	struct alm_payload_part *out)
{
	out->message_id = take_name(d, in->message_id, in->sequence);
	out->sequence = in->sequence;
	out->index = alm_wire_number(
		d, in->index, (uint32_t)ALM_PARTS_MAX - 1, "index");
	out->encoding = alm_wire_take_encoding(d, in->encoding);
	if (in->path.len % ALM_DIGEST_BYTES != 0) {
		alm_wire_fault(d, ALM_MALFORMED, "path", "wrong length");
	}
	out->path = alm_wire_bytes(in->path);
	alm_wire_need(d, in->data.len > 0, "data");
	out->data = alm_wire_bytes(in->data);
}

void alm_wire_take_progress(struct alm_wire_decoder *d,
	const Almoner__V1__Progress *in, struct alm_progress *out)
{
	out->message_id = take_name(d, in->message_id, in->sequence);
	out->sequence = in->sequence;
	out->next =
		alm_wire_number(d, in->next, (uint32_t)ALM_PARTS_MAX, "next");
	out->until =
		alm_wire_number(d, in->until, (uint32_t)ALM_PARTS_MAX, "until");
	out->is_again = in->is_again != 0;
}
