/*
 * body_map.h - the fields of what is sent most, each once for both readers:
 * rules.c limits by them what protobuf-c may unpack, direct.c reads by them in
 * one pass.
 *
 * X(number, kind, name, max, count): the number is that of the .proto, the name
 * that of its field and of the plain struct; `max` is of a number, or of the
 * bytes of one text, `count` of texts.  COPY and EXACT have just so many bytes.
 * CHILD(number, name) is a message within, which the reader in one pass leaves
 * to the other.
 */
#ifndef ALM_LIB_WIRE_BODY_MAP_H
#define ALM_LIB_WIRE_BODY_MAP_H

#include "lib/limits.h"
#include "lib/wire/wire.h"

/* clang-format off */
#define ALM_ACCEPTED_FIELDS(X) \
	X(1, U64, sequence, INT64_MAX, 0) \
	X(2, U64, audit_sequence, INT64_MAX, 0) \
	X(3, U64, accepted_at_ms, INT64_MAX, 0) \
	X(4, FLAG, is_duplicate, 1, 0) \
	X(5, FLAG, is_transformed, 1, 0) \
	X(6, TEXT, basis, ALM_ID_BYTES_MAX, 0) \
	X(7, U32, level, ALM_WIRE_LEVEL_IDENTIFIABLE, 0) \
	X(8, TEXTS, released, ALM_ID_BYTES_MAX, ALM_CATEGORIES_MAX) \
	X(9, TEXTS, withheld, ALM_REF_BYTES_MAX, ALM_WITHHELD_MAX) \
	X(10, TEXTS, obligations, ALM_REF_BYTES_MAX, ALM_OBLIGATIONS_MAX)

#define ALM_DELIVER_FIELDS(X) \
	X(1, U64, sequence, INT64_MAX, 0) \
	X(2, U32, attempt, UINT32_MAX, 0) \
	X(3, FLAG, is_repeat, 1, 0) \
	X(4, COPY, message_id, ALM_MESSAGE_ID_BYTES, 0) \
	X(5, TEXT, sender, ALM_ID_BYTES_MAX, 0) \
	X(6, TEXT, recipient, ALM_ID_BYTES_MAX, 0) \
	X(7, TEXT, purpose, ALM_ID_BYTES_MAX, 0) \
	X(8, TEXTS, categories, ALM_ID_BYTES_MAX, ALM_CATEGORIES_MAX) \
	X(9, TEXT, standard, ALM_ID_BYTES_MAX, 0) \
	X(10, TEXT, standard_version, ALM_ID_BYTES_MAX, 0) \
	X(11, U32, level, ALM_WIRE_LEVEL_IDENTIFIABLE, 0) \
	X(12, TEXT, subject, ALM_ID_BYTES_MAX, 0) \
	X(13, EXACT, pseudonym, ALM_MESSAGE_ID_BYTES, 0) \
	X(14, TEXT, basis, ALM_ID_BYTES_MAX, 0) \
	X(15, TEXTS, obligations, ALM_REF_BYTES_MAX, ALM_OBLIGATIONS_MAX) \
	X(16, FLAG, is_partial, 1, 0) \
	X(17, EXACT, correlation_id, ALM_MESSAGE_ID_BYTES, 0) \
	X(18, U64, deadline_ms, INT64_MAX, 0) \
	X(19, U64, expires_ms, INT64_MAX, 0) \
	X(20, U32, priority, ALM_PRIORITY_BULK, 0) \
	X(21, TEXT, traceparent, ALM_TRACEPARENT_BYTES, 0) \
	X(22, U64, accepted_at_ms, INT64_MAX, 0) \
	X(23, BYTES, payload, ALM_PAYLOAD_BYTES_MAX, 0) \
	X(24, U64, payload_bytes, INT64_MAX, 0) \
	X(25, EXACT, payload_root, ALM_DIGEST_BYTES, 0) \
	X(26, U32, encoding, ALM_ENCODING_ZSTD, 0) \
	X(27, U32, kind, ALM_KIND_ACTED, 0) \
	X(28, TEXT, escalated_from, ALM_ID_BYTES_MAX, 0)

#define ALM_SIGNATURE_FIELDS(X) \
	X(1, COPY, ed25519, ALM_SIGNATURE_BYTES, 0) \
	X(2, U32, leaf_index, ALM_SIGNATURE_LEAVES_MAX, 0) \
	X(3, U32, tree_size, ALM_SIGNATURE_LEAVES_MAX, 0) \
	X(4, BYTES, path, (size_t)ALM_SIGNATURE_PATH_MAX * ALM_DIGEST_BYTES, 0)

#define ALM_ACKNOWLEDGEMENT_FIELDS(X) \
	X(1, U64, sequence, INT64_MAX, 0) \
	X(2, FLAG, is_rejected, 1, 0) \
	X(3, TEXT, reason, ALM_REF_BYTES_MAX, 0)

#define ALM_MESSAGE_FIELDS(X, CHILD) \
	X(1, COPY, id, ALM_MESSAGE_ID_BYTES, 0) \
	X(2, TEXT, sender, ALM_ID_BYTES_MAX, 0) \
	X(3, TEXT, recipient, ALM_ID_BYTES_MAX, 0) \
	X(4, TEXT, purpose, ALM_ID_BYTES_MAX, 0) \
	X(5, TEXTS, categories, ALM_ID_BYTES_MAX, ALM_CATEGORIES_MAX) \
	X(6, TEXT, standard, ALM_ID_BYTES_MAX, 0) \
	X(7, TEXT, standard_version, ALM_ID_BYTES_MAX, 0) \
	X(8, U32, payload_level, ALM_WIRE_LEVEL_IDENTIFIABLE, 0) \
	X(9, TEXT, subject, ALM_ID_BYTES_MAX, 0) \
	X(10, TEXT, subject_unknown, ALM_ID_BYTES_MAX, 0) \
	X(11, TEXT, basis, ALM_ID_BYTES_MAX, 0) \
	CHILD(12, relationship) \
	CHILD(13, override) \
	CHILD(14, not_before) \
	X(15, EXACT, correlation_id, ALM_MESSAGE_ID_BYTES, 0) \
	X(16, U64, deadline_ms, INT64_MAX, 0) \
	X(17, U64, expires_ms, INT64_MAX, 0) \
	X(18, U32, priority, ALM_PRIORITY_BULK, 0) \
	X(19, TEXT, traceparent, ALM_TRACEPARENT_BYTES, 0) \
	X(20, COPY, payload_sha256, ALM_DIGEST_BYTES, 0) \
	X(21, TEXTS, recipients, ALM_ADDRESS_BYTES_MAX, ALM_ADDRESSES_MAX) \
	X(22, U64, payload_bytes, INT64_MAX, 0) \
	X(24, U32, kind, ALM_KIND_ACTED, 0)
/* clang-format on */

#endif /* ALM_LIB_WIRE_BODY_MAP_H */
