/* evidence.c - almoner audit receipt and witnesses. */
#include "cli/audit/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "cli/admin.h"
#include "cli/agent/agent.h"
#include "cli/audit/reason.h"
#include "cli/commands.h"
#include "cli/context.h"

int alm_audit_fetch_and_keep(
	const struct alm_args *args, const struct alm_ask *ask)
{
	struct alm_problem problem = {.err = ALM_OK};
	uint8_t *data = NULL;
	size_t bytes = 0;
	int rc;

	/* Before it is asked for: a receipt that reveals is recorded. */
	problem.err = alm_audit_check_out(args, &problem);
	if (problem.err == ALM_OK) {
		problem.err =
			alm_audit_fetch(args, ask, &data, &bytes, &problem);
	}
	rc = problem.err == ALM_OK
		     ? alm_audit_keep(args, (struct alm_bytes){data, bytes})
		     : alm_print_problem(&args->output, &problem);
	free(data);
	return rc;
}

/* --- receipt -------------------------------------------------------------- */

static const struct alm_option receipt_options[] = {
	{"out", 'o', ALM_OPTION_TEXT, "FILE",
		"write it there instead of to standard output", false, false},
	{"force", 0, ALM_OPTION_FLAG, NULL, "replace a file that is there",
		false, false},
	{"from", 0, ALM_OPTION_TEXT, "ORG",
		"the message's sender, unless it is the context's own", false,
		false},
	{"reveal", 0, ALM_OPTION_FLAG, NULL,
		"disclose the private part; needs --reason", false, false},
	ALM_ASKED_OPTION,
	{0},
};

static const struct alm_usage receipt_usage = {
	.name = "audit receipt",
	.summary = "Get the receipt of a message or of a record: a proof that "
		   "it stands in the signed audit log, which anybody can check "
		   "with audit verify.",
	.positionals = "MESSAGE-ID|SEQ",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN,
	.options = receipt_options,
	.notes = "  almoner audit receipt 1042 --reason 'ICO 4711' --out "
		 "1042.tlog-proof\n"
		 "  almoner audit verify 1042.tlog-proof --audit-key HEX",
};

int alm_cmd_audit_receipt(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "audit.receipt"};
	struct alm_reason reason;
	struct alm_args args;
	int rc = alm_args_parse(&receipt_usage, argc, argv, &args);

	/* An agent asks for the receipt of what it has: no question. */
	if (rc < 0 && !alm_context_is_agents(&args)) {
		rc = alm_audit_reason_settle(&args, &reason);
	}
	if (rc >= 0) {
		return rc;
	}
	alm_ask_add(&ask,
		strchr(args.positionals[0], '-') != NULL ? "message" : "seq",
		args.positionals[0]);
	alm_ask_option(&ask, &args, "from");
	alm_ask_add(
		&ask, "reveal", alm_args_has(&args, "reveal") ? "yes" : NULL);
	alm_ask_option(&ask, &args, "reason");
	return alm_audit_fetch_and_keep(&args, &ask);
}

/* --- witnesses ------------------------------------------------------------ */

static const struct alm_usage witnesses_usage = {
	.name = "audit witnesses",
	.summary = "List the partners' agents that cosign the log's heads, and "
		   "how far each is behind.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
};

int alm_cmd_audit_witnesses(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "audit.witnesses"};
	struct alm_args args;
	int rc = alm_args_parse(&witnesses_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	return alm_admin_show(&args, &ask, "almoner.audit.witnesses/1", 0);
}

static const struct alm_option unwitness_options[] = {
	ALM_REASON_OPTION(true),
	{0},
};

static const struct alm_usage unwitness_usage = {
	.name = "audit unwitness",
	.summary = "Wait for the cosignatures of a partner's agent no more. It "
		   "stays an agent, what it has cosigned stays, and once it "
		   "cosigns again it is waited for again.",
	.positionals = "ORG/NAME",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE,
	.options = unwitness_options,
};

int alm_cmd_audit_unwitness(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_ask ask = {.verb = "audit.unwitness"};
	struct alm_agent_name name = {.agent = ""};
	struct alm_args args;
	int rc = alm_args_parse(&unwitness_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	problem.err =
		alm_agent_name_parse(args.positionals[0], &name, &problem);
	if (problem.err == ALM_OK && name.agent[0] == '\0') {
		problem.err = alm_problem_set(
			&problem, ALM_USAGE, "name the agent: ORG/NAME");
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	alm_ask_add(&ask, "organisation", name.organisation);
	alm_ask_add(&ask, "agent", name.agent);
	alm_ask_change(&ask, &args);
	return alm_admin_change(&args, &ask, "almoner.audit.unwitness/1");
}
