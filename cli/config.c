/* config.c - almoner config show: the daemon's settings as it would read them
 * now, and where each comes from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/config/settings.h"
#include "cli/args.h"
#include "cli/commands.h"

static const struct alm_option options[] = {
	{"config", 0, ALM_OPTION_TEXT, "FILE",
		"the configuration; /etc/almoner/almonerd.yaml unless given",
		false, false},
	{0},
};

static const struct alm_usage usage = {
	.name = "config show",
	.summary =
		"Show the settings that almonerd would start with, and where "
		"each comes from: default, file or environment.",
	.positionals = "",
	.options = options,
};

static const char *const columns[] = {"setting", "value", "origin"};

/** One line of alm_settings_write_effective(): `name: value  # origin`. */
static void add_line(struct alm_sheet *sheet, char *line)
{
	char *colon = strstr(line, ": ");
	char *mark = strstr(line, "  # ");

	if (colon == NULL || mark == NULL || mark < colon) {
		return;
	}
	*colon = '\0';
	*mark = '\0';
	alm_sheet_row(
		sheet, (const char *const[]){line,
			       mark > colon + 2 ? colon + 2 : "", mark + 4});
}

static int show(
	const struct alm_args *args, const struct alm_settings *settings)
{
	struct alm_sheet *sheet = alm_sheet_new(
		"almoner.config.show/1", columns, ALM_COUNT(columns));
	char *text = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&text, &bytes);
	char *rest = NULL;
	int rc = ALM_EXIT_FAILURE;

	if (memory != NULL) {
		alm_settings_write_effective(settings, memory);
		if (fclose(memory) == 0) {
			for (char *line = strtok_r(text, "\n", &rest);
				line != NULL;
				line = strtok_r(NULL, "\n", &rest)) {
				add_line(sheet, line);
			}
			rc = alm_sheet_print(sheet, &args->output);
		}
	}
	free(text);
	alm_sheet_free(sheet);
	return rc;
}

int alm_cmd_config_show(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_settings settings;
	struct alm_args args;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	problem.err = alm_settings_load(
		alm_args_text(&args, "config"), &settings, &problem);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	return show(&args, &settings);
}
