/*
 * audit.c - almoner bench audit: a log through the real store, with and
 * without its index, then questions to it, then its verification.
 *
 * Time on the clock says what a user waits; it moves with the disk and with
 * whatever else runs.  Processor time says what it costs.
 */
#include "cli/bench/audit.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "broker/store/index.h"
#include "cli/bench/host.h"
#include "cli/commands.h"
#include "cli/paths.h"
#include "cli/show/bar.h"

#define RECORDS_DEFAULT 1000000
#define RECORDS_MAX INT64_C(2000000000)
#define BASELINE_MAX 2000000
#define MAP_BYTES ((uint64_t)1 << 40)
#define ASKED 300u
#define SCANS 3u
#define PAGE_ROWS 100u
#define ARENA_BYTES_MAX ((size_t)64 * 1024 * 1024)

static const uint8_t KEY[ALM_STORE_KEY_BYTES] = {'b', 'e', 'n', 'c', 'h'};

static const struct alm_option options[] = {
	{"records", 0, ALM_OPTION_NUMBER, "N",
		"of the log; 1000000 unless given", false, false},
	{"baseline", 0, ALM_OPTION_NUMBER, "N",
		"of the run without the index; as many, but at most 2000000",
		false, false},
	{"dir", 0, ALM_OPTION_TEXT, "FOLDER",
		"where the stores are made; a temporary folder unless given",
		false, false},
	{0},
};

static const struct alm_usage usage = {
	.name = "bench audit",
	.summary = "Measure the audit log: appending with and without its "
		   "index, questions, verification, and bytes a record.",
	.positionals = "",
	.options = options,
	.notes = "  A record takes some 500 bytes on the disk; nothing is left "
		 "behind.\n  almoner bench audit --records 10000000 --json",
};

