/*
 * start.c - the daemon of a sandbox: starting it, waiting for its
 * READY=1, stopping it.  Nothing polls: the notify socket and a pidfd wake us.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/paths.h"
#include "cli/sandbox/internal.h"
#include "lib/file.h"

#define STOP_WAIT_MS 60000
#define ADDRESS_ARENA_BYTES ((size_t)1024 * 1024)

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/** Write the configuration; `endpoint` may hold a wildcard port. */
static enum alm_err write_config(
	struct alm_sandbox *sandbox, struct alm_problem *problem)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&text, &bytes);
	enum alm_err err;

	if (memory == NULL) {
		return ALM_NOMEM;
	}
	(void)fprintf(memory,
		"endpoint: %s\nadmin-endpoint: %s\nadmin-mode: 0600\n"
		"store: %s\nstore-map: %uGiB\nstore-key-file: %s\n"
		"curve-key-file: %s/curve.key\naudit-key-file: %s/audit.key\n"
		"opt-out-age-max: 8760h\n%s",
		sandbox->endpoint, sandbox->admin, sandbox->store,
		sandbox->map_gib, sandbox->store_key, sandbox->folder,
		sandbox->folder,
		sandbox->settings != NULL ? sandbox->settings : "");
	if (fclose(memory) != 0) {
		free(text);
		return ALM_NOMEM;
	}
	err = alm_file_write(sandbox->config,
		(struct alm_bytes){(const uint8_t *)text, bytes}, 0600,
		problem);
	free(text);
	return err;
}

static enum alm_err open_notify(
	struct alm_sandbox *sandbox, struct alm_problem *problem)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s",
		sandbox->notify);
	(void)unlink(sandbox->notify);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address,
			      sizeof(address)) != 0) {
		if (fd >= 0) {
			(void)close(fd);
		}
		return alm_problem_set(problem, ALM_IO, "%s: %s",
			sandbox->notify, strerror(errno));
	}
	sandbox->notify_fd = fd;
	return ALM_OK;
}

/** The settings are those of the file: none of our environment's. */
static void forget_settings(void)
{
	static const char prefix[] = "ALMONER_";
	char name[128];

	for (char **entry = environ; *entry != NULL;) {
		size_t bytes = strcspn(*entry, "=");

		if (strncmp(*entry, prefix, sizeof(prefix) - 1) != 0 ||
			bytes >= sizeof(name)) {
			entry++;
			continue;
		}
		memcpy(name, *entry, bytes);
		name[bytes] = '\0';
		(void)unsetenv(name); /* moves the rest down */
	}
}

/** In the child: its own log, its own signals, and never outlives us. */
static _Noreturn void become_daemon(
	const struct alm_sandbox *sandbox, const char *program, pid_t parent)
{
	int log = open(sandbox->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	forget_settings();
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent || log < 0 || nothing < 0 ||
		dup2(nothing, STDIN_FILENO) < 0 ||
		dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0 ||
		setenv("NOTIFY_SOCKET", sandbox->notify, 1) != 0) {
		_exit(ALM_EXIT_FAILURE);
	}
	(void)close(log);
	/* A Ctrl-C is for the parent, which ends us in order. */
	(void)setpgid(0, 0);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)execl(
		program, program, "--config", sandbox->config, (char *)NULL);
	_exit(ALM_EXIT_FAILURE);
}

static enum alm_err fork_daemon(
	struct alm_sandbox *sandbox, struct alm_problem *problem)
{
	char program[PATH_MAX];
	pid_t parent = getpid();
	enum alm_err err = alm_path_program("almonerd", program, problem);

	if (err != ALM_OK) {
		return err;
	}
	(void)fflush(NULL);
	sandbox->pid = fork();
	if (sandbox->pid == 0) {
		become_daemon(sandbox, program, parent);
	}
	if (sandbox->pid < 0) {
		sandbox->pid = 0;
		return alm_problem_set(
			problem, ALM_IO, "fork: %s", strerror(errno));
	}
	sandbox->pidfd = pidfd_open(sandbox->pid, 0);
	if (sandbox->pidfd < 0) {
		return alm_problem_set(
			problem, ALM_IO, "pidfd_open: %s", strerror(errno));
	}
	return ALM_OK;
}

