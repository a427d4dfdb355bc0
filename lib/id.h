/* id.h - ids of the policy language, message ids (UUIDv7) and hex.  Pure. */
#ifndef ALM_LIB_ID_H
#define ALM_LIB_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/limits.h"

/** [A-Za-z0-9][A-Za-z0-9._-]{0,63}, and not the word `any`. */
bool alm_id_is_valid(const char *text);

/** 1 to 64 bytes 0x21 to 0x7E: the id of a request. */
bool alm_request_id_is_valid(const char *text);

#define ALM_UUID_TEXT_BYTES 37u /* 36 characters and a NUL */

struct alm_message_id {
	uint8_t raw[ALM_MESSAGE_ID_BYTES];
};

/** UUIDv7 of a time and 10 random bytes (of which 74 bits are used). */
struct alm_message_id alm_message_id_make(
	int64_t unix_ms, const uint8_t random[10]);

/** Ids of one maker, each greater than the one before: so the broker writes
 * what it remembers of them side by side (RFC 9562, section 6.2).  Zeroed at
 * first. */
struct alm_id_series {
	int64_t ms;
	unsigned step; /* in that millisecond: 12 bits */
};

/** The next id; `random` fills all but the time and twelve bits that count.
 * A clock that is set back by more than a second starts anew. */
struct alm_message_id alm_message_id_next(struct alm_id_series *series,
	int64_t unix_ms, const uint8_t random[10]);

/** Version 7, variant 10. */
bool alm_message_id_is_valid(const struct alm_message_id *id);

/** The milliseconds since 1970 that the id was made at. */
int64_t alm_message_id_ms(const struct alm_message_id *id);

/** Canonical text, lower case. */
void alm_message_id_text(
	const struct alm_message_id *id, char out[ALM_UUID_TEXT_BYTES]);

/** Errors: BAD_MESSAGE_ID. */
ALM_MUST_USE enum alm_err alm_message_id_parse(
	const char *text, struct alm_message_id *out_id);

/** Message ids that begin alike: the least and the greatest there can be. */
struct alm_id_range {
	struct alm_message_id first;
	struct alm_message_id last;
	size_t digits; /* in which they are alike, 0 to 32; 32: one id */
};

/** Read the hex digits that ids begin with; hyphens are passed over.
 * Errors: BAD_MESSAGE_ID: other letters, or more than 32 digits. */
ALM_MUST_USE enum alm_err alm_id_range_parse(
	const char *text, struct alm_id_range *out_range);

bool alm_id_range_has(
	const struct alm_id_range *range, const struct alm_message_id *id);

/** Copy a text into a field of `out_bytes` bytes, cut if it does not fit, and
 * always ended by a NUL. */
void alm_text_copy(char *out, size_t out_bytes, const char *text);

/** Lower-case hex and a NUL; `out` holds 2 * bytes + 1. */
void alm_hex(const uint8_t *data, size_t bytes, char *out);

/** Exactly `bytes` bytes from 2 * bytes hex digits.  Errors: VALUE_BAD. */
ALM_MUST_USE enum alm_err alm_unhex(
	const char *text, uint8_t *out, size_t bytes);

#endif /* ALM_LIB_ID_H */
