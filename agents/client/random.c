#include "agents/client/random.h"

#include <sodium.h>

#define ID_BYTES 10u

const uint8_t *alm_random_for_id(struct alm_random *random)
{
	if (random->left < ID_BYTES) {
		randombytes_buf(random->bytes, sizeof(random->bytes));
		random->left = sizeof(random->bytes);
	}
	random->left -= ID_BYTES;
	return random->bytes + random->left;
}
