#include "cli/host.h"

#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define LINE_BYTES_MAX 512u

void alm_host_cpu_model(char *out, size_t bytes)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[LINE_BYTES_MAX];

	(void)snprintf(out, bytes, "unknown");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		const char *colon = strchr(line, ':');

		if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
			line[strcspn(line, "\n")] = '\0';
			(void)snprintf(out, bytes, "%s",
				colon + 1 + strspn(colon + 1, " "));
			break;
		}
	}
	if (file != NULL) {
		(void)fclose(file);
	}
}

void alm_host_filesystem(const char *path, char *out, size_t bytes)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	const struct mntent *entry;
	struct stat wanted;
	struct stat mounted;

	(void)snprintf(out, bytes, "unknown");
	if (stat(path, &wanted) != 0 || mounts == NULL) {
		if (mounts != NULL) {
			(void)endmntent(mounts);
		}
		return;
	}
	/* The last one wins: later mounts cover earlier ones. */
	while ((entry = getmntent(mounts)) != NULL) {
		if (stat(entry->mnt_dir, &mounted) == 0 &&
			mounted.st_dev == wanted.st_dev) {
			(void)snprintf(out, bytes, "%s", entry->mnt_type);
		}
	}
	(void)endmntent(mounts);
}

const char *alm_host_build(void)
{
#if defined(__SANITIZE_ADDRESS__)
	return "asan";
#elif defined(__OPTIMIZE__)
	return "release";
#else
	return "debug";
#endif
}
