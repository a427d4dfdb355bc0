/* override.c - almoner override list and review. */
#include "cli/admin.h"
#include "cli/commands.h"

static const struct alm_option list_options[] = {
	{"all", 0, ALM_OPTION_FLAG, NULL, "also those that were reviewed",
		false, false},
	{"overdue", 0, ALM_OPTION_FLAG, NULL,
		"only those whose due time has passed", false, false},
	{"reveal", 0, ALM_OPTION_FLAG, NULL,
		"show who used them and why, and the reviews; needs --reason",
		false, false},
	ALM_REASON_OPTION(false),
	ALM_LIMIT_OPTION,
	{0},
};

static const struct alm_usage list_usage = {
	.name = "override list",
	.summary = "List the emergency and guardian overrides that had an "
		   "effect and are to be reviewed.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
	.options = list_options,
};

static void add_flag(
	struct alm_ask *ask, const struct alm_args *args, const char *name)
{
	alm_ask_add(ask, name, alm_args_has(args, name) ? "yes" : NULL);
}

int alm_cmd_override_list(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "override.list"};
	struct alm_args args;
	int rc = alm_args_parse(&list_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	add_flag(&ask, &args, "all");
	add_flag(&ask, &args, "overdue");
	add_flag(&ask, &args, "reveal");
	alm_ask_option(&ask, &args, "reason");
	return alm_admin_show(&args, &ask, "almoner.override.list/1",
		(size_t)alm_args_number(&args, "limit", 100));
}

static const struct alm_option review_options[] = {
	{"outcome", 0, ALM_OPTION_TEXT, "WORD", "justified or not-justified",
		true, false},
	{"by", 0, ALM_OPTION_TEXT, "NAME", "who reviews it; not who used it",
		true, false},
	ALM_REASON_OPTION(true),
	{0},
};

static const struct alm_usage review_usage = {
	.name = "override review",
	.summary = "Close an override with the outcome of its review.  A review"
		   " is recorded and cannot be changed.",
	.positionals = "ID",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE,
	.options = review_options,
	.notes = "  almoner override review 1042 --outcome justified --by "
		 "'C. Guardian' \\\n"
		 "    --reason 'the patient could not be asked'",
};

int alm_cmd_override_review(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "override.review"};
	struct alm_args args;
	int rc = alm_args_parse(&review_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	alm_ask_add(&ask, "id", args.positionals[0]);
	alm_ask_option(&ask, &args, "outcome");
	alm_ask_option(&ask, &args, "by");
	alm_ask_change(&ask, &args);
	return alm_admin_change(&args, &ask, "almoner.override.review/1");
}
