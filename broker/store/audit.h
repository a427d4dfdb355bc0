/*
 * audit.h - records of the log, and reading it.  The log is an RFC 6962 tree
 * whose leaves are the stored headers, verbatim; docs/FORMAT.md has the bytes.
 *
 * A header names organisations and words in clear, a person by pseudonym, and
 * never holds content.  The private part (who, why, what was withheld) is
 * encrypted beside it and bound by a salted commitment in the header.
 */
#ifndef ALM_BROKER_STORE_AUDIT_H
#define ALM_BROKER_STORE_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/id.h"
#include "lib/merkle.h"

struct alm_store;

/* X(NAME, number, "word") - a number is never reused. */
/** What a private part is salted with, before its text, for its commitment. */
#define ALM_AUDIT_SALT_BYTES 16u

#define ALM_AUDIT_KIND_MAP(X) \
	X(ACCEPTED, 1, "accepted") \
	X(REFUSED, 2, "refused") \
	X(DELIVERED, 3, "delivered") \
	X(ACKNOWLEDGED, 4, "acknowledged") \
	X(REJECTED, 5, "rejected") \
	X(STOPPED, 6, "stopped-at-hand-over") \
	X(EXPIRED, 7, "expired") \
	X(NOTICE, 8, "notice") \
	X(OVERRIDE_REVIEWED, 9, "override-reviewed") \
	X(DEAD_LETTERED, 10, "dead-lettered") \
	X(RERUN, 11, "dead-letter-rerun") \
	X(DEAD_REMOVED, 12, "dead-letter-removed") \
	X(MAILBOX, 13, "mailbox-changed") \
	X(TIMED_OUT, 14, "request-timed-out") \
	X(DEADLINE, 15, "deadline-passed") \
	X(ESCALATED, 16, "escalated-to-deputy") \
	X(UPLOAD_BEGUN, 17, "upload-begun") \
	X(UPLOAD_EXPIRED, 18, "upload-expired") \
	X(MULTICAST, 19, "sent-to-several") \
	X(POLICY, 20, "policy-activated") \
	X(POLICY_PROPOSED, 21, "policy-proposed") \
	X(POLICY_APPROVED, 22, "policy-approved") \
	X(POLICY_ROLLED_BACK, 23, "policy-rolled-back") \
	X(POLICY_EMERGENCY, 24, "policy-emergency") \
	X(POLICY_EXPIRED, 25, "policy-emergency-expired") \
	X(OFFICER, 26, "officer-changed") \
	X(UPLOAD_CANCELLED, 27, "upload-cancelled") \
	X(PERSON, 30, "person-changed") \
	X(ERASED, 31, "person-erased") \
	X(OPT_OUT_LIST, 32, "opt-out-list") \
	X(AGENT, 40, "agent-changed") \
	X(STANDARD, 41, "standard-changed") \
	X(INVITE, 42, "invite") \
	X(JOIN, 43, "join") \
	X(JOIN_APPROVED, 44, "join-approved") \
	X(ROLES, 45, "agent-roles") \
	X(ROTATED, 46, "agent-keys") \
	X(QUERY, 50, "audit-queried") \
	X(ADMIN, 51, "administration") \
	X(PRUNED, 52, "pruned") \
	X(BACKUP, 53, "backup") \
	X(TRIAL, 54, "path-trial") \
	X(VERIFIED, 55, "verification") \
	X(START, 60, "started") \
	X(STOP, 61, "stopped") \
	X(ANOMALY, 62, "anomaly") \
	X(KEY_ADDED, 63, "audit-key-added") \
	X(KEY_RETIRED, 64, "audit-key-retired") \
	X(ORIGIN, 65, "log-origin") \
	X(WITNESS, 66, "witness-added")

enum alm_audit_kind {
#define X(name, number, word) ALM_AUDIT_##name = (number),
	ALM_AUDIT_KIND_MAP(X)
#undef X
};

/** The kind's word; "unknown" for a number that has none. */
const char *alm_audit_kind_word(enum alm_audit_kind kind);
/** 0 if there is no such word. */
enum alm_audit_kind alm_audit_kind_from_word(const char *word);

