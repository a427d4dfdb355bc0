/*
 * Verbs about officers.  The first guardian is taken on the operator's word;
 * from then on a guardian signs for every officer who comes or goes, else
 * one person could make the second one up.
 */
#include <string.h>

#include "broker/admin/signatory.h"

static void add_officer(
	struct alm_table *table, const struct alm_officer *officer)
{
	alm_table_row(table,
		(const char *const[]){alm_table_text(table, officer->number),
			officer->name, alm_officer_role_word(officer->role),
			officer->revoked_at_us == 0 ? "active" : "revoked",
			alm_table_hex(table, (struct alm_bytes){officer->key,
						     sizeof(officer->key)}),
			alm_table_instant(table, officer->registered_at_us),
			alm_table_instant(table, officer->revoked_at_us)});
}

enum alm_err alm_verb_officer_list(struct alm_call *call)
{
	static const char *const columns[] = {"number", "name", "role",
		"status", "key", "registered-at", "revoked-at"};
	struct alm_store *store = call->turn->broker->store;
	uint8_t id[ALM_STORE_ID_BYTES];
	struct alm_officer_counts counts;
	enum alm_err err = alm_store_officer_count(store, &counts);

	alm_table_columns(call->table, columns, ALM_COUNT(columns));
	if (err != ALM_OK) {
		return err;
	}
	alm_store_id(store, id);
	alm_table_fact(call->table, "store-id",
		alm_table_hex(call->table, (struct alm_bytes){id, sizeof(id)}));
	alm_table_number(
		call->table, "policy-epoch", alm_store_policy_newest(store));
	alm_table_number(call->table, "next-officer", counts.last_number + 1);
	alm_table_number(call->table, "guardians", counts.guardians);
	for (uint64_t i = 1; i <= counts.last_number && err == ALM_OK &&
			     alm_table_has_room(call->table);
		i++) {
		struct alm_officer officer;

		err = alm_store_officer_get(
			store, i, call->turn->arena, &officer);
		if (err == ALM_OK) {
			add_officer(call->table, &officer);
		}
	}
	return err;
}

static enum alm_err read_officer(
	struct alm_call *call, struct alm_officer *officer)
{
	const char *name = alm_call_argument(call, "name");
	const char *role = alm_call_argument(call, "role");

	memset(officer, 0, sizeof(*officer));
	if (!alm_id_is_valid(name)) {
		return alm_problem_set(
			call->problem, ALM_BAD_ARGUMENT, "name is an id");
	}
	if (strcmp(role, "author") == 0) {
		officer->role = ALM_OFFICER_AUTHOR;
	} else if (strcmp(role, "guardian") == 0) {
		officer->role = ALM_OFFICER_GUARDIAN;
	} else {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"role is author or guardian");
	}
	if (alm_unhex(alm_call_argument(call, "key"), officer->key,
		    sizeof(officer->key)) != ALM_OK) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"key is 64 hex digits");
	}
	officer->name = name;
	officer->registered_at_us = call->turn->now_us;
	return ALM_OK;
}

/* Once there is a guardian, one of them has signed for `change`. */
static enum alm_err prove(struct alm_call *call, enum alm_act act,
	const struct alm_officer *change, struct alm_officer *by,
	const struct alm_officer **out_by)
{
	uint8_t signature[ALM_SIGNATURE_BYTES];
	struct alm_statement statement = {.act = act, .number = change->number};
	bool is_guarded = false;
	enum alm_err err = alm_is_guarded(call, &is_guarded);

	*out_by = NULL;
	if (err != ALM_OK || !is_guarded) {
		return err;
	}
	err = alm_call_officer(call, ALM_OFFICER_GUARDIAN, by);
	if (err != ALM_OK) {
		return err;
	}
	statement.base = alm_store_policy_newest(call->turn->broker->store);
	statement.what = alm_officer_words(call->turn->arena, change);
	if (statement.what == NULL) {
		return ALM_NOMEM;
	}
	*out_by = by;
	return alm_call_proof(call, by, &statement, signature);
}

static enum alm_err record_change(struct alm_call *call, const char *what,
	const struct alm_officer *officer, const struct alm_officer *by)
{
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_OFFICER);
	const char *words = alm_officer_words(call->turn->arena, officer);

	words = words == NULL ? NULL
			      : alm_arena_printf(call->turn->arena, "%s: %s",
					what, words);
	return words == NULL
		       ? ALM_NOMEM
		       : alm_call_record_officer(call, &record, words, by);
}

enum alm_err alm_verb_officer_register(struct alm_call *call)
{
	struct alm_store *store = call->turn->broker->store;
	const struct alm_officer *by = NULL;
	struct alm_officer_counts counts;
	struct alm_officer officer;
	struct alm_officer guardian;
	enum alm_err err = read_officer(call, &officer);

	if (err == ALM_OK) {
		err = alm_store_officer_count(store, &counts);
	}
	if (err == ALM_OK) {
		officer.number = counts.last_number + 1;
		err = prove(call, ALM_ACT_REGISTER, &officer, &guardian, &by);
	}
	if (err == ALM_OK) {
		err = alm_store_officer_check(store, &officer);
	}
	if (err == ALM_OFFICER_EXISTS || err == ALM_TOO_MANY_VALUES) {
		return alm_problem_set(call->problem, err, "%s", officer.name);
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_table_number(call->table, "number", officer.number);
	if (alm_call_is_dry_run(call)) {
		return ALM_OK;
	}
	err = alm_store_officer_put(store, &officer);
	return err == ALM_OK ? record_change(call, "registered", &officer, by)
			     : err;
}

enum alm_err alm_verb_officer_revoke(struct alm_call *call)
{
	struct alm_store *store = call->turn->broker->store;
	const char *name = alm_call_argument(call, "name");
	const struct alm_officer *by = NULL;
	struct alm_officer_counts counts;
	struct alm_officer officer;
	struct alm_officer guardian;
	enum alm_err err = alm_store_officer_find(
		store, name, call->turn->arena, &officer);

	if (err == ALM_NOT_FOUND) {
		return alm_problem_set(call->problem, err,
			"no officer of this name is in office");
	}
	if (err == ALM_OK) {
		err = prove(call, ALM_ACT_REVOKE, &officer, &guardian, &by);
	}
	if (err == ALM_OK) {
		err = alm_store_officer_count(store, &counts);
	}
	if (err != ALM_OK) {
		return err;
	}
	if (officer.role == ALM_OFFICER_GUARDIAN && counts.guardians < 2) {
		return alm_problem_set(
			call->problem, ALM_LAST_GUARDIAN, "%s", officer.name);
	}
	alm_table_number(call->table, "number", officer.number);
	if (alm_call_is_dry_run(call)) {
		return ALM_OK;
	}
	err = alm_store_officer_revoke(
		store, officer.number, call->turn->now_us);
	return err == ALM_OK ? record_change(call, "revoked", &officer, by)
			     : err;
}
