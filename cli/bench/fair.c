/*
 * almoner bench fair: how long small senders wait for receipts and hand-overs,
 * undisturbed and under each disturbance in turn, and the ratio.  Undisturbed
 * and disturbed runs alternate, and their samples are put together.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <jansson.h>

#include "agents/bench/fair.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/host.h"
#include "cli/output.h"
#include "cli/paths.h"
#include "cli/sandbox.h"
#include "cli/sheet.h"
#include "lib/bytes.h"
#include "lib/file.h"

#define SETTINGS \
	"handshakes-per-second: 100000\nhandshakes-per-address: 100000\n"

static const struct alm_option options[] = {
	{"milliseconds", 0, ALM_OPTION_NUMBER, "N",
		"that each run probes; 2000 unless given", false, false},
	{"rounds", 0, ALM_OPTION_NUMBER, "N",
		"pairs of runs for each disturbance; 3 unless given", false,
		false},
	{"only", 0, ALM_OPTION_TEXT, "WORD",
		"one disturbance: flood, connections, slow-consumer, "
		"dead-consumer, crowd or malformed",
		false, false},
	{"dir", 0, ALM_OPTION_TEXT, "FOLDER",
		"where the store is made; a temporary folder unless given",
		false, false},
	{NULL, 0, ALM_OPTION_FLAG, NULL, NULL, false, false},
};

static const struct alm_usage usage = {
	.name = "bench fair",
	.summary = "Measure how much one organisation can disturb the others.",
	.positionals = "",
	.options = options,
	.notes = "  almoner bench fair --json",
};

static const char *const words[] = {
#define X(name, word, what) word,
	ALM_BENCH_DISTURBANCE_MAP(X)
#undef X
};

static const char *const meanings[] = {
#define X(name, word, what) what,
	ALM_BENCH_DISTURBANCE_MAP(X)
#undef X
};

static const char policy_head[] =
	"almoner: 1\n"
	"bundle: fair\n"
	"kinds: [nhs-trust]\n"
	"purposes:\n"
	"  - {id: direct-care, class: care, recipients: [any]}\n"
	"categories:\n"
	"  - id: note\n"
	"organisations:\n";

static const char policy_tail[] =
	"agreements:\n"
	"  - id: DSA\n"
	"    title: Care\n"
	"    from: [P0, P1, P2, P3, F]\n"
	"    to: [Q0, Q1, Q2, Q3, G]\n"
	"    purposes: [direct-care]\n"
	"    categories: [note]\n"
	"    identifiability: identifiable\n"
	"    relationship: not-required\n"
	"    consent: implied\n"
	"    opt-out: not-applicable\n"
	"    valid: 2020-01-01 until further notice\n"
	"    law: {article-6: 6(1)(e), article-9: 9(2)(h), "
	"confidentiality: implied-consent}\n"
	"    evidence: [DPIA-1]\n"
	"    approved-by: [guardian, owner]\n";

static const char *const organisations[] = {
	"P0", "P1", "P2", "P3", "Q0", "Q1", "Q2", "Q3", "F", "G", "C"};

/** Samples of several runs. */
struct pool {
	int64_t *accept_ns;
	int64_t *hand_over_ns;
	size_t accept_count;
	size_t hand_over_count;
	uint64_t disturbing;
	double seconds;
};

struct row {
	bool is_run;
	struct pool quiet;
	struct pool disturbed;
};

struct bench {
	const struct alm_args *args;
	uint32_t milliseconds;
	uint32_t rounds;
	const char *only; /* "": all */
	struct row rows[ALM_BENCH_DISTURBANCE_COUNT];
	char filesystem[64];
};

/* --- the broker ---------------------------------------------------------- */

static enum alm_err write_policy(const char *folder, char out_path[PATH_MAX],
	struct alm_problem *problem)
{
	char text[8192];
	char path[PATH_MAX];
	size_t bytes = 0;

