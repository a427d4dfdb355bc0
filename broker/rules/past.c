#include "broker/rules/past.h"

#include <string.h>

#include "broker/broker.h"
#include "broker/rules/epoch.h"

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

/* A list of records of one type: where each says when it was recorded. */
struct records {
	const void *items;
	size_t count;
	size_t item_bytes;
	size_t recorded_offset;
};

/* Copies of those recorded in time; the texts stay where they are. */
static enum alm_err keep_recorded(
	struct records *list, int64_t at_s, struct alm_arena *arena)
{
	const uint8_t *from = list->items;
	uint8_t *to =
		alm_arena_take(arena, (list->count + 1) * list->item_bytes);
	size_t kept = 0;

	if (to == NULL) {
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < list->count; i++) {
		const uint8_t *item = from + i * list->item_bytes;
		int64_t recorded_s;

		memcpy(&recorded_s, item + list->recorded_offset,
			sizeof(recorded_s));
		if (recorded_s <= at_s) {
			memcpy(to + kept * list->item_bytes, item,
				list->item_bytes);
			kept++;
		}
	}
	list->items = to;
	list->count = kept;
	return ALM_OK;
}

enum alm_err alm_past_person(
	struct alm_person *person, int64_t at_s, struct alm_arena *arena)
{
	struct records lists[] = {
		{person->directives, person->directive_count,
			sizeof(struct alm_directive),
			offsetof(struct alm_directive, recorded_s)},
		{person->relationships, person->relationship_count,
			sizeof(struct alm_relationship),
			offsetof(struct alm_relationship, recorded_s)},
		{person->opt_outs, person->opt_out_count,
			sizeof(struct alm_opt_out),
			offsetof(struct alm_opt_out, recorded_s)},
		{person->flags, person->flag_count, sizeof(struct alm_flag),
			offsetof(struct alm_flag, recorded_s)},
	};
	enum alm_err err = ALM_OK;

	for (size_t i = 0; i < ALM_COUNT(lists) && err == ALM_OK; i++) {
		err = keep_recorded(&lists[i], at_s, arena);
	}
	if (err == ALM_OK) {
		person->directives = lists[0].items;
		person->directive_count = lists[0].count;
		person->relationships = lists[1].items;
		person->relationship_count = lists[1].count;
		person->opt_outs = lists[2].items;
		person->opt_out_count = lists[2].count;
		person->flags = lists[3].items;
		person->flag_count = lists[3].count;
	}
	return err;
}
