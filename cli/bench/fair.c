/*
 * almoner bench fair: how long small senders wait for receipts and hand-overs,
 * undisturbed and under each disturbance in turn, and the ratio.  Undisturbed
 * and disturbed runs alternate; the median of the ratios of such pairs counts,
 * because a machine that is shared is slower for some seconds now and then.
 */
#include "agents/bench/fair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/bench/fair.h"
#include "cli/bench/host.h"
#include "cli/bench/terms.h"
#include "cli/commands.h"
#include "cli/paths.h"
#include "cli/sandbox/sandbox.h"
#include "cli/show/output.h"
#include "lib/bytes.h"
#include "lib/file.h"

#define SETTINGS \
	"handshakes-per-second: 100000\nhandshakes-per-address: 100000\n"

static const struct alm_option options[] = {
	{"milliseconds", 0, ALM_OPTION_NUMBER, "N",
		"that each run probes; 2000 unless given", false, false},
	{"rounds", 0, ALM_OPTION_NUMBER, "N",
		"pairs of runs for each disturbance; 5 unless given", false,
		false},
	{"only", 0, ALM_OPTION_TEXT, "WORD",
		"one disturbance: flood, connections, slow-consumer, "
		"dead-consumer, crowd, upload or malformed",
		false, false},
	ALM_SANDBOX_DIR_OPTION,
	{0},
};

static const struct alm_usage usage = {
	.name = "bench fair",
	.summary = "Measure how much one organisation can disturb the others.",
	.positionals = "",
	.options = options,
	.notes = "  almoner bench fair --json",
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

static const char policy_tail[] = "agreements:\n"
				  "  - id: DSA\n"
				  "    title: Care\n"
				  "    from: [P0, P1, P2, P3, F]\n"
				  "    to: [Q0, Q1, Q2, Q3, G]\n"
				  "    purposes: [direct-care]\n"
				  "    categories: [note]\n" ALM_BENCH_TERMS;

static const char *const organisations[] = {
	"P0", "P1", "P2", "P3", "Q0", "Q1", "Q2", "Q3", "F", "G", "C"};

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

static bool wants(const struct alm_fair_bench *bench, unsigned i)
{
	return i != ALM_BENCH_NONE &&
	       (bench->only[0] == '\0' ||
		       strcmp(bench->only, alm_fair_words[i]) == 0);
}

static enum alm_err furnish(const struct alm_fair_bench *bench,
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
	enum alm_bench_disturbance disturbance, struct alm_fair_pool *pool,
	struct alm_fair_figures *out_figures, struct alm_problem *problem)
{
	struct alm_bench_fair_shared *shared = alm_bench_fair_shared(fair);
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
	*out_figures = alm_fair_figures_of(
		&(const struct alm_fair_pool){.accept_ns = shared->accept_ns,
			.accept_count = shared->accept_count,
			.hand_over_ns = shared->hand_over_ns,
			.hand_over_count = shared->hand_over_count});
	return ALM_OK;
}

static enum alm_err run_round(struct alm_fair_bench *bench, unsigned i,
	struct alm_bench_fair *fair, struct alm_problem *problem)
{
	struct alm_fair_row *row = &bench->rows[i];
	struct alm_fair_round *round = &row->rounds[row->round_count];
	enum alm_err err = run_once(
		fair, ALM_BENCH_NONE, &row->quiet, &round->quiet, problem);

	if (err == ALM_OK) {
		err = run_once(fair, (enum alm_bench_disturbance)i,
			&row->disturbed, &round->disturbed, problem);
	}
	row->round_count += err == ALM_OK ? 1 : 0;
	return err;
}

static enum alm_err run_all(struct alm_fair_bench *bench,
	struct alm_bench_fair *fair, struct alm_problem *problem)
{
	enum alm_err err = ALM_OK;

	for (unsigned i = 0; i < ALM_BENCH_DISTURBANCE_COUNT; i++) {
		for (uint32_t n = 0;
			wants(bench, i) && n < bench->rounds && err == ALM_OK;
			n++) {
			err = run_round(bench, i, fair, problem);
		}
	}
	return err;
}

static enum alm_err measure(
	struct alm_fair_bench *bench, struct alm_problem *problem)
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

static void free_pool(struct alm_fair_pool *pool)
{
	free(pool->accept_ns);
	free(pool->hand_over_ns);
}

static bool is_known(const char *word)
{
	for (unsigned i = 1; i < ALM_BENCH_DISTURBANCE_COUNT; i++) {
		if (strcmp(word, alm_fair_words[i]) == 0) {
			return true;
		}
	}
	return word[0] == '\0';
}

int alm_cmd_bench_fair(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_args args;
	struct alm_fair_bench bench = {.args = &args};
	int64_t milliseconds, rounds;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	milliseconds = alm_args_number(&args, "milliseconds", 2000);
	rounds = alm_args_number(&args, "rounds", 5);
	bench.only = alm_args_text(&args, "only");
	bench.only = bench.only == NULL ? "" : bench.only;
	if (milliseconds < 100 || milliseconds > 15000 || rounds < 1 ||
		rounds > ALM_FAIR_ROUNDS_MAX || !is_known(bench.only)) {
		return alm_args_complain(&args,
			"100 to 15000 milliseconds, 1 to 100 rounds, and a "
			"disturbance that there is");
	}
	bench.milliseconds = (uint32_t)milliseconds;
	bench.rounds = (uint32_t)rounds;
	problem.err = measure(&bench, &problem);
	rc = problem.err != ALM_OK ? alm_print_problem(&args.output, &problem)
	     : args.output.format == ALM_FORMAT_JSON
		     ? alm_fair_print_json(&bench)
		     : alm_fair_print_sheet(&bench);
	for (unsigned i = 0; i < ALM_BENCH_DISTURBANCE_COUNT; i++) {
		free_pool(&bench.rows[i].quiet);
		free_pool(&bench.rows[i].disturbed);
	}
	return rc;
}
