/*
 * Replays a corpus through a fuzz target: every file of folder argv[1].  An
 * empty or missing folder is a failure, so that no corpus is lost unseen.
 */
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static int replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat status;
	uint8_t *data;
	size_t bytes;

	if (file == NULL || fstat(fileno(file), &status) != 0) {
		perror(path);
		exit(1);
	}
	if (!S_ISREG(status.st_mode)) {
		(void)fclose(file);
		return 0;
	}
	/* Exactly as large as the file, so that an overread is seen. */
	data = malloc(status.st_size > 0 ? (size_t)status.st_size : 1);
	bytes = data == NULL ? 0 : fread(data, 1, (size_t)status.st_size, file);
	(void)fclose(file);
	if (data == NULL || bytes != (size_t)status.st_size) {
		(void)fprintf(stderr, "%s: cannot be read\n", path);
		exit(1);
	}
	(void)LLVMFuzzerTestOneInput(data, bytes);
	free(data);
	return 1;
}

int main(int argc, char **argv)
{
	DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
	const struct dirent *entry;
	int count = 0;

	if (folder == NULL) {
		(void)fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 1;
	}
	while ((entry = readdir(folder)) != NULL) {
		char path[PATH_MAX];
		int bytes = snprintf(
			path, sizeof(path), "%s/%s", argv[1], entry->d_name);

		if (bytes < 0 || (size_t)bytes >= sizeof(path)) {
			(void)fprintf(stderr, "path too long\n");
			return 1;
		}
		count += replay(path);
	}
	(void)closedir(folder);
	printf("%s: %d inputs\n", argv[1], count);
	return count > 0 ? 0 : 1;
}