#define ALM_AUDIT_REPEAT 1u   /* the hand-over was a repeat */
#define ALM_AUDIT_OVERRIDE 2u /* an override had an effect */
#define ALM_AUDIT_CLAMPED 4u  /* the clock had gone back */
#define ALM_AUDIT_OWN_KEY 8u  /* the private part is under a person's key */
#define ALM_AUDIT_NAMED 16u   /* the request named its basis */
#define ALM_AUDIT_WHOLE 32u   /* with the private part, the whole request */
#define ALM_AUDIT_UNNAMED 64u /* the recipient is not told whom it is of */

/** One record.  Texts are "" when they do not apply, never NULL. */
struct alm_audit_record {
	uint64_t seq; /* set by append; the leaf index is seq - 1 */
	int64_t time_us;
	enum alm_audit_kind kind;
	uint8_t effect; /* enum alm_effect; 0: no decision */
	uint8_t flags;
	uint32_t code;    /* enum alm_err, or 0 and 1 as a decision's code */
	uint8_t level_in; /* enum alm_level */
	uint8_t level_out;
	uint64_t ref;      /* the record this one follows; 0: none */
	uint64_t mail_seq; /* 0: none */
	bool has_message_id;
	struct alm_message_id message_id;
	bool has_person;
	uint8_t person[16];
	struct alm_digest content;    /* of the signed part, or a bundle */
	struct alm_digest commitment; /* to the private part; zero: none */
	uint64_t policy_epoch;
	uint64_t people_seq;
	uint64_t agent; /* its number in the registry; 0: none */
	const char *sender;
	const char *recipient;
	const char *purpose;
	const char *categories; /* released ones, comma-separated, sorted */
	const char *basis;
	const char *standard;
	struct alm_bytes signature; /* the sender's, as evidence; empty: none */
};

/** Of this kind, and with every text "". */
static inline struct alm_audit_record alm_audit_record_empty(
	enum alm_audit_kind kind)
{
	return (struct alm_audit_record){.kind = kind,
		.sender = "",
		.recipient = "",
		.purpose = "",
		.categories = "",
		.basis = "",
		.standard = ""};
}

/** What `signature` holds: all that a check against the agent's public key
 * needs besides the signed part, whose digest the record has. */
struct alm_audit_signature {
	int64_t sent_at_ms;
	uint8_t ed25519[ALM_SIGNATURE_BYTES];
	uint32_t leaf_index;
	uint32_t tree_size;
	struct alm_bytes path; /* 32 bytes a step, from the leaf up */
};

#define ALM_AUDIT_SIGNATURE_BYTES_MAX \
	(8 + ALM_SIGNATURE_BYTES + 4 + 4 + \
		(size_t)ALM_SIGNATURE_PATH_MAX * ALM_DIGEST_BYTES)

/** Into at least ALM_AUDIT_SIGNATURE_BYTES_MAX bytes. */
struct alm_bytes alm_audit_signature_encode(
	const struct alm_audit_signature *signature, uint8_t *out);
/** The path is borrowed.  Errors: STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_audit_signature_decode(
	struct alm_bytes bytes, struct alm_audit_signature *out);
/** For a table: "" when there is none; NULL when memory is out. */
const char *alm_audit_signature_text(
	struct alm_bytes bytes, struct alm_arena *arena);

struct alm_audit_head {
	uint64_t size;
	struct alm_digest root;
};

/** A record as it is read: with its private part, if that may be seen. */
struct alm_audit_view {
	struct alm_audit_record record;
	const char *detail; /* NULL: not asked for, or erased */
	bool is_erased;     /* asked for, and nobody can read it any more */
	bool is_pruned;     /* of those, because it was kept long enough */
};

/** Errors: NOT_FOUND, STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_audit_get(struct alm_store *store, uint64_t seq,
	bool with_detail, struct alm_arena *arena,
	struct alm_audit_view *out_view);

/** That a record stands in the log of a given size: a proof of inclusion,
 * which alm_merkle_verify_inclusion() checks against the log's root. */
struct alm_audit_proof {
	struct alm_digest leaf;
	struct alm_digest path[64]; /* from the leaf up */
	size_t path_count;
};

