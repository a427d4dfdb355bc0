/*
 * inside.h - the inside of the store, for the files of this folder alone:
 * its tables, the state that a turn carries, and sealed rows.
 *
 * Reading and writing outside the tables' own files goes through alm_row_*,
 * so that no value is used that its seal does not cover.
 */
#ifndef ALM_BROKER_STORE_INSIDE_H
#define ALM_BROKER_STORE_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lmdb.h>

#include "broker/store/dead.h"
#include "broker/store/keys.h"
#include "broker/store/retention.h"
#include "broker/store/store.h"
#include "lib/hash.h"
#include "lib/hash_many.h"

/* X(NAME, number, "name"): the number is part of every seal. */
#define ALM_TABLE_MAP(X) \
	X(META, 0, "meta") \
	X(BODY, 1, "body") \
	X(QUEUE, 2, "queue") \
	X(MAILBOX, 3, "mailbox") \
	X(DUPLICATE, 4, "duplicate") \
	X(PEOPLE, 5, "people") \
	X(POLICY, 6, "policy") \
	X(AGENT, 7, "agent") \
	X(STANDARD, 8, "standard") \
	X(REC, 9, "rec") \
	X(PRIV, 10, "priv") \
	X(TILE, 11, "tile") \
	X(OVERRIDE, 12, "override") \
	X(ASIDE, 13, "aside") \
	X(PERSON_KEY, 14, "person-key") \
	X(OPT_OUT_LIST, 15, "opt-out-list") \
	X(UPLOAD, 16, "upload") \
	X(PART, 17, "part") \
	X(SHARED, 18, "shared") \
	X(WATCH, 19, "watch") \
	X(DEAD, 20, "dead") \
	X(INVITE, 21, "invite") \
	X(AGENT_KEY, 22, "agent-key") \
	X(EVIDENCE, 23, "evidence")

enum alm_table {
#define X(name, number, word) ALM_TABLE_##name = (number),
	ALM_TABLE_MAP(X)
#undef X
		ALM_TABLE_COUNT
};

/* What is sealed besides rows, in the place of a table's number. */
#define ALM_SEAL_CURSOR 240u
#define ALM_SEAL_RUN 241u
#define ALM_SEAL_TERMS 242u /* makes the key that terms are hashed with */
#define ALM_SEAL_STEP 243u

/** The table's name in the file. */
const char *alm_table_name(enum alm_table table);

/** What a turn changes besides rows; kept as the row `state` of meta. */
struct alm_store_state {
	int64_t last_time_us;
	uint64_t mail_seq;
	uint64_t agent_number;
	uint64_t people_seq;
	uint64_t policy_epoch;
	struct alm_redecided redecided;
	uint64_t pruned[ALM_RETENTION_COUNT]; /* the last record done, by class
					       */
	int64_t list_as_of_s; /* of the national list in use; not kept here */
	struct alm_frontier frontier; /* of the records that are written */
};

/** Counters of the mailboxes that a turn touches; see mailbox.h. */
struct alm_mailbox_cache {
	struct alm_mailbox_slot *slots;
	size_t slot_count;
	size_t slot_max;
	uint32_t *index;    /* open addressing; slot + 1, 0 is free */
	size_t index_count; /* a power of two */
	bool has_damage;    /* a row was read of whose damage nobody knows */
};

/** Room on the disk; see space.c. */
struct alm_space {
	uint64_t kept_to; /* the data file's blocks are there up to here */
	int64_t tried_us; /* when more was last asked for */
	bool is_low;      /* it could not be had */
};

/** Records of the open turn that are not in their table yet; log_rows.c. */
struct alm_log_rows {
	struct alm_hash_many *many; /* NULL: none was needed yet */
	uint8_t *bytes;             /* likewise */
	size_t used;
	size_t count;
};

/** Freed pages that are not used again yet; see reuse.c. */
struct alm_reuse {
	MDB_txn *reader;    /* keeps them; NULL: none wait */
	unsigned commits;   /* since then */
	uint64_t last_page; /* of the file then */
};

