/*
 * folders.h - two folder agents with a real broker between them: RX1 sends,
 * C84001 receives.  Included once, by the test.
 */
#ifndef ALM_TESTS_SUPPORT_FOLDERS_H
#define ALM_TESTS_SUPPORT_FOLDERS_H

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
#include "tests/support/fork.h"
#include "tests/support/peer.h"

#define WAIT_S 300 /* a shared machine may stand still */

static struct test_broker broker;
static struct test_peer peers[2];
static char contexts[2][2 * PATH_MAX];
static char folders[2][PATH_MAX];

static inline void write_text(const char *path, const char *text)
{
	cr_assert_eq(
		alm_file_write(path,
			(struct alm_bytes){(const uint8_t *)text, strlen(text)},
			0600, NULL),
		ALM_OK);
}

static inline void make_agent(size_t i, const char *organisation)
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

static inline void open_all(void)
{
	test_broker_open(
		&broker, "acknowledge-timeout: 1s\nmailbox-messages-max: 50\n");
	test_broker_activate(&broker, test_policy);
	make_agent(0, "RX1");
	make_agent(1, "C84001");
}

static inline void close_all(void)
{
	test_peer_free(&peers[0]);
	test_peer_free(&peers[1]);
	test_broker_close(&broker);
}

static inline pid_t start_agent(size_t i)
{
	char program[PATH_MAX];
	pid_t pid = test_fork();

	if (pid == 0) {
		snprintf(program, sizeof(program), "%s/almoner-agent",
			getenv("ALMONER_BUILD"));
		execl(program, program, "--context", contexts[i], "--folder",
			folders[i], (char *)NULL);
		_exit(127);
	}
	return pid;
}

static inline int end_agent(pid_t pid, int number)
{
	int status = 0;

	cr_assert_eq(kill(pid, number), 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static inline void put_message(unsigned n)
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

static inline size_t count_files(
	size_t i, const char *place, const char *suffix)
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
static inline void wait_for_files(
	size_t i, const char *place, const char *suffix, size_t count)
{
	time_t until = time(NULL) + WAIT_S;

	while (count_files(i, place, suffix) < count) {
		cr_assert_lt(time(NULL), until, "%zu of %zu in %s",
			count_files(i, place, suffix), count, place);
		(void)poll(NULL, 0, 20);
	}
}

#endif /* ALM_TESTS_SUPPORT_FOLDERS_H */
