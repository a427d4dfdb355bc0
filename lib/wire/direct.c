/*
 * A text is ended in place: the byte after it is the tag of what follows, and
 * it is overwritten as soon as that tag has been read.  The copy of the frame
 * has one byte more, for a text at its very end.
 */
#include "lib/wire/direct.h"

#include <string.h>

#include "lib/protowire.h"

#define LIST_ITEMS_MIN 4u

struct reader {
	uint8_t *at;
	uint8_t *open; /* a text ends here; NULL: none */
	struct alm_arena *arena;
};

/** A field: `value` is the number, or how many bytes stand at `data`. */
struct field {
	uint32_t number;
	bool is_bytes;
	uint64_t value;
	uint8_t *data;
};

enum row_kind {
	ROW_NONE, /* no field that is decoded so */
	ROW_U64,
	ROW_TIME,
	ROW_U32, /* of at most `max`, as are the lengths below */
	ROW_FLAG,
	ROW_TEXT,
	ROW_TEXTS,
	ROW_ID,    /* 16 bytes in place */
	ROW_RAW16, /* 16 bytes, borrowed */
	ROW_BYTES,
};

/** Where the field of a number goes. */
struct row {
	enum row_kind kind;
	size_t offset;
	size_t max;
	size_t count_max; /* of texts */
};

struct shape {
	const struct row *rows; /* by number; the first is of none */
	uint32_t row_count;
	uint32_t needed; /* bits of the numbers that must be there */
};

/* --- reading ------------------------------------------------------------ */

static inline bool read_varint(
	struct reader *r, const uint8_t *end, uint64_t *out_value)
{
	uint64_t value = 0;

	/* Nine bytes hold 63 bits, which is more than anything we count; a
	 * last byte of 0 would make a number longer than it has to be. */
	for (unsigned shift = 0; shift < 63 && r->at < end; shift += 7) {
		uint8_t byte = *r->at++;

		value |= (uint64_t)(byte & 0x7F) << shift;
		if ((byte & 0x80) == 0) {
			*out_value = value;
			return byte != 0 || shift == 0;
		}
	}
	return false;
}

/** Read a field, which begins before `end` and must not pass it. */
static inline bool next(struct reader *r, const uint8_t *end, struct field *out)
{
	uint64_t tag = *r->at;

	if (tag < 0x80) {
		r->at++;
	} else if (!read_varint(r, end, &tag)) {
		return false;
	}
	if (r->open != NULL) {
		*r->open = '\0';
		r->open = NULL;
	}
	if (tag > UINT32_MAX || !read_varint(r, end, &out->value)) {
		return false;
	}
	out->number = (uint32_t)(tag >> 3);
	out->is_bytes = (tag & 7) == ALM_PROTO_BYTES;
	out->data = r->at;
	if (!out->is_bytes) {
		return (tag & 7) == ALM_PROTO_VARINT;
	}
	if (out->value > (size_t)(end - r->at)) {
		return false;
	}
	r->at += out->value;
	return true;
}

static bool take_text(struct reader *r, const struct field *f,
	const struct row *row, const char **out)
{
	struct alm_bytes text = {f->data, (size_t)f->value};

	if (!f->is_bytes || f->value > row->max || !alm_text_is_clean(text)) {
		return false;
	}
	r->open = r->at;
	*out = (const char *)f->data;
	return true;
}

/** The list grows to twice its size whenever it is full. */
static bool take_list_text(struct reader *r, const struct field *f,
	const struct row *row, struct alm_texts *out)
{
	size_t count = out->count;
	const char **items = NULL;

	if (count >= row->count_max) {
		return false;
	}
	/* Ours from an earlier round: made below, and merely kept as const. */
	memcpy(&items, &out->items, sizeof(items));
	if (count == 0 ||
		(count >= LIST_ITEMS_MIN && (count & (count - 1)) == 0)) {
		size_t room = count == 0 ? LIST_ITEMS_MIN : 2 * count;
		const char **larger =
			alm_arena_take(r->arena, room * sizeof(*larger));

		if (larger == NULL) {
			return false;
		}
		if (count > 0) {
			memcpy(larger, items, count * sizeof(*larger));
		}
		items = larger;
		out->items = items;
	}
	out->count = count + 1;
	return take_text(r, f, row, &items[count]);
}

static bool take_number(const struct field *f, const struct row *row, void *at)
{
	uint32_t small = (uint32_t)f->value;
	bool flag = f->value != 0;

	if (f->is_bytes || f->value == 0 || f->value > row->max) {
		return false;
	}
	if (row->kind == ROW_FLAG) {
		memcpy(at, &flag, sizeof(flag));
	} else if (row->kind == ROW_U32) {
		memcpy(at, &small, sizeof(small));
	} else {
		memcpy(at, &f->value, sizeof(f->value));
	}
	return true;
}

