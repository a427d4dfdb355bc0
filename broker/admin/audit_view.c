/* A record of the log as a row, and what of it an asker is not told. */
#include "broker/admin/audit_view.h"

#include <string.h>

#include "broker/identity/role.h"
#include "lib/words.h"

enum view_column {
	VIEW_SEQ,
	VIEW_TIME,
	VIEW_KIND,
	VIEW_EFFECT,
	VIEW_CODE,
	VIEW_NAME,
	VIEW_SENDER,
	VIEW_RECIPIENT,
	VIEW_PURPOSE,
	VIEW_CATEGORIES,
	VIEW_BASIS,
	VIEW_LEVEL_IN,
	VIEW_LEVEL_OUT,
	VIEW_MESSAGE_ID,
	VIEW_MAIL,
	VIEW_REF,
	VIEW_PERSON,
	VIEW_EPOCH,
	VIEW_PEOPLE_SEQ,
	VIEW_STANDARD,
	VIEW_AGENT,
	VIEW_DETAIL,
	VIEW_SIGNATURE,
	VIEW_EVIDENCE,
	VIEW_LEAF, /* from here on for those who ask for proofs */
	VIEW_PROOF,
	VIEW_HEADER,
	VIEW_COLUMNS,
};

static const char *const view_columns[VIEW_COLUMNS] = {
	[VIEW_SEQ] = "seq",
	[VIEW_TIME] = "time",
	[VIEW_KIND] = "kind",
	[VIEW_EFFECT] = "effect",
	[VIEW_CODE] = "code",
	[VIEW_NAME] = "name",
	[VIEW_SENDER] = "sender",
	[VIEW_RECIPIENT] = "recipient",
	[VIEW_PURPOSE] = "purpose",
	[VIEW_CATEGORIES] = "categories",
	[VIEW_BASIS] = "basis",
	[VIEW_LEVEL_IN] = "level-in",
	[VIEW_LEVEL_OUT] = "level-out",
	[VIEW_MESSAGE_ID] = "message-id",
	[VIEW_MAIL] = "mail",
	[VIEW_REF] = "ref",
	[VIEW_PERSON] = "person",
	[VIEW_EPOCH] = "epoch",
	[VIEW_PEOPLE_SEQ] = "people-seq",
	[VIEW_STANDARD] = "standard",
	[VIEW_AGENT] = "agent",
	[VIEW_DETAIL] = "detail",
	[VIEW_SIGNATURE] = "signature",
	[VIEW_EVIDENCE] = "evidence",
	[VIEW_LEAF] = "leaf",
	[VIEW_PROOF] = "proof",
	[VIEW_HEADER] = "header",
};

/* Lines of the private part become one cell, so that no text can end one. */
static const char *one_line(struct alm_table *table, const char *detail)
{
	char *copy = alm_arena_text(table->arena, detail, strlen(detail));

	if (copy == NULL) {
		table->is_out_of_memory = true;
		return "";
	}
	for (char *at = copy; *at != '\0'; at++) {
		if (*at == ';') {
			*at = ',';
		} else if (*at == '\n') {
			*at = at[1] == '\0' ? '\0' : ';';
		}
	}
	return copy;
}

/* Evidence goes with detail: it is long, and few ask. */
static const char *signature_text(
	struct alm_table *table, const struct alm_audit_view *view)
{
	const char *text =
		view->detail == NULL
			? ""
			: alm_audit_signature_text(
				  view->record.signature, table->arena);

	table->is_out_of_memory |= text == NULL;
	return text == NULL ? "" : text;
}

uint32_t alm_call_shown_code(const struct alm_call *call, uint32_t code)
{
	/* Agents are not told one opt-out from another. */
	if (call->request->agent != NULL && code >= 4411 && code <= 4413) {
		return 4410;
	}
	return code;
}

static const char *number_or_none(struct alm_table *table, uint64_t number)
{
	return number == 0 ? "" : alm_table_text(table, number);
}

/* Whether an agent's organisation was given what the record is about.  What
 * was refused or stopped, its recipient must not learn of. */
static bool was_given(const struct alm_audit_record *record)
{
	return record->kind == ALM_AUDIT_DELIVERED ||
	       record->kind == ALM_AUDIT_ACKNOWLEDGED ||
	       record->kind == ALM_AUDIT_REJECTED ||
	       record->kind == ALM_AUDIT_DEAD_LETTERED ||
	       record->kind == ALM_AUDIT_RERUN ||
	       record->kind == ALM_AUDIT_NOTICE;
}

bool alm_call_may_see(
	const struct alm_call *call, const struct alm_audit_record *record)
{
	const struct alm_agent *agent = call->request->agent;
	bool is_recipient;
	bool is_sender;

	if (agent == NULL) {
		return true;
	}
	is_sender = strcmp(record->sender, agent->organisation) == 0 &&
		    record->kind != ALM_AUDIT_NOTICE;
	is_recipient = strcmp(record->recipient, agent->organisation) == 0;
	return (is_sender || (is_recipient && was_given(record))) &&
	       alm_role_may_see(agent, record);
}

/* Names come from the registry, where an agent stands for good. */
const char *alm_call_agent_name(
	const struct alm_call *call, const struct alm_audit_record *record)
{
	const struct alm_agent *asker = call->request->agent;
	const struct alm_agent *agent = alm_keyring_by_number(
		call->turn->broker->keyring, record->agent);

	return agent == NULL || (asker != NULL &&
					strcmp(asker->organisation,
						agent->organisation) != 0)
		       ? ""
		       : agent->name;
}

bool alm_names_person(const struct alm_audit_record *record)
{
	return record->level_out == ALM_LEVEL_IDENTIFIABLE &&
	       (record->flags & ALM_AUDIT_UNNAMED) == 0;
}

