/*
 * decide_json.h - requests and decisions as JSON lines (docs/POLICY.md
 * sections 3 and 5).
 */
#ifndef ALM_CLI_POLICY_DECIDE_JSON_H
#define ALM_CLI_POLICY_DECIDE_JSON_H

#include <stdint.h>
#include <stdio.h>

#include "broker/core/decide.h"
#include "broker/core/request.h"
#include "lib/arena.h"
#include "lib/bytes.h"

#define ALM_REQUEST_LINE_BYTES_MAX ((size_t)64 * 1024)

/**
 * Read a request.  Total: what cannot be read makes it malformed (101), and
 * what can be read of it is read.  A key that stands twice makes it malformed
 * and its last value counts.
 *
 * Out:     out      texts live in the arena; if that is full, malformed
 *          out_at_s the instant of the decision; 0 if it cannot be read
 */
void alm_request_json_read(struct alm_bytes line, struct alm_arena *arena,
	struct alm_request *out, int64_t *out_at_s);

/** The decision as one compact line; keys in the order of section 5. */
void alm_decision_json_write(
	FILE *out, const char *id, const struct alm_decision *decision);

#endif /* ALM_CLI_POLICY_DECIDE_JSON_H */
