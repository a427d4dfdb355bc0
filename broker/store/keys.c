/*
 * The store's secret and id give a master key, and that gives one sub-key for
 * each use.  So nothing of one store opens or verifies in another, even under
 * the same secret.
 *
 * Texts are encrypted with AES-256-GCM under a key of their turn, which is
 * HChaCha20 of the store's key and the turn's random prefix; so a counter is
 * a safe nonce (docs/decisions/0022).
 */
#include "broker/store/keys.h"

#include <stdbool.h>
#include <string.h>

#include <sodium.h>

#include "broker/store/gcm.h"

/* Which keys of gcm.h are set: two that stay for a turn, HChaCha20 of a nonce's
 * first 16 bytes, and what is needed for one text. */
enum prepared {
	PREPARED_BODY,
	PREPARED_PRIVATE,
	PREPARED_ONCE,
};

struct alm_store_keys {
	struct alm_gcm *gcm;
	uint8_t prefixes[PREPARED_ONCE][16]; /* of the keys that stay */
	bool is_set[PREPARED_ONCE];
	uint8_t check[32];
	uint8_t body[32];
	uint8_t private[32];
	uint8_t agreement[32];
	uint8_t persons[32];
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

/* A cipher of its own; NULL, and all is freed, when memory is out. */
static struct alm_store_keys *with_cipher(struct alm_store_keys *keys)
{
	memset(keys->is_set, 0, sizeof(keys->is_set));
	keys->gcm = alm_gcm_new();
	if (keys->gcm == NULL) {
		alm_store_keys_free(keys);
		return NULL;
	}
	return keys;
}

struct alm_store_keys *alm_store_keys_new(const uint8_t secret[ALM_KEY_BYTES],
	const uint8_t store_id[ALM_STORE_ID_BYTES])
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
	derive(keys->persons, sizeof(keys->persons), 10, master);
	sodium_memzero(master, sizeof(master));
	return with_cipher(keys);
}

struct alm_store_keys *alm_store_keys_copy(const struct alm_store_keys *keys)
{
	struct alm_store_keys *copy = sodium_malloc(sizeof(*copy));

	if (copy == NULL) {
		return NULL;
	}
	memcpy(copy, keys, sizeof(*copy));
	return with_cipher(copy);
}

void alm_store_keys_free(struct alm_store_keys *keys)
{
	if (keys != NULL) {
		alm_gcm_free(keys->gcm);
		sodium_free(keys);
	}
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
	ALM_UNINITIALIZED uint8_t row[1 + 16 + 511];

	ALM_ASSERT(key.bytes <= sizeof(row) - 17);
	row[0] = table;
	(void)crypto_shorthash_siphashx24(
		row + 1, value.data, value.bytes, keys->seal_value);
	memcpy(row + 17, key.data, key.bytes);
	(void)crypto_shorthash(out, row, 17 + key.bytes, keys->seal_row);
}

/* Nonce of AES-256-GCM for one text, and what is bound to it. */
struct crypt {
	uint8_t nonce[ALM_GCM_NONCE_BYTES];
	uint8_t bound[9];
};

static void bind(struct crypt *crypt, enum alm_crypt_kind kind, uint64_t seq,
	const uint8_t counter[8])
{
	memset(crypt->nonce, 0, 4);
	memcpy(crypt->nonce + 4, counter, 8);
	crypt->bound[0] = (uint8_t)kind;
	alm_put_u64(crypt->bound + 1, seq);
}

static struct alm_bytes bound_of(const struct crypt *crypt)
{
	return (struct alm_bytes){crypt->bound, sizeof(crypt->bound)};
}

static void set_key(const struct alm_store_keys *keys, enum prepared number,
	enum alm_crypt_kind kind, const uint8_t nonce[ALM_NONCE_BYTES])
{
	uint8_t key[ALM_GCM_KEY_BYTES];

	(void)crypto_core_hchacha20(key, nonce,
		kind == ALM_CRYPT_PRIVATE ? keys->private : keys->body, NULL);
	alm_gcm_set_key(keys->gcm, number, key);
	sodium_memzero(key, sizeof(key));
}

