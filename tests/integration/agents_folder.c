/*
 * Goal: files through two folder agents and a real broker arrive once each,
 * though agents and broker are killed; the example program receives.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agents/include/almoner.h"
#include "lib/file.h"
#include "lib/id.h"
#include "tests/support/peer.h"

#define MESSAGES 40u
#define TOO_MANY 80u /* for the mailbox */
#define WAIT_S 600

static struct test_broker broker;
static struct test_peer peers[2];
static char contexts[2][2 * PATH_MAX];
static char folders[2][PATH_MAX];

static void write_text(const char *path, const char *text)
{
	cr_assert_eq(
		alm_file_write(path,
			(struct alm_bytes){(const uint8_t *)text, strlen(text)},
			0600, NULL),
		ALM_OK);
}

static void make_agent(size_t i, const char *organisation)
{
	char text[4 * PATH_MAX];
	char key[65];
	char path[2 * PATH_MAX];

	test_peer_make(&peers[i], organisation);
	test_peer_register(&peers[i], &broker, "agent");
	snprintf(folders[i], PATH_MAX, "%s/%s", broker.folder, organisation);
	cr_assert_eq(mkdir(folders[i], 0700), 0);
	snprintf(path, sizeof(path), "%s/outbox", folders[i]);
	cr_assert_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/curve.key", folders[i]);
	cr_assert_eq(
		alm_key_file_write(path, peers[i].curve_secret, NULL), ALM_OK);
	snprintf(path, sizeof(path), "%s/signing.key", folders[i]);
	cr_assert_eq(alm_key_file_write(path, peers[i].signing_secret, NULL),
		ALM_OK);
	alm_hex(broker.public_key, 32, key);
	snprintf(text, sizeof(text),
		"endpoint: %s\nbroker-key: %s\norganisation: %s\n"
		"agent: agent\ncurve-key: curve.key\n"
		"signing-key: signing.key\n",
		broker.endpoint, key, organisation);
	snprintf(path, sizeof(path), "%s/context.yaml", folders[i]);
	write_text(path, text);
	strcpy(contexts[i], path);
}

static void open_all(void)
{
	test_broker_open(
		&broker, "acknowledge-timeout: 1s\nmailbox-messages-max: 50\n");
	test_broker_activate(&broker, test_policy);
	make_agent(0, "RX1");
	make_agent(1, "C84001");
}

static void close_all(void)
{
	test_peer_free(&peers[0]);
	test_peer_free(&peers[1]);
	test_broker_close(&broker);
}

TestSuite(agents_folder, .init = open_all, .fini = close_all, .timeout = 1800);

static pid_t start_agent(size_t i)
{
	char program[PATH_MAX];
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		snprintf(program, sizeof(program), "%s/almoner-agent",
			getenv("ALMONER_BUILD"));
		execl(program, program, "--context", contexts[i], "--folder",
			folders[i], (char *)NULL);
		_exit(127);
	}
	return pid;
}

