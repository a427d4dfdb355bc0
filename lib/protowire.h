/*
 * protowire.h - the protobuf wire format as bytes: varints, tags and values,
 * and the check of text.  Pure; no allocation; every read is bounded.
 *
 * A value is read once and strictly: tags and lengths take at most 5 bytes,
 * varints at most 10 and 64 bits, groups do not exist.
 */
#ifndef ALM_LIB_PROTOWIRE_H
#define ALM_LIB_PROTOWIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"

enum alm_proto_type {
	ALM_PROTO_VARINT = 0,
	ALM_PROTO_FIXED64 = 1,
	ALM_PROTO_BYTES = 2,
	ALM_PROTO_FIXED32 = 5,
};

#define ALM_PROTO_VARINT_BYTES_MAX 10u

/** One field as it stands on the wire. */
struct alm_proto_field {
	uint32_t number;
	enum alm_proto_type type;
	uint64_t value;         /* VARINT, FIXED64, FIXED32 */
	struct alm_bytes bytes; /* BYTES, borrowed */
	struct alm_bytes whole; /* tag, length and value, borrowed */
};

/**
 * Read one field from the front of `rest` and move `rest` past it.
 * Errors: MALFORMED: groups, a truncated or overlong varint, number 0, or a
 *         length past the end.
 */
ALM_MUST_USE enum alm_err alm_proto_next(
	struct alm_bytes *rest, struct alm_proto_field *out_field);

/** A varint from the front of `rest`.  Errors: MALFORMED. */
ALM_MUST_USE enum alm_err alm_proto_varint(
	struct alm_bytes *rest, size_t bytes_max, uint64_t *out_value);

/** How many bytes it takes, 1 to 10. */
size_t alm_proto_varint_bytes(uint64_t value);

/** Write a varint; gives how many bytes (1 to 10) were written. */
size_t alm_proto_put_varint(uint8_t *out, uint64_t value);

/** UTF-8 without control characters (C0, DEL, C1); no newline, no NUL. */
bool alm_text_is_clean(struct alm_bytes text);

#endif /* ALM_LIB_PROTOWIRE_H */
