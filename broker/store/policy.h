/*
 * policy.h - policy and those who answer for it, as the store keeps them:
 * the officers with their public keys, what they proposed and approved with
 * their signatures, and every bundle that was ever active, byte for byte.
 * Nothing is removed, so each decision can be explained with the bundle it
 * was made under and each bundle with the people who stand for it.
 *
 * A part of store.h, whose general errors hold here too.  Rows of an unknown
 * version give STORE_FORMAT.
 */
#ifndef ALM_BROKER_STORE_POLICY_H
#define ALM_BROKER_STORE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/limits.h"
#include "lib/merkle.h"

struct alm_store;

struct alm_policy_file {
	const char *name;
	struct alm_bytes content; /* the source, byte for byte */
};

/** What officers sign: the digest of names and contents, in order. */
void alm_policy_digest(struct alm_hash *hash,
	const struct alm_policy_file *files, size_t count,
	struct alm_digest *out);

/* --- epochs -------------------------------------------------------------- */

/** How an epoch came to be.  The numbers are stored. */
enum alm_epoch_how {
	ALM_EPOCH_UNGUARDED = 1, /* while no guardian was registered */
	ALM_EPOCH_APPROVED = 2,
	ALM_EPOCH_EMERGENCY = 3, /* one officer's word, until it expires */
	ALM_EPOCH_FALLBACK = 4,  /* an emergency has expired */
};

struct alm_policy_epoch {
	uint64_t epoch;
	const char *bundle;
	int64_t activated_at_us;
	struct alm_digest digest;
	const struct alm_policy_file *files;
	size_t file_count;
	enum alm_epoch_how how; /* 0 is kept as UNGUARDED */
	uint64_t files_at;  /* where the files are kept; 0: with the epoch */
	uint64_t proposal;  /* 0: none */
	uint64_t rollback;  /* the epoch whose content came back; 0: none */
	uint64_t fallback;  /* of an emergency: the epoch before it */
	int64_t expires_us; /* of an emergency; 0: never */
	uint64_t officer;   /* who answers for an emergency; 0: none */
	const char *reason;
	uint8_t signature[ALM_SIGNATURE_BYTES]; /* of that officer */
};

/** Keep a bundle as the next epoch; sets `epoch->epoch` and its digest.  The
 * files are written only if `files_at` is 0.  Texts that are NULL are "". */
ALM_MUST_USE enum alm_err alm_store_policy_put(
	struct alm_store *store, struct alm_policy_epoch *epoch);
/** `number` 0: the newest.  Errors: NOT_FOUND; STORE_CORRUPT when the source
 * does not have its digest. */
ALM_MUST_USE enum alm_err alm_store_policy_get(struct alm_store *store,
	uint64_t number, struct alm_arena *arena,
	struct alm_policy_epoch *out_epoch);
/** The same without the files. */
ALM_MUST_USE enum alm_err alm_store_policy_head(struct alm_store *store,
	uint64_t number, struct alm_arena *arena,
	struct alm_policy_epoch *out_epoch);
/** The epoch in force at an instant: that of the last activation by then, or
 * what it falls back to if it had expired.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_policy_at(struct alm_store *store,
	int64_t instant_us, struct alm_arena *arena, uint64_t *out_number);
/** The number of the newest epoch; 0: none. */
uint64_t alm_store_policy_newest(const struct alm_store *store);

/* --- officers ------------------------------------------------------------ */

enum alm_officer_role {
	ALM_OFFICER_AUTHOR = 1,   /* proposes */
	ALM_OFFICER_GUARDIAN = 2, /* proposes, approves, acts in emergencies */
};

struct alm_officer {
	uint64_t number; /* never reused */
	const char *name;
	enum alm_officer_role role;
	uint8_t key[ALM_KEY_BYTES]; /* public, Ed25519 */
	int64_t registered_at_us;
	int64_t revoked_at_us; /* 0: in office */
};

/** "author", "guardian", or "". */
const char *alm_officer_role_word(enum alm_officer_role role);

/** Whether one may be registered so.  Errors: OFFICER_EXISTS (a name in use,
 * or a key that was ever registered), TOO_MANY_VALUES. */
ALM_MUST_USE enum alm_err alm_store_officer_check(
	struct alm_store *store, const struct alm_officer *officer);
/** Sets `officer->number`.  Errors: as alm_store_officer_check(). */
ALM_MUST_USE enum alm_err alm_store_officer_put(
	struct alm_store *store, struct alm_officer *officer);
/** Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_officer_revoke(
	struct alm_store *store, uint64_t number, int64_t now_us);
/** Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_officer_get(struct alm_store *store,
	uint64_t number, struct alm_arena *arena, struct alm_officer *out);
/** The one in office under this name.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_officer_find(struct alm_store *store,
	const char *name, struct alm_arena *arena, struct alm_officer *out);
/** How many are in office, guardians or all; and the number given last. */
struct alm_officer_counts {
	uint64_t guardians;
	uint64_t officers;
	uint64_t last_number;
};
ALM_MUST_USE enum alm_err alm_store_officer_count(
	struct alm_store *store, struct alm_officer_counts *out_counts);

/* --- proposals ----------------------------------------------------------- */

struct alm_proposal {
	uint64_t number;
	const char *bundle;
	struct alm_digest digest;
	uint64_t base_epoch; /* that was active when it was made */
	uint64_t rollback;   /* the epoch to go back to; 0: a new bundle */
	uint64_t files_at;   /* 0: with the proposal; else as of an epoch */
	int64_t proposed_at_us;
	uint64_t officer;
	const char *reason;
	uint8_t signature[ALM_SIGNATURE_BYTES];
	const struct alm_policy_file *files;
	size_t file_count;
};

/** Sets number, digest, and `files_at` to where its files are. */
ALM_MUST_USE enum alm_err alm_store_proposal_put(
	struct alm_store *store, struct alm_proposal *proposal);
/** With files.  Errors: NOT_FOUND, STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_store_proposal_get(struct alm_store *store,
	uint64_t number, struct alm_arena *arena,
	struct alm_proposal *out_proposal);
/** Without files. */
ALM_MUST_USE enum alm_err alm_store_proposal_head(struct alm_store *store,
	uint64_t number, struct alm_arena *arena,
	struct alm_proposal *out_proposal);
/** The number of the newest; 0: none. */
ALM_MUST_USE enum alm_err alm_store_proposal_newest(
	struct alm_store *store, uint64_t *out_number);

struct alm_approval {
	uint64_t proposal;
	uint64_t officer;
	int64_t approved_at_us;
	const char *reason;
	uint8_t signature[ALM_SIGNATURE_BYTES];
};

/** An officer's later approval of the same takes the place of the first. */
ALM_MUST_USE enum alm_err alm_store_approval_put(
	struct alm_store *store, const struct alm_approval *approval);
/** The first one of `proposal` by an officer after `after`.
 * Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_approval_next(struct alm_store *store,
	uint64_t proposal, uint64_t after, struct alm_arena *arena,
	struct alm_approval *out_approval);

#endif /* ALM_BROKER_STORE_POLICY_H */
