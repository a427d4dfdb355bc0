#include "cli/demo/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STOP_WAIT_MS 60000

int64_t alm_child_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/** In the child: `in` and `out` (or -1: the log) and the log for errors. */
static _Noreturn void become(
	const char *const *argv, const char *log, int in, int out, pid_t parent)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	char *words[16];
	size_t count = 0;

	while (argv[count] != NULL && count + 1 < ALM_COUNT(words)) {
		/* execv() takes its words as char * and does not write. */
		memcpy(&words[count], &argv[count], sizeof(words[0]));
		count++;
	}
	words[count] = NULL;
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent || words[0] == NULL || log_fd < 0 ||
		null_fd < 0 || dup2(in >= 0 ? in : null_fd, STDIN_FILENO) < 0 ||
		dup2(out >= 0 ? out : log_fd, STDOUT_FILENO) < 0 ||
		dup2(log_fd, STDERR_FILENO) < 0) {
		_exit(127);
	}
	(void)setpgid(0, 0);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)execv(words[0], words);
	_exit(127);
}

static void close_pair(int pair[2])
{
	for (size_t i = 0; i < 2; i++) {
		if (pair[i] >= 0) {
			(void)close(pair[i]);
			pair[i] = -1;
		}
	}
}

enum alm_err alm_child_start(struct alm_child *child, const char *const *argv,
	const char *log, struct alm_problem *problem)
{
	int in[2] = {-1, -1};
	int out[2] = {-1, -1};
	pid_t parent = getpid();

	memset(child, 0, sizeof(*child));
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 ||
		fcntl(out[0], F_SETFL, O_NONBLOCK) != 0) {
		close_pair(in);
		close_pair(out);
		return alm_problem_set(
			problem, ALM_IO, "%s: %s", argv[0], strerror(errno));
	}
	(void)fflush(NULL);
	child->pid = fork();
	if (child->pid == 0) {
		become(argv, log, in[0], out[1], parent);
	}
	if (child->pid < 0) {
		child->pid = 0;
		close_pair(in);
		close_pair(out);
		return alm_problem_set(
			problem, ALM_IO, "fork: %s", strerror(errno));
	}
	(void)close(in[0]);
	(void)close(out[1]);
	child->in = in[1];
	child->out = out[0];
	return ALM_OK;
}

bool alm_child_tell(struct alm_child *child, const char *line)
{
	size_t bytes = strlen(line);
	size_t done = 0;
	ssize_t n;

	if (child->pid == 0 || child->in < 0) {
		return false;
	}
	while (done < bytes) {
		n = write(child->in, line + done, bytes - done);
		if (n < 0 && errno != EINTR) {
			return false;
		}
		done += n > 0 ? (size_t)n : 0;
	}
	return write(child->in, "\n", 1) == 1;
}

/* Read what the child has said; call when poll(2) says so. */
static void read_said(struct alm_child *child)
{
	ssize_t n;

	memmove(child->text, child->text + child->taken,
		child->used - child->taken);
	child->used -= child->taken;
	child->taken = 0;
	n = read(child->out, child->text + child->used,
		sizeof(child->text) - child->used);
	if (n > 0) {
		child->used += (size_t)n;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		child->is_over = true;
	}
}

const char *alm_child_line(struct alm_child *child)
{
	char *line = child->text + child->taken;
	char *end = memchr(line, '\n', child->used - child->taken);

	if (end == NULL) {
		return NULL;
	}
	*end = '\0';
	child->taken += (size_t)(end - line) + 1;
	return line;
}

bool alm_child_wait(struct alm_child *child, int wait_ms)
{
	struct pollfd fd = {child->out, POLLIN, 0};
	int64_t until_ms = alm_child_now_ms() + wait_ms;
	int n;

	do {
		int64_t left_ms = until_ms - alm_child_now_ms();

		n = poll(&fd, 1, left_ms > 0 ? (int)left_ms : 0);
	} while (n < 0 && errno == EINTR);
	if (n <= 0) {
		return false;
	}
	read_said(child);
	return true;
}

static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return -1;
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/** Listen until it closes its output, which is when it ends; what it still
 * says does not matter. */
static bool ends_soon(struct alm_child *child)
{
	int64_t until_ms = alm_child_now_ms() + STOP_WAIT_MS;

	while (!child->is_over) {
		child->used = 0;
		child->taken = 0;
		if (!alm_child_wait(
			    child, (int)(until_ms - alm_child_now_ms()))) {
			return false;
		}
	}
	return true;
}

int alm_child_stop(struct alm_child *child, int signal_number)
{
	int status;

	if (child->pid == 0) {
		return -1;
	}
	(void)close(child->in);
	if (signal_number != 0) {
		(void)kill(child->pid, signal_number);
	}
	if (!ends_soon(child)) {
		(void)kill(child->pid, SIGKILL);
	}
	(void)close(child->out);
	status = wait_for(child->pid);
	memset(child, 0, sizeof(*child));
	return status;
}

int alm_child_run(const char *const *argv, const char *log)
{
	pid_t parent = getpid();
	pid_t pid;

	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		become(argv, log, -1, -1, parent);
	}
	return pid > 0 ? wait_for(pid) : -1;
}
