#include "broker/store/gcm.h"

#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)

#include <sodium.h>

#define NO_COMPAT_IMB_API_053
#include <intel-ipsec-mb.h>

#define ALIGNMENT 64

/* The library's manager of jobs has 200 KB for what is not done here: it is
 * asked which code suits the processor, and given back. */
struct alm_gcm {
	/* What is done with them wants them so, though it is not declared.
	 * Locked memory ends with a page, and so is as aligned as it is
	 * long. */
	_Alignas(ALIGNMENT) struct gcm_context_data context;
	aes_gcm_pre_t prepare;
	aes_gcm_enc_dec_t encrypt;
	aes_gcm_enc_dec_t decrypt;
	struct {
		_Alignas(ALIGNMENT) struct gcm_key_data data;
	} keys[ALM_GCM_KEYS];
};

struct alm_gcm *alm_gcm_new(void)
{
	struct alm_gcm *gcm = sodium_malloc(sizeof(*gcm));
	IMB_MGR *manager = alloc_mb_mgr(0);
	bool is_whole = gcm != NULL && manager != NULL;

	if (is_whole) {
		ALM_ASSERT((uintptr_t)gcm % ALIGNMENT == 0);
		memset(gcm, 0, sizeof(*gcm));
		init_mb_mgr_auto(manager, NULL);
		gcm->prepare = manager->gcm256_pre;
		gcm->encrypt = manager->gcm256_enc;
		gcm->decrypt = manager->gcm256_dec;
		is_whole = imb_get_errno(manager) == 0;
	}
	if (manager != NULL) {
		free_mb_mgr(manager);
	}
	if (!is_whole) {
		alm_gcm_free(gcm);
		return NULL;
	}
	return gcm;
}

void alm_gcm_free(struct alm_gcm *gcm)
{
	sodium_free(gcm);
}

void alm_gcm_set_key(struct alm_gcm *gcm, unsigned number,
	const uint8_t key[ALM_GCM_KEY_BYTES])
{
	ALM_ASSERT(number < ALM_GCM_KEYS);
	gcm->prepare(key, &gcm->keys[number].data);
}

void alm_gcm_encrypt(struct alm_gcm *gcm, unsigned number,
	const uint8_t nonce[ALM_GCM_NONCE_BYTES], struct alm_bytes bound,
	struct alm_bytes text, uint8_t *out)
{
	ALM_ASSERT(number < ALM_GCM_KEYS);
	gcm->encrypt(&gcm->keys[number].data, &gcm->context, out, text.data,
		text.bytes, nonce, bound.data, bound.bytes, out + text.bytes,
		ALM_GCM_TAG_BYTES);
}

enum alm_err alm_gcm_decrypt(struct alm_gcm *gcm, unsigned number,
	const uint8_t nonce[ALM_GCM_NONCE_BYTES], struct alm_bytes bound,
	struct alm_bytes sealed, uint8_t *out)
{
	uint8_t tag[ALM_GCM_TAG_BYTES];
	size_t bytes = sealed.bytes - sizeof(tag);

	ALM_ASSERT(number < ALM_GCM_KEYS);
	if (sealed.bytes < sizeof(tag)) {
		return ALM_STORE_CORRUPT;
	}
	gcm->decrypt(&gcm->keys[number].data, &gcm->context, out, sealed.data,
		bytes, nonce, bound.data, bound.bytes, tag, sizeof(tag));
	if (sodium_memcmp(tag, sealed.data + bytes, sizeof(tag)) != 0) {
		sodium_memzero(out, bytes);
		return ALM_STORE_CORRUPT;
	}
	return ALM_OK;
}

#else

#include <stdlib.h>

#include <openssl/evp.h>
#include <sodium.h>

struct alm_gcm {
	EVP_CIPHER *cipher;
	EVP_CIPHER_CTX *contexts[ALM_GCM_KEYS];
};

struct alm_gcm *alm_gcm_new(void)
{
	struct alm_gcm *gcm = calloc(1, sizeof(*gcm));
	bool is_whole;

