/*
 * Sources come in pieces, in order, some megabytes at a time.  What the
 * broker names a file is not trusted with a path: a name is a name.
 */
#include "cli/policy/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agents/include/almoner_control.h"
#include "broker/store/store.h"
#include "cli/attach.h"
#include "cli/paths.h"
#include "lib/file.h"
#include "lib/id.h"
#include "lib/limits.h"

#define ARENA_BYTES_MAX ((size_t)3 * ALM_ADMIN_FRAME_BYTES_MAX)

struct fetching {
	struct alm_control *control;
	struct alm_arena arena; /* of one answer */
	struct alm_attached files;
	char digest[2 * ALM_DIGEST_BYTES + 1];
};

static bool is_plain_name(const char *name)
{
	return *name != '\0' && *name != '.' && strchr(name, '/') == NULL &&
	       strlen(name) < 256;
}

static enum alm_err begin_file(struct fetching *f, const char *name)
{
	struct alm_attached *files = &f->files;

	if (!is_plain_name(name)) {
		return ALM_MALFORMED;
	}
	if (files->count == ALM_ATTACHMENTS_MAX) {
		return ALM_TOO_MANY_VALUES;
	}
	files->names[files->count] = strdup(name);
	if (files->names[files->count] == NULL) {
		return ALM_NOMEM;
	}
	files->contents[files->count] = NULL;
	files->items[files->count] =
		(struct alm_attachment){files->names[files->count], {NULL, 0}};
	files->count++;
	return ALM_OK;
}

/* One more piece of the last file. */
static enum alm_err add_piece(struct fetching *f, const char *hex)
{
	struct alm_attached *files = &f->files;
	size_t at = files->count - 1;
	size_t before = files->items[at].content.bytes;
	size_t bytes = strlen(hex) / 2;
	uint8_t *data;

	if (files->bytes + bytes > ALM_BUNDLE_BYTES_MAX) {
		return ALM_BUNDLE_LIMIT;
	}
	data = realloc(files->contents[at], before + bytes + 1);
	if (data == NULL) {
		return ALM_NOMEM;
	}
	files->contents[at] = data;
	files->items[at].content = (struct alm_bytes){data, before + bytes};
	files->bytes += bytes;
	return alm_unhex(hex, data + before, bytes) == ALM_OK ? ALM_OK
							      : ALM_MALFORMED;
}

static enum alm_err add_row(
	struct fetching *f, const struct alm_answer *answer, size_t row)
{
	const char *const *cells = answer->rows[row].items;
	size_t offset = strtoull(cells[1], NULL, 10);
	const struct alm_attached *files = &f->files;
	enum alm_err err = ALM_OK;

	if (offset == 0) {
		err = begin_file(f, cells[0]);
	} else if (files->count == 0 ||
		   strcmp(files->names[files->count - 1], cells[0]) != 0 ||
		   files->items[files->count - 1].content.bytes != offset) {
		err = ALM_MALFORMED;
	}
	return err == ALM_OK ? add_piece(f, cells[2]) : err;
}

static enum alm_err fetch(struct fetching *f, const struct alm_ask *which,
	struct alm_problem *problem)
{
	char cursor[ALM_TEXT_BYTES_MAX + 1] = "";
	enum alm_err err = ALM_OK;

	do {
		struct alm_ask ask = *which;
		struct alm_answer answer;
		const char *digest;

		ask.verb = "policy.source";
		alm_ask_add(&ask, "cursor", *cursor == '\0' ? NULL : cursor);
		alm_arena_reset(&f->arena);
		err = alm_admin_ask(
			f->control, &ask, &f->arena, &answer, problem);
		for (size_t i = 0; err == ALM_OK && i < answer.row_count; i++) {
			err = answer.columns.count == 3 ? add_row(f, &answer, i)
							: ALM_MALFORMED;
			if (err != ALM_OK) {
				err = alm_problem_set(
					problem, err, "the broker's answer");
			}
		}
		if (err == ALM_OK) {
			digest = alm_answer_fact(&answer, "digest");
			alm_text_copy(f->digest, sizeof(f->digest),
				digest == NULL ? "" : digest);
			alm_text_copy(cursor, sizeof(cursor), answer.cursor);
		}
	} while (err == ALM_OK && *cursor != '\0');
	return err;
}

