/*
 * Verbs about invites: made, listed, revoked, and the agents that came with
 * them approved.
 */
#include <string.h>

#include <sodium.h>

#include "broker/admin/question.h"
#include "broker/admin/verbs.h"
#include "broker/identity/identity.h"
#include "broker/loop/detail.h"
#include "lib/role.h"

#define EXPIRES_S_DEFAULT (INT64_C(3) * 24 * 3600)
#define EXPIRES_S_MAX (INT64_C(30) * 24 * 3600)

static enum alm_err bad(
	const struct alm_call *call, const char *key, const char *what)
{
	return alm_problem_set(
		call->problem, ALM_BAD_ARGUMENT, "%s: %s", key, what);
}

/* Everything but the number. */
static enum alm_err read_invite(
	struct alm_call *call, struct alm_invite_row *invite, char *categories)
{
	uint64_t expires_s = EXPIRES_S_DEFAULT;
	enum alm_err err;

	memset(invite, 0, sizeof(*invite));
	categories[0] = '\0';
	invite->state = ALM_INVITE_OPEN;
	invite->organisation = alm_call_argument(call, "organisation");
	invite->agent = alm_call_argument(call, "agent");
	invite->roles = ALM_ROLES_ALL;
	invite->categories = categories;
	if (!alm_id_is_valid(invite->organisation) ||
		!alm_id_is_valid(invite->agent)) {
		return bad(call, "organisation, agent", "must be ids");
	}
	if (alm_unhex(alm_call_argument(call, "invite-key"), invite->invite_key,
		    ALM_KEY_BYTES) != ALM_OK ||
		alm_unhex(alm_call_argument(call, "proof-hash"),
			invite->proof_hash, 32) != ALM_OK) {
		return bad(call, "invite-key, proof-hash", "64 hex digits");
	}
	err = alm_call_roles(call, &invite->roles, categories);
	if (err == ALM_OK) {
		err = alm_question_number(call, "expires-s", &expires_s);
	}
	if (err == ALM_OK && (expires_s == 0 || expires_s > EXPIRES_S_MAX)) {
		return bad(call, "expires-s", "1 second to 30 days");
	}
	invite->made_at_us = call->turn->now_us;
	invite->changed_at_us = call->turn->now_us;
	invite->expires_us = call->turn->now_us + (int64_t)expires_s * 1000000;
	return err;
}

static enum alm_err check_invite(
	const struct alm_call *call, const struct alm_invite_row *invite)
{
	const struct alm_keyring *ring = call->turn->broker->keyring;
	const struct alm_agent *known =
		alm_keyring_by_name(ring, invite->organisation, invite->agent);

	if (known != NULL && !known->is_revoked) {
		return alm_problem_set(call->problem, ALM_AGENT_EXISTS,
			"%s of %s", invite->agent, invite->organisation);
	}
	if (alm_keyring_by_key(ring, invite->invite_key) != NULL ||
		alm_keyring_invite_by_key(ring, invite->invite_key) != NULL) {
		return alm_problem_set(call->problem, ALM_KEY_USED, "%s", "");
	}
	if (alm_keyring_invite_count(ring) >= ALM_INVITES_OPEN_MAX) {
		return alm_problem_set(call->problem, ALM_TOO_MANY_VALUES,
			"at most %u invites are open at once",
			ALM_INVITES_OPEN_MAX);
	}
	return ALM_OK;
}

static enum alm_err record_invite(const struct alm_call *call,
	const struct alm_invite_row *invite, enum alm_audit_kind kind,
	const char *what)
{
	struct alm_audit_record record = alm_turn_record(call->turn, kind);
	struct alm_detail *detail = alm_call_detail(call, what);
	char roles[ALM_ROLES_TEXT_BYTES];

	alm_roles_text(invite->roles, roles);
	alm_detail_number(detail, "invite", invite->number);
	alm_detail_text(detail, "invited", invite->agent);
	alm_detail_text(detail, "roles", roles);
	alm_detail_text(detail, "categories", invite->categories);
	record.sender = invite->organisation;
	record.agent = invite->agent_number;
	return alm_turn_audit(call->turn, &record, alm_detail_finish(detail));
}

static bool is_in_policy(const struct alm_call *call, const char *organisation)
{
	const struct alm_snapshot *snapshot = call->turn->broker->snapshot;
	struct alm_organisation_view view;

	return snapshot != NULL &&
	       alm_snapshot_find_organisation(snapshot, organisation, &view);
}

static void tell_invite(
	struct alm_call *call, const struct alm_invite_row *invite)
{
	struct alm_table *table = call->table;
	char roles[ALM_ROLES_TEXT_BYTES];

