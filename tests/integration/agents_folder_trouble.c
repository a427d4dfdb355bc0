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

/** Whether inotify tells the process of changes of that folder. */
static bool is_watched(pid_t pid, const char *folder)
{
	char path[2 * PATH_MAX];
	char line[512];
	char wanted[64];
	struct stat info;
	bool is_found = false;

	cr_assert_eq(stat(folder, &info), 0);
	snprintf(wanted, sizeof(wanted), " ino:%llx ",
		(unsigned long long)info.st_ino);
	for (int fd = 0; fd < 64 && !is_found; fd++) {
		FILE *file;

		snprintf(
			path, sizeof(path), "/proc/%d/fdinfo/%d", (int)pid, fd);
		file = fopen(path, "r");
		while (file != NULL &&
			fgets(line, sizeof(line), file) != NULL) {
			is_found |= strncmp(line, "inotify", 7) == 0 &&
				    strstr(line, wanted) != NULL;
		}
		if (file != NULL) {
			(void)fclose(file);
		}
	}
	return is_found;
}

static void wait_until_watched(pid_t pid, const char *folder)
{
	time_t until = time(NULL) + WAIT_S;

	while (!is_watched(pid, folder)) {
		cr_assert_lt(time(NULL), until);
		(void)poll(NULL, 0, 20);
	}
}

Test(agents_folder_trouble, an_outbox_that_is_made_anew_is_watched_too)
{
	char outbox[2 * PATH_MAX];
	char another[2 * PATH_MAX];
	pid_t from = start_agent(0);

	snprintf(outbox, sizeof(outbox), "%s/outbox", folders[0]);
	snprintf(another, sizeof(another), "%s/another", folders[0]);
	wait_until_watched(from, outbox);
	cr_assert_eq(mkdir(another, 0700), 0);
	cr_assert_eq(rename(another, outbox), 0);
	wait_until_watched(from, outbox);
	put_message(0);
	wait_for_files(0, "receipts", ".yaml", 1);
	cr_assert_eq(end_agent(from, SIGTERM), 0);
}

/* It is accepted, and then there is no room for its receipt. */
Test(agents_folder_trouble, the_outbox_waits_while_nothing_can_be_written)
{
	char receipts[2 * PATH_MAX];
	pid_t from = start_agent(0);

	snprintf(receipts, sizeof(receipts), "%s/receipts", folders[0]);
	wait_for_files(0, "state", "", 4); /* the last that it makes */
	cr_assert_eq(rmdir(receipts), 0);
	for (unsigned n = 0; n < 3; n++) {
		put_message(n);
	}
	while (test_broker_figure(&broker, "accepted") == 0) {
		(void)poll(NULL, 0, 20);
	}
	cr_assert_eq(mkdir(receipts, 0700), 0);
	wait_for_files(0, "receipts", ".yaml", 3);
	cr_assert_eq(end_agent(from, SIGTERM), 0);
	cr_assert_eq(count_files(0, "outbox", ""), 2, "only . and ..");
	cr_assert_eq(test_broker_figure(&broker, "accepted"), 3);
}
