/* sidecar.h - the file that describes a message in the outbox.  Pure. */
#ifndef ALM_AGENTS_FOLDER_SIDECAR_H
#define ALM_AGENTS_FOLDER_SIDECAR_H

#include <stdint.h>

#include "agents/include/almoner.h"
#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"

struct alm_sidecar {
	/* A file name beside the sidecar; NULL: a business receipt. */
	const char *payload;
	/* Without id and payload; lives in the arena. */
	struct alm_outgoing outgoing;
	uint8_t correlation_id[16];
	/* As written: an instant is in outgoing; a duration counts from when
	 * the message's id was made.  0: not so written. */
	int64_t deadline_after_s;
	int64_t expires_after_s;
};

/**
 * Read a sidecar.  `out_sidecar` is not moved afterwards.
 * Errors: SIDECAR, with file, line and nearest key in `problem`.
 */
ALM_MUST_USE enum alm_err alm_sidecar_read(const char *file,
	struct alm_bytes content, struct alm_arena *arena,
	struct alm_sidecar *out_sidecar, struct alm_problem *problem);

#endif /* ALM_AGENTS_FOLDER_SIDECAR_H */
