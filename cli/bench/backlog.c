/*
 * backlog.c - almoner bench backlog: what mail that nobody takes costs those
 * who do.  Throughput with an empty store and with many messages queued for an
 * absent recipient; memory, and the time of a restart, beside them; and what
 * it costs to keep mail for many recipients instead of one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "agents/bench/bench.h"
#include "cli/args.h"
#include "cli/bench/host.h"
#include "cli/bench/register.h"
#include "cli/bench/result.h"
#include "cli/bench/terms.h"
#include "cli/commands.h"
#include "cli/sandbox/internal.h"
#include "lib/limits.h"

#define PAYLOAD_BYTES 1024u
#define WINDOW 4096u
#define ROUNDS 5u
#define STORED_MAX 20000000
#define RECIPIENTS_MAX 60000
#define ARENA_BYTES_MAX ((size_t)64 << 20)

static const char head[] =
	"almoner: 1\n"
	"bundle: backlog\n"
	"kinds: [nhs-trust, gp-practice]\n"
	"purposes:\n"
	"  - {id: direct-care, class: care, recipients: [any]}\n"
	"categories:\n"
	"  - id: discharge\n"
	"agreements:\n"
	"  - id: DSA-1\n"
	"    title: Care\n"
	"    from: [RX1]\n"
	"    to: [kind:gp-practice]\n"
	"    purposes: [direct-care]\n"
	"    categories: [discharge]\n" ALM_BENCH_TERMS "organisations:\n"
	"  - {id: RX1, name: A trust, kind: nhs-trust}\n"
	"  - {id: C84001, name: A practice, kind: gp-practice}\n";

/* Room for all of it, and for what is routed beside. */
#define MAP_GIB 16u
#define STORED_PER_GIB 256000u /* of 2.5 KB each, and as much to spare */

static const struct alm_option options[] = {
	{"stored", 0, ALM_OPTION_NUMBER, "N",
		"messages for an absent recipient; 1000000 unless given", false,
		false},
	{"recipients", 0, ALM_OPTION_NUMBER, "N",
		"that get one message each; 10000 unless given", false, false},
	{"count", 0, ALM_OPTION_NUMBER, "N",
		"messages that are routed, before and after; 200000 unless "
		"given",
		false, false},
	ALM_SANDBOX_DIR_OPTION,
	{0},
};

static const struct alm_usage usage = {
	.name = "bench backlog",
	.summary = "Measure what mail that nobody takes costs: throughput, "
		   "memory and restart with many messages stored, and many "
		   "recipients against one.",
	.positionals = "",
	.options = options,
	.notes = "  almoner bench backlog --stored 10000000 --dir /var/tmp "
		 "--json\n  A stored message of 1 KiB takes about 2.5 KB.",
};

/* The loads, in the order in which they run. */
enum step {
	STEP_EMPTY,
	STEP_ONE,  /* ROUNDS of them, in turn with the next */
	STEP_MANY, /* ROUNDS */
	STEP_FILL,
	STEP_STORED,
	STEPS
};

struct bench {
	const struct alm_args *args;
	struct alm_sandbox *sandbox;
	struct alm_bench_message message;
	uint64_t stored;
	uint64_t count;
	uint32_t recipients;
	struct alm_bench_agents *agents[STEPS][ROUNDS];
	double empty_per_s;
	double stored_per_s;
	double fill_per_s;
	double one_us[ROUNDS]; /* the daemon's processor, of a message */
	double many_us[ROUNDS];
	uint64_t empty_kib; /* of memory that is not the file's */
	uint64_t stored_kib;
	double restart_s;
	char filesystem[64];
};

/* --- the sandbox --------------------------------------------------------- */

