/*
 * bench.c - almoner bench route: a bare CURVE ROUTER and this broker, one
 * after the other on this machine, with the same frames.
 *
 * The accept latency is taken with the window full, from the moment a message
 * is handed to the library until its receipt, which stands for "on disk": it
 * is mostly the time in the queue, about window / throughput.  With --window 1
 * it is the time of one message alone.
 */
#include "agents/bench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/args.h"
#include "cli/bench/host.h"
#include "cli/bench/result.h"
#include "cli/commands.h"
#include "cli/paths.h"
#include "cli/sandbox/sandbox.h"
#include "lib/limits.h"

#define COUNT_MAX 100000000
#define SYNC_COUNT 200u
#define SYNC_BYTES 4096u

static const struct alm_option options[] = {
	{"payload", 0, ALM_OPTION_SIZE, "SIZE",
		"of each message; 1KiB unless given", false, false},
	{"count", 0, ALM_OPTION_NUMBER, "N", "messages; 200000 unless given",
		false, false},
	{"window", 0, ALM_OPTION_NUMBER, "N",
		"sends without a receipt; 4096 unless given", false, false},
	{"envelopes-per-frame", 0, ALM_OPTION_NUMBER, "N",
		"messages in a frame at most; 1 unless given", false, false},
	{"rate", 0, ALM_OPTION_NUMBER, "N",
		"messages a second to the broker, for the accept latency "
		"below its limit; as fast as it goes unless given",
		false, false},
	ALM_SANDBOX_DIR_OPTION,
	{0},
};

static const struct alm_usage usage = {
	.name = "bench route",
	.summary = "Measure messages a second through a bare CURVE ROUTER and "
		   "through almonerd with everything on, and their ratio.",
	.positionals = "",
	.options = options,
	.notes = "  The accept latency is taken with the window full: it is "
		 "mostly time in the queue,\n  about window / throughput.  "
		 "--window 1 shows the time of one message alone.\n"
		 "  almoner bench route --payload 1KiB --count 200000 --window "
		 "4096 --json",
};

struct bench {
	const struct alm_args *args;
	struct alm_bench_load load;
	const char *parent; /* of the store's folder */
	double raw_per_s;   /* between the ends of messages */
	double zeros_per_s; /* between ends that do nothing */
	struct alm_bench_result result;
	double sync_p50_us;
	char filesystem[64];
};

/* --- the disk ----------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static double now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/** The median of appending and fdatasync(2), in the store's own folder. */
static enum alm_err measure_sync(
	const char *folder, double *out_us, struct alm_problem *problem)
{
	static const uint8_t block[SYNC_BYTES] = {1};
	double times[SYNC_COUNT];
	char path[PATH_MAX];
	enum alm_err err = ALM_OK;
	int fd = -1;

	if (alm_path_join(folder, "sync.bench", path)) {
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	}
	if (fd < 0) {
		return alm_problem_set(
			problem, ALM_IO, "%s: %s", folder, strerror(errno));
	}
	for (size_t i = 0; i < SYNC_COUNT && err == ALM_OK; i++) {
		double from_us = now_us();

		if (write(fd, block, sizeof(block)) != (ssize_t)sizeof(block) ||
			fdatasync(fd) != 0) {
			err = alm_problem_set(problem, ALM_IO, "%s: %s", path,
				strerror(errno));
		}
		times[i] = now_us() - from_us;
	}
	(void)close(fd);
	(void)unlink(path);
	if (err == ALM_OK) {
		qsort(times, SYNC_COUNT, sizeof(times[0]), by_value);
		*out_us = times[SYNC_COUNT / 2];
	}
	return err;
}

/* --- the broker --------------------------------------------------------- */

