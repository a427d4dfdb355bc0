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
#include "lib/role.h"

/** Who speaks on a connection. */
struct alm_agent {
	uint64_t number; /* never reused */
	char organisation[ALM_ID_BYTES_MAX + 1];
	char name[ALM_ID_BYTES_MAX + 1];
	uint8_t curve_key[ALM_KEY_BYTES];   /* public */
	uint8_t signing_key[ALM_KEY_BYTES]; /* public, Ed25519 */
	bool is_revoked;
	uint8_t roles;       /* enum alm_role */
	bool is_on_next_key; /* of the broker, at its last hello */
	int64_t seen_at_us;  /* in no session now; 0: not since the start */
	int64_t registered_at_us;
	uint32_t rotations; /* how often the keys were replaced */
	int64_t keys_since_us;
	int64_t old_until_us; /* the keys before are valid so long; 0: none */
	uint8_t old_curve_key[ALM_KEY_BYTES];
	uint8_t old_signing_key[ALM_KEY_BYTES];
	/* That it is limited to, ascending, with commas; "": no limit. */
	char categories[ALM_AGENT_CATEGORIES_BYTES];
};

/** Whether the agent's keys before are still valid. */
static inline bool alm_agent_has_old_keys(
	const struct alm_agent *agent, int64_t now_us)
{
	return now_us < agent->old_until_us;
}

/** An invite whose key is admitted, for the join envelope alone. */
struct alm_invite_key {
	uint64_t number;
	uint8_t key[ALM_KEY_BYTES]; /* public CURVE key */
	int64_t expires_us;
};

struct alm_keyring;

/** NULL when memory is out. */
struct alm_keyring *alm_keyring_new(void);
void alm_keyring_free(struct alm_keyring *ring);

/** Add, or replace the agent of the same number.
 * Errors: NOMEM; TOO_MANY_VALUES past ALM_AGENTS_MAX. */
ALM_MUST_USE enum alm_err alm_keyring_put(
	struct alm_keyring *ring, const struct alm_agent *agent);

/** Under which of the broker's keys the agent has said hello. */
void alm_keyring_note_broker_key(
	struct alm_keyring *ring, uint64_t number, bool is_next);

/** When the agent was heard of. */
void alm_keyring_note_contact(
	struct alm_keyring *ring, uint64_t number, int64_t at_us);

/** All that ever were; see alm_keyring_count_in_force(). */
size_t alm_keyring_count(const struct alm_keyring *ring);
/** Without those that were revoked. */
size_t alm_keyring_count_in_force(const struct alm_keyring *ring);

/** The i-th agent; valid until the next put. */
const struct alm_agent *alm_keyring_at(
	const struct alm_keyring *ring, size_t i);

/** By the key in use or the key before, valid or not: compare.  NULL if there
 * is none; valid until the next put. */
const struct alm_agent *alm_keyring_by_key(
	const struct alm_keyring *ring, const uint8_t curve_key[ALM_KEY_BYTES]);
const struct alm_agent *alm_keyring_by_number(
	const struct alm_keyring *ring, uint64_t number);
const struct alm_agent *alm_keyring_by_name(const struct alm_keyring *ring,
	const char *organisation, const char *name);

/* --- invites ------------------------------------------------------------ */

/** Errors: TOO_MANY_VALUES past ALM_INVITES_OPEN_MAX. */
ALM_MUST_USE enum alm_err alm_keyring_invite_put(
	struct alm_keyring *ring, const struct alm_invite_key *invite);
/** Nothing happens if it is not there. */
void alm_keyring_invite_remove(struct alm_keyring *ring, uint64_t number);
/** NULL if there is none; valid until the next put or remove. */
const struct alm_invite_key *alm_keyring_invite_by_key(
	const struct alm_keyring *ring, const uint8_t key[ALM_KEY_BYTES]);
size_t alm_keyring_invite_count(const struct alm_keyring *ring);
/** The first instant at which an invite expires or keys retire; INT64_MAX:
 * none does. */
int64_t alm_keyring_due_us(const struct alm_keyring *ring);
/** An invite that has expired; NULL if there is none. */
const struct alm_invite_key *alm_keyring_invite_expired(
	const struct alm_keyring *ring, int64_t now_us);

#endif /* ALM_BROKER_AUTH_KEYRING_H */
