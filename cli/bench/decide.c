/*
 * decide.c - almoner bench decide: what a decision costs under a policy
 * as large as a country's, without a person's record and with the look-up of
 * one in registers of growing size.
 *
 * Requests are made in batches outside the measured time, so that each is as
 * near as one that was just decoded, and each is another one: nothing that a
 * decision needs is nearer than chance has it.  The best round counts, since
 * others use the machine too; the median stands beside it.
 */
#include "cli/bench/decide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "broker/policy/load.h"
#include "cli/bench/host.h"
#include "cli/commands.h"
#include "lib/limits.h"

#define BATCH 256u
#define SMALL_REGISTER 1000000u
#define ARENA_BYTES_MAX ((size_t)256 << 20)

static const struct alm_option options[] = {
	{"organisations", 0, ALM_OPTION_NUMBER, "N",
		"in the policy; 20000 unless given", false, false},
	{"agreements", 0, ALM_OPTION_NUMBER, "N",
		"in the policy; 50000 unless given", false, false},
	{"people", 0, ALM_OPTION_NUMBER, "N",
		"in the register, each with a record; 1000000 unless given",
		false, false},
	{"decisions", 0, ALM_OPTION_NUMBER, "N",
		"in a round; 500000 unless given", false, false},
	{"batch", 0, ALM_OPTION_NUMBER, "N",
		"people in one opt-out check; 1000000 unless given", false,
		false},
	{"rounds", 0, ALM_OPTION_NUMBER, "N", "of each; 5 unless given", false,
		false},
	{"seed", 0, ALM_OPTION_NUMBER, "N", "of the policy; 1 unless given",
		false, false},
	{"dir", 0, ALM_OPTION_TEXT, "FOLDER",
		"where the register is made; a temporary folder unless given",
		false, false},
	{0},
};

static const struct alm_usage usage = {
	.name = "bench decide",
	.summary = "Measure a decision under a policy as large as a country's, "
		   "with and without the look-up of a person.",
	.positionals = "",
	.options = options,
	.notes = "  The register is made in a folder that is removed at the "
		 "end; it takes 50 to 60 bytes a\n  person.  More than a "
		 "million people are measured after a million.\n"
		 "  almoner bench decide --people 60000000 --json",
};

static double cpu_clock_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct alm_bench_timing start_timing(void)
{
	return (struct alm_bench_timing){alm_bench_clock_s(), cpu_clock_s()};
}

static void add_timing(
	struct alm_bench_timing *sum, struct alm_bench_timing from)
{
	sum->cpu_s += cpu_clock_s() - from.cpu_s;
	sum->wall_s += alm_bench_clock_s() - from.wall_s;
}

/* --- the policy ----------------------------------------------------------- */

static enum alm_err compile(struct alm_bench *bench, const char *text,
	struct alm_arena *arena, struct alm_problem *problem)
{
	struct alm_diagnostics *diagnostics =
		alm_arena_take(arena, sizeof(*diagnostics));
	struct alm_bundle_source source = {.name = "bench.yaml",
		.content = {(const uint8_t *)text, bench->bundle_bytes}};
	struct alm_bundle bundle;
	double from_s = alm_bench_clock_s();
	enum alm_err err;

	if (diagnostics == NULL) {
		return ALM_NOMEM;
	}
	alm_diagnostics_init(diagnostics, arena);
	err = alm_bundle_load(&source, 1, arena, diagnostics, &bundle, NULL);
	if (err != ALM_OK) {
		(void)alm_diagnostics_problem(diagnostics, problem);
		return err;
	}
	bench->load_s = alm_bench_clock_s() - from_s;
	from_s = alm_bench_clock_s();
	bench->snapshot = alm_snapshot_compile(&bundle);
	bench->compile_s = alm_bench_clock_s() - from_s;
	return bench->snapshot == NULL ? ALM_NOMEM
				       : alm_snapshot_verify(bench->snapshot);
}

static enum alm_err make_policy(
	struct alm_bench *bench, struct alm_problem *problem)
{
	struct alm_arena arena;
	char *text;
	enum alm_err err = ALM_NOMEM;