	alm_roles_text(invite->roles, roles);
	alm_table_number(table, "invite", invite->number);
	alm_table_fact(table, "organisation", invite->organisation);
	alm_table_fact(table, "agent", invite->agent);
	alm_table_fact(table, "roles", roles);
	alm_table_fact(table, "categories", invite->categories);
	alm_table_fact(table, "in-policy",
		is_in_policy(call, invite->organisation) ? "yes" : "no");
	alm_call_tell_doubt(call, invite->categories);
	alm_call_whereabouts(call, "endpoint");
	alm_table_fact(table, "expires-at",
		alm_table_instant(table, invite->expires_us));
}

enum alm_err alm_verb_agent_invite(struct alm_call *call)
{
	char categories[ALM_AGENT_CATEGORIES_BYTES];
	struct alm_invite_row invite;
	enum alm_err err = read_invite(call, &invite, categories);

	if (err == ALM_OK) {
		err = check_invite(call, &invite);
	}
	if (err != ALM_OK) {
		return err;
	}
	if (alm_call_is_dry_run(call)) {
		tell_invite(call, &invite);
		return ALM_OK;
	}
	err = alm_store_invite_put(call->turn->broker->store, &invite);
	if (err == ALM_OK) {
		err = record_invite(call, &invite, ALM_AUDIT_INVITE, "made");
	}
	if (err == ALM_OK) {
		err = alm_identity_admit_invite(call->turn, &invite);
	}
	if (err == ALM_OK) {
		tell_invite(call, &invite);
	}
	return err;
}

/* --- list ---------------------------------------------------------------- */

static enum alm_err add_invite(
	struct alm_call *call, const struct alm_invite_row *invite)
{
	struct alm_table *table = call->table;
	bool has_keys = !sodium_is_zero(invite->curve_key, 32);
	char roles[ALM_ROLES_TEXT_BYTES];
	uint8_t check[ALM_DIGEST_BYTES];
	enum alm_err err = alm_identity_check(call->turn->broker, invite,
		invite->curve_key, invite->signing_key, check);

	if (err != ALM_OK) {
		return err;
	}
	alm_roles_text(invite->roles, roles);
	alm_table_row(table,
		(const char *const[]){alm_table_text(table, invite->number),
			alm_invite_state_word(invite->state),
			invite->organisation, invite->agent, roles,
			invite->categories,
			alm_table_instant(table, invite->made_at_us),
			alm_table_instant(table, invite->expires_us),
			has_keys ? alm_table_hex(table,
					   (struct alm_bytes){invite->curve_key,
						   ALM_KEY_BYTES})
				 : "",
			has_keys ? alm_table_hex(table,
					   (struct alm_bytes){
						   invite->signing_key,
						   ALM_KEY_BYTES})
				 : "",
			has_keys ? alm_table_hex(
					   table, (struct alm_bytes){check, 32})
				 : "",
			alm_table_text(table, invite->agent_number)});
	return ALM_OK;
}

static bool is_asked_for(
	const struct alm_call *call, const struct alm_invite_row *invite)
{
	const char *only = alm_call_argument(call, "organisation");
	bool is_waiting = invite->state == ALM_INVITE_OPEN ||
			  invite->state == ALM_INVITE_JOINED;

	return (only[0] == '\0' || strcmp(only, invite->organisation) == 0) &&
	       (is_waiting ||
		       strcmp(alm_call_argument(call, "all"), "yes") == 0);
}

enum alm_err alm_verb_agent_invites(struct alm_call *call)
{
	static const char *const columns[] = {"invite", "status",
		"organisation", "agent", "roles", "categories", "made-at",
		"expires-at", "curve-key", "signing-key", "check",
		"agent-number"};
	struct alm_table *table = call->table;
	uint64_t after = 0;
	enum alm_err err = alm_question_number(call, "cursor", &after);

	alm_table_columns(table, columns, ALM_COUNT(columns));
	while (err == ALM_OK) {
		struct alm_invite_row invite;

		err = alm_store_invite_next(call->turn->broker->store, after,
			call->turn->arena, &invite);
		if (err != ALM_OK) {
			break;
		}
		if (is_asked_for(call, &invite)) {
			if (!alm_table_has_room(table)) {
				table->cursor = alm_table_text(table, after);
				return ALM_OK;
			}
			err = add_invite(call, &invite);
		}
		after = invite.number;
	}
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

/* --- revoke and approve --------------------------------------------------- */

static enum alm_err find_invite(
	struct alm_call *call, struct alm_invite_row *out)
{
	uint64_t number = 0;
	enum alm_err err = alm_question_number(call, "invite", &number);

