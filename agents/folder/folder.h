/*
 * folder.h - the folders of an agent and the names in them.
 *
 *   outbox/    NAME.yaml and its payload, or NAME.envelope and NAME.payload
 *   inbox/     ID.yaml and ID.payload; ID.notice.yaml
 *   receipts/  NAME.yaml; NAME.envelope.yaml; NAME.ID.yaml, older ones
 *   refused/   what the outbox held, and NAME.refusal.yaml; ID/, with files
 *              of names that were refused before
 *   state/     NAME.id, NAME.done; NAME.envelope.id and so on: ours
 *   state/taken/  mail on its way, and a mark for each not confirmed: ours
 *
 * All lie on one file system, for files move between them by rename.
 */
#ifndef ALM_AGENTS_FOLDER_FOLDER_H
#define ALM_AGENTS_FOLDER_FOLDER_H

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "agents/folder/files.h"
#include "lib/bytes.h"
#include "lib/err.h"

#define ALM_NAME_BYTES_MAX 128u /* of NAME, without its suffix */
/* The organisation's systems read as the group; the umask may take it away. */
#define ALM_FOLDER_FILE_MODE 0640
/* Of ours, in any of them for a moment: probe.h. */
#define ALM_FOLDER_PROBE ".room.payload"
#define ALM_SIDECAR_BYTES_MAX ((size_t)64 * 1024)

enum alm_place_in_folder {
	ALM_OUTBOX,
	ALM_INBOX,
	ALM_RECEIPTS,
	ALM_REFUSED,
	ALM_STATE,
	ALM_TAKEN,
};

struct alm_folder {
	char root[PATH_MAX / 2];
	int lock_fd;
};

/** Make what is missing and lock it against a second agent.
 * Errors: IO, SUPERSEDED: another process works on this folder. */
ALM_MUST_USE enum alm_err alm_folder_open(const char *root,
	struct alm_folder *out_folder, struct alm_problem *problem);
/** It may be another by now, put in its place: lock that one as well.
 * Errors: NOT_FOUND, IO: it cannot be written; SUPERSEDED: leave it alone. */
ALM_MUST_USE enum alm_err alm_folder_hold(
	struct alm_folder *folder, struct alm_problem *problem);
void alm_folder_close(struct alm_folder *folder);

/** A path in it; `suffix` follows the name. */
void alm_folder_path(const struct alm_folder *folder,
	enum alm_place_in_folder place, const char *name, const char *suffix,
	char out[PATH_MAX]);

/** Whether there is a file of that name, or a link, wherever that leads; false
 * if it cannot be told. */
bool alm_folder_has(const struct alm_folder *folder,
	enum alm_place_in_folder place, const char *name, const char *suffix);

/** To read its names; the caller closes it.  NULL: ALM_IO, as `problem` says.
 */
DIR *alm_folder_list(const struct alm_folder *folder,
	enum alm_place_in_folder place, struct alm_problem *problem);

/** The folder is on disk.  Errors: NOT_FOUND, IO. */
ALM_MUST_USE enum alm_err alm_folder_sync(const struct alm_folder *folder,
	enum alm_place_in_folder place, struct alm_problem *problem);

/** Move by rename; on disk once both folders are.
 * Errors: NOT_FOUND, IO. */
ALM_MUST_USE enum alm_err alm_folder_rename(const struct alm_folder *folder,
	enum alm_place_in_folder from, const char *from_name,
	enum alm_place_in_folder to, const char *to_name,
	struct alm_problem *problem);

/** The same; both folders are on disk afterwards.
 * Errors: NOT_FOUND, IO. */
ALM_MUST_USE enum alm_err alm_folder_move(const struct alm_folder *folder,
	enum alm_place_in_folder from, const char *from_name,
	enum alm_place_in_folder to, const char *to_name,
	struct alm_problem *problem);

/** Remove; what is not there is no error.  On disk once its folder is.
 * Errors: IO. */
ALM_MUST_USE enum alm_err alm_folder_unlink(const struct alm_folder *folder,
	enum alm_place_in_folder place, const char *name, const char *suffix,
	struct alm_problem *problem);

/** The same; on disk afterwards. */
ALM_MUST_USE enum alm_err alm_folder_remove(const struct alm_folder *folder,
	enum alm_place_in_folder place, const char *name, const char *suffix,
	struct alm_problem *problem);

/** Remove what a crash left half written: the temporary files of
 * alm_file_write(), and probes.  Only at start, while nothing is being written.
 */
void alm_folder_sweep(const struct alm_folder *folder);

/** The monotonic clock. */
int64_t alm_folder_now_ms(void);
/** The time of day: milliseconds since 1970. */
int64_t alm_folder_wall_ms(void);

/** A name that may stand in a folder: UTF-8, no slash, no leading dot, short.
 */
bool alm_folder_name_is_valid(const char *name);

/** How the file in the outbox that an entry is called after goes on: an entry
 * is NAME of NAME.yaml, or NAME.envelope as a whole, so that two are never
 * called alike. */
const char *alm_folder_rest(const char *entry);
bool alm_folder_is_encoded(const char *entry);
/** Bytes of its NAME. */
size_t alm_folder_stem_bytes(const char *entry);

/** `NAME` of a file `NAMEsuffix`; false if it does not end so or is no
 * valid name. */
bool alm_folder_base(
	const char *file, const char *suffix, char out[ALM_NAME_BYTES_MAX + 1]);

/* --- writing YAML ----------------------------------------------------- */

/** Fill a stream in memory and write it as a file.  Caller's memory. */
struct alm_text_file {
	FILE *stream;
	char *data;
	size_t bytes;
};

/** Out of memory it is found out when it is added or written. */
void alm_text_file_begin(struct alm_text_file *file);
/** `key: "value"`; nothing when the value is empty. */
void alm_text_file_put(
	struct alm_text_file *file, const char *key, const char *value);
void alm_text_file_put_number(
	struct alm_text_file *file, const char *key, uint64_t value);
void alm_text_file_put_flag(
	struct alm_text_file *file, const char *key, bool value);
/** RFC 3339; nothing for 0. */
void alm_text_file_put_time(
	struct alm_text_file *file, const char *key, int64_t ms);
void alm_text_file_put_list(struct alm_text_file *file, const char *key,
	const char *const *items, size_t count);
/** Add it to `files`, and free it.  Errors: as alm_files_add(). */
ALM_MUST_USE enum alm_err alm_text_file_add(struct alm_text_file *file,
	struct alm_files *files, const char *path, struct alm_problem *problem);
/** Write it where `path` says, atomically, and free it.  Errors: IO, NOMEM. */
ALM_MUST_USE enum alm_err alm_text_file_write(struct alm_text_file *file,
	const char *path, struct alm_problem *problem);

#endif /* ALM_AGENTS_FOLDER_FOLDER_H */
