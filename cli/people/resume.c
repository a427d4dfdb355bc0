/*
 * What is kept: one line `offset line digest`.  The digest is over the first
 * and the last bytes before the place, so that another file, or one that was
 * changed there, is not taken for the one that was begun.
 */
#include "cli/people/resume.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/paths.h"
#include "lib/file.h"
#include "lib/hash.h"
#include "lib/id.h"
#include "lib/limits.h"

#define SAMPLE_BYTES ((size_t)64 * 1024)
#define KEPT_BYTES_MAX 256u
#define NAME_BYTES 16u /* of the digest of the file's own path */

static bool make_folder(const char *base, const char *part, char out[PATH_MAX])
{
	return alm_path_join(base, part, out) &&
	       (mkdir(out, 0700) == 0 || errno == EEXIST);
}

/* .../almoner, made with its parents. */
static bool state_folder(char out[PATH_MAX])
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	char local[PATH_MAX];
	char base[PATH_MAX];

	if (state != NULL && state[0] == '/') {
		(void)mkdir(state, 0700);
		return make_folder(state, "almoner", out);
	}
	return home != NULL && home[0] == '/' &&
	       make_folder(home, ".local", local) &&
	       make_folder(local, "state", base) &&
	       make_folder(base, "almoner", out);
}

static bool digest_of(struct alm_bytes first, struct alm_bytes last,
	uint64_t offset, uint8_t out[ALM_DIGEST_BYTES])
{
	struct alm_hash *hash = alm_hash_new();
	uint8_t number[8];
	const struct alm_bytes parts[] = {
		first, last, {number, sizeof(number)}};

	if (hash == NULL) {
		return false;
	}
	alm_put_u64(number, offset);
	alm_hash_parts(hash, parts, ALM_COUNT(parts), out);
	alm_hash_free(hash);
	return true;
}

void alm_people_resume_init(
	struct alm_people_resume *resume, const char *file, int fd)
{
	uint8_t digest[ALM_DIGEST_BYTES];
	char hex[2 * NAME_BYTES + 1];
	char name[sizeof(hex) + 8];
	char folder[PATH_MAX];
	char real[PATH_MAX];

	resume->path[0] = '\0';
	resume->fd = fd;
	if (realpath(file, real) == NULL || !state_folder(folder) ||
		!digest_of(
			(struct alm_bytes){(const uint8_t *)real, strlen(real)},
			(struct alm_bytes){digest, 0}, 0, digest)) {
		return;
	}
	alm_hex(digest, NAME_BYTES, hex);
	(void)snprintf(name, sizeof(name), "import-%s", hex);
	if (!alm_path_join(folder, name, resume->path)) {
		resume->path[0] = '\0';
	}
}

/* The digest of the file before a place, as hexadecimal digits. */
static enum alm_err sample(const struct alm_people_resume *resume,
	uint64_t offset, char out[2 * ALM_DIGEST_BYTES + 1],
	struct alm_problem *problem)
{
	size_t bytes = offset < SAMPLE_BYTES ? (size_t)offset : SAMPLE_BYTES;
	uint8_t *room = malloc(2 * SAMPLE_BYTES);
	uint8_t digest[ALM_DIGEST_BYTES];
	enum alm_err err = ALM_OK;

	if (room == NULL) {
		return ALM_NOMEM;
	}
	if (pread(resume->fd, room, bytes, 0) != (ssize_t)bytes ||
		pread(resume->fd, room + SAMPLE_BYTES, bytes,
			(off_t)(offset - bytes)) != (ssize_t)bytes) {
		err = alm_problem_set(problem, ALM_IMPORT_CHANGED,
			"it is shorter than it was");
	} else if (!digest_of((struct alm_bytes){room, bytes},
			   (struct alm_bytes){room + SAMPLE_BYTES, bytes},
			   offset, digest)) {
		err = ALM_NOMEM;
	} else {
		alm_hex(digest, sizeof(digest), out);
	}
	free(room);
	return err;
}

enum alm_err alm_people_resume_read(const struct alm_people_resume *resume,
	struct alm_people_place *out, struct alm_problem *problem)
{
	char found[2 * ALM_DIGEST_BYTES + 1];
	char kept[2 * ALM_DIGEST_BYTES + 1];
	struct alm_people_place place;
	uint8_t *text = NULL;
	size_t bytes = 0;
	char *end = NULL;
	bool is_place;
	enum alm_err err;

	if (resume->path[0] == '\0') {
		return ALM_NOT_FOUND;
	}
	err = alm_file_read(
		resume->path, KEPT_BYTES_MAX, &text, &bytes, problem);
	if (err != ALM_OK) {
		return err;
	}
	place.offset = strtoull((const char *)text, &end, 10);
	is_place = text[0] >= '0' && text[0] <= '9' && *end == ' ';
	place.line = is_place ? strtoull(end + 1, &end, 10) : 0;
	is_place = is_place && *end == ' ' && strlen(end + 1) >= sizeof(kept);
	if (is_place) {
		memcpy(kept, end + 1, sizeof(kept) - 1);
	}
	kept[sizeof(kept) - 1] = '\0';
	free(text);
	if (!is_place || place.offset > INT64_MAX) {
		return alm_problem_set(problem, ALM_IMPORT_CHANGED,
			"%s is not readable", resume->path);
	}
	err = sample(resume, place.offset, found, problem);
	if (err == ALM_OK && strcmp(found, kept) != 0) {
		err = alm_problem_set(
			problem, ALM_IMPORT_CHANGED, "its content was changed");
	}
	if (err == ALM_OK) {
		*out = place;
	}
	return err;
}

enum alm_err alm_people_resume_write(const struct alm_people_resume *resume,
	const struct alm_people_place *place, struct alm_problem *problem)
{
	char digest[2 * ALM_DIGEST_BYTES + 1];
	char text[KEPT_BYTES_MAX];
	enum alm_err err;
	int bytes;

	if (resume->path[0] == '\0') {
		return ALM_OK;
	}
	err = sample(resume, place->offset, digest, problem);
	if (err != ALM_OK) {
		return err;
	}
	bytes = snprintf(text, sizeof(text), "%" PRIu64 " %" PRIu64 " %s\n",
		place->offset, place->line, digest);
	return alm_file_write(resume->path,
		(struct alm_bytes){(const uint8_t *)text, (size_t)bytes}, 0600,
		problem);
}

void alm_people_resume_forget(const struct alm_people_resume *resume)
{
	if (resume->path[0] != '\0') {
		(void)unlink(resume->path);
	}
}