/** Prove record `seq` in the log of the first `size` records.
 * Errors: NOT_FOUND, STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_audit_prove(struct alm_store *store, uint64_t seq,
	uint64_t size, struct alm_audit_proof *out_proof);

/** The head as it was at `size` records.  Errors: NOT_FOUND, STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_audit_head_at(struct alm_store *store,
	uint64_t size, struct alm_audit_head *out_head);

/** What to look for; unset fields match all, set ones must all match. */
struct alm_audit_filter {
	bool has_person;
	uint8_t person[16];
	const char *sender; /* "" any */
	const char *recipient;
	const char *either; /* sender or recipient: an agent's own scope */
	const char *purpose;
	const char *basis;
	uint8_t effect; /* 0 any */
	bool has_code;
	uint32_t code;
	enum alm_audit_kind kind; /* 0 any */
	bool has_message_id;
	struct alm_message_id message_id;
	int64_t since_us; /* inclusive; 0 from the first */
	int64_t until_us; /* exclusive; 0 to the last */
};

/** By what the header says; a filter that is all zero matches everything. */
bool alm_audit_filter_matches(const struct alm_audit_filter *filter,
	const struct alm_audit_record *record);

struct alm_audit_page {
	const struct alm_audit_view *rows;
	size_t row_count;
	uint64_t next_seq; /* go on from here; 0: everything was seen */
};

/** Which records are looked at, upwards, and how many at the most. */
struct alm_audit_range {
	uint64_t from_seq;  /* from 1 */
	uint64_t until_seq; /* inclusive; past the end: to the end */
	size_t row_max;     /* stop after so many matches, or */
	uint64_t scan_max;  /* after so many records, whichever is first */
	bool with_detail;   /* decrypt private parts */
};

/** Errors: STORE_CORRUPT, also where a record is missing; STORE_IO; NOMEM,
 * unless some rows found room: then the page ends there. */
ALM_MUST_USE enum alm_err alm_audit_scan(struct alm_store *store,
	const struct alm_audit_filter *filter,
	const struct alm_audit_range *range, struct alm_arena *arena,
	struct alm_audit_page *out_page);

/** What a verification covered, and the first thing that was wrong. */
struct alm_audit_report {
	uint64_t records;       /* headers hashed */
	uint64_t private_parts; /* decrypted and matched to their commitment */
	uint64_t private_absent;
	uint64_t private_erased; /* with the key of whom they were about */
	uint64_t private_pruned; /* at the end of the time they are kept */
	uint64_t pruned_through; /* the last record that pruning has seen */
	uint64_t tiles;
	uint64_t mail;        /* bodies authenticated */
	uint64_t others;      /* people, registry, policy rows checked */
	bool private_checked; /* false: no key was given */
	uint64_t heads;       /* signed ones that are what the records give */
	uint64_t signed_size; /* of the newest of them; 0: there is none */
	char head_note[2048]; /* that one; "" */
	struct alm_audit_head head;
	uint64_t first_bad_seq;          /* 0: none, or not in a record */
	char what[ALM_DETAIL_BYTES_MAX]; /* "" when all is well */
};

/**
 * Recompute everything: every leaf, tile, frontier and root, the order of
 * time, every private part (with a key) and every other stored row.  Opens
 * its own read-only view of the folder, so it runs beside a live daemon; a
 * damaged file can crash LMDB, so callers run this in a child process.
 *
 * In:      key       ALM_STORE_KEY_BYTES or NULL
 *          progress  called now and then with records done and in all; or NULL
 * Errors:  AUDIT_DAMAGED (the report says where), STORE_PATH, STORE_FORMAT,
 *          STORE_KEY, STORE_IO, NOMEM
 */
ALM_MUST_USE enum alm_err alm_audit_verify(const char *path, const uint8_t *key,
	void (*progress)(void *cookie, uint64_t done, uint64_t total),
	void *cookie, struct alm_audit_report *out_report);

/** The head that a verified store had at `size` records, from its tiles.
 * Errors: NOT_FOUND: it has fewer; as alm_audit_verify() */
ALM_MUST_USE enum alm_err alm_audit_head_of(
	const char *path, uint64_t size, struct alm_audit_head *out_head);

#endif /* ALM_BROKER_STORE_AUDIT_H */
