/*
 * The store's secret and id give a master key, and that gives one sub-key for
 * each use.  So nothing of one store opens or verifies in another, even under
 * the same secret.
 *
 * Texts are encrypted with AES-256-GCM under a key of their turn, which is
 * HChaCha20 of the store's key and the turn's random prefix; so a counter is
 * a safe nonce (docs/decisions/0022).  Three libraries give the same bytes:
 * gcm.h is the fastest where a key stays set; libsodium's, on processors that
 * have the instructions, where the key is another each time, as those of
 * persons are; OpenSSL decrypts.
 */
#include "broker/store/keys.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/evp.h>
#include <sodium.h>

#include "broker/store/gcm.h"

/* Whose keys are set: HChaCha20 of a nonce's first 16 bytes. */
enum prepared {
	PREPARED_BODY,
	PREPARED_PRIVATE,
};

struct alm_store_keys {
	EVP_CIPHER *cipher;      /* kept: fetching it is slow */
	EVP_CIPHER_CTX *context; /* for decryption */
	struct alm_gcm *gcm;     /* its keys are those of `prefixes` */
	uint8_t prefixes[ALM_GCM_KEYS][16];
	bool is_set[ALM_GCM_KEYS];
	EVP_CIPHER_CTX *person; /* its key is set for each text */
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

/* Contexts of its own; NULL, and all is freed, when memory is out. */
static struct alm_store_keys *with_ciphers(struct alm_store_keys *keys)
{
	keys->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	keys->context = EVP_CIPHER_CTX_new();
	keys->gcm = alm_gcm_new();
	memset(keys->is_set, 0, sizeof(keys->is_set));
	keys->person = EVP_CIPHER_CTX_new();
	if (keys->cipher == NULL || keys->context == NULL ||
		keys->person == NULL || keys->gcm == NULL ||
		EVP_EncryptInit_ex2(keys->context, keys->cipher, keys->body,
			keys->body, NULL) != 1 ||
		EVP_EncryptInit_ex2(keys->person, keys->cipher, keys->body,
			keys->body, NULL) != 1) {
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
	return with_ciphers(keys);
}

struct alm_store_keys *alm_store_keys_copy(const struct alm_store_keys *keys)
{
	struct alm_store_keys *copy = sodium_malloc(sizeof(*copy));

