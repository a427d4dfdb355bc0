/* Entries of the outbox over simulated crashes: each test makes the files that
 * a crash at that point leaves, and goes on from there. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/folder/ending.h"
#include "agents/folder/sending.h"
#include "lib/file.h"
#include "lib/limits.h"
#include "tests/unit/agents/in_folder.h"

static const char sidecar[] = "recipient: C84001\n"
			      "purpose: direct-care\n"
			      "categories: [discharge]\n"
			      "level: identifiable\n"
			      "subject: \"9990000018\"\n"
			      "payload: a.pdf\n"
			      "expires: 2h\n";

TestSuite(folder, .init = open_folder, .fini = close_folder);

static void prepare(uint8_t out_id[16])
{
	struct alm_files files = {.count = 0};
	struct alm_prepared prepared;
	struct alm_problem problem = {.detail = ""};

	cr_assert_eq(
		alm_sending_prepare(&folder, "a", &files, &prepared, &problem),
		ALM_OK, "%s", problem.detail);
	cr_assert_eq(alm_files_flush(&files, NULL), ALM_OK);
	memcpy(out_id, prepared.id, 16);
	cr_assert_str_eq(prepared.sidecar.outgoing.recipient, "C84001");
	cr_assert_eq(prepared.payload_bytes, 7);
	alm_prepared_fini(&prepared);
}

/* An entry, as its user puts it there, and what the agent makes of it. */
static void put_prepared(uint8_t out_id[16])
{
	put(ALM_OUTBOX, "a.yaml", sidecar);
	put(ALM_OUTBOX, "a.pdf", "content");
	prepare(out_id);
}

static struct alm_receipt_view receipt_of(const uint8_t id[16], int code)
{
	struct alm_receipt_view receipt = {.code = code,
		.name = "n",
		.sentence = "s",
		.hint = "h",
		.detail = "",
		.nearest = "",
		.basis = "",
		.level = ""};

	memcpy(receipt.id, id, 16);
	return receipt;
}

static void refuse(const struct alm_receipt_view *receipt)
{
	const struct alm_refusal refusal = {.receipt = receipt};
	char shelf[ALM_SHELF_BYTES];

	cr_assert_eq(alm_sending_refused(&folder, "a", &refusal, shelf, NULL),
		ALM_OK);
	cr_assert_str_eq(shelf, "", "nothing lies in its way");
}

Test(folder, a_message_keeps_its_id_over_a_crash_until_it_changes)
{
	uint8_t first[16];
	uint8_t again[16];

	put_prepared(first);
	cr_assert(has(ALM_STATE, "a.id"));
	prepare(again);
	cr_assert_eq(memcmp(first, again, 16), 0);
	put(ALM_OUTBOX, "a.pdf", "changed");
	prepare(again);
	cr_assert_neq(memcmp(first, again, 16), 0);
}

Test(folder, an_accepted_message_leaves_a_receipt_and_nothing_else)
{
	struct alm_ending ending = {.name = "a"};
	struct alm_files files = {.count = 0};
	uint8_t id[16];
	struct alm_receipt_view receipt;

	put_prepared(id);
	receipt = receipt_of(id, 0);
	cr_assert_eq(alm_sending_receipt(&folder, "a", &receipt, &files, NULL),
		ALM_OK);
	cr_assert_not(has(ALM_RECEIPTS, "a.yaml"));
	cr_assert_eq(alm_files_flush(&files, NULL), ALM_OK);
	cr_assert_eq(alm_sending_accepted(&folder, &ending, 1, NULL), ALM_OK);
	cr_assert(has(ALM_RECEIPTS, "a.yaml"));
	cr_assert_not(has(ALM_OUTBOX, "a.yaml"));
	cr_assert_not(has(ALM_OUTBOX, "a.pdf"));
	cr_assert_not(has(ALM_STATE, "a.id"));
	cr_assert_not(has(ALM_STATE, "a.done"));
}

