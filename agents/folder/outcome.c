#include "agents/folder/outcome.h"

#include <stdlib.h>
#include <string.h>

#include "agents/folder/log.h"
#include "agents/folder/probe.h"

#define LATER_MS_MIN 5000
#define LATER_MS_MAX 600000
#define DOUBLINGS_MAX 7u

void alm_outcome_drop(struct alm_entries *entries)
{
	for (size_t i = 0; i < entries->stray_count; i++) {
		free(entries->strays[i].name);
	}
	entries->stray_count = 0;
}

void alm_outcome_land(struct alm_entries *entries, struct alm_entry *entry,
	enum alm_entry_state state, bool is_accepted)
{
	if (entry->state == ALM_ENTRY_IN_FLIGHT && !entry->is_answered) {
		alm_lanes_ended(&entries->lanes, entry->lane, is_accepted);
	}
	alm_entry_land(&entries->table, entry, state);
	entries->is_changed = true;
}

/** `least_ms`: what the broker asked for, if it did. */
void alm_outcome_later(
	struct alm_entries *entries, struct alm_entry *entry, uint32_t least_ms)
{
	unsigned shift =
		entry->tries < DOUBLINGS_MAX ? entry->tries : DOUBLINGS_MAX;
	int64_t wait_ms = (int64_t)LATER_MS_MIN << shift;

	wait_ms = wait_ms < least_ms ? least_ms : wait_ms;
	alm_outcome_land(entries, entry, ALM_ENTRY_LATER, false);
	entry->tries++;
	entry->due_ms = alm_folder_now_ms() +
			(wait_ms < LATER_MS_MAX ? wait_ms : LATER_MS_MAX);
}

static void pause_all(struct alm_entries *entries, const char *why)
{
	struct alm_problem problem = {0};

	(void)alm_problem_set(&problem, ALM_IO,
		"%s: nothing is sent until that is mended", why);
	alm_log_problem(ALM_IO, "outbox", problem.detail);
	entries->pause.is_on = true;
	entries->pause.due_ms = alm_folder_now_ms() + ALM_PAUSE_MS;
	entries->unsettled = 0;
	entries->later = entries->table.count;
}

void alm_outcome_failed(struct alm_entries *entries,
	const struct alm_folder *folder, struct alm_entry *entry,
	enum alm_err err, const char *detail)
{
	struct alm_problem problem = {0};

	if (!entries->pause.is_on &&
		alm_probe_outbox(folder, &problem) != ALM_OK) {
		pause_all(entries, problem.detail);
	}
	if (entries->pause.is_on) {
		alm_outcome_land(entries, entry, ALM_ENTRY_SEEN, false);
		return;
	}
	alm_log_problem(err, entry->name, detail);
	alm_outcome_later(entries, entry, 0);
}

/** Behind who waits for the same room. */
static void await_room(struct alm_entries *entries, struct alm_entry *entry,
	const struct alm_receipt_view *receipt)
{
	uint32_t lane = receipt->code == (int)ALM_STORE_FULL
				? ALM_LANE_OF_BROKER
				: entry->lane;

	if (lane == ALM_LANE_NONE) {
		alm_outcome_later(entries, entry, receipt->retry_after_ms);
		return;
	}
	alm_outcome_land(entries, entry, ALM_ENTRY_ROOM, false);
	entry->room = lane;
	alm_lanes_refused(&entries->lanes, lane, receipt->retry_after_ms,
		alm_folder_now_ms());
}

void alm_outcome_strays(
	struct alm_entries *entries, const struct alm_folder *folder)
{
	if (entries->stray_count > 0) {
		alm_sending_siblings(
			folder, entries->strays, entries->stray_count);
		alm_outcome_drop(entries);
	}
}

static void add_stray(struct alm_entries *entries,
	const struct alm_folder *folder, const struct alm_entry *entry,
	const char *shelf)
{
	struct alm_stray *stray;
	char *name;

	if (entries->stray_count == ALM_STRAYS_MAX) {
		alm_outcome_strays(entries, folder);
	}
	name = strndup(entry->name, alm_folder_stem_bytes(entry->name));
	if (name != NULL) {
		stray = &entries->strays[entries->stray_count++];
		stray->name = name;
		(void)snprintf(stray->shelf, sizeof(stray->shelf), "%s", shelf);
	}
}

void alm_outcome_refused(struct alm_entries *entries,
	const struct alm_folder *folder, struct alm_entry *entry,
	const struct alm_receipt_view *receipt, const struct alm_problem *own)
{
	const struct alm_refusal refusal = {.receipt = receipt, .own = own};
	bool is_stray = (own == NULL || own->err != ALM_PAYLOAD_SHARED) &&
			!alm_folder_has(folder, ALM_STATE, entry->name, ".id");
	char shelf[ALM_SHELF_BYTES];
	struct alm_problem problem = {0};
	enum alm_err err = alm_sending_refused(
		folder, entry->name, &refusal, shelf, &problem);

	if (err != ALM_OK) {
		alm_outcome_failed(entries, folder, entry, err, problem.detail);
		return;
	}
	if (is_stray) {
		add_stray(entries, folder, entry, shelf);
	}
	alm_log_problem(
		receipt == NULL ? own->err : (enum alm_err)receipt->code,
		entry->name, receipt == NULL ? own->detail : receipt->detail);
	entries->refused++;
	alm_outcome_land(entries, entry, ALM_ENTRY_GONE, false);
}

