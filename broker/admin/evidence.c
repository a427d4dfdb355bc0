/*
 * Heads, proofs and receipts for who asks, and the cosignatures of partners.
 * A file is given as rows of base64, because a cell is one line of text.
 *
 * Heads and proofs say nothing about anybody, so asking for them is not a
 * record; nor is an agent's question for the receipt of a message that it
 * sent or was given, which tells it what it has.  One for anything else is.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "broker/admin/question.h"
#include "broker/evidence/checkpoint.h"
#include "broker/identity/role.h"
#include "broker/loop/detail.h"
#include "lib/lines.h"

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

/* --- witnesses ------------------------------------------------------------ */

static enum alm_err find_witness(
	struct alm_call *call, uint64_t number, struct alm_witness *out)
{
	enum alm_err err = alm_store_witness_next(
		call->turn->broker->store, number - 1, call->turn->arena, out);

	return err == ALM_OK && out->agent != number ? ALM_NOT_FOUND : err;
}

/* An agent may have another key than before: that is a record. */
static enum alm_err take_key(struct alm_call *call,
	const struct alm_note_key *key, struct alm_witness *witness)
{
	const struct alm_agent *agent = call->request->agent;
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_WITNESS);
	char text[ALM_NOTE_KEY_TEXT_BYTES];
	struct alm_detail *detail;
	enum alm_err err = find_witness(call, agent->number, witness);

	if (err == ALM_OK &&
		memcmp(witness->key, key->key, ALM_KEY_BYTES) == 0) {
		return ALM_OK;
	}
	if (err == ALM_NOT_FOUND) {
		*witness = (struct alm_witness){.agent = agent->number};
	} else if (err != ALM_OK) {
		return err;
	}
	memcpy(witness->key, key->key, ALM_KEY_BYTES);
	memcpy(record.content.raw, key->key, ALM_KEY_BYTES);
	witness->organisation = agent->organisation;
	witness->name = key->name;
	record.sender = agent->organisation;
	record.agent = agent->number;
	alm_note_key_text(key, text);
	detail = alm_call_detail(call, "witness");
	alm_detail_text(detail, "key", text);
	err = alm_turn_audit(call->turn, &record, alm_detail_finish(detail));
	witness->seq = record.seq;
	return err;
}

/* The head's text, with this one line under it, must verify. */
static bool is_good(const struct alm_signed_head *head,
	const struct alm_note_key *key,
	const uint8_t raw[ALM_COSIGNATURE_BYTES], struct alm_arena *arena)
{
	struct alm_note *note = alm_arena_take(arena, sizeof(*note));
	uint8_t *data = alm_arena_take(arena, ALM_HEAD_BYTES_MAX);
	struct alm_writer w;

	if (note == NULL || data == NULL) {
		return false;
	}
	alm_writer_init(&w, data, ALM_HEAD_BYTES_MAX);
	alm_write_raw(&w, head->note.data, head->note.bytes);
	alm_note_put_line(
		&w, key, (struct alm_bytes){raw, ALM_COSIGNATURE_BYTES});
	return !w.is_bad &&
	       alm_note_parse((struct alm_bytes){data, w.bytes}, note) ==
		       ALM_OK &&
	       alm_note_verify(note, key, NULL) == ALM_NOTE_GOOD;
}

static enum alm_err refuse(struct alm_call *call, const char *why)
{
	return alm_problem_set(call->problem, ALM_COSIGNATURE, "%s", why);
}

/* What a witness brings: of which head, by which key, the signature. */
struct cosigning {
	uint64_t size;
	struct alm_note_key key;
	uint8_t raw[ALM_COSIGNATURE_BYTES];
};

static enum alm_err read_cosigning(struct alm_call *call, struct cosigning *out)
{
	const struct alm_agent *agent = call->request->agent;
	const char *text = alm_call_argument(call, "cosignature");
	struct alm_bytes base64 = {(const uint8_t *)text, strlen(text)};
	char name[ALM_NOTE_NAME_BYTES];
	uint8_t public_key[ALM_KEY_BYTES];

