/*
 * Verbs about agents as they are: their list, their roles, and new keys, given
 * by the operator or announced by the agent itself.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "broker/admin/question.h"
#include "broker/admin/verbs.h"
#include "broker/identity/identity.h"
#include "broker/loop/detail.h"
#include "lib/join.h"
#include "lib/role.h"

/* --- list ---------------------------------------------------------------- */

static const char *key_word(const struct alm_broker *broker,
	const struct alm_agent *agent, bool is_connected)
{
	if (!alm_edge_has_next(broker->edge) || !is_connected) {
		return "";
	}
	return agent->is_on_next_key ? "next" : "old";
}

static void add_agent(struct alm_call *call, const struct alm_agent *agent)
{
	struct alm_broker *broker = call->turn->broker;
	struct alm_table *table = call->table;
	const struct alm_session *session =
		alm_sessions_of_agent(broker->sessions, agent->number);
	bool is_connected = session != NULL;
	int64_t seen_us =
		is_connected ? call->turn->now_us - (call->turn->monotonic_ms -
							    session->heard_ms) *
							    1000
			     : agent->seen_at_us;
	char roles[ALM_ROLES_TEXT_BYTES];

	alm_roles_text(agent->roles, roles);
	alm_table_row(table,
		(const char *const[]){alm_table_text(table, agent->number),
			agent->organisation, agent->name,
			agent->is_revoked ? "revoked" : "active",
			is_connected ? "yes" : "no",
			alm_table_hex(
				table, (struct alm_bytes){agent->curve_key,
					       ALM_KEY_BYTES}),
			alm_table_hex(
				table, (struct alm_bytes){agent->signing_key,
					       ALM_KEY_BYTES}),
			alm_table_instant(table, agent->registered_at_us),
			roles, agent->categories,
			alm_table_instant(table, agent->keys_since_us),
			alm_table_instant(table, agent->old_until_us),
			key_word(broker, agent, is_connected),
			alm_table_instant(table, seen_us)});
}

enum alm_err alm_verb_agent_list(struct alm_call *call)
{
	static const char *const columns[] = {"number", "organisation", "agent",
		"status", "connected", "curve-key", "signing-key",
		"registered-at", "roles", "categories", "keys-since",
		"old-keys-until", "broker-key", "seen-at"};
	const struct alm_keyring *ring = call->turn->broker->keyring;
	struct alm_table *table = call->table;
	const char *only = alm_call_argument(call, "organisation");
	uint64_t after = strtoull(alm_call_argument(call, "cursor"), NULL, 10);

	alm_table_columns(table, columns, ALM_COUNT(columns));
	for (size_t i = 0; i < alm_keyring_count(ring); i++) {
		const struct alm_agent *agent = alm_keyring_at(ring, i);

		if (agent->number <= after ||
			(only[0] != '\0' &&
				strcmp(only, agent->organisation) != 0)) {
			continue;
		}
		if (!alm_table_has_room(table)) {
			table->cursor =
				table->rows[table->row_count - 1].items[0];
			break;
		}
		add_agent(call, agent);
	}
	return ALM_OK;
}

/* --- roles --------------------------------------------------------------- */

static enum alm_err find_agent(
	struct alm_call *call, const struct alm_agent **out_agent)
{
	const struct alm_agent *agent =
		alm_keyring_by_name(call->turn->broker->keyring,
			alm_call_argument(call, "organisation"),
			alm_call_argument(call, "agent"));

	if (agent == NULL || agent->is_revoked) {
		(void)alm_problem_set(call->problem, ALM_NOT_FOUND,
			"no such agent, or it is revoked");
		return ALM_NOT_FOUND;
	}
	*out_agent = agent;
	return ALM_OK;
}

static void tell_roles(struct alm_call *call, const struct alm_agent *agent)
{
	char roles[ALM_ROLES_TEXT_BYTES];

	alm_roles_text(agent->roles, roles);
	alm_table_number(call->table, "number", agent->number);
	alm_table_fact(call->table, "roles", roles);
	alm_table_fact(call->table, "categories",
		agent->categories[0] == '\0' ? "any" : agent->categories);
	alm_call_tell_doubt(call, agent->categories);
}

