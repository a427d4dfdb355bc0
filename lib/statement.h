/*
 * statement.h - what a policy officer signs: one text for each act, which
 * names the store, the act, its number, the content and the officer, so that
 * a signature serves for nothing else.  Signed by the command line, verified
 * by the broker, and again by whoever verifies a store.  Pure but for the
 * signature.  The text is in docs/FORMAT.md.
 */
#ifndef ALM_LIB_STATEMENT_H
#define ALM_LIB_STATEMENT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/file.h"
#include "lib/limits.h"
#include "lib/merkle.h"

#define ALM_STATEMENT_BYTES_MAX ((size_t)4 * 1024)

enum alm_act {
	ALM_ACT_PROPOSE = 1,
	ALM_ACT_APPROVE = 2,
	ALM_ACT_EMERGENCY = 3,
	ALM_ACT_REGISTER = 4, /* of an officer */
	ALM_ACT_REVOKE = 5,
};

/** Texts are never NULL, and hold no control characters. */
struct alm_statement {
	enum alm_act act;
	uint8_t store_id[ALM_STORE_ID_BYTES];
	uint64_t number; /* of the proposal, the epoch or the officer */
	uint64_t base;   /* the epoch active when it was signed */
	struct alm_digest content; /* of a policy; zero if none */
	const char *what;          /* "epoch N" of a rollback; of an officer
				    * name, role and key; "" otherwise */
	const char *by;
	const char *reason;
};

/** Write the text.  Errors: FIELD_TOO_LARGE, NOT_TEXT. */
ALM_MUST_USE enum alm_err alm_statement_write(
	const struct alm_statement *statement,
	char out[ALM_STATEMENT_BYTES_MAX], size_t *out_bytes);

/** Sign with the Ed25519 seed.  Errors: as above, and KEY_FILE. */
ALM_MUST_USE enum alm_err alm_statement_sign(
	const struct alm_statement *statement,
	const uint8_t seed[ALM_KEY_BYTES],
	uint8_t out_signature[ALM_SIGNATURE_BYTES]);

/** Sign a text that alm_statement_write() wrote elsewhere.
 * Errors: MALFORMED (it is no statement), KEY_FILE. */
ALM_MUST_USE enum alm_err alm_statement_sign_text(struct alm_bytes text,
	const uint8_t seed[ALM_KEY_BYTES],
	uint8_t out_signature[ALM_SIGNATURE_BYTES]);

/** Errors: OFFICER_SIGNATURE; and those of alm_statement_write(). */
ALM_MUST_USE enum alm_err alm_statement_verify(
	const struct alm_statement *statement,
	const uint8_t public_key[ALM_KEY_BYTES],
	const uint8_t signature[ALM_SIGNATURE_BYTES]);

#endif /* ALM_LIB_STATEMENT_H */