/* In the order in which they came: that of the digest. */
static enum alm_err check_digest(
	const struct fetching *f, struct alm_problem *problem)
{
	struct alm_policy_file *files =
		calloc(f->files.count + 1, sizeof(*files));
	struct alm_hash *hash = alm_hash_new();
	char text[2 * ALM_DIGEST_BYTES + 1] = "";
	struct alm_digest digest;

	if (files != NULL && hash != NULL) {
		for (size_t i = 0; i < f->files.count; i++) {
			files[i].name = f->files.items[i].name;
			files[i].content = f->files.items[i].content;
		}
		alm_policy_digest(hash, files, f->files.count, &digest);
		alm_hex(digest.raw, sizeof(digest.raw), text);
	}
	alm_hash_free(hash);
	free(files);
	return strcmp(text, f->digest) == 0
		       ? ALM_OK
		       : alm_problem_set(problem, ALM_STORE_CORRUPT,
				 "the files do not have the policy's digest");
}

static enum alm_err check_absent(const struct fetching *f, const char *folder,
	struct alm_problem *problem)
{
	char path[PATH_MAX];
	struct stat info;

	for (size_t i = 0; i < f->files.count; i++) {
		if (!alm_path_join(folder, f->files.names[i], path) ||
			lstat(path, &info) == 0) {
			return alm_problem_set(problem, ALM_IO,
				"%s/%s is there already and is not overwritten",
				folder, f->files.names[i]);
		}
	}
	return ALM_OK;
}

static enum alm_err write_files(const struct fetching *f, const char *folder,
	struct alm_problem *problem)
{
	enum alm_err err;

	if (mkdir(folder, 0755) != 0 && errno != EEXIST) {
		return alm_problem_set(
			problem, ALM_IO, "%s: %s", folder, strerror(errno));
	}
	err = check_absent(f, folder, problem);
	for (size_t i = 0; err == ALM_OK && i < f->files.count; i++) {
		char path[PATH_MAX];

		err = alm_path_join(folder, f->files.names[i], path)
			      ? alm_file_write(path, f->files.items[i].content,
					0644, problem)
			      : ALM_IO;
	}
	return err;
}

/* What the broker has, checked; to be closed in any case. */
static enum alm_err open_and_fetch(struct fetching *f,
	const struct alm_args *args, const struct alm_ask *which,
	struct alm_problem *problem)
{
	enum alm_err err;

	alm_arena_init(&f->arena, ARENA_BYTES_MAX);
	err = alm_admin_open(args, &f->control, problem);
	if (err == ALM_OK) {
		err = fetch(f, which, problem);
	}
	return err == ALM_OK ? check_digest(f, problem) : err;
}

static void close_fetching(struct fetching *f)
{
	alm_control_close(f->control);
	alm_attached_fini(&f->files);
	alm_arena_fini(&f->arena);
	free(f);
}

enum alm_err alm_policy_source_read(const struct alm_args *args,
	const struct alm_ask *which, struct alm_attached *out_files,
	struct alm_problem *problem)
{
	struct fetching *f = calloc(1, sizeof(*f));
	enum alm_err err;

	if (f == NULL) {
		return ALM_NOMEM;
	}
	err = open_and_fetch(f, args, which, problem);
	if (err == ALM_OK) {
		*out_files = f->files;
		memset(&f->files, 0, sizeof(f->files));
	}
	close_fetching(f);
	return err;
}

enum alm_err alm_policy_source_write(const struct alm_args *args,
	const struct alm_ask *which, const char *folder,
	struct alm_problem *problem)
{
	struct fetching *f = calloc(1, sizeof(*f));
	enum alm_err err;

	if (f == NULL) {
		return ALM_NOMEM;
	}
	err = open_and_fetch(f, args, which, problem);
	if (err == ALM_OK) {
		err = write_files(f, folder, problem);
	}
	close_fetching(f);
	return err;
}
