/*
 * Pruning the log: private parts that were kept long enough are taken away, a
 * bounded number of rows in each call; the asker comes again with the cursor.
 * Where the walk is, the broker alone knows, so that nobody can make it skip
 * what marks the keys that must stay.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/admin/verbs.h"
#include "broker/loop/detail.h"

/* Some 20 ms of a turn. */
#define ROWS_PER_CALL_MAX 8192u
#define DAY_US (INT64_C(86400) * 1000000)

static struct alm_retention_rule rule_of(const struct alm_broker *broker)
{
	const struct alm_settings *settings = &broker->settings;

	return (struct alm_retention_rule){
		.keep_s =
			{
				[ALM_RETENTION_SECURITY] =
					settings->audit_keep_security_s,
				[ALM_RETENTION_DISCLOSURE] =
					settings->audit_keep_disclosures_s,
				[ALM_RETENTION_LONG] =
					settings->audit_keep_long_s,
			},
		.long_words = settings->audit_keep_long_words,
	};
}

static enum alm_err record(struct alm_call *call,
	const struct alm_prune_run *run, const char *what)
{
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_PRUNED);
	struct alm_detail *detail = alm_call_detail(call, what);
	const struct alm_prune *walk = &run->walk;

	for (unsigned i = 0; i < ALM_RETENTION_COUNT; i++) {
		char key[32];

		(void)snprintf(key, sizeof(key), "%s-before",
			alm_retention_word((enum alm_retention)i));
		alm_detail_text(detail, key,
			alm_table_instant(call->table, walk->before_us[i]));
		(void)snprintf(key, sizeof(key), "%s-through",
			alm_retention_word((enum alm_retention)i));
		alm_detail_number(detail, key, walk->last[i]);
		(void)snprintf(key, sizeof(key), "%s-parts",
			alm_retention_word((enum alm_retention)i));
		alm_detail_number(detail, key, walk->counts.parts[i]);
	}
	alm_detail_number(detail, "bytes", walk->counts.bytes);
	alm_detail_number(detail, "keys", walk->counts.keys);
	alm_detail_number(detail, "cosignatures", walk->counts.cosignatures);
	alm_detail_number(detail, "damaged-passed-over", walk->counts.damaged);
	return alm_turn_audit(call->turn, &record, alm_detail_finish(detail));
}

/* A clock that runs years ahead would take away what must be kept. */
static bool has_gap(const struct alm_prune *walk)
{
	return walk->gap_us > ALM_PRUNE_GAP_US_MAX;
}

static enum alm_err begin(struct alm_call *call, struct alm_prune_run *run)
{
	struct alm_broker *broker = call->turn->broker;
	const struct alm_retention_rule rule = rule_of(broker);
	bool is_dry = alm_call_is_dry_run(call);
	enum alm_err err;

	if (!is_dry && alm_call_argument(call, "reason")[0] == '\0') {
		return alm_problem_set(
			call->problem, ALM_REASON_REQUIRED, "%s", "");
	}
	err = alm_store_prune_begin(
		broker->store, &rule, call->turn->now_us, is_dry, &run->walk);
	if (err == ALM_OK && !is_dry && has_gap(&run->walk) &&
		strcmp(alm_call_argument(call, "despite-gap"), "yes") != 0) {
		run->is_known = false;
		return alm_problem_set(call->problem, ALM_CLOCK_DOUBTFUL,
			"%lld days without a record",
			(long long)(run->walk.gap_us / DAY_US));
	}
	if (err == ALM_OK) {
		err = alm_store_space(broker->store, &run->space);
	}
	if (err != ALM_OK) {
		return err;
	}
	run->number++;
	run->is_known = true;
	return is_dry ? ALM_OK : record(call, run, "pruning begun");
}

/* The walk as it was before this turn, if the turn is taken a second time. */
static enum alm_err find(struct alm_call *call, struct alm_prune_run *run)
{
	const char *cursor = alm_call_argument(call, "cursor");
	char *end = NULL;
	uint64_t number = strtoull(cursor, &end, 10);

	if (*end != '\0' || number != run->number || !run->is_known ||
		run->walk.is_dry != alm_call_is_dry_run(call)) {
		return alm_problem_set(call->problem, ALM_PRUNE_LOST, "%s", "");
	}
	if (run->turn == call->turn->number) {
		run->walk = run->before;
	}
	return ALM_OK;
}

static void tell(struct alm_call *call, const struct alm_prune_run *run,
	const struct alm_store_space *space)
{
	struct alm_table *table = call->table;
	const struct alm_prune *walk = &run->walk;

	for (unsigned i = 0; i < ALM_RETENTION_COUNT; i++) {
		const char *word = alm_retention_word((enum alm_retention)i);

		alm_table_fact(table,
			alm_arena_printf(table->arena, "%s-before", word),
			alm_table_instant(table, walk->before_us[i]));
		alm_table_number(table,
			alm_arena_printf(table->arena, "%s-parts", word),
			walk->counts.parts[i]);
	}
	if (has_gap(walk)) {
		alm_table_number(table, "days-without-records",
			(uint64_t)(walk->gap_us / DAY_US));
	}
	alm_table_number(table, "looked-at", walk->counts.looked_at);
	alm_table_number(table, "bytes", walk->counts.bytes);
	alm_table_number(table, "keys", walk->counts.keys);
	alm_table_number(table, "cosignatures", walk->counts.cosignatures);
	alm_table_number(table, "damaged-passed-over", walk->counts.damaged);
	alm_table_number(table, "used-before", run->space.used);
	alm_table_number(table, "used-after", space->used);
	alm_table_number(table, "free-after", space->free);
	alm_table_number(table, "file-bytes", space->file);
}

static enum alm_err step(struct alm_call *call, struct alm_prune_run *run)
{
	struct alm_turn *turn = call->turn;
	const struct alm_retention_rule rule = rule_of(turn->broker);
	struct alm_store_space space = {.used = 0};
	bool is_dry = run->walk.is_dry;
	enum alm_err err;

	run->before = run->walk;
	run->turn = turn->number;
	err = alm_store_prune_step(
		turn->broker->store, &rule, ROWS_PER_CALL_MAX, &run->walk);
	if (err == ALM_OK) {
		err = alm_store_space(turn->broker->store, &space);
	}
	if (err != ALM_OK) {
		return err;
	}
	turn->has_effects |= !is_dry;
	tell(call, run, &space);
	if (!alm_store_prune_is_done(&run->walk)) {
		call->table->cursor = alm_arena_printf(
			call->table->arena, "%" PRIu64, run->number);
		return call->table->cursor != NULL ? ALM_OK : ALM_NOMEM;
	}
	run->is_known = false;
	return is_dry ? ALM_OK : record(call, run, "pruned");
}

enum alm_err alm_verb_audit_prune(struct alm_call *call)
{
	struct alm_prune_run *run = &call->turn->broker->prune;
	enum alm_err err;

	err = alm_call_argument(call, "cursor")[0] == '\0' ? begin(call, run)
							   : find(call, run);
	return err == ALM_OK ? step(call, run) : err;
}
