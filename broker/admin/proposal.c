/*
 * Verbs about proposals: a policy is proposed by one officer and approved by
 * another, each with a signature that the broker verifies and keeps.
 */
#include <inttypes.h>
#include <string.h>

#include "broker/admin/change.h"

/* --- propose ------------------------------------------------------------- */

static enum alm_err prove_proposal(struct alm_call *call,
	const struct alm_change *change, struct alm_proposal *proposal,
	struct alm_officer *officer)
{
	struct alm_statement statement = {
		.act = ALM_ACT_PROPOSE,
		.number = proposal->number,
		.base = proposal->base_epoch,
		.content = change->digest,
		.what = alm_change_words(call->turn->arena, change->rollback),
	};
	uint64_t number = 0;
	uint64_t base = 0;
	enum alm_err err = alm_call_officer(call, ALM_OFFICER_AUTHOR, officer);

	if (err == ALM_OK) {
		err = alm_call_number(call, "number", &number);
	}
	if (err == ALM_OK) {
		err = alm_call_number(call, "base", &base);
	}
	if (err != ALM_OK) {
		return err;
	}
	if (number != proposal->number || base != proposal->base_epoch) {
		return alm_problem_set(call->problem, ALM_APPROVAL_STALE,
			"the next proposal is %" PRIu64 ", on epoch %" PRIu64,
			proposal->number, proposal->base_epoch);
	}
	if (statement.what == NULL) {
		return ALM_NOMEM;
	}
	return alm_call_proof(call, officer, &statement, proposal->signature);
}

/* Record what an officer did with a proposal. */
static enum alm_err record_change(struct alm_call *call,
	enum alm_audit_kind kind, const struct alm_proposal *proposal,
	const struct alm_officer *officer)
{
	struct alm_audit_record record = alm_turn_record(call->turn, kind);
	const char *words = alm_arena_printf(call->turn->arena,
		"proposal %" PRIu64 ": %s", proposal->number, proposal->bundle);

	record.content = proposal->digest;
	return words == NULL
		       ? ALM_NOMEM
		       : alm_call_record_officer(call, &record, words, officer);
}

static enum alm_err keep_proposal(struct alm_call *call,
	const struct alm_change *change, struct alm_proposal *proposal,
	const struct alm_officer *officer)
{
	enum alm_err err;

	proposal->bundle = change->ready.bundle.name;
	proposal->rollback = change->rollback;
	proposal->files_at = change->files_at;
	proposal->files = change->files;
	proposal->file_count = change->file_count;
	proposal->proposed_at_us = call->turn->now_us;
	proposal->officer = officer->number;
	proposal->reason = alm_call_argument(call, "reason");
	err = alm_store_proposal_put(call->turn->broker->store, proposal);
	return err == ALM_OK ? record_change(call, ALM_AUDIT_POLICY_PROPOSED,
				       proposal, officer)
			     : err;
}

enum alm_err alm_verb_policy_propose(struct alm_call *call)
{
	struct alm_store *store = call->turn->broker->store;
	struct alm_proposal proposal = {
		.base_epoch = alm_store_policy_newest(store)};
	struct alm_officer officer;
	struct alm_change change;
	enum alm_err err = alm_store_proposal_newest(store, &proposal.number);

	if (err != ALM_OK) {
		return err;
	}
	proposal.number++;
	alm_change_init(&change);
	err = alm_change_read(call, &change);
	if (err == ALM_OK) {
		err = prove_proposal(call, &change, &proposal, &officer);
	}
	if (err == ALM_OK) {
		err = alm_change_compile(call, &change);
	}
	if (err == ALM_OK) {
		alm_table_number(call->table, "proposal", proposal.number);
		alm_table_number(
			call->table, "base-epoch", proposal.base_epoch);
		if (!alm_call_is_dry_run(call)) {
			err = keep_proposal(call, &change, &proposal, &officer);
		}
	}
	alm_change_fini(&change);
	return err;
}

/* --- approve ------------------------------------------------------------- */

static enum alm_err check_content(
	struct alm_call *call, const struct alm_proposal *proposal)
{
	struct alm_digest digest;