struct alm_store {
	MDB_env *env;
	MDB_dbi tables[ALM_TABLE_COUNT];
	uint8_t id[ALM_STORE_ID_BYTES];
	int lock_fd;
	bool is_read_only;
	bool is_dead; /* a commit has failed with an unknown outcome */
	struct alm_store_keys *keys; /* NULL: verification without a key */
	struct alm_hash *hash;
	uint8_t *scratch; /* ALM_SCRATCH_BYTES: plain texts, zeroed at close */
	uint8_t *header;  /* ALM_AUDIT_HEADER_BYTES_MAX: a record being made */
	MDB_txn *turn;    /* NULL: no turn is open */
	MDB_cursor *hands[ALM_TABLE_COUNT][2]; /* of it; see hand.c */
	MDB_txn *reader;                       /* reset while unused */
	struct alm_store_state state;          /* with the open turn */
	struct alm_store_state committed;      /* without it */
	struct alm_store_damage damage; /* of the last records, when opened */
	bool is_state_changed;
	enum alm_err turn_err; /* the turn can only be aborted */
	int64_t now_us;        /* of the open turn, clamped */
	bool is_clamped;
	uint64_t room_bytes; /* that new mail may still take in this turn */
	bool has_room;       /* there was some in the last turn */
	uint64_t page_bytes;
	struct alm_space space;
	struct alm_reuse reuse;
	struct alm_log_rows log_rows;
	struct alm_noise noise;
	struct alm_mailbox_cache mailboxes;
	struct alm_changed_people changed;   /* in the open turn */
	struct alm_person_keys *person_keys; /* NULL: none was needed yet */
	struct alm_known_keys *known_keys;   /* or NULL: none is remembered */
	struct alm_log_index *index; /* of the log; NULL: questions scan */
};

#define ALM_SCRATCH_BYTES ALM_FRAME_BYTES_MAX

/** An LMDB result as ours; MDB_NOTFOUND is NOT_FOUND. */
enum alm_err alm_store_map_rc(int rc);

/** The same, and inside a turn remember that it can only be aborted. */
enum alm_err alm_store_fail(struct alm_store *store, int rc);

/** LMDB takes what it only reads as `void *`. */
static inline MDB_val alm_val(const void *data, size_t bytes)
{
	union {
		const void *in;
		void *out;
	} pointer = {.in = data};

	return (MDB_val){.mv_size = bytes, .mv_data = pointer.out};
}

static inline struct alm_bytes alm_of_val(MDB_val val)
{
	return (struct alm_bytes){val.mv_data, val.mv_size};
}

static inline struct alm_bytes alm_text_bytes(const char *text, size_t bytes)
{
	return (struct alm_bytes){(const uint8_t *)text, bytes};
}

/**
 * The transaction to read in: that of the turn, or a fresh view of what is
 * committed.  Values stay valid until view_end (or the turn's next write).
 */
ALM_MUST_USE enum alm_err alm_store_view(
	struct alm_store *store, MDB_txn **out_txn);
/** The same without the records of the open turn, which then go on waiting:
 * for what is asked of every message. */
ALM_MUST_USE enum alm_err alm_store_view_beside_log(
	struct alm_store *store, MDB_txn **out_txn);
void alm_store_view_end(struct alm_store *store);

/** A value without its seal, in the page.  Errors: NOT_FOUND,
 * STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_row_get(struct alm_store *store, MDB_txn *txn,
	enum alm_table table, struct alm_bytes key, struct alm_bytes *out);

/** The same in the open turn, of a row that stands where others of the turn
 * do. */
ALM_MUST_USE enum alm_err alm_hand_row_get(struct alm_store *store,
	enum alm_table table, struct alm_bytes key, struct alm_bytes *out);

/** Check the seal of `value`, as read by a cursor, and cut it off. */
ALM_MUST_USE enum alm_err alm_row_open(const struct alm_store *store,
	enum alm_table table, struct alm_bytes key, struct alm_bytes *value);

/** The same of a record of the log, whose seal is made of its leaf: that is
 * hashed in any case, and a long header is not hashed twice. */
ALM_MUST_USE enum alm_err alm_record_row_open(const struct alm_store *store,
	struct alm_bytes key, struct alm_bytes *value,
	struct alm_digest *out_leaf);

