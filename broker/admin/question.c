/*
 * An agent's question is narrowed to its own organisation, whatever it asks.
 */
#include "broker/admin/question.h"

#include <stdlib.h>
#include <string.h>

#include "broker/loop/detail.h"
#include "lib/nhs_number.h"
#include "lib/words.h"

#define LIMIT_DEFAULT 100u
/* A proof may hash some hundred nodes: a page of them must stay short. */
#define LIMIT_PROVED 100u
/* What one page may cost the loop: as much as looking at so many records. */
#define WORK_MAX 20000u

static enum alm_err bad(struct alm_call *call, const char *key)
{
	return alm_problem_set(call->problem, ALM_BAD_ARGUMENT, "%s", key);
}

enum alm_err alm_question_number(
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

	return text[0] == '\0' || alm_instant_us_parse(text, out_us) == ALM_OK
		       ? ALM_OK
		       : bad(call, key);
}

static enum alm_err parse_effect(
	struct alm_call *call, struct alm_question *question)
{
	const char *text = alm_call_argument(call, "effect");
	unsigned effect = alm_effect_of(text);

	if (effect == 0 && text[0] != '\0') {
		return bad(call, "effect");
	}
	question->find.filter.effect = (uint8_t)effect;
	return ALM_OK;
}

/* A reason of the rule may be written without its 4000. */
static enum alm_err parse_code(
	struct alm_call *call, struct alm_question *question)
{
	uint64_t code = 0;
	enum alm_err err = alm_question_number(call, "code", &code);

	if (err != ALM_OK || alm_call_argument(call, "code")[0] == '\0') {
		return err;
	}
	question->find.filter.has_code = true;
	question->find.filter.code =
		(uint32_t)(code > 1 && code < 1000 ? 4000 + code : code);
	return ALM_OK;
}

static enum alm_err parse_person(
	struct alm_call *call, struct alm_question *question)
{
	const char *person = alm_call_argument(call, "person");

	if (person[0] == '\0') {
		return ALM_OK;
	}
	if (!alm_nhs_number_is_valid(person)) {
		return alm_problem_set(
			call->problem, ALM_SUBJECT_INVALID, "%s", "");
	}
	question->find.filter.has_person = true;
	alm_store_pseudonym(call->turn->broker->store, person,
		question->find.filter.person);
	return ALM_OK;
}

static enum alm_err parse_words(
	struct alm_call *call, struct alm_question *question)
{
	struct alm_audit_filter *filter = &question->find.filter;
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

/* The size of the log at the first page stays that of the answer; whoever
 * goes on at once, for the same reason, does not ask anew. */
static enum alm_err parse_cursor(
	struct alm_call *call, struct alm_question *question)
{
	const char *text = alm_call_argument(call, "after");
	struct alm_cursor_given given;
	enum alm_err err;

	question->find.size = call->turn->broker->audit_size;
	if (text[0] == '\0') {
		return ALM_OK;
	}
	err = alm_audit_cursor_read(call->turn->broker->store, text,
		question->asker, &question->find, &given);
	if (err != ALM_OK) {
		return alm_problem_set(call->problem, err, "%s", "");
	}
	/* An answer without an end has no size. */
	if (question->follows != (question->find.size == 0)) {
		return alm_problem_set(call->problem, ALM_CURSOR, "%s", "");
	}
	if (question->follows) {
		question->find.size = call->turn->broker->audit_size;
	}
	question->is_continued = alm_call_is_continued(call, given);
	return ALM_OK;
}

static bool says_yes(const struct alm_call *call, const char *key)
{
	return strcmp(alm_call_argument(call, key), "yes") == 0;
}

static enum alm_err parse(struct alm_call *call, struct alm_question *question)
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
		err = parse_instant(
			call, "since", &question->find.filter.since_us);
	}
	if (err == ALM_OK) {
		err = parse_instant(
			call, "until", &question->find.filter.until_us);
	}
	if (err == ALM_OK) {
		err = alm_question_number(call, "limit", &limit);
	}
	if (limit == 0 || limit > ALM_ROWS_PER_ANSWER_MAX) {
		limit = ALM_ROWS_PER_ANSWER_MAX;
	}
	question->find.row_max = (size_t)limit;
	question->find.work_max = WORK_MAX;
	question->find.with_detail = says_yes(call, "reveal");
	question->find.is_newest_first = says_yes(call, "reverse");
	question->proves = says_yes(call, "proof");
	question->follows = says_yes(call, "follow");
	if (question->proves && question->find.row_max > LIMIT_PROVED) {
		question->find.row_max = LIMIT_PROVED;
	}
	return err;
}

/* An agent sees what its own organisation sent or received, and never the
 * private part. */
static enum alm_err apply_scope(
	struct alm_call *call, struct alm_question *question)
{
	if (question->follows && question->find.is_newest_first) {
		return bad(call, "reverse, with follow");
	}
	const struct alm_agent *agent = call->request->agent;

	question->asker = "";
	if (agent != NULL) {
		question->asker = agent->organisation;
		if (question->find.with_detail ||
			question->find.filter.either[0] != '\0') {
			return alm_problem_set(call->problem, ALM_NOT_PERMITTED,
				"an agent asks in its own scope");
		}
		question->find.filter.either = agent->organisation;
		/* By the code as it is shown, not as it is recorded. */
		question->has_shown_code = question->find.filter.has_code;
		question->shown_code = question->find.filter.code;
		question->find.filter.has_code = false;
	}
	return alm_call_needs_reason(call);
}

/* Whoever asks for what it may not, or goes on with what it was not given,
 * has asked, too. */
static enum alm_err record_refusal(struct alm_call *call,
	const struct alm_question *question, enum alm_err why)
{
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_QUERY);
	enum alm_err err;

	if (why != ALM_NOT_PERMITTED && why != ALM_CURSOR) {
		return why;
	}
	record.code = (uint32_t)why;
	err = alm_question_record(call, question, &record, "refused");
	return err == ALM_OK ? why : err;
}

enum alm_err alm_question_read(
	struct alm_call *call, struct alm_question *out_question)
{
	struct alm_question question;
	enum alm_err err;

	memset(&question, 0, sizeof(question));
	err = parse(call, &question);
	if (err == ALM_OK) {
		err = apply_scope(call, &question);
	}
	if (err == ALM_OK) {
		err = parse_cursor(call, &question);
	}
	*out_question = question;
	return err == ALM_OK ? ALM_OK : record_refusal(call, &question, err);
}

enum alm_err alm_question_record(struct alm_call *call,
	const struct alm_question *question, struct alm_audit_record *record,
	const char *what)
{
	static const char *const keys[] = {"seq", "from", "to", "either",
		"purpose", "basis", "effect", "code", "kind", "message",
		"since", "until"};
	const struct alm_audit_filter *filter = &question->find.filter;
	struct alm_detail *detail = alm_call_detail(call, what);

	if (call->request->agent != NULL) {
		record->sender = call->request->agent->organisation;
	}
	record->has_person = filter->has_person;
	memcpy(record->person, filter->person, sizeof(record->person));
	record->purpose = filter->purpose;
	for (size_t i = 0; i < ALM_COUNT(keys); i++) {
		alm_detail_text(
			detail, keys[i], alm_call_argument(call, keys[i]));
	}
	return alm_turn_audit(call->turn, record, alm_detail_finish(detail));
}
