/* test_index.c - runs, merges, damage and rebuilding, against a look at every
 * record of a random log. */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lmdb.h>

#include "broker/store/index.h"
#include "lib/bytes.h"
#include "tests/unit/store/world.h"

#define UNIT_BITS 4u /* runs of 16, 256, 4096 and 65536 */
#define SIZE UINT64_C(9000)
#define FLOOR(size) ((uint64_t)(size) / 16 * 16)

static void open_index(void)
{
	struct alm_log_index_options with = {
		.path = folder, .unit_bits = UNIT_BITS};

	cr_assert_eq(alm_log_index_open(store, &with), ALM_OK);
}

static void work_all(void)
{
	bool is_done = false;

	while (!is_done) {
		cr_assert_eq(alm_log_index_work(store, &is_done), ALM_OK);
	}
}

static struct alm_log_index_state state(void)
{
	struct alm_log_index_state state;

	alm_log_index_state(store, &state);
	return state;
}

static void set_up_index(void)
{
	set_up();
	dice_state = 4711;
	open_index();
}

TestSuite(store_index, .init = set_up_index, .fini = tear_down);

static void ask(uint64_t size, unsigned count)
{
	struct alm_audit_record *all = all_records(size);

	for (unsigned i = 0; i < count; i++) {
		struct alm_audit_filter filter = random_filter(size);

		check_answer(&filter, all, i % 4 == 0 ? 1 + dice(size) : size);
	}
	free(all);
}

Test(store_index, answers_as_a_look_at_every_record_does)
{
	grow(SIZE);
	work_all();
	cr_expect_eq(state().covered, FLOOR(SIZE));
	cr_expect_eq(state().lag, SIZE % 16);
	/* 2 of 4096, 3 of 256, 2 of 16 */
	cr_expect_eq(state().runs, 2 + 3 + 2);
	ask(SIZE, 400);
	cr_expect_eq(state().damaged, 0);
}

Test(store_index, answers_while_it_grows_and_merges)
{
	bool is_done;

	for (unsigned i = 0; i < 60; i++) {
		grow(1 + dice(200));
		for (uint64_t k = dice(30); k > 0; k--) {
			cr_assert_eq(
				alm_log_index_work(store, &is_done), ALM_OK);
		}
		if (i % 5 == 0) {
			struct alm_audit_head head;

			alm_arena_reset(&arena);
			alm_store_audit_head(store, &head);
			ask(head.size, 10);
		}
		if (i % 7 == 0) {
			reopen();
			open_index();
		}
	}
	cr_expect_eq(state().damaged, 0);
}

Test(store_index, looks_at_few_records_for_what_is_rare)
{
	struct alm_audit_find find = {.row_max = 10, .work_max = 100000};
	struct alm_audit_found found;

	grow(5000);
	begin_at(alm_store_last_time_us(store));
	append(""); /* RX1 to RY2 are nobody's else */
	commit();
	grow(4096);
	work_all();
	find.filter.sender = "RX1";
	cr_assert_eq(alm_audit_find(store, &find, &arena, &found), ALM_OK);
	cr_expect_eq(found.row_count, 1);
	cr_expect_eq(found.rows[0].record.seq, 5001);
	cr_expect_leq(found.scanned, 16, "only the tail");
}

Test(store_index, sees_what_a_turn_has_not_yet_committed)
{
	struct alm_audit_find find = {.row_max = 10, .work_max = 100000};
	struct alm_audit_found found;

	grow(100);
	work_all();
	begin_at(alm_store_last_time_us(store));
	append("");
	find.filter.sender = "RX1";
	cr_assert_eq(alm_audit_find(store, &find, &arena, &found), ALM_OK);
	cr_expect_eq(found.row_count, 1);
	alm_store_abort(store);
}

/* --- files ---------------------------------------------------------------- */

/* Call for each file of the index; its path is borrowed. */
static unsigned each_file(void (*act)(const char *path))
{
	char path[512];
	unsigned count = 0;
	const struct dirent *entry;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/index", folder);
	dir = opendir(path);
	cr_assert_not_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.') {
			(void)snprintf(path, sizeof(path), "%s/index/%s",
				folder, entry->d_name);
			count++;
			if (act != NULL) {
				act(path);
			}
		}
	}
	(void)closedir(dir);
	return count;
}