	bench->world = alm_bench_world_new(
		bench->organisations, bench->agreements, bench->seed);
	bench->requests = calloc(BATCH, sizeof(*bench->requests));
	if (bench->world == NULL || bench->requests == NULL) {
		return ALM_NOMEM;
	}
	text = alm_bench_world_text(bench->world, &bench->bundle_bytes);
	alm_arena_init(&arena, ALM_BUNDLE_ARENA_BYTES_MAX);
	if (text != NULL) {
		err = compile(bench, text, &arena, problem);
	}
	alm_arena_fini(&arena);
	free(text);
	if (err == ALM_OK) {
		bench->scratch = alm_scratch_new(bench->snapshot);
		err = bench->scratch == NULL ? ALM_NOMEM : ALM_OK;
	}
	return err;
}

/* --- decisions ------------------------------------------------------------ */

static void make_batch(
	struct alm_bench *bench, uint64_t *random, uint32_t people)
{
	for (uint32_t i = 0; i < BATCH; i++) {
		alm_bench_request_make(
			bench->world, random, &bench->requests[i]);
		alm_bench_subject(alm_bench_pick(random, people),
			bench->requests[i].subject);
	}
}

/* `store` NULL: nothing is known of anybody, and nobody is looked for. */
static enum alm_err decide_batch(
	struct alm_bench *bench, struct alm_store *store, uint64_t effects[4])
{
	const struct alm_world world = {.snapshot = bench->snapshot,
		.opt_out_age_max_s = ALM_OPT_OUT_AGE_DEFAULT_S};
	struct alm_decision decision;
	struct alm_person person;

	for (uint32_t i = 0; i < BATCH; i++) {
		const struct alm_request *r = &bench->requests[i].request;
		bool is_looked_up = store != NULL && r->subject != NULL;

		if (is_looked_up) {
			enum alm_err err = alm_store_person_get(
				store, r->subject, &bench->arena, &person);

			if (err != ALM_OK) {
				return err;
			}
		}
		alm_decide(&world, is_looked_up ? &person : NULL, r,
			ALM_BENCH_NOW_S, bench->scratch, &decision);
		effects[decision.effect]++;
	}
	alm_arena_reset(&bench->arena);
	return ALM_OK;
}

static enum alm_err measure_decisions(struct alm_bench *bench,
	struct alm_store *store, uint32_t people, struct alm_bench_rounds *out)
{
	uint64_t effects[4] = {0};
	uint64_t random = bench->seed + 1;
	uint32_t batches = (bench->decisions + BATCH - 1) / BATCH;
	enum alm_err err = ALM_OK;

	out->things = (uint64_t)batches * BATCH;
	/* A round before the first brings in what was never touched. */
	for (out->count = 0; out->count <= bench->rounds; out->count++) {
		struct alm_bench_timing *round =
			&out->items[out->count == 0 ? 0 : out->count - 1];

		*round = (struct alm_bench_timing){0, 0};
		for (uint32_t i = 0; i < batches && err == ALM_OK; i++) {
			struct alm_bench_timing from;

			make_batch(bench, &random, people);
			from = start_timing();
			err = decide_batch(bench, store, effects);
			add_timing(round, from);
		}
	}
	out->count = bench->rounds;
	if (store == NULL) {
		memcpy(bench->effects, effects, sizeof(effects));
	}
	return err;
}

/* --- opt-outs ------------------------------------------------------------- */

static enum alm_err measure_opt_outs(struct alm_bench *bench,
	struct alm_bench_register *reg, struct alm_bench_rounds *out)
{
	char(*subjects)[ALM_SUBJECT_TEXT_BYTES] =
		calloc(bench->batch, sizeof(*subjects));
	struct alm_opt_out_answer *answers =
		calloc(bench->batch, sizeof(*answers));
	uint64_t random = bench->seed + 2;
	enum alm_err err =
		subjects == NULL || answers == NULL ? ALM_NOMEM : ALM_OK;

	out->things = bench->batch;
	for (out->count = 0; out->count <= bench->rounds && err == ALM_OK;
		out->count++) {
		struct alm_bench_timing *round =
			&out->items[out->count == 0 ? 0 : out->count - 1];
		struct alm_bench_timing from;

		for (uint32_t i = 0; i < bench->batch; i++) {
			alm_bench_subject(alm_bench_pick(&random, reg->count),
				subjects[i]);
		}
		*round = (struct alm_bench_timing){0, 0};
		from = start_timing();
		err = alm_store_opt_outs(reg->store,
			(const char(*)[ALM_SUBJECT_TEXT_BYTES])subjects,
			bench->batch, ALM_BENCH_NOW_S, answers);
		add_timing(round, from);
		for (uint32_t i = 0; i < bench->batch && err == ALM_OK; i++) {
			err = answers[i].state == ALM_OPT_OUT_CLEAR ||
					      answers[i].state ==
						      ALM_OPT_OUT_OBJECTED
				      ? ALM_OK
				      : ALM_STORE_CORRUPT;
		}
	}
	out->count = bench->rounds;
	free(subjects);
	free(answers);
	return err;
}

