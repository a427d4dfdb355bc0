/*
 * Asking the log.  Every question is a record itself.  A page scans a bounded
 * number of records and gives a cursor to go on, so that a long question does
 * not hold up the loop; the cursor pins the size of the log at the first page.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/administer.h"
#include "lib/nhs_number.h"

#define SCAN_MAX 20000u
#define LIMIT_DEFAULT 100u

/* A question as it was understood. */
struct question {
	struct alm_audit_filter filter;
	uint64_t from_seq;
	uint64_t until_seq;
	size_t limit;
	bool is_continued;
	bool reveals;
};

static enum alm_err bad(struct alm_call *call, const char *key)
{
	return alm_problem_set(call->problem, ALM_BAD_ARGUMENT, "%s", key);
}

static enum alm_err parse_number(
	struct alm_call *call, const char *key, uint64_t *out_number)
{
	const char *text = alm_call_argument(call, key);
	char *end = NULL;

	if (text[0] == '\0') {
		return ALM_OK;
	}
	if (text[0] < '0' || text[0] > '9' || strlen(text) > 18) {
		return bad(call, key);
	}
	*out_number = strtoull(text, &end, 10);
	return *end == '\0' ? ALM_OK : bad(call, key);
}

static enum alm_err parse_instant(
	struct alm_call *call, const char *key, int64_t *out_us)
{
	const char *text = alm_call_argument(call, key);
	int64_t instant_s;

	if (text[0] == '\0') {
		return ALM_OK;
	}
	if (alm_instant_parse(text, &instant_s) != ALM_OK) {
		return bad(call, key);
	}
	*out_us = instant_s * 1000000;
	return ALM_OK;
}

static enum alm_err parse_effect(
	struct alm_call *call, struct question *question)
{
	const char *text = alm_call_argument(call, "effect");

	if (text[0] == '\0') {
		return ALM_OK;
	}
	if (strcmp(text, "permit") == 0) {
		question->filter.effect = ALM_EFFECT_PERMIT;
	} else if (strcmp(text, "transform") == 0) {
		question->filter.effect = ALM_EFFECT_TRANSFORM;
	} else if (strcmp(text, "deny") == 0) {
		question->filter.effect = ALM_EFFECT_DENY;
	} else {
		return bad(call, "effect");
	}
	return ALM_OK;
}

/* A reason of the rule may be written without its 4000. */
static enum alm_err parse_code(struct alm_call *call, struct question *question)
{
	uint64_t code = 0;
	enum alm_err err = parse_number(call, "code", &code);

	if (err != ALM_OK || alm_call_argument(call, "code")[0] == '\0') {
		return err;
	}
	question->filter.has_code = true;
	question->filter.code =
		(uint32_t)(code > 1 && code < 1000 ? 4000 + code : code);
	return ALM_OK;
}

static enum alm_err parse_person(
	struct alm_call *call, struct question *question)
{
	const char *person = alm_call_argument(call, "person");

	if (person[0] == '\0') {
		return ALM_OK;
	}
	if (!alm_nhs_number_is_valid(person)) {
		return alm_problem_set(
			call->problem, ALM_SUBJECT_INVALID, "%s", "");
	}
	question->filter.has_person = true;
	alm_store_pseudonym(
		call->turn->broker->store, person, question->filter.person);
	return ALM_OK;
}

static enum alm_err parse_words(
	struct alm_call *call, struct question *question)
{
	struct alm_audit_filter *filter = &question->filter;
	const char *kind = alm_call_argument(call, "kind");
	const char *message = alm_call_argument(call, "message");

	filter->sender = alm_call_argument(call, "from");
	filter->recipient = alm_call_argument(call, "to");
	filter->either = alm_call_argument(call, "either");
	filter->purpose = alm_call_argument(call, "purpose");
	filter->basis = alm_call_argument(call, "basis");
	if (kind[0] != '\0') {
		filter->kind = alm_audit_kind_from_word(kind);
		if (filter->kind == 0) {
			return bad(call, "kind");
		}
	}
	if (message[0] != '\0') {
		filter->has_message_id = true;
		if (alm_message_id_parse(message, &filter->message_id) !=
			ALM_OK) {
			return bad(call, "message");
		}
	}
	return ALM_OK;
}

/* `FROM-UNTIL`: where to go on, and the size at the first page.  An agent
 * can see no more by another cursor than by asking anew. */
static enum alm_err parse_cursor(
	struct alm_call *call, struct question *question)
{
	const char *text = alm_call_argument(call, "after");
	char *end = NULL;

