/* org.c - almoner org list and show. */
#include <stdio.h>
#include <string.h>

#include "agents/include/almoner_control.h"
#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/pick.h"

static const struct alm_option list_options[] = {
	{"prefix", 0, ALM_OPTION_TEXT, "TEXT", "only ids that begin so", false,
		false},
	{NULL, 0, ALM_OPTION_FLAG, NULL, NULL, false, false},
};

static const struct alm_usage list_usage = {
	.name = "org list",
	.summary = "List the organisations of the active policy.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
	.options = list_options,
};

int alm_cmd_org_list(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "org.list"};
	struct alm_args args;
	int rc = alm_args_parse(&list_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	alm_ask_option(&ask, &args, "prefix");
	return alm_admin_show(&args, &ask, "almoner.org.list/1", 0);
}

static const struct alm_usage show_usage = {
	.name = "org show",
	.summary = "Show one organisation; a unique beginning of its id is "
		   "enough.",
	.positionals = "ORG",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN,
};

int alm_cmd_org_show(int argc, char **argv)
{
	struct alm_args args;
	struct alm_sheet *sheet = NULL;
	struct alm_problem problem = {.err = ALM_OK};
	int rc = alm_args_parse(&show_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	problem.err = alm_pick_organisation(
		&args, args.positionals[0], &sheet, NULL, &problem);
	rc = problem.err == ALM_OK ? alm_sheet_print(sheet, &args.output)
				   : alm_print_problem(&args.output, &problem);
	alm_sheet_free(sheet);
	return rc;
}
