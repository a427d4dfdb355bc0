/* test_env.c - opening, formats, keys, locks and turns. */
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/fork.h"
#include "tests/support/table.h"
#include "tests/unit/store/fixture.h"

TestSuite(store_env, .init = set_up, .fini = tear_down);

static enum alm_err try_open(const struct alm_store_options *with)
{
	struct alm_store *other = NULL;
	struct alm_problem problem;
	enum alm_err err = alm_store_open(with, &other, &problem);

	if (err == ALM_OK) {
		alm_store_close(other);
	}
	return err;
}

/* Change a row behind the store's back. */
static void put_raw(const char *name, const char *key, size_t at, uint8_t byte)
{
	struct test_table table = test_table_open(folder, name, 0);
	MDB_val raw_key = {strlen(key), (void *)(uintptr_t)key};
	MDB_val row = test_table_copy(&table, raw_key);

	((uint8_t *)row.mv_data)[at] = byte;
	test_table_put(&table, raw_key, row);
	test_table_close(&table);
}

Test(store_env, makes_private_files)
{
	char path[128];
	struct stat info;

	(void)snprintf(path, sizeof(path), "%s/sub", folder);
	struct alm_store_options with = options();

	with.path = path;
	cr_assert_eq(try_open(&with), ALM_OK);
	cr_assert_eq(stat(path, &info), 0);
	cr_expect_eq(info.st_mode & 0777, 0700);
	(void)snprintf(path, sizeof(path), "%s/sub/data.mdb", folder);
	cr_assert_eq(stat(path, &info), 0);
	cr_expect_eq(info.st_mode & 0777, 0600);
}

Test(store_env, refuses_a_folder_that_is_not_there)
{
	struct alm_store_options with = options();

	with.path = "/nonexistent/almoner/store";
	cr_expect_eq(try_open(&with), ALM_STORE_PATH);
	with.path = "/dev/null";
	cr_expect_eq(try_open(&with), ALM_STORE_PATH);
}

Test(store_env, makes_no_store_where_one_must_exist)
{
	char path[128];
	struct stat info;
	struct alm_store_options with = options();

	(void)snprintf(path, sizeof(path), "%s/none", folder);
	with.path = path;
	with.must_exist = true;
	cr_expect_eq(try_open(&with), ALM_STORE_PATH);
	with.must_exist = false;
	with.is_read_only = true;
	cr_expect_eq(try_open(&with), ALM_STORE_PATH);
	cr_expect_neq(stat(path, &info), 0);
}

Test(store_env, refuses_another_key)
{
	static const uint8_t other[ALM_STORE_KEY_BYTES] = {7, 1, 2, 4};
	struct alm_store_options with = options();

	alm_store_close(store);
	store = NULL;
	with.key = other;
	cr_expect_eq(try_open(&with), ALM_STORE_KEY);
	with.is_read_only = true;
	cr_expect_eq(try_open(&with), ALM_STORE_KEY);
	with = options();
	cr_expect_eq(try_open(&with), ALM_OK);
}

Test(store_env, refuses_a_second_daemon_but_not_a_reader_in_another_process)
{
	int status = 0;
	pid_t child = test_fork();

	if (child == 0) {
		struct alm_store_options with = options();
		enum alm_err writer = try_open(&with);
		enum alm_err reader;

		with.is_read_only = true;
		reader = try_open(&with);
		_exit(writer == ALM_STORE_LOCKED && reader == ALM_OK ? 0 : 1);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

Test(store_env, refuses_an_unknown_format)
{
	struct alm_store_options with = options();

	alm_store_close(store);
	store = NULL;
	put_raw("meta", "identity", 11, 3);
	cr_expect_eq(try_open(&with), ALM_STORE_FORMAT);
	put_raw("meta", "identity", 11, 1);
	cr_expect_eq(try_open(&with), ALM_STORE_FORMAT);
	put_raw("meta", "identity", 11, 2);
	cr_expect_eq(try_open(&with), ALM_OK);
	put_raw("meta", "identity", 0, 'b');
	cr_expect_eq(try_open(&with), ALM_STORE_FORMAT);
}

Test(store_env, remembers_how_far_queued_mail_was_decided_again)
{
	const struct alm_redecided given = {7, 3, NOW_US};
	struct alm_redecided got;

	begin();
	alm_store_set_redecided(store, &given);
	alm_store_abort(store);
	alm_store_redecided(store, &got);
	cr_expect_eq(got.people_seq, 0, "it goes with the turn");
	begin();
	alm_store_set_redecided(store, &given);
	commit();
	reopen();
	alm_store_redecided(store, &got);
	cr_expect_eq(got.people_seq, 7);
	cr_expect_eq(got.policy_epoch, 3);
	cr_expect_eq(got.waiting_since_us, NOW_US);
}

Test(store_env, refuses_the_environment_of_another_program)
{
	struct alm_store_options with = options();
	struct test_table table;

	alm_store_close(store);
	store = NULL;
	alm_tempdir_remove(folder);
	cr_assert_eq(mkdir(folder, 0700), 0);
	table = test_table_open(folder, "theirs", MDB_CREATE);
	test_table_close(&table);
	cr_expect_eq(try_open(&with), ALM_STORE_FORMAT);
}

Test(store_env, refuses_a_file_that_is_no_environment)
{
	struct alm_store_options with = options();
	char path[128];
	FILE *file;

	alm_store_close(store);
	store = NULL;
	(void)snprintf(path, sizeof(path), "%s/data.mdb", folder);
	file = fopen(path, "wb");
	cr_assert_not_null(file);
	for (unsigned i = 0; i < 16384; i++) {
		cr_assert_neq(fputc('x', file), EOF);
	}
	cr_assert_eq(fclose(file), 0);
	cr_expect_eq(try_open(&with), ALM_STORE_FORMAT);
}

Test(store_env, refuses_a_damaged_state)
{
	struct alm_store_options with = options();

	begin();
	append("");
	commit();
	alm_store_close(store);
	store = NULL;
	put_raw("meta", "state", 20, 0x55);
	cr_expect_eq(try_open(&with), ALM_STORE_CORRUPT);
}

Test(store_env, says_how_full_it_is)
{
	unsigned before = alm_store_used_permille(store);

	cr_expect_lt(before, 10);
	begin();
	for (unsigned i = 0; i < 20000; i++) {
		append("");
	}
	cr_expect_gt(alm_store_used_permille(store), before + 20);
	alm_store_abort(store);
	cr_expect_eq(alm_store_used_permille(store), before);
}

Test(store_env, gives_stable_pseudonyms_of_its_own)
{
	uint8_t a[16];
	uint8_t b[16];

	alm_store_pseudonym(store, "9990000018", a);
	alm_store_pseudonym(store, "9990000026", b);
	cr_expect_neq(memcmp(a, b, 16), 0);
	alm_store_agreement_pseudonym(store, "dsa-1", "9990000018", b);
	cr_expect_neq(memcmp(a, b, 16), 0);
	reopen();
	alm_store_pseudonym(store, "9990000018", b);
	cr_expect_eq(memcmp(a, b, 16), 0);
	alm_store_close(store);
	store = NULL;
	alm_tempdir_remove(folder);
	reopen();
	alm_store_pseudonym(store, "9990000018", b);
	cr_expect_neq(memcmp(a, b, 16), 0, "another store, the same key");
}
