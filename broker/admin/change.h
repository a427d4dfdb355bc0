/*
 * change.h - a change of policy on its way: what it says, and whether it may
 * be made.  Shared by the verbs that propose, approve and activate.
 */
#ifndef ALM_BROKER_ADMIN_CHANGE_H
#define ALM_BROKER_ADMIN_CHANGE_H

#include "broker/admin/signatory.h"
#include "broker/rules/epoch.h"

/** The content of a change.  Everything stands in its arena. */
struct alm_change {
	struct alm_arena arena;
	const struct alm_policy_file *files; /* in order of name */
	size_t file_count;
	uint64_t files_at; /* 0: not kept yet */
	uint64_t rollback; /* the epoch they come from; 0: none */
	struct alm_digest digest;
	struct alm_ready ready; /* made by alm_change_compile() */
};

void alm_change_init(struct alm_change *change);
void alm_change_fini(struct alm_change *change);

/**
 * The content that a call carries: its attachments, or those of the epoch
 * that its argument `rollback` names.
 * Errors: BAD_ARGUMENT, NOT_FOUND, STORE_CORRUPT
 */
ALM_MUST_USE enum alm_err alm_change_read(
	struct alm_call *call, struct alm_change *change);

/** Take over the content of a proposal, read with its files. */
void alm_change_of(
	struct alm_change *change, const struct alm_proposal *proposal);

/**
 * Load, compile and run the bundle's own tests.  What is wrong goes into the
 * table's rows, what the bundle holds into its facts.
 */
ALM_MUST_USE enum alm_err alm_change_compile(
	struct alm_call *call, struct alm_change *change);

/** What a statement about it says in `what`; NULL: no memory. */
const char *alm_change_words(struct alm_arena *arena, uint64_t rollback);

/** That nothing was activated or proposed since.  Errors: APPROVAL_STALE. */
ALM_MUST_USE enum alm_err alm_proposal_check_current(
	struct alm_call *call, const struct alm_proposal *proposal);

/**
 * That a guardian in office, who is not the proposer, has signed for it: the
 * signatures are verified again, as the store has them.
 * Out:     out_approver  the first such
 * Errors:  NOT_APPROVED
 */
ALM_MUST_USE enum alm_err alm_proposal_check_approved(struct alm_call *call,
	const struct alm_proposal *proposal, struct alm_officer *out_approver);

/** Not the proposer, by number and by name.  Errors: SELF_APPROVAL. */
ALM_MUST_USE enum alm_err alm_proposal_check_second(struct alm_call *call,
	const struct alm_proposal *proposal, const struct alm_officer *officer);

#endif /* ALM_BROKER_ADMIN_CHANGE_H */
