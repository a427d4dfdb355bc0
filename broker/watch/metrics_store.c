/* The figures of the store's room: what takes it, and how long it lasts. */
#include <inttypes.h>

#include "broker/broker.h"
#include "broker/store/growth.h"
#include "broker/store/retention.h"
#include "broker/watch/figure.h"
#include "broker/watch/metrics.h"

static void tables(FILE *out, const struct alm_broker *broker)
{
	struct alm_table_size sizes[ALM_TABLE_SIZES_MAX];
	size_t count = 0;

	if (alm_store_table_sizes(broker->store, sizes, &count) != ALM_OK) {
		return;
	}
	alm_figure_family(out, "store_table_rows", "gauge",
		"Rows of a table of the store.");
	for (size_t i = 0; i < count; i++) {
		(void)fprintf(out,
			"almoner_store_table_rows{table=\"%s\"} %" PRIu64 "\n",
			sizes[i].name, sizes[i].rows);
	}
	alm_figure_family(out, "store_table_bytes", "gauge",
		"Bytes of the pages of a table of the store.");
	for (size_t i = 0; i < count; i++) {
		(void)fprintf(out,
			"almoner_store_table_bytes{table=\"%s\"} %" PRIu64 "\n",
			sizes[i].name, sizes[i].bytes);
	}
}

/* Nothing is said while the log is too young to tell. */
static void growth(FILE *out, const struct alm_broker *broker)
{
	struct alm_store_growth growth;

	if (alm_store_growth(broker->store, alm_broker_now_us(broker),
		    &growth) != ALM_OK) {
		return;
	}
	alm_figure_gauge(out, "store_growth_bytes_per_day",
		"What the log has grown by in the last 30 days.",
		(double)growth.bytes_a_day);
	alm_figure_gauge(out, "store_lasts_seconds",
		"Until map or disk is full, if the log grows on like that.",
		(double)growth.lasts_s);
}

void alm_metrics_store(FILE *out, const struct alm_broker *broker)
{
	struct alm_store_space space;

	alm_figure_gauge(out, "store_map_bytes", "What the store may grow to.",
		(double)broker->settings.store_map_bytes);
	if (alm_store_space(broker->store, &space) == ALM_OK) {
		alm_figure_gauge(out, "store_file_bytes",
			"How large the store's file is.", (double)space.file);
		alm_figure_gauge(out, "store_free_bytes",
			"Of the file, pages that are free for use again.",
			(double)space.free);
	}
	growth(out, broker);
	tables(out, broker);
}
