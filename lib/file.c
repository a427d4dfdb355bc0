#include "lib/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "lib/id.h"

#define KEY_TEXT_BYTES ((size_t)2 * ALM_KEY_BYTES)

static enum alm_err err_from_errno(
	const char *path, const char *what, struct alm_problem *problem)
{
	enum alm_err err = errno == ENOENT ? ALM_NOT_FOUND : ALM_IO;

	return alm_problem_set(
		problem, err, "%s: cannot %s: %s", path, what, strerror(errno));
}

static ssize_t read_all(int fd, uint8_t *data, size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t n = read(fd, data + done, bytes - done);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return -1;
		}
		if (n == 0) {
			break;
		}
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static bool write_all(int fd, struct alm_bytes content)
{
	size_t done = 0;

	while (done < content.bytes) {
		ssize_t n =
			write(fd, content.data + done, content.bytes - done);

		if (n < 0 && errno != EINTR) {
			return false;
		}
		if (n > 0) {
			done += (size_t)n;
		}
	}
	return true;
}

static enum alm_err read_file(const char *path, int flags, size_t bytes_max,
	uint8_t **out_data, size_t *out_bytes, struct alm_problem *problem)
{
	enum alm_err err = ALM_OK;
	uint8_t *data = NULL;
	struct stat st;
	ssize_t bytes;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags);

	if (fd < 0 || fstat(fd, &st) != 0) {
		err = err_from_errno(path, "read", problem);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		err = alm_problem_set(
			problem, ALM_IO, "%s: not a regular file", path);
		goto out;
	}
	if (st.st_size > (off_t)bytes_max) {
		err = alm_problem_set(problem, ALM_FIELD_TOO_LARGE,
			"%s: larger than %zu bytes", path, bytes_max);
		goto out;
	}
	data = malloc((size_t)st.st_size + 1);
	if (data == NULL) {
		err = alm_problem_set(problem, ALM_NOMEM, "%s", path);
		goto out;
	}
	bytes = read_all(fd, data, (size_t)st.st_size);
	if (bytes < 0) {
		err = err_from_errno(path, "read", problem);
		goto out;
	}
	data[bytes] = 0;
	*out_data = data;
	*out_bytes = (size_t)bytes;
	data = NULL;
out:
	free(data);
	if (fd >= 0) {
		(void)close(fd);
	}
	return err;
}

enum alm_err alm_file_read(const char *path, size_t bytes_max,
	uint8_t **out_data, size_t *out_bytes, struct alm_problem *problem)
{
	return read_file(path, 0, bytes_max, out_data, out_bytes, problem);
}

enum alm_err alm_file_read_no_link(const char *path, size_t bytes_max,
	uint8_t **out_data, size_t *out_bytes, struct alm_problem *problem)
{
	return read_file(
		path, O_NOFOLLOW, bytes_max, out_data, out_bytes, problem);
}

bool alm_file_read_at(int fd, uint64_t offset, void *out, size_t bytes)
{
	uint8_t *at = out;

	while (bytes > 0) {
		ssize_t n = pread(fd, at, bytes, (off_t)offset);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return false;
		}
		at += n;
		offset += (uint64_t)n;
		bytes -= (size_t)n;
	}
	return true;
}

bool alm_file_write_at(int fd, uint64_t offset, const void *data, size_t bytes)
{
	const uint8_t *at = data;

	while (bytes > 0) {
		ssize_t n = pwrite(fd, at, bytes, (off_t)offset);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return false;
		}
		at += n;
		offset += (uint64_t)n;
		bytes -= (size_t)n;
	}
	return true;
}

enum alm_err alm_file_sync_folder(const char *path, struct alm_problem *problem)
{
	enum alm_err err = ALM_OK;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) != 0) {
		err = err_from_errno(path, "sync", problem);
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return err;
}

static enum alm_err sync_parent(const char *path, struct alm_problem *problem)
{
	char copy[PATH_MAX];

	(void)snprintf(copy, sizeof(copy), "%s", path);
	return alm_file_sync_folder(dirname(copy), problem);
}

enum alm_err alm_file_write(const char *path, struct alm_bytes content,
	mode_t mode, struct alm_problem *problem)
{
	char temporary[PATH_MAX];
	enum alm_err err = ALM_OK;
	int fd;

	if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >=
		(int)sizeof(temporary)) {
		return alm_problem_set(
			problem, ALM_IO, "%s: name too long", path);
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		return err_from_errno(path, "write", problem);
	}
	if (fchmod(fd, mode) != 0 || !write_all(fd, content) ||
		fsync(fd) != 0) {
		err = err_from_errno(path, "write", problem);
	}
	(void)close(fd);
	if (err == ALM_OK && rename(temporary, path) != 0) {
		err = err_from_errno(path, "rename", problem);
	}
	if (err != ALM_OK) {
		(void)unlink(temporary);
		return err;
	}
	return sync_parent(path, problem);
}

enum alm_err alm_key_file_read(const char *path, uint8_t out[ALM_KEY_BYTES],
	struct alm_problem *problem)
{
	/* One byte more than the longest content, to see what is too long. */
	uint8_t text[KEY_TEXT_BYTES + 2] = {0};
	enum alm_err err = ALM_OK;
	struct stat st;
	ssize_t bytes;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		err = alm_problem_set(problem, ALM_KEY_FILE, "%s: %s", path,
			fd < 0 ? strerror(errno) : "not a regular file");
		goto out;
	}
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		err = alm_problem_set(problem, ALM_KEY_FILE_MODE,
			"%s: mode is %04o", path,
			(unsigned)st.st_mode & 07777u);
		goto out;
	}
	bytes = read_all(fd, text, sizeof(text) - 1);
	if (bytes == (ssize_t)KEY_TEXT_BYTES + 1 &&
		text[KEY_TEXT_BYTES] == '\n') {
		text[KEY_TEXT_BYTES] = 0;
		bytes = (ssize_t)KEY_TEXT_BYTES;
	}
	if (bytes != (ssize_t)KEY_TEXT_BYTES ||
		alm_unhex((const char *)text, out, ALM_KEY_BYTES) != ALM_OK) {
		err = alm_problem_set(problem, ALM_KEY_FILE,
			"%s: not 64 hex digits and a newline", path);
	}
out:
	sodium_memzero(text, sizeof(text));
	if (fd >= 0) {
		(void)close(fd);
	}
	return err;
}

enum alm_err alm_key_file_write(const char *path,
	const uint8_t key[ALM_KEY_BYTES], struct alm_problem *problem)
{
	char text[KEY_TEXT_BYTES + 2];
	enum alm_err err = ALM_OK;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);

	if (fd < 0) {
		return errno == EEXIST
			       ? alm_problem_set(
					 problem, ALM_KEY_EXISTS, "%s", path)
			       : alm_problem_set(problem, ALM_KEY_FILE,
					 "%s: %s", path, strerror(errno));
	}
	alm_hex(key, ALM_KEY_BYTES, text);
	text[KEY_TEXT_BYTES] = '\n';
	if (!write_all(fd,
		    (struct alm_bytes){(uint8_t *)text, KEY_TEXT_BYTES + 1}) ||
		fsync(fd) != 0) {
		err = err_from_errno(path, "write", problem);
	}
	sodium_memzero(text, sizeof(text));
	(void)close(fd);
	return err == ALM_OK ? sync_parent(path, problem) : err;
}
