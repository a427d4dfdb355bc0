#include "lib/join.h"

#include <string.h>

#include <sodium.h>

#include "lib/bytes.h"
#include "lib/hash.h"

#define CURVE_LABEL "almoner.v1.invite.curve"
#define PROOF_LABEL "almoner.v1.invite.proof"
#define CHECK_LABEL "almoner.v1.join.check"
#define ROTATE_LABEL "almoner.v1.rotate.check"
#define CONTEXT_BYTES_MAX 32u

static bool derive(const uint8_t *secret, const char *label, uint8_t out[32])
{
	return crypto_generichash(out, 32, (const uint8_t *)label,
		       strlen(label), secret, ALM_SECRET_BYTES) == 0;
}

static struct alm_bytes text(const char *value)
{
	/* With its NUL: where a text ends is part of what is hashed. */
	return (struct alm_bytes){(const uint8_t *)value, strlen(value) + 1};
}

static struct alm_bytes key(const uint8_t *value)
{
	return (struct alm_bytes){value, 32};
}

static enum alm_err digest_of(
	const struct alm_bytes *parts, size_t count, uint8_t out[32])
{
	struct alm_hash *hash = alm_hash_new();

	if (hash == NULL) {
		return ALM_NOMEM;
	}
	alm_hash_parts(hash, parts, count, out);
	alm_hash_free(hash);
	return ALM_OK;
}

enum alm_err alm_invite_derive(const uint8_t secret[ALM_SECRET_BYTES],
	struct alm_invite_keys *out_keys)
{
	struct alm_bytes proof = {out_keys->proof, ALM_SECRET_BYTES};

	if (!derive(secret, CURVE_LABEL, out_keys->curve_secret) ||
		!derive(secret, PROOF_LABEL, out_keys->proof) ||
		crypto_scalarmult_base(
			out_keys->curve_public, out_keys->curve_secret) != 0) {
		return ALM_INTERNAL;
	}
	return digest_of(&proof, 1, out_keys->proof_hash);
}

enum alm_err alm_join_check(
	const struct alm_join_facts *facts, uint8_t out[ALM_DIGEST_BYTES])
{
	uint8_t number[8];
	const struct alm_bytes parts[] = {
		text(CHECK_LABEL),
		{number, sizeof(number)},
		text(facts->organisation),
		text(facts->agent),
		key(facts->invite_key),
		key(facts->proof_hash),
		key(facts->broker_key),
		key(facts->curve_key),
		key(facts->signing_key),
	};

	alm_put_u64(number, facts->invite);
	return digest_of(parts, ALM_COUNT(parts), out);
}

enum alm_err alm_rotate_check(
	const struct alm_rotate_facts *facts, uint8_t out[ALM_DIGEST_BYTES])
{
	const struct alm_bytes parts[] = {
		text(ROTATE_LABEL),
		text(facts->organisation),
		text(facts->agent),
		key(facts->broker_key),
		key(facts->curve_key),
		key(facts->signing_key),
	};

	return digest_of(parts, ALM_COUNT(parts), out);
}

/* context, NUL, digest */
static size_t signed_text(const char *context, const uint8_t digest[32],
	uint8_t out[CONTEXT_BYTES_MAX + 32])
{
	size_t bytes = strlen(context) + 1;

	ALM_ASSERT(bytes <= CONTEXT_BYTES_MAX);
	memcpy(out, context, bytes);
	memcpy(out + bytes, digest, 32);
	return bytes + 32;
}

void alm_digest_sign(const char *context, const uint8_t digest[32],
	const uint8_t seed[32], uint8_t out[ALM_SIGNATURE_BYTES])
{
	uint8_t said[CONTEXT_BYTES_MAX + 32];
	uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
	uint8_t secret_key[crypto_sign_SECRETKEYBYTES];
	size_t bytes = signed_text(context, digest, said);

	(void)crypto_sign_seed_keypair(public_key, secret_key, seed);
	(void)crypto_sign_detached(out, NULL, said, bytes, secret_key);
	sodium_memzero(secret_key, sizeof(secret_key));
}

bool alm_digest_is_signed(const char *context, const uint8_t digest[32],
	const uint8_t signature[ALM_SIGNATURE_BYTES],
	const uint8_t public_key[ALM_KEY_BYTES])
{
	uint8_t said[CONTEXT_BYTES_MAX + 32];
	size_t bytes = signed_text(context, digest, said);

	return crypto_sign_verify_detached(
		       signature, said, bytes, public_key) == 0;
}