/** A broker with the demonstration's policy, people and two agents. */
static enum alm_err furnish(struct alm_sandbox *sandbox, char sender[PATH_MAX],
	char receiver[PATH_MAX], struct alm_problem *problem)
{
	char demo[PATH_MAX];
	char path[PATH_MAX];
	enum alm_err err = alm_path_demo(demo, problem);

	if (err == ALM_OK && alm_path_join(demo, "policy", path)) {
		err = alm_sandbox_activate(sandbox, path, problem);
	}
	if (err == ALM_OK &&
		alm_path_join(demo, "people/people.ndjson", path)) {
		err = alm_sandbox_people(sandbox, path, NULL, problem);
	}
	if (err == ALM_OK) {
		err = alm_sandbox_agent(
			sandbox, "RX1", "bench", sender, problem);
	}
	if (err == ALM_OK) {
		err = alm_sandbox_agent(
			sandbox, "C84001", "bench", receiver, problem);
	}
	return err;
}

static enum alm_err measure_broker(struct bench *bench,
	struct alm_bench_agents *agents, struct alm_problem *problem)
{
	struct alm_sandbox_options sandbox_options = {
		.parent = bench->parent, .settings = "send-window: 8192\n"};
	struct alm_sandbox *sandbox = NULL;
	char sender[PATH_MAX];
	char receiver[PATH_MAX];
	struct alm_bench_message message = {.sender = {"RX1", "bench", sender},
		.receiver = {"C84001", "bench", receiver},
		.purpose = "direct-care",
		.category = "treatment-summary",
		.subject = "9990000018"};
	enum alm_err err =
		alm_sandbox_open(&sandbox_options, &sandbox, problem);

	if (err == ALM_OK) {
		err = furnish(sandbox, sender, receiver, problem);
	}
	if (err == ALM_OK) {
		err = measure_sync(alm_sandbox_folder(sandbox),
			&bench->sync_p50_us, problem);
	}
	if (err == ALM_OK) {
		alm_host_filesystem(alm_sandbox_store(sandbox),
			bench->filesystem, sizeof(bench->filesystem));
		message.endpoint = alm_sandbox_endpoint(sandbox);
		message.broker_key = alm_sandbox_broker_key(sandbox);
		/* The keys lie beside the contexts. */
		*strrchr(sender, '/') = '\0';
		*strrchr(receiver, '/') = '\0';
		err = alm_bench_agents_run(
			agents, &message, &bench->result, problem);
	}
	alm_sandbox_close(sandbox);
	return err;
}

/** Both, the bare one first: it needs a process without threads to fork. */
static enum alm_err measure(struct bench *bench, struct alm_problem *problem)
{
	struct alm_bench_agents *agents = NULL;
	enum alm_err err = alm_bench_raw(
		&bench->load, false, &bench->zeros_per_s, problem);

	if (err == ALM_OK) {
		err = alm_bench_raw(
			&bench->load, true, &bench->raw_per_s, problem);
	}
	if (err == ALM_OK) {
		err = alm_bench_agents_begin(&bench->load, &agents, problem);
	}
	if (err == ALM_OK) {
		err = measure_broker(bench, agents, problem);
	}
	alm_bench_agents_end(agents);
	return err;
}

/* --- telling ------------------------------------------------------------ */

static double rounded(double value)
{
	return (double)(int64_t)(value * 10 + 0.5) / 10;
}

static json_t *conditions(const struct bench *bench)
{
	return alm_bench_conditions(bench->filesystem,
		json_pack("{s:s, s:I, s:I, s:I, s:i, s:s, s:s, s:I, s:s, s:s, "
			  "s:f}",
			"fsync", "every commit, before its receipts",
			"payload_bytes", (json_int_t)bench->load.payload_bytes,
			"count", (json_int_t)bench->load.message_count,
			"window", (json_int_t)bench->load.window, "agents", 2,
			"curve", "on", "audit", "on", "envelopes_per_frame",
			(json_int_t)bench->load.envelopes_per_frame,
			"accept_latency",
			"with the window full, handed over to receipt",
			"clients",
			"build, hash, sign, decode and acknowledge, in both "
			"runs",
			"raw_zeros_msgs_per_s", rounded(bench->zeros_per_s)));
}

