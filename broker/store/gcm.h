/*
 * gcm.h - AES-256-GCM of many texts under keys that stay set, or are another
 * each time.  By Intel's Multi-Buffer Crypto library where there is one
 * (x86-64), which takes a quarter of OpenSSL's time for a kilobyte; else by
 * OpenSSL.  The bytes are the same.  Keys are zeroed when freed, and with the
 * former in locked memory.
 * One thread.
 */
#ifndef ALM_BROKER_STORE_GCM_H
#define ALM_BROKER_STORE_GCM_H

#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"

#define ALM_GCM_KEYS 3u
#define ALM_GCM_KEY_BYTES 32u
#define ALM_GCM_NONCE_BYTES 12u
#define ALM_GCM_TAG_BYTES 16u

struct alm_gcm; /* ALM_GCM_KEYS keys, by number */

/** NULL when memory is out. */
struct alm_gcm *alm_gcm_new(void);
void alm_gcm_free(struct alm_gcm *gcm);

void alm_gcm_set_key(struct alm_gcm *gcm, unsigned number,
	const uint8_t key[ALM_GCM_KEY_BYTES]);

/**
 * Encrypt under a key that was set.
 * In:      nonce  never the same twice under one key
 *          bound  authenticated with the text
 * Out:     out  ciphertext and tag: `text.bytes` + ALM_GCM_TAG_BYTES
 */
void alm_gcm_encrypt(struct alm_gcm *gcm, unsigned number,
	const uint8_t nonce[ALM_GCM_NONCE_BYTES], struct alm_bytes bound,
	struct alm_bytes text, uint8_t *out);

/**
 * The other way round, of ciphertext and tag.
 * Out:     out  `sealed.bytes` - ALM_GCM_TAG_BYTES; zeroed where that fails
 * Errors:  STORE_CORRUPT: too short, or not what was encrypted so
 */
ALM_MUST_USE enum alm_err alm_gcm_decrypt(struct alm_gcm *gcm, unsigned number,
	const uint8_t nonce[ALM_GCM_NONCE_BYTES], struct alm_bytes bound,
	struct alm_bytes sealed, uint8_t *out);

#endif /* ALM_BROKER_STORE_GCM_H */
