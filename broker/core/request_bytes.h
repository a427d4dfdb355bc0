/*
 * request_bytes.h - a request of the rule as bytes, so that the command line
 * can have the broker decide it.  Pure.  The bytes begin with a version.
 */
#ifndef ALM_BROKER_CORE_REQUEST_BYTES_H
#define ALM_BROKER_CORE_REQUEST_BYTES_H

#include "broker/core/request.h"
#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"

#define ALM_REQUEST_BYTES_VERSION 1u

/** Append the request and its instant; the writer becomes bad if they do not
 * fit. */
void alm_request_encode(const struct alm_request *request, int64_t at_s,
	struct alm_writer *writer);

/**
 * Read what alm_request_encode() wrote.  Texts are borrowed from `bytes`, the
 * list of categories lives in the arena.
 * Errors: MALFORMED, NOMEM
 */
ALM_MUST_USE enum alm_err alm_request_decode(struct alm_bytes bytes,
	struct alm_arena *arena, struct alm_request *out, int64_t *out_at_s);

#endif /* ALM_BROKER_CORE_REQUEST_BYTES_H */
