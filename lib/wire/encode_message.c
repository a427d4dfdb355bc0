/*
 * The signed part of a message, written field after field: a sender does this
 * for every message, and the general way through protobuf-c costs it four
 * times as much.  Golden frames hold both to the same bytes.
 */
#include "lib/wire/put.h"
#include "lib/wire/wire.h"

/* A field at its limit, with a tag of two bytes and a length of two. */
#define FIELD(bytes) (4 + (bytes))
#define IDS 11
#define NUMBERS 10
/* All fields at their limits, but a list of recipients. */
#define ROOM_BYTES \
	(IDS * FIELD(ALM_ID_BYTES_MAX) + \
		ALM_CATEGORIES_MAX * FIELD(ALM_ID_BYTES_MAX) + \
		2 * FIELD(ALM_REF_BYTES_MAX) + FIELD(ALM_TEXT_BYTES_MAX) + \
		2 * FIELD(ALM_MESSAGE_ID_BYTES) + FIELD(ALM_DIGEST_BYTES) + \
		FIELD(ALM_TRACEPARENT_BYTES) + NUMBERS * FIELD(10) + \
		3 * FIELD(0))

static_assert(ROOM_BYTES < ALM_MESSAGE_BYTES_MAX, "no message is too large");
static_assert(ALM_TEXT_BYTES_MAX < 1 << 14, "a length takes two bytes at most");

/** The first fault stands; what comes after it is written for nothing. */
struct writer {
	uint8_t *at;
	enum alm_err err;
};

static void fault(struct writer *w, enum alm_err err)
{
	w->err = w->err == ALM_OK ? err : w->err;
}

static void put_raw(struct writer *w, uint32_t number, const uint8_t *data,
	size_t bytes, size_t bytes_max)
{
	if (bytes > bytes_max) {
		fault(w, ALM_FIELD_TOO_LARGE);
		return;
	}
	w->at = alm_put_bytes(w->at, number, data, bytes);
}

/** An empty text is written only where it is one of many. */
static void put_any_text(struct writer *w, uint32_t number, const char *text,
	size_t bytes, size_t bytes_max)
{
	struct alm_bytes content = {(const uint8_t *)text, bytes};

	if (bytes > bytes_max) {
		fault(w, ALM_FIELD_TOO_LARGE);
	} else if (!alm_text_is_clean(content)) {
		fault(w, ALM_NOT_TEXT);
	} else {
		w->at = alm_put_head(w->at, number, bytes);
		memcpy(w->at, text, bytes);
		w->at += bytes;
	}
}

static void put_text(
	struct writer *w, uint32_t number, const char *text, size_t bytes_max)
{
	if (text != NULL && text[0] != '\0') {
		put_any_text(w, number, text, strlen(text), bytes_max);
	}
}

static void put_id(struct writer *w, uint32_t number, const char *text)
{
	put_text(w, number, text, ALM_ID_BYTES_MAX);
}

static void put_number(struct writer *w, uint32_t number, uint64_t value)
{
	w->at = alm_put_number(w->at, number, value);
}

static void put_categories(struct writer *w, struct alm_texts categories)
{
	if (categories.count > ALM_CATEGORIES_MAX) {
		fault(w, ALM_TOO_MANY_VALUES);
		return;
	}
	for (size_t i = 0; i < categories.count; i++) {
		const char *text = categories.items[i];

		text = text == NULL ? "" : text;
		put_any_text(w, 5, text, strlen(text), ALM_ID_BYTES_MAX);
	}
}

static void put_recipients(struct writer *w, struct alm_texts recipients)
{
	for (size_t i = 0; i < recipients.count; i++) {
		put_any_text(w, 21, recipients.items[i],
			strlen(recipients.items[i]), ALM_ADDRESS_BYTES_MAX);
	}
}

/** The length of a part is known once it is written: two bytes wait for it,
 * and one is closed up if it was not needed. */
static uint8_t *open_part(struct writer *w, uint32_t number)
{
	w->at = alm_put_varint(w->at, (uint64_t)number << 3 | ALM_PROTO_BYTES);
	w->at += 2;
	return w->at;
}

static void close_part(struct writer *w, uint8_t *from)
{
	size_t bytes = (size_t)(w->at - from);

	if (bytes < 0x80) {
		memmove(from - 1, from, bytes);
		from[-2] = (uint8_t)bytes;
		w->at--;
	} else {
		from[-2] = (uint8_t)(bytes | 0x80);
		from[-1] = (uint8_t)(bytes >> 7);
	}
}

