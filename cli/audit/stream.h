/*
 * stream.h - a bundle being written: lines to a file, and the hash of all of
 * them for the last one.  A write that failed is told of at the end.
 */
#ifndef ALM_CLI_AUDIT_STREAM_H
#define ALM_CLI_AUDIT_STREAM_H

#include <stdbool.h>
#include <stdio.h>

#include <sodium.h>

#include "lib/bytes.h"

struct alm_stream {
	FILE *out; /* borrowed */
	crypto_hash_sha256_state hash;
	bool is_bad;
};

/** What follows is written and hashed; a failure is told at the end. */
void alm_stream_begin(struct alm_stream *stream, FILE *out);
void alm_stream_text(struct alm_stream *stream, const char *text);
void alm_stream_number(struct alm_stream *stream, uint64_t number);
void alm_stream_raw(struct alm_stream *stream, struct alm_bytes bytes);
void alm_stream_base64(struct alm_stream *stream, struct alm_bytes bytes);
/** Write the last line.  False if anything could not be written. */
ALM_MUST_USE bool alm_stream_end(struct alm_stream *stream);

#endif /* ALM_CLI_AUDIT_STREAM_H */
