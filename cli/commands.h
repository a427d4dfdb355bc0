/*
 * commands.h - every command: one function each, named for noun and verb.
 *
 * In:      argv[0]  the command's name; argv[1..] what follows noun and verb
 * Gives:   the exit code (enum alm_exit)
 */
#ifndef ALM_CLI_COMMANDS_H
#define ALM_CLI_COMMANDS_H

#include <stddef.h>

typedef int alm_command_fn(int argc, char **argv);

struct alm_command {
	const char *noun;
	const char *verb; /* NULL: the noun stands alone */
	const char *summary;
	alm_command_fn *run;
};

/** All commands, in the order in which help lists them. */
extern const struct alm_command alm_commands[];
extern const size_t alm_command_count;

alm_command_fn alm_cmd_status;
alm_command_fn alm_cmd_org_list;
alm_command_fn alm_cmd_org_show;
alm_command_fn alm_cmd_org_find;
alm_command_fn alm_cmd_agent_keygen;
alm_command_fn alm_cmd_agent_register;
alm_command_fn alm_cmd_agent_list;
alm_command_fn alm_cmd_agent_revoke;
alm_command_fn alm_cmd_agent_invite, alm_cmd_agent_invites,
	alm_cmd_agent_uninvite, alm_cmd_agent_approve, alm_cmd_agent_roles,
	alm_cmd_agent_rotate;
alm_command_fn alm_cmd_policy_activate;
alm_command_fn alm_cmd_policy_approve;
alm_command_fn alm_cmd_policy_history;
alm_command_fn alm_cmd_policy_proposals;
alm_command_fn alm_cmd_policy_propose;
alm_command_fn alm_cmd_policy_rollback;
alm_command_fn alm_cmd_officer_keygen;
alm_command_fn alm_cmd_officer_register;
alm_command_fn alm_cmd_officer_list;
alm_command_fn alm_cmd_officer_revoke;
alm_command_fn alm_cmd_officer_sign;
alm_command_fn alm_cmd_policy_check;
alm_command_fn alm_cmd_policy_decide;
alm_command_fn alm_cmd_policy_diff;
alm_command_fn alm_cmd_policy_graph;
alm_command_fn alm_cmd_policy_impact;
alm_command_fn alm_cmd_policy_ropa;
alm_command_fn alm_cmd_policy_explain;
alm_command_fn alm_cmd_policy_show;
alm_command_fn alm_cmd_policy_test;
alm_command_fn alm_cmd_policy_who;
alm_command_fn alm_cmd_people_import;
alm_command_fn alm_cmd_people_show, alm_cmd_people_history,
	alm_cmd_people_import_list, alm_cmd_people_lists, alm_cmd_people_erase;
alm_command_fn alm_cmd_people_withdraw;
alm_command_fn alm_cmd_mailbox_list;
alm_command_fn alm_cmd_mailbox_show;
alm_command_fn alm_cmd_mailbox_dead, alm_cmd_mailbox_rerun,
	alm_cmd_mailbox_hold, alm_cmd_mailbox_release, alm_cmd_mailbox_limit,
	alm_cmd_mailbox_deputy, alm_cmd_receipt;
alm_command_fn alm_cmd_duty_list, alm_cmd_duty_show;
alm_command_fn alm_cmd_override_list;
alm_command_fn alm_cmd_override_review;
alm_command_fn alm_cmd_standard_put;
alm_command_fn alm_cmd_standard_list;
alm_command_fn alm_cmd_audit_breach;
alm_command_fn alm_cmd_audit_head;
alm_command_fn alm_cmd_audit_person;
alm_command_fn alm_cmd_audit_prove, alm_cmd_audit_prune;
alm_command_fn alm_cmd_audit_query;
alm_command_fn alm_cmd_audit_reindex, alm_cmd_audit_tail;
alm_command_fn alm_cmd_audit_bundle, alm_cmd_audit_export;
alm_command_fn alm_cmd_audit_receipt;
alm_command_fn alm_cmd_audit_keys;
alm_command_fn alm_cmd_audit_witnesses, alm_cmd_audit_unwitness;
alm_command_fn alm_cmd_audit_show;
alm_command_fn alm_cmd_audit_stats;
alm_command_fn alm_cmd_audit_verify;
alm_command_fn alm_cmd_backup;
alm_command_fn alm_cmd_top, alm_cmd_tail;
alm_command_fn alm_cmd_trace;
alm_command_fn alm_cmd_send;
alm_command_fn alm_cmd_recv;
alm_command_fn alm_cmd_config_show, alm_cmd_config_reload;
alm_command_fn alm_cmd_ctx_add, alm_cmd_ctx_list, alm_cmd_ctx_show,
	alm_cmd_ctx_select, alm_cmd_ctx_remove, alm_cmd_ctx_edit;
alm_command_fn alm_cmd_bench_audit;
alm_command_fn alm_cmd_bench_backlog;
alm_command_fn alm_cmd_bench_decide;
alm_command_fn alm_cmd_bench_fair;
alm_command_fn alm_cmd_bench_import, alm_cmd_bench_route;
alm_command_fn alm_cmd_bench_withdraw;
alm_command_fn alm_cmd_dev;
alm_command_fn alm_cmd_demo;
alm_command_fn alm_cmd_doctor;
alm_command_fn alm_cmd_errors;
alm_command_fn alm_cmd_completion_bash;
alm_command_fn alm_cmd_completion_man;
alm_command_fn alm_cmd_version;

#endif /* ALM_CLI_COMMANDS_H */