static void flip_one(const char *path)
{
	struct stat info;
	uint8_t byte;
	off_t at;
	int fd = open(path, O_RDWR);

	cr_assert_geq(fd, 0);
	cr_assert_eq(fstat(fd, &info), 0);
	at = (off_t)dice((uint64_t)info.st_size);
	cr_assert_eq(pread(fd, &byte, 1, at), 1);
	byte ^= (uint8_t)(1u << dice(8));
	cr_assert_eq(pwrite(fd, &byte, 1, at), 1);
	(void)close(fd);
}

static void cut_one(const char *path)
{
	struct stat info;

	cr_assert_eq(stat(path, &info), 0);
	cr_assert_eq(truncate(path, (off_t)dice((uint64_t)info.st_size)), 0);
}

static void remove_one(const char *path)
{
	if (dice(2) == 0) {
		cr_assert_eq(unlink(path), 0);
	}
}

/* Damage under an open index and before one is opened: nothing is answered
 * wrong, and all of it is made anew. */
static void damage_all(void (*act)(const char *path), bool is_open)
{
	grow(SIZE);
	work_all();
	if (!is_open) {
		alm_log_index_close(store);
	}
	(void)each_file(act);
	if (!is_open) {
		open_index();
	}
	ask(SIZE, 60);
	work_all();
	cr_expect_eq(state().covered, FLOOR(SIZE));
	ask(SIZE, 60);
	reopen();
	open_index();
	work_all();
	cr_expect_eq(state().covered, FLOOR(SIZE));
	cr_expect_eq(each_file(NULL), state().runs);
}

Test(store_index, survives_a_flipped_bit_in_every_run)
{
	damage_all(flip_one, true);
}

Test(store_index, leaves_out_runs_with_a_flipped_bit)
{
	damage_all(flip_one, false);
}

Test(store_index, survives_runs_that_are_cut_off)
{
	damage_all(cut_one, true);
}

Test(store_index, leaves_out_runs_that_are_cut_off)
{
	damage_all(cut_one, false);
}

Test(store_index, fills_the_gaps_where_runs_were_removed)
{
	damage_all(remove_one, false);
}

Test(store_index, is_made_anew_when_it_is_told_to)
{
	grow(SIZE);
	work_all();
	alm_log_index_rebuild(store);
	work_all();
	cr_expect_eq(state().covered, FLOOR(SIZE));
	cr_expect_eq(state().damaged, 0);
	ask(SIZE, 30);
}

Test(store_index, makes_its_folder_again)
{
	char path[ALM_TEMPDIR_BYTES + 8];

	grow(1000);
	work_all();
	(void)snprintf(path, sizeof(path), "%s/index", folder);
	alm_tempdir_remove(path);
	ask(1000, 30);
	grow(1000);
	work_all();
	cr_expect_eq(state().covered, FLOOR(2000));
	ask(2000, 30);
	reopen();
	open_index();
	work_all();
	cr_expect_eq(state().covered, FLOOR(2000));
	ask(2000, 30);
}

/* What a crash in the middle of a merge leaves: the whole beside its parts,
 * or a draft of it. */
Test(store_index, goes_on_after_a_crash_in_a_merge)
{
	char copy[ALM_TEMPDIR_BYTES];
	char from[ALM_TEMPDIR_BYTES + 8];
	char draft[ALM_TEMPDIR_BYTES + 32];
	bool is_done = false;
	int fd;

	alm_tempdir_make(copy);
	for (unsigned i = 0; i < 16; i++) {
		grow(16);
		cr_assert_eq(alm_log_index_work(store, &is_done), ALM_OK);
	}
	cr_assert_eq(state().runs, 16);
	(void)snprintf(from, sizeof(from), "%s/index", folder);
	alm_tempdir_copy(from, copy);
	work_all();
	cr_assert_eq(state().runs, 1);
	alm_tempdir_copy(copy, from);
	(void)snprintf(draft, sizeof(draft), "%s/1-0-100.run.draft", from);
	cr_assert_eq(each_file(NULL), 17);
	fd = open(draft, O_WRONLY | O_CREAT, 0600);
	cr_assert_geq(fd, 0);
	(void)close(fd);
	reopen();
	open_index();
	cr_expect_eq(state().runs, 1);
	cr_expect_eq(each_file(NULL), 1);
	cr_expect_eq(state().covered, 256);
	ask(256, 50);
	alm_tempdir_remove(copy);
}

