/*
 * store.h - everything the broker keeps: mail, people, policy, registry,
 * standards and the audit log, in one LMDB environment, so that the effects
 * of a turn and their records commit together.  Sole user of <lmdb.h>, whose
 * types it does not show.  The format is docs/FORMAT.md.
 *
 * One writer: the thread of the loop.  Between begin and commit (or abort)
 * all reads see the writes of the same turn.  Never logs.
 *
 * Life of a turn
 *   idle     -> open turn   alm_store_begin()
 *   open     -> idle        alm_store_commit(): all of it is on disk
 *   open     -> idle        alm_store_abort(): none of it happened
 *
 * Errors that every call may give, and what to do:
 *   STORE_FULL     the map or the disk is full: abort the turn; acknowledge-
 *                  ments and expiry still work, refuse new mail.  From
 *                  mail_put before anything was written: refuse that mail
 *                  and go on with the turn
 *   STORE_CORRUPT  a stored record does not decode or authenticate: refuse
 *                  what needed it; at open, do not start
 *   STORE_IO       the outcome is unknown: close the store and stop
 *   STORE_READ_ONLY  the disk takes nothing more: close the store and stop
 *   NOMEM          abort the turn
 *   FIELD_TOO_LARGE  a name or text is over its limit; nothing was written
 *
 * A turn in which a write failed cannot be committed: commit aborts it and
 * gives that error.
 */
#ifndef ALM_BROKER_STORE_STORE_H
#define ALM_BROKER_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/core/person.h"
#include "broker/store/audit.h"
#include "broker/store/orders.h"
#include "broker/store/place.h"
#include "broker/store/policy.h"
#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/id.h"
#include "lib/merkle.h"

#define ALM_STORE_KEY_BYTES 32u

struct alm_store;

struct alm_store_options {
	const char *path;       /* a folder; made if its parent exists */
	uint64_t map_bytes_max; /* address space; 0: 64 GiB */
	const uint8_t *key;     /* ALM_STORE_KEY_BYTES; borrowed */
	bool must_exist;        /* do not make a new store */
	bool is_read_only;      /* readers only; a live daemon may run */
};

/**
 * Open, make if absent, check format, key and the audit head.
 *
 * Errors:  STORE_PATH, STORE_READ_ONLY, STORE_FORMAT, STORE_KEY, STORE_LOCKED,
 *          STORE_CORRUPT, STORE_IO, NOMEM; `problem` says where.
 */
ALM_MUST_USE enum alm_err alm_store_open(
	const struct alm_store_options *options, struct alm_store **out_store,
	struct alm_problem *problem);

/** Abort an open turn, close, zero keys.  NULL is a no-op. */
void alm_store_close(struct alm_store *store);

/** Open a turn.  `now_us` is the time its records carry (clamped so that
 * records never go back in time); `seed` feeds salts and nonces. */
ALM_MUST_USE enum alm_err alm_store_begin(
	struct alm_store *store, int64_t now_us, const uint8_t seed[32]);
ALM_MUST_USE enum alm_err alm_store_commit(struct alm_store *store);
void alm_store_abort(struct alm_store *store);

/** The random bytes that tell this store from every other. */
void alm_store_id(
	const struct alm_store *store, uint8_t out[ALM_STORE_ID_BYTES]);

/** Whether new mail would be taken, as the last turn found it. */
enum alm_store_room {
	ALM_STORE_ROOM,         /* there is room */
	ALM_STORE_ROOM_NO_MAP,  /* the map is full but for a reserve */
	ALM_STORE_ROOM_NO_DISK, /* the disk is */
};
enum alm_store_room alm_store_room(const struct alm_store *store);

/** How many bytes of mail this turn may still take, by map and disk; it asks
 * the file system. */
uint64_t alm_store_room_bytes(struct alm_store *store);
/** LMDB itself has failed in the turn: not what a row says is wrong. */
bool alm_store_is_spoilt(const struct alm_store *store);
/** How full the map is, 0 to 1000. */
unsigned alm_store_used_permille(struct alm_store *store);

/** The instant of the newest audit record, microseconds; 0 when empty. */
int64_t alm_store_last_time_us(const struct alm_store *store);

