/*
 * mailbox.h - counters of mailboxes: read once in a turn, changed in memory,
 * written once.
 */
#ifndef ALM_BROKER_STORE_MAILBOX_H
#define ALM_BROKER_STORE_MAILBOX_H

#include "broker/store/inside.h"

struct alm_mailbox_slot {
	char recipient[ALM_ID_BYTES_MAX + 1];
	bool is_changed;
	uint64_t count;
	uint64_t bytes;
	uint64_t handed_seq; /* routine mail up to here was handed over */
	uint64_t dead_count;
	int64_t held_since_us;
	struct alm_mailbox_limits limits;
	enum alm_mailbox_damage damage;
};

/** The slot of a mailbox in the open turn, to read and change; valid until
 * the next call. */
ALM_MUST_USE enum alm_err alm_mailbox_slot(struct alm_store *store,
	const char *recipient, struct alm_mailbox_slot **out_slot);

/** The same, to read only, with or without an open turn. */
ALM_MUST_USE enum alm_err alm_mailbox_view(struct alm_store *store,
	MDB_txn *txn, const char *recipient, struct alm_mailbox_slot *out_slot);

/** Write the changed counters. */
ALM_MUST_USE enum alm_err alm_mailbox_flush(struct alm_store *store);

/** Forget the counters: the turn has ended. */
void alm_mailbox_reset(struct alm_store *store);
void alm_mailbox_fini(struct alm_store *store);

#endif /* ALM_BROKER_STORE_MAILBOX_H */
