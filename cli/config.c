/* config.c - almoner config show: the daemon's settings as it would read them
 * now, and where each comes from; and config reload: it shall read them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/include/almoner_control.h"
#include "broker/config/settings.h"
#include "cli/admin.h"
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

/* --- reload --------------------------------------------------------------- */

static const struct alm_option reload_options[] = {
	{"config", 0, ALM_OPTION_TEXT, "FILE",
		"ask the broker whose admin-endpoint stands in this "
		"configuration",
		false, false},
	ALM_REASON_OPTION(true),
	{0},
};

static const struct alm_usage reload_usage = {
	.name = "config reload",
	.summary = "Have the broker read its settings again, and tell what is "
		   "different. They take effect all or none: exit 9 if one is "
		   "wrong, or takes effect at a restart only.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE,
	.options = reload_options,
	.notes = "  systemctl reload almonerd does this.",
};

/* A configuration that cannot be read is for the broker to refuse, so that it
 * stands in the journal and in its status; where the broker is is not known
 * then, but most are at the usual place. */
static enum alm_err open_broker_of(const struct alm_args *args,
	const char *config, struct alm_control **out_control,
	struct alm_problem *problem)
{
	struct alm_problem ignored = {.err = ALM_OK};
	struct alm_settings settings;
	enum alm_err err = alm_settings_load(config, &settings, problem);

	if (err == ALM_OK) {
		return alm_admin_open_at(
			args, settings.admin_endpoint, out_control, problem);
	}
	return alm_admin_open_at(
		       args, ALM_ADMIN_DEFAULT, out_control, &ignored) == ALM_OK
		       ? ALM_OK
		       : err;
}

int alm_cmd_config_reload(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_ask ask = {.verb = "config.reload"};
	struct alm_control *control = NULL;
	const char *config;
	struct alm_args args;
	int rc = alm_args_parse(&reload_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	config = alm_args_text(&args, "config");
	problem.err =
		config == NULL || alm_args_has(&args, "admin")
			? alm_admin_open(&args, &control, &problem)
			: open_broker_of(&args, config, &control, &problem);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	alm_ask_change(&ask, &args);
	rc = alm_admin_change_on(
		control, &args, &ask, "almoner.config.reload/1");
	alm_control_close(control);
	return rc;
}
