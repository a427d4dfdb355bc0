/*
 * invite.h - invitations to join, by number.  A row is never removed: it says
 * who was let in by whom, and a number is given once.
 */
#ifndef ALM_BROKER_STORE_INVITE_H
#define ALM_BROKER_STORE_INVITE_H

#include "broker/store/store.h"

enum alm_invite_state {
	ALM_INVITE_OPEN = 1,
	ALM_INVITE_JOINED = 2,   /* keys came; waits for approval */
	ALM_INVITE_APPROVED = 3, /* the agent is registered */
	ALM_INVITE_REVOKED = 4,
	ALM_INVITE_EXPIRED = 5,
};

/** The state's word; "" for a number that has none. */
const char *alm_invite_state_word(enum alm_invite_state state);

struct alm_invite_row {
	uint64_t number;
	enum alm_invite_state state;
	const char *organisation;
	const char *agent;
	uint8_t roles; /* as of an agent's row */
	const char *categories;
	uint8_t invite_key[ALM_KEY_BYTES]; /* public CURVE key of this invite
					      alone */
	uint8_t proof_hash[32];
	int64_t made_at_us;
	int64_t expires_us;
	int64_t changed_at_us;
	/* Of the agent that has joined; zeroes before. */
	uint8_t curve_key[ALM_KEY_BYTES];
	uint8_t signing_key[ALM_KEY_BYTES];
	uint64_t agent_number; /* once approved */
};

/** Sets `invite->number`.  Errors: FIELD_TOO_LARGE. */
ALM_MUST_USE enum alm_err alm_store_invite_put(
	struct alm_store *store, struct alm_invite_row *invite);
/** Write one of that number anew. */
ALM_MUST_USE enum alm_err alm_store_invite_change(
	struct alm_store *store, const struct alm_invite_row *invite);
/** The first with a number above `after`.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_invite_next(struct alm_store *store,
	uint64_t after, struct alm_arena *arena, struct alm_invite_row *out);
/** Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_invite_get(struct alm_store *store,
	uint64_t number, struct alm_arena *arena, struct alm_invite_row *out);

#endif /* ALM_BROKER_STORE_INVITE_H */