static int print_json(const struct bench *bench)
{
	double ratio = bench->result.per_s / bench->raw_per_s;
	json_t *root = json_pack("{s:s, s:f, s:f, s:f, s:{s:f, s:f}, s:f, s:o}",
		"schema", "almoner.bench.route/1",
		"raw_curve_router_msgs_per_s", rounded(bench->raw_per_s),
		"almoner_msgs_per_s", rounded(bench->result.per_s), "ratio",
		(double)(int64_t)(ratio * 10000 + 0.5) / 10000,
		"accept_latency_us", "p50",
		rounded(bench->result.accept_p50_us), "p99",
		rounded(bench->result.accept_p99_us), "fdatasync_us_p50",
		rounded(bench->sync_p50_us), "conditions", conditions(bench));

	return alm_bench_print_json(root, 10);
}

static void fact(struct alm_sheet *sheet, const char *key, double value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%.*f", value < 10 ? 3 : 0, value);
	alm_sheet_fact(sheet, key, text);
}

static int print_sheet(const struct bench *bench)
{
	struct alm_sheet *sheet =
		alm_sheet_new("almoner.bench.route/1", NULL, 0);
	char text[256];
	int rc;

	fact(sheet, "raw-curve-router-msgs-per-s", bench->raw_per_s);
	fact(sheet, "raw-zeros-msgs-per-s", bench->zeros_per_s);
	fact(sheet, "almoner-msgs-per-s", bench->result.per_s);
	fact(sheet, "ratio", bench->result.per_s / bench->raw_per_s);
	fact(sheet, "accept-latency-p50-us", bench->result.accept_p50_us);
	fact(sheet, "accept-latency-p99-us", bench->result.accept_p99_us);
	fact(sheet, "fdatasync-p50-us", bench->sync_p50_us);
	alm_host_cpu_model(text, sizeof(text));
	alm_sheet_fact(sheet, "cpu-model", text);
	fact(sheet, "cpus", (double)sysconf(_SC_NPROCESSORS_ONLN));
	alm_sheet_fact(sheet, "filesystem", bench->filesystem);
	(void)snprintf(text, sizeof(text),
		"%llu messages of %zu bytes, window %u, %u in a frame, %s "
		"build; CURVE, audit and fsync of every commit on",
		(unsigned long long)bench->load.message_count,
		bench->load.payload_bytes, bench->load.window,
		bench->load.envelopes_per_frame, alm_host_build());
	alm_sheet_fact(sheet, "conditions", text);
	rc = alm_sheet_print(sheet, &bench->args->output);
	alm_sheet_free(sheet);
	return rc;
}

int alm_cmd_bench_route(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_args args;
	struct bench bench = {.args = &args};
	int64_t payload, count, window, envelopes;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	payload = alm_args_number(&args, "payload", 1024);
	count = alm_args_number(&args, "count", 200000);
	window = alm_args_number(&args, "window", 4096);
	envelopes = alm_args_number(&args, "envelopes-per-frame", 1);
	if (payload > (int64_t)ALM_PAYLOAD_BYTES_MAX || count < 1 ||
		count > COUNT_MAX || window < 1 ||
		window > (int64_t)ALM_SEND_WINDOW_MAX || envelopes < 1 ||
		envelopes > (int64_t)ALM_FRAME_ENVELOPES_MAX) {
		return alm_args_complain(&args,
			"payload up to 1MiB, count up to 100000000, window up "
			"to %u, envelopes-per-frame up to %u",
			ALM_SEND_WINDOW_MAX, ALM_FRAME_ENVELOPES_MAX);
	}
	bench.load = (struct alm_bench_load){.payload_bytes = (size_t)payload,
		.message_count = (uint64_t)count,
		.window = (uint32_t)window,
		.envelopes_per_frame = (uint32_t)envelopes,
		.per_s = (uint64_t)alm_args_number(&args, "rate", 0)};
	bench.parent = alm_args_text(&args, "dir");
	problem.err = measure(&bench, &problem);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	return args.output.format == ALM_FORMAT_JSON ? print_json(&bench)
						     : print_sheet(&bench);
}