	question->from_seq = 1;
	question->until_seq = call->turn->broker->audit_size;
	if (text[0] == '\0') {
		return ALM_OK;
	}
	question->is_continued = true;
	question->from_seq = strtoull(text, &end, 10);
	if (*end != '-') {
		return alm_problem_set(call->problem, ALM_CURSOR, "%s", "");
	}
	question->until_seq = strtoull(end + 1, &end, 10);
	if (*end != '\0' || question->from_seq == 0 ||
		question->until_seq > call->turn->broker->audit_size) {
		return alm_problem_set(call->problem, ALM_CURSOR, "%s", "");
	}
	return ALM_OK;
}

static enum alm_err parse(struct alm_call *call, struct question *question)
{
	uint64_t limit = LIMIT_DEFAULT;
	enum alm_err err = parse_words(call, question);

	if (err == ALM_OK) {
		err = parse_person(call, question);
	}
	if (err == ALM_OK) {
		err = parse_effect(call, question);
	}
	if (err == ALM_OK) {
		err = parse_code(call, question);
	}
	if (err == ALM_OK) {
		err = parse_instant(call, "since", &question->filter.since_us);
	}
	if (err == ALM_OK) {
		err = parse_instant(call, "until", &question->filter.until_us);
	}
	if (err == ALM_OK) {
		err = parse_number(call, "limit", &limit);
	}
	if (err == ALM_OK) {
		err = parse_cursor(call, question);
	}
	if (limit == 0 || limit > ALM_ROWS_PER_ANSWER_MAX) {
		limit = ALM_ROWS_PER_ANSWER_MAX;
	}
	question->limit = (size_t)limit;
	question->reveals =
		strcmp(alm_call_argument(call, "reveal"), "yes") == 0;
	return err;
}

/* An agent sees what its own organisation sent or received, and never the
 * private part. */
static enum alm_err apply_scope(
	struct alm_call *call, struct question *question)
{
	const struct alm_agent *agent = call->request->agent;
	bool needs_reason = question->reveals || question->filter.has_person;

	if (agent != NULL) {
		if (question->reveals || question->filter.either[0] != '\0') {
			return alm_problem_set(call->problem, ALM_NOT_PERMITTED,
				"an agent asks in its own scope");
		}
		question->filter.either = agent->organisation;
	}
	if (needs_reason && alm_call_argument(call, "reason")[0] == '\0') {
		return alm_problem_set(
			call->problem, ALM_REASON_REQUIRED, "%s", "");
	}
	return ALM_OK;
}

static const char *effect_word(uint8_t effect)
{
	switch ((enum alm_effect)effect) {
	case ALM_EFFECT_PERMIT:
		return "permit";
	case ALM_EFFECT_TRANSFORM:
		return "transform";
	case ALM_EFFECT_DENY:
		return "deny";
	}
	return "";
}

static const char *level_word(uint8_t level)
{
	static const char *const words[] = {
		"", "aggregate", "anonymised", "pseudonymised", "identifiable"};

	return level < ALM_COUNT(words) ? words[level] : "";
}

/* Lines of the private part become one cell. */
static const char *one_line(struct alm_table *table, const char *detail)
{
	char *copy = alm_arena_text(table->arena, detail, strlen(detail));

	if (copy == NULL) {
		table->is_out_of_memory = true;
		return "";
	}
	for (char *at = copy; *at != '\0'; at++) {
		if (*at == '\n') {
			*at = at[1] == '\0' ? '\0' : ';';
		}
	}
	return copy;
}

static uint32_t shown_code(const struct alm_call *call, uint32_t code)
{
	/* Agents are not told one opt-out from another. */
	if (call->request->agent != NULL && code >= 4411 && code <= 4413) {
		return 4410;
	}
	return code;
}

/* Names come from the registry, where an agent stands for good. */
static const char *agent_name(const struct alm_call *call, uint64_t number)
{
	const struct alm_agent *agent =
		alm_keyring_by_number(call->turn->broker->keyring, number);

	return agent == NULL ? "" : agent->name;
}

static const char *number_or_none(struct alm_table *table, uint64_t number)
{
	return number == 0 ? "" : alm_table_text(table, number);
}

static const char *const view_columns[] = {"seq", "time", "kind", "effect",
	"code", "name", "sender", "recipient", "purpose", "categories", "basis",
	"level-in", "level-out", "message-id", "mail", "ref", "person", "epoch",
	"people-seq", "standard", "agent", "detail"};

