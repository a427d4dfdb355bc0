/*
 * Heads, proofs and receipts for who asks.
 * A file is given as rows of base64, because a cell is one line of text.
 *
 * Heads and proofs say nothing about anybody, so asking for them is not a
 * record; nor is an agent's question for the receipt of a message that it
 * sent or was given, which tells it what it has.  One for anything else is.
 */
#include <inttypes.h>
#include <string.h>

#include <sodium.h>

#include "broker/admin/question.h"
#include "broker/evidence/checkpoint.h"
#include "broker/identity/role.h"

/* A multiple of three, so that rows can be put together as base64 too. */
#define ROW_BYTES 3000u

static enum alm_err add_file(struct alm_call *call, struct alm_bytes file)
{
	static const char *const columns[] = {"base64"};
	char text[ROW_BYTES / 3 * 4 + 1];

	alm_table_columns(call->table, columns, ALM_COUNT(columns));
	for (size_t at = 0; at < file.bytes; at += ROW_BYTES) {
		size_t left = file.bytes - at;

		(void)sodium_bin2base64(text, sizeof(text), file.data + at,
			left < ROW_BYTES ? left : ROW_BYTES,
			sodium_base64_VARIANT_ORIGINAL);
		alm_table_row(call->table, (const char *const[]){text});
	}
	return ALM_OK;
}

static const struct alm_signer *signer_of(const struct alm_call *call)
{
	return call->turn->broker->signer;
}

/* The newest head that was published; what a witness cosigns must stay. */
static uint64_t published_size(const struct alm_call *call)
{
	const struct alm_signer *signer = signer_of(call);

	return signer == NULL ? 0 : signer->published_size;
}

enum alm_err alm_verb_audit_checkpoint(struct alm_call *call)
{
	struct alm_store *store = call->turn->broker->store;
	struct alm_bytes note = {NULL, 0};
	uint64_t size = 0;
	enum alm_err err = alm_question_number(call, "size", &size);

	if (err == ALM_OK && size == 0) {
		err = alm_store_head_covering(
			store, 1, call->turn->arena, &size, &note);
	} else if (err == ALM_OK) {
		err = alm_store_head_note(
			store, size, call->turn->arena, &note);
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_table_number(call->table, "size", size);
	return add_file(call, note);
}

enum alm_err alm_verb_audit_growth(struct alm_call *call)
{
	struct alm_bytes file = {NULL, 0};
	uint64_t old = 0;
	uint64_t size = 0;
	enum alm_err err = alm_question_number(call, "old", &old);

	if (err == ALM_OK) {
		err = alm_question_number(call, "size", &size);
	}
	if (err == ALM_OK &&
		strcmp(alm_call_argument(call, "bare"), "yes") == 0) {
		err = alm_evidence_growth_bare(call->turn->broker->store, old,
			size, call->turn->arena, &file);
		return err == ALM_OK ? add_file(call, file) : err;
	}
	if (err == ALM_OK && size == 0 && call->request->agent != NULL) {
		size = published_size(call);
		err = size == 0 ? ALM_NOT_YET_SIGNED : ALM_OK;
	}
	if (err == ALM_OK) {
		err = alm_evidence_growth(call->turn->broker->store, old, size,
			call->turn->arena, &file);
	}
	if (err == ALM_NOT_FOUND && size > 0) {
		return alm_problem_set(call->problem, err,
			"no head of %" PRIu64 " records is kept: name the file "
			"of it, or none for the newest",
			size);
	}
	return err == ALM_OK ? add_file(call, file) : err;
}

/* --- receipts ------------------------------------------------------------- */

/* By the message's sender and id, as the broker remembers it. */
static enum alm_err find_message(struct alm_call *call, uint64_t *out_seq)
{
	const struct alm_agent *agent = call->request->agent;
	const char *from = alm_call_argument(call, "from");
	struct alm_duplicate duplicate;
	struct alm_message_id id;
	enum alm_err err =
		alm_message_id_parse(alm_call_argument(call, "message"), &id);

	if (err != ALM_OK) {
		return alm_problem_set(
			call->problem, ALM_BAD_ARGUMENT, "message");
	}
	if (from[0] == '\0') {
		if (agent == NULL) {
			return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
				"from: whose message is it?");
		}
		from = agent->organisation;
	}
	err = alm_store_duplicate_get(call->turn->broker->store, from, &id,
		call->turn->arena, &duplicate);
	if (err == ALM_OK) {
		*out_seq = duplicate.audit_seq;
	}
	return err;
}

/* What the asker may be shown of the record; NOT_FOUND: nothing.  Who knows a
 * message's id was given the message; by number a recipient could go through
 * what it never got. */
static enum alm_err judge(struct alm_call *call, uint64_t seq,
	bool is_by_message, enum alm_receipt_shows *out_shows,
	struct alm_audit_record *question)
{
	const struct alm_agent *agent = call->request->agent;
	bool reveals = strcmp(alm_call_argument(call, "reveal"), "yes") == 0;
	struct alm_audit_view view;
	enum alm_err err = alm_audit_get(call->turn->broker->store, seq, false,
		call->turn->arena, &view);

