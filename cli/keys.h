/* keys.h - making key pairs: CURVE for the connection, Ed25519 for messages.
 * Secret keys go to files of mode 0400 and are zeroed in memory. */
#ifndef ALM_CLI_KEYS_H
#define ALM_CLI_KEYS_H

#include <limits.h>

#include "lib/err.h"
#include "lib/file.h"

#define ALM_KEY_HEX_BYTES (2u * ALM_KEY_BYTES + 1u)

/** The public halves of an agent's keys, as 64 hex digits. */
struct alm_public_keys {
	char curve[ALM_KEY_HEX_BYTES];
	char signing[ALM_KEY_HEX_BYTES];
};

/** Make curve.key and signing.key in `folder`, never over others.
 * Errors: KEY_EXISTS, KEY_FILE, IO, INTERNAL. */
ALM_MUST_USE enum alm_err alm_keys_make(const char *folder,
	struct alm_public_keys *out_keys, struct alm_problem *problem);

/** Make one curve key file.  Errors as above. */
ALM_MUST_USE enum alm_err alm_keys_make_curve(const char *path,
	char out_public[ALM_KEY_HEX_BYTES], struct alm_problem *problem);

/** Make one Ed25519 key file.  Errors as above. */
ALM_MUST_USE enum alm_err alm_keys_make_signing(const char *path,
	char out_public[ALM_KEY_HEX_BYTES], struct alm_problem *problem);

/** Read what `almoner agent keygen` wrote as agent.pub: two lines
 * `curve-key: HEX` and `signing-key: HEX`.  Errors: NOT_FOUND, KEY_FILE. */
ALM_MUST_USE enum alm_err alm_keys_read_public(const char *path,
	struct alm_public_keys *out_keys, struct alm_problem *problem);

#endif /* ALM_CLI_KEYS_H */