Test(folder, an_accepted_payload_stays_if_its_user_took_the_sidecar_back)
{
	struct alm_ending ending = {.name = "a"};
	uint8_t id[16];

	put_prepared(id);
	cr_assert_eq(alm_folder_remove(&folder, ALM_OUTBOX, "a", ".yaml", NULL),
		ALM_OK);
	cr_assert_eq(alm_sending_accepted(&folder, &ending, 1, NULL), ALM_OK);
	cr_assert(has(ALM_REFUSED, "a.pdf"));
	cr_assert_not(has(ALM_STATE, "a.id"));
}

Test(folder, the_end_of_an_earlier_entry_deletes_nothing_of_a_later_one)
{
	uint8_t id[16];
	struct alm_receipt_view receipt;

	put(ALM_STATE, "a.done", "which a crash brought back");
	put_prepared(id);
	receipt = receipt_of(id, 4501);
	refuse(&receipt);
	cr_assert(has(ALM_REFUSED, "a.pdf"));
}

Test(folder, tidies_a_payload_that_a_crash_left_after_acceptance)
{
	uint8_t id[16];

	put_prepared(id);
	cr_assert_eq(alm_folder_move(&folder, ALM_OUTBOX, "a.yaml", ALM_STATE,
			     "a.done", NULL),
		ALM_OK);
	cr_assert_eq(alm_sending_tidy(&folder, NULL), ALM_OK);
	cr_assert_not(has(ALM_OUTBOX, "a.pdf"));
	cr_assert_not(has(ALM_STATE, "a.id"));
	cr_assert_not(has(ALM_STATE, "a.done"));
}

Test(folder, does_not_tidy_a_payload_that_is_another_by_now)
{
	uint8_t id[16];

	put_prepared(id);
	cr_assert_eq(alm_folder_move(&folder, ALM_OUTBOX, "a.yaml", ALM_STATE,
			     "a.done", NULL),
		ALM_OK);
	put(ALM_OUTBOX, "a.pdf", "of the next message");
	cr_assert_eq(alm_sending_tidy(&folder, NULL), ALM_OK);
	cr_assert(has(ALM_OUTBOX, "a.pdf"));
}

Test(folder, a_refused_message_moves_with_its_payload)
{
	uint8_t id[16];
	struct alm_receipt_view receipt;

	put_prepared(id);
	receipt = receipt_of(id, 4501);
	refuse(&receipt);
	cr_assert(has(ALM_REFUSED, "a.yaml"));
	cr_assert(has(ALM_REFUSED, "a.pdf"));
	cr_assert(has(ALM_REFUSED, "a.refusal.yaml"));
	cr_assert_not(has(ALM_OUTBOX, "a.pdf"));
	cr_assert_not(has(ALM_STATE, "a.id"));
}

Test(folder, what_is_called_like_an_entry_goes_with_it)
{
	char names[][4] = {"c", "a"};
	struct alm_stray both[] = {{.name = names[0]}, {.name = names[1]}};

	put(ALM_OUTBOX, "a.pdf", "");
	put(ALM_OUTBOX, "a.b.pdf", "");
	put(ALM_OUTBOX, "b.pdf", "");
	put(ALM_OUTBOX, "c.pdf", "");
	put(ALM_OUTBOX, "c.yaml", "put back by its user");
	alm_sending_siblings(&folder, both, 2);
	cr_assert(has(ALM_REFUSED, "a.pdf"));
	cr_assert(has(ALM_OUTBOX, "a.b.pdf"));
	cr_assert(has(ALM_OUTBOX, "b.pdf"));
	cr_assert(has(ALM_OUTBOX, "c.pdf"));
}

