/*
 * queue.h - the rows of the queue: which mail stands in whose mailbox, and
 * whose it is.  docs/FORMAT.md.
 */
#ifndef ALM_BROKER_STORE_QUEUE_H
#define ALM_BROKER_STORE_QUEUE_H

#include "broker/store/inside.h"

/* Beside the kind: the body is a share of another. */
#define ALM_QUEUE_SHARED 0x40u

/* Kind, hand-overs, bytes, expiry, arrival, and of a message whose it is:
 * zero if nobody's.  A row that was mended ends before, if that is not known
 * any more, and is taken for anybody's. */
#define ALM_QUEUE_PERSON_AT 25u
#define ALM_QUEUE_ROW_BYTES (ALM_QUEUE_PERSON_AT + 16u)
/* Beside the kind: the payload stands in parts. */
#define ALM_QUEUE_HAS_PARTS 0x80u

/** Recipient, NUL, place: the priority stands above the sequence. */
struct alm_queue_key {
	uint8_t data[ALM_ID_BYTES_MAX + 1 + 8];
	size_t bytes;
};

struct alm_queue_row {
	struct alm_queue_entry entry;
	int64_t accepted_at_ms;
	size_t bytes; /* as stored */
	uint8_t person[16];
	bool is_shared; /* its body is a share of another */
};

/** False if there can be no such mailbox. */
bool alm_queue_key_make(
	const char *recipient, uint64_t place, struct alm_queue_key *out_key);

/** The other way; false if no such key is ever made.  The recipient is
 * borrowed from `key`. */
bool alm_queue_key_parse(
	struct alm_bytes key, const char **out_recipient, uint64_t *out_place);

static inline uint64_t alm_queue_key_place(const struct alm_queue_key *key)
{
	return alm_get_u64(key->data + key->bytes - 8);
}

static inline struct alm_bytes alm_queue_key_bytes(
	const struct alm_queue_key *key)
{
	return (struct alm_bytes){key->data, key->bytes};
}

/** Errors: STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_queue_row_parse(
	struct alm_bytes value, uint64_t place, struct alm_queue_row *out_row);

/** What stands under a key, sealed; damage is said in the entry. */
void alm_queue_row_open(const struct alm_store *store, struct alm_bytes key,
	struct alm_bytes value, uint64_t place, struct alm_queue_row *out_row);

/** The row as it is stored, without its seal. */
void alm_queue_row_bytes(
	const struct alm_queue_row *row, uint8_t out[ALM_QUEUE_ROW_BYTES]);

/** Seal it and put it there, in place of what was. */
ALM_MUST_USE enum alm_err alm_queue_write(struct alm_store *store,
	const struct alm_queue_key *key, const struct alm_queue_row *row);

/** Where mail stands in the queue, or among the dead letters, whose keys are
 * the same, whatever its priority.
 * Out:     out_value  the sealed row, of the transaction
 * Errors:  NOT_FOUND */
ALM_MUST_USE enum alm_err alm_queue_find(struct alm_store *store, MDB_txn *txn,
	enum alm_table table, const char *recipient, uint64_t seq,
	struct alm_queue_key *out_key, MDB_val *out_value);

/** A damaged row is given as such.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_queue_read(struct alm_store *store, MDB_txn *txn,
	const char *recipient, uint64_t seq, struct alm_queue_key *out_key,
	struct alm_queue_row *out_row);

/** Remove what stands there and give it; it may be damaged.
 * Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_queue_remove(struct alm_store *store,
	const char *recipient, uint64_t seq, struct alm_queue_row *out_row);

/** The first ones after a place, in the same way. */
ALM_MUST_USE enum alm_err alm_queue_list(struct alm_store *store, MDB_txn *txn,
	const char *recipient, uint64_t after, struct alm_queue_row *rows,
	size_t row_max, size_t *out_count);

/** Body, share and parts of mail that leaves the store with this row. */
ALM_MUST_USE enum alm_err alm_mail_content_remove(
	struct alm_store *store, const struct alm_queue_row *row, uint64_t seq);

#endif /* ALM_BROKER_STORE_QUEUE_H */
