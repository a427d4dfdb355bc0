/*
 * put.h - protobuf fields straight into a buffer.  Private to lib/wire.
 *
 * Every function writes at `at`, where the caller has seen to it that there is
 * room, and gives where the next field goes.  As proto3 says, what is 0 or
 * empty is not written.
 */
#ifndef ALM_LIB_WIRE_PUT_H
#define ALM_LIB_WIRE_PUT_H

#include <stdint.h>
#include <string.h>

#include "lib/bytes.h"
#include "lib/protowire.h"

static inline uint8_t *alm_put_varint(uint8_t *at, uint64_t value)
{
	while (value >= 0x80) {
		*at++ = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	*at++ = (uint8_t)value;
	return at;
}

static inline size_t alm_varint_bytes(uint64_t value)
{
	/* A byte for every 7 bits begun; none at all still takes one. */
	return (70 - (size_t)__builtin_clzll(value | 1)) / 7;
}

/** The head of a field with a length. */
static inline uint8_t *alm_put_head(uint8_t *at, uint32_t number, size_t bytes)
{
	at = alm_put_varint(at, (uint64_t)number << 3 | ALM_PROTO_BYTES);
	return alm_put_varint(at, bytes);
}

/** What alm_put_head() writes. */
static inline size_t alm_head_bytes(uint32_t number, size_t bytes)
{
	return alm_varint_bytes((uint64_t)number << 3) +
	       alm_varint_bytes(bytes);
}

static inline uint8_t *alm_put_bytes(
	uint8_t *at, uint32_t number, const void *data, size_t bytes)
{
	if (bytes > 0) {
		at = alm_put_head(at, number, bytes);
		memcpy(at, data, bytes);
		at += bytes;
	}
	return at;
}

static inline uint8_t *alm_put_number(
	uint8_t *at, uint32_t number, uint64_t value)
{
	if (value != 0) {
		at = alm_put_varint(at, (uint64_t)number << 3);
		at = alm_put_varint(at, value);
	}
	return at;
}

/** What the two functions above write, of a field with number 1 to 15. */
static inline size_t alm_bytes_field_bytes(size_t bytes)
{
	return bytes > 0 ? 1 + alm_varint_bytes(bytes) + bytes : 0;
}

static inline size_t alm_number_field_bytes(uint64_t value)
{
	return value != 0 ? 1 + alm_varint_bytes(value) : 0;
}

#endif /* ALM_LIB_WIRE_PUT_H */