/** Write a value and its seal; `flags` as for mdb_put(). */
ALM_MUST_USE enum alm_err alm_row_put(struct alm_store *store,
	enum alm_table table, struct alm_bytes key, struct alm_bytes value,
	unsigned flags);

/** Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_row_remove(
	struct alm_store *store, enum alm_table table, struct alm_bytes key);

/**
 * The first row at or after `key` of those whose key shares its first
 * `prefix_bytes` bytes; its seal is checked.  Errors: NOT_FOUND.
 */
ALM_MUST_USE enum alm_err alm_row_seek(struct alm_store *store, MDB_txn *txn,
	enum alm_table table, struct alm_bytes key, size_t prefix_bytes,
	struct alm_bytes *out_key, struct alm_bytes *out_value);

/** How many rows a table has. */
ALM_MUST_USE enum alm_err alm_table_rows(struct alm_store *store, MDB_txn *txn,
	enum alm_table table, uint64_t *out_rows);

/** What new mail may take of a map with so many bytes in use. */
uint64_t alm_map_room(uint64_t used, uint64_t map_bytes);

/** What is left of map and disk for new mail, outside a turn. */
uint64_t alm_store_room_left(struct alm_store *store);

/** How many bytes of the map hold pages that are in use, and its size. */
ALM_MUST_USE enum alm_err alm_store_usage(struct alm_store *store, MDB_txn *txn,
	uint64_t *out_used, uint64_t *out_size);

/* --- space.c ------------------------------------------------------------ */

/** Have disk blocks ready for the turn that begins, or know that it is low. */
void alm_space_ensure(struct alm_store *store);

/** A commit has met a full disk. */
void alm_space_met_full(struct alm_store *store);

/** LMDB writes to its table of readers through a map, where a full disk would
 * be a signal: its blocks are made first.  Errors: STORE_FULL. */
ALM_MUST_USE enum alm_err alm_space_for_readers(
	const char *path, struct alm_problem *problem);

/* --- hand.c ------------------------------------------------------------- */

enum alm_hand { ALM_HAND_PUTS, ALM_HAND_TAKES };

/** The open turn's cursor of a table, for rows that are put or taken next to
 * each other: it finds the page at once where the last row was. */
ALM_MUST_USE enum alm_err alm_hand_get(struct alm_store *store,
	enum alm_table table, enum alm_hand hand, MDB_cursor **out_cursor);
/** The turn has ended, and its cursors with it. */
void alm_hands_drop(struct alm_store *store);

/* --- reuse.c ------------------------------------------------------------ */

/** A turn is on disk: have what it freed wait, or be used again. */
void alm_reuse_committed(struct alm_store *store);
void alm_reuse_free(struct alm_store *store);

/* --- log_rows.c --------------------------------------------------------- */

/** The next record of the log; it waits with the turn's others until it can be
 * seen or must be kept.  Errors: NOMEM, STORE_FULL. */
ALM_MUST_USE enum alm_err alm_log_row_wait(
	struct alm_store *store, uint64_t seq, struct alm_bytes header);
/** Write those that wait.  Errors: STORE_FULL. */
ALM_MUST_USE enum alm_err alm_log_rows_write(struct alm_store *store);
void alm_log_rows_drop(struct alm_store *store);
void alm_log_rows_free(struct alm_store *store);

/** How many records the log has, with those that wait. */
static inline uint64_t alm_log_size(const struct alm_store *store)
{
	return store->state.frontier.size + store->log_rows.count;
}

/* --- turn.c ------------------------------------------------------------- */

/** Read the row `state` and compare its counts with the tables. */
ALM_MUST_USE enum alm_err alm_state_read(struct alm_store *store, MDB_txn *txn,
	struct alm_store_state *out, struct alm_problem *problem);
ALM_MUST_USE enum alm_err alm_state_write(struct alm_store *store);

/* --- people_read.c ------------------------------------------------------- */

#define ALM_SUBJECT_BYTES \
	16u /* the keyed hash that a person's rows begin with */

struct alm_people_row;

/** A person's row, in the page; an empty one that is not there if nothing is
 * known.  Errors: STORE_CORRUPT, STORE_FORMAT. */
