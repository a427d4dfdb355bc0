/*
 * parts.h - payloads that are too large to travel with their message: the
 * parts, encrypted one by one, and whose they are.
 *
 * Life of a payload, each step within the turn of whoever asks for it
 *   receiving  begun by its message       -> alm_store_upload_finish()
 *                                         -> alm_store_upload_drop()
 *   queued     belongs to a piece of mail, or to several that share it
 *                                         -> the last of them is removed
 *   waste      nobody's                   -> alm_store_waste_remove(), a few
 *                                            parts in each turn
 *
 * So nothing but the last step takes longer for a larger payload.
 */
#ifndef ALM_BROKER_STORE_PARTS_H
#define ALM_BROKER_STORE_PARTS_H

#include "broker/store/store.h"

/** A payload being received.  When read, everything is in the arena. */
struct alm_upload {
	uint64_t number; /* the record that it was begun; never used twice */
	const char *sender;
	uint64_t agent; /* that signed it */
	struct alm_message_id message_id;
	int64_t begun_at_ms;
	uint64_t payload_bytes;
	struct alm_digest content;  /* SHA-256 of the signed part */
	struct alm_bytes message;   /* the signed part */
	struct alm_bytes signature; /* alm_audit_signature_encode() */
	bool is_damaged;            /* only number, sender and id are known */
};

/** Begin to receive.  Errors: STORE_FULL: there is no room for all of it, and
 * nothing was written. */
ALM_MUST_USE enum alm_err alm_store_upload_begin(
	struct alm_store *store, const struct alm_upload *upload);

/** Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_upload_get(struct alm_store *store,
	const char *sender, const struct alm_message_id *id,
	struct alm_arena *arena, struct alm_upload *out_upload);

/** The first one that is received after that of `after`, an earlier answer;
 * NULL: of all.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_upload_next(struct alm_store *store,
	const struct alm_upload *after, struct alm_arena *arena,
	struct alm_upload *out_upload);

/** What an organisation has begun and not finished. */
struct alm_upload_usage {
	uint64_t count;
	uint64_t bytes; /* as announced */
};

/** Counted anew, row by row.  Errors: FIELD_TOO_LARGE: no such id. */
ALM_MUST_USE enum alm_err alm_store_upload_usage(struct alm_store *store,
	const char *sender, struct alm_upload_usage *out_usage);

/** All parts are there: from now on they belong to mail `mail_seq`. */
ALM_MUST_USE enum alm_err alm_store_upload_finish(struct alm_store *store,
	const struct alm_upload *upload, uint64_t mail_seq);

/** What belongs to `of_seq` belongs to `mail_seq` too: it stays until all of
 * its mail is removed.  Errors: NOT_FOUND, STORE_CORRUPT: not known what. */
ALM_MUST_USE enum alm_err alm_store_parts_share(
	struct alm_store *store, uint64_t of_seq, uint64_t mail_seq);

/** It will not be finished: its parts are waste. */
ALM_MUST_USE enum alm_err alm_store_upload_drop(
	struct alm_store *store, const struct alm_upload *upload);

/** One part as it stands in the store. */
struct alm_stored_part {
	uint8_t encoding;      /* enum alm_encoding, of data */
	struct alm_bytes path; /* its inclusion proof */
	struct alm_bytes data;
};

/** Errors: STORE_FULL: nothing was written. */
ALM_MUST_USE enum alm_err alm_store_part_put(struct alm_store *store,
	uint64_t number, uint32_t index, const struct alm_stored_part *part);

/** In the arena.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_part_get(struct alm_store *store,
	uint64_t number, uint32_t index, struct alm_arena *arena,
	struct alm_stored_part *out_part);

/** How many parts there are: they are put in order. */
ALM_MUST_USE enum alm_err alm_store_part_count(
	struct alm_store *store, uint64_t number, uint32_t *out_count);

/** How many there are in all. */
uint64_t alm_store_parts_stored(struct alm_store *store);

/** The number of the parts of a piece of mail, and how many bytes they are.
 * Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_parts_of(struct alm_store *store,
	uint64_t mail_seq, uint64_t *out_number, uint64_t *out_bytes);

/** Remove at most `part_max` parts that are waste.  Out: whether there was
 * any, and whether there is more. */
ALM_MUST_USE enum alm_err alm_store_waste_remove(struct alm_store *store,
	unsigned part_max, unsigned *out_removed, bool *out_has_more);

#endif /* ALM_BROKER_STORE_PARTS_H */