/** Its user has put another in its place: that is not sent yet. */
static bool is_replaced(
	const struct alm_folder *folder, const struct alm_entry *entry)
{
	struct alm_file_look now;

	return alm_entry_look_at(folder, entry, &now) &&
	       !alm_file_look_is_same(&now, &entry->files[0]);
}

/** Gives the state of each that it comes to; IN_FLIGHT: it cannot be moved. */
static enum alm_err end_unless_replaced(const struct alm_entries *entries,
	const struct alm_folder *folder,
	enum alm_entry_state states[ALM_ENDINGS_MAX],
	struct alm_problem *problem)
{
	struct alm_ending endings[ALM_ENDINGS_MAX];
	size_t places[ALM_ENDINGS_MAX];
	size_t count = 0;
	enum alm_err err;

	for (size_t i = 0; i < entries->ended_count; i++) {
		const struct alm_entry *entry = entries->ended[i];

		states[i] = ALM_ENTRY_SEEN;
		if (!is_replaced(folder, entry)) {
			states[i] = ALM_ENTRY_GONE;
			places[count] = i;
			endings[count++] =
				(struct alm_ending){.name = entry->name};
		}
	}
	err = alm_sending_accepted(folder, endings, count, problem);
	for (size_t i = 0; i < count; i++) {
		if (endings[i].is_left) {
			states[places[i]] = ALM_ENTRY_IN_FLIGHT;
		}
	}
	return err;
}

void alm_entries_settle(
	struct alm_entries *entries, const struct alm_folder *folder)
{
	enum alm_entry_state states[ALM_ENDINGS_MAX] = {ALM_ENTRY_SEEN};
	struct alm_problem problem = {0};
	enum alm_err err;

	if (entries->ended_count == 0) {
		return;
	}
	err = alm_files_flush(&entries->receipts, &problem);
	if (err == ALM_OK) {
		err = end_unless_replaced(entries, folder, states, &problem);
	}
	for (size_t i = 0; i < entries->ended_count; i++) {
		struct alm_entry *entry = entries->ended[i];

		/* Sent again under the same id, it gets the same receipt. */
		if (err != ALM_OK) {
			alm_outcome_failed(
				entries, folder, entry, err, problem.detail);
		} else if (states[i] == ALM_ENTRY_IN_FLIGHT) {
			alm_outcome_failed(entries, folder, entry, ALM_IO,
				"accepted, and cannot be moved out of the "
				"outbox");
		} else {
			entries->accepted++;
			alm_outcome_land(entries, entry, states[i], true);
		}
	}
	entries->ended_count = 0;
}

static void accept(struct alm_entries *entries, const struct alm_folder *folder,
	struct alm_entry *entry, const struct alm_receipt_view *receipt)
{
	struct alm_problem problem = {0};
	enum alm_err err = alm_sending_receipt(
		folder, entry->name, receipt, &entries->receipts, &problem);

	/* Now, and not when it ends: a refusal that comes behind it would seem
	 * to be over. */
	alm_lanes_ended(&entries->lanes, entry->lane, true);
	entry->is_answered = true;
	if (err != ALM_OK) {
		alm_outcome_failed(entries, folder, entry, err, problem.detail);
		return;
	}
	entries->ended[entries->ended_count++] = entry;
	if (entries->ended_count == ALM_ENDINGS_MAX) {
		alm_entries_settle(entries, folder);
	}
}

/** Refused for its time.  Once the clocks agree it goes as it is; but not
 * under an id of a clock that was ahead, which would not go for so long. */
static void await_clock(struct alm_entries *entries,
	const struct alm_folder *folder, struct alm_entry *entry,
	const struct alm_receipt_view *receipt)
{
	struct alm_problem problem = {0};

	if (alm_skew_refused(&entries->skew)) {
		alm_outcome_land(entries, entry, ALM_ENTRY_SEEN, false);
		return;
	}
	if (alm_skew_is_ahead(
		    &entries->skew, entry->id, alm_folder_wall_ms())) {
		if (alm_folder_is_encoded(entry->name)) {
			alm_outcome_refused(
				entries, folder, entry, receipt, NULL);
			return;
		}
		if (alm_folder_remove(folder, ALM_STATE, entry->name, ".id",
			    &problem) != ALM_OK) {
			alm_outcome_failed(
				entries, folder, entry, ALM_IO, problem.detail);
			return;
		}
	}
	alm_log_problem(ALM_CLOCK_SKEW, entry->name, "it is tried again later");
	alm_outcome_later(entries, entry, 0);
}

static void retry(struct alm_entries *entries, struct alm_entry *entry,
	const struct alm_receipt_view *receipt)
{
	alm_log_problem((enum alm_err)receipt->code, entry->name,
		"it is tried again later");
	if (receipt->retry_after_ms > 0) {
		await_room(entries, entry, receipt);
	} else {
		alm_outcome_later(entries, entry, 0);
	}
}

void alm_entries_receipt(struct alm_entries *entries,
	const struct alm_folder *folder, const struct alm_receipt_view *receipt)
{
	struct alm_entry *entry = alm_entry_find(&entries->table, receipt->id);

	entries->is_full = false;
	if (entry == NULL) {
		return;
	}
	if (receipt->code == 0) {
		accept(entries, folder, entry, receipt);
	} else if (receipt->code == (int)ALM_CLOCK_SKEW) {
		await_clock(entries, folder, entry, receipt);
	} else if (!receipt->is_retryable) {
		alm_outcome_refused(entries, folder, entry, receipt, NULL);
	} else {
		retry(entries, entry, receipt);
	}
}
