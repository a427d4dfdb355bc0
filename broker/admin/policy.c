/*
 * Verbs about the active policy.  A bundle is loaded, compiled and tested
 * before anything is written: the whole of it is active from the next
 * decision on, or none.
 *
 * Once a guardian is registered there are two ways in: a proposal that a
 * second person has approved, and an emergency, which ends by itself.
 */
#include <inttypes.h>
#include <string.h>

#include "broker/admin/change.h"

/* --- activate ------------------------------------------------------------ */

/* The change to be made, and on whose word. */
struct activation {
	struct alm_change change;
	struct alm_policy_epoch epoch;
	enum alm_audit_kind kind;
	struct alm_officer officer;
	bool has_officer;
};

static enum alm_err read_proposal(struct alm_call *call, struct activation *a)
{
	struct alm_proposal proposal;
	uint64_t number = 0;
	enum alm_err err = alm_call_number(call, "proposal", &number);

	if (err != ALM_OK) {
		return err;
	}
	if (call->ask->attachment_count > 0) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"a proposal has its files already");
	}
	err = alm_store_proposal_get(
		call->turn->broker->store, number, &a->change.arena, &proposal);
	if (err != ALM_OK) {
		return alm_problem_set(
			call->problem, err, "proposal %" PRIu64, number);
	}
	err = alm_proposal_check_current(call, &proposal);
	if (err == ALM_OK) {
		err = alm_proposal_check_approved(call, &proposal, &a->officer);
	}
	alm_change_of(&a->change, &proposal);
	a->epoch.how = ALM_EPOCH_APPROVED;
	a->epoch.proposal = number;
	a->kind = proposal.rollback == 0 ? ALM_AUDIT_POLICY
					 : ALM_AUDIT_POLICY_ROLLED_BACK;
	return err;
}

/* The same content may not live on from one emergency to the next. */
static enum alm_err check_not_again(
	struct alm_call *call, const struct alm_change *change)
{
	struct alm_store *store = call->turn->broker->store;

	for (uint64_t i = alm_store_policy_newest(store); i > 0; i--) {
		struct alm_policy_epoch epoch;
		enum alm_err err = alm_store_policy_head(
			store, i, call->turn->arena, &epoch);

		if (err != ALM_OK) {
			return err;
		}
		if (epoch.how != ALM_EPOCH_EMERGENCY &&
			epoch.how != ALM_EPOCH_FALLBACK) {
			return ALM_OK;
		}
		if (epoch.how == ALM_EPOCH_EMERGENCY &&
			memcmp(&epoch.digest, &change->digest,
				sizeof(epoch.digest)) == 0) {
			return alm_problem_set(call->problem,
				ALM_EMERGENCY_AGAIN, "epoch %" PRIu64, i);
		}
	}
	return ALM_OK;
}

static enum alm_err prove_emergency(struct alm_call *call, struct activation *a)
{
	const struct alm_broker *broker = call->turn->broker;
	uint64_t active = alm_store_policy_newest(broker->store);
	struct alm_statement statement = {
		.act = ALM_ACT_EMERGENCY,
		.number = active + 1,
		.base = active,
		.content = a->change.digest,
		.what = alm_change_words(call->turn->arena, a->change.rollback),
	};
	enum alm_err err;

	if (statement.what == NULL) {
		return ALM_NOMEM;
	}
	err = alm_call_officer(call, ALM_OFFICER_GUARDIAN, &a->officer);
	if (err == ALM_OK) {
		err = alm_call_proof(
			call, &a->officer, &statement, a->epoch.signature);
	}
	if (err != ALM_OK) {
		return err;
	}
	if (active == 0) {
		return alm_problem_set(call->problem, ALM_NO_BUNDLE,
			"an emergency needs a policy to fall back to");
	}
	a->kind = ALM_AUDIT_POLICY_EMERGENCY;
	a->has_officer = true;
	a->epoch.how = ALM_EPOCH_EMERGENCY;
	a->epoch.officer = a->officer.number;
	a->epoch.fallback = broker->policy_how == ALM_EPOCH_EMERGENCY
				    ? broker->policy_fallback
				    : active;
	a->epoch.expires_us = call->turn->now_us +
			      broker->settings.policy_emergency_s * 1000000;
	return check_not_again(call, &a->change);
}

static enum alm_err read_change(struct alm_call *call, struct activation *a)
{
	bool is_guarded = false;
	enum alm_err err = alm_change_read(call, &a->change);

	if (err != ALM_OK) {
		return err;
	}
	if (strcmp(alm_call_argument(call, "emergency"), "yes") == 0) {
		return prove_emergency(call, a);
	}
	err = alm_is_guarded(call, &is_guarded);
	if (err == ALM_OK && is_guarded) {
		return alm_problem_set(
			call->problem, ALM_POLICY_GUARDED, "%s", "");
	}
	a->epoch.how = ALM_EPOCH_UNGUARDED;
	a->kind = a->change.rollback == 0 ? ALM_AUDIT_POLICY
					  : ALM_AUDIT_POLICY_ROLLED_BACK;
	return err;
}

static enum alm_err activate(struct alm_call *call, struct activation *a)
{
	struct alm_audit_record record;
	enum alm_err err;

	a->epoch.bundle = a->change.ready.bundle.name;
	a->epoch.files = a->change.files;
	a->epoch.file_count = a->change.file_count;
	a->epoch.files_at = a->change.files_at;
	a->epoch.rollback = a->change.rollback;
	a->epoch.reason = alm_call_argument(call, "reason");
	err = alm_epoch_activate(call->turn, &a->epoch, &a->change.ready);
	if (err != ALM_OK) {
		return err;
	}
	record = alm_turn_record(call->turn, a->kind);
	record.content = a->epoch.digest;
	err = alm_call_record_officer(call, &record, a->epoch.bundle,
		a->has_officer ? &a->officer : NULL);
	alm_table_number(call->table, "epoch", a->epoch.epoch);
	return err;
}

enum alm_err alm_verb_policy_activate(struct alm_call *call)
{
	struct activation a = {.has_officer = false};
	enum alm_err err;

	alm_change_init(&a.change);
	err = alm_call_argument(call, "proposal")[0] != '\0'
		      ? read_proposal(call, &a)
		      : read_change(call, &a);
	if (err == ALM_OK) {
		err = alm_change_compile(call, &a.change);
	}
	if (err == ALM_OK) {
		alm_table_fact(
			call->table, "how", alm_epoch_how_word(a.epoch.how));
		alm_table_fact(call->table, "expires-at",
			alm_table_instant(call->table, a.epoch.expires_us));
		if (!alm_call_is_dry_run(call)) {
			err = activate(call, &a);
		}
	}
	alm_change_fini(&a.change);
	return err;
}
