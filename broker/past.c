#include "broker/past.h"

#include <string.h>

#include "broker/broker.h"
#include "broker/epoch.h"

void alm_past_fini(struct alm_past *past)
{
	alm_scratch_free(past->scratch);
	alm_snapshot_free(past->snapshot);
	*past = (struct alm_past){.epoch = 0};
}

/* The people sequence that the last record up to an instant carries: time
 * never goes back in the log, so that it can be searched by halves. */
static enum alm_err sequence_at(struct alm_store *store, int64_t at_us,
	struct alm_arena *arena, uint64_t *out_sequence)
{
	struct alm_audit_head head;
	uint64_t low = 0; /* at or before the instant */
	uint64_t high;    /* after it */

	alm_store_audit_head(store, &head);
	high = head.size + 1;
	*out_sequence = 0;
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;
		struct alm_audit_view view;
		enum alm_err err =
			alm_audit_get(store, middle, false, arena, &view);

		if (err != ALM_OK) {
			return err;
		}
		if (view.record.time_us <= at_us) {
			low = middle;
			*out_sequence = view.record.people_seq;
		} else {
			high = middle;
		}
	}
	return ALM_OK;
}

static enum alm_err compile(
	struct alm_broker *broker, uint64_t number, struct alm_past *past)
{
	struct alm_ready ready = {.snapshot = NULL};
	struct alm_diagnostics *diagnostics;
	struct alm_policy_epoch epoch;
	struct alm_arena arena;
	enum alm_err err = ALM_NOMEM;

	alm_arena_init(&arena, ALM_BUNDLE_ARENA_BYTES_MAX);
	diagnostics = alm_arena_take(&arena, sizeof(*diagnostics));
	if (diagnostics != NULL) {
		alm_diagnostics_init(diagnostics, &arena);
		err = alm_store_policy_get(
			broker->store, number, &arena, &epoch);
	}
	if (err == ALM_OK) {
		err = alm_ready_make(epoch.files, epoch.file_count, &arena,
			diagnostics, &ready);
	}
	if (err == ALM_OK) {
		alm_past_fini(past);
		past->scratch = alm_scratch_new(ready.snapshot);
		err = past->scratch == NULL ? ALM_NOMEM : ALM_OK;
	}
	if (err == ALM_OK) {
		past->snapshot = ready.snapshot;
		past->epoch = number;
		ready.snapshot = NULL;
	}
	alm_ready_fini(&ready);
	alm_arena_fini(&arena);
	return err;
}

enum alm_err alm_past_world(struct alm_broker *broker, int64_t at_s,
	struct alm_arena *arena, struct alm_world *out_world,
	struct alm_scratch **out_scratch)
{
	/* To the end of the second that is asked for. */
	int64_t at_us = at_s * 1000000 + 999999;
	struct alm_world world = broker->world;
	enum alm_err err =
		alm_store_policy_at(broker->store, at_us, arena, &world.epoch);

	if (err == ALM_OK) {
		err = sequence_at(broker->store, at_us, arena, &world.seq);
	}
	if (err == ALM_OK && broker->past.epoch != world.epoch) {
		err = compile(broker, world.epoch, &broker->past);
	}
	if (err == ALM_OK) {
		world.snapshot = broker->past.snapshot;
		*out_world = world;
		*out_scratch = broker->past.scratch;
	}
	return err;
}

/* Copies of those recorded in time; the texts stay where they are. */
#define KEEP_RECORDED(type, list, count) \
	do { \
		type *items = \
			alm_arena_take(arena, (count) * sizeof(*items) + 1); \
		size_t kept = 0; \
\
		if (items == NULL) { \
			return ALM_NOMEM; \
		} \
		for (size_t i = 0; i < (count); i++) { \
			if ((list)[i].recorded_s <= at_s) { \
				items[kept++] = (list)[i]; \
			} \
		} \
		(list) = items; \
		(count) = kept; \
	} while (0)

enum alm_err alm_past_person(
	struct alm_person *person, int64_t at_s, struct alm_arena *arena)
{
	KEEP_RECORDED(struct alm_directive, person->directives,
		person->directive_count);
	KEEP_RECORDED(struct alm_relationship, person->relationships,
		person->relationship_count);
	KEEP_RECORDED(
		struct alm_opt_out, person->opt_outs, person->opt_out_count);
	KEEP_RECORDED(struct alm_flag, person->flags, person->flag_count);
	return ALM_OK;
}
