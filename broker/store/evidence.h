/*
 * evidence.h - what lets others check the log: signed heads, the keys that
 * signed them, witnesses, and proofs from tiles and records.  docs/FORMAT.md
 * has the bytes.  The functions that write need an open turn.
 */
#ifndef ALM_BROKER_STORE_EVIDENCE_H
#define ALM_BROKER_STORE_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/store/audit.h"
#include "lib/note.h"
#include "lib/tlog.h"

/** The most that a log may have signed at the same time: two while a key is
 * changed for another. */
#define ALM_AUDIT_KEYS_MAX 2u
/** A note with all the cosignatures that are shown with it. */
#define ALM_HEAD_BYTES_MAX ((size_t)16 * 1024)
#define ALM_COSIGNERS_MAX 32u

/* --- origin --------------------------------------------------------------- */

/** The log's name: the first line of its heads, bound to the store's id. */
ALM_MUST_USE enum alm_err alm_store_origin(
	struct alm_store *store, char out[ALM_NOTE_NAME_BYTES]);

/** From record `seq` on it is another log, named after the time, and mail that
 * comes has sequences that the lost end cannot have given out.
 * Errors: none of its own. */
ALM_MUST_USE enum alm_err alm_store_origin_renew(
	struct alm_store *store, int64_t now_us, uint64_t seq);

/* --- heads ---------------------------------------------------------------- */

struct alm_signed_head {
	uint64_t size;
	int64_t signed_at_us;
	bool is_published;     /* kept for good */
	struct alm_bytes note; /* without cosignatures */
};

/** Keep a head; one before it that was neither published nor cosigned is
 * forgotten. */
ALM_MUST_USE enum alm_err alm_store_head_put(
	struct alm_store *store, const struct alm_signed_head *head);

/** The first head of at least `size` records; the note lives in the arena.
 * Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_head_from(struct alm_store *store,
	uint64_t size, struct alm_arena *arena,
	struct alm_signed_head *out_head);

/** The newest head.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_head_last(struct alm_store *store,
	struct alm_arena *arena, struct alm_signed_head *out_head);

/** The head of exactly `size` records as a note with its cosignatures.
 * Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_head_note(struct alm_store *store,
	uint64_t size, struct alm_arena *arena, struct alm_bytes *out_note);

/** Of the heads that cover record `seq`, the one that most witnesses have
 * cosigned, and of those the newest.  Errors: NOT_YET_SIGNED. */
ALM_MUST_USE enum alm_err alm_store_head_covering(struct alm_store *store,
	uint64_t seq, struct alm_arena *arena, uint64_t *out_size,
	struct alm_bytes *out_note);

/* --- keys ----------------------------------------------------------------- */

struct alm_audit_key {
	uint8_t key[ALM_KEY_BYTES]; /* public */
	int64_t added_at_us;
	int64_t retired_at_us; /* 0: in use */
	uint64_t seq;          /* the record of its beginning */
};

/** Keep a key, or what became of it, in the open turn. */
ALM_MUST_USE enum alm_err alm_store_audit_key_put(
	struct alm_store *store, const struct alm_audit_key *key);
/** The next after `after`, in the order of the keys; NULL: the first.
 * Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_audit_key_next(struct alm_store *store,
	const uint8_t *after, struct alm_audit_key *out_key);

/* --- witnesses ------------------------------------------------------------ */

struct alm_witness {
	uint64_t agent; /* its number */
	const char *organisation;
	const char *name; /* of its key */
	uint8_t key[ALM_KEY_BYTES];
	uint64_t seq;           /* the record that says so */
	uint64_t cosigned_size; /* 0: nothing yet */
	int64_t cosigned_at_us;
	bool is_ended; /* nobody waits for it until it cosigns again */
};

/** Keep it under its number, in the open turn. */
ALM_MUST_USE enum alm_err alm_store_witness_put(
	struct alm_store *store, const struct alm_witness *witness);
/** The next with a number above `after`.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_witness_next(struct alm_store *store,
	uint64_t after, struct alm_arena *arena, struct alm_witness *out);
/** Wait for it no more, in the open turn, until it has cosigned a later head
 * than its last. */
ALM_MUST_USE enum alm_err alm_store_witness_end(
	struct alm_store *store, const struct alm_witness *witness);
/** How long the first head has waited for it that it has not cosigned; 0:
 * there is none, or it has ended. */
ALM_MUST_USE enum alm_err alm_store_witness_lag(struct alm_store *store,
	const struct alm_witness *witness, int64_t now_us, int64_t *out_us);
/** Keep a cosignature of the head of `size`, which was checked. */
ALM_MUST_USE enum alm_err alm_store_cosignature_put(struct alm_store *store,
	uint64_t size, const struct alm_witness *witness,
	const uint8_t raw[ALM_COSIGNATURE_BYTES]);

