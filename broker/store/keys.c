/*
 * The store's secret and id give a master key, and that gives one sub-key for
 * each use.  So nothing of one store opens or verifies in another, even under
 * the same secret.
 */
#include "broker/store/keys.h"

#include <sodium.h>
#include <string.h>

struct alm_store_keys {
	uint8_t check[32];
	uint8_t body[32];
	uint8_t private[32];
	uint8_t agreement[32];
	uint8_t lookup[16];
	uint8_t pseudonym[16];
	uint8_t content[16];
	uint8_t seal_value[16];
	uint8_t seal_row[16];
};

static void derive(uint8_t *out, size_t bytes, uint64_t number,
	const uint8_t master[crypto_kdf_KEYBYTES])
{
	/* Fails for a wrong length only, and ours are fixed. */
	int rc = crypto_kdf_derive_from_key(
		out, bytes, number, "almstore", master);

	ALM_ASSERT(rc == 0);
}

struct alm_store_keys *alm_store_keys_new(
	const uint8_t secret[32], const uint8_t store_id[ALM_STORE_ID_BYTES])
{
	struct alm_store_keys *keys = sodium_malloc(sizeof(*keys));
	uint8_t master[crypto_kdf_KEYBYTES];

	if (keys == NULL) {
		return NULL;
	}
	(void)crypto_generichash(master, sizeof(master), store_id,
		ALM_STORE_ID_BYTES, secret, 32);
	derive(keys->check, sizeof(keys->check), 1, master);
	derive(keys->body, sizeof(keys->body), 2, master);
	derive(keys->private, sizeof(keys->private), 3, master);
	derive(keys->agreement, sizeof(keys->agreement), 4, master);
	derive(keys->lookup, sizeof(keys->lookup), 5, master);
	derive(keys->pseudonym, sizeof(keys->pseudonym), 6, master);
	derive(keys->content, sizeof(keys->content), 7, master);
	derive(keys->seal_value, sizeof(keys->seal_value), 8, master);
	derive(keys->seal_row, sizeof(keys->seal_row), 9, master);
	sodium_memzero(master, sizeof(master));
	return keys;
}

void alm_store_keys_free(struct alm_store_keys *keys)
{
	sodium_free(keys);
}

void alm_store_keys_check(const struct alm_store_keys *keys,
	struct alm_bytes identity, uint8_t out[ALM_KEY_CHECK_BYTES])
{
	(void)crypto_generichash(out, ALM_KEY_CHECK_BYTES, identity.data,
		identity.bytes, keys->check, sizeof(keys->check));
}

void alm_store_keys_seal(const struct alm_store_keys *keys, uint8_t table,
	struct alm_bytes key, struct alm_bytes value,
	uint8_t out[ALM_SEAL_BYTES])
{
	uint8_t row[1 + 16 + 511];

	ALM_ASSERT(key.bytes <= sizeof(row) - 17);
	row[0] = table;
	(void)crypto_shorthash_siphashx24(
		row + 1, value.data, value.bytes, keys->seal_value);
	memcpy(row + 17, key.data, key.bytes);
	(void)crypto_shorthash(out, row, 17 + key.bytes, keys->seal_row);
}

static const uint8_t *crypt_key(
	const struct alm_store_keys *keys, enum alm_crypt_kind kind)
{
	return kind == ALM_CRYPT_BODY ? keys->body : keys->private;
}

void alm_store_keys_encrypt(const struct alm_store_keys *keys,
	enum alm_crypt_kind kind, uint64_t seq,
	const uint8_t nonce[ALM_NONCE_BYTES], struct alm_bytes text,
	uint8_t *out)
{
	uint8_t bound[9] = {(uint8_t)kind};

	alm_put_u64(bound + 1, seq);
	memcpy(out, nonce, ALM_NONCE_BYTES);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(out + ALM_NONCE_BYTES,
		NULL, text.data, text.bytes, bound, sizeof(bound), NULL, nonce,
		crypt_key(keys, kind));
}

enum alm_err alm_store_keys_decrypt(const struct alm_store_keys *keys,
	enum alm_crypt_kind kind, uint64_t seq, struct alm_bytes sealed,
	uint8_t *out)
{
	uint8_t bound[9] = {(uint8_t)kind};

	if (sealed.bytes < ALM_CRYPT_BYTES) {
		return ALM_STORE_CORRUPT;
	}
	alm_put_u64(bound + 1, seq);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL,
		    sealed.data + ALM_NONCE_BYTES,
		    sealed.bytes - ALM_NONCE_BYTES, bound, sizeof(bound),
		    sealed.data, crypt_key(keys, kind)) != 0) {
		return ALM_STORE_CORRUPT;
	}
	return ALM_OK;
}

void alm_store_keys_lookup(
	const struct alm_store_keys *keys, const char *subject, uint8_t out[16])
{
	(void)crypto_shorthash_siphashx24(
		out, (const uint8_t *)subject, strlen(subject), keys->lookup);
}

void alm_store_keys_pseudonym(
	const struct alm_store_keys *keys, const char *subject, uint8_t out[16])
{
	(void)crypto_shorthash_siphashx24(out, (const uint8_t *)subject,
		strlen(subject), keys->pseudonym);
}

void alm_store_keys_content(const struct alm_store_keys *keys,
	struct alm_bytes content, uint8_t out[16])
{
	(void)crypto_shorthash_siphashx24(
		out, content.data, content.bytes, keys->content);
}

void alm_store_keys_agreement(const struct alm_store_keys *keys,
	const char *basis, const char *subject, uint8_t out[16])
{
	crypto_auth_hmacsha256_state state;
	uint8_t whole[crypto_auth_hmacsha256_BYTES];

	crypto_auth_hmacsha256_init(
		&state, keys->agreement, sizeof(keys->agreement));
	/* The NUL keeps the two texts apart. */
	crypto_auth_hmacsha256_update(
		&state, (const uint8_t *)basis, strlen(basis) + 1);
	crypto_auth_hmacsha256_update(
		&state, (const uint8_t *)subject, strlen(subject));
	crypto_auth_hmacsha256_final(&state, whole);
	memcpy(out, whole, 16);
	sodium_memzero(&state, sizeof(state));
}

void alm_noise_init(struct alm_noise *noise, const uint8_t seed[32])
{
	memcpy(noise->seed, seed, sizeof(noise->seed));
	noise->block = 0;
	noise->used = sizeof(noise->pool);
}

void alm_noise_take(struct alm_noise *noise, uint8_t *out, size_t bytes)
{
	if (sizeof(noise->pool) - noise->used < bytes) {
		uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];

		alm_put_u64(nonce, noise->block++);
		(void)crypto_stream_chacha20(
			noise->pool, sizeof(noise->pool), nonce, noise->seed);
		noise->used = 0;
	}
	memcpy(out, noise->pool + noise->used, bytes);
	noise->used += bytes;
}
