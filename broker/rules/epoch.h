/*
 * epoch.h - making a policy the active one: compiled from its sources, kept
 * as the next epoch in the same turn, and given up again when it was an
 * emergency whose time is over.
 */
#ifndef ALM_BROKER_RULES_EPOCH_H
#define ALM_BROKER_RULES_EPOCH_H

#include "broker/loop/stage.h"
#include "broker/policy/load.h"
#include "broker/rules/expiry.h"

/** A bundle, ready to decide with.  The bundle borrows from the arena. */
struct alm_ready {
	struct alm_bundle bundle;
	struct alm_bundle_tests tests;
	struct alm_snapshot *snapshot;
	struct alm_expiries *expiries;
};

/**
 * Load and compile.
 * In:      arena        of ALM_BUNDLE_ARENA_BYTES_MAX
 *          diagnostics  initialised; what is wrong
 * Errors:  those of alm_bundle_load(); `out_ready` is to be freed in any case
 */
ALM_MUST_USE enum alm_err alm_ready_make(const struct alm_policy_file *files,
	size_t file_count, struct alm_arena *arena,
	struct alm_diagnostics *diagnostics, struct alm_ready *out_ready);

/** Free what was not taken. */
void alm_ready_fini(struct alm_ready *ready);

/**
 * Keep `epoch` as the next one and decide with it for the rest of the turn.
 * Its instant is the turn's, but never before that of the epoch before it.
 * Errors:  those of the store; NOMEM
 */
ALM_MUST_USE enum alm_err alm_epoch_activate(struct alm_turn *turn,
	struct alm_policy_epoch *epoch, struct alm_ready *ready);

/** Before anything is decided in the turn: an emergency policy whose time is
 * over makes way for the one before it. */
ALM_MUST_USE enum alm_err alm_epoch_expire(struct alm_turn *turn);

/** Take up the epoch that the store says is active; with none, decide with
 * none.  Errors: STORE_CORRUPT, NOMEM, those of alm_bundle_load(). */
ALM_MUST_USE enum alm_err alm_epoch_load(
	struct alm_broker *broker, struct alm_problem *problem);

/** "approved", "emergency" and so on; "" for none. */
const char *alm_epoch_how_word(enum alm_epoch_how how);

#endif /* ALM_BROKER_RULES_EPOCH_H */