/* Moved away, say, or mounted over. */
Test(folder, one_that_is_put_in_its_place_is_locked_too)
{
	struct alm_folder first;
	struct alm_folder second;
	char path[PATH_MAX];
	char away[PATH_MAX];

	snprintf(path, sizeof(path), "%s/one", root);
	snprintf(away, sizeof(away), "%s/away", root);
	cr_assert_eq(alm_folder_open(path, &first, NULL), ALM_OK);
	cr_expect_eq(alm_folder_hold(&first, NULL), ALM_OK);
	cr_assert_eq(rename(path, away), 0);
	cr_expect_eq(alm_folder_hold(&first, NULL), ALM_NOT_FOUND);
	cr_assert_eq(alm_folder_open(path, &second, NULL), ALM_OK);
	cr_expect_eq(alm_folder_hold(&first, NULL), ALM_SUPERSEDED);
	alm_folder_close(&second);
	cr_expect_eq(alm_folder_hold(&first, NULL), ALM_OK);
	cr_expect_eq(alm_folder_open(path, &second, NULL), ALM_SUPERSEDED);
	alm_folder_close(&first);
}

Test(folder, a_payload_that_is_too_large_is_told_what_there_is_room_for)
{
	struct alm_files files = {.count = 0};
	struct alm_prepared prepared;
	struct alm_problem problem = {.detail = ""};
	char path[PATH_MAX];

	put(ALM_OUTBOX, "a.yaml", sidecar);
	put(ALM_OUTBOX, "a.pdf", "");
	alm_folder_path(&folder, ALM_OUTBOX, "a.pdf", "", path);
	cr_assert_eq(truncate(path, (off_t)ALM_PARTS_PAYLOAD_BYTES_MAX + 1), 0);
	cr_assert_eq(
		alm_sending_prepare(&folder, "a", &files, &prepared, &problem),
		ALM_PAYLOAD_TOO_LARGE);
	cr_expect_str_eq(problem.detail, "a.pdf: larger than 1024 MiB");
}

/* Neither takes the other's id, nor its payload with it. */
Test(folder, a_description_and_an_envelope_of_one_name_are_two_entries)
{
	struct alm_ending ending = {.name = "a"};
	struct alm_files files = {.count = 0};
	struct alm_prepared prepared;
	uint8_t first[16];
	uint8_t again[16];

	put(ALM_OUTBOX, "a.yaml", sidecar);
	put(ALM_OUTBOX, "a.pdf", "content");
	put(ALM_OUTBOX, "a.envelope", "a serialised message");
	put(ALM_OUTBOX, "a.payload", "its own");
	prepare(first);
	cr_assert_eq(alm_sending_prepare(
			     &folder, "a.envelope", &files, &prepared, NULL),
		ALM_OK);
	cr_assert_eq(prepared.payload_bytes, strlen("its own"));
	alm_prepared_fini(&prepared);
	cr_assert_eq(alm_files_flush(&files, NULL), ALM_OK);
	prepare(again);
	cr_assert_eq(memcmp(first, again, 16), 0);
	cr_assert_eq(alm_sending_accepted(&folder, &ending, 1, NULL), ALM_OK);
	cr_assert_not(has(ALM_OUTBOX, "a.yaml"));
	cr_assert_not(has(ALM_OUTBOX, "a.pdf"));
	cr_assert(has(ALM_OUTBOX, "a.envelope"));
	cr_assert(has(ALM_OUTBOX, "a.payload"));
	cr_assert_eq(alm_sending_tidy(&folder, NULL), ALM_OK);
	cr_assert(has(ALM_STATE, "a.envelope.id"));
	cr_assert(has(ALM_OUTBOX, "a.payload"));
}

Test(folder, finishes_a_refusal_that_a_crash_cut_off)
{
	uint8_t id[16];

	put_prepared(id);
	cr_assert_eq(alm_folder_move(&folder, ALM_OUTBOX, "a.yaml", ALM_REFUSED,
			     "a.yaml", NULL),
		ALM_OK);
	cr_assert_eq(alm_sending_tidy(&folder, NULL), ALM_OK);
	cr_assert(has(ALM_REFUSED, "a.pdf"));
	cr_assert_not(has(ALM_STATE, "a.id"));
}

static enum alm_err prepared_as(struct alm_problem *problem)
{
	struct alm_files files = {.count = 0};
	struct alm_prepared prepared;
	enum alm_err err =
		alm_sending_prepare(&folder, "a", &files, &prepared, problem);

