/*
 * fields.h - the fields of one protobuf message, read in one pass into a plain
 * struct by a table.  Private to lib/wire; direct.h says what is taken.
 *
 * A text is ended in place: the byte after it is the tag of what follows, and
 * it is overwritten as soon as that tag has been read.  So the bytes are ours
 * to write, and there is one more of them, for a text at the very end.
 */
#ifndef ALM_LIB_WIRE_FIELDS_H
#define ALM_LIB_WIRE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/protowire.h"

struct alm_fields_reader {
	uint8_t *at;
	uint8_t *open; /* a text ends here; NULL: none */
	struct alm_arena *arena;
};

/** A field: `value` is the number, or how many bytes stand at `data`. */
struct alm_read_field {
	uint32_t number;
	bool is_bytes;
	uint64_t value;
	uint8_t *data;
};

enum alm_row_kind {
	ALM_ROW_NONE, /* no field that is decoded so */
	ALM_ROW_U64,
	ALM_ROW_U32, /* of at most `max`, as are the lengths below */
	ALM_ROW_FLAG,
	ALM_ROW_TEXT,
	ALM_ROW_TEXTS,
	ALM_ROW_COPY,  /* exactly `max` bytes, in place */
	ALM_ROW_EXACT, /* exactly `max` bytes, borrowed */
	ALM_ROW_BYTES,
};

/** Where the field of a number goes. */
struct alm_row {
	enum alm_row_kind kind;
	size_t offset;
	size_t max;
	size_t count_max; /* of texts */
};

struct alm_shape {
	const struct alm_row *rows; /* by number; the first is of none */
	uint32_t row_count;         /* up to 32 */
	uint32_t needed;            /* bits of the numbers that must be there */
};

/* A row of a struct that is named by BODY. */
#define ALM_ROW(kind, field, max, count) \
	{ \
		ALM_ROW_##kind, offsetof(BODY, field), (max), (count) \
	}

/** A varint before `end`; false if it is longer than it has to be, or than 63
 * bits. */
static inline bool alm_fields_varint(
	struct alm_fields_reader *r, const uint8_t *end, uint64_t *out_value)
{
	uint64_t value = 0;

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
static inline bool alm_fields_next(struct alm_fields_reader *r,
	const uint8_t *end, struct alm_read_field *out)
{
	uint64_t tag = *r->at;

	if (tag < 0x80) {
		r->at++;
	} else if (!alm_fields_varint(r, end, &tag)) {
		return false;
	}
	if (r->open != NULL) {
		*r->open = '\0';
		r->open = NULL;
	}
	if (tag > UINT32_MAX || !alm_fields_varint(r, end, &out->value)) {
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

/** The next field is this one and holds bytes, and `r` goes on inside it.
 * Gives where it ends; NULL if it is another, or none. */
static inline const uint8_t *alm_fields_enter(
	struct alm_fields_reader *r, const uint8_t *end, uint32_t number)
{
	struct alm_read_field f;
	const uint8_t *inner_end;

	if (r->at == end || !alm_fields_next(r, end, &f) ||
		f.number != number || !f.is_bytes) {
		return NULL;
	}
	inner_end = r->at;
	r->at = f.data;
	return inner_end;
}

/** How many fields there are up to `end`, all with this number and of bytes;
 * 0 if there are others, or more than `max`. */
size_t alm_fields_count(struct alm_fields_reader r, const uint8_t *end,
	uint32_t number, size_t max);

/** Read fields up to `end` into `out`, which holds what they default to. */
bool alm_fields_take(struct alm_fields_reader *r, const uint8_t *end,
	const struct alm_shape *shape, void *out);

/** All is read: end the text that may be open. */
static inline void alm_fields_close(struct alm_fields_reader *r)
{
	if (r->open != NULL) {
		*r->open = '\0';
	}
}

#endif /* ALM_LIB_WIRE_FIELDS_H */