ALM_MUST_USE enum alm_err alm_people_row_find(struct alm_store *store,
	MDB_txn *txn, const uint8_t subject[ALM_SUBJECT_BYTES],
	struct alm_people_row *out_row, bool *out_is_there);

/** How many bytes the rows behind the person's have. */
ALM_MUST_USE enum alm_err alm_people_rows_bytes(struct alm_store *store,
	MDB_txn *txn, const uint8_t subject[ALM_SUBJECT_BYTES],
	size_t *out_bytes);

/** As alm_store_person_get(), in a transaction. */
ALM_MUST_USE enum alm_err alm_people_read(struct alm_store *store, MDB_txn *txn,
	const char *subject, struct alm_arena *arena,
	struct alm_person *out_person);

/* --- audit.c, audit_record.c -------------------------------------------- */

#define ALM_AUDIT_HEADER_BYTES_MAX ((size_t)16 * 1024)
#define ALM_AUDIT_COMMITMENT_AT 132u /* its place in the header */

/** The header, which a leaf of the log's tree is made of; the writer is bad if
 * it had no room for ALM_AUDIT_HEADER_BYTES_MAX. */
void alm_audit_record_encode(
	const struct alm_audit_record *record, struct alm_writer *writer);
/** Texts are borrowed from `header`.  Errors: STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_audit_record_decode(
	struct alm_bytes header, struct alm_audit_record *out);

/** SHA-256 over a fixed word, salt and text. */
void alm_audit_commitment(
	struct alm_hash *hash, struct alm_bytes salted, struct alm_digest *out);

/**
 * Decrypt the private part of a record into `out`, which holds as many bytes
 * as `sealed` has.  Errors: NOT_FOUND: its key was destroyed; STORE_CORRUPT.
 */
ALM_MUST_USE enum alm_err alm_audit_open_private(struct alm_store *store,
	MDB_txn *txn, const struct alm_audit_record *record,
	struct alm_bytes sealed, uint8_t *out, size_t *out_bytes);

/** A view that lives in the arena, of a header in the page. */
ALM_MUST_USE enum alm_err alm_audit_view_copy(struct alm_store *store,
	MDB_txn *txn, struct alm_bytes header, bool with_detail,
	struct alm_arena *arena, struct alm_audit_view *out_view);

/** The header of a record, its seal checked.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_audit_header(struct alm_store *store,
	MDB_txn *txn, uint64_t seq, struct alm_bytes *out);

/* --- people.c ----------------------------------------------------------- */

/** What is known about anybody may have changed. */
void alm_everybody_changed(struct alm_store *store);

/* --- lists.c ------------------------------------------------------------- */

/** Of the list in use, from its row. */
ALM_MUST_USE enum alm_err alm_lists_load(
	struct alm_store *store, MDB_txn *txn, struct alm_store_state *state);

/** Whether the national list in use stands in place of this record: it is a
 * clearance as of an older instant. */
bool alm_list_replaces(
	const struct alm_store *store, const struct alm_opt_out *opt_out);

/* --- person_key.c ------------------------------------------------------- */

#define ALM_PERSON_BYTES 16u /* what stands for a person in the log */

/** The key for what record `seq` says about a person, and its number; a new
 * one has that of the record.  Borrowed until the next call. */
ALM_MUST_USE enum alm_err alm_person_key_take(struct alm_store *store,
	uint64_t seq, const uint8_t person[ALM_PERSON_BYTES],
	uint64_t *out_number, const uint8_t **out_key);

/** Errors: NOT_FOUND: it was destroyed; STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_person_key_get(struct alm_store *store,
	MDB_txn *txn, uint64_t number, const uint8_t person[ALM_PERSON_BYTES],
	uint8_t out[ALM_PERSON_KEY_BYTES]);

/** Remember those that are read, in a store that is only read: a whole log
 * meets each many times. */
void alm_person_keys_remember(struct alm_store *store);
/** Whoever is written about next gets a new key. */
void alm_person_keys_forget(struct alm_store *store);
void alm_person_keys_abort(struct alm_store *store);
void alm_person_keys_commit(struct alm_store *store);
void alm_person_keys_free(struct alm_store *store);