	if (copy == NULL) {
		return NULL;
	}
	memcpy(copy, keys, sizeof(*copy));
	return with_ciphers(copy);
}

void alm_store_keys_free(struct alm_store_keys *keys)
{
	if (keys != NULL) {
		EVP_CIPHER_CTX_free(keys->context);
		alm_gcm_free(keys->gcm);
		EVP_CIPHER_CTX_free(keys->person);
		EVP_CIPHER_free(keys->cipher);
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

/* Key and nonce of AES-256-GCM for one text. */
struct crypt {
	uint8_t key[ALM_KEY_BYTES];
	uint8_t nonce[12];
	uint8_t bound[9];
};

/* What is bound, and the nonce of a counter. */
static void bind(struct crypt *crypt, enum alm_crypt_kind kind, uint64_t seq,
	const uint8_t counter[8])
{
	memset(crypt->nonce, 0, 4);
	memcpy(crypt->nonce + 4, counter, 8);
	crypt->bound[0] = (uint8_t)kind;
	alm_put_u64(crypt->bound + 1, seq);
}

static void make_crypt(const struct alm_store_keys *keys,
	enum alm_crypt_kind kind, uint64_t seq,
	const uint8_t nonce[ALM_NONCE_BYTES], struct crypt *out)
{
	(void)crypto_core_hchacha20(out->key, nonce,
		kind == ALM_CRYPT_PRIVATE ? keys->private : keys->body, NULL);
	bind(out, kind, seq, nonce + 16);
}

/* The number of the key for a nonce; set anew only when the prefix is new. */
static unsigned prepare(struct alm_store_keys *keys, enum alm_crypt_kind kind,
	const uint8_t nonce[ALM_NONCE_BYTES])
{
	unsigned number =
		kind == ALM_CRYPT_PRIVATE ? PREPARED_PRIVATE : PREPARED_BODY;
	struct crypt crypt;

	if (!keys->is_set[number] ||
		memcmp(keys->prefixes[number], nonce, 16) != 0) {
		make_crypt(keys, kind, 0, nonce, &crypt);
		alm_gcm_set_key(keys->gcm, number, crypt.key);
		sodium_memzero(&crypt, sizeof(crypt));
		memcpy(keys->prefixes[number], nonce, 16);
		keys->is_set[number] = true;
	}
	return number;
}

/* Under a key of its own; writes ciphertext and tag to `at`. */
static void encrypt(EVP_CIPHER_CTX *context, const uint8_t *key,
	const struct crypt *crypt, struct alm_bytes text, uint8_t *at)
{
	int bytes = 0;
	int is_ok;

	ALM_ASSERT(text.bytes <= INT32_MAX);
	is_ok = EVP_EncryptInit_ex2(context, NULL, key, crypt->nonce, NULL);
	is_ok &= EVP_EncryptUpdate(
		context, NULL, &bytes, crypt->bound, (int)sizeof(crypt->bound));
	is_ok &= EVP_EncryptUpdate(
		context, at, &bytes, text.data, (int)text.bytes);
	is_ok &= EVP_EncryptFinal_ex(context, at + text.bytes, &bytes);
	is_ok &= EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG,
		(int)ALM_TAG_BYTES, at + text.bytes);
	/* Once it is set up it cannot fail but by our own mistake. */
	ALM_ASSERT(is_ok == 1);
}

void alm_store_keys_encrypt(struct alm_store_keys *keys,
	enum alm_crypt_kind kind, uint64_t seq,
	const uint8_t nonce[ALM_NONCE_BYTES], struct alm_bytes text,
	uint8_t *out)
{
	unsigned number = prepare(keys, kind, nonce);
	ALM_UNINITIALIZED struct crypt crypt;

	memcpy(out, nonce, ALM_NONCE_BYTES);
	bind(&crypt, kind, seq, nonce + 16);
	alm_gcm_encrypt(keys->gcm, number, crypt.nonce,
		(struct alm_bytes){crypt.bound, sizeof(crypt.bound)}, text,
		out + ALM_NONCE_BYTES);
}

/* `sealed` is ciphertext and tag. */
static enum alm_err decrypt(const struct alm_store_keys *keys,
	const struct crypt *crypt, struct alm_bytes sealed, uint8_t *out)
{
	EVP_CIPHER_CTX *context = keys->context;
	uint8_t tag[ALM_TAG_BYTES];
	size_t text_bytes = sealed.bytes - ALM_TAG_BYTES;
	int bytes = 0;
	int is_ok;

	memcpy(tag, sealed.data + text_bytes, sizeof(tag));
	/* The cipher is set: setting it again costs a third of a text. */
	is_ok = EVP_DecryptInit_ex2(
		context, NULL, crypt->key, crypt->nonce, NULL);
	is_ok &= EVP_CIPHER_CTX_ctrl(
		context, EVP_CTRL_AEAD_SET_TAG, (int)sizeof(tag), tag);
	is_ok &= EVP_DecryptUpdate(
		context, NULL, &bytes, crypt->bound, (int)sizeof(crypt->bound));
	is_ok &= EVP_DecryptUpdate(
		context, out, &bytes, sealed.data, (int)text_bytes);
	ALM_ASSERT(is_ok == 1);
	is_ok = EVP_DecryptFinal_ex(context, out + text_bytes, &bytes);
	if (is_ok != 1) {
		sodium_memzero(out, text_bytes);
		return ALM_STORE_CORRUPT;
	}
	return ALM_OK;
}

enum alm_err alm_store_keys_decrypt(const struct alm_store_keys *keys,
	enum alm_crypt_kind kind, uint64_t seq, struct alm_bytes sealed,
	uint8_t *out)
{
	struct crypt crypt;
	enum alm_err err;

	if (sealed.bytes < ALM_CRYPT_BYTES || sealed.bytes > INT32_MAX) {
		return ALM_STORE_CORRUPT;
	}
	make_crypt(keys, kind, seq, sealed.data, &crypt);
	err = decrypt(keys, &crypt,
		(struct alm_bytes){sealed.data + ALM_NONCE_BYTES,
			sealed.bytes - ALM_NONCE_BYTES},
		out);
	sodium_memzero(&crypt, sizeof(crypt));
	return err;
}

void alm_store_keys_person(const struct alm_store_keys *keys,
	const uint8_t secret[ALM_PERSON_SECRET_BYTES],
	uint8_t out[ALM_PERSON_KEY_BYTES])
{
	(void)crypto_core_hchacha20(out, secret, keys->persons, NULL);
}

void alm_store_keys_encrypt_person(struct alm_store_keys *keys,
	const uint8_t key[ALM_PERSON_KEY_BYTES], uint64_t seq,
	struct alm_bytes text, uint8_t *out)
{
	ALM_UNINITIALIZED struct crypt crypt;
	uint8_t counter[8];

	alm_put_u64(counter, seq);
	bind(&crypt, ALM_CRYPT_PRIVATE, seq, counter);
	if (crypto_aead_aes256gcm_is_available() == 0) {
		encrypt(keys->person, key, &crypt, text, out);
		return;
	}
	(void)crypto_aead_aes256gcm_encrypt_detached(out, out + text.bytes,
		NULL, text.data, text.bytes, crypt.bound, sizeof(crypt.bound),
		NULL, crypt.nonce, key);
}

enum alm_err alm_store_keys_decrypt_person(const struct alm_store_keys *keys,
	const uint8_t key[ALM_PERSON_KEY_BYTES], uint64_t seq,
	struct alm_bytes sealed, uint8_t *out)
{
	struct crypt crypt;
	uint8_t counter[8];
	enum alm_err err;

	if (sealed.bytes < ALM_TAG_BYTES || sealed.bytes > INT32_MAX) {
		return ALM_STORE_CORRUPT;
	}
	alm_put_u64(counter, seq);
	bind(&crypt, ALM_CRYPT_PRIVATE, seq, counter);
	if (crypto_aead_aes256gcm_is_available() != 0) {
		size_t text_bytes = sealed.bytes - ALM_TAG_BYTES;

		return crypto_aead_aes256gcm_decrypt_detached(out, NULL,
			       sealed.data, text_bytes,
			       sealed.data + text_bytes, crypt.bound,
			       sizeof(crypt.bound), crypt.nonce, key) == 0
			       ? ALM_OK
			       : ALM_STORE_CORRUPT;
	}
	memcpy(crypt.key, key, sizeof(crypt.key));
	err = decrypt(keys, &crypt, sealed, out);
	sodium_memzero(&crypt, sizeof(crypt));
	return err;
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
