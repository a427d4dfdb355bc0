/*
 * keys.h - the keys of a store, all derived from its one secret and its id,
 * and what is done with them: seals, encryption, keyed hashes (FORMAT.md).
 */
#ifndef ALM_BROKER_STORE_KEYS_H
#define ALM_BROKER_STORE_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/limits.h"

#define ALM_SEAL_BYTES 8u
#define ALM_NONCE_BYTES 24u
#define ALM_TAG_BYTES 16u
/* What encryption adds to a text. */
#define ALM_CRYPT_BYTES (ALM_NONCE_BYTES + ALM_TAG_BYTES)
#define ALM_KEY_CHECK_BYTES 32u

/** What is encrypted; bound into the ciphertext. */
enum alm_crypt_kind {
	ALM_CRYPT_BODY = 1,
	ALM_CRYPT_PRIVATE = 2,
	ALM_CRYPT_PART = 3, /* under the key of bodies */
};

struct alm_store_keys; /* in locked memory, zeroed when freed */

/** NULL when memory is out. */
struct alm_store_keys *alm_store_keys_new(const uint8_t secret[ALM_KEY_BYTES],
	const uint8_t store_id[ALM_STORE_ID_BYTES]);
/** The same keys, to decrypt with in another thread.  NULL: no memory. */
struct alm_store_keys *alm_store_keys_copy(const struct alm_store_keys *keys);
void alm_store_keys_free(struct alm_store_keys *keys);

/** What tells the right secret from a wrong one; covers `identity`. */
void alm_store_keys_check(const struct alm_store_keys *keys,
	struct alm_bytes identity, uint8_t out[ALM_KEY_CHECK_BYTES]);

/** The trailer that binds a value to its table and key. */
void alm_store_keys_seal(const struct alm_store_keys *keys, uint8_t table,
	struct alm_bytes key, struct alm_bytes value,
	uint8_t out[ALM_SEAL_BYTES]);

/** Writes nonce, ciphertext and tag: `text.bytes + ALM_CRYPT_BYTES`.  Nonces
 * that begin alike, as those of one turn do, cost less. */
void alm_store_keys_encrypt(struct alm_store_keys *keys,
	enum alm_crypt_kind kind, uint64_t seq,
	const uint8_t nonce[ALM_NONCE_BYTES], struct alm_bytes text,
	uint8_t *out);

/** `out` holds `sealed.bytes - ALM_CRYPT_BYTES`.  Errors: STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_store_keys_decrypt(
	const struct alm_store_keys *keys, enum alm_crypt_kind kind,
	uint64_t seq, struct alm_bytes sealed, uint8_t *out);

/** The key of one person's private parts, of random bytes that are kept for
 * that person alone: without them nobody can make it again. */
#define ALM_PERSON_SECRET_BYTES 16u
#define ALM_PERSON_KEY_BYTES 32u
void alm_store_keys_person(const struct alm_store_keys *keys,
	const uint8_t secret[ALM_PERSON_SECRET_BYTES],
	uint8_t out[ALM_PERSON_KEY_BYTES]);

/** Writes ciphertext and tag: `text.bytes + ALM_TAG_BYTES`.  The sequence is
 * the nonce: one key and one sequence belong to one text. */
void alm_store_keys_encrypt_person(struct alm_store_keys *keys,
	const uint8_t key[ALM_PERSON_KEY_BYTES], uint64_t seq,
	struct alm_bytes text, uint8_t *out);
/** `out` holds `sealed.bytes - ALM_TAG_BYTES`.  Errors: STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_store_keys_decrypt_person(
	const struct alm_store_keys *keys,
	const uint8_t key[ALM_PERSON_KEY_BYTES], uint64_t seq,
	struct alm_bytes sealed, uint8_t *out);

/** Keyed hashes: where a person's records stand, what stands for a person in
 * the log, and what tells one record's content from another's. */
void alm_store_keys_lookup(const struct alm_store_keys *keys,
	const char *subject, uint8_t out[16]);
void alm_store_keys_pseudonym(const struct alm_store_keys *keys,
	const char *subject, uint8_t out[16]);
void alm_store_keys_content(const struct alm_store_keys *keys,
	struct alm_bytes content, uint8_t out[16]);
void alm_store_keys_agreement(const struct alm_store_keys *keys,
	const char *basis, const char *subject, uint8_t out[16]);

/** Salts and nonces of one turn, from a seed that is never used again. */
struct alm_noise {
	uint8_t seed[32];
	uint8_t prefix[16]; /* of every nonce of the turn */
	uint64_t nonce_count;
	uint64_t block;
	size_t used;
	uint8_t pool[1024];
};

void alm_noise_init(struct alm_noise *noise, const uint8_t seed[32]);
/** `bytes` is at most the size of the pool. */
void alm_noise_take(struct alm_noise *noise, uint8_t *out, size_t bytes);
/** The turn's prefix and a counter: never the same twice. */
void alm_noise_nonce(struct alm_noise *noise, uint8_t out[ALM_NONCE_BYTES]);

#endif /* ALM_BROKER_STORE_KEYS_H */
