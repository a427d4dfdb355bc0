/* test_child.c - processes that are told lines and say lines. */
#include <criterion/criterion.h>
#include <signal.h>

#include "cli/demo/child.h"

#define LOG "/dev/null"
#define WAIT_MS 300000 /* a shared machine may stand still */

static const char *line_of(struct alm_child *child)
{
	const char *line = alm_child_line(child);

	while (line == NULL && alm_child_wait(child, WAIT_MS)) {
		line = alm_child_line(child);
		if (child->is_over) {
			break;
		}
	}
	return line;
}

Test(child, says_what_it_is_told)
{
	const char *const argv[] = {"/bin/cat", NULL};
	struct alm_child child;

	cr_assert_eq(alm_child_start(&child, argv, LOG, NULL), ALM_OK);
	cr_assert(alm_child_tell(&child, "one"));
	cr_assert(alm_child_tell(&child, "two"));
	cr_assert_str_eq(line_of(&child), "one");
	cr_assert_str_eq(line_of(&child), "two");
	cr_assert_eq(alm_child_stop(&child, 0), 0);
}

Test(child, is_over_when_it_ends)
{
	const char *const argv[] = {"/bin/true", NULL};
	struct alm_child child;

	cr_assert_eq(alm_child_start(&child, argv, LOG, NULL), ALM_OK);
	cr_assert_null(line_of(&child));
	cr_assert(child.is_over);
	cr_assert_eq(alm_child_stop(&child, 0), 0);
}

Test(child, tells_the_signal_that_ended_it)
{
	const char *const argv[] = {"/bin/cat", NULL};
	struct alm_child child;

	cr_assert_eq(alm_child_start(&child, argv, LOG, NULL), ALM_OK);
	cr_assert_eq(alm_child_stop(&child, SIGKILL), 128 + SIGKILL);
	cr_assert_eq(alm_child_stop(&child, SIGKILL), -1);
}

Test(child, that_does_not_exist_ends_with_127)
{
	const char *const argv[] = {"/nonexistent/program", NULL};

	cr_assert_eq(alm_child_run(argv, LOG), 127);
}

Test(child, gives_its_exit_status)
{
	const char *const argv[] = {"/bin/sh", "-c", "exit 8", NULL};

	cr_assert_eq(alm_child_run(argv, LOG), 8);
}