/** Records among the last whose seal is broken; found when it was opened. */
struct alm_store_damage {
	uint64_t records;
	uint64_t first;
};
struct alm_store_damage alm_store_damage(const struct alm_store *store);

/* --- mail --------------------------------------------------------------- */

enum alm_mail_kind {
	ALM_MAIL_MESSAGE = 1,
	ALM_MAIL_NOTICE = 2, /* the broker's own word to a sender */
};

/** What a mailbox may hold; 0: whatever the broker's settings say. */
struct alm_mailbox_limits {
	uint64_t messages;
	uint64_t bytes;
	int64_t age_ms; /* of its oldest mail; with more it takes no new */
};

/** A piece of mail.  When read, everything points into the arena. */
struct alm_mail {
	uint64_t seq; /* durable sequence, 1-based, one for the whole store */
	enum alm_mail_kind kind;
	const char *recipient; /* whose mailbox */
	const char *sender;    /* of the message; empty for a notice */
	struct alm_message_id message_id;
	int64_t accepted_at_ms;
	int64_t expires_ms;
	uint64_t audit_seq;       /* the record that accepted it */
	struct alm_bytes message; /* the signed part; of a notice, its body */
	struct alm_bytes payload; /* what may go on at most */
	uint8_t level;            /* enum alm_level of that payload */
	bool is_partial;
	const char *released; /* categories, comma-separated, sorted */
	/* In parts, which are given besides (parts.h); given, and never read:
	 * the signed part says so too. */
	uint64_t payload_bytes;
	/* Whose message it is, as the log says it; given, and never read. */
	bool has_person;
	uint8_t person[16];
	/* Of a message to several: message and payload are kept once, under
	 * this sequence, and hold what any of them may have.  0: its own. */
	uint64_t shared_seq;
	bool strips_location; /* this recipient does not get that part */
	bool hides_subject;   /* nor is it told whom it is about */
	uint8_t priority; /* enum alm_mail_priority; given, and never read */
	/* Of its mailbox; given for a message, NULL: those of the store. */
	const struct alm_mailbox_limits *limits;
	/* At a deputy: whose it was.  Read as "" and may be NULL when given. */
	const char *escalated_from;
};

/** What stands in a mailbox about one piece of mail. */
struct alm_queue_entry {
	uint64_t seq;
	uint64_t place;
	enum alm_mail_kind kind;
	uint32_t attempts; /* hand-overs so far */
	uint32_t bytes;    /* of message and payload */
	bool has_parts;    /* the payload is no part of the body */
	int64_t expires_ms;
	bool is_damaged; /* nothing but the sequence is known: see mend */
};

/** Store and queue; sets `mail->seq`.  Errors: MAILBOX_FULL;
 * MAILBOX_TOO_SMALL: more than the limit by itself; and above. */
ALM_MUST_USE enum alm_err alm_store_mail_put(
	struct alm_store *store, struct alm_mail *mail);

/**
 * Keep once what several mailboxes will hold.  Each gets its share by
 * mail_put() with this sequence, and then it is closed, in the same turn.
 * Errors: STORE_FULL: no room for it and so many shares; nothing was written.
 */
ALM_MUST_USE enum alm_err alm_store_shared_put(struct alm_store *store,
	const struct alm_mail *mail, size_t share_count, uint64_t *out_seq);

/** So many shares were put: the removal of the last removes it.  0: now. */
ALM_MUST_USE enum alm_err alm_store_shared_close(
	struct alm_store *store, uint64_t seq, size_t share_count);

/** Read and decrypt.  Errors: NOT_FOUND, STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_store_mail_get(struct alm_store *store,
	uint64_t seq, struct alm_arena *arena, struct alm_mail *out_mail);

#define ALM_QUEUE_LIST_MAX 32u

/** The first entries of `recipient` after a place, at most `entry_max`, of
 * whatever priority; a damaged one is given as such. */
ALM_MUST_USE enum alm_err alm_store_queue_list(struct alm_store *store,
	const char *recipient, uint64_t after,
	struct alm_queue_entry entries[ALM_QUEUE_LIST_MAX], size_t entry_max,
	size_t *out_count);

