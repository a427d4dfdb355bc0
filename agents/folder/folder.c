#include "agents/folder/folder.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/time.h"
#include "lib/utf8.h"

#define ENCODED ".envelope"

static const char *const places[] = {
	[ALM_OUTBOX] = "outbox",
	[ALM_INBOX] = "inbox",
	[ALM_RECEIPTS] = "receipts",
	[ALM_REFUSED] = "refused",
	[ALM_STATE] = "state",
	[ALM_TAKEN] = "state/taken",
};

void alm_folder_path(const struct alm_folder *folder,
	enum alm_place_in_folder place, const char *name, const char *suffix,
	char out[PATH_MAX])
{
	(void)snprintf(out, PATH_MAX, "%s/%s%s%s%s", folder->root,
		places[place], name[0] == '\0' ? "" : "/", name, suffix);
}

static enum alm_err errno_problem(
	const char *path, const char *what, struct alm_problem *problem)
{
	return alm_problem_set(problem,
		errno == ENOENT ? ALM_NOT_FOUND : ALM_IO, "%s: cannot %s: %s%s",
		path, what, strerror(errno),
		errno == EXDEV ? ": all folders must be on one file system"
			       : "");
}

static enum alm_err lock(const struct alm_folder *folder, int *out_fd,
	struct alm_problem *problem)
{
	char path[PATH_MAX];
	int fd;

	alm_folder_path(folder, ALM_STATE, ".lock", "", path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		return errno_problem(path, "open", problem);
	}
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		(void)close(fd);
		return alm_problem_set(problem, ALM_SUPERSEDED,
			"%s: another process works on this folder",
			folder->root);
	}
	*out_fd = fd;
	return ALM_OK;
}

enum alm_err alm_folder_open(const char *root, struct alm_folder *out_folder,
	struct alm_problem *problem)
{
	struct alm_folder folder = {.lock_fd = -1};
	char path[PATH_MAX];
	enum alm_err err;

	if (snprintf(folder.root, sizeof(folder.root), "%s", root) >=
		(int)sizeof(folder.root) - 512) {
		return alm_problem_set(problem, ALM_IO, "name too long");
	}
	if (mkdir(folder.root, 0770) != 0 && errno != EEXIST) {
		return errno_problem(folder.root, "make", problem);
	}
	for (size_t i = 0; i < ALM_COUNT(places); i++) {
		alm_folder_path(
			&folder, (enum alm_place_in_folder)i, "", "", path);
		if (mkdir(path, i >= ALM_STATE ? 0700 : 0770) != 0 &&
			errno != EEXIST) {
			return errno_problem(path, "make", problem);
		}
	}
	err = lock(&folder, &folder.lock_fd, problem);
	if (err == ALM_OK) {
		*out_folder = folder;
	}
	return err;
}

static bool is_locked(const struct alm_folder *folder)
{
	char path[PATH_MAX];
	struct stat there;
	struct stat ours;

	alm_folder_path(folder, ALM_STATE, ".lock", "", path);
	return stat(path, &there) == 0 && fstat(folder->lock_fd, &ours) == 0 &&
	       there.st_dev == ours.st_dev && there.st_ino == ours.st_ino;
}

enum alm_err alm_folder_hold(
	struct alm_folder *folder, struct alm_problem *problem)
{
	enum alm_err err;
	int fd = -1;

	if (is_locked(folder)) {
		return ALM_OK;
	}
	err = lock(folder, &fd, problem);
	if (err == ALM_OK) {
		(void)close(folder->lock_fd);
		folder->lock_fd = fd;
	}
	return err;
}

void alm_folder_close(struct alm_folder *folder)
{
	if (folder->lock_fd >= 0) {
		(void)close(folder->lock_fd);
		folder->lock_fd = -1;
	}
}

bool alm_folder_has(const struct alm_folder *folder,
	enum alm_place_in_folder place, const char *name, const char *suffix)
{
	char path[PATH_MAX];
	struct stat info;

	alm_folder_path(folder, place, name, suffix, path);
	return lstat(path, &info) == 0;
}

DIR *alm_folder_list(const struct alm_folder *folder,
	enum alm_place_in_folder place, struct alm_problem *problem)
{
	char path[PATH_MAX];
	DIR *dir;

	alm_folder_path(folder, place, "", "", path);
	dir = opendir(path);
	if (dir == NULL) {
		(void)!alm_problem_set(
			problem, ALM_IO, "%s: %s", path, strerror(errno));
	}
	return dir;
}

enum alm_err alm_folder_sync(const struct alm_folder *folder,
	enum alm_place_in_folder place, struct alm_problem *problem)
{
	char path[PATH_MAX];

	alm_folder_path(folder, place, "", "", path);
	return alm_file_sync_folder(path, problem);
}

enum alm_err alm_folder_rename(const struct alm_folder *folder,
	enum alm_place_in_folder from, const char *from_name,
	enum alm_place_in_folder to, const char *to_name,
	struct alm_problem *problem)
{
	char from_path[PATH_MAX];
	char to_path[PATH_MAX];