	alm_files_drop(&files);
	if (err == ALM_OK) {
		alm_prepared_fini(&prepared);
	}
	return err;
}

/* Whoever may fill the outbox has not what the agent alone may read. */
Test(folder, sends_no_link_no_folder_and_no_pipe)
{
	struct alm_problem problem = {.detail = ""};
	char secret[PATH_MAX];
	char link[PATH_MAX];

	put(ALM_STATE, "secret", "the agent's own");
	put(ALM_OUTBOX, "a.yaml", sidecar);
	alm_folder_path(&folder, ALM_STATE, "secret", "", secret);
	alm_folder_path(&folder, ALM_OUTBOX, "a.pdf", "", link);
	cr_assert_eq(symlink(secret, link), 0);
	cr_assert_eq(prepared_as(&problem), ALM_SIDECAR);
	cr_assert_eq(truncate(secret, 2 * ALM_PAYLOAD_BYTES_MAX), 0);
	cr_assert_eq(prepared_as(&problem), ALM_SIDECAR, "a large one");
	cr_assert_eq(unlink(link), 0);
	cr_assert_eq(mkfifo(link, 0600), 0);
	cr_assert_eq(prepared_as(&problem), ALM_SIDECAR);
	cr_assert_eq(unlink(link), 0);
	cr_assert_eq(mkdir(link, 0700), 0);
	cr_assert_eq(prepared_as(&problem), ALM_SIDECAR);
	cr_assert_eq(rmdir(link), 0);
	put(ALM_OUTBOX, "a.pdf", "content");
	cr_assert_eq(prepared_as(&problem), ALM_OK, "%s", problem.detail);
	cr_assert_eq(truncate(link, 2 * ALM_PAYLOAD_BYTES_MAX), 0);
	cr_assert_eq(prepared_as(&problem), ALM_OK, "%s", problem.detail);
}

Test(folder, a_second_agent_may_not_work_on_it)
{
	struct alm_folder second;

	cr_assert_eq(alm_folder_open(root, &second, NULL), ALM_SUPERSEDED);
}

Test(folder, sweeps_what_was_half_written_and_nothing_of_its_users)
{
	put(ALM_INBOX, "x.payload.aB3dE6", "");
	put(ALM_INBOX, "x.payload", "");
	put(ALM_REFUSED, "x.tar.backup", "");
	put(ALM_REFUSED, "x.refusal.yaml.aB3dE6", "");
	put(ALM_OUTBOX, "x.yaml.aB3dE6", "");
	put(ALM_STATE, "x.id.aB3dE6", "");
	put(ALM_STATE, "x.id", "");
	alm_folder_sweep(&folder);
	cr_assert_not(has(ALM_INBOX, "x.payload.aB3dE6"));
	cr_assert(has(ALM_INBOX, "x.payload"));
	cr_assert(has(ALM_REFUSED, "x.tar.backup"));
	cr_assert_not(has(ALM_REFUSED, "x.refusal.yaml.aB3dE6"));
	cr_assert(has(ALM_OUTBOX, "x.yaml.aB3dE6"));
	cr_assert_not(has(ALM_STATE, "x.id.aB3dE6"));
	cr_assert(has(ALM_STATE, "x.id"));
}

Test(folder, names_that_leave_the_folder_are_no_names)
{
	cr_assert_not(alm_folder_name_is_valid("../x"));
	cr_assert_not(alm_folder_name_is_valid(".."));
	cr_assert_not(alm_folder_name_is_valid(".hidden"));
	cr_assert_not(alm_folder_name_is_valid(""));
	cr_assert(alm_folder_name_is_valid("a b.pdf"));
}

/* --- taking --------------------------------------------------------------- */

Test(folder, makes_itself_too)
{
	char path[PATH_MAX];
	struct alm_folder made;
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/mail", root);
	cr_assert_eq(alm_folder_open(path, &made, NULL), ALM_OK);
	alm_folder_close(&made);
	(void)snprintf(path, sizeof(path), "%s/mail/outbox", root);
	cr_assert_eq(stat(path, &st), 0);
}
