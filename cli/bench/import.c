/*
 * import.c - almoner bench import: records about people from a file into
 * a broker of its own, over the whole path.  What the broker's processor does
 * is told apart from the disk, which other stores may have faster or slower.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "agents/include/almoner_control.h"
#include "cli/args.h"
#include "cli/bench/host.h"
#include "cli/bench/register.h"
#include "cli/bench/result.h"
#include "cli/bench/world.h"
#include "cli/commands.h"
#include "cli/paths.h"
#include "cli/people/put.h"
#include "cli/sandbox/internal.h"
#include "cli/sandbox/sandbox.h"

#define COUNT_DEFAULT 400000
#define COUNT_MAX 60000000

static const struct alm_option options[] = {
	{"count", 0, ALM_OPTION_NUMBER, "N",
		"records, each of another person; 400000 unless given", false,
		false},
	ALM_SANDBOX_DIR_OPTION,
	{0},
};

static const struct alm_usage usage = {
	.name = "bench import",
	.summary = "Measure the import of records about people: a file of "
		   "NDJSON into almonerd, fsynced.",
	.positionals = "",
	.options = options,
	.notes = "  Half of the records are opt-outs, a quarter relationships, "
		 "a quarter directives.\n  almoner bench import --count 400000 "
		 "--json",
};

struct bench {
	const struct alm_args *args;
	uint32_t count;
	double wall_s;
	double user_s;   /* of the broker */
	double system_s; /* of the broker */
	char filesystem[64];
};

static void write_record(FILE *out, uint32_t number)
{
	char subject[11];

	alm_bench_subject(number, subject);
	switch (number % 4) {
	case 0:
		(void)fprintf(out,
			"{\"type\":\"directive\",\"id\":\"R-%u\",\"subject\":"
			"\"%s\",\"authority\":\"patient\",\"scope\":"
			"\"hospital-sharing\",\"recorded\":"
			"\"2025-05-01T10:12:00Z\",\"effect\":\"deny\","
			"\"purposes\":[\"any\"],\"categories\":"
			"[\"mental-health\"],\"to\":[\"any\"],\"valid\":"
			"\"2025-05-01 until further notice\"}\n",
			number, subject);
		break;
	case 1:
		(void)fprintf(out,
			"{\"type\":\"relationship\",\"subject\":\"%s\","
			"\"organisation\":\"RX1\",\"role\":\"care-team\","
			"\"valid\":\"2025-05-01 until further notice\","
			"\"recorded\":\"2025-05-01T10:12:00Z\"}\n",
			subject);
		break;
	default:
		(void)fprintf(out,
			"{\"type\":\"opt-out\",\"subject\":\"%s\",\"list\":"
			"\"national\",\"state\":\"clear\",\"as-of\":"
			"\"2025-05-01T00:00:00Z\",\"recorded\":"
			"\"2025-05-01T10:12:00Z\"}\n",
			subject);
		break;
	}
}

static enum alm_err write_file(
	const char *path, uint32_t count, struct alm_problem *problem)
{
	FILE *out = fopen(path, "we");

	if (out == NULL) {
		return alm_problem_set(problem, ALM_IO, "%s", path);
	}
	for (uint32_t i = 0; i < count; i++) {
		write_record(out, i);
	}
	return fclose(out) == 0 ? ALM_OK
				: alm_problem_set(problem, ALM_IO, "%s", path);
}

static enum alm_err import(struct bench *bench, struct alm_sandbox *sandbox,
	int fd, struct alm_problem *problem)
{
	struct alm_people_put put = {.reason = "bench", .import = "bench"};
	struct alm_people_count count = {.lines = 0};
	double user_s;
	double system_s;
	double from_s;
	enum alm_err err = alm_control_open(
		alm_sandbox_admin(sandbox), &put.control, problem);

	if (err != ALM_OK) {
		return err;
	}
	alm_host_used_by(sandbox->pid, &user_s, &system_s);
	from_s = alm_bench_clock_s();
	err = alm_people_put_stream(&put, fd, &count, problem);
	bench->wall_s = alm_bench_clock_s() - from_s;
	alm_host_used_by(sandbox->pid, &bench->user_s, &bench->system_s);
	bench->user_s -= user_s;
	bench->system_s -= system_s;
	alm_control_close(put.control);
	if (err == ALM_OK &&
		count.added + count.opt_outs != (uint64_t)bench->count) {
		err = alm_problem_set(
			problem, ALM_INTERNAL, "not every record was taken");
	}
	return err;
}

