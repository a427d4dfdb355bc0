/*
 * An emergency ends by the clock of the turn, whether or not the broker ran
 * when its time came: the first turn after it puts the fallback in force as
 * an epoch of its own, so that epochs only ever grow.
 */
#include "broker/rules/epoch.h"

#include <stdlib.h>
#include <string.h>

#include "broker/loop/detail.h"

enum alm_err alm_ready_make(const struct alm_policy_file *files,
	size_t file_count, struct alm_arena *arena,
	struct alm_diagnostics *diagnostics, struct alm_ready *out_ready)
{
	struct alm_bundle_source *sources =
		alm_arena_take(arena, (file_count + 1) * sizeof(*sources));
	enum alm_err err;

	memset(out_ready, 0, sizeof(*out_ready));
	if (sources == NULL) {
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < file_count; i++) {
		sources[i] = (struct alm_bundle_source){
			files[i].name, files[i].content};
	}
	err = alm_bundle_load(sources, file_count, arena, diagnostics,
		&out_ready->bundle, &out_ready->tests);
	if (err != ALM_OK) {
		return err;
	}
	out_ready->snapshot = alm_snapshot_compile(&out_ready->bundle);
	out_ready->expiries = alm_expiries_new(&out_ready->bundle);
	return out_ready->snapshot == NULL || out_ready->expiries == NULL
		       ? ALM_NOMEM
		       : ALM_OK;
}

void alm_ready_fini(struct alm_ready *ready)
{
	alm_snapshot_free(ready->snapshot);
	alm_expiries_free(ready->expiries);
	ready->snapshot = NULL;
	ready->expiries = NULL;
}

const char *alm_epoch_how_word(enum alm_epoch_how how)
{
	switch (how) {
	case ALM_EPOCH_UNGUARDED:
		return "unguarded";
	case ALM_EPOCH_APPROVED:
		return "approved";
	case ALM_EPOCH_EMERGENCY:
		return "emergency";
	case ALM_EPOCH_FALLBACK:
		return "fallback";
	}
	return "";
}

/* Decide with this snapshot from now on, once its checksum is found right;
 * `epoch` NULL: with none.  When it fails nothing has changed. */
static enum alm_err decide_with(struct alm_broker *broker,
	struct alm_snapshot **take_snapshot,
	struct alm_expiries **take_expiries,
	const struct alm_policy_epoch *epoch)
{
	static const struct alm_policy_epoch none = {.epoch = 0};
	struct alm_snapshot *snapshot = *take_snapshot;
	struct alm_scratch *scratch = NULL;
	enum alm_err err = ALM_OK;

	*take_snapshot = NULL;
	if (snapshot != NULL) {
		err = alm_snapshot_verify(snapshot);
	}
	if (err == ALM_OK) {
		scratch = alm_scratch_new(snapshot);
		err = scratch == NULL ? ALM_NOMEM : ALM_OK;
	}
	if (err != ALM_OK) {
		alm_snapshot_free(snapshot);
		return err;
	}
	epoch = epoch == NULL ? &none : epoch;
	alm_scratch_free(broker->scratch);
	alm_snapshot_free(broker->snapshot);
	alm_expiries_free(broker->expiries);
	broker->scratch = scratch;
	broker->snapshot = snapshot;
	broker->expiries = *take_expiries;
	broker->world.snapshot = snapshot;
	broker->world.epoch = epoch->epoch;
	broker->policy_activated_at_us = epoch->activated_at_us;
	broker->policy_how = epoch->how;
	broker->policy_expires_us = epoch->expires_us;
	broker->policy_fallback = epoch->fallback;
	*take_expiries = NULL;
	return ALM_OK;
}

enum alm_err alm_epoch_activate(struct alm_turn *turn,
	struct alm_policy_epoch *epoch, struct alm_ready *ready)
{
	struct alm_broker *broker = turn->broker;
	enum alm_err err;

	/* History is searched by these instants: they never go back. */
	epoch->activated_at_us = turn->now_us > broker->policy_activated_at_us
					 ? turn->now_us
					 : broker->policy_activated_at_us;
	err = alm_store_policy_put(broker->store, epoch);
	if (err != ALM_OK) {
		return err;
	}
	turn->letter_count = 0;
	turn->has_new_world = true;
	return decide_with(broker, &ready->snapshot, &ready->expiries, epoch);
}

static enum alm_err record_expiry(struct alm_turn *turn,
	const struct alm_policy_epoch *epoch, uint64_t ended)
{
	struct alm_audit_record record =
		alm_turn_record(turn, ALM_AUDIT_POLICY_EXPIRED);

	record.policy_epoch = epoch->epoch;
	record.content = epoch->digest;
	alm_detail_init(turn->detail);
	alm_detail_text(turn->detail, "what", epoch->bundle);
	alm_detail_number(turn->detail, "ended-epoch", ended);
	alm_detail_number(turn->detail, "fallback-epoch", epoch->rollback);
	return alm_turn_audit(turn, &record, alm_detail_finish(turn->detail));
}