/* The log of a restored store goes another way than the index knows. */
Test(store_index, leaves_out_runs_of_a_log_that_went_another_way)
{
	char copy[ALM_TEMPDIR_BYTES];

	alm_tempdir_make(copy);
	grow(1000);
	work_all();
	alm_store_close(store);
	store = NULL;
	alm_tempdir_copy(folder, copy);
	reopen();
	open_index();
	grow(4000);
	work_all();
	alm_store_close(store);
	store = NULL;
	alm_tempdir_copy(copy, folder);
	reopen();
	grow(5000);
	open_index();
	cr_expect_leq(state().covered, 1000);
	ask(6000, 50);
	work_all();
	cr_expect_eq(state().covered, FLOOR(6000));
	ask(6000, 50);
	alm_tempdir_remove(copy);
}

Test(store_index, keeps_up_by_a_thread_of_its_own)
{
	cr_assert_eq(alm_log_index_start(store), ALM_OK);
	for (unsigned i = 0; i < 40; i++) {
		grow(100);
		ask(UINT64_C(100) * (i + 1), 2);
		alm_arena_reset(&arena);
	}
	while (state().covered < 4000) {
		(void)sched_yield();
	}
	ask(4000, 50);
	reopen(); /* ends the thread */
}

Test(store_index, makes_nothing_when_it_is_only_read)
{
	struct alm_log_index_options with = {
		.path = folder, .unit_bits = UNIT_BITS, .is_read_only = true};

	grow(SIZE);
	work_all();
	alm_log_index_close(store);
	(void)each_file(remove_one);
	cr_assert_eq(alm_log_index_open(store, &with), ALM_OK);
	ask(SIZE, 50);
	cr_expect_eq(each_file(NULL), state().runs);
}

/* --- damage to the log itself -------------------------------------------- */

/* One byte of the record, while nobody has the store open. */
static void damage_record(uint64_t seq)
{
	uint8_t raw[8];
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	MDB_val key = {.mv_size = sizeof(raw), .mv_data = raw};
	MDB_val value;

	alm_store_close(store);
	store = NULL;
	alm_put_u64(raw, seq);
	cr_assert_eq(mdb_env_create(&env), 0);
	cr_assert_eq(mdb_env_set_maxdbs(env, 64), 0);
	cr_assert_eq(
		mdb_env_open(env, folder, MDB_NOSYNC | MDB_WRITEMAP, 0600), 0);
	cr_assert_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
	cr_assert_eq(mdb_dbi_open(txn, "rec", 0, &dbi), 0);
	cr_assert_eq(mdb_get(txn, dbi, &key, &value), 0);
	((uint8_t *)value.mv_data)[30] ^= 1;
	cr_assert_eq(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
	reopen();
	open_index();
}

/* A question to which the record at `seq`, were it whole, would be an answer:
 * it is told of, and all others are found. */
static void check_damage(uint64_t seq, const struct alm_audit_record *all)
{
	struct alm_audit_find find = {.filter = {.sender = all[seq - 1].sender},
		.row_max = SIZE,
		.work_max = UINT64_MAX};
	struct alm_audit_found found;
	size_t wanted = 0;

	for (uint64_t i = 0; i < SIZE; i++) {
		wanted += i != seq - 1 &&
			  alm_audit_filter_matches(&find.filter, &all[i]);
	}
	for (unsigned i = 0; i < 2; i++) {
		find.is_newest_first = i == 1;
		cr_assert_eq(
			alm_audit_find(store, &find, &arena, &found), ALM_OK);
		cr_expect_eq(found.damaged, 1);
		cr_expect_eq(found.first_damaged, seq);
		cr_expect_eq(found.row_count, wanted);
		cr_expect_eq(found.next, 0);
	}
}

Test(store_index, tells_of_a_record_that_is_damaged_whenever_it_was)
{
	struct alm_audit_record *all;
	const uint64_t seq = 5000;

	grow(SIZE);
	all = all_records(SIZE);
	work_all();
	damage_record(seq);
	work_all();
	check_damage(seq, all); /* it was whole when it was indexed */
	alm_log_index_rebuild(store);
	work_all();
	cr_expect_eq(state().covered, FLOOR(SIZE));
	check_damage(seq, all); /* it was not */
	alm_log_index_close(store);
	check_damage(seq, all);
	free(all);
}
