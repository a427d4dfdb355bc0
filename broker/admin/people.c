/*
 * Verbs about people's choices and relationships.  A number is never shown,
 * logged or recorded: records stand under a keyed hash.
 */
#include "broker/admin/people.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/core/record.h"
#include "lib/nhs_number.h"

struct alm_audit_record alm_people_record(const struct alm_call *call,
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
		alm_people_record(call, record->subject, ALM_AUDIT_PERSON);
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

enum alm_err alm_people_subject(struct alm_call *call, const char **out_subject)
{
	const char *subject = alm_call_argument(call, "subject");

	if (!alm_nhs_number_is_valid(subject)) {
		return alm_problem_set(
			call->problem, ALM_SUBJECT_INVALID, "%s", "");
	}
	if (alm_call_needs_reason(call) != ALM_OK) {
		return ALM_REASON_REQUIRED;
	}
	*out_subject = subject;
	return ALM_OK;
}

/* --- withdraw ------------------------------------------------------------ */

/* Of two records of one second the greater id counts. */
static bool is_newer(
	const struct alm_directive *a, const struct alm_directive *b)
{
	return b == NULL || a->recorded_s > b->recorded_s ||
	       (a->recorded_s == b->recorded_s && strcmp(a->id, b->id) > 0);
}

/* The newest record of the scope that is known at an instant, which a
 * withdrawal of then must outrank. */
static const struct alm_directive *newest_of_scope(
	const struct alm_person *person, const char *authority,
	const char *scope, int64_t until_s)
{
	const struct alm_directive *newest = NULL;

	for (size_t i = 0; i < person->directive_count; i++) {
		const struct alm_directive *item = &person->directives[i];

		if (strcmp(item->authority, authority) == 0 &&
			strcmp(item->scope, scope) == 0 &&
			item->recorded_s <= until_s && is_newer(item, newest)) {
			newest = item;
		}
	}
	return newest;
}

/* An id that is greater than another: one that continues it, or else, where
 * there is no room to, one with a greater letter in some place.  NULL: there
 * is none. */
static const char *greater_id(struct alm_arena *arena, const char *id)
{
	size_t bytes = strlen(id);
	char *copy;

	if (bytes + 2 <= ALM_ID_BYTES_MAX) {
		return alm_arena_printf(arena, "%s.w", id);
	}
	if (bytes < ALM_ID_BYTES_MAX) {
		return alm_arena_printf(arena, "%sw", id);
	}
	copy = alm_arena_text(arena, id, bytes);
	while (copy != NULL && bytes > 0 && copy[bytes - 1] >= 'z') {
		bytes--;
	}
	if (copy == NULL || bytes == 0) {
		return NULL;
	}
	copy[bytes - 1] = 'z';
	copy[bytes] = '\0';
	return copy;
}

/* Withdraw at an instant what is the newest record then. */
static enum alm_err withdraw_at(struct alm_call *call,
	const struct alm_directive *newest, const char *subject, int64_t at_s)
{
	struct alm_arena *arena = call->turn->arena;
	struct alm_person_record record;
	bool is_new = false;
	enum alm_err err;

	memset(&record, 0, sizeof(record));
	record.type = ALM_RECORD_DIRECTIVE;
	alm_text_copy(record.subject, sizeof(record.subject), subject);
	record.directive.authority = newest->authority;
	record.directive.scope = newest->scope;
	record.directive.effect = ALM_WORD_WITHDRAWN;
	record.directive.recorded_s = at_s;
	if (newest->recorded_s == at_s) {
		record.directive.id = greater_id(arena, newest->id);
	}
	if (record.directive.id == NULL) {
		/* No id is greater, so it must be a later second. */
		record.directive.recorded_s +=
			newest->recorded_s == at_s ? 1 : 0;
		record.directive.id = alm_arena_printf(arena,
			"withdrawal-%" PRId64 "-%" PRIu64, at_s,
			call->turn->broker->world.seq + 1);
	}
	if (record.directive.id == NULL) {
		return ALM_NOMEM;
	}
	err = alm_record_check(&record, call->problem);
	if (err == ALM_OK && !alm_call_is_dry_run(call)) {
		err = keep(call, &record, &is_new);
	}
	if (err == ALM_OK && call->table->fact_count == 0) {
		alm_table_fact(call->table, "id", record.directive.id);
		alm_table_fact(call->table, "recorded",
			alm_table_instant(call->table,
				record.directive.recorded_s * 1000000));
	}
	return err;
}

enum alm_err alm_verb_people_withdraw(struct alm_call *call)
{
	const char *authority = alm_call_argument(call, "authority");
	const char *scope = alm_call_argument(call, "scope");
	int64_t now_s = call->turn->now_s;
	const struct alm_directive *newest;
	const struct alm_directive *later;
	struct alm_person person;
	const char *subject = "";
	enum alm_err err = alm_people_subject(call, &subject);

	if (err == ALM_OK) {
		err = alm_store_person_get(call->turn->broker->store, subject,
			call->turn->arena, &person);
	}
	if (err != ALM_OK) {
		return err;
	}
	newest = newest_of_scope(&person, authority, scope, now_s);
	later = newest_of_scope(&person, authority, scope, INT64_MAX);
	if (later == NULL || later->effect == ALM_WORD_WITHDRAWN) {
		return alm_problem_set(call->problem, ALM_NOT_FOUND,
			"no directive of this authority and scope stands");
	}
	if (newest != NULL && newest->effect != ALM_WORD_WITHDRAWN) {
		err = withdraw_at(call, newest, subject, now_s);
	}
	/* What was entered for a later time would count again from then on. */
	if (err == ALM_OK && later != newest) {
		err = withdraw_at(call, later, subject, later->recorded_s);
	}
	return err;
}
