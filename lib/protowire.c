#include "lib/protowire.h"

#include <string.h>

#define TAG_BYTES_MAX 5u

enum alm_err alm_proto_varint(
	struct alm_bytes *rest, size_t bytes_max, uint64_t *out_value)
{
	size_t limit = rest->bytes < bytes_max ? rest->bytes : bytes_max;
	uint64_t value = 0;

	for (size_t i = 0; i < limit; i++) {
		uint8_t byte = rest->data[i];

		value |= (uint64_t)(byte & 0x7F) << (7 * i);
		if ((byte & 0x80) == 0) {
			if (i == ALM_PROTO_VARINT_BYTES_MAX - 1 && byte > 1) {
				return ALM_MALFORMED;
			}
			rest->data += i + 1;
			rest->bytes -= i + 1;
			*out_value = value;
			return ALM_OK;
		}
	}
	return ALM_MALFORMED;
}

static enum alm_err take_bytes(
	struct alm_bytes *rest, uint64_t bytes, struct alm_bytes *out_bytes)
{
	if (bytes > rest->bytes) {
		return ALM_MALFORMED;
	}
	*out_bytes = (struct alm_bytes){rest->data, (size_t)bytes};
	rest->data += bytes;
	rest->bytes -= (size_t)bytes;
	return ALM_OK;
}

static enum alm_err take_fixed(
	struct alm_bytes *rest, size_t bytes, uint64_t *out_value)
{
	struct alm_bytes raw;
	uint64_t value = 0;

	if (take_bytes(rest, bytes, &raw) != ALM_OK) {
		return ALM_MALFORMED;
	}
	for (size_t i = 0; i < bytes; i++) {
		value |= (uint64_t)raw.data[i] << (8 * i);
	}
	*out_value = value;
	return ALM_OK;
}

static enum alm_err take_value(
	struct alm_bytes *rest, struct alm_proto_field *field)
{
	uint64_t bytes;

	switch (field->type) {
	case ALM_PROTO_VARINT:
		return alm_proto_varint(
			rest, ALM_PROTO_VARINT_BYTES_MAX, &field->value);
	case ALM_PROTO_FIXED64:
		return take_fixed(rest, 8, &field->value);
	case ALM_PROTO_FIXED32:
		return take_fixed(rest, 4, &field->value);
	case ALM_PROTO_BYTES:
		if (alm_proto_varint(rest, TAG_BYTES_MAX, &bytes) != ALM_OK) {
			return ALM_MALFORMED;
		}
		return take_bytes(rest, bytes, &field->bytes);
	}
	return ALM_MALFORMED; /* groups and what does not exist */
}

enum alm_err alm_proto_next(
	struct alm_bytes *rest, struct alm_proto_field *out_field)
{
	struct alm_bytes at = *rest;
	struct alm_proto_field field = {0};
	uint64_t tag;

	if (alm_proto_varint(&at, TAG_BYTES_MAX, &tag) != ALM_OK ||
		tag > UINT32_MAX || tag >> 3 == 0) {
		return ALM_MALFORMED;
	}
	field.number = (uint32_t)(tag >> 3);
	field.type = (enum alm_proto_type)(tag & 7);
	if (take_value(&at, &field) != ALM_OK) {
		return ALM_MALFORMED;
	}
	field.whole =
		(struct alm_bytes){rest->data, (size_t)(at.data - rest->data)};
	*rest = at;
	*out_field = field;
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

/* Eight bytes at a time: all of them 0x20 to 0x7E. */
static bool is_plain_word(const uint8_t *at)
{
	const uint64_t ones = 0x0101010101010101u;
	const uint64_t highs = 0x8080808080808080u;
	uint64_t word;
	uint64_t dels;

	memcpy(&word, at, sizeof(word));
	if ((word & highs) != 0 || ((word - ones * 0x20) & highs) != 0) {
		return false;
	}
	dels = word ^ (ones * 0x7F);
	return ((dels - ones) & ~dels & highs) == 0;
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

bool alm_text_is_clean(struct alm_bytes text)
{
	size_t i = 0;

	while (i < text.bytes) {
		size_t step;

		if (text.bytes - i >= 8 && is_plain_word(text.data + i)) {
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
