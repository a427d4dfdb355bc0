/*
 * verbs.h - the verbs of administration and of agents' questions: each is one
 * function over a call, in the file of its noun.
 */
#ifndef ALM_BROKER_ADMIN_VERBS_H
#define ALM_BROKER_ADMIN_VERBS_H

#include "broker/admin/call.h"

/** A verb.  What it gives is the code of the answer, but for those errors of
 * the store that end the turn. */
typedef enum alm_err alm_verb_fn(struct alm_call *call);

struct alm_verb {
	const char *name;
	alm_verb_fn *run;
	const char *const *arguments; /* allowed keys, ended by NULL */
};

alm_verb_fn alm_verb_status, alm_verb_org_list, alm_verb_org_find,
	alm_verb_agent_list, alm_verb_agent_register, alm_verb_agent_revoke,
	alm_verb_agent_invite, alm_verb_agent_invites, alm_verb_agent_uninvite,
	alm_verb_agent_approve, alm_verb_agent_roles, alm_verb_agent_rekey,
	alm_verb_agent_rotate, alm_verb_agent_check, alm_verb_policy_activate,
	alm_verb_policy_show, alm_verb_policy_history, alm_verb_policy_decide,
	alm_verb_policy_impact, alm_verb_policy_source, alm_verb_policy_propose,
	alm_verb_policy_approve, alm_verb_policy_proposals,
	alm_verb_officer_list, alm_verb_officer_register,
	alm_verb_officer_revoke, alm_verb_people_put, alm_verb_list_begin,
	alm_verb_list_finish, alm_verb_list_show, alm_verb_people_history,
	alm_verb_people_erase, alm_verb_people_show, alm_verb_people_withdraw,
	alm_verb_mailbox_list, alm_verb_mailbox_show, alm_verb_mailbox_dead,
	alm_verb_mailbox_rerun, alm_verb_mailbox_hold, alm_verb_mailbox_release,
	alm_verb_mailbox_limit, alm_verb_trace, alm_verb_mailbox_deputy,
	alm_verb_upload_cancel, alm_verb_override_list,
	alm_verb_override_review, alm_verb_audit_query, alm_verb_audit_show,
	alm_verb_audit_head, alm_verb_audit_reindex, alm_verb_audit_checkpoint,
	alm_verb_audit_growth, alm_verb_audit_prune, alm_verb_audit_receipt,
	alm_verb_audit_bundle, alm_verb_audit_evidence, alm_verb_audit_cosign,
	alm_verb_audit_witnesses, alm_verb_audit_unwitness,
	alm_verb_standard_put, alm_verb_standard_list, alm_verb_store_backup,
	alm_verb_store_verified, alm_verb_trial, alm_verb_trial_take,
	alm_verb_trial_end, alm_verb_health, alm_verb_config_reload,
	alm_verb_audit_keys;

#endif /* ALM_BROKER_ADMIN_VERBS_H */
