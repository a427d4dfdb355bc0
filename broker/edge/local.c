#include "broker/edge/local.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

bool alm_local_is_live(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	bool is_live = false;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		return false;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	/* Who listens and accepts nobody would have us wait for ever. */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0) {
		is_live = connect(fd, (const struct sockaddr *)&address,
				  sizeof(address)) == 0 ||
			  errno == EAGAIN;
		(void)close(fd);
	}
	return is_live;
}

void alm_local_remove(const char *path)
{
	struct stat info;

	if (lstat(path, &info) == 0 && S_ISSOCK(info.st_mode) &&
		!alm_local_is_live(path)) {
		(void)unlink(path);
	}
}
