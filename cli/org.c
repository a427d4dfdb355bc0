/* org.c - almoner org list, show and find. */
#include <stdio.h>
#include <string.h>

#include "agents/include/almoner_control.h"
#include "cli/admin.h"
#include "cli/audit/asker.h"
#include "cli/commands.h"
#include "cli/pick.h"

static const struct alm_option list_options[] = {
	{"prefix", 0, ALM_OPTION_TEXT, "TEXT", "only ids that begin so", false,
		false},
	{0},
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

static const struct alm_option find_options[] = {
	{"kind", 0, ALM_OPTION_TEXT, "KIND", "only organisations of that kind",
		false, false},
	{"group", 0, ALM_OPTION_TEXT, "ID", "only members of that group", false,
		false},
	{0},
};

static const struct alm_usage find_usage = {
	.name = "org find",
	.summary = "Find organisations by a part of their id or name.  With "
		   "--context an agent asks, and is told of those that its "
		   "organisation shares an agreement or a group with.",
	.positionals = "[TEXT]",
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN,
	.options = find_options,
	.notes = "  almoner org find -c ward --group ics-QT1 "
		 "--kind gp-practice",
};

/* Page after page; each answer goes into the sheet that the first began. */
static enum alm_err find_all(struct alm_asker *asker, struct alm_ask *ask,
	struct alm_sheet **sheet, struct alm_problem *problem)
{
	char cursor[ALM_ID_BYTES_MAX + 1] = "";
	struct alm_answer answer;

	alm_ask_add(ask, "cursor", cursor);
	do {
		enum alm_err err = alm_asker_ask(asker, ask, &answer, problem);

		if (err != ALM_OK) {
			return err;
		}
		if (*sheet == NULL) {
			*sheet = alm_sheet_new("almoner.org.find/1",
				answer.columns.items, answer.columns.count);
		}
		for (size_t i = 0; i < answer.row_count; i++) {
			alm_sheet_row(*sheet, answer.rows[i].items);
		}
		alm_text_copy(cursor, sizeof(cursor), answer.cursor);
	} while (cursor[0] != '\0');
	return ALM_OK;
}

int alm_cmd_org_find(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_ask ask = {.verb = "org.find"};
	struct alm_asker *asker = NULL;
	struct alm_sheet *sheet = NULL;
	struct alm_args args;
	int rc = alm_args_parse(&find_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	alm_ask_option(&ask, &args, "kind");
	alm_ask_option(&ask, &args, "group");
	alm_ask_add(&ask, "text",
		args.positional_count > 0 ? args.positionals[0] : NULL);
	problem.err = alm_asker_open(&args, &asker, &problem);
	if (problem.err == ALM_OK) {
		problem.err = find_all(asker, &ask, &sheet, &problem);
	}
	rc = problem.err == ALM_OK ? alm_sheet_print(sheet, &args.output)
				   : alm_print_problem(&args.output, &problem);
	alm_sheet_free(sheet);
	alm_asker_close(asker);
	return rc;
}
