/*
 * join.h - what an invite's secret gives, and what is compared when an agent
 * joins.  Both sides must make the same of the same; nothing else is here.
 */
#ifndef ALM_LIB_JOIN_H
#define ALM_LIB_JOIN_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/limits.h"

#define ALM_SECRET_BYTES 32u

/** All from the secret of one invite; zero it with sodium_memzero(). */
struct alm_invite_keys {
	uint8_t curve_secret[ALM_KEY_BYTES]; /* admits to the join envelope
						alone */
	uint8_t curve_public[ALM_KEY_BYTES];
	uint8_t proof[ALM_SECRET_BYTES]; /* shown in it */
	uint8_t proof_hash[ALM_DIGEST_BYTES];
};

/** Errors: INTERNAL: libsodium does not work. */
ALM_MUST_USE enum alm_err alm_invite_derive(
	const uint8_t secret[ALM_SECRET_BYTES],
	struct alm_invite_keys *out_keys);

/** Who joins where; texts are borrowed. */
struct alm_join_facts {
	uint64_t invite;
	const char *organisation;
	const char *agent;
	const uint8_t *invite_key; /* the invite's public CURVE key */
	const uint8_t *proof_hash;
	const uint8_t *broker_key; /* as this side knows it */
	const uint8_t *curve_key;  /* the joining agent's, public */
	const uint8_t *signing_key;
};

/** SHA-256 over all of them: what the six words are made of, and what the
 * joining agent signs.  Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_join_check(
	const struct alm_join_facts *facts, uint8_t out[ALM_DIGEST_BYTES]);

/** Texts that are signed with an Ed25519 key; their NUL is signed as well. */
#define ALM_JOIN_CONTEXT "almoner.v1.join"
#define ALM_ROTATE_CONTEXT "almoner.v1.rotate"
#define ALM_PROBE_CONTEXT "almoner.v1.probe"
#define ALM_TRIAL_CONTEXT "almoner.v1.trial"

/** Old and new keys of an agent that rotates them; all 32 bytes. */
struct alm_rotate_facts {
	const char *organisation;
	const char *agent;
	const uint8_t *broker_key;
	const uint8_t *curve_key; /* the new ones, public */
	const uint8_t *signing_key;
};

/** SHA-256 over all of them: what the old and the new signing key sign.
 * Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_rotate_check(
	const struct alm_rotate_facts *facts, uint8_t out[ALM_DIGEST_BYTES]);

/** Sign a digest under one of the contexts; `seed` is the secret key file's.
 */
void alm_digest_sign(const char *context, const uint8_t digest[32],
	const uint8_t seed[32], uint8_t out[ALM_SIGNATURE_BYTES]);
bool alm_digest_is_signed(const char *context, const uint8_t digest[32],
	const uint8_t signature[ALM_SIGNATURE_BYTES],
	const uint8_t public_key[ALM_KEY_BYTES]);

#endif /* ALM_LIB_JOIN_H */
