/*
 * The verification of policy: every source against its digest, and every
 * signature of an officer over what it stands for.  Needs no key of the
 * store, so that an auditor can do it with a copy.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/store/verify.h"
#include "lib/statement.h"

/* One run over the rows of policy; the arena is reset between them. */
struct policy_run {
	struct alm_verify *verify;
	struct alm_arena arena;
	char what[40];
};

static enum alm_err damage(struct policy_run *run, const char *row,
	uint64_t number, const char *why)
{
	return alm_verify_damage(
		run->verify, 0, "policy %s %" PRIu64 " %s", row, number, why);
}

static bool is_damage(enum alm_err err)
{
	return err == ALM_STORE_CORRUPT || err == ALM_NOT_FOUND;
}

/* The signature of officer `number`, who is at least of `role`. */
static enum alm_err check_signature(struct policy_run *run, uint64_t number,
	enum alm_officer_role role, struct alm_statement *statement,
	uint64_t rollback, const uint8_t signature[ALM_SIGNATURE_BYTES])
{
	struct alm_store *store = run->verify->store;
	struct alm_officer officer;
	enum alm_err err =
		alm_store_officer_get(store, number, &run->arena, &officer);

	if (err != ALM_OK) {
		return err;
	}
	(void)snprintf(
		run->what, sizeof(run->what), "epoch %" PRIu64, rollback);
	alm_store_id(store, statement->store_id);
	statement->what = rollback == 0 ? "" : run->what;
	statement->by = officer.name;
	err = officer.role < role
		      ? ALM_STORE_CORRUPT
		      : alm_statement_verify(statement, officer.key, signature);
	return err == ALM_OFFICER_SIGNATURE ? ALM_STORE_CORRUPT : err;
}

static enum alm_err check_approvals(struct policy_run *run,
	const struct alm_proposal *proposal, unsigned *out_count)
{
	struct alm_approval approval = {.officer = 0};
	enum alm_err err = ALM_OK;

	*out_count = 0;
	while (err == ALM_OK) {
		struct alm_statement statement = {
			.act = ALM_ACT_APPROVE,
			.number = proposal->number,
			.base = proposal->base_epoch,
			.content = proposal->digest,
		};

		err = alm_store_approval_next(run->verify->store,
			proposal->number, approval.officer, &run->arena,
			&approval);
		if (err == ALM_NOT_FOUND) {
			return ALM_OK;
		}
		if (err != ALM_OK) {
			break;
		}
		statement.reason = approval.reason;
		err = approval.officer == proposal->officer
			      ? ALM_STORE_CORRUPT
			      : check_signature(run, approval.officer,
					ALM_OFFICER_GUARDIAN, &statement,
					proposal->rollback, approval.signature);
		++*out_count;
	}
	return err == ALM_NOT_FOUND ? ALM_STORE_CORRUPT : err;
}

static enum alm_err check_proposal(struct policy_run *run, uint64_t number)
{
	struct alm_proposal proposal;
	unsigned approvals = 0;
	enum alm_err err = alm_store_proposal_get(
		run->verify->store, number, &run->arena, &proposal);

	if (is_damage(err)) {
		return damage(run, "proposal", number,
			"is missing or does not have its digest");
	}
	if (err == ALM_OK) {
		struct alm_statement statement = {
			.act = ALM_ACT_PROPOSE,
			.number = number,
			.base = proposal.base_epoch,
			.content = proposal.digest,
			.reason = proposal.reason,
		};

		err = check_signature(run, proposal.officer, ALM_OFFICER_AUTHOR,
			&statement, proposal.rollback, proposal.signature);
	}
	if (is_damage(err)) {
		return damage(run, "proposal", number,
			"is not signed by its officer");
	}
	if (err == ALM_OK) {
		err = check_approvals(run, &proposal, &approvals);
	}
	return is_damage(err) ? damage(run, "proposal", number,
					"has an approval that does not verify")
			      : err;
}

/* It is what was proposed, on the epoch before, and somebody approved. */
static enum alm_err check_approved(
	struct policy_run *run, const struct alm_policy_epoch *epoch)
{
	struct alm_proposal proposal;
	unsigned approvals = 0;
	enum alm_err err = alm_store_proposal_head(
		run->verify->store, epoch->proposal, &run->arena, &proposal);

	if (err == ALM_OK && (proposal.base_epoch + 1 != epoch->epoch ||
				     proposal.rollback != epoch->rollback ||
				     memcmp(&proposal.digest, &epoch->digest,
					     sizeof(epoch->digest)) != 0)) {
		err = ALM_STORE_CORRUPT;
	}
	if (err == ALM_OK) {
		err = check_approvals(run, &proposal, &approvals);
	}
	return err == ALM_OK && approvals == 0 ? ALM_STORE_CORRUPT : err;
}

static enum alm_err check_emergency(
	struct policy_run *run, const struct alm_policy_epoch *epoch)
{
	struct alm_statement statement = {
		.act = ALM_ACT_EMERGENCY,
		.number = epoch->epoch,
		.base = epoch->epoch - 1,
		.content = epoch->digest,
		.reason = epoch->reason,
	};