static enum alm_err measure(struct bench *bench, struct alm_problem *problem)
{
	const struct alm_sandbox_options sandbox_options = {
		.parent = alm_args_text(bench->args, "dir")};
	struct alm_sandbox *sandbox = NULL;
	char path[PATH_MAX];
	int fd = -1;
	enum alm_err err =
		alm_sandbox_open(&sandbox_options, &sandbox, problem);

	if (err == ALM_OK) {
		alm_host_filesystem(alm_sandbox_store(sandbox),
			bench->filesystem, sizeof(bench->filesystem));
		err = alm_path_join(alm_sandbox_folder(sandbox),
			      "people.ndjson", path)
			      ? write_file(path, bench->count, problem)
			      : ALM_IO;
	}
	if (err == ALM_OK) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		err = fd >= 0 ? import(bench, sandbox, fd, problem)
			      : alm_problem_set(problem, ALM_IO, "%s", path);
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	alm_sandbox_close(sandbox);
	return err;
}

static double per_second(const struct bench *bench, double seconds)
{
	return seconds > 0 ? (double)(int64_t)((double)bench->count / seconds)
			   : 0;
}

static int print_json(const struct bench *bench)
{
	json_t *conditions = alm_bench_conditions(bench->filesystem,
		json_pack("{s:I, s:s, s:s}", "records",
			(json_int_t)bench->count, "fsync", "every commit",
			"records_of",
			"half opt-outs, a quarter relationships, a quarter "
			"directives, one a person, from NDJSON"));

	return alm_bench_print_json(
		json_pack("{s:s, s:f, s:f, s:{s:f, s:f, s:f}, s:o}", "schema",
			"almoner.bench.import/1", "records_per_s",
			per_second(bench, bench->wall_s),
			"records_per_broker_user_s",
			per_second(bench, bench->user_s), "seconds", "wall",
			bench->wall_s, "broker_user", bench->user_s,
			"broker_system", bench->system_s, "conditions",
			conditions),
		8);
}

static int print_sheet(const struct bench *bench)
{
	struct alm_sheet *sheet =
		alm_sheet_new("almoner.bench.import/1", NULL, 0);
	char text[128];
	int rc;

	(void)snprintf(
		text, sizeof(text), "%.0f", per_second(bench, bench->wall_s));
	alm_sheet_fact(sheet, "records-per-s", text);
	(void)snprintf(
		text, sizeof(text), "%.0f", per_second(bench, bench->user_s));
	alm_sheet_fact(sheet, "records-per-broker-user-s", text);
	(void)snprintf(text, sizeof(text),
		"%u records from NDJSON, fsync of every commit, %s build",
		bench->count, alm_host_build());
	alm_sheet_fact(sheet, "conditions", text);
	alm_sheet_fact(sheet, "filesystem", bench->filesystem);
	rc = alm_sheet_print(sheet, &bench->args->output);
	alm_sheet_free(sheet);
	return rc;
}

int alm_cmd_bench_import(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_args args;
	struct bench bench = {.args = &args};
	int64_t count;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	count = alm_args_number(&args, "count", COUNT_DEFAULT);
	if (count < 1 || count > COUNT_MAX) {
		return alm_args_complain(
			&args, "count from 1 to %d", COUNT_MAX);
	}
	bench.count = (uint32_t)count;
	problem.err = measure(&bench, &problem);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	return args.output.format == ALM_FORMAT_JSON ? print_json(&bench)
						     : print_sheet(&bench);
}
