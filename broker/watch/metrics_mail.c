/*
 * The figures of mailboxes, and of changes on their way to what is queued.
 * Values of one figure stand together, as the format asks for.
 */
#include <inttypes.h>

#include "broker/broker.h"
#include "broker/watch/figure.h"
#include "broker/watch/metrics.h"

#define MAILBOXES_MAX 1000u
#define ORGANISATIONS_MAX 1000u

void alm_metrics_effects(FILE *out, const struct alm_broker *broker)
{
	const struct alm_redecider *redecider = &broker->redecider;
	static const int64_t edges[] = ALM_EFFECT_EDGES_US;
	const struct alm_effect_times *times = &redecider->times;
	int64_t since_us = redecider->is_running ? redecider->running.since_us
						 : redecider->waiting.since_us;
	double waiting_s = 0;
	uint64_t count = 0;

	if (alm_redecide_is_due(redecider) && since_us > 0) {
		waiting_s =
			(double)(alm_broker_now_us(broker) - since_us) / 1e6;
	}
	alm_figure_family(out, "withdrawal_effect_seconds", "histogram",
		"From a change of a person's records to its effect on queued "
		"mail.");
	for (size_t i = 0; i < ALM_COUNT(edges); i++) {
		count += times->counts[i];
		(void)fprintf(out,
			"almoner_withdrawal_effect_seconds_bucket{le=\"%.15g\"}"
			" %" PRIu64 "\n",
			(double)edges[i] / 1e6, count);
	}
	(void)fprintf(out,
		"almoner_withdrawal_effect_seconds_bucket{le=\"+Inf\"} %" PRIu64
		"\nalmoner_withdrawal_effect_seconds_sum %.6f\n"
		"almoner_withdrawal_effect_seconds_count %" PRIu64 "\n",
		times->count, (double)times->sum_us / 1e6, times->count);
	alm_figure_counter(out, "redecisions_total",
		"Passes over queued mail after a change.", redecider->passes);
	alm_figure_gauge(out, "redecision_waiting_seconds",
		"Age of the oldest change that queued mail does not know yet.",
		waiting_s);
}

/* --- frames that wait ---------------------------------------------------- */

void alm_metrics_lanes(FILE *out, const struct alm_broker *broker)
{
	const struct alm_lane *lane = broker->fair.first_waiting;

	alm_figure_family(out, "organisation_waiting_bytes", "gauge",
		"Of frames that wait for their organisation's share or quota.");
	for (size_t i = 0; i < ORGANISATIONS_MAX && lane != NULL; i++) {
		(void)fprintf(out,
			"almoner_organisation_waiting_bytes{organisation=\"%s"
			"\"} %zu\n",
			lane->organisation, lane->kept_bytes);
		lane = lane->next_waiting;
	}
}

/* --- mailboxes ----------------------------------------------------------- */

struct row {
	const char *organisation;
	struct alm_mailbox_state state;
};

struct rows {
	size_t count;
	int64_t now_ms;
	struct row items[MAILBOXES_MAX];
};

static struct rows *read_rows(
	const struct alm_broker *broker, struct alm_arena *arena)
{
	struct rows *rows = alm_arena_take(arena, sizeof(*rows));
	const char *name = "";

	if (rows == NULL) {
		return NULL;
	}
	rows->count = 0;
	rows->now_ms = alm_broker_now_us(broker) / 1000;
	while (rows->count < MAILBOXES_MAX) {
		struct row *row = &rows->items[rows->count];

		if (alm_store_mailbox_next(broker->store, name, arena, &name) !=
				ALM_OK ||
			alm_store_mailbox_state(
				broker->store, name, &row->state) != ALM_OK) {
			break;
		}
		row->organisation = name;
		rows->count++;
	}
	return rows;
}

static double depth(const struct rows *rows, const struct row *row)
{
	(void)rows;
	return (double)row->state.count;
}

static double oldest_age(const struct rows *rows, const struct row *row)
{
	return row->state.oldest_at_ms == 0
		       ? 0
		       : (double)(rows->now_ms - row->state.oldest_at_ms) /
				 1000;
}

static double dead_letters(const struct rows *rows, const struct row *row)
{
	(void)rows;
	return (double)row->state.dead_count;
}

static double on_hold(const struct rows *rows, const struct row *row)
{
	(void)rows;
	return row->state.held_since_us != 0 ? 1 : 0;
}

static void put(FILE *out, const struct rows *rows, const char *name,
	double (*value)(const struct rows *rows, const struct row *row))
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->items[i];

		(void)fprintf(out, "almoner_%s{organisation=\"%s\"} %.15g\n",
			name, row->organisation, value(rows, row));
	}
}

void alm_metrics_mailboxes(FILE *out, const struct alm_broker *broker)
{
	struct alm_arena arena;
	const struct rows *rows;

	alm_arena_init(&arena, ALM_TURN_ARENA_BYTES_MAX);
	rows = read_rows(broker, &arena);
	if (rows != NULL) {
		alm_figure_family(
			out, "mailbox_depth", "gauge", "Messages waiting.");
		put(out, rows, "mailbox_depth", depth);
		alm_figure_family(out, "mailbox_oldest_age_seconds", "gauge",
			"Age of the oldest.");
		put(out, rows, "mailbox_oldest_age_seconds", oldest_age);
		alm_figure_family(out, "mailbox_dead_letters", "gauge",
			"Dead letters of one.");
		put(out, rows, "mailbox_dead_letters", dead_letters);
		alm_figure_family(out, "mailbox_on_hold", "gauge",
			"1: nothing is handed over.");
		put(out, rows, "mailbox_on_hold", on_hold);
	}
	alm_arena_fini(&arena);
}
