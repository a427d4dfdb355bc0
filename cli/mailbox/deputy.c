/* deputy.c - almoner mailbox deputy: who gets what is not taken in time. */
#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/pick.h"

static const struct alm_option options[] = {
	{"to", 't', ALM_OPTION_TEXT, "DEPUTY", "the organisation that gets it",
		false, false},
	{"none", 0, ALM_OPTION_FLAG, NULL, "there is no deputy any more", false,
		false},
	ALM_REASON_OPTION(true),
	{0},
};

static const struct alm_usage usage = {
	.name = "mailbox deputy",
	.summary = "Name the organisation that also gets a message which ORG "
		   "has not taken when its deadline passes, if the policy "
		   "lets it.",
	.positionals = "ORG",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE,
	.options = options,
	.notes = "  almoner mailbox deputy C84001 --to 8J094 --reason "
		 "\"nights and weekends\"",
};

int alm_cmd_mailbox_deputy(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_ask ask = {.verb = "mailbox.deputy"};
	char organisation[ALM_ID_BYTES_MAX + 1];
	char deputy[ALM_ID_BYTES_MAX + 1] = "";
	const char *to;
	struct alm_args args;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	to = alm_args_text(&args, "to");
	if ((to != NULL) == alm_args_has(&args, "none")) {
		return alm_args_complain(&args, "say --to DEPUTY or --none");
	}
	problem.err = alm_pick_organisation(
		&args, args.positionals[0], NULL, organisation, &problem);
	if (problem.err == ALM_OK && to != NULL) {
		problem.err = alm_pick_organisation(
			&args, to, NULL, deputy, &problem);
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	alm_ask_add(&ask, "organisation", organisation);
	alm_ask_add(&ask, "deputy", deputy);
	alm_ask_change(&ask, &args);
	return alm_admin_change(&args, &ask, "almoner.mailbox.deputy/1");
}
