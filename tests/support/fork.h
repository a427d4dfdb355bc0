/*
 * fork.h - processes that a test begins and that end with it.
 *
 * A test that fails returns to nobody: what it has begun would go on, with the
 * runner's output open, and whoever reads that would wait for its end.
 */
#ifndef ALM_TESTS_SUPPORT_FORK_H
#define ALM_TESTS_SUPPORT_FORK_H

#include <criterion/criterion.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

/** As fork(2), which must not fail; the child is killed once the thread that
 * called has ended, also if it executes another program. */
static inline pid_t test_fork(void)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
				getppid() != parent)) {
		_exit(127);
	}
	return pid;
}

#endif /* ALM_TESTS_SUPPORT_FORK_H */