	alm_folder_path(folder, from, from_name, "", from_path);
	alm_folder_path(folder, to, to_name, "", to_path);
	if (rename(from_path, to_path) != 0) {
		return errno_problem(from_path, "move", problem);
	}
	return ALM_OK;
}

enum alm_err alm_folder_move(const struct alm_folder *folder,
	enum alm_place_in_folder from, const char *from_name,
	enum alm_place_in_folder to, const char *to_name,
	struct alm_problem *problem)
{
	enum alm_err err = alm_folder_rename(
		folder, from, from_name, to, to_name, problem);

	if (err == ALM_OK) {
		err = alm_folder_sync(folder, to, problem);
	}
	return err == ALM_OK ? alm_folder_sync(folder, from, problem) : err;
}

enum alm_err alm_folder_unlink(const struct alm_folder *folder,
	enum alm_place_in_folder place, const char *name, const char *suffix,
	struct alm_problem *problem)
{
	char path[PATH_MAX];

	alm_folder_path(folder, place, name, suffix, path);
	return unlink(path) == 0 || errno == ENOENT
		       ? ALM_OK
		       : errno_problem(path, "remove", problem);
}

enum alm_err alm_folder_remove(const struct alm_folder *folder,
	enum alm_place_in_folder place, const char *name, const char *suffix,
	struct alm_problem *problem)
{
	enum alm_err err =
		alm_folder_unlink(folder, place, name, suffix, problem);

	return err == ALM_OK ? alm_folder_sync(folder, place, problem) : err;
}

/** `X.yaml.abc123`, `X.payload.abc123`, and in our own folders all that ends
 * in a dot and six letters or digits: as mkostemp() makes them. */
static bool is_half_written(enum alm_place_in_folder place, const char *name)
{
	size_t bytes = strlen(name);
	const char *end;

	if (bytes < 8 || name[bytes - 7] != '.') {
		return false;
	}
	end = name + bytes - 7;
	for (const char *c = end + 1; *c != '\0'; c++) {
		if (isalnum((unsigned char)*c) == 0) {
			return false;
		}
	}
	switch (place) {
	case ALM_OUTBOX:
		return false; /* its user's */
	case ALM_INBOX:
	case ALM_RECEIPTS:
		return (end - name >= 5 && strncmp(end - 5, ".yaml", 5) == 0) ||
		       (end - name >= 8 &&
			       strncmp(end - 8, ".payload", 8) == 0);
	case ALM_REFUSED:
		return end - name >= 13 &&
		       strncmp(end - 13, ".refusal.yaml", 13) == 0;
	case ALM_STATE:
	case ALM_TAKEN:
		return true;
	}
	return false;
}

void alm_folder_sweep(const struct alm_folder *folder)
{
	for (size_t i = 0; i < ALM_COUNT(places); i++) {
		enum alm_place_in_folder place = (enum alm_place_in_folder)i;
		char path[PATH_MAX];
		DIR *dir = alm_folder_list(folder, place, NULL);
		struct dirent *entry;

		(void)!alm_folder_unlink(
			folder, place, ALM_FOLDER_PROBE, "", NULL);
		while (dir != NULL && (entry = readdir(dir)) != NULL) {
			if (is_half_written(place, entry->d_name)) {
				alm_folder_path(
					folder, place, entry->d_name, "", path);
				(void)unlink(path);
			}
		}
		if (dir != NULL) {
			(void)closedir(dir);
		}
	}
}

static int64_t read_ms(clockid_t clock)
{
	struct timespec now = {0};

	(void)clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t alm_folder_now_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}

int64_t alm_folder_wall_ms(void)
{
	return read_ms(CLOCK_REALTIME);
}

static bool is_utf8(const char *text, size_t bytes)
{
	struct alm_bytes left = {(const uint8_t *)text, bytes};

	while (left.bytes > 0) {
		size_t one = alm_utf8_char(left);

		if (one == 0) {
			return false;
		}
		left.data += one;
		left.bytes -= one;
	}
	return true;
}

bool alm_folder_name_is_valid(const char *name)
{
	size_t bytes = strlen(name);

	if (bytes == 0 || bytes > ALM_NAME_BYTES_MAX || name[0] == '.') {
		return false;
	}
	for (size_t i = 0; i < bytes; i++) {
		if (name[i] == '/' || (unsigned char)name[i] < 0x20 ||
			name[i] == 0x7F) {
			return false;
		}
	}
	/* Else state/ could not say it, and no journal show it. */
	return is_utf8(name, bytes);
}

size_t alm_folder_stem_bytes(const char *entry)
{
	size_t bytes = strlen(entry);
	size_t rest = strlen(ENCODED);

	return bytes > rest && strcmp(entry + bytes - rest, ENCODED) == 0
		       ? bytes - rest
		       : bytes;
}

bool alm_folder_is_encoded(const char *entry)
{
	return entry[alm_folder_stem_bytes(entry)] != '\0';
}

