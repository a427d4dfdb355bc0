#include "agents/folder/outbox.h"

#include <stdlib.h>

#include "agents/folder/log.h"
#include "agents/folder/outcome.h"
#include "agents/folder/probe.h"
#include "agents/folder/turn.h"

/* One call works no longer; a large payload may take it past that. */
#define WORK_MS 50
#define RESCAN_MS 10000  /* inotify may lose events */
#define RELIST_MS 100    /* while files are coming */
#define RELIST_FACTOR 10 /* or as many times what it takes */
#define FLIGHT_MAX 1024u
#define MEMORY_MS 5000 /* for some to come back */

void alm_entries_init(struct alm_entries *entries)
{
	*entries = (struct alm_entries){.is_changed = true};
	alm_entry_table_init(&entries->table);
}

void alm_entries_fini(struct alm_entries *entries)
{
	alm_files_drop(&entries->receipts);
	alm_outcome_drop(entries);
	alm_entry_table_fini(&entries->table);
}

void alm_entries_wake(struct alm_entries *entries)
{
	entries->list_due_ms = 0;
}

static void tell_unread(const struct alm_folder *folder)
{
	struct alm_problem problem = {.detail = "it could not be read"};
	DIR *dir = alm_folder_list(folder, ALM_OUTBOX, &problem);

	if (dir != NULL) {
		(void)closedir(dir);
	}
	alm_log_problem(ALM_IO, "outbox", problem.detail);
}

static void list(struct alm_entries *entries, const struct alm_folder *folder,
	int64_t now_ms)
{
	int misnamed = alm_entry_table_list(&entries->table, folder);
	struct alm_problem problem = {0};
	int64_t took_ms = alm_folder_now_ms() - now_ms;
	int64_t rest_ms = took_ms * RELIST_FACTOR;

	entries->list_due_ms = now_ms + took_ms + RESCAN_MS;
	entries->list_rest_ms =
		now_ms + took_ms + (rest_ms > RELIST_MS ? rest_ms : RELIST_MS);
	entries->next = SIZE_MAX;
	entries->is_changed = true;
	entries->is_full = false;
	if (misnamed < 0 && entries->misnamed >= 0) {
		tell_unread(folder);
	} else if (misnamed >= 0 && entries->misnamed < 0) {
		alm_log_note("outbox", "it can be read again");
	} else if (misnamed > 0 && misnamed != entries->misnamed) {
		(void)alm_problem_set(&problem, ALM_SIDECAR,
			"%d not sent: the name is " ALM_MISNAMED
			": --check says which",
			misnamed);
		alm_log_problem(ALM_SIDECAR, "outbox", problem.detail);
	}
	entries->misnamed = misnamed;
}

static void begin_round(struct alm_entries *entries)
{
	entries->next = 0;
	entries->is_changed = false;
	entries->due_ms = INT64_MAX;
	entries->left[0] = entries->left[1] = 0;
	alm_lanes_look(&entries->lanes);
}

static bool is_over(const struct alm_entries *entries)
{
	return entries->next >= entries->table.count;
}

static bool is_held(const struct alm_entries *entries)
{
	return entries->pause.is_on || entries->skew.is_on;
}

static bool has_room(const struct alm_work *work)
{
	return !work->entries->is_full && !is_held(work->entries) &&
	       work->entries->table.in_flight + work->batch.count <
		       work->window;
}

static void go_on(struct alm_work *work)
{
	struct alm_entries *entries = work->entries;

	while (!is_over(entries) && has_room(work) &&
		work->now_ms < work->until_ms) {
		size_t i = entries->next++;

		alm_turn_of(work, entries->table.items[i]);
		work->now_ms = alm_folder_now_ms();
	}
	alm_turn_flush(work);
	if (entries->next == entries->table.count) {
		alm_outcome_strays(entries, work->folder);
		entries->unsettled = entries->left[0];
		entries->later = entries->left[1];
	}
}

static int64_t due_again(struct alm_work *work)
{
	const struct alm_entries *entries = work->entries;
	int64_t due_ms = entries->list_due_ms > entries->list_rest_ms
				 ? entries->list_due_ms
				 : entries->list_rest_ms;

	if (entries->pause.is_on) {
		return entries->pause.due_ms;
	}
	if (!has_room(work)) {
		return due_ms; /* or when a receipt comes */
	}
	if (!is_over(entries) || entries->is_changed) {
		return work->now_ms;
	}
	return due_ms < entries->due_ms ? due_ms : entries->due_ms;
}

/** Whether they wait, all of them; for how long is due_again()'s. */
static bool is_paused(struct alm_entries *entries,
	const struct alm_folder *folder, int64_t now_ms)
{
	struct alm_pause *pause = &entries->pause;

	if (!pause->is_on || now_ms < pause->due_ms) {
		return pause->is_on;
	}
	if (alm_probe_outbox(folder, NULL) == ALM_OK) {
		alm_log_note("outbox", "it can be written again");
		pause->is_on = false;
		/* In the order of their names again. */
		entries->next = SIZE_MAX;
		entries->is_changed = true;
	}
	pause->due_ms = now_ms + ALM_PAUSE_MS;
	return pause->is_on;
}

/** Whether they wait for the clocks to agree. */
static bool is_skewed(struct alm_entries *entries, int64_t ahead_ms)
{
	if (alm_skew_see(&entries->skew, ahead_ms)) {
		/* In the order of their names. */
		entries->next = SIZE_MAX;
		entries->is_changed = true;
	}
	if (entries->skew.is_on) {
		entries->unsettled = 0;
		entries->later = entries->table.count;
	}
	return entries->skew.is_on;
}

int64_t alm_entries_work(struct alm_entries *entries,
	const struct alm_folder *folder, struct alm_client *client)
{
	int64_t now_ms = alm_folder_now_ms();
	struct alm_work work = {.entries = entries,
		.folder = folder,
		.client = client,
		.now_ms = now_ms,
		.until_ms = now_ms + WORK_MS};
	struct alm_client_status status;

	alm_client_get_status(client, &status);
	work.window = status.send_window < FLIGHT_MAX ? status.send_window
						      : FLIGHT_MAX;
	if (now_ms >= entries->list_due_ms && now_ms >= entries->list_rest_ms) {
		list(entries, folder, now_ms);
	}
	if (is_paused(entries, folder, now_ms)) {
		return entries->pause.due_ms;
	}
	if (is_skewed(entries, status.broker_ahead_ms)) {
		return now_ms + ALM_PAUSE_MS;
	}
	if (is_over(entries) &&
		(entries->is_changed || now_ms >= entries->due_ms)) {
		begin_round(entries);
	}
	if (is_over(entries)) {
		return due_again(&work);
	}
	work.batch.prepared =
		calloc(ALM_WORK_BATCH_MAX, sizeof(*work.batch.prepared));
	if (work.batch.prepared == NULL) {
		alm_log_problem(ALM_NOMEM, "outbox", "");
		return now_ms + MEMORY_MS;
	}
	go_on(&work);
	free(work.batch.prepared);
	return due_again(&work);
}

bool alm_entries_is_idle(const struct alm_entries *entries)
{
	if (is_held(entries)) {
		return entries->table.in_flight == 0;
	}
	return is_over(entries) && !entries->is_changed &&
	       entries->table.in_flight == 0 && entries->ended_count == 0 &&
	       entries->unsettled == 0;
}
