/*
 * signature.h - verifies that a send was signed by the agent that sends it.
 *
 * One Ed25519 signature may cover a batch of messages: it is made over the
 * root of an RFC 6962 tree, and each message carries its path.  The tree that
 * was verified last is remembered for each agent, so that a batch costs one
 * verification and few hashes (docs/decisions/0001).  Loop thread only.
 */
#ifndef ALM_BROKER_AUTH_SIGNATURE_H
#define ALM_BROKER_AUTH_SIGNATURE_H

#include <stdint.h>

#include "broker/auth/keyring.h"
#include "lib/err.h"
#include "lib/merkle.h"
#include "lib/wire/wire.h"

struct alm_verifier;

/** NULL when memory is out. */
struct alm_verifier *alm_verifier_new(void);
void alm_verifier_free(struct alm_verifier *verifier);

/** What a send is hashed for. */
struct alm_send_sums {
	struct alm_digest payload;
	struct alm_digest content; /* of the signed part: what the message is */
	struct alm_digest leaf;    /* of the tree that is signed */
};

struct alm_summing {
	const struct alm_send *send;
	struct alm_send_sums sums; /* made of it */
};

#define ALM_SUMMINGS_MAX 64u

/** Hash sends, at least one.  Of many at once each is a third of the work. */
void alm_sum_sends(struct alm_verifier *verifier, struct alm_summing *summings,
	size_t count);

/**
 * The signature is by the agent's key in use, or by the one before while the
 * key ring has it.
 * In:      sums  of this send
 *          payload_sha256  NULL: the payload is not here; it comes in parts
 * Errors:  BAD_SIGNATURE, PAYLOAD_HASH (the payload is not the signed one)
 */
ALM_MUST_USE enum alm_err alm_verify_send(struct alm_verifier *verifier,
	const struct alm_agent *agent, const struct alm_send *send,
	const struct alm_send_sums *sums, const uint8_t *payload_sha256);

#endif /* ALM_BROKER_AUTH_SIGNATURE_H */
