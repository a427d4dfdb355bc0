/* frame.c - how large the frame of a load is, by writing one. */
#include <stdlib.h>
#include <string.h>

#include "agents/bench/ends.h"

#define ARENA_BYTES_MAX ((size_t)4 * 1024 * 1024)

struct alm_message alm_bench_message(void)
{
	static const char *const categories[] = {"treatment-summary"};
	struct alm_message message = alm_message_empty();

	message.sender = "RX1";
	message.recipient = "C84001";
	message.purpose = "direct-care";
	message.categories = (struct alm_texts){categories, 1};
	message.payload_level = ALM_WIRE_LEVEL_IDENTIFIABLE;
	message.subject = "9990000018";
	return message;
}

static enum alm_err encode(struct alm_bytes payload, uint32_t envelope_count,
	struct alm_arena *arena, struct alm_frame_builder *frame)
{
	static const uint8_t random[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
	struct alm_message message = alm_bench_message();
	struct alm_envelope envelope = {.kind = ALM_ENVELOPE_SEND};
	enum alm_err err;

	message.id = alm_message_id_make(INT64_C(1800000000000), random);
	/* Digests and signatures of real messages hold no zeros to omit. */
	memset(message.payload_sha256, 0x5A, sizeof(message.payload_sha256));
	memset(envelope.send.signature.ed25519, 0x5A,
		sizeof(envelope.send.signature.ed25519));
	envelope.send.signature.tree_size = 1;
	envelope.send.payload = payload;
	envelope.send.sent_at_ms = INT64_C(1800000000000);
	err = alm_wire_encode_message(&message, arena, &envelope.send.message);
	for (uint32_t i = 0; err == ALM_OK && i < envelope_count; i++) {
		err = alm_frame_add(frame, &envelope, arena);
	}
	return err;
}

enum alm_err alm_bench_frame_bytes(
	size_t payload_bytes, uint32_t envelope_count, size_t *out_bytes)
{
	struct alm_frame_builder frame;
	struct alm_arena arena;
	uint8_t *payload = calloc(1, payload_bytes + 1);
	enum alm_err err;

	if (payload == NULL) {
		return ALM_NOMEM;
	}
	alm_arena_init(&arena, ARENA_BYTES_MAX);
	alm_frame_init(&frame, ALM_FRAME_BYTES_MAX);
	err = encode((struct alm_bytes){payload, payload_bytes}, envelope_count,
		&arena, &frame);
	if (err == ALM_OK) {
		*out_bytes = alm_frame_bytes(&frame).bytes;
	}
	alm_frame_fini(&frame);
	alm_arena_fini(&arena);
	free(payload);
	return err;
}