bool alm_call_knows_person(
	const struct alm_call *call, const struct alm_audit_record *record)
{
	const struct alm_agent *agent = call->request->agent;

	return agent == NULL ||
	       strcmp(record->sender, agent->organisation) == 0 ||
	       alm_names_person(record);
}

void alm_audit_view_columns(struct alm_table *table, bool proves)
{
	alm_table_columns(
		table, view_columns, proves ? VIEW_COLUMNS : VIEW_LEAF);
}

/* Leaf and path of a record in the log as the question pins it, as hex. */
static enum alm_err add_proof(struct alm_call *call,
	const struct alm_question *question, uint64_t seq, const char **cells)
{
	struct alm_audit_proof proof;
	enum alm_err err;

	cells[VIEW_LEAF] = "";
	cells[VIEW_PROOF] = "";
	if (!question->proves) {
		return ALM_OK;
	}
	err = alm_audit_prove(
		call->turn->broker->store, seq, question->find.size, &proof);
	if (err == ALM_STORE_CORRUPT) {
		return ALM_OK; /* a damaged record is in the way: no proof */
	}
	if (err == ALM_OK) {
		cells[VIEW_LEAF] = alm_table_hex(call->table,
			(struct alm_bytes){proof.leaf.raw, ALM_DIGEST_BYTES});
		cells[VIEW_PROOF] = alm_table_hex(call->table,
			(struct alm_bytes){proof.path[0].raw,
				proof.path_count * ALM_DIGEST_BYTES});
	}
	return err;
}

/* The leaf itself, so that the row can be held against it; "" where it would
 * say more than the row, or nothing is proved. */
static enum alm_err add_header(struct alm_call *call,
	const struct alm_audit_record *record, const char **cells)
{
	struct alm_bytes header = {NULL, 0};
	enum alm_err err;

	cells[VIEW_HEADER] = "";
	if (cells[VIEW_LEAF][0] == '\0' ||
		(record->has_person && !alm_call_knows_person(call, record)) ||
		alm_call_shown_code(call, record->code) != record->code) {
		return ALM_OK;
	}
	err = alm_audit_leaf(call->turn->broker->store, record->seq,
		call->turn->arena, &header);
	if (err == ALM_OK) {
		cells[VIEW_HEADER] = alm_table_hex(call->table, header);
	}
	return err;
}

/* What the record is about, and under which rules. */
static void add_facts(const struct alm_call *call,
	const struct alm_audit_record *record, const char **cells)
{
	struct alm_table *table = call->table;
	uint32_t code = alm_call_shown_code(call, record->code);
	char id[ALM_UUID_TEXT_BYTES];

	cells[VIEW_SEQ] = alm_table_text(table, record->seq);
	cells[VIEW_TIME] = alm_table_instant(table, record->time_us);
	cells[VIEW_KIND] = alm_audit_kind_word(record->kind);
	cells[VIEW_EFFECT] = alm_effect_word(record->effect);
	cells[VIEW_CODE] = alm_table_text(table, code);
	cells[VIEW_NAME] =
		code > 1 ? alm_err_info((enum alm_err)code)->name : "";
	cells[VIEW_SENDER] = record->sender;
	cells[VIEW_RECIPIENT] = record->recipient;
	cells[VIEW_PURPOSE] = record->purpose;
	cells[VIEW_CATEGORIES] = record->categories;
	cells[VIEW_BASIS] = record->basis;
	cells[VIEW_LEVEL_IN] = alm_level_word(record->level_in);
	cells[VIEW_LEVEL_OUT] = alm_level_word(record->level_out);
	cells[VIEW_MAIL] = number_or_none(table, record->mail_seq);
	cells[VIEW_REF] = number_or_none(table, record->ref);
	cells[VIEW_EPOCH] = alm_table_text(table, record->policy_epoch);
	cells[VIEW_PEOPLE_SEQ] = alm_table_text(table, record->people_seq);
	cells[VIEW_STANDARD] = record->standard;
	cells[VIEW_AGENT] = alm_call_agent_name(call, record);
	cells[VIEW_MESSAGE_ID] = "";
	cells[VIEW_PERSON] = "";
	if (record->has_message_id) {
		alm_message_id_text(&record->message_id, id);
		cells[VIEW_MESSAGE_ID] = alm_table_keep(table, id, sizeof(id));
	}
	if (record->has_person && alm_call_knows_person(call, record)) {
		cells[VIEW_PERSON] = alm_table_hex(
			table, (struct alm_bytes){record->person, 16});
	}
}

static const char *detail_of(
	struct alm_table *table, const struct alm_audit_view *view)
{
	if (view->is_pruned) {
		return "pruned";
	}
	if (view->is_erased) {
		return "erased";
	}
	return view->detail == NULL ? "" : one_line(table, view->detail);
}

enum alm_err alm_audit_view_add(struct alm_call *call,
	const struct alm_question *question, const struct alm_audit_view *view)
{
	const char *cells[VIEW_COLUMNS];
	char grade[ALM_GRADE_TEXT_BYTES];
	enum alm_err err = add_proof(call, question, view->record.seq, cells);

	if (err == ALM_OK) {
		err = add_header(call, &view->record, cells);
	}
	if (err != ALM_OK) {
		return err;
	}
	add_facts(call, &view->record, cells);
	alm_evidence_grade(&question->marks, view->record.seq, grade);
	cells[VIEW_DETAIL] = detail_of(call->table, view);
	cells[VIEW_SIGNATURE] = signature_text(call->table, view);
	cells[VIEW_EVIDENCE] = grade;
	alm_table_row(call->table, cells);
	return ALM_OK;
}
