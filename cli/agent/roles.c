/* roles.c - almoner agent roles, rotate: changes to an agent that stands. */
#include <stdio.h>
#include <string.h>

#include "cli/admin.h"
#include "cli/agent/agent.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "lib/id.h"

enum alm_err alm_agent_name_parse(const char *text,
	struct alm_agent_name *out_name, struct alm_problem *problem)
{
	const char *slash = strchr(text, '/');
	size_t bytes = slash == NULL ? strlen(text) : (size_t)(slash - text);

	if (bytes == 0 || bytes > ALM_ID_BYTES_MAX ||
		(slash != NULL && !alm_id_is_valid(slash + 1))) {
		return alm_problem_set(
			problem, ALM_USAGE, "%s: write ORG or ORG/NAME", text);
	}
	memcpy(out_name->organisation, text, bytes);
	out_name->organisation[bytes] = '\0';
	alm_text_copy(out_name->agent, sizeof(out_name->agent),
		slash == NULL ? "" : slash + 1);
	return ALM_OK;
}

/* An agent that must be named whole. */
static enum alm_err name_agent(const struct alm_args *args,
	struct alm_agent_name *name, struct alm_problem *problem)
{
	enum alm_err err;

	name->agent[0] = '\0';
	err = alm_agent_name_parse(args->positionals[0], name, problem);
	return err == ALM_OK && name->agent[0] == '\0'
		       ? alm_problem_set(problem, ALM_USAGE,
				 "name the agent as ORG/NAME")
		       : err;
}

/* --- roles --------------------------------------------------------------- */

static const struct alm_option roles_options[] = {
	{"roles", 0, ALM_OPTION_TEXT, "ROLES",
		"send, receive, query, with commas between; all, none", false,
		false},
	{"categories", 0, ALM_OPTION_TEXT, "LIST",
		"the only categories it may send and receive; any", false,
		false},
	ALM_REASON_OPTION(true),
	{0},
};

static const struct alm_usage roles_usage = {
	.name = "agent roles",
	.summary = "Change what an agent may do, from its next message on.",
	.positionals = "ORG/NAME",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE,
	.options = roles_options,
	.notes = "  almoner agent roles RX1/clinic --roles send,receive \\\n"
		 "      --categories sexual-health --reason 'DPIA 12'",
};

int alm_cmd_agent_roles(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_ask ask = {.verb = "agent.roles"};
	struct alm_agent_name name;
	struct alm_args args;
	int rc = alm_args_parse(&roles_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	problem.err = name_agent(&args, &name, &problem);
	if (problem.err == ALM_OK && !alm_args_has(&args, "roles") &&
		!alm_args_has(&args, "categories")) {
		problem.err = alm_problem_set(&problem, ALM_USAGE,
			"give --roles, --categories or both");
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	alm_ask_add(&ask, "organisation", name.organisation);
	alm_ask_add(&ask, "agent", name.agent);
	alm_ask_option(&ask, &args, "roles");
	alm_ask_option(&ask, &args, "categories");
	alm_ask_change(&ask, &args);
	return alm_admin_change(&args, &ask, "almoner.agent.roles/1");
}

/* --- rotate -------------------------------------------------------------- */

static const struct alm_option rotate_options[] = {
	ALM_AGENT_KEY_OPTIONS,
	{"now", 0, ALM_OPTION_FLAG, NULL,
		"the keys before end at once, as when they are lost", false,
		false},
	ALM_REASON_OPTION(true),
	{0},
};

static const struct alm_usage rotate_usage = {
	.name = "agent rotate",
	.summary = "Give an agent new keys by hand; the ones before stay valid "
		   "for key-overlap. An agent that has its keys does it by "
		   "itself: almoner-agent rotate.",
	.positionals = "ORG/NAME",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE | ALM_TAKES_YES,
	.options = rotate_options,
};

int alm_cmd_agent_rotate(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_ask ask = {.verb = "agent.rekey"};
	char what[ALM_DETAIL_BYTES_MAX];
	struct alm_public_keys keys;
	struct alm_agent_name name;
	struct alm_args args;
	int rc = alm_args_parse(&rotate_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	problem.err = name_agent(&args, &name, &problem);
	if (problem.err == ALM_OK) {
		problem.err = alm_agent_given_keys(&args, &keys, &problem);
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	(void)snprintf(what, sizeof(what),
		"1 agent, %s of %s, will speak under other keys%s.", name.agent,
		name.organisation,
		alm_args_has(&args, "now") ? ", and under these no more" : "");
	rc = alm_confirm(&args, what);
	if (rc >= 0) {
		return rc;
	}
	alm_ask_add(&ask, "organisation", name.organisation);
	alm_ask_add(&ask, "agent", name.agent);
	alm_ask_add(&ask, "curve-key", keys.curve);
	alm_ask_add(&ask, "signing-key", keys.signing);
	alm_ask_add(&ask, "now", alm_args_has(&args, "now") ? "yes" : NULL);
	alm_ask_change(&ask, &args);
	return alm_admin_change(&args, &ask, "almoner.agent.rotate/1");
}
