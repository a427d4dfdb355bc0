#include "agents/folder/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/folder/folder.h"
#include "lib/file.h"

static enum alm_err fail(
	const char *path, const char *what, struct alm_problem *problem)
{
	return alm_problem_set(problem,
		errno == ENOENT ? ALM_NOT_FOUND : ALM_IO, "%s: cannot %s: %s",
		path, what, strerror(errno));
}

static void clear(struct alm_files *files, size_t i)
{
	if (files->items[i].fd >= 0) {
		(void)close(files->items[i].fd);
	}
	free(files->items[i].path);
	free(files->items[i].temporary);
}

enum alm_err alm_files_add(struct alm_files *files, const char *path,
	struct alm_bytes content, struct alm_problem *problem)
{
	size_t i = files->count;
	size_t room = strlen(path) + 8;
	char *temporary = malloc(room);

	ALM_ASSERT(i < ALM_FILES_MAX);
	files->items[i].fd = -1;
	files->items[i].temporary = temporary;
	files->items[i].path = strdup(path);
	if (temporary == NULL || files->items[i].path == NULL) {
		clear(files, i);
		return alm_problem_set(problem, ALM_NOMEM, "%s", path);
	}
	(void)snprintf(temporary, room, "%s.XXXXXX", path);
	files->items[i].fd = mkostemp(temporary, O_CLOEXEC);
	if (files->items[i].fd < 0) {
		enum alm_err err = fail(path, "write", problem);

		clear(files, i);
		return err;
	}
	if (fchmod(files->items[i].fd, ALM_FOLDER_FILE_MODE) != 0 ||
		!alm_file_write_at(
			files->items[i].fd, 0, content.data, content.bytes)) {
		enum alm_err err = fail(path, "write", problem);

		(void)unlink(temporary);
		clear(files, i);
		return err;
	}
	/* On its way to the disk while the next is written. */
	(void)sync_file_range(files->items[i].fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	files->count++;
	return ALM_OK;
}

static size_t folder_bytes(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? 0 : (size_t)(slash - path);
}

/** Whether none before it lies in the same folder. */
static bool is_first_of_folder(const struct alm_files *files, size_t i)
{
	const char *path = files->items[i].path;
	size_t bytes = folder_bytes(path);

	for (size_t j = 0; j < i; j++) {
		const char *other = files->items[j].path;

		if (folder_bytes(other) == bytes &&
			strncmp(other, path, bytes + 1) == 0) {
			return false;
		}
	}
	return true;
}

static enum alm_err sync_folders(
	const struct alm_files *files, struct alm_problem *problem)
{
	enum alm_err err = ALM_OK;

	for (size_t i = 0; err == ALM_OK && i < files->count; i++) {
		char path[PATH_MAX];

		if (is_first_of_folder(files, i)) {
			(void)snprintf(path, sizeof(path), "%.*s/",
				(int)folder_bytes(files->items[i].path),
				files->items[i].path);
			err = alm_file_sync_folder(path, problem);
		}
	}
	return err;
}

enum alm_err alm_files_flush(
	struct alm_files *files, struct alm_problem *problem)
{
	enum alm_err err = ALM_OK;

	for (size_t i = 0; err == ALM_OK && i < files->count; i++) {
		if (fsync(files->items[i].fd) != 0) {
			err = fail(files->items[i].path, "write", problem);
		}
	}
	for (size_t i = 0; err == ALM_OK && i < files->count; i++) {
		if (rename(files->items[i].temporary, files->items[i].path) !=
			0) {
			err = fail(files->items[i].path, "rename", problem);
		}
	}
	if (err == ALM_OK) {
		err = sync_folders(files, problem);
	}
	if (err != ALM_OK) {
		alm_files_drop(files);
		return err;
	}
	for (size_t i = 0; i < files->count; i++) {
		clear(files, i);
	}
	files->count = 0;
	return ALM_OK;
}

void alm_files_drop(struct alm_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		(void)unlink(files->items[i].temporary);
		clear(files, i);
	}
	files->count = 0;
}
