#include "cli/bench/host.h"

#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

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

void alm_host_used_by(pid_t pid, double *out_user_s, double *out_system_s)
{
	double ticks = (double)sysconf(_SC_CLK_TCK);
	char text[1024];
	char path[64];
	char *at = NULL;
	FILE *in;

	*out_user_s = 0;
	*out_system_s = 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	in = fopen(path, "re");
	if (in == NULL) {
		return;
	}
	/* The name stands in brackets; the 12th and 13th field after it. */
	if (fgets(text, sizeof(text), in) != NULL) {
		at = strrchr(text, ')');
	}
	(void)fclose(in);
	for (unsigned field = 0; field < 12 && at != NULL; field++) {
		at = strchr(at + 1, ' ');
	}
	if (at != NULL) {
		*out_user_s = (double)strtoull(at, &at, 10) / ticks;
		*out_system_s = (double)strtoull(at, NULL, 10) / ticks;
	}
}

double alm_host_processor_s(pid_t pid)
{
	struct timespec used;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 ||
		clock_gettime(clock, &used) != 0) {
		return 0;
	}
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

uint64_t alm_host_memory_kib(pid_t pid)
{
	unsigned long long kib = 0;
	char line[256];
	char path[64];
	FILE *in;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	in = fopen(path, "re");
	if (in == NULL) {
		return 0;
	}
	while (fgets(line, sizeof(line), in) != NULL) {
		/* Of kernels that do not tell them apart, all of it. */
		if (strncmp(line, "RssAnon:", 8) == 0 ||
			strncmp(line, "VmRSS:", 6) == 0) {
			kib = strtoull(strchr(line, ':') + 1, NULL, 10);
		}
	}
	(void)fclose(in);
	return kib;
}