	if (!alm_path_join(folder, "fair-policy", out_path) ||
		mkdir(out_path, 0700) != 0 ||
		!alm_path_join(out_path, "policy.yaml", path)) {
		return alm_problem_set(problem, ALM_IO, "%s", folder);
	}
	bytes += (size_t)snprintf(text, sizeof(text), "%s", policy_head);
	for (size_t i = 0; i < ALM_COUNT(organisations); i++) {
		bytes += (size_t)snprintf(text + bytes, sizeof(text) - bytes,
			"  - {id: %s, name: Bench %s, kind: nhs-trust}\n",
			organisations[i], organisations[i]);
	}
	bytes += (size_t)snprintf(
		text + bytes, sizeof(text) - bytes, "%s", policy_tail);
	return alm_file_write(path,
		(struct alm_bytes){(const uint8_t *)text, bytes}, 0600,
		problem);
}

static enum alm_err add_agents(struct alm_sandbox *sandbox,
	const char *organisation, char letter, unsigned count,
	struct alm_problem *problem)
{
	enum alm_err err = ALM_OK;

	for (unsigned i = 0; i < count && err == ALM_OK; i++) {
		char context[PATH_MAX];
		char agent[16];

		(void)snprintf(agent, sizeof(agent), "%c%u", letter, i);
		err = alm_sandbox_agent(sandbox, organisation,
			letter == 'a' ? "a" : agent, context, problem);
	}
	return err;
}

static bool wants(const struct bench *bench, unsigned i)
{
	return i != ALM_BENCH_NONE &&
	       (bench->only[0] == '\0' || strcmp(bench->only, words[i]) == 0);
}

static enum alm_err furnish(const struct bench *bench,
	struct alm_sandbox *sandbox, struct alm_problem *problem)
{
	char folder[PATH_MAX];
	enum alm_err err =
		write_policy(alm_sandbox_folder(sandbox), folder, problem);

	if (err == ALM_OK) {
		err = alm_sandbox_activate(sandbox, folder, problem);
	}
	for (size_t i = 0; i < 8 && err == ALM_OK; i++) {
		err = add_agents(sandbox, organisations[i], 'a', 1, problem);
	}
	if (err == ALM_OK) {
		err = add_agents(sandbox, "G", 'a', 1, problem);
	}
	if (err == ALM_OK) {
		err = add_agents(
			sandbox, "F", 'f', ALM_BENCH_FLOODERS, problem);
	}
	if (err == ALM_OK && wants(bench, ALM_BENCH_CROWD)) {
		err = add_agents(sandbox, "C", 'c', ALM_BENCH_AGENTS, problem);
	}
	return err;
}

/* --- measuring ----------------------------------------------------------- */

static bool append(int64_t **samples, size_t *count, const int64_t *more,
	size_t more_count)
{
	int64_t *grown = realloc(
		*samples, (*count + more_count + 1) * sizeof(**samples));

	if (grown == NULL) {
		return false;
	}
	memcpy(grown + *count, more, more_count * sizeof(*more));
	*samples = grown;
	*count += more_count;
	return true;
}

static enum alm_err run_once(struct alm_bench_fair *fair,
	enum alm_bench_disturbance disturbance, struct pool *pool,
	struct alm_problem *problem)
{
	const struct alm_bench_fair_shared *shared =
		alm_bench_fair_shared(fair);
	enum alm_err err = alm_bench_fair_run(fair, disturbance, problem);

	if (err != ALM_OK) {
		return err;
	}
	pool->disturbing += shared->disturbing;
	pool->seconds += (double)shared->probe_ms / 1000;
	if (!append(&pool->accept_ns, &pool->accept_count, shared->accept_ns,
		    shared->accept_count) ||
		!append(&pool->hand_over_ns, &pool->hand_over_count,
			shared->hand_over_ns, shared->hand_over_count)) {
		return ALM_NOMEM;
	}
	return ALM_OK;
}

static enum alm_err run_all(struct bench *bench, struct alm_bench_fair *fair,
	struct alm_problem *problem)
{
	enum alm_err err = ALM_OK;

	for (unsigned i = 0; i < ALM_BENCH_DISTURBANCE_COUNT; i++) {
		struct row *row = &bench->rows[i];

		row->is_run = wants(bench, i);
		for (uint32_t n = 0; row->is_run && n < bench->rounds; n++) {
			err = run_once(
				fair, ALM_BENCH_NONE, &row->quiet, problem);
			if (err == ALM_OK) {
				err = run_once(fair,
					(enum alm_bench_disturbance)i,
					&row->disturbed, problem);
			}
			if (err != ALM_OK) {
				return err;
			}
		}
	}
	return err;
}

