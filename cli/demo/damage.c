#include "cli/demo/damage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATA_FILE "data.mdb"

static enum alm_err io_error(const char *path, struct alm_problem *problem)
{
	return alm_problem_set(
		problem, ALM_IO, "%s: %s", path, strerror(errno));
}

static bool copy_all(int from, int to)
{
	struct stat info;
	off_t done = 0;

	if (fstat(from, &info) != 0) {
		return false;
	}
	while (done < info.st_size) {
		ssize_t n = sendfile(
			to, from, &done, (size_t)(info.st_size - done));

		if (n <= 0 && errno != EINTR) {
			return false;
		}
	}
	return true;
}

enum alm_err alm_damage_copy(
	const char *store, const char *copy, struct alm_problem *problem)
{
	char path[PATH_MAX];
	enum alm_err err = ALM_OK;
	int from;
	int to = -1;

	if (mkdir(copy, 0700) != 0) {
		return io_error(copy, problem);
	}
	(void)snprintf(path, sizeof(path), "%s/" DATA_FILE, store);
	from = open(path, O_RDONLY | O_CLOEXEC);
	if (from >= 0) {
		(void)snprintf(path, sizeof(path), "%s/" DATA_FILE, copy);
		to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	}
	if (from < 0 || to < 0 || !copy_all(from, to)) {
		err = io_error(path, problem);
	}
	if (from >= 0) {
		(void)close(from);
	}
	if (to >= 0) {
		(void)close(to);
	}
	return err;
}

static enum alm_err flip_in(
	uint8_t *data, size_t bytes, struct alm_bytes needle, unsigned nth)
{
	uint8_t *at = data;

	for (;;) {
		at = memmem(at, bytes - (size_t)(at - data), needle.data,
			needle.bytes);
		if (at == NULL) {
			return ALM_NOT_FOUND;
		}
		if (nth == 0) {
			break;
		}
		nth--;
		at++;
	}
	/* The byte after it, so that the place is found again. */
	at[needle.bytes] ^= 1u;
	return ALM_OK;
}

enum alm_err alm_damage_flip(const char *copy, struct alm_bytes needle,
	unsigned nth, struct alm_problem *problem)
{
	char path[PATH_MAX];
	struct stat info;
	enum alm_err err = ALM_OK;
	void *data = MAP_FAILED;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/" DATA_FILE, copy);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &info) == 0) {
		data = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE,
			MAP_SHARED, fd, 0);
	}
	if (data == MAP_FAILED) {
		err = io_error(path, problem);
	} else {
		/* One byte less: the one after the needle is in the file. */
		err = flip_in(data, (size_t)info.st_size - 1, needle, nth);
		(void)munmap(data, (size_t)info.st_size);
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return err;
}