static enum alm_err measure_register(struct alm_bench *bench, uint32_t people,
	struct alm_bench_register_result *out, struct alm_problem *problem)
{
	struct alm_bench_register reg;
	enum alm_err err = alm_bench_register_open(
		alm_args_text(bench->args, "dir"), people, &reg, problem);

	out->people = people;
	out->fill_s = reg.fill_s;
	out->disk_bytes = reg.disk_bytes;
	if (err == ALM_OK) {
		alm_host_filesystem(reg.folder, bench->filesystem,
			sizeof(bench->filesystem));
		err = measure_decisions(
			bench, reg.store, people, &out->decisions);
	}
	if (err == ALM_OK) {
		err = measure_opt_outs(bench, &reg, &out->opt_outs);
	}
	alm_bench_register_close(&reg);
	return err;
}

static enum alm_err measure(
	struct alm_bench *bench, struct alm_problem *problem)
{
	uint32_t sizes[ALM_BENCH_REGISTERS_MAX] = {bench->people, 0};
	size_t count = 1;
	enum alm_err err = make_policy(bench, problem);

	if (bench->people > SMALL_REGISTER) {
		sizes[0] = SMALL_REGISTER;
		sizes[1] = bench->people;
		count = 2;
	}
	if (err == ALM_OK) {
		err = measure_decisions(
			bench, NULL, bench->people, &bench->without);
	}
	for (size_t i = 0; i < count && err == ALM_OK; i++) {
		err = measure_register(
			bench, sizes[i], &bench->registers[i], problem);
		bench->register_count = i + 1;
	}
	return err;
}

static void bench_fini(struct alm_bench *bench)
{
	alm_scratch_free(bench->scratch);
	alm_snapshot_free(bench->snapshot);
	alm_bench_world_free(bench->world);
	alm_arena_fini(&bench->arena);
	free(bench->requests);
}

static bool take_number(const struct alm_args *args, const char *name,
	int64_t otherwise, int64_t least, int64_t most, uint32_t *out)
{
	int64_t number = alm_args_number(args, name, otherwise);

	if (number < least || number > most) {
		return false;
	}
	*out = (uint32_t)number;
	return true;
}

int alm_cmd_bench_decide(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_args args;
	struct alm_bench bench = {.args = &args};
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	if (!take_number(&args, "organisations", 20000, 1000, 60000,
		    &bench.organisations) ||
		!take_number(&args, "agreements", 50000, 1, 60000,
			&bench.agreements) ||
		!take_number(&args, "people", SMALL_REGISTER, 1,
			ALM_BENCH_PEOPLE_MAX, &bench.people) ||
		!take_number(&args, "decisions", 500000, 1, 100000000,
			&bench.decisions) ||
		!take_number(
			&args, "batch", 1000000, 1, 10000000, &bench.batch) ||
		!take_number(&args, "rounds", 5, 1, ALM_BENCH_ROUNDS_MAX,
			&bench.rounds)) {
		return alm_args_complain(&args,
			"organisations from 1000 and agreements up to 60000, "
			"people up to %u, decisions up to 100000000, batch up "
			"to 10000000, rounds up to %u",
			ALM_BENCH_PEOPLE_MAX, ALM_BENCH_ROUNDS_MAX);
	}
	bench.seed = (uint64_t)alm_args_number(&args, "seed", 1);
	alm_arena_init(&bench.arena, ARENA_BYTES_MAX);
	problem.err = measure(&bench, &problem);
	if (problem.err != ALM_OK) {
		rc = alm_print_problem(&args.output, &problem);
	} else if (args.output.format == ALM_FORMAT_JSON) {
		rc = alm_bench_decide_json(&bench);
	} else {
		rc = alm_bench_decide_sheet(&bench);
	}
	bench_fini(&bench);
	return rc;
}
