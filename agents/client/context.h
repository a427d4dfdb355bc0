/* context.h - the file that says where the broker is and who we are. */
#ifndef ALM_AGENTS_CLIENT_CONTEXT_H
#define ALM_AGENTS_CLIENT_CONTEXT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/limits.h"

/** Zero it with sodium_memzero() after use: it holds secret keys. */
struct alm_context {
	char endpoint[ALM_ENDPOINT_BYTES_MAX + 1];
	char organisation[ALM_ID_BYTES_MAX + 1];
	char agent[ALM_ID_BYTES_MAX + 1];
	uint8_t broker_key[ALM_KEY_BYTES];
	uint8_t curve_key[ALM_KEY_BYTES];
	uint8_t signing_key[ALM_KEY_BYTES];
	/* With witness-key: this agent cosigns the heads of the audit log. */
	bool is_witness;
	uint8_t witness_key[ALM_KEY_BYTES];
	uint8_t audit_keys[2][ALM_KEY_BYTES]; /* of the log, public */
	size_t audit_key_count;
	char witness_state[PATH_MAX];
};

/**
 * Read a context file and the key files it names, which are sought beside it.
 * Errors: CONTEXT, with file, line and nearest key; KEY_FILE, KEY_FILE_MODE.
 */
ALM_MUST_USE enum alm_err alm_context_read(const char *path,
	struct alm_context *out_context, struct alm_problem *problem);

/** Where a context keeps its keys. */
struct alm_context_files {
	char curve_key[PATH_MAX];
	char signing_key[PATH_MAX];
};

/** The same, and the paths of the key files. */
ALM_MUST_USE enum alm_err alm_context_read_files(const char *path,
	struct alm_context *out_context, struct alm_context_files *out_files,
	struct alm_problem *problem);

#endif /* ALM_AGENTS_CLIENT_CONTEXT_H */
