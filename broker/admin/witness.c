/* Partners' agents that cosign the log's heads: what they bring, and who they
 * are. */
#include <stdio.h>
#include <string.h>

#include "broker/admin/question.h"
#include "broker/auth/keyring.h"
#include "broker/loop/detail.h"
#include "lib/lines.h"

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
	const struct alm_broker *broker, const struct alm_witness *witness)
{
	const struct alm_agent *agent =
		alm_keyring_by_number(broker->keyring, witness->agent);

	if (agent == NULL || agent->is_revoked) {
		return "revoked";
	}
	return witness->is_ended ? "ended" : "active";
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
				witness_status(broker, &witness)});
	}
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

static enum alm_err record_end(
	const struct alm_call *call, const struct alm_witness *witness)
{
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_ADMIN);
	struct alm_detail *detail = alm_call_detail(call, "witness-ended");

	record.sender = witness->organisation;
	alm_detail_text(detail, "witness", witness->name);
	alm_detail_number(detail, "size", witness->cosigned_size);
	return alm_turn_audit(call->turn, &record, alm_detail_finish(detail));
}

/* It stays an agent, and what it has cosigned stays true. */
enum alm_err alm_verb_audit_unwitness(struct alm_call *call)
{
	const struct alm_agent *agent =
		alm_keyring_by_name(call->turn->broker->keyring,
			alm_call_argument(call, "organisation"),
			alm_call_argument(call, "agent"));
	struct alm_witness witness = {.agent = 0};
	enum alm_err err = alm_call_needs_reason(call);

	if (err == ALM_OK) {
		err = agent == NULL
			      ? ALM_NOT_FOUND
			      : find_witness(call, agent->number, &witness);
	}
	if (err == ALM_NOT_FOUND || (err == ALM_OK && witness.is_ended)) {
		return alm_problem_set(call->problem, ALM_NOT_FOUND,
			"no such witness, or nobody waits for it already");
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_table_fact(call->table, "witness", witness.name);
	alm_table_number(call->table, "size", witness.cosigned_size);
	if (alm_call_is_dry_run(call)) {
		return ALM_OK;
	}
	err = alm_store_witness_end(call->turn->broker->store, &witness);
	return err == ALM_OK ? record_end(call, &witness) : err;
}
