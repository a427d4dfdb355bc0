/* What almoner bench decide has measured, with its conditions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cli/bench/decide.h"
#include "cli/bench/host.h"
#include "cli/bench/result.h"
#include "cli/show/output.h"

static int by_wall(const void *a, const void *b)
{
	double x = ((const struct alm_bench_timing *)a)->wall_s;
	double y = ((const struct alm_bench_timing *)b)->wall_s;

	return (x > y) - (x < y);
}

/* Of a sorted list, the time of one thing in microseconds. */
struct figure {
	double best_us;
	double median_us;
	double cpu_us; /* of the best round by its CPU time */
};

static struct figure figure_of(const struct alm_bench_rounds *rounds)
{
	struct alm_bench_timing sorted[ALM_BENCH_ROUNDS_MAX];
	double each = 1e6 / (double)rounds->things;
	double cpu_s = rounds->items[0].cpu_s;

	memcpy(sorted, rounds->items, sizeof(sorted));
	qsort(sorted, rounds->count, sizeof(sorted[0]), by_wall);
	for (size_t i = 0; i < rounds->count; i++) {
		cpu_s = sorted[i].cpu_s < cpu_s ? sorted[i].cpu_s : cpu_s;
	}
	return (struct figure){sorted[0].wall_s * each,
		sorted[rounds->count / 2].wall_s * each, cpu_s * each};
}

static double rounded(double value)
{
	return (double)(int64_t)(value * 10000 + 0.5) / 10000;
}

static json_t *figure_json(const struct alm_bench_rounds *rounds)
{
	struct figure figure = figure_of(rounds);

	return json_pack("{s:f, s:f, s:f}", "best", rounded(figure.best_us),
		"median", rounded(figure.median_us), "cpu",
		rounded(figure.cpu_us));
}

static double per_s(const struct alm_bench_rounds *rounds)
{
	return (double)(int64_t)(1e6 / figure_of(rounds).best_us);
}

static json_t *register_json(const struct alm_bench_register_result *result)
{
	return json_pack("{s:I, s:o, s:f, s:o, s:f, s:I}", "people",
		(json_int_t)result->people, "decision_us",
		figure_json(&result->decisions), "opt_out_persons_per_s",
		per_s(&result->opt_outs), "opt_out_person_us",
		figure_json(&result->opt_outs), "fill_s",
		rounded(result->fill_s), "disk_bytes",
		(json_int_t)result->disk_bytes);
}

static json_t *conditions_json(const struct alm_bench *bench)
{
	double all = (double)(bench->effects[1] + bench->effects[2] +
			      bench->effects[3]);

	return alm_bench_conditions(bench->filesystem,
		json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
			  "s:{s:f, s:f, s:f}, s:s}",
			"organisations", (json_int_t)bench->organisations,
			"agreements", (json_int_t)bench->agreements,
			"decisions_per_round",
			(json_int_t)bench->without.things, "rounds",
			(json_int_t)bench->rounds, "opt_out_batch",
			(json_int_t)bench->batch, "snapshot_bytes",
			(json_int_t)alm_snapshot_bytes(bench->snapshot), "seed",
			(json_int_t)bench->seed, "outcomes_without_records",
			"permit",
			rounded((double)bench->effects[ALM_EFFECT_PERMIT] /
				all),
			"transform",
			rounded((double)bench->effects[ALM_EFFECT_TRANSFORM] /
				all),
			"deny",
			rounded((double)bench->effects[ALM_EFFECT_DENY] / all),
			"requests",
			"another one each time, half of them without a basis; "
			"no "
			"decision is remembered; a store look-up and its seal "
			"are "
			"part of a decision with records"));
}

int alm_bench_decide_json(const struct alm_bench *bench)
{
	json_t *registers = json_array();
	json_t *root;

	for (size_t i = 0; i < bench->register_count; i++) {
		(void)json_array_append_new(
			registers, register_json(&bench->registers[i]));
	}
	root = json_pack("{s:s, s:o, s:o, s:f, s:f, s:o}", "schema",
		"almoner.bench.decide/1", "decision_without_record_us",
		figure_json(&bench->without), "registers", registers, "load_s",
		rounded(bench->load_s), "compile_s", rounded(bench->compile_s),
		"conditions", conditions_json(bench));
	return alm_bench_print_json(root, 10);
}

static void row(struct alm_sheet *sheet, uint32_t people, const char *what,
	const struct alm_bench_rounds *rounds)
{
	struct figure figure = figure_of(rounds);
	char texts[4][32];
	const char *cells[] = {texts[0], what, texts[1], texts[2], texts[3]};

	(void)snprintf(texts[0], sizeof(texts[0]), "%u", people);
	(void)snprintf(texts[1], sizeof(texts[1]), "%.3f", figure.best_us);
	(void)snprintf(texts[2], sizeof(texts[2]), "%.3f", figure.median_us);
	(void)snprintf(texts[3], sizeof(texts[3]), "%.3f", figure.cpu_us);
	alm_sheet_row(sheet, cells);
}

int alm_bench_decide_sheet(const struct alm_bench *bench)
{
	static const char *const columns[] = {
		"people", "what", "best-us", "median-us", "cpu-us"};
	struct alm_sheet *sheet = alm_sheet_new(
		"almoner.bench.decide/1", columns, ALM_COUNT(columns));
	char text[128];
	int rc;

	(void)snprintf(text, sizeof(text),
		"%u organisations, %u agreements, %s build",
		bench->organisations, bench->agreements, alm_host_build());
	alm_sheet_fact(sheet, "conditions", text);
	row(sheet, 0, "decision, no record", &bench->without);
	for (size_t i = 0; i < bench->register_count; i++) {
		const struct alm_bench_register_result *r =
			&bench->registers[i];

		row(sheet, r->people, "decision with look-up", &r->decisions);
		row(sheet, r->people, "opt-out in a batch", &r->opt_outs);
	}
	rc = alm_sheet_print(sheet, &bench->args->output);
	alm_sheet_free(sheet);
	return rc;
}
