/*
 * random.h - random bytes for ids, asked of the system many at a time.  Not
 * for secrets: what is kept lies in ordinary memory.
 */
#ifndef ALM_AGENTS_CLIENT_RANDOM_H
#define ALM_AGENTS_CLIENT_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/** Caller's memory; zeroed is empty. */
struct alm_random {
	uint8_t bytes[1000];
	size_t left; /* of them, from the front */
};

/** Ten bytes for a message id, borrowed until the next call. */
const uint8_t *alm_random_for_id(struct alm_random *random);

#endif /* ALM_AGENTS_CLIENT_RANDOM_H */