static int end_agent(pid_t pid, int number)
{
	int status = 0;

	cr_assert_eq(kill(pid, number), 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void put_message(unsigned n)
{
	char path[2 * PATH_MAX];
	char text[512];

	snprintf(path, sizeof(path), "%s/outbox/m%02u.txt", folders[0], n);
	snprintf(text, sizeof(text), "%u", n);
	write_text(path, text);
	snprintf(text, sizeof(text),
		"recipient: C84001\npurpose: direct-care\n"
		"categories: [discharge]\nlevel: identifiable\n"
		"subject: \"9990000018\"\npayload: m%02u.txt\n",
		n);
	snprintf(path, sizeof(path), "%s/outbox/m%02u.yaml", folders[0], n);
	write_text(path, text);
}

static size_t count_files(size_t i, const char *place, const char *suffix)
{
	char path[2 * PATH_MAX];
	struct dirent *entry;
	size_t count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s", folders[i], place);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		size_t bytes = strlen(entry->d_name);
		size_t tail = strlen(suffix);

		count += bytes > tail &&
			 strcmp(entry->d_name + bytes - tail, suffix) == 0;
	}
	if (dir != NULL) {
		closedir(dir);
	}
	return count;
}

/** Wait until a place holds at least `count` files. */
static void wait_for_files(
	size_t i, const char *place, const char *suffix, size_t count)
{
	time_t until = time(NULL) + WAIT_S;

	while (count_files(i, place, suffix) < count) {
		cr_assert_lt(time(NULL), until, "%zu of %zu in %s",
			count_files(i, place, suffix), count, place);
		(void)poll(NULL, 0, 20);
	}
}

/** Each number stands in exactly one payload of the inbox. */
static void expect_each_once(unsigned count)
{
	unsigned seen[TOO_MANY] = {0};
	char path[2 * PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/inbox", folders[1]);
	dir = opendir(path);
	cr_assert_neq(dir, NULL);
	while ((entry = readdir(dir)) != NULL) {
		char file[4 * PATH_MAX];
		uint8_t *data = NULL;
		size_t bytes = 0;
		unsigned n;

		if (strstr(entry->d_name, ".payload") == NULL) {
			continue;
		}
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		cr_assert_eq(
			alm_file_read(file, 64, &data, &bytes, NULL), ALM_OK);
		n = (unsigned)strtoul((char *)data, NULL, 10);
		free(data);
		cr_assert_lt(n, count);
		seen[n]++;
	}
	closedir(dir);
	for (unsigned n = 0; n < count; n++) {
		cr_assert_eq(
			seen[n], 1, "message %u arrived %u times", n, seen[n]);
	}
}

static uint64_t sequence_of(unsigned n)
{
	char path[2 * PATH_MAX];
	uint8_t *data = NULL;
	size_t bytes = 0;
	const char *line;
	uint64_t sequence;

	snprintf(path, sizeof(path), "%s/receipts/m%02u.yaml", folders[0], n);
	cr_assert_eq(alm_file_read(path, 65536, &data, &bytes, NULL), ALM_OK);
	line = strstr((char *)data, "\nsequence: ");
	cr_assert_not_null(line);
	sequence = strtoull(line + strlen("\nsequence: "), NULL, 10);
	free(data);
	return sequence;
}

static void expect_in_order(unsigned count)
{
	for (unsigned n = 1; n < count; n++) {
		cr_assert_gt(sequence_of(n), sequence_of(n - 1),
			"message %u overtook the one before", n);
	}
}

Test(agents_folder, every_file_arrives_once_though_all_are_killed)
{
	pid_t from;
	pid_t to = start_agent(1);

	for (unsigned n = 0; n < MESSAGES - 1; n++) {
		put_message(n);
	}
	from = start_agent(0);
	for (unsigned round = 1; round <= 4; round++) {
		wait_for_files(0, "receipts", ".yaml", round * 5);
		(void)end_agent(from, SIGKILL);
		(void)end_agent(to, SIGKILL);
		if (round == 2) {
			test_broker_kill(&broker);
			test_broker_start(&broker);
		}
		from = start_agent(0);
		to = start_agent(1);
	}
	put_message(MESSAGES - 1); /* so that both are there again */
	wait_for_files(0, "receipts", ".yaml", MESSAGES);
	wait_for_files(1, "inbox", ".yaml", MESSAGES);
	cr_assert_eq(end_agent(from, SIGTERM), 0);
	cr_assert_eq(end_agent(to, SIGTERM), 0);
	cr_assert_eq(count_files(0, "outbox", ""), 2, "only . and ..");
	cr_assert_eq(count_files(1, "inbox", ""), 2 * MESSAGES + 2,
		"and two files for each message");
	expect_each_once(MESSAGES);
	expect_in_order(MESSAGES);
}

Test(agents_folder, nothing_overtakes_what_a_full_mailbox_refused)
{
	pid_t from;
	pid_t to;

	for (unsigned n = 0; n < TOO_MANY; n++) {
		put_message(n);
	}
	from = start_agent(0);
	while (test_broker_figure(&broker, "refused") == 0) {
		(void)poll(NULL, 0, 20);
	}
	to = start_agent(1);
	wait_for_files(0, "receipts", ".yaml", TOO_MANY);
	wait_for_files(1, "inbox", ".yaml", TOO_MANY);
	cr_assert_eq(end_agent(from, SIGTERM), 0);
	cr_assert_eq(end_agent(to, SIGTERM), 0);
	expect_each_once(TOO_MANY);
	expect_in_order(TOO_MANY);
}

Test(agents_folder, a_refused_file_comes_back_with_the_reason)
{
	char path[2 * PATH_MAX];
	pid_t from = start_agent(0);

	snprintf(path, sizeof(path), "%s/outbox/x.txt", folders[0]);
	write_text(path, "x");
	snprintf(path, sizeof(path), "%s/outbox/x.yaml", folders[0]);
	write_text(path, "recipient: C84001\npurpose: support\n"
			 "categories: [contact]\nlevel: identifiable\n"
			 "subject: \"9990000018\"\npayload: x.txt\n");
	wait_for_files(0, "refused", ".refusal.yaml", 1);
	wait_for_files(0, "refused", ".txt", 1);
	cr_assert_eq(end_agent(from, SIGTERM), 0);
}

/* As a full disk: it is not asked for in vain, and comes once it can. */
Test(agents_folder, mail_waits_while_it_cannot_be_written)
{
	char inbox[2 * PATH_MAX];
	pid_t from = start_agent(0);
	pid_t to;

	snprintf(inbox, sizeof(inbox), "%s/inbox", folders[1]);
	to = start_agent(1);
	wait_for_files(1, "state", "", 4); /* the last that it makes */
	cr_assert_eq(rmdir(inbox), 0);
	put_message(1);
	wait_for_files(0, "receipts", ".yaml", 1);
	while (test_broker_figure(&broker, "delivered") == 0) {
		(void)poll(NULL, 0, 20);
	}
	cr_assert_eq(mkdir(inbox, 0700), 0);
	wait_for_files(1, "inbox", ".yaml", 1);
	cr_assert_eq(count_files(1, "inbox", ""), 4, "the probe is left");
	cr_assert_eq(end_agent(to, SIGTERM), 0);
	cr_assert_eq(end_agent(from, SIGTERM), 0);
}

Test(agents_folder, of_two_entries_with_one_payload_one_is_refused)
{
	static const char *const names[] = {"one", "two"};
	char path[2 * PATH_MAX];
	pid_t from;

	snprintf(path, sizeof(path), "%s/outbox/two.txt", folders[0]);
	write_text(path, "0");
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/outbox/%s.yaml", folders[0],
			names[i]);
		write_text(path, "recipient: C84001\npurpose: direct-care\n"
				 "categories: [discharge]\n"
				 "level: identifiable\n"
				 "subject: \"9990000018\"\npayload: two.txt\n");
	}
	from = start_agent(0);
	wait_for_files(0, "receipts", ".yaml", 1);
	wait_for_files(0, "refused", ".refusal.yaml", 1);
	cr_assert_eq(end_agent(from, SIGTERM), 0);
	cr_assert_eq(count_files(0, "receipts", ".yaml"), 1);
	cr_assert_eq(count_files(0, "refused", ".txt"), 0,
		"the payload went with the wrong entry");
	cr_assert_eq(count_files(0, "outbox", ".yaml"), 0);
	cr_assert_eq(count_files(0, "outbox", ".txt"), 0);
	cr_assert_eq(test_broker_figure(&broker, "accepted"), 1);
}

Test(agents_folder, the_example_program_prints_what_arrives)
{
	char program[PATH_MAX];
	char text[16] = "";
	struct pollfd item = {.events = POLLIN};
	pid_t from = start_agent(0);
	int ends[2];
	pid_t pid;

	cr_assert_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		snprintf(program, sizeof(program), "%s/examples/receive",
			getenv("ALMONER_BUILD"));
		execl(program, program, contexts[1], (char *)NULL);
		_exit(127);
	}
	put_message(31);
	item.fd = ends[0];
	cr_assert_eq(poll(&item, 1, WAIT_S * 1000), 1);
	cr_assert_eq(read(ends[0], text, sizeof(text) - 1), 2);
	cr_assert_str_eq(text, "31");
	(void)end_agent(pid, SIGKILL);
	cr_assert_eq(end_agent(from, SIGTERM), 0);
}

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

Test(agents_folder, a_large_file_arrives_though_both_agents_are_killed)
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
