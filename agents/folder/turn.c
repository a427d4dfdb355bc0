#include "agents/folder/turn.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agents/folder/large.h"
#include "agents/folder/log.h"
#include "agents/folder/outcome.h"
#include "agents/folder/sending.h"
#include "lib/limits.h"

/* A file that has not changed for so long is taken as complete. */
#define SETTLED_MS 250
/* One whose time stamp is older than this is so at first sight. */
#define OLD_S 2
/* What is new holds up those behind it for no longer. */
#define YOUNG_MS 1000
/* A payload that is not there by then was forgotten, or is called otherwise. */
#define MISSING_MS 60000
#define MISSING_LOOK_MS 10000
#define LARGE_FLIGHT_MAX 8u
#define BATCH_BYTES_MAX ((size_t)8 * 1024 * 1024)

/** The disk or memory fails us, not the entry. */
static bool is_passing(enum alm_err err)
{
	return err == ALM_IO || err == ALM_NOMEM || err == ALM_NOT_FOUND ||
	       err == ALM_WINDOW_FULL || err == ALM_SUPERSEDED;
}

/** Of our own finding: wait, or refuse. */
static void fail(struct alm_work *work, struct alm_entry *entry,
	enum alm_err err, const char *detail)
{
	struct alm_problem own = {0};

	if (is_passing(err)) {
		alm_outcome_failed(
			work->entries, work->folder, entry, err, detail);
	} else {
		(void)alm_problem_set(&own, err, "%s", detail);
		alm_outcome_refused(
			work->entries, work->folder, entry, NULL, &own);
	}
}

/* --- a batch ------------------------------------------------------------- */

static enum alm_err start(const struct alm_prepared *prepared,
	struct alm_client *client, uint8_t out_id[16])
{
	if (prepared->is_encoded) {
		return (enum alm_err)alm_send_start_encoded(client,
			prepared->message, prepared->message_bytes,
			prepared->payload, prepared->payload_bytes, out_id);
	}
	return (enum alm_err)alm_send_start(
		client, &prepared->sidecar.outgoing, out_id);
}

/** True: the window is full, and it goes with the next round. */
static bool start_one(struct alm_work *work, struct alm_entry *entry,
	struct alm_prepared *prepared)
{
	enum alm_err err = start(prepared, work->client, entry->id);
	bool is_twin = prepared->is_encoded &&
		       alm_entry_find(&work->entries->table, entry->id) != NULL;

	alm_large_close(&entry->source);
	if (err == ALM_OK && is_twin) {
		/* It gets the other's receipt, once that has ended. */
		alm_lanes_ended(&work->entries->lanes, entry->lane, false);
		alm_outcome_later(work->entries, entry, 0);
	} else if (err == ALM_OK) {
		entry->source = prepared->source;
		prepared->source = (struct alm_source){.bytes = 0};
		alm_entry_fly(&work->entries->table, entry);
	} else {
		alm_lanes_ended(&work->entries->lanes, entry->lane, false);
		entry->state = ALM_ENTRY_SEEN;
	}
	if (err != ALM_OK && err != ALM_WINDOW_FULL) {
		fail(work, entry, err, "");
	}
	return err == ALM_WINDOW_FULL;
}

/** Their ids go to disk, and then they go. */
void alm_turn_flush(struct alm_work *work)
{
	struct alm_work_batch *batch = &work->batch;
	struct alm_problem problem = {0};
	enum alm_err err = alm_files_flush(&batch->files, &problem);
	bool is_full = false;

	for (size_t i = 0; i < batch->count; i++) {
		struct alm_entry *entry = batch->entries[i];

		if (err == ALM_OK && !is_full) {
			is_full = start_one(work, entry, &batch->prepared[i]);
		} else {
			alm_lanes_ended(
				&work->entries->lanes, entry->lane, false);
		}
		if (err != ALM_OK) {
			fail(work, entry, err, problem.detail);
		}
		alm_prepared_fini(&batch->prepared[i]);
	}
	batch->count = 0;
	batch->bytes = 0;
	/* What is left of these comes first. */
	if (is_full) {
		work->entries->is_full = true;
		work->entries->is_changed = true;
		work->entries->next = SIZE_MAX;
	}
}

static void prepare(struct alm_work *work, struct alm_entry *entry,
	const struct alm_outline *outline)
{
	struct alm_work_batch *batch = &work->batch;
	struct alm_prepared *prepared = &batch->prepared[batch->count];
	struct alm_problem problem = {0};
	enum alm_err err = alm_sending_prepare(
		work->folder, entry->name, &batch->files, prepared, &problem);

	if (err != ALM_OK) {
		fail(work, entry, err, problem.detail);
		return;
	}
	alm_entry_bind(&work->entries->table, entry, outline->payload);
	alm_lanes_started(&work->entries->lanes, entry->lane);
	batch->bytes += prepared->payload_bytes;
	batch->entries[batch->count++] = entry;
	if (batch->count == ALM_WORK_BATCH_MAX ||
		batch->bytes >= BATCH_BYTES_MAX || entry->is_large) {
		alm_turn_flush(work);
	}
}

/* --- whose turn it is ------------------------------------------------------
 */

/** Whether nobody is still writing its files; without a payload, the sidecar
 * alone.  `out_is_there`: the payload. */