static enum alm_err measure(struct bench *bench, struct alm_problem *problem)
{
	struct alm_sandbox_options with = {
		.parent = alm_args_text(bench->args, "dir"),
		.settings = SETTINGS};
	struct alm_bench_fair_shared *shared;
	struct alm_sandbox *sandbox = NULL;
	struct alm_bench_fair *fair = NULL;
	enum alm_err err = alm_bench_fair_begin(&fair, problem);

	if (err == ALM_OK) {
		err = alm_sandbox_open(&with, &sandbox, problem);
	}
	if (err == ALM_OK) {
		err = furnish(bench, sandbox, problem);
	}
	if (err == ALM_OK) {
		shared = alm_bench_fair_shared(fair);
		shared->probe_ms = bench->milliseconds;
		(void)snprintf(shared->endpoint, sizeof(shared->endpoint), "%s",
			alm_sandbox_endpoint(sandbox));
		(void)snprintf(shared->broker_key, sizeof(shared->broker_key),
			"%s", alm_sandbox_broker_key(sandbox));
		(void)snprintf(shared->agents, sizeof(shared->agents),
			"%s/agents", alm_sandbox_folder(sandbox));
		alm_host_filesystem(alm_sandbox_store(sandbox),
			bench->filesystem, sizeof(bench->filesystem));
		err = run_all(bench, fair, problem);
	}
	alm_bench_fair_end(fair);
	alm_sandbox_close(sandbox);
	return err;
}

/* --- telling ------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/** Sorts; in milliseconds. */
static double percentile(int64_t *samples, size_t count, double share)
{
	if (count == 0) {
		return 0;
	}
	qsort(samples, count, sizeof(*samples), by_value);
	return (double)samples[(size_t)((double)(count - 1) * share)] / 1e6;
}

struct figures {
	double accept_p50, accept_p99, hand_over_p50, hand_over_p99;
};

static struct figures figures_of(const struct pool *pool)
{
	return (struct figures){
		percentile(pool->accept_ns, pool->accept_count, 0.5),
		percentile(pool->accept_ns, pool->accept_count, 0.99),
		percentile(pool->hand_over_ns, pool->hand_over_count, 0.5),
		percentile(pool->hand_over_ns, pool->hand_over_count, 0.99)};
}

static json_t *json_figures(const struct figures *figures)
{
	return json_pack("{s:f, s:f, s:f, s:f}", "accept_p50_ms",
		figures->accept_p50, "accept_p99_ms", figures->accept_p99,
		"hand_over_p50_ms", figures->hand_over_p50, "hand_over_p99_ms",
		figures->hand_over_p99);
}

static double ratio(double disturbed, double quiet)
{
	return quiet > 0 ? disturbed / quiet : 0;
}

static json_t *json_row(unsigned i, const struct row *row)
{
	struct figures quiet = figures_of(&row->quiet);
	struct figures disturbed = figures_of(&row->disturbed);

	return json_pack("{s:s, s:s, s:o, s:o, s:f, s:f, s:I, s:f}",
		"disturbance", words[i], "what", meanings[i], "undisturbed",
		json_figures(&quiet), "disturbed", json_figures(&disturbed),
		"accept_p99_ratio",
		ratio(disturbed.accept_p99, quiet.accept_p99),
		"hand_over_p99_ratio",
		ratio(disturbed.hand_over_p99, quiet.hand_over_p99), "samples",
		(json_int_t)row->disturbed.accept_count, "disturbing_per_s",
		ratio((double)row->disturbed.disturbing,
			row->disturbed.seconds));
}

