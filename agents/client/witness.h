/*
 * witness.h - a client that cosigns the heads of its broker's audit log
 * (C2SP tlog-witness, as questions on its own connection).  It remembers the
 * last head on disk before it signs, asks for the proof that the next one
 * extends it, and never signs another history: that is told as an event.
 */
#ifndef ALM_AGENTS_CLIENT_WITNESS_H
#define ALM_AGENTS_CLIENT_WITNESS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "agents/include/almoner.h"
#include "lib/err.h"
#include "lib/hash.h"
#include "lib/note.h"
#include "lib/wire/wire.h"

#define ALM_WITNESS_LOG_KEYS_MAX 2u

/** What became of a head that was offered. */
enum alm_witness_step {
	ALM_WITNESS_NOTHING, /* it is the last one */
	ALM_WITNESS_COSIGN,  /* remembered; send the cosignature */
	ALM_WITNESS_ALARM,   /* another history, or not the log's signature */
};

struct alm_client_witness;

/** Errors: CONTEXT (a state file that is no head), NOMEM, IO. */
ALM_MUST_USE enum alm_err alm_witness_new(
	const struct alm_witness_options *options,
	struct alm_client_witness **out_witness, struct alm_problem *problem);
/** NULL is a no-op. */
void alm_witness_free(struct alm_client_witness *witness);

/** Records in the last head that was signed; 0: none. */
uint64_t alm_witness_size(const struct alm_client_witness *witness);

/** The public key, 64 hex digits and a NUL. */
void alm_witness_key_text(
	const struct alm_client_witness *witness, char out[65]);

/**
 * Look at a proof of growth, and remember its head if it is to be signed.
 * Out:     out_size, out_raw  for COSIGN
 *          problem            for ALARM, and for errors
 * Errors:  IO: it could not be remembered, so it is not signed
 */
ALM_MUST_USE enum alm_err alm_witness_take(struct alm_client_witness *witness,
	struct alm_bytes file, uint64_t time_s, enum alm_witness_step *out_step,
	uint64_t *out_size, uint8_t out_raw[ALM_COSIGNATURE_BYTES],
	struct alm_problem *problem);

struct alm_client;

/** Ask, if it is time.  When it is time next. */
void alm_witness_due(struct alm_client *client);
int64_t alm_witness_due_ms(const struct alm_client *client);

/** Whether the answer was to the witness; then it has been taken. */
bool alm_witness_answer(
	struct alm_client *client, const struct alm_answer *answer);

#endif /* ALM_AGENTS_CLIENT_WITNESS_H */