	if (err == ALM_OK) {
		err = alm_store_invite_get(call->turn->broker->store, number,
			call->turn->arena, out);
	}
	if (err == ALM_NOT_FOUND) {
		(void)alm_problem_set(
			call->problem, err, "there is no such invite");
	}
	return err;
}

enum alm_err alm_verb_agent_uninvite(struct alm_call *call)
{
	struct alm_invite_row invite;
	enum alm_err err = find_invite(call, &invite);

	if (err != ALM_OK) {
		return err;
	}
	if (invite.state != ALM_INVITE_OPEN &&
		invite.state != ALM_INVITE_JOINED) {
		return alm_problem_set(call->problem, ALM_INVITE_INVALID,
			"it is %s", alm_invite_state_word(invite.state));
	}
	alm_table_number(call->table, "invite", invite.number);
	if (alm_call_is_dry_run(call)) {
		return ALM_OK;
	}
	invite.state = ALM_INVITE_REVOKED;
	invite.changed_at_us = call->turn->now_us;
	err = alm_store_invite_change(call->turn->broker->store, &invite);
	if (err == ALM_OK) {
		err = record_invite(call, &invite, ALM_AUDIT_INVITE, "revoked");
	}
	if (err == ALM_OK) {
		alm_identity_end_invite(call->turn, invite.number);
	}
	return err;
}

/* What was confirmed is what waits: both say so by the same digest. */
static enum alm_err check_confirmed(
	struct alm_call *call, const struct alm_invite_row *invite)
{
	uint8_t confirmed[ALM_DIGEST_BYTES];
	uint8_t check[ALM_DIGEST_BYTES];
	enum alm_err err;

	if (invite->state != ALM_INVITE_JOINED) {
		return alm_problem_set(call->problem, ALM_INVITE_INVALID,
			"it is %s; only one that has joined can be approved",
			alm_invite_state_word(invite->state));
	}
	if (alm_unhex(alm_call_argument(call, "check"), confirmed,
		    sizeof(confirmed)) != ALM_OK) {
		return bad(call, "check", "64 hex digits");
	}
	err = alm_identity_check(call->turn->broker, invite, invite->curve_key,
		invite->signing_key, check);
	if (err == ALM_OK && memcmp(check, confirmed, sizeof(check)) != 0) {
		err = alm_problem_set(
			call->problem, ALM_WORDS_DIFFER, "%s", "");
	}
	return err;
}

static enum alm_err register_agent(struct alm_call *call,
	struct alm_invite_row *invite, struct alm_agent *agent)
{
	struct alm_broker *broker = call->turn->broker;
	struct alm_agent_row row;
	enum alm_err err;

	memset(agent, 0, sizeof(*agent));
	alm_text_copy(agent->organisation, sizeof(agent->organisation),
		invite->organisation);
	alm_text_copy(agent->name, sizeof(agent->name), invite->agent);
	alm_text_copy(agent->categories, sizeof(agent->categories),
		invite->categories);
	memcpy(agent->curve_key, invite->curve_key, ALM_KEY_BYTES);
	memcpy(agent->signing_key, invite->signing_key, ALM_KEY_BYTES);
	agent->roles = invite->roles;
	agent->registered_at_us = call->turn->now_us;
	agent->keys_since_us = call->turn->now_us;
	if (alm_keyring_count(broker->keyring) >= ALM_AGENTS_MAX) {
		return alm_problem_set(call->problem, ALM_TOO_MANY_VALUES,
			"at most %u agents", ALM_AGENTS_MAX);
	}
	row = alm_agent_to_row(agent);
	err = alm_store_agent_put(broker->store, &row);
	agent->number = row.number;
	invite->agent_number = row.number;
	invite->state = ALM_INVITE_APPROVED;
	invite->changed_at_us = call->turn->now_us;
	return err;
}

enum alm_err alm_verb_agent_approve(struct alm_call *call)
{
	struct alm_invite_row invite;
	struct alm_agent agent;
	enum alm_err err = find_invite(call, &invite);

	if (err == ALM_OK) {
		err = check_confirmed(call, &invite);
	}
	if (err != ALM_OK || alm_call_is_dry_run(call)) {
		return err;
	}
	err = register_agent(call, &invite, &agent);
	if (err == ALM_OK) {
		err = alm_store_invite_change(
			call->turn->broker->store, &invite);
	}
	if (err == ALM_OK) {
		err = record_invite(
			call, &invite, ALM_AUDIT_JOIN_APPROVED, "approved");
	}
	if (err == ALM_OK) {
		alm_table_number(call->table, "number", agent.number);
		alm_table_fact(call->table, "organisation", agent.organisation);
		alm_table_fact(call->table, "agent", agent.name);
		alm_identity_end_invite(call->turn, invite.number);
		err = alm_turn_change_agent(call->turn, &agent);
	}
	return err;
}
