/* What becomes of an entry of the outbox when its receipt has come. */
#include <criterion/criterion.h>

#include "agents/folder/outbox.h"
#include "agents/folder/sending.h"
#include "tests/unit/agents/in_folder.h"

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

/** On its way. */
static struct alm_entry *fly(void)
{
	struct alm_files files = {.count = 0};
	struct alm_prepared prepared;
	struct alm_entry *entry;

	put(ALM_OUTBOX, "a.yaml",
		"recipient: C84001\npurpose: direct-care\n"
		"categories: [discharge]\nlevel: identifiable\n"
		"subject: \"9990000018\"\npayload: a.pdf\n");
	put(ALM_OUTBOX, "a.pdf", "content");
	cr_assert_eq(alm_entry_table_list(&entries.table, &folder), 0);
	cr_assert_eq(entries.table.count, 1);
	entry = entries.table.items[0];
	cr_assert(alm_entry_look_at(&folder, entry, &entry->files[0]));
	cr_assert_eq(alm_sending_prepare(&folder, "a", &files, &prepared, NULL),
		ALM_OK);
	cr_assert_eq(alm_files_flush(&files, NULL), ALM_OK);
	memcpy(entry->id, prepared.id, sizeof(entry->id));
	alm_prepared_fini(&prepared);
	alm_entry_fly(&entries.table, entry);
	return entry;
}

static void accept(const struct alm_entry *entry)
{
	struct alm_receipt_view receipt = {.basis = "", .level = ""};

	memcpy(receipt.id, entry->id, sizeof(receipt.id));
	alm_entries_receipt(&entries, &folder, &receipt);
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
