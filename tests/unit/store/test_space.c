/*
 * test_space.c - a disk that fails or is full at each write of a commit.
 * The calls that liblmdb makes are taken by this program's own functions, so
 * that the n-th of them can fail.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/unit/store/fixture.h"

TestSuite(store_space, .init = set_up, .fini = tear_down, .timeout = 1800);

#define SECOND_US INT64_C(1000000)
#define WRITES_MAX 64

/* What fails: the n-th call from now, and how. */
static int write_in = -1;
static int write_error;
static int sync_error;
static int allocate_error;

static bool fails_now(void)
{
	return write_in >= 0 && write_in-- == 0;
}

static ssize_t failed(void)
{
	errno = write_error;
	return -1;
}

ssize_t pwrite(int fd, const void *data, size_t bytes, off_t at)
{
	return fails_now() ? failed()
			   : syscall(SYS_pwrite64, fd, data, bytes, at);
}

ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t at)
{
	return pwrite(fd, data, bytes, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	return fails_now() ? failed() : syscall(SYS_writev, fd, parts, count);
}

ssize_t write(int fd, const void *data, size_t bytes)
{
	return fails_now() ? failed() : syscall(SYS_write, fd, data, bytes);
}

int fdatasync(int fd)
{
	if (sync_error != 0) {
		errno = sync_error;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

int fallocate(int fd, int mode, off_t at, off_t bytes)
{
	if (allocate_error != 0) {
		errno = allocate_error;
		return -1;
	}
	return (int)syscall(SYS_fallocate, fd, mode, at, bytes);
}

static uint64_t records(void)
{
	struct alm_audit_head head;

	alm_store_audit_head(store, &head);
	return head.size;
}

static enum alm_err put(size_t bytes)
{
	static const uint8_t payload[8192];
	struct alm_mail mail = {.kind = ALM_MAIL_MESSAGE,
		.recipient = "RY2",
		.sender = "RX1",
		.released = "",
		.payload = {payload, bytes}};

	return alm_store_mail_put(store, &mail);
}

static void turn_at(int64_t now_us)
{
	begin_at(now_us);
	append("some: text\n");
	cr_assert_eq(put(8000), ALM_OK);
}

static void check_whole(uint64_t wanted)
{
	struct alm_audit_report report;

	reopen();
	cr_expect_eq(records(), wanted);
	alm_store_close(store);
	store = NULL;
	cr_expect_eq(alm_audit_verify(folder, KEY, NULL, NULL, &report), ALM_OK,
		"%s", report.what);
	reopen();
}

Test(store_space, a_disk_that_fails_to_sync_ends_the_store)
{
	uint8_t seed[32] = {0};

	turn_at(NOW_US);
	commit();
	turn_at(NOW_US);
	sync_error = EIO;
	cr_expect_eq(alm_store_commit(store), ALM_STORE_IO);
	sync_error = 0;
	cr_expect_eq(alm_store_begin(store, NOW_US, seed), ALM_STORE_IO,
		"nothing may be written after it");
	check_whole(1);
}

/* As the kernel makes it of one with errors. */
Test(store_space, a_disk_that_becomes_read_only_ends_the_store_and_leaves_it)
{
	uint8_t seed[32] = {0};
	bool was_tried = true;

	for (int n = 0; n < WRITES_MAX && was_tried; n++) {
		uint64_t before = records();

		turn_at(NOW_US + (n + 1) * SECOND_US);
		write_error = EROFS;
		write_in = n;
		cr_expect_eq(alm_store_commit(store),
			write_in < 0 ? ALM_STORE_READ_ONLY : ALM_OK);
		was_tried = write_in < 0;
		write_in = -1;
		if (was_tried) {
			cr_expect_eq(alm_store_begin(store, NOW_US, seed),
				ALM_STORE_IO,
				"nothing may be written after it");
			check_whole(before);
		}
	}
	cr_expect_not(was_tried, "all writes of a commit were tried");
}

/* Each write of a commit in its turn meets a full disk.  Either the turn did
 * not happen and the next one works, or the store says that it is at its end
 * and is whole when it is opened again. */
Test(store_space, a_full_disk_at_any_write_of_a_commit_leaves_it_whole)
{
	unsigned ended = 0;
	unsigned went_on = 0;
	bool was_tried = true;

	for (int n = 0; n < WRITES_MAX && was_tried; n++) {
		uint64_t before = records();
		int64_t now_us = NOW_US + (n + 1) * 10 * SECOND_US;
		enum alm_err err;

		turn_at(now_us);
		write_error = n % 2 == 0 ? ENOSPC : EFBIG;
		write_in = n;
		err = alm_store_commit(store);
		was_tried = write_in < 0;
		write_in = -1;
		if (!was_tried) {
			cr_expect_eq(err, ALM_OK);
			break;
		}
		if (err == ALM_STORE_FULL) {
			went_on++;
			cr_expect_eq(
				alm_store_room(store), ALM_STORE_ROOM_NO_DISK);
			begin_at(now_us);
			cr_expect_eq(put(10), ALM_STORE_FULL,
				"no mail for a second");
			append("");
			commit();
			turn_at(now_us + 2 * SECOND_US);
			commit();
			cr_expect_eq(alm_store_room(store), ALM_STORE_ROOM);
			check_whole(before + 2);
		} else {
			ended++;
			cr_expect_eq(err, ALM_STORE_IO);
			check_whole(before);
		}
	}
	cr_expect_gt(went_on, 0);
	cr_expect_eq(ended, 1, "only the page that says what is valid");
	cr_expect_not(was_tried, "all writes of a commit were tried");
}

Test(store_space, no_blocks_ahead_refuses_mail_and_keeps_what_there_is)
{
	turn_at(NOW_US);
	commit();
	cr_expect_eq(alm_store_room(store), ALM_STORE_ROOM);
	reopen();
	allocate_error = ENOSPC;
	begin_at(NOW_US + SECOND_US);
	cr_expect_eq(put(10), ALM_STORE_FULL);
	cr_expect_eq(alm_store_mail_remove(store, "RY2", 1), ALM_OK);
	append("");
	commit();
	cr_expect_eq(alm_store_room(store), ALM_STORE_ROOM_NO_DISK);
	allocate_error = 0;
	begin_at(NOW_US + SECOND_US);
	cr_expect_eq(put(10), ALM_STORE_FULL, "not asked again yet");
	commit();
	turn_at(NOW_US + 3 * SECOND_US);
	commit();
	cr_expect_eq(alm_store_room(store), ALM_STORE_ROOM);
}

Test(store_space, a_file_system_that_allocates_nothing_ahead_will_do)
{
	reopen();
	allocate_error = EOPNOTSUPP;
	turn_at(NOW_US);
	commit();
	cr_expect_eq(alm_store_room(store), ALM_STORE_ROOM);
}

Test(store_space, does_not_open_where_readers_would_be_a_signal)
{
	struct alm_store_options with = options();
	struct alm_problem problem = {.err = ALM_OK};

	alm_store_close(store);
	store = NULL;
	allocate_error = ENOSPC;
	cr_expect_eq(alm_store_open(&with, &store, &problem), ALM_STORE_FULL);
	cr_expect_neq(strstr(problem.detail, "lock.mdb"), NULL);
	allocate_error = 0;
	reopen();
}
