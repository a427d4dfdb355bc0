/* audit_print.c - the figures of almoner bench audit, with what they were
 * taken under. */
#include <stdio.h>

#include <jansson.h>

#include "cli/bench/audit.h"
#include "cli/bench/result.h"

static double per_second(uint64_t records, double seconds)
{
	return seconds > 0 ? (double)(int64_t)((double)records / seconds) : 0;
}

static double per_record(double what, uint64_t records)
{
	return records > 0 ? what / (double)records : 0;
}

/* How much slower appending is with the index, by the clock. */
static double ratio(const struct alm_bench_audit *bench)
{
	double without =
		per_second(bench->without.records, bench->without.wall_s);
	double with = per_second(bench->with.records, bench->with.wall_s);

	return without > 0 ? with / without : 0;
}

static json_t *of_ingest(const struct alm_bench_ingest *in)
{
	return json_pack("{s:I, s:f, s:f, s:f, s:f, s:f}", "records",
		(json_int_t)in->records, "records_per_s",
		per_second(in->records, in->wall_s), "appender_cpu_us",
		per_record(in->cpu_s * 1e6, in->records), "process_cpu_us",
		per_record(in->process_s * 1e6, in->records),
		"first_tenth_per_s", in->first_per_s, "last_tenth_per_s",
		in->last_per_s);
}

static json_t *of_asked(const struct alm_bench_asked *asked)
{
	return json_pack("{s:f, s:f, s:f, s:f}", "rows", asked->rows, "p50_us",
		asked->p50_us, "p99_us", asked->p99_us, "max_us",
		asked->max_us);
}

static json_t *of_questions(const struct alm_bench_audit *bench)
{
	json_t *all = json_object();

	for (unsigned i = 0; i < ALM_BENCH_QUESTIONS; i++) {
		(void)json_object_set_new(all,
			alm_bench_question_name((enum alm_bench_question)i),
			json_pack("{s:o, s:o}", "first_page",
				of_asked(&bench->first[i]), "from_the_middle",
				of_asked(&bench->middle[i])));
	}
	(void)json_object_set_new(
		all, "scan_of_everything", of_asked(&bench->scan));
	return all;
}

static json_t *of_verified(const struct alm_bench_audit *bench,
	const struct alm_bench_verified *verified)
{
	return json_pack("{s:f, s:f}", "records_per_s",
		per_second(bench->records, verified->wall_s),
		"records_per_cpu_s",
		per_second(bench->records, verified->cpu_s));
}

static json_t *of_conditions(const struct alm_bench_audit *bench)
{
	return alm_bench_conditions(bench->filesystem,
		json_pack("{s:I, s:s, s:I}", "records",
			(json_int_t)bench->records, "fsync", "every commit",
			"records_per_commit", (json_int_t)ALM_BENCH_LOG_BATCH));
}

static int print_json(const struct alm_bench_audit *bench)
{
	json_t *root = json_pack(
		"{s:s, s:{s:o, s:o, s:f, s:I, s:f}, s:o, s:{s:o, s:o}, "
		"s:{s:f, s:f}, s:o}",
		"schema", "almoner.bench.audit/1", "ingest", "without_index",
		of_ingest(&bench->without), "with_index",
		of_ingest(&bench->with), "ratio", ratio(bench),
		"lag_at_end_records", (json_int_t)bench->lag_at_end,
		"catch_up_s", bench->catch_up_s, "questions",
		of_questions(bench), "verify", "without_key",
		of_verified(bench, &bench->verified), "with_key",
		of_verified(bench, &bench->verified_with_key),
		"bytes_per_record", "store",
		per_record(bench->store_bytes, bench->records), "index",
		per_record(bench->index_bytes, bench->records), "conditions",
		of_conditions(bench));

	return alm_bench_print_json(root, 6);
}

static void add(
	struct alm_sheet *sheet, const char *key, int digits, double value)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%.*f", digits, value);
	alm_sheet_fact(sheet, key, text);
}

static int print_sheet(const struct alm_bench_audit *bench)
{
	static const char *const columns[] = {"question", "rows", "p50-us",
		"p99-us", "max-us", "middle-p50-us", "middle-p99-us"};
	struct alm_sheet *sheet = alm_sheet_new(
		"almoner.bench.audit/1", columns, ALM_COUNT(columns));
	int rc;

	add(sheet, "appended-per-s", 0,
		per_second(bench->with.records, bench->with.wall_s));
	add(sheet, "without-index-per-s", 0,
		per_second(bench->without.records, bench->without.wall_s));
	add(sheet, "ratio", 2, ratio(bench));
	add(sheet, "verified-per-s", 0,
		per_second(bench->records, bench->verified.wall_s));
	add(sheet, "store-bytes-per-record", 2,
		per_record(bench->store_bytes, bench->records));
	add(sheet, "index-bytes-per-record", 2,
		per_record(bench->index_bytes, bench->records));
	for (unsigned i = 0; i < ALM_BENCH_QUESTIONS; i++) {
		const struct alm_bench_asked *first = &bench->first[i];
		const struct alm_bench_asked *middle = &bench->middle[i];
		const double values[] = {first->rows, first->p50_us,
			first->p99_us, first->max_us, middle->p50_us,
			middle->p99_us};
		char texts[ALM_COUNT(values)][24];

		for (size_t k = 0; k < ALM_COUNT(values); k++) {
			(void)snprintf(
				texts[k], sizeof(texts[k]), "%.0f", values[k]);
		}
		alm_sheet_row(sheet, (const char *const[]){
					     alm_bench_question_name((
						     enum alm_bench_question)i),
					     texts[0], texts[1], texts[2],
					     texts[3], texts[4], texts[5]});
	}
	rc = alm_sheet_print(sheet, &bench->args->output);
	alm_sheet_free(sheet);
	return rc;
}

int alm_bench_audit_print(const struct alm_bench_audit *bench)
{
	return bench->args->output.format == ALM_FORMAT_JSON
		       ? print_json(bench)
		       : print_sheet(bench);
}