/** The first of them alone.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_queue_next(struct alm_store *store,
	const char *recipient, uint64_t after,
	struct alm_queue_entry *out_entry);

/** One entry, wherever it stands, in the same way.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_queue_get(struct alm_store *store,
	const char *recipient, uint64_t seq, struct alm_queue_entry *out_entry);

/** Count one more hand-over of the entry at a place; `is_anew`: as the second,
 * however many there were.  Errors: STORE_CORRUPT: it is damaged. */
ALM_MUST_USE enum alm_err alm_store_queue_attempt(struct alm_store *store,
	const char *recipient, uint64_t place, bool is_anew,
	uint32_t *out_attempts);

/**
 * A damaged entry: write it anew from the mail itself; or, if that is damaged
 * too, take both out of the mailbox and set them aside, byte for byte.
 * Errors: NOT_FOUND.
 */
ALM_MUST_USE enum alm_err alm_store_queue_mend(struct alm_store *store,
	const char *recipient, uint64_t seq, struct alm_arena *arena,
	bool *out_is_mended);

/** Where a search of all mailboxes goes on; all zero: at the first. */
struct alm_queue_place {
	uint8_t key[ALM_ID_BYTES_MAX + 1 + 8];
	size_t bytes;
};

/** What a search looks for, and how much one call of it takes. */
struct alm_queue_search {
	bool is_of_dead; /* the dead letters are searched, not the queue */
	/* Whose messages; NULL: all messages.  Notices are passed over. */
	bool (*wants)(const void *cookie, const uint8_t person[16]);
	const void *cookie;
	size_t row_max;
	size_t hit_max;
	size_t byte_max; /* of the hits, and one hit more */
};

struct alm_queue_hit {
	const char *recipient;
	struct alm_queue_entry entry;
};

/**
 * Some more of the queued messages of somebody, in the arena; messages whose
 * row does not say whose they are belong to anybody.
 * Out:     place        behind what was looked at
 *          out_is_done  there is nothing more
 */
ALM_MUST_USE enum alm_err alm_store_queue_search(struct alm_store *store,
	const struct alm_queue_search *search, struct alm_queue_place *place,
	struct alm_arena *arena, const struct alm_queue_hit **out_hits,
	size_t *out_count, bool *out_is_done);

/** Remove entry and body.  Errors: NOT_FOUND: it was removed before. */
ALM_MUST_USE enum alm_err alm_store_mail_remove(
	struct alm_store *store, const char *recipient, uint64_t seq);

struct alm_mailbox_state {
	uint64_t count;
	uint64_t bytes;
	uint64_t first_seq;   /* of the oldest; 0: empty */
	int64_t oldest_at_ms; /* 0: empty, or it is damaged */
	uint64_t dead_count;
	int64_t held_since_us;            /* nothing is handed over; 0: it is */
	struct alm_mailbox_limits limits; /* its own; 0: the broker's */
	enum alm_mailbox_damage damage;
};

/** All zero for a mailbox without mail. */
ALM_MUST_USE enum alm_err alm_store_mailbox_state(struct alm_store *store,
	const char *recipient, struct alm_mailbox_state *out_state);

/** The same but for its oldest mail, which is not looked for. */
ALM_MUST_USE enum alm_err alm_store_mailbox_orders(struct alm_store *store,
	const char *recipient, struct alm_mailbox_state *out_state);

/** The first mailbox with mail, dead letters, a hold or limits of its own
 * after `after` (""), bytewise; the name lives in the arena.  Errors:
 * NOT_FOUND: no more. */
ALM_MUST_USE enum alm_err alm_store_mailbox_next(struct alm_store *store,
	const char *after, struct alm_arena *arena, const char **out_recipient);

/** What is remembered of an accepted (sender, message id). */
struct alm_duplicate {
	uint64_t seq;
	uint64_t audit_seq;
	int64_t accepted_at_ms;
	struct alm_digest content; /* SHA-256 of the signed part */
	struct alm_bytes receipt;  /* the first receipt's content, opaque */
	uint32_t repeats;          /* how often it was sent again */
	int64_t repeated_at_ms;    /* and when last; 0: never */
};

/** Errors: NOT_FOUND: never accepted. */
ALM_MUST_USE enum alm_err alm_store_duplicate_get(struct alm_store *store,
	const char *sender, const struct alm_message_id *id,
	struct alm_arena *arena, struct alm_duplicate *out_duplicate);
