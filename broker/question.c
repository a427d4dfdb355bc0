/*
 * An agent's question is narrowed to its own organisation, whatever it asks.
 */
#include "broker/question.h"

#include <stdlib.h>
#include <string.h>

#include "lib/nhs_number.h"

#define LIMIT_DEFAULT 100u
/* A proof may hash some hundred nodes: a page of them must stay short. */
#define LIMIT_PROVED 100u

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
	struct alm_call *call, struct alm_question *question)
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
static enum alm_err parse_code(
	struct alm_call *call, struct alm_question *question)
{
	uint64_t code = 0;
	enum alm_err err = alm_question_number(call, "code", &code);

	if (err != ALM_OK || alm_call_argument(call, "code")[0] == '\0') {
		return err;
	}
	question->filter.has_code = true;
	question->filter.code =
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
	question->filter.has_person = true;
	alm_store_pseudonym(
		call->turn->broker->store, person, question->filter.person);
	return ALM_OK;
}

static enum alm_err parse_words(
	struct alm_call *call, struct alm_question *question)
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
	struct alm_call *call, struct alm_question *question)
{
	const char *text = alm_call_argument(call, "after");
	char *end = NULL;

	question->from_seq = 1;
	question->until_seq = call->turn->broker->audit_size;
	if (text[0] == '\0') {
		return ALM_OK;
	}
	question->from_seq = strtoull(text, &end, 10);
	if (*end != '-') {
		return alm_problem_set(call->problem, ALM_CURSOR, "%s", "");
	}
	question->until_seq = strtoull(end + 1, &end, 10);
	if (*end != '\0' || question->from_seq == 0 ||
		question->from_seq > question->until_seq + 1 ||
		question->until_seq > call->turn->broker->audit_size) {
		return alm_problem_set(call->problem, ALM_CURSOR, "%s", "");
	}
	return ALM_OK;
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
		err = parse_instant(call, "since", &question->filter.since_us);
	}
	if (err == ALM_OK) {
		err = parse_instant(call, "until", &question->filter.until_us);
	}
	if (err == ALM_OK) {
		err = alm_question_number(call, "limit", &limit);
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
	question->proves = strcmp(alm_call_argument(call, "proof"), "yes") == 0;
	if (question->proves && question->limit > LIMIT_PROVED) {
		question->limit = LIMIT_PROVED;
	}
	return err;
}

/* An agent sees what its own organisation sent or received, and never the
 * private part. */
static enum alm_err apply_scope(
	struct alm_call *call, struct alm_question *question)
{
	const struct alm_agent *agent = call->request->agent;
	bool needs_reason = question->reveals || question->filter.has_person;

	if (agent != NULL) {
		if (question->reveals || question->filter.either[0] != '\0') {
			return alm_problem_set(call->problem, ALM_NOT_PERMITTED,
				"an agent asks in its own scope");
		}
		question->filter.either = agent->organisation;
		/* By the code as it is shown, not as it is recorded. */
		question->shown_code = question->filter.code;
		question->filter.has_code = false;
	}
	if (needs_reason && alm_call_argument(call, "reason")[0] == '\0') {
		return alm_problem_set(
			call->problem, ALM_REASON_REQUIRED, "%s", "");
	}
	return ALM_OK;
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
	*out_question = question;
	return err;
}