static json_t *conditions(const struct bench *bench)
{
	struct utsname system;
	char model[128];

	alm_host_cpu_model(model, sizeof(model));
	if (uname(&system) != 0) {
		system.release[0] = '\0';
	}
	return json_pack(
		"{s:I, s:s, s:s, s:s, s:s, s:i, s:i, s:I, s:I, s:s, s:s}",
		"cpus", (json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "cpu_model",
		model, "kernel", system.release, "filesystem",
		bench->filesystem, "fsync", "every commit", "payload_bytes",
		1024, "probes_per_s", 500, "milliseconds",
		(json_int_t)bench->milliseconds, "rounds",
		(json_int_t)bench->rounds, "build", alm_host_build(),
		"disturbers", "at the lowest priority of the same machine");
}

static int print_json(const struct bench *bench)
{
	json_t *rows = json_array();
	json_t *root;
	int rc = ALM_EXIT_FAILURE;

	for (unsigned i = 0; i < ALM_BENCH_DISTURBANCE_COUNT; i++) {
		if (bench->rows[i].is_run) {
			(void)json_array_append_new(
				rows, json_row(i, &bench->rows[i]));
		}
	}
	root = json_pack("{s:s, s:o, s:o}", "schema", "almoner.bench.fair/1",
		"disturbances", rows, "conditions", conditions(bench));
	if (root != NULL &&
		json_dumpf(root, stdout,
			JSON_INDENT(2) | JSON_REAL_PRECISION(5)) == 0 &&
		fputc('\n', stdout) != EOF) {
		rc = ALM_EXIT_OK;
	}
	json_decref(root);
	return rc;
}

static const char *number(double value, char room[32])
{
	(void)snprintf(room, 32, "%.2f", value);
	return room;
}

static int print_sheet(const struct bench *bench)
{
	static const char *const columns[] = {"disturbance", "accept-p99-ms",
		"undisturbed", "ratio", "hand-over-p99-ms", "undisturbed-too",
		"hand-over-ratio"};
	struct alm_sheet *sheet = alm_sheet_new(
		"almoner.bench.fair/1", columns, ALM_COUNT(columns));
	int rc;

	for (unsigned i = 0; i < ALM_BENCH_DISTURBANCE_COUNT; i++) {
		const struct row *row = &bench->rows[i];
		struct figures q = figures_of(&row->quiet);
		struct figures d = figures_of(&row->disturbed);
		char room[6][32];

		if (!row->is_run) {
			continue;
		}
		alm_sheet_row(sheet,
			(const char *const[]){words[i],
				number(d.accept_p99, room[0]),
				number(q.accept_p99, room[1]),
				number(ratio(d.accept_p99, q.accept_p99),
					room[2]),
				number(d.hand_over_p99, room[3]),
				number(q.hand_over_p99, room[4]),
				number(ratio(d.hand_over_p99, q.hand_over_p99),
					room[5])});
	}
	rc = alm_sheet_print(sheet, &bench->args->output);
	alm_sheet_free(sheet);
	return rc;
}

static void free_pool(struct pool *pool)
{
	free(pool->accept_ns);
	free(pool->hand_over_ns);
}

static bool is_known(const char *word)
{
	for (unsigned i = 1; i < ALM_BENCH_DISTURBANCE_COUNT; i++) {
		if (strcmp(word, words[i]) == 0) {
			return true;
		}
	}
	return word[0] == '\0';
}

int alm_cmd_bench_fair(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_args args;
	struct bench bench = {.args = &args};
	int64_t milliseconds, rounds;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	milliseconds = alm_args_number(&args, "milliseconds", 2000);
	rounds = alm_args_number(&args, "rounds", 3);
	bench.only = alm_args_text(&args, "only");
	bench.only = bench.only == NULL ? "" : bench.only;
	if (milliseconds < 100 || milliseconds > 15000 || rounds < 1 ||
		rounds > 100 || !is_known(bench.only)) {
		return alm_args_complain(&usage,
			"100 to 15000 milliseconds, 1 to 100 rounds, and a "
			"disturbance that there is");
	}
	bench.milliseconds = (uint32_t)milliseconds;
	bench.rounds = (uint32_t)rounds;
	problem.err = measure(&bench, &problem);
	rc = problem.err != ALM_OK ? alm_print_problem(&args.output, &problem)
	     : args.output.format == ALM_FORMAT_JSON ? print_json(&bench)
						     : print_sheet(&bench);
	for (unsigned i = 0; i < ALM_BENCH_DISTURBANCE_COUNT; i++) {
		free_pool(&bench.rows[i].quiet);
		free_pool(&bench.rows[i].disturbed);
	}
	return rc;
}
