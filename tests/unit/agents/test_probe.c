/* Whether the folders take what is written into them. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/folder/probe.h"
#include "tests/unit/agents/in_folder.h"

TestSuite(probe, .init = open_folder, .fini = close_folder);

static void expect_none_left(void)
{
	for (unsigned i = ALM_OUTBOX; i <= ALM_TAKEN; i++) {
		cr_assert_not(
			has((enum alm_place_in_folder)i, ALM_FOLDER_PROBE));
	}
}

/** In its place there is nothing, and then it is there again. */
static void expect_missed(enum alm_place_in_folder place,
	enum alm_err (*probe)(const struct alm_folder *, struct alm_problem *))
{
	struct alm_problem problem = {.detail = ""};
	char path[PATH_MAX];
	char aside[PATH_MAX + 8];

	alm_folder_path(&folder, place, "", "", path);
	snprintf(aside, sizeof(aside), "%s.aside", path);
	cr_assert_eq(rename(path, aside), 0);
	cr_assert_eq(probe(&folder, &problem), ALM_NOT_FOUND);
	cr_assert_neq(problem.detail[0], '\0');
	cr_assert_eq(rename(aside, path), 0);
	expect_none_left();
	cr_assert_eq(probe(&folder, NULL), ALM_OK);
	expect_none_left();
}

Test(probe, mail_goes_through_state_into_the_inbox)
{
	expect_missed(ALM_TAKEN, alm_probe_inbox);
	expect_missed(ALM_INBOX, alm_probe_inbox);
}

Test(probe, an_entry_goes_through_all_but_the_inbox)
{
	expect_missed(ALM_OUTBOX, alm_probe_outbox);
	expect_missed(ALM_RECEIPTS, alm_probe_outbox);
	expect_missed(ALM_REFUSED, alm_probe_outbox);
	expect_missed(ALM_STATE, alm_probe_outbox);
}

Test(probe, what_a_crash_leaves_of_it_is_swept)
{
	put(ALM_OUTBOX, ALM_FOLDER_PROBE, "");
	put(ALM_TAKEN, ALM_FOLDER_PROBE, "");
	alm_folder_sweep(&folder);
	expect_none_left();
}
