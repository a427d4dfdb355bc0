#include "broker/mail/receipt.h"

#include <string.h>

#include "lib/wire/texts.h"

#define RECEIPT_VERSION 1u
#define RECEIPT_BYTES_MAX ((size_t)128 * 1024)
#define RETRY_BUSY_MS 200u
#define RETRY_FULL_MS 5000u
#define RETRY_UNREAD_MS 900000u

enum alm_err alm_shown_code(enum alm_err code)
{
	if (code == ALM_REASON_411 || code == ALM_REASON_412 ||
		code == ALM_REASON_413) {
		return ALM_REASON_410;
	}
	return code;
}

const uint32_t *alm_shown_reasons(const uint32_t *reasons, size_t count,
	struct alm_arena *arena, size_t *out_count)
{
	uint32_t *shown = alm_arena_take(arena, (count + 1) * sizeof(*shown));
	size_t shown_count = 0;

	for (size_t i = 0; shown != NULL && i < count; i++) {
		uint32_t reason = reasons[i];

		if (reason >= 411 && reason <= 413) {
			reason = 410;
		}
		if (shown_count == 0 || shown[shown_count - 1] != reason) {
			shown[shown_count++] = reason;
		}
	}
	*out_count = shown_count;
	return shown;
}

uint32_t alm_retry_after_ms(enum alm_err code)
{
	if (code == ALM_STORE_FULL || code == ALM_MAILBOX_FULL) {
		return RETRY_FULL_MS;
	}
	if (code == ALM_MAILBOX_UNREAD) {
		return RETRY_UNREAD_MS;
	}
	return code == ALM_BUSY || code == ALM_DRAINING ||
			       code == ALM_OVER_QUOTA
		       ? RETRY_BUSY_MS
		       : 0;
}

/* What follows would be accepted before it; its sender says hello once it has
 * heard of it. */
static void bar_what_follows(struct alm_turn *turn,
	const struct alm_turn_request *request, enum alm_err code)
{
	struct alm_session *session = alm_session_of(turn, request);

	if (session != NULL && session->keeps_order &&
		(code == ALM_BUSY || code == ALM_OVER_QUOTA ||
			code == ALM_MULTICAST_BUSY)) {
		session->is_barred = true;
	}
}

enum alm_err alm_reply_refused(struct alm_turn *turn,
	const struct alm_turn_request *request, const struct alm_message_id *id,
	enum alm_err code, const char *detail,
	const struct alm_judgement *judgement)
{
	struct alm_envelope envelope = {.kind = ALM_ENVELOPE_RECEIPT};
	struct alm_wire_problem *refused = &envelope.receipt.refused;

	bar_what_follows(turn, request, code);
	envelope.receipt.message_id = *id;
	refused->code = alm_shown_code(code);
	refused->retry_after_ms = alm_retry_after_ms(code);
	refused->detail = detail;
	refused->nearest = "";
	if (judgement != NULL) {
		refused->reasons = alm_shown_reasons(judgement->reasons,
			judgement->reason_count, turn->arena,
			&refused->reason_count);
		refused->nearest = judgement->nearest;
		refused->candidates = alm_texts_first(
			judgement->candidates, ALM_CATEGORIES_MAX);
		refused->withheld = judgement->faults;
		if (refused->reasons == NULL) {
			return ALM_NOMEM;
		}
	}
	return alm_turn_reply(turn, request, &envelope);
}

enum alm_err alm_reply_accepted(struct alm_turn *turn,
	const struct alm_turn_request *request, const struct alm_message_id *id,
	const struct alm_accepted *accepted)
{
	struct alm_envelope envelope = {.kind = ALM_ENVELOPE_RECEIPT};

	envelope.receipt.message_id = *id;
	envelope.receipt.is_accepted = true;
	envelope.receipt.accepted = *accepted;
	return alm_turn_reply(turn, request, &envelope);
}

enum alm_err alm_receipt_before(struct alm_turn *turn, const char *sender,
	const struct alm_message_id *id, struct alm_duplicate *out_duplicate)
{
	enum alm_err err = alm_store_duplicate_within(turn->broker->store,
		sender, id, ALM_TURN_REPEATED_BYTES_MAX - turn->repeated_bytes,
		turn->arena, out_duplicate);

	if (err == ALM_OK) {
		turn->repeated_bytes += out_duplicate->receipt.bytes;
	}
	return err;
}

static void write_texts(struct alm_writer *writer, struct alm_texts texts)
{
	alm_write_u16(writer, (uint16_t)texts.count);
	for (size_t i = 0; i < texts.count; i++) {
		alm_write_text(writer, texts.items[i]);
	}
}

enum alm_err alm_receipt_encode(const struct alm_accepted *accepted,
	struct alm_arena *arena, struct alm_bytes *out_bytes)
{
	size_t bytes_max = 256;
	struct alm_writer writer;
	uint8_t *data;

	for (size_t i = 0; i < accepted->withheld.count; i++) {
		bytes_max += strlen(accepted->withheld.items[i]) + 3;
	}
	for (size_t i = 0; i < accepted->released.count; i++) {
		bytes_max += strlen(accepted->released.items[i]) + 3;
	}
	for (size_t i = 0; i < accepted->obligations.count; i++) {
		bytes_max += strlen(accepted->obligations.items[i]) + 3;
	}
	data = alm_arena_take(arena, bytes_max);
	if (data == NULL || bytes_max > RECEIPT_BYTES_MAX) {
		return ALM_NOMEM;
	}
	alm_writer_init(&writer, data, bytes_max);
	alm_write_u8(&writer, RECEIPT_VERSION);
	alm_write_u8(&writer, accepted->is_transformed ? 1 : 0);
	alm_write_u8(&writer, (uint8_t)accepted->level);
	alm_write_text(&writer, accepted->basis);
	write_texts(&writer, accepted->released);
	write_texts(&writer, accepted->withheld);
	write_texts(&writer, accepted->obligations);
	out_bytes->data = data;
	return alm_writer_finish(&writer, &out_bytes->bytes);
}

static bool read_texts(struct alm_reader *reader, struct alm_arena *arena,
	struct alm_texts *out)
{
	size_t count = alm_read_u16(reader);
	const char **items;

	if (reader->is_bad || count > reader->bytes_left) {
		return false;
	}
	items = alm_arena_take(arena, (count + 1) * sizeof(*items));
	for (size_t i = 0; items != NULL && i < count; i++) {
		items[i] = alm_read_text(reader);
	}
	*out = (struct alm_texts){items, count};
	return items != NULL && !reader->is_bad;
}

enum alm_err alm_receipt_decode(struct alm_bytes bytes, struct alm_arena *arena,
	struct alm_accepted *out_accepted)
{
	struct alm_accepted accepted;
	struct alm_reader reader;

	memset(&accepted, 0, sizeof(accepted));
	alm_reader_init(&reader, bytes.data, bytes.bytes);
	if (alm_read_u8(&reader) != RECEIPT_VERSION) {
		return ALM_STORE_CORRUPT;
	}
	accepted.is_transformed = alm_read_u8(&reader) == 1;
	accepted.level = (enum alm_wire_level)alm_read_u8(&reader);
	accepted.basis = alm_read_text(&reader);
	if (!read_texts(&reader, arena, &accepted.released) ||
		!read_texts(&reader, arena, &accepted.withheld) ||
		!read_texts(&reader, arena, &accepted.obligations) ||
		!alm_reader_is_done(&reader) ||
		accepted.level > ALM_WIRE_LEVEL_IDENTIFIABLE) {
		return ALM_STORE_CORRUPT;
	}
	*out_accepted = accepted;
	return ALM_OK;
}
