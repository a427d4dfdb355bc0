#include "broker/store/gcm.h"

#if defined(__x86_64__)

#include <string.h>

#include <sodium.h>

#define NO_COMPAT_IMB_API_053
#include <intel-ipsec-mb.h>

#define ALIGNMENT 64

struct alm_gcm {
	/* What is done with them wants them so, though it is not declared.
	 * Locked memory ends with a page, and so is as aligned as it is
	 * long. */
	_Alignas(ALIGNMENT) struct gcm_context_data context;
	IMB_MGR *manager; /* says which code suits the processor */
	struct {
		_Alignas(ALIGNMENT) struct gcm_key_data data;
	} keys[ALM_GCM_KEYS];
};

struct alm_gcm *alm_gcm_new(void)
{
	struct alm_gcm *gcm = sodium_malloc(sizeof(*gcm));

	if (gcm == NULL) {
		return NULL;
	}
	ALM_ASSERT((uintptr_t)gcm % ALIGNMENT == 0);
	memset(gcm, 0, sizeof(*gcm));
	gcm->manager = alloc_mb_mgr(0);
	if (gcm->manager != NULL) {
		init_mb_mgr_auto(gcm->manager, NULL);
	}
	if (gcm->manager == NULL || imb_get_errno(gcm->manager) != 0) {
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
	if (gcm->manager != NULL) {
		free_mb_mgr(gcm->manager);
	}
	sodium_free(gcm);
}

void alm_gcm_set_key(struct alm_gcm *gcm, unsigned number,
	const uint8_t key[ALM_GCM_KEY_BYTES])
{
	ALM_ASSERT(number < ALM_GCM_KEYS);
	IMB_AES256_GCM_PRE(gcm->manager, key, &gcm->keys[number].data);
}

void alm_gcm_encrypt(struct alm_gcm *gcm, unsigned number,
	const uint8_t nonce[ALM_GCM_NONCE_BYTES], struct alm_bytes bound,
	struct alm_bytes text, uint8_t *out)
{
	ALM_ASSERT(number < ALM_GCM_KEYS);
	IMB_AES256_GCM_ENC(gcm->manager, &gcm->keys[number].data, &gcm->context,
		out, text.data, text.bytes, nonce, bound.data, bound.bytes,
		out + text.bytes, ALM_GCM_TAG_BYTES);
}

#else

#include <stdlib.h>

#include <openssl/evp.h>

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

#endif