	if (alm_unhex(alm_call_argument(call, "digest"), digest.raw,
		    sizeof(digest.raw)) != ALM_OK) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"digest is 64 hex digits");
	}
	if (memcmp(&digest, &proposal->digest, sizeof(digest)) != 0) {
		return alm_problem_set(call->problem, ALM_CONTENT_CHANGED,
			"proposal %" PRIu64, proposal->number);
	}
	return ALM_OK;
}

static enum alm_err check_approval(struct alm_call *call,
	const struct alm_proposal *proposal, struct alm_approval *approval,
	struct alm_officer *officer)
{
	struct alm_statement statement = {
		.act = ALM_ACT_APPROVE,
		.number = proposal->number,
		.base = proposal->base_epoch,
		.content = proposal->digest,
		.what = alm_change_words(call->turn->arena, proposal->rollback),
	};
	enum alm_err err =
		alm_call_officer(call, ALM_OFFICER_GUARDIAN, officer);

	if (err == ALM_OK) {
		err = alm_proposal_check_second(call, proposal, officer);
	}
	if (err == ALM_OK) {
		err = alm_proposal_check_current(call, proposal);
	}
	if (err == ALM_OK) {
		err = check_content(call, proposal);
	}
	if (err == ALM_OK && statement.what == NULL) {
		err = ALM_NOMEM;
	}
	return err == ALM_OK ? alm_call_proof(call, officer, &statement,
				       approval->signature)
			     : err;
}

static enum alm_err keep_approval(struct alm_call *call,
	const struct alm_proposal *proposal, struct alm_approval *approval,
	const struct alm_officer *officer)
{
	enum alm_err err;

	approval->proposal = proposal->number;
	approval->officer = officer->number;
	approval->approved_at_us = call->turn->now_us;
	approval->reason = alm_call_argument(call, "reason");
	err = alm_store_approval_put(call->turn->broker->store, approval);
	return err == ALM_OK ? record_change(call, ALM_AUDIT_POLICY_APPROVED,
				       proposal, officer)
			     : err;
}

enum alm_err alm_verb_policy_approve(struct alm_call *call)
{
	struct alm_proposal proposal;
	struct alm_approval approval;
	struct alm_officer officer;
	uint64_t number = 0;
	enum alm_err err = alm_call_number(call, "proposal", &number);

	if (err != ALM_OK) {
		return err;
	}
	err = alm_store_proposal_head(call->turn->broker->store, number,
		call->turn->arena, &proposal);
	if (err != ALM_OK) {
		return alm_problem_set(
			call->problem, err, "proposal %" PRIu64, number);
	}
	memset(&approval, 0, sizeof(approval));
	err = check_approval(call, &proposal, &approval, &officer);
	if (err != ALM_OK) {
		return err;
	}
	alm_table_number(call->table, "proposal", number);
	alm_table_fact(call->table, "bundle", proposal.bundle);
	alm_table_fact(call->table, "approved-by", officer.name);
	return alm_call_is_dry_run(call)
		       ? ALM_OK
		       : keep_approval(call, &proposal, &approval, &officer);
}

/* --- list ---------------------------------------------------------------- */

/* Nothing may come between a proposal and its activation, so that it can
 * only have become the epoch after the one it was made on. */
static enum alm_err status_of(struct alm_call *call,
	const struct alm_proposal *proposal, uint64_t newest,
	const char **out_status)
{
	struct alm_store *store = call->turn->broker->store;
	uint64_t active = alm_store_policy_newest(store);
	struct alm_policy_epoch next = {.proposal = 0};
	struct alm_officer approver;
	enum alm_err err = ALM_OK;

	*out_status = "stale";
	if (active > proposal->base_epoch) {
		err = alm_store_policy_head(store, proposal->base_epoch + 1,
			call->turn->arena, &next);
		if (err == ALM_OK && next.proposal == proposal->number) {
			*out_status = "activated";
		}
		return err;
	}
	if (proposal->number != newest) {
		return ALM_OK;
	}
	err = alm_proposal_check_approved(call, proposal, &approver);
	*out_status = err == ALM_OK ? "approved" : "open";
	if (err == ALM_NOT_APPROVED) {
		call->problem->err = ALM_OK;
		call->problem->detail[0] = '\0';
		err = ALM_OK;
	}
	return err;
}

