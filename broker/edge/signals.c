#include "broker/edge/signals.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum alm_err alm_signals_open(int *out_fd)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0 ||
		signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
		return ALM_INTERNAL;
	}
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0) {
		return ALM_INTERNAL;
	}
	*out_fd = fd;
	return ALM_OK;
}

struct alm_signal alm_signals_next(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info)) {
		return (struct alm_signal){.number = 0};
	}
	return (struct alm_signal){
		.number = (int)info.ssi_signo,
		.user = info.ssi_uid,
		.process = info.ssi_pid,
	};
}
