/* version.c - almoner version. */
#include <stdio.h>

#include "agents/include/almoner.h"
#include "cli/args.h"
#include "cli/commands.h"

static const struct alm_usage usage = {
	.name = "version",
	.summary = "Show the version of this program.",
	.positionals = "",
};

int alm_cmd_version(int argc, char **argv)
{
	struct alm_args args;
	struct alm_sheet *sheet;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	if (args.output.format == ALM_FORMAT_TABLE) {
		printf("almoner %s\n", ALM_VERSION_TEXT);
		return ALM_EXIT_OK;
	}
	sheet = alm_sheet_new("almoner.version/1", NULL, 0);
	alm_sheet_fact(sheet, "version", ALM_VERSION_TEXT);
	rc = alm_sheet_print(sheet, &args.output);
	alm_sheet_free(sheet);
	return rc;
}
