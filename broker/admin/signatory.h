/*
 * signatory.h - who asks for a change of policy: the officer that a call names,
 * proven by a signature over a statement of what is asked.
 */
#ifndef ALM_BROKER_ADMIN_SIGNATORY_H
#define ALM_BROKER_ADMIN_SIGNATORY_H

#include "broker/admin/verbs.h"
#include "lib/statement.h"

/** True if a guardian is in office: one person alone changes nothing then. */
ALM_MUST_USE enum alm_err alm_is_guarded(
	const struct alm_call *call, bool *out_is_guarded);

/** The officer named by the argument `officer`; with at least this role.
 * Errors: OFFICER_UNKNOWN, OFFICER_ROLE. */
ALM_MUST_USE enum alm_err alm_call_officer(struct alm_call *call,
	enum alm_officer_role role, struct alm_officer *out_officer);

/**
 * Verify the argument `signature` over `statement`, of which store, name and
 * reason are filled in here, with the officer's key.
 * Errors: BAD_ARGUMENT, OFFICER_SIGNATURE
 */
ALM_MUST_USE enum alm_err alm_call_proof(struct alm_call *call,
	const struct alm_officer *officer, struct alm_statement *statement,
	uint8_t out_signature[ALM_SIGNATURE_BYTES]);

/** A number given as an argument.  Errors: BAD_ARGUMENT. */
ALM_MUST_USE enum alm_err alm_call_number(
	struct alm_call *call, const char *key, uint64_t *out_number);

/** As alm_call_record(), with the officer's name and signature. */
ALM_MUST_USE enum alm_err alm_call_record_officer(const struct alm_call *call,
	struct alm_audit_record *record, const char *what,
	const struct alm_officer *officer);

/** What a statement says of an officer: "NAME ROLE KEY"; NULL: no memory. */
const char *alm_officer_words(
	struct alm_arena *arena, const struct alm_officer *officer);

#endif /* ALM_BROKER_ADMIN_SIGNATORY_H */
