/*
 * file.h - small files: reading whole, writing atomically, and key files.
 * The one part of lib that does I/O, because broker, agents and the command
 * line must treat keys and crashes alike (docs/decisions/0002).  Never logs.
 */
#ifndef ALM_LIB_FILE_H
#define ALM_LIB_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/limits.h"

/**
 * Read a regular file of at most `bytes_max` bytes.
 * Out:     out_data   heap, one NUL after the content; free() it
 * Errors:  NOT_FOUND, IO, FIELD_TOO_LARGE, NOMEM; `problem` names the file
 */
ALM_MUST_USE enum alm_err alm_file_read(const char *path, size_t bytes_max,
	uint8_t **out_data, size_t *out_bytes, struct alm_problem *problem);

/** The same, but not what the last name of the path links to: for a folder
 * that others write into.  Errors: also IO where it is a link. */
ALM_MUST_USE enum alm_err alm_file_read_no_link(const char *path,
	size_t bytes_max, uint8_t **out_data, size_t *out_bytes,
	struct alm_problem *problem);

/**
 * Write so that a crash leaves the old file or the new one, never a part:
 * temporary file, fsync, rename, fsync of the folder.  Errors: IO.
 */
ALM_MUST_USE enum alm_err alm_file_write(const char *path,
	struct alm_bytes content, mode_t mode, struct alm_problem *problem);

/** Read or write all the bytes at an offset.  False if that failed, or the
 * file ends before. */
ALM_MUST_USE bool alm_file_read_at(
	int fd, uint64_t offset, void *out, size_t bytes);
ALM_MUST_USE bool alm_file_write_at(
	int fd, uint64_t offset, const void *data, size_t bytes);

/** fsync a folder, so that its names are on disk.  Errors: IO. */
ALM_MUST_USE enum alm_err alm_file_sync_folder(
	const char *path, struct alm_problem *problem);

/**
 * Read a secret key: 64 hex digits and a newline, in a file that nobody but
 * its owner can read or write.  Zero `out` with sodium_memzero() after use.
 * Errors:  KEY_FILE, KEY_FILE_MODE
 */
ALM_MUST_USE enum alm_err alm_key_file_read(const char *path,
	uint8_t out[ALM_KEY_BYTES], struct alm_problem *problem);

/** Write a secret key with mode 0400; never over another.
 * Errors: KEY_EXISTS, KEY_FILE, IO. */
ALM_MUST_USE enum alm_err alm_key_file_write(const char *path,
	const uint8_t key[ALM_KEY_BYTES], struct alm_problem *problem);

#endif /* ALM_LIB_FILE_H */
