#include "cli/attach.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/paths.h"
#include "lib/file.h"
#include "lib/limits.h"

/*
 * Read a file and attach it under its own name without folders.
 * Errors: TOO_MANY_VALUES, BUNDLE_LIMIT, and those of alm_file_read().
 */
static enum alm_err attach_file(struct alm_attached *attached, const char *path,
	struct alm_problem *problem)
{
	const char *slash = strrchr(path, '/');
	uint8_t *content = NULL;
	size_t bytes = 0;
	char *name;
	enum alm_err err;

	if (attached->count == ALM_ATTACHMENTS_MAX) {
		return alm_problem_set(problem, ALM_TOO_MANY_VALUES,
			"more than %u files", ALM_ATTACHMENTS_MAX);
	}
	err = alm_file_read(path, ALM_BUNDLE_BYTES_MAX - attached->bytes,
		&content, &bytes, problem);
	if (err != ALM_OK) {
		return err;
	}
	name = strdup(slash != NULL ? slash + 1 : path);
	if (name == NULL) {
		free(content);
		return ALM_NOMEM;
	}
	attached->names[attached->count] = name;
	attached->contents[attached->count] = content;
	attached->items[attached->count++] =
		(struct alm_attachment){name, {content, bytes}};
	attached->bytes += bytes;
	return ALM_OK;
}

static bool ends_with(const char *name, const char *suffix)
{
	size_t bytes = strlen(name);
	size_t suffix_bytes = strlen(suffix);

	return bytes > suffix_bytes && name[0] != '.' &&
	       strcmp(name + bytes - suffix_bytes, suffix) == 0;
}

/* alphasort() follows the locale; the order must be bytewise. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

enum alm_err alm_attach_folder(struct alm_attached *attached,
	const char *folder, const char *suffix, struct alm_problem *problem)
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, NULL, by_name);
	size_t count_before = attached->count;
	enum alm_err err = ALM_OK;
	char path[PATH_MAX];

	if (count < 0) {
		return alm_problem_set(
			problem, ALM_IO, "%s: %s", folder, strerror(errno));
	}
	for (int i = 0; i < count; i++) {
		if (err == ALM_OK && ends_with(entries[i]->d_name, suffix) &&
			alm_path_join(folder, entries[i]->d_name, path)) {
			err = attach_file(attached, path, problem);
		}
		free(entries[i]);
	}
	free(entries);
	if (err == ALM_OK && attached->count == count_before) {
		err = alm_problem_set(problem, ALM_NOT_FOUND,
			"%s holds no file *%s", folder, suffix);
	}
	return err;
}

enum alm_err alm_attach_path(struct alm_attached *attached, const char *path,
	const char *suffix, struct alm_problem *problem)
{
	struct stat info;

	if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
		return alm_attach_folder(attached, path, suffix, problem);
	}
	return attach_file(attached, path, problem);
}

void alm_attached_fini(struct alm_attached *attached)
{
	for (size_t i = 0; i < attached->count; i++) {
		free(attached->names[i]);
		free(attached->contents[i]);
	}
	attached->count = 0;
	attached->bytes = 0;
}