static bool take_bytes(const struct field *f, const struct row *row, void *at)
{
	struct alm_bytes bytes = {f->data, (size_t)f->value};

	if (!f->is_bytes || f->value == 0 || f->value > row->max) {
		return false;
	}
	if (row->kind == ROW_BYTES) {
		memcpy(at, &bytes, sizeof(bytes));
		return true;
	}
	if (f->value != ALM_MESSAGE_ID_BYTES) {
		return false;
	}
	if (row->kind == ROW_ID) {
		memcpy(at, f->data, ALM_MESSAGE_ID_BYTES);
	} else {
		memcpy(at, &bytes, sizeof(bytes));
	}
	return true;
}

static bool take_field(struct reader *r, const struct field *f,
	const struct row *row, void *at)
{
	switch (row->kind) {
	case ROW_NONE:
		break;
	case ROW_U64:
	case ROW_TIME:
	case ROW_U32:
	case ROW_FLAG:
		return take_number(f, row, at);
	case ROW_TEXT:
		return f->value > 0 && take_text(r, f, row, at);
	case ROW_TEXTS:
		return take_list_text(r, f, row, at);
	case ROW_ID:
	case ROW_RAW16:
	case ROW_BYTES:
		return take_bytes(f, row, at);
	}
	return false;
}

/** Read fields up to `end` into `out`, which holds what they default to. */
static bool take_fields(struct reader *r, const uint8_t *end,
	const struct shape *shape, void *out)
{
	uint32_t last = 0;
	uint32_t seen = 0;
	struct field f;

	while (r->at < end) {
		const struct row *row;

		if (!next(r, end, &f) || f.number < last ||
			f.number >= shape->row_count) {
			return false;
		}
		row = &shape->rows[f.number];
		if ((f.number == last && row->kind != ROW_TEXTS) ||
			!take_field(r, &f, row, (char *)out + row->offset)) {
			return false;
		}
		last = f.number;
		seen |= 1u << f.number;
	}
	return (seen & shape->needed) == shape->needed;
}

/* --- the bodies --------------------------------------------------------- */

/* clang-format off */
#define U64(field) {ROW_U64, offsetof(BODY, field), INT64_MAX, 0}
#define TIME(field) {ROW_TIME, offsetof(BODY, field), INT64_MAX, 0}
#define U32(field, max) {ROW_U32, offsetof(BODY, field), (max), 0}
#define FLAG(field) {ROW_FLAG, offsetof(BODY, field), 1, 0}
#define TEXT(field, max) {ROW_TEXT, offsetof(BODY, field), (max), 0}
#define WORD(field) TEXT(field, ALM_ID_BYTES_MAX)
#define TEXTS(field, max, count) \
	{ROW_TEXTS, offsetof(BODY, field), (max), (count)}
#define ID(field) {ROW_ID, offsetof(BODY, field), ALM_MESSAGE_ID_BYTES, 0}
#define RAW16(field) {ROW_RAW16, offsetof(BODY, field), ALM_MESSAGE_ID_BYTES, 0}
#define BYTES(field, max) {ROW_BYTES, offsetof(BODY, field), (max), 0}

#define BODY struct alm_accepted
static const struct row accepted_rows[] = {
	{ROW_NONE, 0, 0, 0},
	U64(sequence),
	U64(audit_sequence),
	TIME(accepted_at_ms),
	FLAG(is_duplicate),
	FLAG(is_transformed),
	WORD(basis),
	U32(level, ALM_WIRE_LEVEL_IDENTIFIABLE),
	TEXTS(released, ALM_ID_BYTES_MAX, ALM_CATEGORIES_MAX),
	TEXTS(withheld, ALM_REF_BYTES_MAX, ALM_WITHHELD_MAX),
	TEXTS(obligations, ALM_REF_BYTES_MAX, ALM_OBLIGATIONS_MAX),
};
#undef BODY

#define BODY struct alm_deliver
static const struct row deliver_rows[] = {
	{ROW_NONE, 0, 0, 0},
	U64(sequence),
	U32(attempt, UINT32_MAX),
	FLAG(is_repeat),
	ID(message_id),
	WORD(sender),
	WORD(recipient),
	WORD(purpose),
	TEXTS(categories, ALM_ID_BYTES_MAX, ALM_CATEGORIES_MAX),
	WORD(standard),
	WORD(standard_version),
	U32(level, ALM_WIRE_LEVEL_IDENTIFIABLE),
	WORD(subject),
	RAW16(pseudonym),
	WORD(basis),
	TEXTS(obligations, ALM_REF_BYTES_MAX, ALM_OBLIGATIONS_MAX),
	FLAG(is_partial),
	RAW16(correlation_id),
	TIME(deadline_ms),
	TIME(expires_ms),
	U32(priority, ALM_PRIORITY_BULK),
	TEXT(traceparent, ALM_TRACEPARENT_BYTES),
	TIME(accepted_at_ms),
	BYTES(payload, ALM_PAYLOAD_BYTES_MAX),
};
#undef BODY
/* clang-format on */

