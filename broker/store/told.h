/*
 * told.h - which business receipts a recipient has sent of a message that it
 * was given, so that it sends each kind once.  Kept as long as the message's
 * id is known.  Part of the store; the rules of store.h hold.
 */
#ifndef ALM_BROKER_STORE_TOLD_H
#define ALM_BROKER_STORE_TOLD_H

#include <stdint.h>

#include "lib/err.h"
#include "lib/id.h"

struct alm_store;

/** A message as one of its recipients has it. */
struct alm_told_of {
	struct alm_message_id message_id;
	uint64_t audit_seq; /* the record that accepted it for that one */
};

/** The kinds that were told, a bit each; none if there is no row, or a
 * damaged one. */
ALM_MUST_USE enum alm_err alm_store_told_get(struct alm_store *store,
	const struct alm_told_of *of, uint8_t *out_kinds);

/** Keep them, in place of those before. */
ALM_MUST_USE enum alm_err alm_store_told_put(
	struct alm_store *store, const struct alm_told_of *of, uint8_t kinds);

/** Forget those of messages whose ids are from before, at most `count_max`;
 * says how many. */
ALM_MUST_USE enum alm_err alm_store_told_prune(struct alm_store *store,
	int64_t before_ms, unsigned count_max, unsigned *out_count);

#endif /* ALM_BROKER_STORE_TOLD_H */
