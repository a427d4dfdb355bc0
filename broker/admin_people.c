/*
 * Verbs about people's choices and relationships.  A number is never shown,
 * logged or recorded: records stand under a keyed hash.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/administer.h"
#include "broker/core/record.h"
#include "broker/judge.h"
#include "lib/nhs_number.h"

static struct alm_audit_record record_of(const struct alm_call *call,
	const char *subject, enum alm_audit_kind kind)
{
	struct alm_audit_record record = alm_turn_record(call->turn, kind);

	record.has_person = true;
	alm_store_pseudonym(call->turn->broker->store, subject, record.person);
	return record;
}

static const char *type_word(const struct alm_person_record *record)
{
	switch (record->type) {
	case ALM_RECORD_DIRECTIVE:
		return record->directive.effect == ALM_WORD_WITHDRAWN
			       ? "directive withdrawn"
			       : "directive";
	case ALM_RECORD_RELATIONSHIP:
		return record->relationship.is_withdrawal ? "relationship ended"
							  : "relationship";
	case ALM_RECORD_OPT_OUT:
		return "opt-out";
	case ALM_RECORD_FLAG:
		return record->flag.is_withdrawal ? "flag ended" : "flag";
	}
	return "";
}

/* Store one record that has been checked, and record that it was. */
static enum alm_err keep(struct alm_call *call,
	const struct alm_person_record *record, bool *out_is_new)
{
	struct alm_audit_record entry =
		record_of(call, record->subject, ALM_AUDIT_PERSON);
	struct alm_broker *broker = call->turn->broker;
	enum alm_err err =
		alm_store_person_put(broker->store, record, out_is_new);

	if (err != ALM_OK || !*out_is_new) {
		return err;
	}
	alm_turn_change_people(call->turn);
	entry.people_seq = broker->world.seq;
	return alm_call_record(call, &entry, type_word(record));
}

static enum alm_err subject_of(struct alm_call *call, const char **out_subject)
{
	const char *subject = alm_call_argument(call, "subject");

	if (!alm_nhs_number_is_valid(subject)) {
		return alm_problem_set(
			call->problem, ALM_SUBJECT_INVALID, "%s", "");
	}
	if (alm_call_argument(call, "reason")[0] == '\0') {
		return alm_problem_set(
			call->problem, ALM_REASON_REQUIRED, "%s", "");
	}
	*out_subject = subject;
	return ALM_OK;
}

/* --- show ---------------------------------------------------------------- */

static const char *words(struct alm_table *table, struct alm_word_list list)
{
	struct alm_texts texts = {list.items, list.count};
	const char *joined = alm_texts_join(texts, table->arena);

	if (joined == NULL) {
		table->is_out_of_memory = true;
		return "";
	}
	return joined;
}

static const char *period(
	struct alm_table *table, const struct alm_period *valid)
{
	const char *from = alm_table_instant(table, valid->from_s * 1000000);
	const char *text;

	if (valid->until_s == ALM_INSTANT_NEVER) {
		text = alm_arena_printf(
			table->arena, "%s until further notice", from);
	} else {
		text = alm_arena_printf(table->arena, "%s to %s", from,
			alm_table_instant(table, valid->until_s * 1000000));
	}
	if (text == NULL) {
		table->is_out_of_memory = true;
		return "";
	}
	return text;
}

static const char *effect_word(enum alm_effect_word effect)
{
	switch (effect) {
	case ALM_WORD_DENY:
		return "deny";
	case ALM_WORD_PERMIT:
		return "permit";
	case ALM_WORD_WITHDRAWN:
		break;
	}
	return "withdrawn";
}

static void show_directive(
	struct alm_table *table, const struct alm_directive *item)
{
	bool is_withdrawal = item->effect == ALM_WORD_WITHDRAWN;

	alm_table_row(table,
		(const char *const[]){"directive", item->id, item->authority,
			item->scope, effect_word(item->effect),
			is_withdrawal ? "" : words(table, item->purposes),
			is_withdrawal ? "" : words(table, item->categories),
			is_withdrawal ? "" : words(table, item->to),
			is_withdrawal ? "" : period(table, &item->valid),
			alm_table_instant(table, item->recorded_s * 1000000)});
}

static void show_other(struct alm_table *table, const char *type,
	const char *name, const char *effect, const char *to, const char *valid,
	int64_t recorded_s)
{
	alm_table_row(table,
		(const char *const[]){type, name, "", "", effect, "", "", to,
			valid, alm_table_instant(table, recorded_s * 1000000)});
}