enum alm_err alm_verb_agent_roles(struct alm_call *call)
{
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_ROLES);
	const struct alm_agent *agent;
	struct alm_detail *detail;
	struct alm_agent before;
	struct alm_agent after;
	char roles[ALM_ROLES_TEXT_BYTES];
	enum alm_err err = find_agent(call, &agent);

	if (err != ALM_OK) {
		return err;
	}
	if (alm_call_argument(call, "roles")[0] == '\0' &&
		alm_call_argument(call, "categories")[0] == '\0') {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"roles or categories must say something; none, any");
	}
	before = after = *agent;
	err = alm_call_roles(call, &after.roles, after.categories);
	if (err != ALM_OK) {
		return err;
	}
	tell_roles(call, &after);
	if (alm_call_is_dry_run(call)) {
		return ALM_OK;
	}
	detail = alm_call_detail(call, "roles");
	alm_detail_text(detail, "changed", after.name);
	alm_roles_text(before.roles, roles);
	alm_detail_text(detail, "roles-before", roles);
	alm_detail_text(detail, "categories-before", before.categories);
	alm_roles_text(after.roles, roles);
	alm_detail_text(detail, "roles", roles);
	alm_detail_text(detail, "categories", after.categories);
	record.sender = after.organisation;
	record.agent = after.number;
	err = alm_turn_audit(call->turn, &record, alm_detail_finish(detail));
	if (err == ALM_OK) {
		err = alm_identity_change(call->turn, &before, &after);
	}
	return err;
}

/* --- keys ---------------------------------------------------------------- */

static enum alm_err read_keys(struct alm_call *call,
	uint8_t curve_key[ALM_KEY_BYTES], uint8_t signing_key[ALM_KEY_BYTES])
{
	if (alm_unhex(alm_call_argument(call, "curve-key"), curve_key,
		    ALM_KEY_BYTES) != ALM_OK ||
		alm_unhex(alm_call_argument(call, "signing-key"), signing_key,
			ALM_KEY_BYTES) != ALM_OK) {
		(void)alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"curve-key and signing-key are 64 hex digits each");
		return ALM_BAD_ARGUMENT;
	}
	return ALM_OK;
}

static void tell_rotation(
	struct alm_call *call, const struct alm_agent *agent, int64_t until_us)
{
	alm_table_number(call->table, "number", agent->number);
	alm_table_number(call->table, "rotations", agent->rotations);
	alm_table_fact(call->table, "old-keys-until",
		alm_table_instant(call->table, until_us));
}

static enum alm_err rotate(struct alm_call *call, const struct alm_agent *agent,
	const uint8_t curve_key[ALM_KEY_BYTES],
	const uint8_t signing_key[ALM_KEY_BYTES], int64_t overlap_us,
	const char *what)
{
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_ROTATED);
	struct alm_detail *detail = NULL;
	const struct alm_agent before = *agent;
	struct alm_agent after;
	enum alm_err err = alm_identity_rotate(
		call->turn, agent, curve_key, signing_key, overlap_us, &after);

	if (err == ALM_OK) {
		detail = alm_call_detail(call, what);
		alm_detail_text(detail, "rotated", after.name);
		alm_detail_hex(detail, "curve-key",
			(struct alm_bytes){after.curve_key, ALM_KEY_BYTES});
		alm_detail_hex(detail, "signing-key",
			(struct alm_bytes){after.signing_key, ALM_KEY_BYTES});
		alm_detail_hex(detail, "old-curve-key",
			(struct alm_bytes){before.curve_key, ALM_KEY_BYTES});
		alm_detail_hex(detail, "old-signing-key",
			(struct alm_bytes){before.signing_key, ALM_KEY_BYTES});
		alm_detail_text(detail, "old-keys-until",
			alm_table_instant(call->table, after.old_until_us));
		record.sender = after.organisation;
		record.agent = after.number;
		err = alm_turn_audit(
			call->turn, &record, alm_detail_finish(detail));
	}
	if (err == ALM_OK) {
		tell_rotation(call, &after, after.old_until_us);
	}
	return err;
}