/* The next epoch, with the content of the one to fall back to. */
static enum alm_err fall_back(
	struct alm_turn *turn, struct alm_arena *arena, struct alm_ready *ready)
{
	struct alm_broker *broker = turn->broker;
	struct alm_diagnostics *diagnostics =
		alm_arena_take(arena, sizeof(*diagnostics));
	uint64_t ended = broker->world.epoch;
	struct alm_policy_epoch old;
	struct alm_policy_epoch epoch;
	enum alm_err err;

	if (diagnostics == NULL) {
		return ALM_NOMEM;
	}
	alm_diagnostics_init(diagnostics, arena);
	err = alm_store_policy_get(
		broker->store, broker->policy_fallback, arena, &old);
	if (err == ALM_OK) {
		err = alm_ready_make(
			old.files, old.file_count, arena, diagnostics, ready);
	}
	if (err != ALM_OK) {
		return err;
	}
	epoch = (struct alm_policy_epoch){
		.bundle = old.bundle,
		.how = ALM_EPOCH_FALLBACK,
		.files = old.files,
		.file_count = old.file_count,
		.files_at = old.files_at == 0 ? old.epoch : old.files_at,
		.proposal = old.proposal,
		.rollback = old.epoch,
		.reason = "the emergency has expired",
	};
	err = alm_epoch_activate(turn, &epoch, ready);
	return err == ALM_OK ? record_expiry(turn, &epoch, ended) : err;
}

static bool is_about_content(enum alm_err err)
{
	return err != ALM_NOMEM && err != ALM_STORE_IO &&
	       err != ALM_STORE_READ_ONLY && err != ALM_STORE_FULL;
}

enum alm_err alm_epoch_expire(struct alm_turn *turn)
{
	struct alm_broker *broker = turn->broker;
	struct alm_ready ready = {.snapshot = NULL};
	struct alm_arena arena;
	enum alm_err err;

	/* A turn that may not write decides nothing either. */
	if (broker->policy_expires_us == 0 || turn->is_store_full ||
		turn->now_us < broker->policy_expires_us) {
		return ALM_OK;
	}
	alm_arena_init(&arena, ALM_BUNDLE_ARENA_BYTES_MAX);
	err = fall_back(turn, &arena, &ready);
	if (err != ALM_OK && is_about_content(err)) {
		/* What can neither stand nor be replaced permits nothing. */
		alm_ready_fini(&ready);
		broker->policy_expires_us = 0;
		turn->has_new_world = true;
		err = decide_with(
			broker, &ready.snapshot, &ready.expiries, NULL);
	}
	alm_ready_fini(&ready);
	alm_arena_fini(&arena);
	return err;
}

static enum alm_err compile_epoch(const struct alm_policy_epoch *epoch,
	struct alm_arena *arena, struct alm_ready *ready,
	struct alm_problem *problem)
{
	struct alm_diagnostics *diagnostics =
		alm_arena_take(arena, sizeof(*diagnostics));
	enum alm_err err;

	if (diagnostics == NULL) {
		return ALM_NOMEM;
	}
	alm_diagnostics_init(diagnostics, arena);
	err = alm_ready_make(
		epoch->files, epoch->file_count, arena, diagnostics, ready);
	if (err != ALM_OK) {
		(void)alm_diagnostics_problem(diagnostics, problem);
	}
	return err;
}

/* Also an emergency whose time is over: the first turn ends it before it
 * decides anything. */
enum alm_err alm_epoch_load(
	struct alm_broker *broker, struct alm_problem *problem)
{
	struct alm_ready ready = {.snapshot = NULL};
	struct alm_policy_epoch epoch;
	struct alm_arena arena;
	enum alm_err err;

	alm_past_fini(&broker->past); /* it may never have been */
	alm_arena_init(&arena, ALM_BUNDLE_ARENA_BYTES_MAX);
	err = alm_store_policy_get(broker->store, 0, &arena, &epoch);
	if (err == ALM_OK) {
		err = compile_epoch(&epoch, &arena, &ready, problem);
		if (err == ALM_OK) {
			err = decide_with(broker, &ready.snapshot,
				&ready.expiries, &epoch);
		}
	} else if (err == ALM_NOT_FOUND) {
		err = decide_with(
			broker, &ready.snapshot, &ready.expiries, NULL);
	}
	alm_ready_fini(&ready);
	alm_arena_fini(&arena);
	return err;
}
