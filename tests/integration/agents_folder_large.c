/*
 * Goal: a payload that is too large for a message arrives whole through two
 * folder agents, though both are killed on the way.
 */
#include "tests/support/folders.h"

TestSuite(agents_folder_large, .init = open_all, .fini = close_all,
	.timeout = 1800);

/* Too large for a message: each byte follows from its place. */
#define LARGE_BYTES ((size_t)24 * 1024 * 1024 + 77)

static void put_large(void)
{
	static uint8_t block[65536];
	char path[2 * PATH_MAX];
	size_t left = LARGE_BYTES;
	uint32_t x = 2463534242u;
	FILE *file;

	snprintf(path, sizeof(path), "%s/outbox/scan.dcm", folders[0]);
	file = fopen(path, "wb");
	cr_assert_not_null(file);
	while (left > 0) {
		size_t bytes = left < sizeof(block) ? left : sizeof(block);

		for (size_t i = 0; i < sizeof(block); i++) {
			x ^= x << 13;
			x ^= x >> 17;
			x ^= x << 5;
			block[i] = (uint8_t)x;
		}
		cr_assert_eq(fwrite(block, 1, bytes, file), bytes);
		left -= bytes;
	}
	cr_assert_eq(fclose(file), 0);
	snprintf(path, sizeof(path), "%s/outbox/scan.yaml", folders[0]);
	write_text(path, "recipient: C84001\npurpose: direct-care\n"
			 "categories: [discharge]\nlevel: identifiable\n"
			 "subject: \"9990000018\"\npayload: scan.dcm\n");
}

/* The one payload of the inbox is what put_large() wrote. */
static void check_large(void)
{
	char path[2 * PATH_MAX];
	struct dirent *entry;
	uint32_t x = 2463534242u;
	size_t bytes = 0;
	FILE *file = NULL;
	DIR *dir;
	int c;

	snprintf(path, sizeof(path), "%s/inbox", folders[1]);
	dir = opendir(path);
	cr_assert_not_null(dir);
	while (file == NULL && (entry = readdir(dir)) != NULL) {
		if (strstr(entry->d_name, ".payload") != NULL) {
			snprintf(path, sizeof(path), "%s/inbox/%s", folders[1],
				entry->d_name);
			file = fopen(path, "rb");
		}
	}
	closedir(dir);
	cr_assert_not_null(file);
	while ((c = getc(file)) != EOF) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		cr_assert_eq((uint8_t)x, (uint8_t)c, "at %zu", bytes);
		bytes++;
	}
	fclose(file);
	cr_assert_eq(bytes, LARGE_BYTES);
}

Test(agents_folder_large, a_large_file_arrives_though_both_agents_are_killed)
{
	pid_t from;
	pid_t to;

	put_large();
	from = start_agent(0);
	(void)poll(NULL, 0,
		150); /* somewhere in the middle, or before, or behind */
	(void)end_agent(from, SIGKILL);
	from = start_agent(0);
	wait_for_files(0, "receipts", ".yaml", 1);
	to = start_agent(1);
	/* A fast machine may have all of it before anybody looks. */
	while (count_files(1, "state/taken", ".part") == 0 &&
		count_files(1, "inbox", ".yaml") == 0) {
	}
	(void)end_agent(to, SIGKILL);
	to = start_agent(1);
	wait_for_files(1, "inbox", ".yaml", 1);
	check_large();
	cr_assert_eq(count_files(0, "outbox", ".dcm"), 0);
	/* What was done before they were killed leaves them nothing to wait
	 * for: they may not be there yet. */
	(void)end_agent(to, SIGTERM);
	(void)end_agent(from, SIGTERM);
	cr_assert_eq(count_files(1, "state/taken", ".part"), 0);
}
