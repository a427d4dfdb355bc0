/* people.c - almoner people show and withdraw. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "agents/include/almoner_control.h"
#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/confirm.h"

#define ARENA_BYTES_MAX ((size_t)64 * 1024 * 1024)

static const struct alm_option show_options[] = {
	{"reason", 'r', ALM_OPTION_TEXT, "TEXT", "why; it is recorded", true,
		false},
	{"reveal", 0, ALM_OPTION_FLAG, NULL,
		"show the whole NHS number in the answer", false, false},
	{NULL, 0, ALM_OPTION_FLAG, NULL, NULL, false, false},
};

static const struct alm_usage show_usage = {
	.name = "people show",
	.summary = "Show what is known of a person's choices.  The question "
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

static int show(const struct alm_args *args, const struct alm_ask *ask,
	const char *shown_number)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_control *control = NULL;
	struct alm_arena arena;
	struct alm_answer answer;
	struct alm_sheet *sheet = NULL;
	int rc;

	alm_arena_init(&arena, ARENA_BYTES_MAX);
	problem.err = alm_admin_open(args, &control, &problem);
	if (problem.err == ALM_OK) {
		problem.err =
			alm_admin_ask(control, ask, &arena, &answer, &problem);
	}
	if (problem.err == ALM_OK) {
		sheet = alm_admin_sheet("almoner.people.show/1", &answer);
		alm_sheet_fact(sheet, "subject", shown_number);
		rc = alm_sheet_print(sheet, &args->output);
	} else {
		rc = alm_print_problem(&args->output, &problem);
	}
	alm_sheet_free(sheet);
	alm_control_close(control);
	alm_arena_fini(&arena);
	return rc;
}

int alm_cmd_people_show(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_ask ask = {.verb = "people.show"};
	char number[ALM_NHS_NUMBER_BYTES + 1];
	char masked[ALM_NHS_MASKED_BYTES];
	struct alm_args args;
	int rc = alm_args_parse(&show_usage, argc, argv, &args);

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
	rc = show(&args, &ask, alm_args_has(&args, "reveal") ? number : masked);
	sodium_memzero(number, sizeof(number));
	return rc;
}

static const struct alm_option withdraw_options[] = {
	{"authority", 0, ALM_OPTION_TEXT, "TEXT",
		"whose directive: the person's own, or who may speak for them",
		true, false},
	{"scope", 0, ALM_OPTION_TEXT, "TEXT", "which directive", true, false},
	{"reason", 'r', ALM_OPTION_TEXT, "TEXT", "why; it is recorded", true,
		false},
	{NULL, 0, ALM_OPTION_FLAG, NULL, NULL, false, false},
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