/** The same, if it is no longer than so.  Errors: BUSY: it is longer. */
ALM_MUST_USE enum alm_err alm_store_duplicate_within(struct alm_store *store,
	const char *sender, const struct alm_message_id *id, size_t bytes_max,
	struct alm_arena *arena, struct alm_duplicate *out_duplicate);
ALM_MUST_USE enum alm_err alm_store_duplicate_put(struct alm_store *store,
	const char *sender, const struct alm_message_id *id,
	const struct alm_duplicate *duplicate);
/** Remove at most `count_max` rows whose id was made before `before_ms`. */
ALM_MUST_USE enum alm_err alm_store_duplicate_prune(struct alm_store *store,
	int64_t before_ms, unsigned count_max, unsigned *out_count);

/* --- people ------------------------------------------------------------- */

/**
 * Keep a record; its subject is kept as a keyed hash only.
 * Out:     out_is_new  false: the same record was there already
 * Errors:  RECORD_CONFLICT (same id, other content), PERSON_LIMIT
 */
ALM_MUST_USE enum alm_err alm_store_person_put(struct alm_store *store,
	const struct alm_person_record *record, bool *out_is_new);

/** All records of one person; damage is told inside `out_person`. */
ALM_MUST_USE enum alm_err alm_store_person_get(struct alm_store *store,
	const char *subject, struct alm_arena *arena,
	struct alm_person *out_person);

/** What a person's records stand under: as good as the subject to find them,
 * and no way back to it. */
void alm_store_person_place(
	const struct alm_store *store, const char *subject, uint8_t out[16]);
/** As alm_store_person_get(), of the person at `place`. */
ALM_MUST_USE enum alm_err alm_store_person_at(struct alm_store *store,
	const uint8_t place[16], struct alm_arena *arena,
	struct alm_person *out_person);

/**
 * Destroy the keys that a person's private parts are sealed under: those of
 * records up to `last`, at most `row_max` keys of anybody in one call.
 *
 * In, out: next       where to begin, 0 from the first; then where to go on,
 *                     0 when all were seen
 * Out:     out_count  how many of this person's were destroyed
 */
ALM_MUST_USE enum alm_err alm_store_person_keys_destroy(struct alm_store *store,
	const char *subject, uint64_t last, unsigned row_max, uint64_t *next,
	uint64_t *out_count);

/** Remove every record about a person.  Out: how many rows there were. */
ALM_MUST_USE enum alm_err alm_store_person_remove(
	struct alm_store *store, const char *subject, uint64_t *out_rows);

/** Counts the changes of people's records; part of every decision. */
uint64_t alm_store_people_sequence(const struct alm_store *store);

/** Whose records the open turn has changed, as they stand in the log. */
struct alm_changed_people {
	uint8_t (*persons)[16];
	size_t count;
	bool is_over; /* there were more than are remembered */
};

/** Borrowed until the turn ends. */
const struct alm_changed_people *alm_store_changed_people(
	const struct alm_store *store);

/** Up to which change of people's records, and under which policy, all queued
 * mail was decided again; what differs from now is work that waits. */
struct alm_redecided {
	uint64_t people_seq;
	uint64_t policy_epoch;
	int64_t waiting_since_us; /* 0: it is not known, or nothing waits */
};

/** As of the last commit, or as the open turn has set it. */
void alm_store_redecided(
	const struct alm_store *store, struct alm_redecided *out_redecided);
/** Kept with the open turn. */
void alm_store_set_redecided(
	struct alm_store *store, const struct alm_redecided *redecided);

/** The 16-byte keyed hash that stands for a person in audit records. */
void alm_store_pseudonym(
	const struct alm_store *store, const char *subject, uint8_t out[16]);

/** A pseudonym for one agreement: HMAC-SHA-256, cut to 16 bytes. */
void alm_store_agreement_pseudonym(const struct alm_store *store,
	const char *basis, const char *subject, uint8_t out[16]);

/* --- registry ----------------------------------------------------------- */

