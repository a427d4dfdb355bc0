/*
 * Goal: a folder agent whose folders fail it, or are others than they were,
 * says so and goes on where it was once they are there again.
 */
#include "tests/support/folders.h"

TestSuite(agents_folder_trouble, .init = open_all, .fini = close_all,
	.timeout = 1800);

/* As a full disk: it is not asked for in vain, and comes once it can. */
Test(agents_folder_trouble, mail_waits_while_it_cannot_be_written)
{
	char inbox[2 * PATH_MAX];
	pid_t from = start_agent(0);
	pid_t to;

	snprintf(inbox, sizeof(inbox), "%s/inbox", folders[1]);
	to = start_agent(1);
	wait_for_files(1, "state", "", 4); /* the last that it makes */
	cr_assert_eq(rmdir(inbox), 0);
	put_message(1);
	wait_for_files(0, "receipts", ".yaml", 1);
	while (test_broker_figure(&broker, "delivered") == 0) {
		(void)poll(NULL, 0, 20);
	}
	cr_assert_eq(mkdir(inbox, 0700), 0);
	wait_for_files(1, "inbox", ".yaml", 1);
	cr_assert_eq(count_files(1, "inbox", ""), 4, "the probe is left");
	cr_assert_eq(end_agent(to, SIGTERM), 0);
	cr_assert_eq(end_agent(from, SIGTERM), 0);
}
