#include "lib/wire/encode_agent.h"

#include "lib/wire/put.h"

static size_t signature_bytes(const struct alm_signature *signature)
{
	return alm_bytes_field_bytes(ALM_SIGNATURE_BYTES) +
	       alm_number_field_bytes(signature->leaf_index) +
	       alm_number_field_bytes(signature->tree_size) +
	       alm_bytes_field_bytes(signature->path.bytes);
}

enum alm_err alm_wire_measure_send(
	const struct alm_send *send, size_t *out_bytes)
{
	if (send->message.bytes > ALM_MESSAGE_BYTES_MAX ||
		send->payload.bytes > ALM_PAYLOAD_BYTES_MAX ||
		send->signature.path.bytes >
			(size_t)ALM_SIGNATURE_PATH_MAX * ALM_DIGEST_BYTES) {
		return ALM_FIELD_TOO_LARGE;
	}
	*out_bytes = alm_bytes_field_bytes(send->message.bytes) +
		     alm_bytes_field_bytes(send->payload.bytes) +
		     alm_number_field_bytes((uint64_t)send->sent_at_ms) +
		     alm_bytes_field_bytes(signature_bytes(&send->signature)) +
		     alm_number_field_bytes((uint32_t)send->encoding);
	return ALM_OK;
}

void alm_wire_put_send(const struct alm_send *send, uint8_t *at)
{
	const struct alm_signature *signature = &send->signature;

	at = alm_put_bytes(at, 1, send->message.data, send->message.bytes);
	at = alm_put_bytes(at, 2, send->payload.data, send->payload.bytes);
	at = alm_put_number(at, 3, (uint64_t)send->sent_at_ms);
	at = alm_put_head(at, 4, signature_bytes(signature));
	at = alm_put_bytes(at, 1, signature->ed25519, ALM_SIGNATURE_BYTES);
	at = alm_put_number(at, 2, signature->leaf_index);
	at = alm_put_number(at, 3, signature->tree_size);
	at = alm_put_bytes(at, 4, signature->path.data, signature->path.bytes);
	(void)alm_put_number(at, 5, (uint32_t)send->encoding);
}

static struct alm_bytes reason_of(const struct alm_acknowledgement *item)
{
	const char *reason = item->reason == NULL ? "" : item->reason;

	return (struct alm_bytes){(const uint8_t *)reason, strlen(reason)};
}

static size_t item_bytes(
	const struct alm_acknowledgement *item, struct alm_bytes reason)
{
	return alm_number_field_bytes(item->sequence) +
	       alm_number_field_bytes(item->is_rejected) +
	       alm_bytes_field_bytes(reason.bytes);
}

enum alm_err alm_wire_measure_acknowledge(
	const struct alm_acknowledge *acknowledge, size_t *out_bytes)
{
	size_t bytes = 0;

	if (acknowledge->count > ALM_ACKS_PER_ENVELOPE_MAX) {
		return ALM_TOO_MANY_VALUES;
	}
	for (size_t i = 0; i < acknowledge->count; i++) {
		const struct alm_acknowledgement *item = &acknowledge->items[i];
		struct alm_bytes reason = reason_of(item);
		size_t inner = item_bytes(item, reason);

		if (reason.bytes > ALM_REF_BYTES_MAX) {
			return ALM_FIELD_TOO_LARGE;
		}
		if (!alm_text_is_clean(reason)) {
			return ALM_NOT_TEXT;
		}
		bytes += 1 + alm_varint_bytes(inner) + inner;
	}
	*out_bytes = bytes;
	return ALM_OK;
}

void alm_wire_put_acknowledge(
	const struct alm_acknowledge *acknowledge, uint8_t *at)
{
	for (size_t i = 0; i < acknowledge->count; i++) {
		const struct alm_acknowledgement *item = &acknowledge->items[i];
		struct alm_bytes reason = reason_of(item);

		at = alm_put_head(at, 1, item_bytes(item, reason));
		at = alm_put_number(at, 1, item->sequence);
		at = alm_put_number(at, 2, item->is_rejected);
		at = alm_put_bytes(at, 3, reason.data, reason.bytes);
	}
}
