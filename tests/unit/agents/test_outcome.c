/* What becomes of an entry of the outbox when its receipt has come. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/folder/outbox.h"
#include "agents/folder/sending.h"
#include "tests/unit/agents/in_folder.h"

#define LANE 7u

static struct alm_entries entries;

static void begin(void)
{
	open_folder();
	alm_entries_init(&entries);
}

static void end(void)
{
	alm_entries_fini(&entries);
	close_folder();
}

TestSuite(outcome, .init = begin, .fini = end);

/** On its way, as the only one or the one after others. */
static struct alm_entry *fly_as(const char *name)
{
	struct alm_files files = {.count = 0};
	struct alm_prepared prepared;
	struct alm_entry *entry;
	char text[256];
	char file[32];

	snprintf(text, sizeof(text),
		"recipient: C84001\npurpose: direct-care\n"
		"categories: [discharge]\nlevel: identifiable\n"
		"subject: \"9990000018\"\npayload: %s.pdf\n",
		name);
	snprintf(file, sizeof(file), "%s.yaml", name);
	put(ALM_OUTBOX, file, text);
	snprintf(file, sizeof(file), "%s.pdf", name);
	put(ALM_OUTBOX, file, "content");
	cr_assert_eq(alm_entry_table_list(&entries.table, &folder), 0);
	entry = entries.table.items[entries.table.count - 1];
	cr_assert_str_eq(entry->name, name);
	entry->lane = LANE;
	alm_lanes_started(&entries.lanes, LANE);
	cr_assert(alm_entry_look_at(&folder, entry, &entry->files[0]));
	cr_assert_eq(
		alm_sending_prepare(&folder, name, &files, &prepared, NULL),
		ALM_OK);
	cr_assert_eq(alm_files_flush(&files, NULL), ALM_OK);
	memcpy(entry->id, prepared.id, sizeof(entry->id));
	alm_prepared_fini(&prepared);
	alm_entry_fly(&entries.table, entry);
	return entry;
}

static struct alm_entry *fly(void)
{
	return fly_as("a");
}

static void receive(const struct alm_entry *entry)
{
	struct alm_receipt_view receipt = {.basis = "", .level = ""};

	memcpy(receipt.id, entry->id, sizeof(receipt.id));
	alm_entries_receipt(&entries, &folder, &receipt);
}

static void accept(const struct alm_entry *entry)
{
	receive(entry);
	alm_entries_settle(&entries, &folder);
	cr_assert(has(ALM_RECEIPTS, "a.yaml"));
	cr_assert_eq(entries.table.in_flight, 0);
	cr_assert_eq(entries.accepted, 1);
}

Test(outcome, what_is_accepted_leaves_the_outbox)
{
	struct alm_entry *entry = fly();

	accept(entry);
	cr_assert_eq(entry->state, ALM_ENTRY_GONE);
	cr_assert_not(has(ALM_OUTBOX, "a.yaml"));
	cr_assert_not(has(ALM_OUTBOX, "a.pdf"));
}

/* A system that gives each day's letters the same names. */
Test(outcome, a_name_that_is_used_again_leaves_the_older_receipts)
{
	char names[3][64];

	for (unsigned i = 0; i < 3; i++) {
		struct alm_entry *entry = fly();
		char id[37];

		alm_id_text(entry->id, id);
		(void)snprintf(names[i], sizeof(names[i]), "a.%s.yaml", id);
		receive(entry);
		alm_entries_settle(&entries, &folder);
		cr_assert(has(ALM_RECEIPTS, "a.yaml"));
		cr_assert_not(has(ALM_RECEIPTS, names[i]));
	}
	cr_assert(has(ALM_RECEIPTS, names[0]));
	cr_assert(has(ALM_RECEIPTS, names[1]));
}

/* Put there by who takes the receipts; nobody ever writes to it. */
Test(outcome, a_pipe_in_the_place_of_a_receipt_holds_up_nothing, .timeout = 300)
{
	struct alm_entry *entry = fly();
	char path[PATH_MAX];

	alm_folder_path(&folder, ALM_RECEIPTS, "a", ".yaml", path);
	cr_assert_eq(mkfifo(path, 0600), 0);
	accept(entry);
	cr_assert_eq(entry->state, ALM_ENTRY_GONE);
}

/* Of a crash before the outbox has heard of it. */
Test(outcome, the_same_receipt_once_more_takes_the_place_of_the_first)
{
	struct alm_entry *entry = fly();
	char name[64];
	char id[37];

	alm_id_text(entry->id, id);
	(void)snprintf(name, sizeof(name), "a.%s.yaml", id);
	for (unsigned i = 0; i < 2; i++) {
		struct alm_receipt_view receipt = {.basis = "", .level = ""};

		memcpy(receipt.id, entry->id, sizeof(receipt.id));
		cr_assert_eq(alm_sending_receipt(&folder, "a", &receipt,
				     &entries.receipts, NULL),
			ALM_OK);
		cr_assert_eq(alm_files_flush(&entries.receipts, NULL), ALM_OK);
	}
	cr_assert(has(ALM_RECEIPTS, "a.yaml"));
	cr_assert_not(has(ALM_RECEIPTS, name));
}

Test(outcome, what_its_user_put_in_its_place_meanwhile_is_yet_to_be_sent)
{
	struct alm_entry *entry = fly();

	put(ALM_OUTBOX, "a.yaml", "corrected");
	accept(entry);
	cr_assert_eq(entry->state, ALM_ENTRY_SEEN);
	cr_assert(has(ALM_OUTBOX, "a.yaml"));
	cr_assert(has(ALM_OUTBOX, "a.pdf"));
	cr_assert_not(has(ALM_STATE, "a.done"));
}

