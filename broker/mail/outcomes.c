/* The receipt of a message to several: what became of it for each of them. */
#include <string.h>

#include "broker/mail/receipt.h"
#include "lib/base.h"

#define OUTCOMES_VERSION 2u
/* Numbers and flags of one, beside its recipient. */
#define OUTCOME_BYTES (4u + 8u + 8u + 1u + 1u)

enum alm_err alm_reply_outcomes(struct alm_turn *turn,
	const struct alm_turn_request *request,
	const struct alm_receipt *receipt)
{
	/* With what a mailbox has no room for. */
	static const enum alm_err codes[] = {
		ALM_MAILBOX_FULL, ALM_MAILBOX_UNREAD};
	struct alm_wire_problem problems[ALM_COUNT(codes)];
	struct alm_envelope envelope = {.kind = ALM_ENVELOPE_RECEIPT};

	for (size_t i = 0; i < ALM_COUNT(codes); i++) {
		problems[i] = (struct alm_wire_problem){.code = codes[i],
			.retry_after_ms = alm_retry_after_ms(codes[i])};
	}
	envelope.receipt = *receipt;
	envelope.receipt.problems = problems;
	envelope.receipt.problem_count = ALM_COUNT(problems);
	if (!receipt->is_accepted) {
		envelope.receipt.refused = (struct alm_wire_problem){
			.code = receipt->refused.code,
			.detail = "",
			.nearest = "",
		};
	}
	return alm_turn_reply(turn, request, &envelope);
}

enum alm_err alm_outcomes_encode(const struct alm_receipt *receipt,
	struct alm_arena *arena, struct alm_bytes *out_bytes)
{
	size_t bytes_max = 1 + 4;
	struct alm_writer writer;
	uint8_t *data;

	for (size_t i = 0; i < receipt->outcome_count; i++) {
		bytes_max += strlen(receipt->outcomes[i].recipient) + 3 +
			     OUTCOME_BYTES;
	}
	data = alm_arena_take(arena, bytes_max);
	if (data == NULL) {
		return ALM_NOMEM;
	}
	alm_writer_init(&writer, data, bytes_max);
	alm_write_u8(&writer, OUTCOMES_VERSION);
	alm_write_u32(&writer, (uint32_t)receipt->outcome_count);
	for (size_t i = 0; i < receipt->outcome_count; i++) {
		const struct alm_send_outcome *outcome = &receipt->outcomes[i];

		alm_write_text(&writer, outcome->recipient);
		alm_write_u32(&writer, (uint32_t)outcome->code);
		alm_write_u64(&writer, outcome->sequence);
		alm_write_u64(&writer, outcome->audit_sequence);
		alm_write_u8(&writer, outcome->is_transformed ? 1 : 0);
		alm_write_u8(&writer, (uint8_t)outcome->level);
	}
	out_bytes->data = data;
	return alm_writer_finish(&writer, &out_bytes->bytes);
}

bool alm_is_outcomes(struct alm_bytes bytes)
{
	return bytes.bytes > 0 && bytes.data[0] == OUTCOMES_VERSION;
}

static void read_outcome(
	struct alm_reader *reader, struct alm_send_outcome *out)
{
	out->recipient = alm_read_text(reader);
	out->code = (enum alm_err)alm_read_u32(reader);
	out->sequence = alm_read_u64(reader);
	out->audit_sequence = alm_read_u64(reader);
	out->is_transformed = alm_read_u8(reader) == 1;
	out->level = (enum alm_wire_level)alm_read_u8(reader);
}

enum alm_err alm_outcomes_decode(struct alm_bytes bytes,
	struct alm_arena *arena, struct alm_receipt *receipt)
{
	struct alm_send_outcome *outcomes;
	struct alm_reader reader;
	size_t count;

	alm_reader_init(&reader, bytes.data, bytes.bytes);
	if (alm_read_u8(&reader) != OUTCOMES_VERSION) {
		return ALM_STORE_CORRUPT;
	}
	count = alm_read_u32(&reader);
	if (reader.is_bad || count > ALM_MULTICAST_RECIPIENTS_MAX) {
		return ALM_STORE_CORRUPT;
	}
	outcomes = alm_arena_take(arena, (count + 1) * sizeof(*outcomes));
	if (outcomes == NULL) {
		return ALM_NOMEM;
	}
	receipt->accepted.is_transformed = false;
	for (size_t i = 0; i < count && !reader.is_bad; i++) {
		read_outcome(&reader, &outcomes[i]);
		receipt->accepted.is_transformed |= outcomes[i].is_transformed;
		if (outcomes[i].level > ALM_WIRE_LEVEL_IDENTIFIABLE) {
			return ALM_STORE_CORRUPT;
		}
	}
	if (!alm_reader_is_done(&reader)) {
		return ALM_STORE_CORRUPT;
	}
	receipt->outcomes = outcomes;
	receipt->outcome_count = count;
	return ALM_OK;
}