/** The bundle, with as many practices that are not there; free() it. */
static char *make_policy(uint32_t recipients, size_t *out_bytes)
{
	char id[ALM_BENCH_ABSENT_BYTES];
	char *text = NULL;
	FILE *out = open_memstream(&text, out_bytes);

	if (out == NULL) {
		return NULL;
	}
	(void)fputs(head, out);
	for (uint32_t i = 0; i < recipients; i++) {
		alm_bench_absent(i, id);
		(void)fprintf(out,
			"  - {id: %s, name: Practice %u, kind: gp-practice}\n",
			id, i);
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static enum alm_err set_policy(struct bench *bench, struct alm_problem *problem)
{
	static const struct alm_argument arguments[] = {{"reason", "bench"}};
	struct alm_attachment file = {.name = "bench.yaml"};
	const struct alm_request_call call = {.verb = "policy.activate",
		.arguments = arguments,
		.argument_count = ALM_COUNT(arguments),
		.attachments = &file,
		.attachment_count = 1};
	struct alm_answer answer;
	struct alm_arena arena;
	enum alm_err err;
	char *text = make_policy(bench->recipients, &file.content.bytes);

	if (text == NULL) {
		return ALM_NOMEM;
	}
	file.content.data = (const uint8_t *)text;
	alm_arena_init(&arena, ARENA_BYTES_MAX);
	err = alm_sandbox_ask(bench->sandbox, &call, &arena, &answer, problem);
	alm_arena_fini(&arena);
	free(text);
	return err;
}

static enum alm_err add_end(struct bench *bench, const char *organisation,
	char folder[PATH_MAX], struct alm_bench_end *out,
	struct alm_problem *problem)
{
	enum alm_err err = alm_sandbox_agent(
		bench->sandbox, organisation, "bench", folder, problem);

	if (err == ALM_OK) {
		*strrchr(folder, '/') = '\0'; /* the keys lie beside it */
		*out = (struct alm_bench_end){organisation, "bench", folder};
	}
	return err;
}

/* --- the loads ----------------------------------------------------------- */

static struct alm_bench_load load_of(const struct bench *bench, enum step step)
{
	struct alm_bench_load load = {.payload_bytes = PAYLOAD_BYTES,
		.window = WINDOW,
		.envelopes_per_frame = 1,
		.message_count = bench->count};

	if (step == STEP_ONE || step == STEP_MANY) {
		load.message_count = bench->recipients;
		load.absent_count = step == STEP_ONE ? 1 : bench->recipients;
	} else if (step == STEP_FILL) {
		load.message_count = bench->stored;
		load.absent_count = 1;
	}
	return load;
}

static unsigned rounds_of(enum step step)
{
	return step == STEP_ONE || step == STEP_MANY ? ROUNDS : 1;
}

/** All processes, while this one has no threads. */
static enum alm_err begin_all(struct bench *bench, struct alm_problem *problem)
{
	enum alm_err err = ALM_OK;

	for (unsigned step = 0; step < STEPS; step++) {
		struct alm_bench_load load = load_of(bench, (enum step)step);

		for (unsigned i = 0;
			i < rounds_of((enum step)step) && err == ALM_OK; i++) {
			err = alm_bench_agents_begin(
				&load, &bench->agents[step][i], problem);
		}
	}
	return err;
}

static void end_all(struct bench *bench)
{
	for (unsigned step = 0; step < STEPS; step++) {
		for (unsigned i = 0; i < ROUNDS; i++) {
			alm_bench_agents_end(bench->agents[step][i]);
		}
	}
}

static enum alm_err run(struct bench *bench, enum step step, unsigned round,
	double *out_per_s, double *out_us, struct alm_problem *problem)
{
	struct alm_bench_result result = {.per_s = 0};
	double from_s = alm_host_processor_s(bench->sandbox->pid);
	enum alm_err err = alm_bench_agents_run(
		bench->agents[step][round], &bench->message, &result, problem);

	*out_per_s = result.per_s;
	*out_us = (alm_host_processor_s(bench->sandbox->pid) - from_s) * 1e6 /
		  (double)load_of(bench, step).message_count;
	if (err == ALM_OK && !(*out_us > 0)) {
		err = alm_problem_set(problem, ALM_IO,
			"the kernel does not tell the daemon's processor time");
	}
	return err;
}

static enum alm_err run_recipients(
	struct bench *bench, struct alm_problem *problem)
{
	enum alm_err err = ALM_OK;
	double per_s;

	for (unsigned i = 0; i < ROUNDS && err == ALM_OK; i++) {
		err = run(
			bench, STEP_ONE, i, &per_s, &bench->one_us[i], problem);
		if (err == ALM_OK) {
			err = run(bench, STEP_MANY, i, &per_s,
				&bench->many_us[i], problem);
		}
	}
	return err;
}

static enum alm_err restart(struct bench *bench, struct alm_problem *problem)
{
	double from_s;
	enum alm_err err;

	alm_sandbox_kill(bench->sandbox);
	from_s = alm_bench_clock_s();
	err = alm_sandbox_restart(bench->sandbox, problem);
	bench->restart_s = alm_bench_clock_s() - from_s;
	return err;
}

static enum alm_err run_all(struct bench *bench, struct alm_problem *problem)
{
	double ignored;
	enum alm_err err = run(
		bench, STEP_EMPTY, 0, &bench->empty_per_s, &ignored, problem);

	bench->empty_kib = alm_host_memory_kib(bench->sandbox->pid);
	if (err == ALM_OK) {
		err = run_recipients(bench, problem);
	}
	if (err == ALM_OK) {
		err = run(bench, STEP_FILL, 0, &bench->fill_per_s, &ignored,
			problem);
	}
	if (err == ALM_OK) {
		err = run(bench, STEP_STORED, 0, &bench->stored_per_s, &ignored,
			problem);
	}
	bench->stored_kib = alm_host_memory_kib(bench->sandbox->pid);
	return err == ALM_OK ? restart(bench, problem) : err;
}

static enum alm_err measure(struct bench *bench, struct alm_problem *problem)
{
	const struct alm_sandbox_options sandbox_options = {
		.parent = alm_args_text(bench->args, "dir"),
		.map_gib = MAP_GIB + (unsigned)(bench->stored / STORED_PER_GIB),
		.settings = "send-window: 8192\n"};
	char sender[PATH_MAX];
	char receiver[PATH_MAX];
	enum alm_err err = begin_all(bench, problem);

	if (err == ALM_OK) {
		err = alm_sandbox_open(
			&sandbox_options, &bench->sandbox, problem);
	}
	if (err == ALM_OK) {
		alm_host_filesystem(alm_sandbox_store(bench->sandbox),
			bench->filesystem, sizeof(bench->filesystem));
		err = set_policy(bench, problem);
	}
	if (err == ALM_OK) {
		err = add_end(
			bench, "RX1", sender, &bench->message.sender, problem);
	}
	if (err == ALM_OK) {
		err = add_end(bench, "C84001", receiver,
			&bench->message.receiver, problem);
	}
	if (err == ALM_OK) {
		bench->message.endpoint = alm_sandbox_endpoint(bench->sandbox);
		bench->message.broker_key =
			alm_sandbox_broker_key(bench->sandbox);
		err = run_all(bench, problem);
	}
	alm_sandbox_close(bench->sandbox);
	end_all(bench);
	return err;
}

/* --- telling ------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double values[ROUNDS])
{
	qsort(values, ROUNDS, sizeof(values[0]), by_value);
	return values[ROUNDS / 2];
}

static double rounded(double value, double unit)
{
	return (double)(int64_t)(value / unit + 0.5) * unit;
}

static int print(struct bench *bench)
{
	double one_us = median(bench->one_us);
	double many_us = median(bench->many_us);
	json_t *conditions = alm_bench_conditions(bench->filesystem,
		json_pack("{s:I, s:I, s:I, s:s}", "stored",
			(json_int_t)bench->stored, "recipients",
			(json_int_t)bench->recipients, "count",
			(json_int_t)bench->count, "recipients_us",
			"of the daemon's processor, each message; medians of "
			"5"));

	return alm_bench_print_json(
		json_pack("{s:s, s:f, s:f, s:f, s:f, s:I, s:I, s:f, s:f, s:f, "
			  "s:f, s:o}",
			"schema", "almoner.bench.backlog/1", "empty_msgs_per_s",
			rounded(bench->empty_per_s, 0.1), "stored_msgs_per_s",
			rounded(bench->stored_per_s, 0.1), "ratio",
			rounded(bench->stored_per_s / bench->empty_per_s,
				0.0001),
			"fill_msgs_per_s", rounded(bench->fill_per_s, 0.1),
			"empty_memory_kib", (json_int_t)bench->empty_kib,
			"stored_memory_kib", (json_int_t)bench->stored_kib,
			"restart_to_ready_s", rounded(bench->restart_s, 0.001),
			"one_recipient_us", rounded(one_us, 0.01),
			"many_recipients_us", rounded(many_us, 0.01),
			"recipients_ratio", rounded(many_us / one_us, 0.0001),
			"conditions", conditions),
		10);
}

int alm_cmd_bench_backlog(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_args args;
	struct bench bench = {.args = &args,
		.message = {.purpose = "direct-care",
			.category = "discharge",
			.subject = "9990000018"}};
	int64_t stored, recipients, count;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	stored = alm_args_number(&args, "stored", 1000000);
	recipients = alm_args_number(&args, "recipients", 10000);
	count = alm_args_number(&args, "count", 200000);
	if (stored < 1 || stored > STORED_MAX || recipients < 1 ||
		recipients > RECIPIENTS_MAX || count < 1 ||
		count > STORED_MAX) {
		return alm_args_complain(&args,
			"stored and count up to %d, recipients up to %d",
			STORED_MAX, RECIPIENTS_MAX);
	}
	bench.stored = (uint64_t)stored;
	bench.recipients = (uint32_t)recipients;
	bench.count = (uint64_t)count;
	problem.err = measure(&bench, &problem);
	return problem.err == ALM_OK
		       ? print(&bench)
		       : alm_print_problem(&args.output, &problem);
}