	if (err != ALM_OK) {
		return err;
	}
	*out_shows = reveals ? ALM_RECEIPT_PRIVATE : ALM_RECEIPT_HEADER;
	question->ref = seq;
	if (reveals) {
		/* Whoever is written of may ask who has read it. */
		question->has_person = view.record.has_person;
		memcpy(question->person, view.record.person,
			sizeof(question->person));
	}
	if (agent != NULL && !alm_role_may_see(agent, &view.record)) {
		return ALM_NOT_FOUND;
	}
	if (agent == NULL) {
		return ALM_OK;
	}
	if (alm_call_shown_code(call, view.record.code) != view.record.code) {
		*out_shows = ALM_RECEIPT_DIGEST; /* it would say which */
	}
	if (strcmp(view.record.sender, agent->organisation) == 0) {
		return ALM_OK;
	}
	if (!is_by_message ||
		strcmp(view.record.recipient, agent->organisation) != 0) {
		return ALM_NOT_FOUND;
	}
	/* The log's pseudonym would undo what the recipient was not told. */
	if (view.record.has_person && !alm_names_person(&view.record)) {
		*out_shows = ALM_RECEIPT_DIGEST;
	}
	return ALM_OK;
}

/* The operator's question; an agent's only if it asks for what it was never
 * given, or may not have: else it is told what it has. */
static enum alm_err record_receipt(const struct alm_call *call,
	struct alm_audit_record *question, enum alm_err err)
{
	const struct alm_agent *agent = call->request->agent;
	bool is_refused = err == ALM_NOT_FOUND || err == ALM_NOT_PERMITTED;
	enum alm_err recorded = ALM_OK;

	if (agent != NULL && is_refused) {
		question->sender = agent->organisation;
		question->agent = agent->number;
	}
	if (is_refused || (err == ALM_OK && agent == NULL)) {
		question->code = (uint32_t)err;
		recorded = alm_call_record(call, question, "receipt");
	}
	return recorded == ALM_OK ? err : recorded;
}

enum alm_err alm_verb_audit_receipt(struct alm_call *call)
{
	bool reveals = strcmp(alm_call_argument(call, "reveal"), "yes") == 0;
	bool is_by_message = alm_call_argument(call, "message")[0] != '\0';
	struct alm_audit_record question =
		alm_turn_record(call->turn, ALM_AUDIT_QUERY);
	struct alm_bytes file = {NULL, 0};
	enum alm_receipt_shows shows = ALM_RECEIPT_DIGEST;
	uint64_t seq = 0;
	enum alm_err err = ALM_OK;

	if (call->request->agent == NULL) {
		err = alm_call_needs_reason(call);
	}
	if (err == ALM_OK && reveals && call->request->agent != NULL) {
		err = alm_problem_set(call->problem, ALM_NOT_PERMITTED,
			"the private part is the operator's");
		return record_receipt(call, &question, err);
	}
	if (err != ALM_OK) {
		return err;
	}
	err = is_by_message ? find_message(call, &seq)
			    : alm_question_number(call, "seq", &seq);
	if (err == ALM_OK) {
		err = judge(call, seq, is_by_message, &shows, &question);
	}
	if (err == ALM_OK) {
		err = alm_evidence_receipt(call->turn->broker->store, seq,
			shows, call->turn->arena, &file);
	}
	err = record_receipt(call, &question, err);
	if (err != ALM_OK) {
		return err;
	}
	alm_table_number(call->table, "seq", seq);
	return add_file(call, file);
}

/* --- the whole log -------------------------------------------------------- */

/* Bundles and exports are made from the store; here only the question is
 * recorded, and its number given, which is in the bundle. */
enum alm_err alm_verb_audit_bundle(struct alm_call *call)
{
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_QUERY);
	struct alm_question question;
	enum alm_err err = alm_question_read(call, &question);

	if (err == ALM_OK) {
		err = alm_question_record(call, &question, &record,
			question.find.with_detail
				? "revealed"
				: strchr(call->ask->verb, '.') + 1);
	}
	if (err == ALM_OK) {
		alm_table_number(call->table, "seq", record.seq);
	}
	return err;
}

/* How well one record is kept from being changed in silence. */
enum alm_err alm_verb_audit_evidence(struct alm_call *call)
{
	struct alm_evidence_marks marks;
	char text[ALM_GRADE_TEXT_BYTES];
	uint64_t seq = 0;
	enum alm_err err = alm_question_number(call, "seq", &seq);

	if (err == ALM_OK) {
		err = alm_store_evidence_marks(
			call->turn->broker->store, &marks);
	}
	if (err != ALM_OK) {
		return err;
	}
	if (seq == 0 || seq > call->turn->broker->audit_size) {
		return ALM_NOT_FOUND;
	}
	alm_evidence_grade(&marks, seq, text);
	alm_table_fact(call->table, "evidence", text);
	alm_table_number(call->table, "signed-size", marks.signed_size);
	return ALM_OK;
}
