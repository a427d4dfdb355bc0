/*
 * Verbs about who takes part: organisations, agents and standards.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/admin/verbs.h"
#include "broker/identity/identity.h"

static size_t agents_of(
	const struct alm_broker *broker, const char *organisation)
{
	size_t count = 0;

	for (size_t i = 0; i < alm_keyring_count(broker->keyring); i++) {
		const struct alm_agent *agent =
			alm_keyring_at(broker->keyring, i);

		count += !agent->is_revoked && strcmp(agent->organisation,
						       organisation) == 0
				 ? 1
				 : 0;
	}
	return count;
}

static enum alm_err add_organisation(
	struct alm_call *call, const struct alm_organisation_view *view)
{
	struct alm_broker *broker = call->turn->broker;
	struct alm_mailbox_state state;
	const char *assured =
		view->has_assurance_until
			? alm_table_instant(call->table,
				  view->assurance_until_s * 1000000)
			: "";
	enum alm_err err =
		alm_store_mailbox_state(broker->store, view->id, &state);

	if (err != ALM_OK) {
		return err;
	}
	alm_table_row(call->table,
		(const char *const[]){view->id, view->name, view->kind,
			alm_status_word(view->status),
			view->host == NULL ? "" : view->host, assured,
			alm_table_text(
				call->table, agents_of(broker, view->id)),
			alm_table_text(call->table, state.count)});
	return ALM_OK;
}

enum alm_err alm_verb_org_list(struct alm_call *call)
{
	static const char *const columns[] = {"id", "name", "kind", "status",
		"host", "assurance-until", "agents", "mail"};
	const struct alm_snapshot *snapshot = call->turn->broker->snapshot;
	const char *prefix = alm_call_argument(call, "prefix");
	const char *after = alm_call_argument(call, "cursor");
	struct alm_organisation_view view;

	alm_table_columns(call->table, columns, ALM_COUNT(columns));
	if (snapshot == NULL) {
		return alm_problem_set(call->problem, ALM_NO_BUNDLE, "%s", "");
	}
	for (size_t i = 0; alm_snapshot_organisation(snapshot, i, &view); i++) {
		enum alm_err err;

		if (strncmp(view.id, prefix, strlen(prefix)) != 0 ||
			strcmp(view.id, after) <= 0) {
			continue;
		}
		if (!alm_table_has_room(call->table)) {
			call->table->cursor =
				call->table->rows[call->table->row_count - 1]
					.items[0];
			break;
		}
		err = add_organisation(call, &view);
		if (err != ALM_OK) {
			return err;
		}
	}
	return ALM_OK;
}

static enum alm_err record_agent(const struct alm_call *call,
	const struct alm_agent *agent, const char *what)
{
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_AGENT);
	const char *words;

	record.sender = agent->organisation;
	/* Later records give the number alone: this one says whose it is. */
	record.agent = agent->number;
	words = alm_arena_printf(
		call->turn->arena, "%s: %s", what, agent->name);
	return words == NULL ? ALM_NOMEM
			     : alm_call_record(call, &record, words);
}

static enum alm_err read_agent(struct alm_call *call, struct alm_agent *agent)
{
	const char *organisation = alm_call_argument(call, "organisation");
	const char *name = alm_call_argument(call, "agent");

	memset(agent, 0, sizeof(*agent));
	if (!alm_id_is_valid(organisation) || !alm_id_is_valid(name)) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"organisation and agent must be ids");
	}
	if (alm_unhex(alm_call_argument(call, "curve-key"), agent->curve_key,
		    ALM_KEY_BYTES) != ALM_OK ||
		alm_unhex(alm_call_argument(call, "signing-key"),
			agent->signing_key, ALM_KEY_BYTES) != ALM_OK) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"curve-key and signing-key are 64 hex digits each");
	}
	alm_text_copy(
		agent->organisation, sizeof(agent->organisation), organisation);
	alm_text_copy(agent->name, sizeof(agent->name), name);
	return ALM_OK;
}

enum alm_err alm_verb_agent_register(struct alm_call *call)
{
	struct alm_broker *broker = call->turn->broker;
	const struct alm_agent *known;
	struct alm_agent_row row;
	struct alm_agent agent;
	enum alm_err err = read_agent(call, &agent);

	if (err != ALM_OK) {
		return err;
	}
	known = alm_keyring_by_name(
		broker->keyring, agent.organisation, agent.name);
	if (alm_keyring_by_key(broker->keyring, agent.curve_key) != NULL ||
		(known != NULL && !known->is_revoked)) {
		return alm_problem_set(call->problem, ALM_AGENT_EXISTS,
			"%s of %s", agent.name, agent.organisation);
	}
	/* Before it is stored: a store that holds more would not start. */
	if (alm_keyring_count(broker->keyring) >= ALM_AGENTS_MAX) {
		return alm_problem_set(call->problem, ALM_TOO_MANY_VALUES,
			"at most %u agents", ALM_AGENTS_MAX);
	}
	if (alm_call_is_dry_run(call)) {
		return ALM_OK;
	}
	agent.roles = ALM_ROLES_ALL;
	agent.registered_at_us = call->turn->now_us;
	agent.keys_since_us = call->turn->now_us;
	row = alm_agent_to_row(&agent);
	err = alm_store_agent_put(broker->store, &row);
	if (err == ALM_OK) {
		agent.number = row.number;
		err = record_agent(call, &agent, "registered");
	}
	if (err == ALM_OK) {
		alm_table_number(call->table, "number", agent.number);
		err = alm_turn_change_agent(call->turn, &agent);
	}
	return err;
}

