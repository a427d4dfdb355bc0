/* status.c - almoner status. */
#include "cli/admin.h"
#include "cli/commands.h"

static const struct alm_usage usage = {
	.name = "status",
	.summary = "Show what the broker is doing: policy, people, audit head, "
		   "store, sessions and counters.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
};

int alm_cmd_status(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "status"};
	struct alm_args args;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	return alm_admin_show(&args, &ask, "almoner.status/1", 0);
}