	if (epoch->expires_us <= epoch->activated_at_us ||
		epoch->fallback == 0 || epoch->fallback >= epoch->epoch) {
		return ALM_STORE_CORRUPT;
	}
	return check_signature(run, epoch->officer, ALM_OFFICER_GUARDIAN,
		&statement, epoch->rollback, epoch->signature);
}

/* The content of the epoch that the emergency before it falls back to. */
static enum alm_err check_fallback(
	struct policy_run *run, const struct alm_policy_epoch *epoch)
{
	struct alm_store *store = run->verify->store;
	struct alm_policy_epoch before;
	struct alm_policy_epoch source;
	enum alm_err err = alm_store_policy_head(
		store, epoch->epoch - 1, &run->arena, &before);

	if (err == ALM_OK) {
		err = alm_store_policy_head(
			store, epoch->rollback, &run->arena, &source);
	}
	if (err != ALM_OK) {
		return err;
	}
	return before.how == ALM_EPOCH_EMERGENCY &&
			       before.fallback == epoch->rollback &&
			       memcmp(&source.digest, &epoch->digest,
				       sizeof(source.digest)) == 0
		       ? ALM_OK
		       : ALM_STORE_CORRUPT;
}

static bool is_activation(enum alm_audit_kind kind)
{
	return kind == ALM_AUDIT_POLICY ||
	       kind == ALM_AUDIT_POLICY_ROLLED_BACK ||
	       kind == ALM_AUDIT_POLICY_EMERGENCY ||
	       kind == ALM_AUDIT_POLICY_EXPIRED;
}

enum alm_err alm_verify_note_policy(
	struct alm_verify *verify, const struct alm_audit_record *record)
{
	size_t more =
		verify->activated_max == 0 ? 64 : 2 * verify->activated_max;
	struct alm_digest *grown;

	if (!is_activation(record->kind)) {
		return ALM_OK;
	}
	if (record->policy_epoch != verify->activated_count + 1) {
		return alm_verify_damage(verify, record->seq,
			"record %" PRIu64 " activates another than the next "
			"policy",
			record->seq);
	}
	if (verify->activated_count == verify->activated_max) {
		grown = realloc(verify->activated, more * sizeof(*grown));
		if (grown == NULL) {
			return ALM_NOMEM;
		}
		verify->activated = grown;
		verify->activated_max = more;
	}
	verify->activated[verify->activated_count++] = record->content;
	return ALM_OK;
}

/* That the log says so: a policy of which it does not was put there later. */
static enum alm_err check_activated(
	struct policy_run *run, const struct alm_policy_epoch *epoch)
{
	const struct alm_verify *verify = run->verify;

	if (epoch->epoch > verify->activated_count) {
		return damage(run, "epoch", epoch->epoch,
			"has no record of its activation");
	}
	if (memcmp(&verify->activated[epoch->epoch - 1], &epoch->digest,
		    sizeof(epoch->digest)) != 0) {
		return damage(run, "epoch", epoch->epoch,
			"is not what the log says was activated");
	}
	return ALM_OK;
}

static enum alm_err check_epoch(struct policy_run *run, uint64_t number)
{
	struct alm_policy_epoch epoch;
	enum alm_err err = alm_store_policy_get(
		run->verify->store, number, &run->arena, &epoch);

	if (is_damage(err)) {
		return damage(run, "epoch", number,
			"is missing or does not have its digest");
	}
	if (err == ALM_OK) {
		err = check_activated(run, &epoch);
	}
	if (err != ALM_OK) {
		return err;
	}
	switch (epoch.how) {
	case ALM_EPOCH_UNGUARDED:
		break;
	case ALM_EPOCH_APPROVED:
		err = check_approved(run, &epoch);
		break;
	case ALM_EPOCH_EMERGENCY:
		err = check_emergency(run, &epoch);
		break;
	case ALM_EPOCH_FALLBACK:
		err = check_fallback(run, &epoch);
		break;
	}
	return is_damage(err) ? damage(run, "epoch", number,
					"is not what its officers signed")
			      : err;
}

enum alm_err alm_verify_policy(struct alm_verify *verify)
{
	struct policy_run run = {.verify = verify};
	uint64_t proposals = 0;
	enum alm_err err = alm_store_proposal_newest(verify->store, &proposals);

	alm_arena_init(&run.arena, 2 * ALM_BUNDLE_BYTES_MAX);
	for (uint64_t i = 1; i <= proposals && err == ALM_OK; i++) {
		err = check_proposal(&run, i);
		alm_arena_reset(&run.arena);
	}
	for (uint64_t i = 1; i <= verify->state.policy_epoch && err == ALM_OK;
		i++) {
		err = check_epoch(&run, i);
		alm_arena_reset(&run.arena);
	}
	alm_arena_fini(&run.arena);
	return err;
}