const char *alm_folder_rest(const char *entry)
{
	return alm_folder_is_encoded(entry) ? "" : ".yaml";
}

bool alm_folder_base(
	const char *file, const char *suffix, char out[ALM_NAME_BYTES_MAX + 1])
{
	size_t bytes = strlen(file);
	size_t suffix_bytes = strlen(suffix);

	if (bytes <= suffix_bytes ||
		bytes - suffix_bytes > ALM_NAME_BYTES_MAX ||
		strcmp(file + bytes - suffix_bytes, suffix) != 0) {
		return false;
	}
	memcpy(out, file, bytes - suffix_bytes);
	out[bytes - suffix_bytes] = '\0';
	return alm_folder_name_is_valid(out);
}

void alm_text_file_begin(struct alm_text_file *file)
{
	file->data = NULL;
	file->bytes = 0;
	file->stream = open_memstream(&file->data, &file->bytes);
}

/* A peer may write what is a line break to YAML or no character at all, of
 * which a reader fails, and what has a terminal show other text than is there.
 * Gives what is written instead; 0: it goes as it is. */
static unsigned to_escape(const unsigned char *at, size_t bytes)
{
	unsigned c = bytes == 3 ? (at[0] & 0x0Fu) << 12 | (at[1] & 0x3Fu) << 6 |
					  (at[2] & 0x3Fu)
				: 0;

	if (c == 0x2028 || c == 0x2029 || c >= 0xFFFE) {
		return 0xFFFD;
	}
	return (c >= 0x200E && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
			       (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF
		       ? c
		       : 0;
}

/** Double-quoted YAML; the texts are UTF-8 from the wire or from us. */
static void put_quoted(FILE *stream, const char *value)
{
	struct alm_bytes left = {(const uint8_t *)value, strlen(value)};

	(void)fputc('"', stream);
	while (left.bytes > 0) {
		unsigned char c = left.data[0];
		size_t bytes = alm_utf8_char(left);
		unsigned escaped = to_escape(left.data, bytes);

		bytes = bytes == 0 ? 1 : bytes;
		if (c == '"' || c == '\\') {
			(void)fprintf(stream, "\\%c", c);
		} else if (c < 0x20 || c == 0x7F) {
			(void)fprintf(stream, "\\x%02x", c);
		} else if (escaped != 0) {
			(void)fprintf(stream, "\\u%04X", escaped);
		} else {
			(void)fwrite(left.data, 1, bytes, stream);
		}
		left.data += bytes;
		left.bytes -= bytes;
	}
	(void)fputc('"', stream);
}

void alm_text_file_put(
	struct alm_text_file *file, const char *key, const char *value)
{
	if (file->stream == NULL || value == NULL || value[0] == '\0') {
		return;
	}
	(void)fprintf(file->stream, "%s: ", key);
	put_quoted(file->stream, value);
	(void)fputc('\n', file->stream);
}

void alm_text_file_put_number(
	struct alm_text_file *file, const char *key, uint64_t value)
{
	if (file->stream != NULL) {
		(void)fprintf(file->stream, "%s: %" PRIu64 "\n", key, value);
	}
}

void alm_text_file_put_flag(
	struct alm_text_file *file, const char *key, bool value)
{
	if (file->stream != NULL) {
		(void)fprintf(
			file->stream, "%s: %s\n", key, value ? "yes" : "no");
	}
}

void alm_text_file_put_time(
	struct alm_text_file *file, const char *key, int64_t ms)
{
	char text[ALM_INSTANT_TEXT_BYTES];

	/* The years that alm_instant_text() writes: 1970 to 9999. */
	if (ms > 0 && ms / 1000 < 253402300800LL) {
		alm_instant_text(ms / 1000, text);
		alm_text_file_put(file, key, text);
	}
}

void alm_text_file_put_list(struct alm_text_file *file, const char *key,
	const char *const *items, size_t count)
{
	if (file->stream == NULL || count == 0) {
		return;
	}
	(void)fprintf(file->stream, "%s:\n", key);
	for (size_t i = 0; i < count; i++) {
		(void)fputs("  - ", file->stream);
		put_quoted(file->stream, items[i]);
		(void)fputc('\n', file->stream);
	}
}

enum alm_err alm_text_file_add(struct alm_text_file *file,
	struct alm_files *files, const char *path, struct alm_problem *problem)
{
	enum alm_err err;

	if (file->stream == NULL || fclose(file->stream) != 0) {
		err = alm_problem_set(problem, ALM_NOMEM, "%s", path);
	} else {
		err = alm_files_add(files, path,
			(struct alm_bytes){(uint8_t *)file->data, file->bytes},
			problem);
	}
	free(file->data);
	file->data = NULL;
	file->stream = NULL;
	return err;
}

enum alm_err alm_text_file_write(struct alm_text_file *file, const char *path,
	struct alm_problem *problem)
{
	struct alm_files files = {.count = 0};
	enum alm_err err = alm_text_file_add(file, &files, path, problem);

	return err == ALM_OK ? alm_files_flush(&files, problem) : err;
}
