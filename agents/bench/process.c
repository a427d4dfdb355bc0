#include "agents/bench/process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int64_t alm_bench_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void *alm_bench_share(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory != MAP_FAILED ? memory : NULL;
}

void alm_bench_unshare(void *memory, size_t bytes)
{
	if (memory != NULL) {
		(void)munmap(memory, bytes);
	}
}

bool alm_bench_gate_init(struct alm_bench_gate *gate)
{
	gate->fds[0] = -1;
	gate->fds[1] = -1;
	return pipe(gate->fds) == 0;
}

void alm_bench_gate_fini(struct alm_bench_gate *gate)
{
	for (int i = 0; i < 2; i++) {
		if (gate->fds[i] >= 0) {
			(void)close(gate->fds[i]);
		}
		gate->fds[i] = -1;
	}
}

void alm_bench_gate_open(struct alm_bench_gate *gate)
{
	while (write(gate->fds[1], "", 1) < 0 && errno == EINTR) {
	}
}

bool alm_bench_gate_wait(struct alm_bench_gate *gate, int timeout_ms)
{
	struct pollfd readable = {gate->fds[0], POLLIN, 0};
	char byte;

	return poll(&readable, 1, timeout_ms) == 1 &&
	       read(gate->fds[0], &byte, 1) == 1;
}

pid_t alm_bench_fork(void (*work)(void *cookie), void *cookie)
{
	pid_t parent = getpid();
	pid_t pid;

	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent) {
			work(cookie);
		}
		_exit(1);
	}
	return pid > 0 ? pid : 0;
}

bool alm_bench_join(pid_t pid)
{
	int status = 0;

	if (pid <= 0) {
		return false;
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return false;
		}
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void alm_bench_kill(pid_t pid)
{
	if (pid > 0) {
		(void)kill(pid, SIGKILL);
		(void)alm_bench_join(pid);
	}
}