	if (gcm == NULL) {
		return NULL;
	}
	gcm->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	is_whole = gcm->cipher != NULL;
	for (unsigned i = 0; i < ALM_GCM_KEYS; i++) {
		gcm->contexts[i] = EVP_CIPHER_CTX_new();
		is_whole = is_whole && gcm->contexts[i] != NULL;
	}
	if (!is_whole) {
		alm_gcm_free(gcm);
		return NULL;
	}
	return gcm;
}

void alm_gcm_free(struct alm_gcm *gcm)
{
	if (gcm == NULL) {
		return;
	}
	for (unsigned i = 0; i < ALM_GCM_KEYS; i++) {
		EVP_CIPHER_CTX_free(gcm->contexts[i]);
	}
	EVP_CIPHER_free(gcm->cipher);
	free(gcm);
}

void alm_gcm_set_key(struct alm_gcm *gcm, unsigned number,
	const uint8_t key[ALM_GCM_KEY_BYTES])
{
	int is_ok;

	ALM_ASSERT(number < ALM_GCM_KEYS);
	is_ok = EVP_EncryptInit_ex2(
		gcm->contexts[number], gcm->cipher, key, NULL, NULL);
	ALM_ASSERT(is_ok == 1);
}

void alm_gcm_encrypt(struct alm_gcm *gcm, unsigned number,
	const uint8_t nonce[ALM_GCM_NONCE_BYTES], struct alm_bytes bound,
	struct alm_bytes text, uint8_t *out)
{
	EVP_CIPHER_CTX *context;
	int bytes = 0;
	bool is_ok;

	ALM_ASSERT(number < ALM_GCM_KEYS);
	ALM_ASSERT(text.bytes <= INT32_MAX && bound.bytes <= INT32_MAX);
	context = gcm->contexts[number];
	is_ok = EVP_EncryptInit_ex2(context, NULL, NULL, nonce, NULL) == 1 &&
		EVP_EncryptUpdate(context, NULL, &bytes, bound.data,
			(int)bound.bytes) == 1 &&
		EVP_EncryptUpdate(context, out, &bytes, text.data,
			(int)text.bytes) == 1 &&
		EVP_EncryptFinal_ex(context, out + text.bytes, &bytes) == 1 &&
		EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG,
			(int)ALM_GCM_TAG_BYTES, out + text.bytes) == 1;
	/* Once it is set up it cannot fail but by our own mistake. */
	ALM_ASSERT(is_ok);
}

enum alm_err alm_gcm_decrypt(struct alm_gcm *gcm, unsigned number,
	const uint8_t nonce[ALM_GCM_NONCE_BYTES], struct alm_bytes bound,
	struct alm_bytes sealed, uint8_t *out)
{
	EVP_CIPHER_CTX *context;
	uint8_t tag[ALM_GCM_TAG_BYTES];
	size_t text_bytes = sealed.bytes - sizeof(tag);
	int bytes = 0;
	bool is_ok;

	ALM_ASSERT(number < ALM_GCM_KEYS);
	if (sealed.bytes < sizeof(tag) || sealed.bytes > INT32_MAX) {
		return ALM_STORE_CORRUPT;
	}
	context = gcm->contexts[number];
	memcpy(tag, sealed.data + text_bytes, sizeof(tag));
	is_ok = EVP_DecryptInit_ex2(context, NULL, NULL, nonce, NULL) == 1 &&
		EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG,
			(int)sizeof(tag), tag) == 1 &&
		EVP_DecryptUpdate(context, NULL, &bytes, bound.data,
			(int)bound.bytes) == 1 &&
		EVP_DecryptUpdate(context, out, &bytes, sealed.data,
			(int)text_bytes) == 1;
	ALM_ASSERT(is_ok);
	if (EVP_DecryptFinal_ex(context, out + text_bytes, &bytes) != 1) {
		sodium_memzero(out, text_bytes);
		return ALM_STORE_CORRUPT;
	}
	return ALM_OK;
}

#endif
