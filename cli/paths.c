#include "cli/paths.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDERS_OPEN_MAX 16
#define PARENTS_MAX 8u /* build folders above this program */

bool alm_path_join(const char *folder, const char *name, char out[PATH_MAX])
{
	int n = snprintf(out, PATH_MAX, "%s/%s", folder, name);

	return n > 0 && n < PATH_MAX;
}

/** The folder of this program; "" if it is not known. */
static void own_folder(char out[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
	char *slash;

	out[n > 0 ? n : 0] = '\0';
	slash = strrchr(out, '/');
	if (slash != NULL) {
		*slash = '\0';
	}
}

static bool is_folder(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

enum alm_err alm_path_program(
	const char *name, char out[PATH_MAX], struct alm_problem *problem)
{
	static const char *const places[] = {
		"", "../sbin/", "roles/", "../libexec/almoner/"};
	char folder[PATH_MAX];
	char path[PATH_MAX];

	own_folder(folder);
	for (size_t i = 0; i < ALM_COUNT(places); i++) {
		int n = snprintf(
			path, sizeof(path), "%s/%s%s", folder, places[i], name);

		if (n < (int)sizeof(path) && access(path, X_OK) == 0) {
			memcpy(out, path, (size_t)n + 1);
			return ALM_OK;
		}
	}
	return alm_problem_set(problem, ALM_NOT_FOUND,
		"the program %s is not in %s", name, folder);
}

/** `installed` beside bin/, or `source` in a folder above this program. */
static enum alm_err find(const char *installed, const char *source,
	char out[PATH_MAX], struct alm_problem *problem)
{
	char folder[PATH_MAX];
	char path[PATH_MAX];

	own_folder(folder);
	if (alm_path_join(folder, installed, path) && is_folder(path)) {
		memcpy(out, path, strlen(path) + 1);
		return ALM_OK;
	}
	for (unsigned i = 0; i < PARENTS_MAX && *folder != '\0'; i++) {
		char *slash = strrchr(folder, '/');

		if (alm_path_join(folder, source, path) && is_folder(path)) {
			memcpy(out, path, strlen(path) + 1);
			return ALM_OK;
		}
		if (slash == NULL) {
			break;
		}
		*slash = '\0';
	}
	return alm_problem_set(problem, ALM_NOT_FOUND,
		"the folder %s is neither installed nor in the source tree",
		source);
}

enum alm_err alm_path_demo(char out[PATH_MAX], struct alm_problem *problem)
{
	return find("../share/almoner/demo", "config/demo", out, problem);
}

enum alm_err alm_path_standards(char out[PATH_MAX], struct alm_problem *problem)
{
	return find(
		"../share/almoner/standards", "build/standards", out, problem);
}

static int remove_one(
	const char *path, const struct stat *info, int type, struct FTW *place)
{
	(void)info;
	(void)type;
	(void)place;
	return remove(path);
}

void alm_path_remove(const char *folder)
{
	(void)nftw(folder, remove_one, FOLDERS_OPEN_MAX, FTW_DEPTH | FTW_PHYS);
}
