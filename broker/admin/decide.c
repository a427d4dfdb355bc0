/*
 * The verb that decides requests as at a past date: what the broker would
 * have said then.  Nothing is sent; that somebody asked is recorded, and of
 * each person whom a request is about.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "broker/admin/verbs.h"
#include "broker/core/request_bytes.h"
#include "broker/rules/past.h"
#include "lib/nhs_number.h"
#include "lib/wire/texts.h"
#include "lib/words.h"

struct question {
	int64_t at_s; /* as it was known then */
	struct alm_world world;
	struct alm_scratch *scratch;
};

static enum alm_err read_question(struct alm_call *call, struct question *q)
{
	const char *at = alm_call_argument(call, "at");
	enum alm_err err;

	if (alm_instant_parse(at, &q->at_s) != ALM_OK) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"at is an instant, as 2026-07-30T09:00:00Z");
	}
	if (alm_call_needs_reason(call) != ALM_OK) {
		return ALM_REASON_REQUIRED;
	}
	if (call->ask->attachment_count > ALM_ROWS_PER_ANSWER_MAX) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"at most %u requests at once", ALM_ROWS_PER_ANSWER_MAX);
	}
	err = alm_past_world(call->turn->broker, q->at_s, call->turn->arena,
		&q->world, &q->scratch);
	return err == ALM_NOT_FOUND ? alm_problem_set(call->problem, err,
					      "no policy was active then")
				    : err;
}

/* --- the answer ---------------------------------------------------------- */

/* Ids joined by commas, which no id has. */
static const char *join(struct alm_call *call, struct alm_ids ids)
{
	const struct alm_texts texts = {ids.items, ids.count};
	const char *joined = alm_texts_join(texts, call->turn->arena);

	if (joined == NULL) {
		call->table->is_out_of_memory = true;
		return "";
	}
	return joined;
}

static const char *join_reasons(
	struct alm_call *call, const struct alm_decision *decision)
{
	size_t room = decision->reason_count * 6 + 1;
	char *text = alm_arena_take(call->turn->arena, room);
	size_t used = 0;

	if (text == NULL) {
		call->table->is_out_of_memory = true;
		return "";
	}
	for (size_t i = 0; i < decision->reason_count; i++) {
		used += (size_t)snprintf(text + used, room - used, "%s%u",
			i == 0 ? "" : ",", (unsigned)decision->reasons[i]);
	}
	return text;
}

static const char *or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

static const char *const columns[] = {"id", "effect", "code", "reasons",
	"basis", "nearest", "candidates", "release", "redact", "strip", "level",
	"smallest-group", "obligations", "directives", "prohibitions", "lifts",
	"epoch", "seq"};

/* Cut short, an answer would be another one. */
static enum alm_err check_cells(
	struct alm_call *call, const char *const cells[ALM_COUNT(columns)])
{
	for (size_t i = 0; i < ALM_COUNT(columns); i++) {
		if (strlen(cells[i]) > ALM_CELL_BYTES_MAX) {
			return alm_problem_set(call->problem,
				ALM_FIELD_TOO_LARGE, "%s of request %s",
				columns[i], cells[0]);
		}
	}
	return ALM_OK;
}

static enum alm_err add_decision(struct alm_call *call, const char *id,
	const struct alm_decision *decision)
{
	struct alm_table *table = call->table;
	const char *const cells[ALM_COUNT(columns)] = {
		or_empty(id),
		alm_effect_word(decision->effect),
		alm_table_text(table, decision->code),
		join_reasons(call, decision),
		or_empty(decision->basis),
		or_empty(decision->nearest),
		join(call, decision->candidates),
		join(call, decision->release),
		join(call, decision->redact),
		decision->strips_location ? "LOC" : "",
		alm_level_word(decision->level),
		alm_table_text(table, decision->smallest_group),
		join(call, decision->obligations),
		join(call, decision->directives),
		join(call, decision->prohibitions),
		join(call, decision->lifts),
		alm_table_text(table, decision->epoch),
		alm_table_text(table, decision->seq),
	};
	enum alm_err err = check_cells(call, cells);

	if (err == ALM_OK && !alm_table_has_room(table)) {
		err = alm_problem_set(call->problem, ALM_TOO_MANY_VALUES,
			"ask for fewer at once");
	}
	if (err == ALM_OK) {
		alm_table_row(table, cells);
	}
	return err;
}

/* --- deciding ------------------------------------------------------------ */

/* What was known of the subject; a malformed one is the rule's to refuse. */
static enum alm_err known_person(struct alm_call *call,
	const struct question *q, const char *subject,
	struct alm_person *person, bool *out_is_known)
{
	struct alm_store *store = call->turn->broker->store;
	struct alm_audit_record record;
	enum alm_err err;

	*out_is_known = subject != NULL && alm_nhs_number_is_valid(subject);
	if (!*out_is_known) {
		return ALM_OK;
	}
	err = alm_store_person_get(store, subject, call->turn->arena, person);
	if (err == ALM_OK) {
		err = alm_past_person(person, q->at_s, call->turn->arena);
	}
	if (err != ALM_OK) {
		return err;
	}
	record = alm_turn_record(call->turn, ALM_AUDIT_QUERY);
	record.has_person = true;
	alm_store_pseudonym(store, subject, record.person);
	return alm_call_record(call, &record, "decided as at a past date");
}

static enum alm_err decide_one(struct alm_call *call, const struct question *q,
	const struct alm_attachment *attachment)
{
	struct alm_request request;
	struct alm_decision decision;
	struct alm_person person;
	bool is_known = false;
	int64_t at_s = 0;
	enum alm_err err = alm_request_decode(
		attachment->content, call->turn->arena, &request, &at_s);

	if (err == ALM_MALFORMED) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"request %s cannot be decoded", attachment->name);
	}
	if (err == ALM_OK) {
		err = known_person(
			call, q, request.subject, &person, &is_known);
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_decide(&q->world, is_known ? &person : NULL, &request, at_s,
		q->scratch, &decision);
	return add_decision(call, request.id, &decision);
}

enum alm_err alm_verb_policy_decide(struct alm_call *call)
{
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_QUERY);
	struct question q = {.at_s = 0};
	const char *words;
	enum alm_err err = read_question(call, &q);

	alm_table_columns(call->table, columns, ALM_COUNT(columns));
	for (size_t i = 0; err == ALM_OK && i < call->ask->attachment_count;
		i++) {
		err = decide_one(call, &q, &call->ask->attachments[i]);
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_table_number(call->table, "epoch", q.world.epoch);
	words = alm_arena_printf(call->turn->arena,
		"%zu decisions as at %s, epoch %" PRIu64,
		call->ask->attachment_count, alm_call_argument(call, "at"),
		q.world.epoch);
	return words == NULL ? ALM_NOMEM
			     : alm_call_record(call, &record, words);
}
