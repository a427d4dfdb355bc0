#include "agents/folder/check.h"

#include <dirent.h>
#include <stdlib.h>

#include "agents/folder/entries.h"
#include "agents/folder/log.h"
#include "agents/folder/probe.h"
#include "agents/folder/sending.h"

static int is_meant(const struct dirent *file)
{
	char name[ALM_NAME_BYTES_MAX + 1];

	return alm_entry_name(file->d_name, name) ||
	       alm_entry_is_misnamed(file->d_name);
}

static enum alm_err check_one(const struct alm_folder *folder, const char *file,
	struct alm_problem *problem)
{
	char name[ALM_NAME_BYTES_MAX + 1];
	struct alm_outline outline;
	enum alm_err err;

	if (!alm_entry_name(file, name)) {
		return alm_problem_set(problem, ALM_SIDECAR,
			"rename it: the name is " ALM_MISNAMED);
	}
	err = alm_sending_outline(folder, name, &outline, problem);
	if (err == ALM_OK && outline.payload[0] != '\0' &&
		!alm_folder_has(folder, ALM_OUTBOX, outline.payload, "")) {
		err = alm_problem_set(problem, ALM_SIDECAR, "%s is not there",
			outline.payload);
	}
	return err;
}

static size_t check_folders(const struct alm_folder *folder)
{
	struct alm_problem problem = {0};
	size_t wrong = 0;

	if (alm_probe_outbox(folder, &problem) != ALM_OK) {
		alm_log_problem(ALM_IO, "outbox", problem.detail);
		wrong++;
	}
	if (alm_probe_inbox(folder, &problem) != ALM_OK) {
		alm_log_problem(ALM_IO, "inbox", problem.detail);
		wrong++;
	}
	return wrong;
}

size_t alm_check(const struct alm_folder *folder)
{
	struct dirent **files = NULL;
	char path[PATH_MAX];
	size_t wrong = check_folders(folder);
	int count;

	alm_folder_path(folder, ALM_OUTBOX, "", "", path);
	count = scandir(path, &files, is_meant, alphasort);
	for (int i = 0; i < count; i++) {
		struct alm_problem problem = {0};
		enum alm_err err =
			check_one(folder, files[i]->d_name, &problem);

		if (err != ALM_OK) {
			alm_log_problem(err, files[i]->d_name, problem.detail);
			wrong++;
		}
		free(files[i]);
	}
	free(files);
	return wrong;
}