/* The same, and nothing changes. */
static enum alm_err rotate_dry(struct alm_call *call,
	const struct alm_agent *agent, const uint8_t curve_key[ALM_KEY_BYTES],
	const uint8_t signing_key[ALM_KEY_BYTES], int64_t overlap_us)
{
	enum alm_err err = alm_identity_check_rotation(
		agent, curve_key, signing_key, overlap_us);

	if (err == ALM_OK) {
		tell_rotation(call, agent,
			overlap_us > 0 ? call->turn->now_us + overlap_us : 0);
	}
	return err;
}

/* By the operator, for an agent that cannot sign any more. */
enum alm_err alm_verb_agent_rekey(struct alm_call *call)
{
	bool is_now = strcmp(alm_call_argument(call, "now"), "yes") == 0;
	int64_t overlap_us =
		is_now ? 0
		       : call->turn->broker->settings.key_overlap_s * 1000000;
	const struct alm_agent *agent;
	uint8_t curve_key[ALM_KEY_BYTES];
	uint8_t signing_key[ALM_KEY_BYTES];
	enum alm_err err = find_agent(call, &agent);

	if (err == ALM_OK) {
		err = read_keys(call, curve_key, signing_key);
	}
	if (err == ALM_OK && alm_call_is_dry_run(call)) {
		return rotate_dry(
			call, agent, curve_key, signing_key, overlap_us);
	}
	return err == ALM_OK ? rotate(call, agent, curve_key, signing_key,
				       overlap_us, "given new keys")
			     : err;
}

/* Both the signing key in use and the new one have signed the new keys. */
static enum alm_err check_rotation(struct alm_call *call,
	const struct alm_agent *agent, const uint8_t curve_key[ALM_KEY_BYTES],
	const uint8_t signing_key[ALM_KEY_BYTES])
{
	const struct alm_rotate_facts facts = {
		.organisation = agent->organisation,
		.agent = agent->name,
		.broker_key = alm_edge_peer_key(
			call->turn->broker->edge, call->request->peer),
		.curve_key = curve_key,
		.signing_key = signing_key};
	uint8_t signature[ALM_SIGNATURE_BYTES];
	uint8_t proof[ALM_SIGNATURE_BYTES];
	uint8_t check[ALM_DIGEST_BYTES];
	enum alm_err err = alm_rotate_check(&facts, check);

	if (err != ALM_OK) {
		return err;
	}
	if (alm_unhex(alm_call_argument(call, "signature"), signature,
		    sizeof(signature)) != ALM_OK ||
		alm_unhex(alm_call_argument(call, "proof"), proof,
			sizeof(proof)) != ALM_OK) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"signature and proof are 128 hex digits each");
	}
	if (!alm_digest_is_signed(
		    ALM_ROTATE_CONTEXT, check, signature, agent->signing_key) ||
		!alm_digest_is_signed(
			ALM_ROTATE_CONTEXT, check, proof, signing_key)) {
		return alm_problem_set(
			call->problem, ALM_BAD_SIGNATURE, "%s", "");
	}
	return ALM_OK;
}

/* By the agent itself.  What it has done already it may ask for again, as
 * when the answer was lost. */
enum alm_err alm_verb_agent_rotate(struct alm_call *call)
{
	const struct alm_agent *agent = call->request->agent;
	int64_t overlap_us =
		call->turn->broker->settings.key_overlap_s * 1000000;
	uint8_t curve_key[ALM_KEY_BYTES];
	uint8_t signing_key[ALM_KEY_BYTES];
	enum alm_err err = read_keys(call, curve_key, signing_key);

	if (err != ALM_OK) {
		return err;
	}
	if (memcmp(agent->curve_key, curve_key, ALM_KEY_BYTES) == 0 &&
		memcmp(agent->signing_key, signing_key, ALM_KEY_BYTES) == 0) {
		tell_rotation(call, agent, agent->old_until_us);
		return ALM_OK;
	}
	err = check_rotation(call, agent, curve_key, signing_key);
	if (err != ALM_OK) {
		return err;
	}
	return alm_call_is_dry_run(call)
		       ? rotate_dry(call, agent, curve_key, signing_key,
				 overlap_us)
		       : rotate(call, agent, curve_key, signing_key, overlap_us,
				 "rotated");
}
