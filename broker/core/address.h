/*
 * address.h - to whom a message to several goes: what its addresses come to
 * under a policy, and whom of them the sender may know.  Pure.
 *
 * An organisation may know itself, its host and those it hosts, those it is in
 * a group with, and those that an agreement or a mandate in force selects
 * together with it, in either direction.  Nobody else is found for it, by an
 * address or in the directory.
 */
#ifndef ALM_BROKER_CORE_ADDRESS_H
#define ALM_BROKER_CORE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/core/snapshot.h"
#include "lib/arena.h"
#include "lib/err.h"

/** Whom an organisation may know; in an arena. */
struct alm_known;

/**
 * In:      asker  NULL: it may know everybody
 * Errors:  NOMEM
 */
ALM_MUST_USE enum alm_err alm_known_make(const struct alm_snapshot *snapshot,
	const char *asker, int64_t t_s, struct alm_arena *arena,
	const struct alm_known **out_known);

/** Whether it may know the organisation with this index. */
bool alm_known_has(const struct alm_known *known, size_t index);
/** Whether it may know the organisation of this id; false if there is none. */
bool alm_known_has_id(const struct alm_known *known, const char *id);

/** The groups that an organisation is in at `t_s`, ascending and with commas
 * between; NULL when the arena is full. */
const char *alm_snapshot_groups_of(const struct alm_snapshot *snapshot,
	size_t index, int64_t t_s, struct alm_arena *arena);

/** Whether it is in this group at `t_s`. */
bool alm_snapshot_is_in_group(const struct alm_snapshot *snapshot, size_t index,
	const char *group, int64_t t_s);

/** Whose addresses, and how many organisations they may come to. */
struct alm_addressing {
	const struct alm_snapshot *snapshot; /* NULL: no bundle */
	const char *sender;
	const char *const *addresses; /* ID, group:ID, host:ID,
					kind:KIND@group:ID */
	size_t address_count;
	size_t recipient_max;
	int64_t t_s;
};

/**
 * The organisations that the addresses come to: bytewise ascending, each
 * once, without the sender, copied to the arena.  One that is named is there
 * whether the sender may know it or not, and whether it exists: the decision
 * answers that.
 *
 * Errors:  ADDRESS_MALFORMED, GROUP_UNKNOWN, KIND_UNKNOWN, NOBODY_ADDRESSED,
 *          TOO_MANY_RECIPIENTS; `problem` names the address; NO_BUNDLE: a
 *          group without a bundle; NOMEM
 */
ALM_MUST_USE enum alm_err alm_addresses_resolve(
	const struct alm_addressing *addressing, struct alm_arena *arena,
	const char *const **out_ids, size_t *out_count,
	struct alm_problem *problem);

#endif /* ALM_BROKER_CORE_ADDRESS_H */
