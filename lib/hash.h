/* hash.h - SHA-256, by OpenSSL.  Needs no set-up; not shared by threads. */
#ifndef ALM_LIB_HASH_H
#define ALM_LIB_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/limits.h"

struct alm_hash; /* a reusable context */

/** NULL when memory is out. */
struct alm_hash *alm_hash_new(void);
void alm_hash_free(struct alm_hash *hash);

/** SHA-256 of the parts, one after the other. */
void alm_hash_parts(struct alm_hash *hash, const struct alm_bytes *parts,
	size_t part_count, uint8_t out[ALM_DIGEST_BYTES]);

/** SHA-256 of one run of bytes. */
void alm_hash_bytes(struct alm_hash *hash, struct alm_bytes bytes,
	uint8_t out[ALM_DIGEST_BYTES]);

#endif /* ALM_LIB_HASH_H */
