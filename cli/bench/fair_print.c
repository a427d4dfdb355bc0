/*
 * How the figures of almoner bench fair are told: each round and the median
 * of their ratios, and percentiles of the samples of all.
 */
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "cli/args.h"
#include "cli/bench/fair.h"
#include "cli/bench/result.h"
#include "cli/commands.h"
#include "cli/show/output.h"
#include "cli/show/sheet.h"

const char *const alm_fair_words[ALM_BENCH_DISTURBANCE_COUNT] = {
#define X(name, word, what) word,
	ALM_BENCH_DISTURBANCE_MAP(X)
#undef X
};

static const char *const meanings[] = {
#define X(name, word, what) what,
	ALM_BENCH_DISTURBANCE_MAP(X)
#undef X
};

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

struct alm_fair_figures alm_fair_figures_of(const struct alm_fair_pool *pool)
{
	return (struct alm_fair_figures){
		percentile(pool->accept_ns, pool->accept_count, 0.5),
		percentile(pool->accept_ns, pool->accept_count, 0.99),
		percentile(pool->hand_over_ns, pool->hand_over_count, 0.5),
		percentile(pool->hand_over_ns, pool->hand_over_count, 0.99)};
}

static json_t *json_figures(const struct alm_fair_figures *figures)
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

static double accept_ratio(const struct alm_fair_round *round)
{
	return ratio(round->disturbed.accept_p99, round->quiet.accept_p99);
}

static double hand_over_ratio(const struct alm_fair_round *round)
{
	return ratio(
		round->disturbed.hand_over_p99, round->quiet.hand_over_p99);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median of the rounds. */
static double middle(const struct alm_fair_row *row,
	double (*ratio_of)(const struct alm_fair_round *round))
{
	double ratios[ALM_FAIR_ROUNDS_MAX];
	size_t count = row->round_count;

	for (size_t i = 0; i < count; i++) {
		ratios[i] = ratio_of(&row->rounds[i]);
	}
	qsort(ratios, count, sizeof(*ratios), by_size);
	return (ratios[(count - 1) / 2] + ratios[count / 2]) / 2;
}

static json_t *json_rounds(const struct alm_fair_row *row)
{
	json_t *rounds = json_array();

	for (size_t i = 0; i < row->round_count; i++) {
		const struct alm_fair_round *round = &row->rounds[i];

		(void)json_array_append_new(rounds,
			json_pack("{s:o, s:o, s:f, s:f}", "undisturbed",
				json_figures(&round->quiet), "disturbed",
				json_figures(&round->disturbed),
				"accept_p99_ratio", accept_ratio(round),
				"hand_over_p99_ratio", hand_over_ratio(round)));
	}
	return rounds;
}

static json_t *json_row(unsigned i, const struct alm_fair_row *row)
{
	struct alm_fair_figures quiet = alm_fair_figures_of(&row->quiet);
	struct alm_fair_figures disturbed =
		alm_fair_figures_of(&row->disturbed);

	return json_pack("{s:s, s:s, s:o, s:o, s:f, s:f, s:o, s:I, s:f}",
		"disturbance", alm_fair_words[i], "what", meanings[i],
		"undisturbed", json_figures(&quiet), "disturbed",
		json_figures(&disturbed), "accept_p99_ratio",
		middle(row, accept_ratio), "hand_over_p99_ratio",
		middle(row, hand_over_ratio), "rounds", json_rounds(row),
		"samples", (json_int_t)row->disturbed.accept_count,
		"disturbing_per_s",
		ratio((double)row->disturbed.disturbing,
			row->disturbed.seconds));
}

static json_t *conditions(const struct alm_fair_bench *bench)
{
	return alm_bench_conditions(bench->filesystem,
		json_pack("{s:s, s:i, s:i, s:I, s:I, s:s, s:s}", "fsync",
			"every commit", "payload_bytes", 1024, "probes_per_s",
			500, "milliseconds", (json_int_t)bench->milliseconds,
			"rounds", (json_int_t)bench->rounds, "disturbers",
			"on the same machine, when it is idle (SCHED_IDLE)",
			"ratios", "median of the rounds"));
}

int alm_fair_print_json(const struct alm_fair_bench *bench)
{
	json_t *rows = json_array();
	json_t *root;

	for (unsigned i = 0; i < ALM_BENCH_DISTURBANCE_COUNT; i++) {
		if (bench->rows[i].round_count > 0) {
			(void)json_array_append_new(
				rows, json_row(i, &bench->rows[i]));
		}
	}
	root = json_pack("{s:s, s:o, s:o}", "schema", "almoner.bench.fair/1",
		"disturbances", rows, "conditions", conditions(bench));
	return alm_bench_print_json(root, 5);
}

static const char *number(double value, char room[32])
{
	(void)snprintf(room, 32, "%.2f", value);
	return room;
}

int alm_fair_print_sheet(const struct alm_fair_bench *bench)
{
	static const char *const columns[] = {"disturbance", "accept-p99-ms",
		"undisturbed", "ratio", "hand-over-p99-ms", "undisturbed-too",
		"hand-over-ratio"};
	struct alm_sheet *sheet = alm_sheet_new(
		"almoner.bench.fair/1", columns, ALM_COUNT(columns));
	int rc;

	for (unsigned i = 0; i < ALM_BENCH_DISTURBANCE_COUNT; i++) {
		const struct alm_fair_row *row = &bench->rows[i];
		struct alm_fair_figures q = alm_fair_figures_of(&row->quiet);
		struct alm_fair_figures d =
			alm_fair_figures_of(&row->disturbed);
		char room[6][32];

		if (row->round_count == 0) {
			continue;
		}
		alm_sheet_row(sheet,
			(const char *const[]){alm_fair_words[i],
				number(d.accept_p99, room[0]),
				number(q.accept_p99, room[1]),
				number(middle(row, accept_ratio), room[2]),
				number(d.hand_over_p99, room[3]),
				number(q.hand_over_p99, room[4]),
				number(middle(row, hand_over_ratio), room[5])});
	}
	rc = alm_sheet_print(sheet, &bench->args->output);
	alm_sheet_free(sheet);
	return rc;
}