static double clock_s(clockid_t id)
{
	struct timespec now;

	(void)clock_gettime(id, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* --- appending ------------------------------------------------------------ */

static enum alm_err ingest(const struct alm_bench_audit *bench,
	struct alm_store *store, uint64_t records, struct alm_bench_ingest *out)
{
	double wall_s = clock_s(CLOCK_MONOTONIC);
	double cpu_s = clock_s(CLOCK_THREAD_CPUTIME_ID);
	double process_s = clock_s(CLOCK_PROCESS_CPUTIME_ID);
	double tenth_s = wall_s;
	uint64_t tenth = records / 10;
	struct alm_bar bar;
	enum alm_err err = ALM_OK;

	*out = (struct alm_bench_ingest){.records = records};
	alm_bar_init(&bar, &bench->args->output, "records");
	for (uint64_t n = 0; n < records && err == ALM_OK;
		n += ALM_BENCH_LOG_BATCH) {
		uint64_t left = records - n;
		uint64_t count =
			left < ALM_BENCH_LOG_BATCH ? left : ALM_BENCH_LOG_BATCH;

		err = alm_bench_log_append(store, n, count, bench->records);
		alm_bar_show(&bar, n, records);
		if (n < tenth && n + count >= tenth) {
			out->first_per_s = (double)(n + count) /
					   (clock_s(CLOCK_MONOTONIC) - tenth_s);
		}
		if (n < records - tenth && n + count >= records - tenth) {
			tenth_s = clock_s(CLOCK_MONOTONIC);
		}
	}
	alm_bar_end(&bar);
	out->wall_s = clock_s(CLOCK_MONOTONIC) - wall_s;
	out->cpu_s = clock_s(CLOCK_THREAD_CPUTIME_ID) - cpu_s;
	out->process_s = clock_s(CLOCK_PROCESS_CPUTIME_ID) - process_s;
	out->last_per_s = (double)tenth / (clock_s(CLOCK_MONOTONIC) - tenth_s);
	return err;
}

static enum alm_err open_store(const char *path, bool is_read_only,
	struct alm_store **out_store, struct alm_problem *problem)
{
	const struct alm_store_options store_options = {.path = path,
		.map_bytes_max = MAP_BYTES,
		.key = KEY,
		.is_read_only = is_read_only};

	return alm_store_open(&store_options, out_store, problem);
}

static enum alm_err ingest_without(struct alm_bench_audit *bench,
	const char *path, struct alm_problem *problem)
{
	struct alm_store *store = NULL;
	enum alm_err err = open_store(path, false, &store, problem);

	if (err == ALM_OK) {
		err = ingest(bench, store, bench->baseline, &bench->without);
	}
	alm_store_close(store);
	alm_path_remove(path);
	return err;
}

/* Until the index has all that it can have. */
static void catch_up(struct alm_bench_audit *bench, struct alm_store *store)
{
	double from_s = clock_s(CLOCK_MONOTONIC);
	struct alm_log_index_state state;
	const struct timespec moment = {.tv_nsec = 1000000};

	alm_log_index_state(store, &state);
	bench->lag_at_end = bench->records - state.covered;
	while (bench->records - state.covered >= 4096 && state.failures == 0) {
		(void)nanosleep(&moment, NULL);
		alm_log_index_state(store, &state);
	}
	bench->catch_up_s = clock_s(CLOCK_MONOTONIC) - from_s;
	bench->index_bytes = (double)state.bytes;
}

static enum alm_err ingest_with(struct alm_bench_audit *bench, const char *path,
	struct alm_problem *problem)
{
	const struct alm_log_index_options index = {.path = path};
	struct alm_store *store = NULL;
	enum alm_err err = open_store(path, false, &store, problem);

	if (err == ALM_OK) {
		err = alm_log_index_open(store, &index);
	}
	if (err == ALM_OK) {
		err = alm_log_index_start(store);
	}
	if (err == ALM_OK) {
		err = ingest(bench, store, bench->records, &bench->with);
	}
	if (err == ALM_OK) {
		catch_up(bench, store);
	}
	alm_store_close(store);
	return err;
}

/* --- asking --------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static void summarise(double *times_us, size_t count, uint64_t rows,
	struct alm_bench_asked *out)
{
	qsort(times_us, count, sizeof(*times_us), by_value);
	*out = (struct alm_bench_asked){
		.rows = (double)rows / (double)count,
		.p50_us = times_us[count / 2],
		.p99_us = times_us[count * 99 / 100],
		.max_us = times_us[count - 1],
	};
}

/* The first page, newest first; or one from the middle of the log. */
static enum alm_err ask(const struct alm_bench_audit *bench,
	struct alm_store *store, enum alm_bench_question question,
	bool is_middle, size_t count, struct alm_bench_asked *out)
{
	struct alm_audit_find find = {.is_newest_first = true,
		.next = is_middle ? bench->records / 2 : 0,
		.row_max = PAGE_ROWS,
		.work_max = UINT64_MAX};
	double times_us[ASKED];
	uint64_t rows = 0;
	struct alm_arena arena;
	enum alm_err err = ALM_OK;

	alm_arena_init(&arena, ARENA_BYTES_MAX);
	for (size_t i = 0; i < count && err == ALM_OK; i++) {
		struct alm_audit_found found = {.row_count = 0};
		double from_s;

		alm_bench_log_question(
			question, i, bench->records, &find.filter);
		alm_arena_reset(&arena);
		from_s = clock_s(CLOCK_MONOTONIC);
		err = alm_audit_find(store, &find, &arena, &found);
		times_us[i] = (clock_s(CLOCK_MONOTONIC) - from_s) * 1e6;
		rows += found.row_count;
	}
	alm_arena_fini(&arena);
	if (err == ALM_OK) {
		summarise(times_us, count, rows, out);
	}
	return err;
}

static enum alm_err ask_all(struct alm_bench_audit *bench, const char *path,
	struct alm_problem *problem)
{
	const struct alm_log_index_options index = {
		.path = path, .is_read_only = true};
	struct alm_store *store = NULL;
	enum alm_err err = open_store(path, true, &store, problem);

	if (err == ALM_OK) {
		err = ask(bench, store, ALM_BENCH_NOBODY, false, SCANS,
			&bench->scan);
	}
	if (err == ALM_OK) {
		err = alm_log_index_open(store, &index);
	}
	for (unsigned i = 0; i < ALM_BENCH_QUESTIONS && err == ALM_OK; i++) {
		enum alm_bench_question question = (enum alm_bench_question)i;

		err = ask(
			bench, store, question, false, ASKED, &bench->first[i]);
		if (err == ALM_OK) {
			err = ask(bench, store, question, true, ASKED,
				&bench->middle[i]);
		}
	}
	alm_store_close(store);
	return err;
}

/* --- the whole ------------------------------------------------------------ */

static enum alm_err verify(
	const char *path, const uint8_t *key, struct alm_bench_verified *out)
{
	double wall_s = clock_s(CLOCK_MONOTONIC);
	double cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID);
	struct alm_audit_report report;
	enum alm_err err = alm_audit_verify(path, key, NULL, NULL, &report);

	out->wall_s = clock_s(CLOCK_MONOTONIC) - wall_s;
	out->cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu_s;
	return err;
}

static void weigh(struct alm_bench_audit *bench, const char *path)
{
	char data[PATH_MAX];
	struct stat info;

	if (alm_path_join(path, "data.mdb", data) && stat(data, &info) == 0) {
		bench->store_bytes = (double)info.st_blocks * 512;
	}
}

static enum alm_err measure(struct alm_bench_audit *bench, const char *folder,
	struct alm_problem *problem)
{
	char path[PATH_MAX];
	enum alm_err err = ALM_OK;

	if (!alm_path_join(folder, "store", path)) {
		return alm_problem_set(problem, ALM_IO, "%s", folder);
	}
	alm_host_filesystem(
		folder, bench->filesystem, sizeof(bench->filesystem));
	if (bench->baseline > 0) {
		err = ingest_without(bench, path, problem);
	}
	if (err == ALM_OK) {
		err = ingest_with(bench, path, problem);
	}
	if (err == ALM_OK) {
		weigh(bench, path);
		err = ask_all(bench, path, problem);
	}
	if (err == ALM_OK) {
		err = verify(path, NULL, &bench->verified);
	}
	if (err == ALM_OK) {
		err = verify(path, KEY, &bench->verified_with_key);
	}
	return err;
}

static enum alm_err make_folder(
	const char *parent, char out[PATH_MAX], struct alm_problem *problem)
{
	if (parent == NULL) {
		parent = getenv("TMPDIR");
	}
	(void)snprintf(out, PATH_MAX, "%s/almoner-bench-XXXXXX",
		parent != NULL ? parent : "/tmp");
	return mkdtemp(out) != NULL
		       ? ALM_OK
		       : alm_problem_set(problem, ALM_IO, "%s", out);
}

int alm_cmd_bench_audit(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_bench_audit bench;
	char folder[PATH_MAX];
	struct alm_args args;
	int64_t records;
	int64_t baseline;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	records = alm_args_number(&args, "records", RECORDS_DEFAULT);
	baseline = alm_args_number(&args, "baseline",
		records < BASELINE_MAX ? records : BASELINE_MAX);
	if (records < 1000 || records > RECORDS_MAX || baseline < 0 ||
		baseline > records) {
		return alm_args_complain(&args,
			"records from 1000 to %lld, baseline no more",
			(long long)RECORDS_MAX);
	}
	memset(&bench, 0, sizeof(bench));
	bench.args = &args;
	bench.records = (uint64_t)records;
	bench.baseline = (uint64_t)baseline;
	problem.err =
		make_folder(alm_args_text(&args, "dir"), folder, &problem);
	if (problem.err == ALM_OK) {
		problem.err = measure(&bench, folder, &problem);
		alm_path_remove(folder);
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	return alm_bench_audit_print(&bench);
}
