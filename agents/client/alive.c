/*
 * A plain connection tells at once what ZeroMQ would wait for: that nobody
 * listens.  The kernel says who does, and /proc what that process is at; a
 * broker takes its questions one after the other, so that what it says itself
 * would come too late.
 */
#include "agents/client/alive.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agents/client/clock.h"
#include "lib/patience.h"

/* Of /proc/PID/stat, as proc(5) numbers them. */
#define USER_TIME_FIELD 14u

static enum alm_err probe(
	const char *path, pid_t *out_pid, struct alm_problem *problem)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct ucred who = {.pid = 0};
	socklen_t bytes = sizeof(who);
	enum alm_err err = ALM_OK;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0) {
		return alm_problem_set(
			problem, ALM_IO, "socket: %s", strerror(errno));
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	/* EAGAIN: its queue is full, so somebody listens. */
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
		(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &bytes);
	} else if (errno != EAGAIN) {
		err = errno == EACCES ? ALM_NOT_PERMITTED : ALM_UNREACHABLE;
		err = alm_problem_set(
			problem, err, "%s: %s", path, strerror(errno));
	}
	(void)close(fd);
	if (err == ALM_OK) {
		*out_pid = who.pid;
	}
	return err;
}

/* Of /proc/PID/stat: the state, and the time it has computed.  False when it
 * is not there: another name space, or gone. */
static bool read_stat(pid_t pid, char *out_state, uint64_t *out_ticks)
{
	char path[64];
	char line[512];
	char *at = NULL;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (file == NULL) {
		return false;
	}
	if (fgets(line, sizeof(line), file) != NULL) {
		at = strrchr(line, ')'); /* its name may hold anything */
	}
	(void)fclose(file);
	if (at == NULL || strlen(at) < 4) {
		return false;
	}
	*out_state = at[2];
	at += 3;
	for (unsigned field = 4; field < USER_TIME_FIELD && *at != '\0';
		field++) {
		at += 1 + strcspn(at + 1, " ");
	}
	*out_ticks = strtoull(at, &at, 10);
	*out_ticks += strtoull(at, NULL, 10);
	return true;
}

enum alm_err alm_alive_begin(
	struct alm_alive *alive, const char *path, struct alm_problem *problem)
{
	alive->path = path;
	alive->ticks = 0;
	alm_alive_await(alive);
	return probe(path, &alive->pid, problem);
}

void alm_alive_await(struct alm_alive *alive)
{
	alive->looked_ms = alm_client_monotonic_ms();
	alive->still_ms = 0;
}

enum alm_err alm_alive_look(
	struct alm_alive *alive, int64_t quiet_ms, struct alm_problem *problem)
{
	int64_t now_ms = alm_client_monotonic_ms();
	int64_t since_ms = alm_patience_spent(alive->looked_ms, now_ms);
	uint64_t ticks = 0;
	pid_t pid = 0;
	char state = 0;
	enum alm_err err = probe(alive->path, &pid, problem);

	alive->looked_ms = now_ms;
	if (err != ALM_OK) {
		return err;
	}
	if (pid != 0 && alive->pid != 0 && pid != alive->pid) {
		return alm_problem_set(problem, ALM_UNREACHABLE,
			"the broker was started again while it was asked");
	}
	if (alive->pid == 0 || !read_stat(alive->pid, &state, &ticks)) {
		return ALM_OK;
	}
	alive->still_ms += since_ms;
	if (state == 'D' || ticks != alive->ticks) {
		alive->ticks = ticks;
		alive->still_ms = 0;
	}
	if (quiet_ms <= 0 || alive->still_ms < quiet_ms) {
		return ALM_OK;
	}
	return alm_problem_set(problem, ALM_TIMEOUT,
		state == 'T' || state == 't'
			? "the broker, process %d, is stopped (kill -CONT)"
			: "the broker, process %d, has done nothing for %d s",
		(int)alive->pid, (int)(quiet_ms / 1000));
}