static const struct alm_agent *named_agent(const struct alm_call *call)
{
	const struct alm_keyring *ring = call->turn->broker->keyring;
	const char *number = alm_call_argument(call, "number");

	if (number[0] != '\0') {
		bool is_number = strlen(number) < 19 &&
				 strspn(number, "0123456789") == strlen(number);

		return is_number ? alm_keyring_by_number(
					   ring, strtoull(number, NULL, 10))
				 : NULL;
	}
	return alm_keyring_by_name(ring,
		alm_call_argument(call, "organisation"),
		alm_call_argument(call, "agent"));
}

enum alm_err alm_verb_agent_revoke(struct alm_call *call)
{
	const struct alm_agent *named = named_agent(call);
	struct alm_sessions *sessions = call->turn->broker->sessions;
	struct alm_session *session;
	struct alm_agent agent;
	enum alm_err err;

	if (named == NULL || named->is_revoked) {
		return alm_problem_set(call->problem, ALM_NOT_FOUND,
			"no such agent, or it is revoked already");
	}
	agent = *named;
	agent.is_revoked = true;
	alm_table_number(call->table, "number", agent.number);
	if (alm_call_is_dry_run(call)) {
		return ALM_OK;
	}
	err = alm_store_agent_revoke(
		call->turn->broker->store, agent.number, call->turn->now_us);
	if (err == ALM_OK) {
		err = record_agent(call, &agent, "revoked");
	}
	if (err == ALM_OK) {
		err = alm_turn_change_agent(call->turn, &agent);
	}
	/* What it holds is due again elsewhere. */
	session = alm_sessions_of_agent(sessions, agent.number);
	if (err == ALM_OK && session != NULL) {
		alm_sessions_remove(sessions, &session);
	}
	return err;
}

static void add_standard(
	struct alm_table *table, const struct alm_standard *standard)
{
	alm_table_row(
		table, (const char *const[]){standard->id, standard->version,
			       alm_table_text(table, standard->field_count)});
}

enum alm_err alm_verb_standard_list(struct alm_call *call)
{
	static const char *const columns[] = {"id", "version", "fields"};
	struct alm_standards *standards = call->turn->broker->standards;
	size_t count = alm_standards_count(standards);

	alm_table_columns(call->table, columns, ALM_COUNT(columns));
	for (size_t i = 0; i < count && alm_table_has_room(call->table); i++) {
		add_standard(call->table, alm_standards_at(standards, i));
	}
	return ALM_OK;
}

static enum alm_err put_standard(
	struct alm_call *call, const struct alm_attachment *attachment)
{
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_STANDARD);
	struct alm_broker *broker = call->turn->broker;
	const struct alm_standard *standard;
	struct alm_standard_row row;
	enum alm_err err = alm_standards_add(broker->standards,
		attachment->content, &standard, call->problem);

	if (err != ALM_OK) {
		return err;
	}
	call->turn->has_new_world = true;
	row = (struct alm_standard_row){
		standard->id, standard->version, attachment->content};
	err = alm_store_standard_put(broker->store, &row);
	if (err == ALM_OK) {
		record.standard = standard->id;
		err = alm_call_record(call, &record, standard->version);
	}
	if (err == ALM_OK) {
		add_standard(call->table, standard);
	}
	return err;
}

/* Load all of them apart: one that cannot be used keeps the others out, so
 * that a request is carried out whole or not at all. */
static enum alm_err try_standards(struct alm_call *call)
{
	struct alm_standards *apart = alm_standards_new();
	enum alm_err err = apart == NULL ? ALM_NOMEM : ALM_OK;

	for (size_t i = 0; err == ALM_OK && i < call->ask->attachment_count;
		i++) {
		const struct alm_standard *standard;

		err = alm_standards_add(apart,
			call->ask->attachments[i].content, &standard,
			call->problem);
		if (err == ALM_OK && alm_call_is_dry_run(call)) {
			add_standard(call->table, standard);
		}
	}
	alm_standards_free(apart);
	return err;
}

enum alm_err alm_verb_standard_put(struct alm_call *call)
{
	static const char *const columns[] = {"id", "version", "fields"};
	const struct alm_request_call *ask = call->ask;
	enum alm_err err;

	alm_table_columns(call->table, columns, ALM_COUNT(columns));
	if (ask->attachment_count > ALM_ROWS_PER_ANSWER_MAX) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"at most %u standards at once",
			ALM_ROWS_PER_ANSWER_MAX);
	}
	err = try_standards(call);
	if (alm_call_is_dry_run(call)) {
		return err;
	}
	for (size_t i = 0; err == ALM_OK && i < ask->attachment_count; i++) {
		err = put_standard(call, &ask->attachments[i]);
	}
	return err;
}
