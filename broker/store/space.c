/*
 * Room on the disk, taken before it is needed.  The blocks behind the end of
 * the data file are allocated ahead of it: while that can be done, a full disk
 * is met between turns and not inside a commit; when it cannot, new mail is
 * refused and what is still allocated lets records be written and mail leave.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "broker/store/inside.h"

/* More than one turn takes; of a small map a part. */
#define LOW_BYTES_MAX ((uint64_t)32 << 20)
/* Taken in steps of a fraction of that: a turn waits while it is done. */
#define STEPS 8u
#define TRY_AGAIN_US 1000000
/* What LMDB makes of its table of readers. */
#define READERS_BYTES ((off_t)(16 * 1024))

static uint64_t low_bytes(uint64_t map_bytes)
{
	return map_bytes / 8 < LOW_BYTES_MAX ? map_bytes / 8 : LOW_BYTES_MAX;
}

/* Where nothing can be allocated ahead, what is free has to do. */
static bool is_free(int fd, uint64_t bytes)
{
	struct statvfs info;

	return fstatvfs(fd, &info) != 0 ||
	       (uint64_t)info.f_bavail * info.f_frsize >= bytes;
}

static bool allocate(int fd, uint64_t from, uint64_t bytes)
{
	int rc;

	do {
		rc = fallocate(
			fd, FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)bytes);
	} while (rc != 0 && errno == EINTR);
	if (rc == 0) {
		return true;
	}
	if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) {
		return false;
	}
	return is_free(fd, bytes);
}

/* Only what is not kept yet is asked for, because a file system may look at
 * every block of what is; all of it, once something went wrong. */
static bool keep_to(struct alm_space *space, int fd, uint64_t end, uint64_t to)
{
	uint64_t from =
		space->is_low || space->kept_to < end ? end : space->kept_to;

	if (from < to && !allocate(fd, from, to - from)) {
		return false;
	}
	space->kept_to = to;
	return true;
}

void alm_space_ensure(struct alm_store *store)
{
	struct alm_space *space = &store->space;
	MDB_envinfo info;
	uint64_t low;
	uint64_t end;
	int fd = -1;

	(void)mdb_env_info(store->env, &info);
	end = ((uint64_t)info.me_last_pgno + 1) * store->page_bytes;
	low = low_bytes(info.me_mapsize);
	if (!space->is_low && end + low <= space->kept_to) {
		return;
	}
	if (space->is_low && store->now_us >= space->tried_us &&
		store->now_us - space->tried_us < TRY_AGAIN_US) {
		return;
	}
	space->tried_us = store->now_us;
	if (mdb_env_get_fd(store->env, &fd) != MDB_SUCCESS) {
		return;
	}
	space->is_low = !keep_to(space, fd, end, end + low + low / STEPS) &&
			!keep_to(space, fd, end, end + low);
}

void alm_space_met_full(struct alm_store *store)
{
	store->space.is_low = true;
	store->space.tried_us = store->now_us;
}

enum alm_err alm_space_for_readers(
	const char *path, struct alm_problem *problem)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	enum alm_err err = ALM_OK;

	if (fd < 0) {
		return ALM_OK; /* LMDB says what is wrong */
	}
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, READERS_BYTES) != 0 &&
		(errno == ENOSPC || errno == EDQUOT)) {
		err = alm_problem_set(
			problem, ALM_STORE_FULL, "%s: the disk is full", path);
	}
	(void)close(fd);
	return err;
}

enum alm_store_room alm_store_room(const struct alm_store *store)
{
	if (store->space.is_low) {
		return ALM_STORE_ROOM_NO_DISK;
	}
	return store->has_room ? ALM_STORE_ROOM : ALM_STORE_ROOM_NO_MAP;
}

/* What the disk has left for mail: behind the end of the data file, and pages
 * in it that are free. */
static uint64_t disk_room(struct alm_store *store, uint64_t room_bytes)
{
	struct alm_store_space space;
	struct statvfs info;
	uint64_t left;
	int fd = -1;

	if (alm_store_space(store, &space) != ALM_OK ||
		mdb_env_get_fd(store->env, &fd) != MDB_SUCCESS ||
		fstatvfs(fd, &info) != 0) {
		return room_bytes; /* a part says if there is none */
	}
	left = (uint64_t)info.f_bavail * info.f_frsize + space.free;
	left = left > LOW_BYTES_MAX ? left - LOW_BYTES_MAX : 0;
	return left < room_bytes ? left : room_bytes;
}

uint64_t alm_store_room_bytes(struct alm_store *store)
{
	ALM_ASSERT(store->turn != NULL);
	return disk_room(store, store->room_bytes);
}

uint64_t alm_store_room_left(struct alm_store *store)
{
	struct alm_store_space space;
	MDB_envinfo info;

	(void)mdb_env_info(store->env, &info);
	return alm_store_space(store, &space) != ALM_OK
		       ? 0
		       : disk_room(store,
				 alm_map_room(space.used, info.me_mapsize));
}

enum alm_err alm_store_space(
	struct alm_store *store, struct alm_store_space *out_space)
{
	struct alm_store_space space = {.used = 0};
	uint64_t map_bytes = 0;
	MDB_envinfo info;
	MDB_stat stat;
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = alm_store_usage(store, txn, &space.used, &map_bytes);
	(void)mdb_env_info(store->env, &info);
	(void)mdb_env_stat(store->env, &stat);
	alm_store_view_end(store);
	if (err == ALM_OK) {
		space.file = (info.me_last_pgno + 1) * stat.ms_psize;
		space.free =
			space.file > space.used ? space.file - space.used : 0;
		*out_space = space;
	}
	return err;
}
