/*
 * snapshot.h - a policy bundle compiled for deciding: one flat block without
 * pointers, with a checksum, immutable, shared by pointer.  Lists are sorted
 * bytewise by id, so that an index order is the order in which answers list
 * their ids, and 64 words fit one mask.
 */
#ifndef ALM_BROKER_CORE_SNAPSHOT_H
#define ALM_BROKER_CORE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/core/bundle.h"
#include "lib/err.h"

struct alm_snapshot;

/**
 * Compile a checked bundle (references resolve, no cycles, limits kept); the
 * reader in broker/policy checks.  Copies all it needs.
 * Gives NULL only when memory is out.
 */
struct alm_snapshot *alm_snapshot_compile(const struct alm_bundle *bundle);
void alm_snapshot_free(struct alm_snapshot *snapshot);

/**
 * Whether the block still has its checksum.  Ask before a snapshot is taken
 * into use, and never decide by one that is damaged.
 * Errors: SNAPSHOT_DAMAGED
 */
ALM_MUST_USE enum alm_err alm_snapshot_verify(
	const struct alm_snapshot *snapshot);

/** How many bytes the block has. */
size_t alm_snapshot_bytes(const struct alm_snapshot *snapshot);

/** That of the bundle. */
const char *alm_snapshot_name(const struct alm_snapshot *snapshot);

/** Purposes by index; the count, which is one at least, ends the range. */
size_t alm_snapshot_purpose_count(const struct alm_snapshot *snapshot);
const char *alm_snapshot_purpose(
	const struct alm_snapshot *snapshot, size_t index);

/** Words by index; the count ends the range.  Never NULL below it. */
size_t alm_snapshot_category_count(const struct alm_snapshot *snapshot);
const char *alm_snapshot_category(
	const struct alm_snapshot *snapshot, size_t index);
/** Whether a message may have the category of that index where a rule lists
 * `word`: it has none below it, and is `word` or below it. */
bool alm_snapshot_category_narrows(
	const struct alm_snapshot *snapshot, size_t index, const char *word);
size_t alm_snapshot_organisation_count(const struct alm_snapshot *snapshot);

/**
 * Whether the bundle has a word that a record about a person names; `any` is
 * had.  A word that it lacks denies widely and permits nothing, which readers
 * of records warn about.
 */
bool alm_snapshot_has_purpose(
	const struct alm_snapshot *snapshot, const char *word);
bool alm_snapshot_has_category(
	const struct alm_snapshot *snapshot, const char *word);
bool alm_snapshot_has_selector(
	const struct alm_snapshot *snapshot, const char *selector);

/** What may be shown of an organisation. */
struct alm_organisation_view {
	const char *id;
	const char *name;
	const char *kind;
	const char *host; /* NULL: none */
	enum alm_status status;
	bool has_assurance_until;
	int64_t assurance_until_s;
};

/** False if `index` is past the end. */
bool alm_snapshot_organisation(const struct alm_snapshot *snapshot,
	size_t index, struct alm_organisation_view *out);

/** False if the bundle has no such organisation. */
bool alm_snapshot_find_organisation(const struct alm_snapshot *snapshot,
	const char *id, struct alm_organisation_view *out);

#endif /* ALM_BROKER_CORE_SNAPSHOT_H */
