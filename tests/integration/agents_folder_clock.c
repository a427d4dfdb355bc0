/*
 * Goal: a folder agent on a machine whose clock is wrong refuses nothing of its
 * outbox: it says so once, waits, and goes on once the clock is right.
 * Method: a real agent and broker; the agent's clock is shifted.
 */
#include "tests/support/folders.h"
#include "tests/support/shift.h"

#define HOUR_S INT64_C(3600)
#define MESSAGES 3u

static char log_file[2 * PATH_MAX];

static void open_with_clock(void)
{
	open_all();
	make_clock();
	snprintf(log_file, sizeof(log_file), "%s/agent.log", broker.folder);
}

static void close_with_clock(void)
{
	close_all();
	drop_clock();
}

TestSuite(agents_folder_clock, .init = open_with_clock,
	.fini = close_with_clock, .timeout = 1800);

static pid_t start_shifted(const char *once)
{
	char program[PATH_MAX];
	pid_t pid;

	load_clock();
	pid = test_fork();
	if (pid == 0) {
		int fd = open(log_file, O_WRONLY | O_CREAT | O_APPEND, 0600);

		(void)dup2(fd, STDERR_FILENO);
		snprintf(program, sizeof(program), "%s/almoner-agent",
			getenv("ALMONER_BUILD"));
		execl(program, program, "--context", contexts[0], "--folder",
			folders[0], once, (char *)NULL);
		_exit(127);
	}
	return pid;
}

static unsigned times_logged(const char *text)
{
	uint8_t *data = NULL;
	size_t bytes = 0;
	unsigned count = 0;

	if (alm_file_read(log_file, 1 << 20, &data, &bytes, NULL) != ALM_OK) {
		return 0;
	}
	for (const char *at = (char *)data; (at = strstr(at, text)) != NULL;
		at++) {
		count++;
	}
	free(data);
	return count;
}

static void wait_for_log(const char *text)
{
	time_t until = time(NULL) + WAIT_S;

	while (times_logged(text) == 0) {
		cr_assert_lt(time(NULL), until, "%s", text);
		(void)poll(NULL, 0, 20);
	}
}

static void expect_held_until_right(int64_t off_s, const char *how)
{
	pid_t pid;

	shift->wall_s = off_s;
	for (unsigned n = 0; n < MESSAGES; n++) {
		put_message(n);
	}
	pid = start_shifted(NULL);
	wait_for_log(how);
	cr_expect_eq(count_files(0, "outbox", ".yaml"), MESSAGES);
	shift->wall_s = 0;
	wait_for_files(0, "receipts", ".yaml", MESSAGES);
	cr_expect_eq(end_agent(pid, SIGTERM), 0);
	cr_expect_eq(times_logged("ALM-1113"), 1, "told once");
	cr_expect_eq(times_logged("the clocks agree again"), 1);
	cr_expect_eq(count_files(0, "refused", ".yaml"), 0);
	cr_expect_eq(test_broker_figure(&broker, "refused"), 0);
	cr_expect_eq(test_broker_figure(&broker, "accepted"), MESSAGES);
}

Test(agents_folder_clock, what_waits_behind_a_clock_that_is_back_goes_later)
{
	expect_held_until_right(-HOUR_S, " s behind the");
}

Test(agents_folder_clock, what_waits_behind_a_clock_that_is_ahead_goes_later)
{
	expect_held_until_right(400 * 24 * HOUR_S, " s ahead of the");
}

/* While it is at work; what it sends at that moment may be refused once. */
Test(agents_folder_clock, set_at_work_it_is_seen_too)
{
	pid_t pid = start_shifted(NULL);

	put_message(0);
	wait_for_files(0, "receipts", ".yaml", 1);
	shift->wall_s = -HOUR_S;
	put_message(1);
	wait_for_log("ALM-1113");
	shift->wall_s = 0;
	wait_for_files(0, "receipts", ".yaml", 2);
	cr_expect_eq(end_agent(pid, SIGTERM), 0);
	cr_expect_eq(count_files(0, "refused", ".yaml"), 0);
}

Test(agents_folder_clock, a_single_run_ends_and_says_to_try_again)
{
	int status = 0;
	pid_t pid;

	shift->wall_s = -HOUR_S;
	put_message(0);
	pid = start_shifted("--once");
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 7);
	cr_expect_eq(times_logged("1 files wait to be tried again"), 1);
	cr_expect_eq(count_files(0, "outbox", ".yaml"), 1);
}