struct alm_agent_row {
	uint64_t number; /* never reused */
	const char *organisation;
	const char *name;                   /* unique within the organisation */
	uint8_t curve_key[ALM_KEY_BYTES];   /* public */
	uint8_t signing_key[ALM_KEY_BYTES]; /* public, Ed25519 */
	bool is_revoked;
	int64_t registered_at_us;
	int64_t revoked_at_us;
	uint8_t roles;          /* enum alm_role */
	const char *categories; /* that it is limited to; "" or NULL: not */
	uint32_t rotations;     /* how often its keys were replaced */
	int64_t keys_since_us;  /* of the keys in use */
	/* The keys before, while they are valid as well; then zeroes. */
	int64_t old_until_us; /* 0: none */
	uint8_t old_curve_key[ALM_KEY_BYTES];
	uint8_t old_signing_key[ALM_KEY_BYTES];
};

/** Sets `agent->number`.  Errors: AGENT_EXISTS (key, or name in use);
 * KEY_USED (a key that was replaced). */
ALM_MUST_USE enum alm_err alm_store_agent_put(
	struct alm_store *store, struct alm_agent_row *agent);
/** Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_agent_revoke(
	struct alm_store *store, uint64_t number, int64_t now_us);
/** Write an agent of that number anew; when its keys differ from those in
 * `before`, these are kept as used for good.
 * Errors: NOT_FOUND; KEY_USED, AGENT_EXISTS (a new key is not new). */
ALM_MUST_USE enum alm_err alm_store_agent_change(struct alm_store *store,
	const struct alm_agent_row *before, const struct alm_agent_row *agent);
/** The first agent with a number above `after`.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_agent_next(struct alm_store *store,
	uint64_t after, struct alm_arena *arena, struct alm_agent_row *out);

/* --- information standards ---------------------------------------------- */

struct alm_standard_row {
	const char *id;
	const char *version;
	struct alm_bytes descriptor; /* a FileDescriptorSet */
};

/** Errors: ID_DUPLICATE when id and version are there with other content. */
ALM_MUST_USE enum alm_err alm_store_standard_put(
	struct alm_store *store, const struct alm_standard_row *standard);
/** The first one after (id, version), bytewise.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_standard_next(struct alm_store *store,
	const char *after_id, const char *after_version,
	struct alm_arena *arena, struct alm_standard_row *out_standard);

/* --- overrides ---------------------------------------------------------- */

enum alm_override_outcome {
	ALM_OVERRIDE_OPEN = 0, /* to be reviewed */
	ALM_OVERRIDE_JUSTIFIED = 1,
	ALM_OVERRIDE_NOT_JUSTIFIED = 2,
};

/** An override that had an effect.  Who used it and why, and what the review
 * said, stand in the private parts of the log's records, and go with them. */
struct alm_override_row {
	uint64_t audit_seq; /* of the acceptance; what names the override */
	int64_t used_at_us;
	int64_t due_at_us;
	uint8_t kind; /* enum alm_wire_override */
	uint64_t mail_seq;
	struct alm_message_id message_id;
	const char *sender;
	const char *recipient;
	const char *purpose;
	const char *basis;
	enum alm_override_outcome outcome;
	int64_t reviewed_at_us;
	uint64_t review_seq; /* the record of the review */
	bool is_damaged;     /* nothing but its name is known */
};

/** Keep one to be reviewed.  Errors: FIELD_TOO_LARGE. */
ALM_MUST_USE enum alm_err alm_store_override_put(
	struct alm_store *store, const struct alm_override_row *row);

/** Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_override_get(struct alm_store *store,
	uint64_t audit_seq, struct alm_arena *arena,
	struct alm_override_row *out_row);

/** The first one above `after` of those that are reviewed, or are not.
 * Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_override_next(struct alm_store *store,
	bool is_reviewed, uint64_t after, struct alm_arena *arena,
	struct alm_override_row *out_row);

/** Write down the review of an open one.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_override_review(
	struct alm_store *store, const struct alm_override_row *row);

/* --- audit (reading: audit.h) ------------------------------------------- */

/**
 * Append a record to the log in the open turn; sets seq, time and commitment.
 * In:      detail  the private part as text lines `key: value`; "" for none
 */
ALM_MUST_USE enum alm_err alm_store_audit_append(struct alm_store *store,
	struct alm_audit_record *record, const char *detail);

/** Size and root of the log, open turn included. */
void alm_store_audit_head(
	struct alm_store *store, struct alm_audit_head *out_head);

#endif /* ALM_BROKER_STORE_STORE_H */