/** Append the line of the first cosigner of that head with a number above
 * `*agent`, which becomes it.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_cosignature_line(struct alm_store *store,
	uint64_t size, uint64_t *agent, struct alm_arena *arena,
	struct alm_writer *note);

/** The first cosignature at or behind this place, which becomes its own: by
 * the size of its head, then by agent.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_cosignature_next(
	struct alm_store *store, uint64_t *size, uint64_t *agent);
/** In the open turn.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_cosignature_remove(
	struct alm_store *store, uint64_t size, uint64_t agent);

/** How far the log is kept from being changed in silence. */
struct alm_evidence_marks {
	uint64_t signed_size; /* of the newest signed head */
	/* The newest that each organisation has seen, one of its agents. */
	uint64_t witnessed_sizes[ALM_COSIGNERS_MAX];
	size_t witness_count;
};

/** All zero while nothing is signed. */
ALM_MUST_USE enum alm_err alm_store_evidence_marks(
	struct alm_store *store, struct alm_evidence_marks *out_marks);

#define ALM_GRADE_TEXT_BYTES 32u

/** Of one record: `on-disk`, `signed` or `witnessed-by-N`. */
void alm_evidence_grade(const struct alm_evidence_marks *marks, uint64_t seq,
	char out[ALM_GRADE_TEXT_BYTES]);

/* --- proofs --------------------------------------------------------------- */

/** That the log of `size` records extends that of `old` (RFC 9162 2.1.4);
 * 0 < old <= size.  Errors: NOT_FOUND, STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_audit_prove_growth(struct alm_store *store,
	uint64_t old, uint64_t size, struct alm_digest path[ALM_TLOG_PATH_MAX],
	size_t *out_count);

/** What is before and behind the records from first + 1 to end. */
ALM_MUST_USE enum alm_err alm_audit_prove_range(struct alm_store *store,
	uint64_t first, uint64_t end, uint64_t size,
	struct alm_merkle_range *out_range);

/** A hash of the tree as tlog-tiles numbers them: of the leaves from
 * place << height, 1 << height of them.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_audit_node(struct alm_store *store,
	unsigned height, uint64_t place, struct alm_digest *out);

/* Room for what one record is read as, its private part included. */
#define ALM_AUDIT_LEAF_ARENA_BYTES_MAX ((size_t)1024 * 1024)

/** A record's stored header, verbatim, in the arena: a leaf. */
ALM_MUST_USE enum alm_err alm_audit_leaf(struct alm_store *store, uint64_t seq,
	struct alm_arena *arena, struct alm_bytes *out_header);

/** Salt and text of its private part, in the arena; NOT_FOUND: it has none,
 * or it was erased. */
ALM_MUST_USE enum alm_err alm_audit_opened(struct alm_store *store,
	uint64_t seq, struct alm_arena *arena, struct alm_bytes *out_salted);

/** A header as a record; texts are borrowed.  Errors: STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_audit_header_read(
	struct alm_bytes header, struct alm_audit_record *out_record);

/** Whether salt and text are what a record commits to. */
bool alm_audit_commits_to(
	const struct alm_audit_record *record, struct alm_bytes salted);

/* --- receipts ------------------------------------------------------------- */

/** How much of a record a receipt shows. */
enum alm_receipt_shows {
	ALM_RECEIPT_DIGEST = 1, /* its leaf hash: who holds it can be shown the
				   record later, and see that it is the one */
	ALM_RECEIPT_HEADER = 2,
	ALM_RECEIPT_PRIVATE = 3, /* and the private part with its salt */
};

/** What a receipt carries beside the proof; borrowed. */
struct alm_receipt_extra {
	enum alm_receipt_shows shows;
	struct alm_digest leaf;
	struct alm_bytes header;
	struct alm_bytes salted;
};

/** Errors: NOTE_MALFORMED. */
ALM_MUST_USE enum alm_err alm_receipt_extra_parse(struct alm_hash *hash,
	struct alm_bytes bytes, struct alm_receipt_extra *out_extra);

/** A tlog-proof@v1 file about one record, in the arena.
 * Errors: NOT_FOUND, NOT_YET_SIGNED, STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_evidence_receipt(struct alm_store *store,
	uint64_t seq, enum alm_receipt_shows shows, struct alm_arena *arena,
	struct alm_bytes *out_file);

/** A consistency proof as a file without a head, for who has it: the log does
 * not keep all.  0 < old <= size.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_evidence_growth_bare(struct alm_store *store,
	uint64_t old, uint64_t size, struct alm_arena *arena,
	struct alm_bytes *out_file);

/** A consistency proof as a file.  `size` 0: to the newest head, else to a
 * head that was kept.  Errors: NOT_FOUND, NOT_YET_SIGNED. */
ALM_MUST_USE enum alm_err alm_evidence_growth(struct alm_store *store,
	uint64_t old, uint64_t size, struct alm_arena *arena,
	struct alm_bytes *out_file);

#endif /* ALM_BROKER_STORE_EVIDENCE_H */
