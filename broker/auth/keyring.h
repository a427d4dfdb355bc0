/*
 * keyring.h - the registered agents, in memory, for a look-up on every
 * handshake and every message: so a revocation reaches the next message of an
 * open connection.  Loop thread only; never logs.
 */
#ifndef ALM_BROKER_AUTH_KEYRING_H
#define ALM_BROKER_AUTH_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/limits.h"

/** Who speaks on a connection. */
struct alm_agent {
	uint64_t number; /* never reused */
	char organisation[ALM_ID_BYTES_MAX + 1];
	char name[ALM_ID_BYTES_MAX + 1];
	uint8_t curve_key[32];   /* public */
	uint8_t signing_key[32]; /* public, Ed25519 */
	bool is_revoked;
	int64_t registered_at_us;
};

struct alm_keyring;

/** NULL when memory is out. */
struct alm_keyring *alm_keyring_new(void);
void alm_keyring_free(struct alm_keyring *ring);

/** Add, or replace the agent of the same number.
 * Errors: NOMEM; TOO_MANY_VALUES past ALM_AGENTS_MAX. */
ALM_MUST_USE enum alm_err alm_keyring_put(
	struct alm_keyring *ring, const struct alm_agent *agent);

size_t alm_keyring_count(const struct alm_keyring *ring);

/** The i-th agent; valid until the next put. */
const struct alm_agent *alm_keyring_at(
	const struct alm_keyring *ring, size_t i);

/** NULL if there is none; valid until the next put. */
const struct alm_agent *alm_keyring_by_key(
	const struct alm_keyring *ring, const uint8_t curve_key[32]);
const struct alm_agent *alm_keyring_by_number(
	const struct alm_keyring *ring, uint64_t number);
const struct alm_agent *alm_keyring_by_name(const struct alm_keyring *ring,
	const char *organisation, const char *name);

#endif /* ALM_BROKER_AUTH_KEYRING_H */
