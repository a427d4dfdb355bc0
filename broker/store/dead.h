/*
 * dead.h - dead letters: mail that was handed over as often as the broker
 * tries.  It is out of the queue, in a table of its own, until it is run
 * again, acknowledged after all, or too old.  Its body stays where it is,
 * encrypted.
 */
#ifndef ALM_BROKER_STORE_DEAD_H
#define ALM_BROKER_STORE_DEAD_H

#include "broker/store/store.h"

struct alm_dead_letter {
	struct alm_queue_entry entry; /* as it stood in the queue */
	int64_t accepted_at_ms;
	int64_t died_at_ms;
	uint32_t code;      /* why */
	uint64_t audit_seq; /* the record that says so */
};

/** Take mail out of the queue and put it among the dead letters; of the entry
 * in `dead`, the sequence says which, and the attempts are kept.  Errors:
 * NOT_FOUND, STORE_CORRUPT: its row is damaged. */
ALM_MUST_USE enum alm_err alm_store_dead_put(struct alm_store *store,
	const char *recipient, const struct alm_dead_letter *dead);

/** The other way: it stands in the queue as it did, as handed over once.
 * Errors: NOT_FOUND, STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_store_dead_rerun(
	struct alm_store *store, const char *recipient, uint64_t seq);

/** Remove one and its body.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_dead_remove(
	struct alm_store *store, const char *recipient, uint64_t seq);

/** Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_dead_get(struct alm_store *store,
	const char *recipient, uint64_t seq, struct alm_dead_letter *out_dead);

/** The first of a mailbox after a place.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_dead_next(struct alm_store *store,
	const char *recipient, uint64_t after,
	struct alm_dead_letter *out_dead);

/** How many there are in all; 0 if that cannot be read. */
uint64_t alm_store_dead_count(struct alm_store *store);

#endif /* ALM_BROKER_STORE_DEAD_H */