/* --- mail.c ------------------------------------------------------------- */

/** The plain text of a body; everything is borrowed from it.
 * Errors: STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_mail_body_decode(
	struct alm_bytes text, uint64_t seq, struct alm_mail *out);

/* --- upload.c, part.c --------------------------------------------------- */

struct alm_stored_part;

/** Mail goes: its parts, if it has any, are waste. */
ALM_MUST_USE enum alm_err alm_parts_discard(
	struct alm_store *store, uint64_t mail_seq);

/** Remove at most `part_max` parts under a number. */
ALM_MUST_USE enum alm_err alm_parts_remove(struct alm_store *store,
	uint64_t number, unsigned part_max, unsigned *out_removed);

/** Decrypt a row into `room`, which holds as many bytes as `value` has.
 * Errors: STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_part_open(const struct alm_store *store,
	struct alm_bytes key, struct alm_bytes value, uint8_t *room,
	struct alm_stored_part *out_part);

/** Append the plain text that scratch holds as the body of `seq`. */
ALM_MUST_USE enum alm_err alm_mail_body_put(
	struct alm_store *store, uint64_t seq, size_t bytes);
/** The plain text of a body, in the arena.
 * Errors: NOT_FOUND, STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_mail_body_get(struct alm_store *store,
	MDB_txn *txn, uint64_t seq, struct alm_arena *arena,
	struct alm_bytes *out_text);
/** Nothing happens if it is not there. */
ALM_MUST_USE enum alm_err alm_mail_body_remove(
	struct alm_store *store, uint64_t seq);

/** What a body and `row_count` mailboxes that get it will take is theirs; new
 * mail leaves room for records and removals.  Errors: STORE_FULL. */
ALM_MUST_USE enum alm_err alm_mail_take_room(
	struct alm_store *store, size_t body_bytes, size_t row_count);

/* --- shared.c ------------------------------------------------------------ */

/** The version that the plain text of a shared body begins with. */
#define ALM_SHARED_VERSION 3u

/** Message and payload of a shared body; borrowed from its plain text.
 * Errors: STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_shared_decode(
	struct alm_bytes text, struct alm_mail *mail);

/** Fill in what mail has a share of.  Errors: STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_shared_fill(struct alm_store *store, MDB_txn *txn,
	struct alm_arena *arena, struct alm_mail *mail);

/** The mail of `seq` is about to be removed: let go of its share, if it has
 * one; the last one takes the body along. */
ALM_MUST_USE enum alm_err alm_shared_release(
	struct alm_store *store, uint64_t seq);
/* --- side.c ------------------------------------------------------------- */

/** A view of the store for one other thread, to read with; it must be freed
 * before the store is closed.  Refresh it to see what was committed since. */
ALM_MUST_USE enum alm_err alm_store_side_new(
	const struct alm_store *store, struct alm_store **out_side);
void alm_store_side_free(struct alm_store *side);
ALM_MUST_USE enum alm_err alm_store_side_refresh(struct alm_store *side);

/* --- dead.c ------------------------------------------------------------- */

/* What stands before the queue row in that of a dead letter: when it died,
 * why, and the record. */
#define ALM_DEAD_QUEUE_ROW_AT 20u

/** What stands under a key; damage is said in the entry. */
void alm_dead_row_open(const struct alm_store *store, struct alm_bytes key,
	struct alm_bytes value, uint64_t place,
	struct alm_dead_letter *out_dead);

/** How many of a mailbox there are, from the rows themselves. */
ALM_MUST_USE enum alm_err alm_dead_recount(struct alm_store *store,
	MDB_txn *txn, const char *recipient, uint64_t *out_count);

/* --- env.c -------------------------------------------------------------- */

/**
 * Open without looking at state and head; `options->key` may be NULL for a
 * read-only store.
 */
ALM_MUST_USE enum alm_err alm_store_open_parts(
	const struct alm_store_options *options, struct alm_store **out_store,
	struct alm_problem *problem);

#endif /* ALM_BROKER_STORE_INSIDE_H */
