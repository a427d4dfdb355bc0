#include "broker/store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/store/inside.h"
#include "broker/store/retention.h"
#include "lib/file.h"

#define PATH_BYTES_MAX 4096u

static enum alm_err open_copy(
	const char *to, int *out_fd, struct alm_problem *problem)
{
	char path[PATH_BYTES_MAX];
	int bytes = snprintf(path, sizeof(path), "%s/data.mdb", to);
	int fd = -1;

	if (bytes > 0 && (size_t)bytes < sizeof(path)) {
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	} else {
		errno = ENAMETOOLONG;
	}
	if (fd < 0) {
		return alm_problem_set(
			problem, ALM_STORE_PATH, "%s: %s", to, strerror(errno));
	}
	*out_fd = fd;
	return ALM_OK;
}

static enum alm_err copy(struct alm_store *store, int fd, const char *to,
	struct alm_backup *backup, struct alm_problem *problem)
{
	struct stat info;
	MDB_envinfo env;
	MDB_stat stat;
	int rc = mdb_env_copyfd2(store->env, fd, MDB_CP_COMPACT);

	if (rc == MDB_SUCCESS && fsync(fd) != 0) {
		rc = errno;
	}
	if (rc == MDB_SUCCESS && fstat(fd, &info) != 0) {
		rc = errno;
	}
	if (rc != MDB_SUCCESS) {
		return alm_problem_set(problem, alm_store_map_rc(rc), "%s: %s",
			to, mdb_strerror(rc));
	}
	(void)mdb_env_info(store->env, &env);
	(void)mdb_env_stat(store->env, &stat);
	backup->bytes = (uint64_t)info.st_size;
	backup->file_bytes = (env.me_last_pgno + 1) * stat.ms_psize;
	memcpy(backup->store_id, store->id, sizeof(backup->store_id));
	return ALM_OK;
}

enum alm_err alm_store_copy(const char *path, const char *to,
	struct alm_backup *out_backup, struct alm_problem *problem)
{
	const struct alm_store_options options = {
		.path = path, .is_read_only = true};
	struct alm_backup backup = {.bytes = 0};
	struct alm_store *store = NULL;
	int fd = -1;
	enum alm_err err = alm_store_open_parts(&options, &store, problem);

	if (err == ALM_OK) {
		err = open_copy(to, &fd, problem);
	}
	if (err == ALM_OK) {
		err = copy(store, fd, to, &backup, problem);
	}
	if (fd >= 0 && close(fd) != 0 && err == ALM_OK) {
		err = alm_problem_set(
			problem, ALM_STORE_IO, "%s: %s", to, strerror(errno));
	}
	if (err == ALM_OK) {
		err = alm_file_sync_folder(to, problem);
	}
	if (err == ALM_OK) {
		*out_backup = backup;
	}
	alm_store_close(store);
	return err;
}

enum alm_err alm_store_copy_try(const char *path, struct alm_backup *out_backup,
	struct alm_problem *problem)
{
	const struct alm_store_options options = {
		.path = path, .is_read_only = true};
	struct alm_store_space space = {.used = 0};
	struct alm_store *store = NULL;
	enum alm_err err = alm_store_open_parts(&options, &store, problem);

	if (err == ALM_OK) {
		err = alm_store_space(store, &space);
	}
	if (err == ALM_OK) {
		out_backup->bytes = space.used;
		out_backup->file_bytes = space.file;
		memcpy(out_backup->store_id, store->id, sizeof(store->id));
	}
	alm_store_close(store);
	return err;
}
