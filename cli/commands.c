#include "cli/commands.h"

#include "lib/base.h"

const struct alm_command alm_commands[] = {
	{"errors", NULL, "show the catalogue of errors", alm_cmd_errors},
	{"completion", "bash", "print the completion for bash",
		alm_cmd_completion_bash},
	{"version", NULL, "show the version", alm_cmd_version},
};

const size_t alm_command_count = ALM_COUNT(alm_commands);
