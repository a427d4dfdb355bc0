/*
 * One list of fields serves both passes: the first only counts and checks
 * limits, the second writes.  So what was measured is what is written.
 */
#include "lib/wire/encode_mail.h"

#include "lib/wire/put.h"

/** Where the fields go.  The first fault stands. */
struct pass {
	uint8_t *at; /* NULL: only measure */
	size_t bytes;
	enum alm_err err;
};

static void put_any(
	struct pass *p, uint32_t number, const void *data, size_t bytes)
{
	if (p->at == NULL) {
		p->bytes += alm_head_bytes(number, bytes) + bytes;
		return;
	}
	p->at = alm_put_head(p->at, number, bytes);
	if (bytes > 0) {
		memcpy(p->at, data, bytes);
		p->at += bytes;
	}
}

static void put_raw(struct pass *p, uint32_t number, struct alm_bytes value,
	size_t bytes_max)
{
	if (value.bytes > bytes_max) {
		p->err = ALM_FIELD_TOO_LARGE;
	} else if (value.bytes > 0) {
		put_any(p, number, value.data, value.bytes);
	}
}

static void put_number(struct pass *p, uint32_t number, uint64_t value)
{
	if (value == 0) {
		return;
	}
	if (p->at == NULL) {
		p->bytes += alm_varint_bytes((uint64_t)number << 3) +
			    alm_varint_bytes(value);
	} else {
		p->at = alm_put_number(p->at, number, value);
	}
}

/* Texts are checked in the first pass; an empty one stands in lists only. */
static void put_item(
	struct pass *p, uint32_t number, const char *text, size_t bytes_max)
{
	struct alm_bytes value = {(const uint8_t *)text, strlen(text)};

	if (value.bytes > bytes_max) {
		p->err = ALM_FIELD_TOO_LARGE;
	} else if (p->at == NULL && !alm_text_is_clean(value)) {
		p->err = ALM_NOT_TEXT;
	} else {
		put_any(p, number, text, value.bytes);
	}
}

static void put_text(
	struct pass *p, uint32_t number, const char *text, size_t bytes_max)
{
	if (text != NULL && text[0] != '\0') {
		put_item(p, number, text, bytes_max);
	}
}

static void put_id(struct pass *p, uint32_t number, const char *text)
{
	put_text(p, number, text, ALM_ID_BYTES_MAX);
}

static void put_texts(struct pass *p, uint32_t number, struct alm_texts texts,
	size_t bytes_max, size_t count_max)
{
	if (texts.count > count_max) {
		p->err = ALM_TOO_MANY_VALUES;
		return;
	}
	for (size_t i = 0; i < texts.count; i++) {
		const char *text = texts.items[i];

		put_item(p, number, text == NULL ? "" : text, bytes_max);
	}
}

static void put_message_id(
	struct pass *p, uint32_t number, const struct alm_message_id *id)
{
	put_any(p, number, id->raw, ALM_MESSAGE_ID_BYTES);
}

/* --- receipts ----------------------------------------------------------- */

static void put_accepted(struct pass *p, const struct alm_accepted *accepted)
{
	put_number(p, 1, accepted->sequence);
	put_number(p, 2, accepted->audit_sequence);
	put_number(p, 3, (uint64_t)accepted->accepted_at_ms);
	put_number(p, 4, accepted->is_duplicate);
	put_number(p, 5, accepted->is_transformed);
	put_id(p, 6, accepted->basis);
	put_number(p, 7, (uint32_t)accepted->level);
	put_texts(
		p, 8, accepted->released, ALM_ID_BYTES_MAX, ALM_CATEGORIES_MAX);
	put_texts(
		p, 9, accepted->withheld, ALM_REF_BYTES_MAX, ALM_WITHHELD_MAX);
	put_texts(p, 10, accepted->obligations, ALM_REF_BYTES_MAX,
		ALM_OBLIGATIONS_MAX);
}

/* How long the part is, stands before it. */
static size_t accepted_bytes(
	const struct alm_receipt *receipt, enum alm_err *out_err)
{
	struct pass p = {.at = NULL};

	put_accepted(&p, &receipt->accepted);
	*out_err = p.err;
	return p.bytes;
}

enum alm_err alm_wire_measure_receipt(
	const struct alm_receipt *receipt, size_t *out_bytes)
{
	struct pass p = {.at = NULL};
	size_t bytes = accepted_bytes(receipt, &p.err);

	put_message_id(&p, 1, &receipt->message_id);
	*out_bytes = p.bytes + alm_head_bytes(2, bytes) + bytes;
	return p.err;
}

void alm_wire_put_receipt(const struct alm_receipt *receipt, uint8_t *at)
{
	struct pass p = {.at = at};
	enum alm_err err = ALM_OK;

	put_message_id(&p, 1, &receipt->message_id);
	p.at = alm_put_head(p.at, 2, accepted_bytes(receipt, &err));
	put_accepted(&p, &receipt->accepted);
}

/* --- mail --------------------------------------------------------------- */

static void put_deliver(struct pass *p, const struct alm_deliver *deliver)
{
	put_number(p, 1, deliver->sequence);
	put_number(p, 2, deliver->attempt);
	put_number(p, 3, deliver->is_repeat);
	put_message_id(p, 4, &deliver->message_id);
	put_id(p, 5, deliver->sender);
	put_id(p, 6, deliver->recipient);
	put_id(p, 7, deliver->purpose);
	put_texts(p, 8, deliver->categories, ALM_ID_BYTES_MAX,
		ALM_CATEGORIES_MAX);
	put_id(p, 9, deliver->standard);
	put_id(p, 10, deliver->standard_version);
	put_number(p, 11, (uint32_t)deliver->level);
	put_id(p, 12, deliver->subject);
	put_raw(p, 13, deliver->pseudonym, ALM_MESSAGE_ID_BYTES);
	put_id(p, 14, deliver->basis);
	put_texts(p, 15, deliver->obligations, ALM_REF_BYTES_MAX,
		ALM_OBLIGATIONS_MAX);
	put_number(p, 16, deliver->is_partial);
	put_raw(p, 17, deliver->correlation_id, ALM_MESSAGE_ID_BYTES);
	put_number(p, 18, (uint64_t)deliver->deadline_ms);
	put_number(p, 19, (uint64_t)deliver->expires_ms);
	put_number(p, 20, (uint32_t)deliver->priority);
	put_text(p, 21, deliver->traceparent, ALM_TRACEPARENT_BYTES);
	put_number(p, 22, (uint64_t)deliver->accepted_at_ms);
	put_raw(p, 23, deliver->payload, ALM_PAYLOAD_BYTES_MAX);
	put_number(p, 24, deliver->payload_bytes);
	put_raw(p, 25, deliver->payload_root, ALM_DIGEST_BYTES);
	put_number(p, 26, (uint32_t)deliver->encoding);
	put_number(p, 27, (uint32_t)deliver->kind);
	put_id(p, 28, deliver->escalated_from);
}

enum alm_err alm_wire_measure_deliver(
	const struct alm_deliver *deliver, size_t *out_bytes)
{
	struct pass p = {.at = NULL};

	put_deliver(&p, deliver);
	*out_bytes = p.bytes;
	return p.err;
}

void alm_wire_put_deliver(const struct alm_deliver *deliver, uint8_t *at)
{
	struct pass p = {.at = at};

	put_deliver(&p, deliver);
}