/* The number of the key for a nonce; set anew only when the prefix is new. */
static enum prepared prepare(struct alm_store_keys *keys,
	enum alm_crypt_kind kind, const uint8_t nonce[ALM_NONCE_BYTES])
{
	enum prepared number =
		kind == ALM_CRYPT_PRIVATE ? PREPARED_PRIVATE : PREPARED_BODY;

	if (!keys->is_set[number] ||
		memcmp(keys->prefixes[number], nonce, 16) != 0) {
		set_key(keys, number, kind, nonce);
		memcpy(keys->prefixes[number], nonce, 16);
		keys->is_set[number] = true;
	}
	return number;
}

void alm_store_keys_encrypt(struct alm_store_keys *keys,
	enum alm_crypt_kind kind, uint64_t seq,
	const uint8_t nonce[ALM_NONCE_BYTES], struct alm_bytes text,
	uint8_t *out)
{
	enum prepared number = prepare(keys, kind, nonce);
	ALM_UNINITIALIZED struct crypt crypt;

	memcpy(out, nonce, ALM_NONCE_BYTES);
	bind(&crypt, kind, seq, nonce + 16);
	alm_gcm_encrypt(keys->gcm, number, crypt.nonce, bound_of(&crypt), text,
		out + ALM_NONCE_BYTES);
}

enum alm_err alm_store_keys_decrypt(const struct alm_store_keys *keys,
	enum alm_crypt_kind kind, uint64_t seq, struct alm_bytes sealed,
	uint8_t *out)
{
	struct crypt crypt;

	if (sealed.bytes < ALM_CRYPT_BYTES) {
		return ALM_STORE_CORRUPT;
	}
	set_key(keys, PREPARED_ONCE, kind, sealed.data);
	bind(&crypt, kind, seq, sealed.data + 16);
	return alm_gcm_decrypt(keys->gcm, PREPARED_ONCE, crypt.nonce,
		bound_of(&crypt),
		(struct alm_bytes){sealed.data + ALM_NONCE_BYTES,
			sealed.bytes - ALM_NONCE_BYTES},
		out);
}

void alm_store_keys_person(const struct alm_store_keys *keys,
	const uint8_t secret[ALM_PERSON_SECRET_BYTES],
	uint8_t out[ALM_PERSON_KEY_BYTES])
{
	(void)crypto_core_hchacha20(out, secret, keys->persons, NULL);
}

/* The key of a person for one text. */
static void begin_person(const struct alm_store_keys *keys,
	const uint8_t key[ALM_PERSON_KEY_BYTES], uint64_t seq,
	struct crypt *crypt)
{
	uint8_t counter[8];

	alm_put_u64(counter, seq);
	bind(crypt, ALM_CRYPT_PRIVATE, seq, counter);
	alm_gcm_set_key(keys->gcm, PREPARED_ONCE, key);
}

void alm_store_keys_encrypt_person(struct alm_store_keys *keys,
	const uint8_t key[ALM_PERSON_KEY_BYTES], uint64_t seq,
	struct alm_bytes text, uint8_t *out)
{
	ALM_UNINITIALIZED struct crypt crypt;

	begin_person(keys, key, seq, &crypt);
	alm_gcm_encrypt(keys->gcm, PREPARED_ONCE, crypt.nonce, bound_of(&crypt),
		text, out);
}

enum alm_err alm_store_keys_decrypt_person(const struct alm_store_keys *keys,
	const uint8_t key[ALM_PERSON_KEY_BYTES], uint64_t seq,
	struct alm_bytes sealed, uint8_t *out)
{
	struct crypt crypt;

	begin_person(keys, key, seq, &crypt);
	return alm_gcm_decrypt(keys->gcm, PREPARED_ONCE, crypt.nonce,
		bound_of(&crypt), sealed, out);
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
	noise->nonce_count = 0;
	alm_noise_take(noise, noise->prefix, sizeof(noise->prefix));
}

void alm_noise_nonce(struct alm_noise *noise, uint8_t out[ALM_NONCE_BYTES])
{
	memcpy(out, noise->prefix, sizeof(noise->prefix));
	alm_put_u64(out + sizeof(noise->prefix), noise->nonce_count++);
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