static void add_view(struct alm_call *call, const struct alm_audit_view *view)
{
	const struct alm_audit_record *record = &view->record;
	struct alm_table *table = call->table;
	uint32_t code = shown_code(call, record->code);
	char id[ALM_UUID_TEXT_BYTES] = "";

	if (record->has_message_id) {
		alm_message_id_text(&record->message_id, id);
	}
	alm_table_row(table,
		(const char *const[]){alm_table_text(table, record->seq),
			alm_table_instant(table, record->time_us),
			alm_audit_kind_word(record->kind),
			effect_word(record->effect),
			alm_table_text(table, code),
			code > 1 ? alm_err_info((enum alm_err)code)->name : "",
			record->sender, record->recipient, record->purpose,
			record->categories, record->basis,
			level_word(record->level_in),
			level_word(record->level_out), id,
			number_or_none(table, record->mail_seq),
			number_or_none(table, record->ref),
			record->has_person
				? alm_table_hex(table,
					  (struct alm_bytes){
						  record->person, 16})
				: "",
			alm_table_text(table, record->policy_epoch),
			alm_table_text(table, record->people_seq),
			record->standard, agent_name(call, record->agent),
			view->detail == NULL ? ""
					     : one_line(table, view->detail)});
}

/* What was asked, with the person as a pseudonym; only the first page. */
static enum alm_err record_question(
	struct alm_call *call, const struct question *question)
{
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_QUERY);

	if (question->is_continued) {
		return ALM_OK;
	}
	if (call->request->agent != NULL) {
		record.sender = call->request->agent->organisation;
	}
	record.has_person = question->filter.has_person;
	memcpy(record.person, question->filter.person, 16);
	record.purpose = question->filter.purpose;
	return alm_call_record(
		call, &record, question->reveals ? "revealed" : "asked");
}

enum alm_err alm_verb_audit_query(struct alm_call *call)
{
	struct alm_table *table = call->table;
	struct alm_audit_page page;
	struct question question;
	enum alm_err err;

	memset(&question, 0, sizeof(question));
	alm_table_columns(table, view_columns, ALM_COUNT(view_columns));
	err = parse(call, &question);
	if (err == ALM_OK) {
		err = apply_scope(call, &question);
	}
	if (err == ALM_OK) {
		err = record_question(call, &question);
	}
	if (err == ALM_OK) {
		err = alm_audit_scan(call->turn->broker->store,
			&question.filter, question.from_seq, question.until_seq,
			question.limit, SCAN_MAX, question.reveals,
			call->turn->arena, &page);
	}
	if (err != ALM_OK) {
		return err;
	}
	for (size_t i = 0; i < page.row_count; i++) {
		add_view(call, &page.rows[i]);
	}
	if (page.next_seq != 0) {
		table->cursor =
			alm_arena_printf(table->arena, "%" PRIu64 "-%" PRIu64,
				page.next_seq, question.until_seq);
		if (table->cursor == NULL) {
			return ALM_NOMEM;
		}
	}
	alm_table_number(table, "size", question.until_seq);
	alm_table_number(table, "scanned",
		(page.next_seq == 0 ? question.until_seq + 1 : page.next_seq) -
			question.from_seq);
	return ALM_OK;
}

enum alm_err alm_verb_audit_show(struct alm_call *call)
{
	struct question question;
	struct alm_audit_view view;
	uint64_t seq = 0;
	enum alm_err err;

	memset(&question, 0, sizeof(question));
	question.filter.either = "";
	question.filter.purpose = "";
	alm_table_columns(call->table, view_columns, ALM_COUNT(view_columns));
	question.reveals =
		strcmp(alm_call_argument(call, "reveal"), "yes") == 0;
	err = parse_number(call, "seq", &seq);
	if (err == ALM_OK) {
		err = apply_scope(call, &question);
	}
	if (err == ALM_OK) {
		err = alm_audit_get(call->turn->broker->store, seq,
			question.reveals, call->turn->arena, &view);
	}
	if (err == ALM_OK) {
		err = record_question(call, &question);
	}
	if (err == ALM_OK) {
		add_view(call, &view);
	}
	return err;
}

enum alm_err alm_verb_audit_head(struct alm_call *call)
{
	struct alm_broker *broker = call->turn->broker;
	struct alm_audit_head head;

	alm_store_audit_head(broker->store, &head);
	alm_table_number(call->table, "size", head.size);
	alm_table_fact(call->table, "root",
		alm_table_hex(call->table,
			(struct alm_bytes){head.root.raw, ALM_DIGEST_BYTES}));
	alm_table_fact(call->table, "time",
		alm_table_instant(
			call->table, alm_store_last_time_us(broker->store)));
	return ALM_OK;
}