	if (alm_question_number(call, "size", &out->size) != ALM_OK ||
		alm_unhex(alm_call_argument(call, "key"), public_key,
			ALM_KEY_BYTES) != ALM_OK ||
		!alm_line_base64(base64, out->raw, sizeof(out->raw))) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"size, key or cosignature");
	}
	(void)snprintf(
		name, sizeof(name), "%s/%s", agent->organisation, agent->name);
	return alm_note_key_make(
		name, ALM_NOTE_COSIGNATURE, public_key, &out->key);
}

static enum alm_err check_cosigning(
	struct alm_call *call, const struct cosigning *it)
{
	struct alm_signed_head head;
	enum alm_err err = alm_store_head_from(
		call->turn->broker->store, it->size, call->turn->arena, &head);

	if (err == ALM_NOT_FOUND || (err == ALM_OK && head.size != it->size)) {
		return refuse(call, "that head is not kept");
	}
	if (err == ALM_OK &&
		!is_good(&head, &it->key, it->raw, call->turn->arena)) {
		return refuse(call, "it does not verify");
	}
	return err;
}

enum alm_err alm_verb_audit_cosign(struct alm_call *call)
{
	struct alm_store *store = call->turn->broker->store;
	struct cosigning it = {.size = 0};
	struct alm_witness witness;
	enum alm_err err = read_cosigning(call, &it);

	if (err == ALM_OK) {
		err = check_cosigning(call, &it);
	}
	if (err == ALM_OK) {
		err = take_key(call, &it.key, &witness);
	}
	if (err != ALM_OK || it.size <= witness.cosigned_size) {
		return err;
	}
	witness.cosigned_size = it.size;
	witness.cosigned_at_us = call->turn->now_us;
	err = alm_store_cosignature_put(store, it.size, &witness, it.raw);
	if (err == ALM_OK) {
		err = alm_store_witness_put(store, &witness);
	}
	call->turn->has_effects = true;
	return err;
}

/* The agent of a witness that was revoked stays known, as its cosignatures
 * do, and is waited for no more. */
static const char *witness_status(
	const struct alm_broker *broker, uint64_t number)
{
	const struct alm_agent *agent =
		alm_keyring_by_number(broker->keyring, number);

	return agent == NULL || agent->is_revoked ? "revoked" : "active";
}

enum alm_err alm_verb_audit_witnesses(struct alm_call *call)
{
	static const char *const columns[] = {"organisation", "key", "size",
		"behind", "cosigned-at", "lag-s", "seq", "status"};
	struct alm_table *table = call->table;
	struct alm_broker *broker = call->turn->broker;
	struct alm_witness witness = {.agent = 0};
	int64_t lag_us = 0;
	enum alm_err err = ALM_OK;

	alm_table_columns(table, columns, ALM_COUNT(columns));
	while (alm_table_has_room(table) &&
		(err = alm_store_witness_next(broker->store, witness.agent,
			 call->turn->arena, &witness)) == ALM_OK) {
		char text[ALM_NOTE_KEY_TEXT_BYTES];
		struct alm_note_key key;

		err = alm_note_key_make(
			witness.name, ALM_NOTE_COSIGNATURE, witness.key, &key);
		if (err != ALM_OK) {
			return ALM_STORE_CORRUPT;
		}
		err = alm_store_witness_lag(
			broker->store, &witness, call->turn->now_us, &lag_us);
		if (err != ALM_OK) {
			return err;
		}
		alm_note_key_text(&key, text);
		alm_table_row(table,
			(const char *const[]){witness.organisation, text,
				alm_table_text(table, witness.cosigned_size),
				alm_table_text(
					table, broker->audit_size -
						       witness.cosigned_size),
				alm_table_instant(
					table, witness.cosigned_at_us),
				alm_table_text(
					table, (uint64_t)lag_us / 1000000),
				alm_table_text(table, witness.seq),
				witness_status(broker, witness.agent)});
	}
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

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
