/*
 * bundle.h - a bundle being put together from a store: which records, which
 * head, and what the head's signatures need.
 */
#ifndef ALM_CLI_AUDIT_BUNDLE_H
#define ALM_CLI_AUDIT_BUNDLE_H

#include "broker/store/check.h"
#include "broker/store/store.h"
#include "cli/audit/stream.h"
#include "cli/show/bar.h"

/** Records that one bundle may hold one by one. */
#define ALM_BUNDLE_SINGLES_MAX 100000u
/** Epochs of policy that the records of one bundle may name. */
#define ALM_BUNDLE_POLICIES_MAX 1024u

/** A record that is written by itself. */
struct alm_bundle_single {
	uint64_t seq;
	bool is_shown; /* its private part may be */
};

/** A policy that is included. */
struct alm_bundle_policy {
	uint64_t epoch;
	uint64_t activation; /* the record that began it */
};

struct alm_bundle {
	struct alm_store *store;
	struct alm_arena *arena; /* of the whole */
	struct alm_stream stream;
	struct alm_bar bar; /* how far it is */
	uint64_t size;      /* of the head */
	struct alm_bytes note;
	uint64_t first; /* of a range; end 0: there is none */
	uint64_t end;
	uint64_t question; /* 0: none */
	bool reveals;
	struct alm_bundle_single *singles;
	size_t single_count;
	struct alm_bundle_policy policies[ALM_BUNDLE_POLICIES_MAX];
	size_t policy_count;
};

/** How many records are older than an instant. */
ALM_MUST_USE enum alm_err alm_bundle_count_before(
	struct alm_store *store, int64_t time_us, uint64_t *out_count);

/** Add a record by itself, unless the range has it.  Errors:
 * TOO_MANY_VALUES. */
ALM_MUST_USE enum alm_err alm_bundle_add(
	struct alm_bundle *bundle, uint64_t seq, bool is_shown);

/** The policy of an epoch, with the record that began it.  Errors:
 * TOO_MANY_VALUES and those of the store. */
ALM_MUST_USE enum alm_err alm_bundle_add_policy(
	struct alm_bundle *bundle, uint64_t epoch);

/** The records that name the keys which signed the head; signatures of whom
 * no record of this log speaks yet are left out. */
ALM_MUST_USE enum alm_err alm_bundle_add_keys(struct alm_bundle *bundle);

/** Write it all.  Errors: IO and those of the store. */
ALM_MUST_USE enum alm_err alm_bundle_write(struct alm_bundle *bundle);

#endif /* ALM_CLI_AUDIT_BUNDLE_H */