static void put_parts(struct writer *w, const struct alm_message *message)
{
	uint8_t *from;

	if (message->has_relationship) {
		from = open_part(w, 12);
		put_id(w, 1, message->relationship_kind);
		put_text(w, 2, message->relationship_ref, ALM_REF_BYTES_MAX);
		put_id(w, 3, message->relationship_organisation);
		close_part(w, from);
	}
	if (message->has_override) {
		from = open_part(w, 13);
		put_number(w, 1, (uint32_t)message->override_kind);
		put_text(w, 2, message->override_by, ALM_REF_BYTES_MAX);
		put_text(w, 3, message->override_reason, ALM_TEXT_BYTES_MAX);
		close_part(w, from);
	}
	if (message->has_not_before) {
		from = open_part(w, 14);
		put_number(w, 1, message->not_before_epoch);
		put_number(w, 2, message->not_before_seq);
		close_part(w, from);
	}
}

static void put_message(struct writer *w, const struct alm_message *message)
{
	put_raw(w, 1, message->id.raw, ALM_MESSAGE_ID_BYTES,
		ALM_MESSAGE_ID_BYTES);
	put_id(w, 2, message->sender);
	put_id(w, 3, message->recipient);
	put_id(w, 4, message->purpose);
	put_categories(w, message->categories);
	put_id(w, 6, message->standard);
	put_id(w, 7, message->standard_version);
	put_number(w, 8, (uint32_t)message->payload_level);
	put_id(w, 9, message->subject);
	put_id(w, 10, message->subject_unknown);
	put_id(w, 11, message->basis);
	put_parts(w, message);
	put_raw(w, 15, message->correlation_id.data,
		message->correlation_id.bytes, ALM_MESSAGE_ID_BYTES);
	put_number(w, 16, (uint64_t)message->deadline_ms);
	put_number(w, 17, (uint64_t)message->expires_ms);
	put_number(w, 18, (uint32_t)message->priority);
	put_text(w, 19, message->traceparent, ALM_TRACEPARENT_BYTES);
	put_raw(w, 20, message->payload_sha256, ALM_DIGEST_BYTES,
		ALM_DIGEST_BYTES);
	put_recipients(w, message->recipients);
	put_number(w, 22, message->payload_bytes);
	put_number(w, 24, (uint32_t)message->kind);
}

/** What the list of recipients may take beyond the room that is always there;
 * more than a message may have if they are too many. */
static size_t recipients_bytes(struct alm_texts recipients)
{
	size_t bytes = 0;

	for (size_t i = 0; i < recipients.count; i++) {
		bytes += FIELD(strlen(recipients.items[i]));
	}
	return bytes;
}

static enum alm_err finish(const struct writer *w, uint8_t *room,
	struct alm_arena *arena, struct alm_bytes *out_bytes)
{
	struct alm_bytes bytes = {room, (size_t)(w->at - room)};

	if (w->err != ALM_OK) {
		return w->err;
	}
	if (bytes.bytes > ALM_MESSAGE_BYTES_MAX) {
		return ALM_FIELD_TOO_LARGE;
	}
	bytes.data = alm_arena_copy(arena, bytes);
	if (bytes.data == NULL) {
		return ALM_NOMEM;
	}
	*out_bytes = bytes;
	return ALM_OK;
}

static enum alm_err encode_to_several(const struct alm_message *message,
	struct alm_arena *arena, struct alm_bytes *out_bytes)
{
	size_t more = recipients_bytes(message->recipients);
	struct writer w = {.err = ALM_OK};
	uint8_t *room;

	if (message->recipients.count > ALM_ADDRESSES_MAX) {
		return ALM_TOO_MANY_VALUES;
	}
	if (more > ALM_MESSAGE_BYTES_MAX) {
		return ALM_FIELD_TOO_LARGE;
	}
	room = alm_arena_take(arena, ROOM_BYTES + more);
	if (room == NULL) {
		return ALM_NOMEM;
	}
	w.at = room;
	put_message(&w, message);
	return finish(&w, room, arena, out_bytes);
}

enum alm_err alm_wire_encode_message(const struct alm_message *message,
	struct alm_arena *arena, struct alm_bytes *out_bytes)
{
	ALM_UNINITIALIZED uint8_t room[ROOM_BYTES];
	struct writer w = {.at = room};

	if (message->recipients.count > 0) {
		return encode_to_several(message, arena, out_bytes);
	}
	put_message(&w, message);
	return finish(&w, room, arena, out_bytes);
}