static void show_others(
	struct alm_table *table, const struct alm_person *person)
{
	for (size_t i = 0;
		i < person->relationship_count && alm_table_has_room(table);
		i++) {
		const struct alm_relationship *item = &person->relationships[i];

		show_other(table, "relationship", item->role,
			item->is_withdrawal ? "withdrawn" : "holds",
			item->organisation,
			item->is_withdrawal ? "" : period(table, &item->valid),
			item->recorded_s);
	}
	for (size_t i = 0;
		i < person->opt_out_count && alm_table_has_room(table); i++) {
		const struct alm_opt_out *item = &person->opt_outs[i];
		bool is_national = item->list == ALM_OPT_OUT_NATIONAL;

		show_other(table, "opt-out",
			is_national ? "national" : "type-1",
			item->is_objecting
				? (is_national ? "opted-out" : "objected")
				: (is_national ? "clear" : "none"),
			"", alm_table_instant(table, item->as_of_s * 1000000),
			item->recorded_s);
	}
	for (size_t i = 0; i < person->flag_count && alm_table_has_room(table);
		i++) {
		const struct alm_flag *item = &person->flags[i];

		show_other(table, "flag", "location-withheld",
			item->is_withdrawal ? "withdrawn" : "holds", "",
			item->is_withdrawal ? "" : period(table, &item->valid),
			item->recorded_s);
	}
}

enum alm_err alm_verb_people_show(struct alm_call *call)
{
	static const char *const columns[] = {"type", "id", "authority",
		"scope", "effect", "purposes", "categories", "to", "valid",
		"recorded"};
	struct alm_audit_record record;
	struct alm_person person;
	const char *subject = "";
	enum alm_err err = subject_of(call, &subject);

	alm_table_columns(call->table, columns, ALM_COUNT(columns));
	if (err == ALM_OK) {
		err = alm_store_person_get(call->turn->broker->store, subject,
			call->turn->arena, &person);
	}
	if (err != ALM_OK) {
		return err;
	}
	if (person.is_corrupt || person.is_unknown_version) {
		return alm_problem_set(call->problem, ALM_REASON_901, "%s", "");
	}
	for (size_t i = 0;
		i < person.directive_count && alm_table_has_room(call->table);
		i++) {
		show_directive(call->table, &person.directives[i]);
	}
	show_others(call->table, &person);
	record = record_of(call, subject, ALM_AUDIT_QUERY);
	return alm_call_record(call, &record,
		strcmp(alm_call_argument(call, "reveal"), "yes") == 0
			? "records shown, number revealed"
			: "records shown");
}

/* --- withdraw ------------------------------------------------------------ */

/* The newest record of the scope, which the withdrawal must outrank. */
static const struct alm_directive *newest_of_scope(
	const struct alm_person *person, const char *authority,
	const char *scope)
{
	const struct alm_directive *newest = NULL;

	for (size_t i = 0; i < person->directive_count; i++) {
		const struct alm_directive *item = &person->directives[i];

		if (strcmp(item->authority, authority) != 0 ||
			strcmp(item->scope, scope) != 0) {
			continue;
		}
		if (newest == NULL || item->recorded_s > newest->recorded_s ||
			(item->recorded_s == newest->recorded_s &&
				strcmp(item->id, newest->id) > 0)) {
			newest = item;
		}
	}
	return newest;
}

/* Of two records of one second, the greater id counts: an id that continues
 * the other one's is greater. */
static const char *withdrawal_id(
	const struct alm_call *call, const struct alm_directive *newest)
{
	struct alm_arena *arena = call->turn->arena;

	if (newest->recorded_s == call->turn->now_s &&
		strlen(newest->id) + 2 <= ALM_ID_BYTES_MAX) {
		return alm_arena_printf(arena, "%s.w", newest->id);
	}
	return alm_arena_printf(arena, "withdrawal-%" PRId64 "-%" PRIu64,
		call->turn->now_s, call->turn->broker->world.seq + 1);
}

enum alm_err alm_verb_people_withdraw(struct alm_call *call)
{
	const char *authority = alm_call_argument(call, "authority");
	const char *scope = alm_call_argument(call, "scope");
	struct alm_person_record record;
	const struct alm_directive *newest;
	struct alm_person person;
	const char *subject = "";
	bool is_new = false;
	enum alm_err err = subject_of(call, &subject);

	if (err == ALM_OK) {
		err = alm_store_person_get(call->turn->broker->store, subject,
			call->turn->arena, &person);
	}
	if (err != ALM_OK) {
		return err;
	}
	newest = newest_of_scope(&person, authority, scope);
	if (newest == NULL || newest->effect == ALM_WORD_WITHDRAWN) {
		return alm_problem_set(call->problem, ALM_NOT_FOUND,
			"no directive of this authority and scope stands");
	}
	memset(&record, 0, sizeof(record));
	record.type = ALM_RECORD_DIRECTIVE;
	alm_text_copy(record.subject, sizeof(record.subject), subject);
	record.directive.id = withdrawal_id(call, newest);
	record.directive.authority = authority;
	record.directive.scope = scope;
	record.directive.effect = ALM_WORD_WITHDRAWN;
	record.directive.recorded_s = call->turn->now_s;
	if (record.directive.id == NULL) {
		return ALM_NOMEM;
	}
	alm_table_fact(call->table, "id", record.directive.id);
	alm_table_fact(call->table, "recorded",
		alm_table_instant(call->table, call->turn->now_s * 1000000));
	err = alm_record_check(&record, call->problem);
	if (err != ALM_OK || alm_call_is_dry_run(call)) {
		return err;
	}
	return keep(call, &record, &is_new);
}