/** Whether a datagram of the notify socket says READY=1. */
static bool is_ready(int notify_fd)
{
	char text[4096];
	ssize_t n = recv(notify_fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (n <= 0) {
		return false;
	}
	text[n] = '\0';
	for (const char *line = text; line != NULL;) {
		if (strncmp(line, "READY=1", 7) == 0) {
			return true;
		}
		line = strchr(line, '\n');
		line = line != NULL ? line + 1 : NULL;
	}
	return false;
}

static enum alm_err wait_ready(
	struct alm_sandbox *sandbox, struct alm_problem *problem)
{
	struct pollfd fds[] = {
		{sandbox->notify_fd, POLLIN, 0}, {sandbox->pidfd, POLLIN, 0}};
	int64_t until_ms = now_ms() + sandbox->ready_wait_ms;

	for (;;) {
		int64_t left_ms = until_ms - now_ms();
		int n = left_ms > 0 ? poll(fds, 2, (int)left_ms) : 0;

		if (n < 0 && errno != EINTR) {
			return alm_problem_set(
				problem, ALM_IO, "poll: %s", strerror(errno));
		}
		if (n < 0) {
			return alm_problem_set(
				problem, ALM_INTERRUPTED, "%s", "");
		}
		if (n == 0) {
			return alm_problem_set(problem, ALM_TIMEOUT,
				"almonerd is not ready; its log is %s",
				sandbox->log);
		}
		if ((fds[0].revents & POLLIN) != 0 &&
			is_ready(sandbox->notify_fd)) {
			return ALM_OK;
		}
		if (fds[1].revents != 0) {
			return alm_sandbox_bury(sandbox, problem);
		}
	}
}

/** Learn the port that a wildcard became, and keep to it from now on. */
static enum alm_err learn_endpoint(
	struct alm_sandbox *sandbox, struct alm_problem *problem)
{
	struct alm_request_call call = {.verb = "status"};
	struct alm_answer answer;
	struct alm_arena arena;
	enum alm_err err;

	alm_arena_init(&arena, ADDRESS_ARENA_BYTES);
	err = alm_sandbox_ask(sandbox, &call, &arena, &answer, problem);
	for (size_t i = 0; err == ALM_OK && i < answer.fact_count; i++) {
		if (strcmp(answer.facts[i].key, "endpoint") == 0) {
			(void)snprintf(sandbox->endpoint,
				sizeof(sandbox->endpoint), "%s",
				answer.facts[i].value);
		}
	}
	alm_arena_fini(&arena);
	return err;
}

enum alm_err alm_sandbox_start(
	struct alm_sandbox *sandbox, struct alm_problem *problem)
{
	enum alm_err err = write_config(sandbox, problem);

	if (err == ALM_OK) {
		err = open_notify(sandbox, problem);
	}
	if (err == ALM_OK) {
		err = fork_daemon(sandbox, problem);
	}
	if (err == ALM_OK) {
		err = wait_ready(sandbox, problem);
	}
	if (sandbox->notify_fd >= 0) {
		(void)close(sandbox->notify_fd);
		sandbox->notify_fd = -1;
	}
	if (err == ALM_OK) {
		err = alm_control_open(
			sandbox->admin, &sandbox->control, problem);
	}
	if (err == ALM_OK) {
		err = learn_endpoint(sandbox, problem);
	}
	if (err != ALM_OK) {
		alm_sandbox_stop(sandbox, SIGTERM);
	}
	return err;
}

enum alm_err alm_sandbox_bury(
	struct alm_sandbox *sandbox, struct alm_problem *problem)
{
	siginfo_t end = {.si_code = 0};

	/* Left to be waited for: alm_sandbox_stop() does. */
	(void)waitid(P_PID, (id_t)sandbox->pid, &end, WEXITED | WNOWAIT);
	sandbox->keeps_folder = true; /* the log says why */
	return alm_problem_set(problem, ALM_UNREACHABLE,
		"almonerd has ended, by %s %d; its log is %s, and its folder "
		"stays",
		end.si_code == CLD_EXITED ? "exit code" : "signal",
		end.si_status, sandbox->log);
}

void alm_sandbox_stop(struct alm_sandbox *sandbox, int signal_number)
{
	struct pollfd ended = {sandbox->pidfd, POLLIN, 0};
	int64_t until_ms = now_ms() + STOP_WAIT_MS;
	int n = -1;

	alm_control_close(sandbox->control);
	sandbox->control = NULL;
	if (sandbox->pid == 0) {
		return;
	}
	(void)kill(sandbox->pid, signal_number);
	while (sandbox->pidfd >= 0 && n < 0) {
		int64_t left_ms = until_ms - now_ms();

		n = poll(&ended, 1, left_ms > 0 ? (int)left_ms : 0);
		if (n < 0 && errno != EINTR) {
			break;
		}
	}
	if (n <= 0) {
		(void)kill(sandbox->pid, SIGKILL);
	}
	while (waitpid(sandbox->pid, NULL, 0) < 0 && errno == EINTR) {
	}
	sandbox->pid = 0;
	if (sandbox->pidfd >= 0) {
		(void)close(sandbox->pidfd);
		sandbox->pidfd = -1;
	}
}
