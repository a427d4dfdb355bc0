/*
 * mailbox.c - almoner mailbox list, show and dead, and what an operator orders
 * of a mailbox: hold, release and limit.
 */
#include <inttypes.h>
#include <stdio.h>

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
	return alm_admin_show(&args, &ask, "almoner.mailbox.list/2", 0);
}

static const struct alm_option show_options[] = {
	ALM_LIMIT_OPTION,
	{0},
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

/** Parse, and put the organisation of the first positional, if there is one,
 * into `ask`; gives -1, or the exit code. */
static int begin(const struct alm_usage *usage, int argc, char **argv,
	struct alm_args *args, char id[ALM_ID_BYTES_MAX + 1],
	struct alm_ask *ask)
{
	struct alm_problem problem = {.err = ALM_OK};
	int rc = alm_args_parse(usage, argc, argv, args);

	if (rc >= 0 || args->positional_count == 0) {
		return rc;
	}
	problem.err = alm_pick_organisation(
		args, args->positionals[0], NULL, id, &problem);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args->output, &problem);
	}
	alm_ask_add(ask, "organisation", id);
	return -1;
}

int alm_cmd_mailbox_show(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "mailbox.show"};
	char id[ALM_ID_BYTES_MAX + 1];
	struct alm_args args;
	int rc = begin(&show_usage, argc, argv, &args, id, &ask);

	return rc >= 0 ? rc
		       : alm_admin_show(&args, &ask, "almoner.mailbox.show/2",
				 (size_t)alm_args_number(&args, "limit", 100));
}

static const struct alm_usage dead_usage = {
	.name = "mailbox dead",
	.summary = "List the dead letters, of one organisation or of all: mail "
		   "that was handed over as often as the broker tries and "
		   "never acknowledged.",
	.positionals = "[ORG]",
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN,
	.options = show_options,
};

int alm_cmd_mailbox_dead(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "mailbox.dead"};
	char id[ALM_ID_BYTES_MAX + 1];
	struct alm_args args;
	int rc = begin(&dead_usage, argc, argv, &args, id, &ask);

	return rc >= 0 ? rc
		       : alm_admin_show(&args, &ask, "almoner.mailbox.dead/1",
				 (size_t)alm_args_number(&args, "limit", 100));
}

static const struct alm_option order_options[] = {
	ALM_REASON_OPTION(true),
	{0},
};

static const struct alm_usage hold_usage = {
	.name = "mailbox hold",
	.summary = "Stop the hand-over of a mailbox: mail is still accepted "
		   "for it, and waits.",
	.positionals = "ORG",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE,
	.options = order_options,
	.notes = "  What an agent has in its hands stays there; it can still "
		 "acknowledge it.",
};

int alm_cmd_mailbox_hold(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "mailbox.hold"};
	char id[ALM_ID_BYTES_MAX + 1];
	struct alm_args args;
	int rc = begin(&hold_usage, argc, argv, &args, id, &ask);

	if (rc >= 0) {
		return rc;
	}
	alm_ask_change(&ask, &args);
	return alm_admin_change(&args, &ask, "almoner.mailbox.hold/1");
}

static const struct alm_usage release_usage = {
	.name = "mailbox release",
	.summary = "Go on with the hand-over of a mailbox.",
	.positionals = "ORG",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE,
	.options = order_options,
};

int alm_cmd_mailbox_release(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "mailbox.release"};
	char id[ALM_ID_BYTES_MAX + 1];
	struct alm_args args;
	int rc = begin(&release_usage, argc, argv, &args, id, &ask);

	if (rc >= 0) {
		return rc;
	}
	alm_ask_change(&ask, &args);
	return alm_admin_change(&args, &ask, "almoner.mailbox.release/1");
}

static const struct alm_option limit_options[] = {
	{"messages", 0, ALM_OPTION_NUMBER, "N",
		"how many messages it takes; 0 for the broker's own limit",
		false, false},
	{"bytes", 0, ALM_OPTION_SIZE, "SIZE",
		"how many bytes it takes; 0 in the same way", false, false},
	{"age", 0, ALM_OPTION_DURATION, "DURATION",
		"how old its oldest mail may be for it to take more; 0s in "
		"the same way",
		false, false},
	ALM_REASON_OPTION(true),
	{0},
};

static const struct alm_usage limit_usage = {
	.name = "mailbox limit",
	.summary = "Give a mailbox limits of its own, in place of the "
		   "broker's settings.",
	.positionals = "ORG",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE,
	.options = limit_options,
	.notes = "  almoner mailbox limit RX1 --messages 100000 --age 7d "
		 "--reason 'ward closed'",
};

/** A limit as an argument: 0 takes the mailbox's own away. */
static void add_limit(struct alm_ask *ask, const struct alm_args *args,
	const char *name, char text[24])
{
	int64_t number = alm_args_number(args, name, -1);

	if (number > 0) {
		(void)snprintf(text, 24, "%" PRId64, number);
		alm_ask_add(ask, name, text);
	} else if (number == 0) {
		alm_ask_add(ask, name, "default");
	}
}

int alm_cmd_mailbox_limit(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "mailbox.limit"};
	char texts[3][24];
	char id[ALM_ID_BYTES_MAX + 1];
	struct alm_args args;
	int rc = begin(&limit_usage, argc, argv, &args, id, &ask);

	if (rc >= 0) {
		return rc;
	}
	add_limit(&ask, &args, "messages", texts[0]);
	add_limit(&ask, &args, "bytes", texts[1]);
	add_limit(&ask, &args, "age", texts[2]);
	alm_ask_change(&ask, &args);
	return alm_admin_change(&args, &ask, "almoner.mailbox.limit/1");
}