static const struct shape accepted_shape = {
	accepted_rows, ALM_COUNT(accepted_rows), 1u << 1};
static const struct shape deliver_shape = {deliver_rows,
	ALM_COUNT(deliver_rows), 1u << 1 | 1u << 4 | 1u << 5 | 1u << 6};

static bool take_receipt(
	struct reader *r, const uint8_t *end, struct alm_receipt *out)
{
	struct field f;

	if (r->at == end || !next(r, end, &f) || f.number != 1 || !f.is_bytes ||
		f.value != ALM_MESSAGE_ID_BYTES) {
		return false;
	}
	memcpy(out->message_id.raw, f.data, ALM_MESSAGE_ID_BYTES);
	if (r->at == end || !next(r, end, &f) || f.number != 2 || !f.is_bytes ||
		r->at != end) {
		return false;
	}
	r->at = f.data;
	out->is_accepted = true;
	out->accepted.basis = "";
	return take_fields(r, end, &accepted_shape, &out->accepted);
}

static bool take_deliver(
	struct reader *r, const uint8_t *end, struct alm_deliver *out)
{
	out->sender = out->recipient = out->purpose = "";
	out->standard = out->standard_version = "";
	out->subject = out->basis = out->traceparent = "";
	return take_fields(r, end, &deliver_shape, out);
}

/** One packed list of numbers, each of which ends with a byte below 0x80. */
static bool take_acknowledged(
	struct reader *r, const uint8_t *end, struct alm_acknowledged *out)
{
	uint64_t *sequences;
	size_t count = 0;
	struct field f;

	if (r->at == end || !next(r, end, &f) || f.number != 1 || !f.is_bytes ||
		r->at != end) {
		return false;
	}
	for (const uint8_t *at = f.data; at < end; at++) {
		count += *at < 0x80 ? 1 : 0;
	}
	if (count > ALM_ACKS_PER_ENVELOPE_MAX) {
		return false;
	}
	sequences = alm_arena_take(r->arena, count * sizeof(*sequences));
	if (sequences == NULL) {
		return false;
	}
	r->at = f.data;
	for (size_t i = 0; i < count; i++) {
		if (!read_varint(r, end, &sequences[i])) {
			return false;
		}
	}
	out->sequences = sequences;
	out->count = count;
	return r->at == end;
}

/* --- the frame ---------------------------------------------------------- */

static bool take_envelope(
	struct reader *r, const uint8_t *end, struct alm_envelope *out)
{
	struct field f;

	if (r->at == end || !next(r, end, &f) || !f.is_bytes || r->at != end) {
		return false;
	}
	r->at = f.data;
	switch (f.number) {
	case ALM_ENVELOPE_RECEIPT:
		out->kind = ALM_ENVELOPE_RECEIPT;
		return take_receipt(r, end, &out->receipt);
	case ALM_ENVELOPE_DELIVER:
		out->kind = ALM_ENVELOPE_DELIVER;
		return take_deliver(r, end, &out->deliver);
	case ALM_ENVELOPE_ACKNOWLEDGED:
		out->kind = ALM_ENVELOPE_ACKNOWLEDGED;
		return take_acknowledged(r, end, &out->acknowledged);
	default:
		return false;
	}
}

/** How many envelopes a frame of nothing else holds; 0 if it is none. */
static size_t count_envelopes(struct reader r, const uint8_t *end)
{
	size_t count = 0;
	struct field f;

	while (r.at < end) {
		if (!next(&r, end, &f) || f.number != 1 || !f.is_bytes ||
			count >= ALM_FRAME_ENVELOPES_MAX) {
			return 0;
		}
		count++;
	}
	return count;
}

bool alm_wire_decode_direct(struct alm_bytes frame, struct alm_arena *arena,
	const struct alm_envelope **out_envelopes, size_t *out_count)
{
	struct reader r = {.arena = arena};
	struct alm_envelope *envelopes;
	const uint8_t *end;
	size_t count;

	r.at = alm_arena_take(arena, frame.bytes + 1);
	if (r.at == NULL || frame.bytes == 0) {
		return false;
	}
	memcpy(r.at, frame.data, frame.bytes);
	end = r.at + frame.bytes;
	count = count_envelopes(r, end);
	envelopes = alm_arena_take(arena, count * sizeof(*envelopes));
	if (count == 0 || envelopes == NULL) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		struct field f;

		if (!next(&r, end, &f)) {
			return false;
		}
		r.at = f.data;
		if (!take_envelope(&r, f.data + f.value, &envelopes[i])) {
			return false;
		}
	}
	if (r.open != NULL) {
		*r.open = '\0';
	}
	*out_envelopes = envelopes;
	*out_count = count;
	return true;
}