/* Of a and b, whose receipts come together, a meets a folder in its way. */
static void receive_with_a_folder_at(
	enum alm_place_in_folder place, const char *end)
{
	struct alm_entry *one = fly_as("a");
	struct alm_entry *two = fly_as("b");
	char path[PATH_MAX];

	alm_folder_path(&folder, place, "a", end, path);
	cr_assert_eq(mkdir(path, 0700), 0);
	receive(one);
	receive(two);
	alm_entries_settle(&entries, &folder);
	cr_assert_eq(one->state, ALM_ENTRY_LATER);
	cr_assert_eq(two->state, ALM_ENTRY_GONE);
}

Test(outcome, what_cannot_leave_the_outbox_holds_up_no_other)
{
	receive_with_a_folder_at(ALM_STATE, ".done");
	cr_assert(has(ALM_OUTBOX, "a.pdf"));
	cr_assert_not(has(ALM_OUTBOX, "b.pdf"));
	cr_assert_not(has(ALM_STATE, "b.id"));
	cr_assert_not(entries.pause.is_on);
}

Test(outcome, a_folder_in_the_place_of_a_receipt_holds_up_no_other)
{
	receive_with_a_folder_at(ALM_RECEIPTS, ".yaml");
	cr_assert(has(ALM_OUTBOX, "a.yaml"));
	cr_assert(has(ALM_RECEIPTS, "b.yaml"));
}

Test(outcome, where_nothing_can_be_written_all_wait_in_their_order)
{
	struct alm_entry *one = fly_as("a");
	struct alm_entry *two = fly_as("b");
	char path[PATH_MAX];

	alm_folder_path(&folder, ALM_RECEIPTS, "", "", path);
	cr_assert_eq(rmdir(path), 0);
	receive(one);
	receive(two);
	alm_entries_settle(&entries, &folder);
	cr_assert(entries.pause.is_on);
	cr_assert_eq(one->state, ALM_ENTRY_SEEN);
	cr_assert_eq(two->state, ALM_ENTRY_SEEN);
	cr_assert_eq(one->tries + two->tries, 0, "one waits longer");
	cr_assert(alm_entries_is_idle(&entries));
	cr_assert_eq(entries.later, 2);
}

/* Of the same hand-over; its end comes after the refusal. */
Test(outcome, what_was_accepted_before_a_refusal_does_not_end_the_wait)
{
	struct alm_entry *one = fly_as("a");
	struct alm_entry *two = fly_as("b");
	struct alm_receipt_view full = {.code = ALM_MAILBOX_FULL,
		.is_retryable = true,
		.retry_after_ms = 1000,
		.basis = "",
		.level = ""};

	memcpy(full.id, two->id, sizeof(full.id));
	receive(one);
	alm_entries_receipt(&entries, &folder, &full);
	alm_entries_settle(&entries, &folder);
	cr_assert_eq(one->state, ALM_ENTRY_GONE);
	cr_assert_eq(two->state, ALM_ENTRY_ROOM);
	cr_assert_eq(entries.lanes.items[LANE].allowed, 1);
	cr_assert_eq(entries.lanes.items[LANE].in_flight, 0);
	cr_assert_gt(entries.lanes.items[LANE].due_ms, 0);
}

static void refuse_for_its_time(const struct alm_entry *entry)
{
	struct alm_receipt_view receipt = {.code = ALM_CLOCK_SKEW,
		.name = "clock-skew",
		.sentence = "",
		.hint = "",
		.detail = "",
		.nearest = ""};

	memcpy(receipt.id, entry->id, sizeof(receipt.id));
	alm_entries_receipt(&entries, &folder, &receipt);
	cr_assert_eq(entries.refused, entry->state == ALM_ENTRY_GONE);
}

Test(outcome, refused_because_the_clocks_differ_all_wait)
{
	struct alm_entry *entry = fly();

	entries.skew.ahead_ms = 3600 * 1000;
	refuse_for_its_time(entry);
	cr_assert(entries.skew.is_on);
	cr_assert_eq(entry->state, ALM_ENTRY_SEEN);
	cr_assert(has(ALM_STATE, "a.id"), "it may have been accepted before");
	cr_assert(has(ALM_OUTBOX, "a.yaml"));
	cr_assert(alm_entries_is_idle(&entries));
}

/* Its id would not go for as long as the clock was ahead. */
Test(outcome, refused_for_an_id_of_a_clock_that_was_ahead_it_gets_another)
{
	struct alm_entry *entry = fly();

	entry->id[1] = (uint8_t)(entry->id[1] + 1); /* 35 years */
	refuse_for_its_time(entry);
	cr_assert_not(entries.skew.is_on);
	cr_assert_eq(entry->state, ALM_ENTRY_LATER);
	cr_assert_not(has(ALM_STATE, "a.id"));
	cr_assert(has(ALM_OUTBOX, "a.yaml"));
}

Test(outcome, refused_for_its_time_without_a_cause_here_it_is_tried_later)
{
	struct alm_entry *entry = fly();

	refuse_for_its_time(entry);
	cr_assert_not(entries.skew.is_on);
	cr_assert_eq(entry->state, ALM_ENTRY_LATER);
	cr_assert(has(ALM_STATE, "a.id"));
}
