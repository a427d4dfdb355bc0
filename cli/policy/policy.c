/* policy.c - almoner policy show, history and proposals; standard put, list. */
#include <stdlib.h>

#include "cli/admin.h"
#include "cli/attach.h"
#include "cli/commands.h"
#include "cli/policy/source.h"
#include "lib/time.h"

static const struct alm_option reason_options[] = {
	ALM_REASON_OPTION(true),
	{0},
};

/** Ask `verb` with the files named on the command line. */
static int change_with_files(const struct alm_args *args, const char *verb,
	const char *suffix, const char *schema)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_ask ask = {.verb = verb};
	struct alm_attached *attached = calloc(1, sizeof(*attached));
	int rc;

	if (attached == NULL) {
		problem.err = ALM_NOMEM;
	}
	for (size_t i = 0; i < args->positional_count && problem.err == ALM_OK;
		i++) {
		problem.err = alm_attach_path(
			attached, args->positionals[i], suffix, &problem);
	}
	if (problem.err != ALM_OK) {
		rc = alm_print_problem(&args->output, &problem);
	} else {
		ask.attachments = attached->items;
		ask.attachment_count = attached->count;
		alm_ask_change(&ask, args);
		rc = alm_admin_change(args, &ask, schema);
	}
	if (attached != NULL) {
		alm_attached_fini(attached);
	}
	free(attached);
	return rc;
}

static const struct alm_option show_options[] = {
	{"epoch", 0, ALM_OPTION_NUMBER, "N",
		"an earlier policy; the active one unless given", false, false},
	{"at", 0, ALM_OPTION_INSTANT, "TIME",
		"the policy that was in force at this time", false, false},
	{"proposal", 'p', ALM_OPTION_NUMBER, "N", "a policy that was proposed",
		false, false},
	{"into", 0, ALM_OPTION_TEXT, "DIR",
		"write its files there, as they were given", false, false},
	{0},
};

static const struct alm_usage show_usage = {
	.name = "policy show",
	.summary = "Show a policy bundle and its files: the active one, an "
		   "earlier one, or one that was proposed.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
	.options = show_options,
	.notes = "  almoner policy show --proposal 7 --into review/\n"
		 "  almoner policy show --at 2026-05-01 --json",
};

int alm_cmd_policy_show(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_ask ask = {.verb = "policy.show"};
	const char *into;
	char at[ALM_INSTANT_TEXT_BYTES];
	struct alm_args args;
	int rc = alm_args_parse(&show_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	into = alm_args_text(&args, "into");
	alm_ask_option(&ask, &args, "epoch");
	if (alm_args_has(&args, "at")) {
		alm_instant_text(alm_args_number(&args, "at", 0), at);
		alm_ask_add(&ask, "at", at);
	}
	alm_ask_option(&ask, &args, "proposal");
	if (ask.argument_count > 1) {
		return alm_args_complain(
			&args, "give one of --epoch, --at and --proposal");
	}
	if (into != NULL) {
		problem.err =
			alm_policy_source_write(&args, &ask, into, &problem);
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	return alm_admin_show(&args, &ask, "almoner.policy.show/1", 0);
}

static const struct alm_usage history_usage = {
	.name = "policy history",
	.summary = "List the policies that were active, newest first: how "
		   "each came into force, and on whose word.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
};

int alm_cmd_policy_history(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "policy.history"};
	struct alm_args args;
	int rc = alm_args_parse(&history_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	return alm_admin_show(&args, &ask, "almoner.policy.history/1", 0);
}

static const struct alm_usage proposals_usage = {
	.name = "policy proposals",
	.summary = "List the policies that were proposed, newest first: open, "
		   "approved, activated or stale.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
};

int alm_cmd_policy_proposals(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "policy.proposals"};
	struct alm_args args;
	int rc = alm_args_parse(&proposals_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	return alm_admin_show(&args, &ask, "almoner.policy.proposals/1", 0);
}

static const struct alm_usage put_usage = {
	.name = "standard put",
	.summary = "Register information standards: FileDescriptorSets made "
		   "by protoc; a folder stands for its *.fds files.",
	.positionals = "FILE...",
	.positional_min = 1,
	.positional_max = ALM_ATTACHMENTS_MAX,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE,
	.options = reason_options,
	.notes = "  protoc -Iproto -I/usr/include --include_imports -o d.fds "
		 "proto/standards/discharge.proto\n"
		 "  almoner standard put d.fds --reason 'new standard'",
};

int alm_cmd_standard_put(int argc, char **argv)
{
	struct alm_args args;
	int rc = alm_args_parse(&put_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	return change_with_files(
		&args, "standard.put", ".fds", "almoner.standard.put/1");
}

static const struct alm_usage list_usage = {
	.name = "standard list",
	.summary = "List the registered information standards.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
};

int alm_cmd_standard_list(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "standard.list"};
	struct alm_args args;
	int rc = alm_args_parse(&list_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	return alm_admin_show(&args, &ask, "almoner.standard.list/1", 0);
}
