#include "agents/folder/shelf.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/file.h"

enum alm_err alm_shelf_pick(const struct alm_folder *folder, const char *id,
	const char *const files[2], char out_shelf[ALM_SHELF_BYTES],
	struct alm_problem *problem)
{
	char shelf[ALM_UUID_TEXT_BYTES] = "";
	char path[PATH_MAX];
	struct alm_message_id made;

	if (alm_message_id_parse(id, &made) == ALM_OK) {
		(void)snprintf(shelf, sizeof(shelf), "%s", id);
	} else {
		alm_make_id(made.raw);
		alm_id_text(made.raw, shelf);
	}
	alm_folder_path(folder, ALM_REFUSED, shelf, "", path);
	out_shelf[0] = '\0';
	if (!alm_folder_has(folder, ALM_REFUSED, shelf, "") &&
		!alm_folder_has(folder, ALM_REFUSED, files[0], "") &&
		(files[1][0] == '\0' ||
			!alm_folder_has(folder, ALM_REFUSED, files[1], ""))) {
		return ALM_OK;
	}
	if (mkdir(path, 0770) != 0 && errno != EEXIST) {
		return alm_problem_set(problem, ALM_IO, "%s: cannot make: %s",
			path, strerror(errno));
	}
	(void)snprintf(out_shelf, ALM_SHELF_BYTES, "%s/", shelf);
	return ALM_OK;
}

enum alm_err alm_shelf_put(const struct alm_folder *folder, const char *file,
	const char *shelf, struct alm_problem *problem)
{
	char to[ALM_SHELF_BYTES + NAME_MAX + 1];

	(void)snprintf(to, sizeof(to), "%s%s", shelf, file);
	return alm_folder_rename(
		folder, ALM_OUTBOX, file, ALM_REFUSED, to, problem);
}

enum alm_err alm_shelf_sync(const struct alm_folder *folder, const char *shelf,
	struct alm_problem *problem)
{
	char path[PATH_MAX];
	enum alm_err err = ALM_OK;

	if (shelf[0] != '\0') {
		alm_folder_path(folder, ALM_REFUSED, shelf, "", path);
		err = alm_file_sync_folder(path, problem);
	}
	return err == ALM_OK ? alm_folder_sync(folder, ALM_REFUSED, problem)
			     : err;
}