/* The names of those who have approved, joined by commas. */
static enum alm_err approvers(
	struct alm_call *call, uint64_t proposal, const char **out_names)
{
	struct alm_store *store = call->turn->broker->store;
	struct alm_arena *arena = call->turn->arena;
	struct alm_approval approval = {.officer = 0};
	const char *names = "";
	enum alm_err err;

	for (;;) {
		struct alm_officer officer;

		err = alm_store_approval_next(
			store, proposal, approval.officer, arena, &approval);
		if (err == ALM_OK) {
			err = alm_store_officer_get(
				store, approval.officer, arena, &officer);
		}
		if (err != ALM_OK) {
			break;
		}
		names = alm_arena_printf(arena, "%s%s%s", names,
			names[0] == '\0' ? "" : ",", officer.name);
		if (names == NULL) {
			return ALM_NOMEM;
		}
	}
	*out_names = names;
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

static enum alm_err add_proposal(
	struct alm_call *call, uint64_t number, uint64_t newest)
{
	struct alm_store *store = call->turn->broker->store;
	struct alm_table *table = call->table;
	struct alm_proposal proposal;
	struct alm_officer proposer;
	const char *status = "";
	const char *names = "";
	enum alm_err err = alm_store_proposal_head(
		store, number, call->turn->arena, &proposal);

	if (err == ALM_OK) {
		err = alm_store_officer_get(
			store, proposal.officer, call->turn->arena, &proposer);
	}
	if (err == ALM_OK) {
		err = status_of(call, &proposal, newest, &status);
	}
	if (err == ALM_OK) {
		err = approvers(call, number, &names);
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_table_row(table,
		(const char *const[]){alm_table_text(table, number), status,
			proposal.bundle,
			alm_table_text(table, proposal.base_epoch),
			alm_table_text(table, proposal.rollback), proposer.name,
			alm_table_instant(table, proposal.proposed_at_us),
			names, proposal.reason,
			alm_table_hex(
				table, (struct alm_bytes){proposal.digest.raw,
					       ALM_DIGEST_BYTES})});
	return ALM_OK;
}

static enum alm_err add_standing(struct alm_call *call, uint64_t newest)
{
	struct alm_store *store = call->turn->broker->store;
	uint8_t id[ALM_STORE_ID_BYTES];
	bool is_guarded = false;
	enum alm_err err = alm_is_guarded(call, &is_guarded);

	if (err != ALM_OK) {
		return err;
	}
	alm_store_id(store, id);
	alm_table_fact(call->table, "store-id",
		alm_table_hex(call->table, (struct alm_bytes){id, sizeof(id)}));
	alm_table_number(
		call->table, "policy-epoch", alm_store_policy_newest(store));
	alm_table_number(call->table, "next-proposal", newest + 1);
	alm_table_fact(call->table, "guarded", is_guarded ? "yes" : "no");
	return ALM_OK;
}

enum alm_err alm_verb_policy_proposals(struct alm_call *call)
{
	static const char *const columns[] = {"proposal", "status", "bundle",
		"base-epoch", "rollback", "proposed-by", "proposed-at",
		"approved-by", "reason", "digest"};
	uint64_t newest = 0;
	uint64_t before;
	enum alm_err err =
		alm_store_proposal_newest(call->turn->broker->store, &newest);

	alm_table_columns(call->table, columns, ALM_COUNT(columns));
	before = newest + 1;
	if (err == ALM_OK) {
		err = add_standing(call, newest);
	}
	if (err == ALM_OK && alm_call_argument(call, "cursor")[0] != '\0') {
		err = alm_call_number(call, "cursor", &before);
	}
	if (before > newest + 1) {
		return ALM_CURSOR;
	}
	for (uint64_t i = before; i > 1 && err == ALM_OK; i--) {
		if (!alm_table_has_room(call->table)) {
			call->table->cursor = alm_table_text(call->table, i);
			break;
		}
		err = add_proposal(call, i - 1, newest);
	}
	return err;
}
