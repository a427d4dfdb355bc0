/* mailbox.c - almoner mailbox list and show. */
#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/pick.h"

static const struct alm_usage list_usage = {
	.name = "mailbox list",
	.summary = "List the mailboxes that hold mail.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
};

int alm_cmd_mailbox_list(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "mailbox.list"};
	struct alm_args args;
	int rc = alm_args_parse(&list_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	return alm_admin_show(&args, &ask, "almoner.mailbox.list/1", 0);
}

static const struct alm_option show_options[] = {
	{"limit", 0, ALM_OPTION_NUMBER, "N",
		"at most so many rows; 0 for all; 100 unless given", false,
		false},
	{NULL, 0, ALM_OPTION_FLAG, NULL, NULL, false, false},
};

static const struct alm_usage show_usage = {
	.name = "mailbox show",
	.summary = "List what waits for an organisation, without content.",
	.positionals = "ORG",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN,
	.options = show_options,
};

int alm_cmd_mailbox_show(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "mailbox.show"};
	struct alm_problem problem = {.err = ALM_OK};
	char id[ALM_ID_BYTES_MAX + 1];
	struct alm_args args;
	int rc = alm_args_parse(&show_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	problem.err = alm_pick_organisation(
		&args, args.positionals[0], NULL, id, &problem);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	alm_ask_add(&ask, "organisation", id);
	return alm_admin_show(&args, &ask, "almoner.mailbox.show/1",
		(size_t)alm_args_number(&args, "limit", 100));
}