static bool is_settled(struct alm_work *work, struct alm_entry *entry,
	const char *payload, bool *out_is_there)
{
	time_t now_s = time(NULL);
	struct alm_file_look now[2];

	if (!alm_entry_look_at(work->folder, entry, &now[0])) {
		return false;
	}
	now[1] = now[0];
	*out_is_there = true;
	if (payload[0] != '\0') {
		*out_is_there =
			alm_file_look_at(work->folder, payload, "", &now[1]);
		entry->is_large = *out_is_there &&
				  now[1].bytes > (off_t)ALM_PAYLOAD_BYTES_MAX;
	}
	if (!alm_file_look_is_same(&now[0], &entry->files[0]) ||
		!alm_file_look_is_same(&now[1], &entry->files[1])) {
		entry->files[0] = now[0];
		entry->files[1] = now[1];
		entry->unchanged_ms = work->now_ms;
	}
	return (now[0].changed.tv_sec + OLD_S < now_s &&
		       now[1].changed.tv_sec + OLD_S < now_s) ||
	       work->now_ms - entry->unchanged_ms >= SETTLED_MS;
}

static void look_again(struct alm_work *work, struct alm_entry *entry)
{
	entry->due_ms = work->now_ms + SETTLED_MS;
	work->entries->left[0]++;
	if (entry->due_ms < work->entries->due_ms) {
		work->entries->due_ms = entry->due_ms;
	}
}

/** A sidecar whose payload is not there yet: told once, and waited for. */
static void await_payload(
	struct alm_work *work, struct alm_entry *entry, const char *payload)
{
	struct alm_problem problem = {0};

	if (entry->missing_ms == 0) {
		entry->missing_ms = work->now_ms;
	}
	look_again(work, entry);
	if (work->now_ms - entry->missing_ms < MISSING_MS) {
		return;
	}
	work->entries->left[0]--;
	work->entries->left[1]++;
	entry->due_ms = work->now_ms + MISSING_LOOK_MS;
	if (!entry->is_told) {
		(void)alm_problem_set(&problem, ALM_SIDECAR,
			"%s is not there, and is waited for", payload);
		alm_log_problem(ALM_SIDECAR, entry->name, problem.detail);
		entry->is_told = true;
	}
}

/** It is complete. */
static void send_in_turn(struct alm_work *work, struct alm_entry *entry,
	const struct alm_outline *outline)
{
	struct alm_entries *entries = work->entries;
	const struct alm_entry *holder =
		alm_entry_holder(&entries->table, entry, outline->payload);
	struct alm_problem problem = {0};

	if (holder != NULL) {
		(void)alm_problem_set(&problem, ALM_PAYLOAD_SHARED,
			"%s is the payload of %s", outline->payload,
			holder->name);
		alm_outcome_refused(
			entries, work->folder, entry, NULL, &problem);
	} else if (!alm_lanes_is_free(&entries->lanes, entry->lane)) {
		alm_lanes_hold(&entries->lanes, entry->lane);
		entries->left[1]++;
	} else if (!entry->is_large ||
		   entries->table.large_in_flight < LARGE_FLIGHT_MAX) {
		prepare(work, entry, outline);
	}
}

static void look_at(struct alm_work *work, struct alm_entry *entry)
{
	struct alm_entries *entries = work->entries;
	struct alm_outline outline = {.payload = ""};
	struct alm_problem problem = {0};
	bool is_there = false;
	bool is_ready;
	enum alm_err err = alm_sending_outline(
		work->folder, entry->name, &outline, &problem);

	if (err == ALM_NOT_FOUND) {
		alm_outcome_land(entries, entry, ALM_ENTRY_GONE, false);
		return;
	}
	entry->lane = outline.lane;
	entry->seen_ms = entry->seen_ms == 0 ? work->now_ms : entry->seen_ms;
	is_ready = is_settled(work, entry, outline.payload, &is_there);
	if (err == ALM_OK && !is_there) {
		await_payload(work, entry, outline.payload);
		return;
	}
	entry->missing_ms = 0;
	/* Half written, it may not make sense yet: judge it once it settles. */
	if (!is_ready) {
		look_again(work, entry);
		if (work->now_ms - entry->seen_ms < YOUNG_MS) {
			alm_lanes_hold(&entries->lanes, entry->lane);
		}
	} else if (err != ALM_OK) {
		fail(work, entry, err, problem.detail);
	} else {
		send_in_turn(work, entry, &outline);
	}
}

/** When it is worth a look; 0: now. */
static int64_t due_of(
	const struct alm_entries *entries, const struct alm_entry *entry)
{
	switch (entry->state) {
	case ALM_ENTRY_ROOM:
		return entries->lanes.items[entry->room].due_ms;
	case ALM_ENTRY_SEEN:
	case ALM_ENTRY_LATER:
		return entry->due_ms;
	case ALM_ENTRY_IN_FLIGHT:
	case ALM_ENTRY_GONE:
		break;
	}
	return INT64_MAX;
}

/** Look at it if it is time, and at none behind it that may not overtake. */
void alm_turn_of(struct alm_work *work, struct alm_entry *entry)
{
	struct alm_entries *entries = work->entries;
	int64_t due_ms = due_of(entries, entry);

	if (due_ms == INT64_MAX) {
		return;
	}
	if (due_ms <= work->now_ms &&
		alm_lanes_is_free(&entries->lanes, entry->lane)) {
		look_at(work, entry);
		return;
	}
	if (due_ms > work->now_ms && due_ms < entries->due_ms) {
		entries->due_ms = due_ms;
	}
	if (entry->state == ALM_ENTRY_ROOM) {
		alm_lanes_hold(&entries->lanes, entry->room);
	} else if (entry->state == ALM_ENTRY_SEEN &&
		   work->now_ms - entry->seen_ms < YOUNG_MS) {
		alm_lanes_hold(&entries->lanes, entry->lane);
	}
	entries->left[entry->state == ALM_ENTRY_SEEN && due_ms > work->now_ms
			      ? 0
			      : 1]++;
}
