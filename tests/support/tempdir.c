#include "tests/support/tempdir.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base.h"

#define NAME "/almoner-test-XXXXXX"

void alm_tempdir_make(char out_path[ALM_TEMPDIR_BYTES])
{
	const char *parent = getenv("TMPDIR");

	if (parent == NULL || parent[0] != '/' ||
		strlen(parent) + sizeof(NAME) > ALM_TEMPDIR_BYTES) {
		parent = "/tmp";
	}
	(void)snprintf(out_path, ALM_TEMPDIR_BYTES, "%s" NAME, parent);
	ALM_ASSERT(mkdtemp(out_path) != NULL);
}

static int remove_one(
	const char *path, const struct stat *info, int type, struct FTW *place)
{
	(void)info;
	(void)type;
	(void)place;
	return remove(path);
}

void alm_tempdir_remove(const char *path)
{
	(void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void copy_file(const char *from, const char *to)
{
	char buffer[65536];
	FILE *in = fopen(from, "rb");
	FILE *out = fopen(to, "wb");
	size_t bytes;

	ALM_ASSERT(in != NULL && out != NULL);
	while ((bytes = fread(buffer, 1, sizeof(buffer), in)) > 0) {
		ALM_ASSERT(fwrite(buffer, 1, bytes, out) == bytes);
	}
	ALM_ASSERT(fclose(in) == 0 && fclose(out) == 0);
}

void alm_tempdir_copy(const char *from, const char *to)
{
	DIR *folder = opendir(from);
	struct dirent *entry;

	ALM_ASSERT(folder != NULL);
	while ((entry = readdir(folder)) != NULL) {
		char a[512];
		char b[512];

		if (entry->d_type != DT_REG) {
			continue;
		}
		(void)snprintf(a, sizeof(a), "%s/%s", from, entry->d_name);
		(void)snprintf(b, sizeof(b), "%s/%s", to, entry->d_name);
		copy_file(a, b);
	}
	(void)closedir(folder);
}
