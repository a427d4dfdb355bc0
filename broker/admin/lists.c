/*
 * Verbs about opt-out lists.  What a list says of each person comes in batches
 * of records, like everything about people; here it is begun and finished.
 * How many numbers a list names is shown in bands only.
 */
#include "broker/store/lists.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "broker/admin/people.h"
#include "broker/admin/question.h"
#include "broker/loop/detail.h"
#include "lib/band.h"
#include "lib/time.h"

#define KIND_OF_PRACTICE "gp-practice"

static const char *list_word(enum alm_opt_out_list list)
{
	return list == ALM_OPT_OUT_NATIONAL ? "national" : "type-1";
}

static const char *banded(struct alm_table *table, uint64_t count)
{
	char text[ALM_BAND_TEXT_BYTES];
	const char *copy;

	alm_band_text(count, text);
	copy = alm_arena_text(table->arena, text, strlen(text));
	if (copy == NULL) {
		table->is_out_of_memory = true;
		return "";
	}
	return copy;
}

/* A practice of the active policy, for a list of its patients. */
static enum alm_err check_source(
	struct alm_call *call, const struct alm_list_row *row)
{
	const struct alm_snapshot *snapshot = call->turn->broker->snapshot;
	struct alm_organisation_view view;

	if (row->list == ALM_OPT_OUT_NATIONAL) {
		return row->source[0] == '\0'
			       ? ALM_OK
			       : alm_problem_set(call->problem,
					 ALM_BAD_ARGUMENT,
					 "the national list has no source");
	}
	if (snapshot == NULL ||
		!alm_snapshot_find_organisation(snapshot, row->source, &view) ||
		strcmp(view.kind, KIND_OF_PRACTICE) != 0) {
		return alm_problem_set(
			call->problem, ALM_SOURCE_UNKNOWN, "%s", row->source);
	}
	return ALM_OK;
}

static enum alm_err read_arguments(
	struct alm_call *call, struct alm_list_row *row)
{
	const char *list = alm_call_argument(call, "list");
	enum alm_err err;

	row->list = strcmp(list, "type-1") == 0 ? ALM_OPT_OUT_TYPE_1
						: ALM_OPT_OUT_NATIONAL;
	row->source = alm_call_argument(call, "source");
	if (strcmp(list, list_word(row->list)) != 0) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"list is national or type-1");
	}
	if (alm_instant_parse(alm_call_argument(call, "as-of"),
		    &row->as_of_s) != ALM_OK ||
		row->as_of_s > call->turn->now_s) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"as-of is an instant that has been");
	}
	if (alm_call_needs_reason(call) != ALM_OK) {
		return ALM_REASON_REQUIRED;
	}
	err = alm_question_number(call, "count", &row->count);
	return err == ALM_OK ? check_source(call, row) : err;
}

static enum alm_err record_list(
	struct alm_call *call, const char *what, const struct alm_list_row *row)
{
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_OPT_OUT_LIST);
	struct alm_detail *detail = alm_call_detail(call, what);
	char as_of[ALM_INSTANT_US_TEXT_BYTES];

	record.sender = row->source;
	alm_instant_us_text(row->as_of_s * 1000000, as_of);
	alm_detail_number(detail, "number", row->number);
	alm_detail_text(detail, "list", list_word(row->list));
	alm_detail_text(detail, "as-of", as_of);
	alm_detail_text(detail, "persons", banded(call->table, row->count));
	return alm_turn_audit(call->turn, &record, alm_detail_finish(detail));
}

enum alm_err alm_verb_list_begin(struct alm_call *call)
{
	struct alm_list_row row = {.number = 0, .source = ""};
	enum alm_err err = read_arguments(call, &row);

	if (err != ALM_OK || alm_call_is_dry_run(call)) {
		return err;
	}
	err = alm_store_list_begin(call->turn->broker->store, &row);
	if (err != ALM_OK) {
		return err;
	}
	alm_table_number(call->table, "number", row.number);
	alm_table_number(call->table, "recorded-s", (uint64_t)row.recorded_s);
	return record_list(call, "list begun", &row);
}

enum alm_err alm_verb_list_finish(struct alm_call *call)
{
	struct alm_list_row row;
	uint64_t number = 0;
	enum alm_err err = alm_question_number(call, "number", &number);

	if (err == ALM_OK && (number == 0 || number > UINT32_MAX)) {
		err = ALM_LIST_UNFINISHED;
	}
	if (err == ALM_OK) {
		err = alm_store_list_finish(call->turn->broker->store,
			(uint32_t)number, call->turn->arena, &row);
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_turn_change_people(call->turn);
	alm_table_fact(call->table, "as-of",
		alm_table_instant(call->table, row.as_of_s * 1000000));
	alm_table_fact(call->table, "persons", banded(call->table, row.count));
	return record_list(call, "list in use", &row);
}

static const char *state_of(
	const struct alm_call *call, const struct alm_list_row *row)
{
	int64_t age_s = call->turn->now_s - row->as_of_s;

	if (!row->is_in_use) {
		return "coming";
	}
	return age_s > call->turn->broker->world.opt_out_age_max_s ? "stale"
								   : "in use";
}

enum alm_err alm_verb_list_show(struct alm_call *call)
{
	static const char *const columns[] = {
		"list", "source", "as-of", "state", "persons", "since"};
	struct alm_table *table = call->table;
	struct alm_list_row row = {.number = 0};
	uint64_t after = 0;
	enum alm_err err = ALM_OK;

	alm_table_columns(table, columns, ALM_COUNT(columns));
	if (alm_call_argument(call, "cursor")[0] != '\0') {
		err = alm_question_number(call, "cursor", &after);
	}
	row.number = (uint32_t)after;
	while (err == ALM_OK) {
		if (!alm_table_has_room(table)) {
			table->cursor = alm_table_text(table, row.number);
			return ALM_OK;
		}
		err = alm_store_list_next(call->turn->broker->store, row.number,
			call->turn->arena, &row);
		if (err == ALM_OK) {
			alm_table_row(table,
				(const char *const[]){list_word(row.list),
					row.source,
					alm_table_instant(
						table, row.as_of_s * 1000000),
					state_of(call, &row),
					banded(table, row.count),
					alm_table_instant(
						table, row.in_use_us)});
		}
	}
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}
