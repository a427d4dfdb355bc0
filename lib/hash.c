/*
 * The context and the fetched digest are kept, because fetching them anew
 * costs more than hashing a record.
 */
#include "lib/hash.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct alm_hash {
	EVP_MD *digest;
	EVP_MD_CTX *context;
};

struct alm_hash *alm_hash_new(void)
{
	struct alm_hash *hash = calloc(1, sizeof(*hash));

	if (hash == NULL) {
		return NULL;
	}
	hash->digest = EVP_MD_fetch(NULL, "SHA256", NULL);
	hash->context = EVP_MD_CTX_new();
	if (hash->digest == NULL || hash->context == NULL) {
		alm_hash_free(hash);
		return NULL;
	}
	return hash;
}

void alm_hash_free(struct alm_hash *hash)
{
	if (hash != NULL) {
		EVP_MD_CTX_free(hash->context);
		EVP_MD_free(hash->digest);
		free(hash);
	}
}

void alm_hash_parts(struct alm_hash *hash, const struct alm_bytes *parts,
	size_t part_count, uint8_t out[ALM_DIGEST_BYTES])
{
	unsigned out_bytes = 0;
	int is_ok = EVP_DigestInit_ex2(hash->context, hash->digest, NULL);

	for (size_t i = 0; i < part_count; i++) {
		is_ok &= EVP_DigestUpdate(
			hash->context, parts[i].data, parts[i].bytes);
	}
	is_ok &= EVP_DigestFinal_ex(hash->context, out, &out_bytes);
	/* With a fetched digest these cannot fail but by our own mistake. */
	ALM_ASSERT(is_ok == 1);
	ALM_ASSERT(out_bytes == ALM_DIGEST_BYTES);
}

void alm_hash_bytes(struct alm_hash *hash, struct alm_bytes bytes,
	uint8_t out[ALM_DIGEST_BYTES])
{
	alm_hash_parts(hash, &bytes, 1, out);
}
