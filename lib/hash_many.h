/*
 * hash_many.h - SHA-256 of many short texts at once, in the lanes of the
 * processor's wide registers: a third to a half of the work of one after the
 * other.  By Intel's Multi-Buffer Crypto library where there is one (x86-64),
 * else by OpenSSL as lib/hash.h.  Not shared by threads.
 */
#ifndef ALM_LIB_HASH_MANY_H
#define ALM_LIB_HASH_MANY_H

#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/limits.h"

struct alm_hash_many;

/** One text, and where its digest of ALM_DIGEST_BYTES goes; it is in no text
 * that is hashed at the same time. */
struct alm_hash_job {
	struct alm_bytes bytes;
	uint8_t *out;
};

/** NULL when memory is out. */
struct alm_hash_many *alm_hash_many_new(void);
void alm_hash_many_free(struct alm_hash_many *many);

/** Hash them all.  Longer texts, and few, are hashed one after the other. */
void alm_hash_many(struct alm_hash_many *many, const struct alm_hash_job *jobs,
	size_t count);

#endif /* ALM_LIB_HASH_MANY_H */
