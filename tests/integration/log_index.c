/*
 * Goal: a broker answers the same whatever has become of its index.  Method: a
 * log of twenty thousand records, written before the broker starts; then its
 * files are damaged and removed while it runs, and it is killed.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "broker/store/store.h"
#include "lib/file.h"
#include "tests/support/broker.h"

#define RECORDS 20000u
#define COVERED (UINT64_C(20000) / 4096 * 4096)
#define RARE_EVERY 900u /* records of one organisation */
#define RARE (RECORDS / RARE_EVERY)

static struct test_broker broker;

static void append_all(struct alm_store *store)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	for (unsigned i = 0; i < RECORDS;) {
		uint8_t seed[32] = {(uint8_t)i, (uint8_t)(i >> 8)};

		cr_assert_eq(alm_store_begin(store,
				     (int64_t)now.tv_sec * 1000000, seed),
			ALM_OK);
		for (unsigned k = 0; k < 1000; k++, i++) {
			struct alm_audit_record record = {
				.kind = ALM_AUDIT_REFUSED,
				.effect = 3,
				.sender = i % RARE_EVERY == RARE_EVERY - 1
						  ? "RARE"
						  : "RX1",
				.recipient = i % 2 == 0 ? "RHA" : "C84001",
				.purpose = "direct-care",
				.categories = "",
				.basis = "",
				.standard = ""};

			cr_assert_eq(alm_store_audit_append(store, &record, ""),
				ALM_OK);
		}
		cr_assert_eq(alm_store_commit(store), ALM_OK);
	}
}

static void open_all(void)
{
	struct alm_problem problem = {.err = ALM_OK};
	uint8_t key[ALM_STORE_KEY_BYTES];
	struct alm_store_options options = {.path = broker.store, .key = key};
	struct alm_store *store = NULL;

	test_broker_open(&broker, "");
	cr_assert_eq(test_broker_stop(&broker), 0);
	cr_assert_eq(
		alm_key_file_read(broker.store_key, key, &problem), ALM_OK);
	cr_assert_eq(alm_store_open(&options, &store, &problem), ALM_OK);
	append_all(store);
	alm_store_close(store);
	test_broker_start(&broker);
}

static void close_all(void)
{
	test_broker_close(&broker);
}

TestSuite(log_index, .init = open_all, .fini = close_all, .timeout = 1800);

/* Until the index covers all that whole runs can. */
static void wait_for_index(void)
{
	struct alm_answer answer;

	do {
		answer = test_broker_ask(&broker, "audit.reindex",
			(const char *const[]){
				"dry-run", "yes", "reason", "test", NULL});
	} while (test_number(&answer, "covered") < COVERED);
}

static uint64_t damaged_runs(void)
{
	struct alm_answer answer = test_broker_ask(&broker, "audit.reindex",
		(const char *const[]){
			"dry-run", "yes", "reason", "test", NULL});

	return test_number(&answer, "damaged");
}

/* All rows of the rare sender, in pages of seven. */
static void check_rows(bool is_newest_first)
{
	const char *order = is_newest_first ? "yes" : "no";
	char cursor[256] = "";
	uint64_t last = is_newest_first ? UINT64_MAX : 0;
	unsigned count = 0;

	do {
		struct alm_answer answer =
			test_broker_ask(&broker, "audit.query",
				(const char *const[]){"from", "RARE", "effect",
					"deny", "limit", "7", "reverse", order,
					cursor[0] != '\0' ? "after" : NULL,
					cursor, NULL});

		cr_assert_eq(answer.code, ALM_OK);
		for (size_t i = 0; i < answer.row_count; i++) {
			uint64_t seq = strtoull(
				test_cell(&answer, i, "seq"), NULL, 10);

			cr_assert(is_newest_first ? seq < last : seq > last);
			last = seq;
			count++;
		}
		(void)snprintf(cursor, sizeof(cursor), "%s", answer.cursor);
	} while (cursor[0] != '\0');
	cr_expect_eq(count, RARE, "%u rows", count);
}

static uint64_t scanned(void)
{
	struct alm_answer answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){"from", "RARE", "limit", "1000", NULL});

	cr_assert_eq(answer.row_count, RARE);
	return test_number(&answer, "scanned");
}

static void each_run(void (*act)(const char *path))
{
	char path[PATH_MAX + 512];
	const struct dirent *entry;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/index", broker.store);
	dir = opendir(path);
	cr_assert_not_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.') {
			(void)snprintf(path, sizeof(path), "%s/index/%s",
				broker.store, entry->d_name);
			act(path);
		}
	}
	(void)closedir(dir);
}

/* Everything but the head: each block has a wrong seal. */
static void overwrite(const char *path)
{
	static const uint8_t noise[4096] = {0xff, 1, 2, 3};
	struct stat info;
	int fd = open(path, O_WRONLY);

	cr_assert_geq(fd, 0);
	cr_assert_eq(fstat(fd, &info), 0);
	for (off_t at = 4096; at < info.st_size; at += 4096) {
		cr_assert_eq(pwrite(fd, noise, sizeof(noise), at),
			(ssize_t)sizeof(noise));
	}
	(void)close(fd);
}

Test(log_index, answers_by_it_and_by_a_scan_of_what_it_lacks)
{
	wait_for_index();
	check_rows(false);
	check_rows(true);
	cr_expect_leq(scanned(), 4096);
}

Test(log_index, is_made_anew_when_its_files_are_overwritten)
{
	wait_for_index();
	each_run(overwrite);
	check_rows(false);
	while (damaged_runs() == 0) {
	}
	check_rows(true);
	wait_for_index();
	check_rows(false);
	cr_expect_leq(scanned(), 4096);
}

Test(log_index, is_made_anew_after_it_was_removed_and_the_broker_killed)
{
	char path[PATH_MAX + 8];

	wait_for_index();
	(void)snprintf(path, sizeof(path), "%s/index", broker.store);
	alm_tempdir_remove(path);
	check_rows(true);
	test_broker_kill(&broker);
	test_broker_start(&broker);
	check_rows(false);
	wait_for_index();
	check_rows(true);
	cr_expect_leq(scanned(), 4096);
}

Test(log_index, is_made_anew_by_administration)
{
	struct alm_answer answer;

	wait_for_index();
	answer = test_broker_ask(&broker, "audit.reindex",
		(const char *const[]){"reason", "it is a test", NULL});
	cr_expect_eq(test_number(&answer, "covered"), COVERED);
	check_rows(false);
	wait_for_index();
	cr_expect_leq(scanned(), 4096);
	cr_expect_eq(test_broker_records(&broker, "administration"), 1);
}
