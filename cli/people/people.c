/* people.c - almoner people show, history and withdraw. */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "agents/include/almoner_control.h"
#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/confirm.h"

static const struct alm_option show_options[] = {
	ALM_REASON_OPTION(true),
	{"reveal", 0, ALM_OPTION_FLAG, NULL,
		"show the whole NHS number in the answer", false, false},
	{0},
};

static const struct alm_usage show_usage = {
	.name = "people show",
	.summary = "Show which of a person's choices count now.  The question "
		   "is recorded with its reason.",
	.positionals = "NHS-NUMBER|-",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN,
	.options = show_options,
	.notes = "  With - the number is read from standard input, so that it "
		 "does not stand\n  in the list of processes or the shell's "
		 "history:\n"
		 "  almoner people show - --reason 'SAR 2026/118' < number.txt",
};

static const struct alm_usage history_usage = {
	.name = "people history",
	.summary = "Show everything that was ever recorded of a person's "
		   "choices: when it holds, when it was recorded, and how it "
		   "stands now.  The question is recorded with its reason.",
	.positionals = "NHS-NUMBER|-",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN,
	.options = show_options,
};

static int list(const struct alm_args *args, struct alm_ask *ask,
	const char *schema, const char *shown_number)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_sheet *sheet = NULL;
	int rc;

	problem.err = alm_admin_collect(args, ask, schema, 0, &sheet, &problem);
	if (problem.err == ALM_OK) {
		alm_sheet_fact(sheet, "subject", shown_number);
		rc = alm_sheet_print(sheet, &args->output);
	} else {
		rc = alm_print_problem(&args->output, &problem);
	}
	alm_sheet_free(sheet);
	return rc;
}

static int list_person(int argc, char **argv, const struct alm_usage *usage,
	const char *verb, const char *schema)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_ask ask = {.verb = verb};
	char number[ALM_NHS_NUMBER_BYTES + 1];
	char masked[ALM_NHS_MASKED_BYTES];
	struct alm_args args;
	int rc = alm_args_parse(usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	problem.err =
		alm_take_nhs_number(args.positionals[0], number, &problem);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	alm_nhs_number_mask(number, masked);
	alm_ask_add(&ask, "subject", number);
	alm_ask_add(
		&ask, "reveal", alm_args_has(&args, "reveal") ? "yes" : NULL);
	alm_ask_option(&ask, &args, "reason");
	rc = list(&args, &ask, schema,
		alm_args_has(&args, "reveal") ? number : masked);
	sodium_memzero(number, sizeof(number));
	return rc;
}

int alm_cmd_people_show(int argc, char **argv)
{
	return list_person(argc, argv, &show_usage, "people.show",
		"almoner.people.show/1");
}

int alm_cmd_people_history(int argc, char **argv)
{
	return list_person(argc, argv, &history_usage, "people.history",
		"almoner.people.history/1");
}

static const struct alm_option withdraw_options[] = {
	{"authority", 0, ALM_OPTION_TEXT, "TEXT",
		"whose directive: the person's own, or who may speak for them",
		true, false},
	{"scope", 0, ALM_OPTION_TEXT, "TEXT", "which directive", true, false},
	ALM_REASON_OPTION(true),
	{0},
};

static const struct alm_usage withdraw_usage = {
	.name = "people withdraw",
	.summary = "Withdraw a person's directive from now on.  It reaches "
		   "mail that is already queued.",
	.positionals = "NHS-NUMBER|-",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE,
	.options = withdraw_options,
};

int alm_cmd_people_withdraw(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_ask ask = {.verb = "people.withdraw"};
	char number[ALM_NHS_NUMBER_BYTES + 1];
	struct alm_args args;
	int rc = alm_args_parse(&withdraw_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	problem.err =
		alm_take_nhs_number(args.positionals[0], number, &problem);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	alm_ask_add(&ask, "subject", number);
	alm_ask_option(&ask, &args, "authority");
	alm_ask_option(&ask, &args, "scope");
	alm_ask_change(&ask, &args);
	rc = alm_admin_change(&args, &ask, "almoner.people.withdraw/1");
	sodium_memzero(number, sizeof(number));
	return rc;
}
