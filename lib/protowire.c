#include "lib/protowire.h"

#include <string.h>

#define TAG_BYTES_MAX 5u

/* A varint at `*at`, and `*at` past it; false if there is none.  Place and
 * value are plain numbers, which stay in registers: a struct that is written
 * in pieces and copied whole makes the processor wait for its own stores. */
static inline bool read_varint(struct alm_bytes from, size_t bytes_max,
	size_t *at, uint64_t *out_value)
{
	size_t left = from.bytes - *at;
	size_t limit = left < bytes_max ? left : bytes_max;
	uint64_t value = 0;

	for (size_t i = 0; i < limit; i++) {
		uint8_t byte = from.data[*at + i];

		value |= (uint64_t)(byte & 0x7F) << (7 * i);
		if ((byte & 0x80) == 0) {
			*at += i + 1;
			*out_value = value;
			return i < ALM_PROTO_VARINT_BYTES_MAX - 1 || byte <= 1;
		}
	}
	return false;
}

static inline bool read_fixed(
	struct alm_bytes from, size_t bytes, size_t *at, uint64_t *out_value)
{
	uint64_t value = 0;

	if (bytes > from.bytes - *at) {
		return false;
	}
	for (size_t i = 0; i < bytes; i++) {
		value |= (uint64_t)from.data[*at + i] << (8 * i);
	}
	*at += bytes;
	*out_value = value;
	return true;
}

/* A value: a number, or how many bytes stand at `*at`. */
static inline bool read_value(struct alm_bytes from, enum alm_proto_type type,
	size_t *at, uint64_t *out_value)
{
	switch (type) {
	case ALM_PROTO_VARINT:
		return read_varint(
			from, ALM_PROTO_VARINT_BYTES_MAX, at, out_value);
	case ALM_PROTO_FIXED64:
		return read_fixed(from, 8, at, out_value);
	case ALM_PROTO_FIXED32:
		return read_fixed(from, 4, at, out_value);
	case ALM_PROTO_BYTES:
		return read_varint(from, TAG_BYTES_MAX, at, out_value) &&
		       *out_value <= from.bytes - *at;
	}
	return false; /* groups and what does not exist */
}

enum alm_err alm_proto_varint(
	struct alm_bytes *rest, size_t bytes_max, uint64_t *out_value)
{
	size_t at = 0;
	uint64_t value = 0;

	if (!read_varint(*rest, bytes_max, &at, &value)) {
		return ALM_MALFORMED;
	}
	rest->data += at;
	rest->bytes -= at;
	*out_value = value;
	return ALM_OK;
}

enum alm_err alm_proto_next(
	struct alm_bytes *rest, struct alm_proto_field *out_field)
{
	const struct alm_bytes from = *rest;
	enum alm_proto_type type;
	size_t at = 0;
	uint64_t tag = 0;
	uint64_t value = 0;
	size_t bytes;

	if (!read_varint(from, TAG_BYTES_MAX, &at, &tag) || tag > UINT32_MAX ||
		tag >> 3 == 0) {
		return ALM_MALFORMED;
	}
	type = (enum alm_proto_type)(tag & 7);
	if (!read_value(from, type, &at, &value)) {
		return ALM_MALFORMED;
	}
	bytes = type == ALM_PROTO_BYTES ? (size_t)value : 0;
	out_field->number = (uint32_t)(tag >> 3);
	out_field->type = type;
	out_field->value = type == ALM_PROTO_BYTES ? 0 : value;
	out_field->bytes.data = type == ALM_PROTO_BYTES ? from.data + at : NULL;
	out_field->bytes.bytes = bytes;
	out_field->whole.data = from.data;
	out_field->whole.bytes = at + bytes;
	rest->data = from.data + at + bytes;
	rest->bytes = from.bytes - at - bytes;
	return ALM_OK;
}

size_t alm_proto_varint_bytes(uint64_t value)
{
	size_t bytes = 1;

	while (value >= 0x80) {
		value >>= 7;
		bytes++;
	}
	return bytes;
}

size_t alm_proto_put_varint(uint8_t *out, uint64_t value)
{
	size_t bytes = 0;

	while (value >= 0x80) {
		out[bytes++] = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	out[bytes++] = (uint8_t)value;
	return bytes;
}

static inline uint64_t load64(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static inline uint64_t load32(const uint8_t *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* Eight bytes at a time: all of them 0x20 to 0x7E. */
static inline bool is_plain_word(uint64_t word)
{
	const uint64_t ones = 0x0101010101010101u;
	const uint64_t highs = 0x8080808080808080u;
	uint64_t dels = word ^ (ones * 0x7F);

	return ((word | (word - ones * 0x20) | ((dels - ones) & ~dels)) &
		       highs) == 0;
}

/* Bytes of the sequence that begins at `at`; 0 if it is not clean. */
static size_t clean_sequence(const uint8_t *at, size_t bytes_left)
{
	uint8_t first = at[0];
	uint8_t low = 0x80;
	uint8_t high = 0xBF;
	size_t bytes;

	if (first < 0x80) {
		return first >= 0x20 && first != 0x7F ? 1 : 0;
	}
	if (first >= 0xC2 && first <= 0xDF) {
		bytes = 2;
		low = first == 0xC2 ? 0xA0 : 0x80; /* C1 controls */
	} else if (first >= 0xE0 && first <= 0xEF) {
		bytes = 3;
		low = first == 0xE0 ? 0xA0 : 0x80;  /* overlong */
		high = first == 0xED ? 0x9F : 0xBF; /* surrogates */
	} else if (first >= 0xF0 && first <= 0xF4) {
		bytes = 4;
		low = first == 0xF0 ? 0x90 : 0x80;
		high = first == 0xF4 ? 0x8F : 0xBF;
	} else {
		return 0;
	}
	if (bytes > bytes_left || at[1] < low || at[1] > high) {
		return 0;
	}
	for (size_t i = 2; i < bytes; i++) {
		if ((at[i] & 0xC0) != 0x80) {
			return 0;
		}
	}
	return bytes;
}

/* Without sequences.  What is shorter than a word is looked at in two halves
 * or three bytes that may be the same, and so is the end of what is longer. */
static inline bool is_plain(struct alm_bytes text)
{
	const uint8_t *at = text.data;
	const uint8_t *end = at + text.bytes;

	if (text.bytes >= 8) {
		for (; end - at > 8; at += 8) {
			if (!is_plain_word(load64(at))) {
				return false;
			}
		}
		return is_plain_word(load64(end - 8));
	}
	if (text.bytes >= 4) {
		return is_plain_word(load32(at) | load32(end - 4) << 32);
	}
	return is_plain_word(0x2020202020000000u | at[0] |
			     (uint64_t)at[text.bytes / 2] << 8 |
			     (uint64_t)end[-1] << 16);
}

bool alm_text_is_clean(struct alm_bytes text)
{
	size_t i = 0;

	if (text.bytes == 0 || is_plain(text)) {
		return true;
	}
	while (i < text.bytes) {
		size_t step;

		if (text.bytes - i >= 8 &&
			is_plain_word(load64(text.data + i))) {
			i += 8;
			continue;
		}
		step = clean_sequence(text.data + i, text.bytes - i);
		if (step == 0) {
			return false;
		}
		i += step;
	}
	return true;
}
