#include "broker/admin/signatory.h"

#include <stdlib.h>
#include <string.h>

#include "broker/loop/detail.h"

enum alm_err alm_is_guarded(const struct alm_call *call, bool *out_is_guarded)
{
	struct alm_officer_counts counts;
	enum alm_err err =
		alm_store_officer_count(call->turn->broker->store, &counts);

	if (err == ALM_OK) {
		*out_is_guarded = counts.guardians > 0;
	}
	return err;
}

enum alm_err alm_call_officer(struct alm_call *call, enum alm_officer_role role,
	struct alm_officer *out_officer)
{
	const char *name = alm_call_argument(call, "officer");
	struct alm_officer officer;
	enum alm_err err = alm_store_officer_find(
		call->turn->broker->store, name, call->turn->arena, &officer);

	if (err == ALM_NOT_FOUND) {
		return alm_problem_set(
			call->problem, ALM_OFFICER_UNKNOWN, "%.64s", name);
	}
	if (err == ALM_OK && officer.role < role) {
		return alm_problem_set(call->problem, ALM_OFFICER_ROLE,
			"%s is of role %s; this takes a %s", officer.name,
			alm_officer_role_word(officer.role),
			alm_officer_role_word(role));
	}
	if (err == ALM_OK) {
		*out_officer = officer;
	}
	return err;
}

enum alm_err alm_call_proof(struct alm_call *call,
	const struct alm_officer *officer, struct alm_statement *statement,
	uint8_t out_signature[ALM_SIGNATURE_BYTES])
{
	const char *given = alm_call_argument(call, "signature");
	uint8_t signature[ALM_SIGNATURE_BYTES];
	enum alm_err err;

	if (alm_unhex(given, signature, sizeof(signature)) != ALM_OK) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"signature is 128 hex digits");
	}
	alm_store_id(call->turn->broker->store, statement->store_id);
	statement->by = officer->name;
	statement->reason = alm_call_argument(call, "reason");
	err = alm_statement_verify(statement, officer->key, signature);
	if (err != ALM_OK) {
		return alm_problem_set(call->problem, err, "%s", officer->name);
	}
	memcpy(out_signature, signature, sizeof(signature));
	return ALM_OK;
}

enum alm_err alm_call_number(
	struct alm_call *call, const char *key, uint64_t *out_number)
{
	const char *text = alm_call_argument(call, key);
	size_t bytes = strlen(text);

	if (bytes == 0 || bytes > 15 || strspn(text, "0123456789") != bytes) {
		return alm_problem_set(
			call->problem, ALM_BAD_ARGUMENT, "%s is a number", key);
	}
	*out_number = strtoull(text, NULL, 10);
	return ALM_OK;
}

enum alm_err alm_call_record_officer(const struct alm_call *call,
	struct alm_audit_record *record, const char *what,
	const struct alm_officer *officer)
{
	struct alm_detail *detail = call->turn->detail;

	alm_detail_init(detail);
	alm_detail_text(detail, "verb", call->ask->verb);
	alm_detail_text(detail, "what", what);
	alm_detail_words(detail, "reason", alm_call_argument(call, "reason"));
	if (officer != NULL) {
		alm_detail_text(detail, "officer", officer->name);
		alm_detail_text(detail, "signature",
			alm_call_argument(call, "signature"));
	}
	alm_detail_text(detail, "by", call->request->address);
	return alm_turn_audit(call->turn, record, alm_detail_finish(detail));
}

const char *alm_officer_words(
	struct alm_arena *arena, const struct alm_officer *officer)
{
	char key[2 * sizeof(officer->key) + 1];

	alm_hex(officer->key, sizeof(officer->key), key);
	return alm_arena_printf(arena, "%s %s %s", officer->name,
		alm_officer_role_word(officer->role), key);
}
