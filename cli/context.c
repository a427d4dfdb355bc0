#include "cli/context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum alm_err alm_context_path(const struct alm_args *args, char out[PATH_MAX],
	struct alm_problem *problem)
{
	const char *name = alm_args_text(args, "context");
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	int n;

	if (name == NULL) {
		name = getenv("ALMONER_CONTEXT");
	}
	if (name == NULL || *name == '\0') {
		name = "default";
	}
	if (strchr(name, '/') != NULL) {
		n = snprintf(out, PATH_MAX, "%s", name);
	} else if (config != NULL && *config == '/') {
		n = snprintf(out, PATH_MAX, "%s/almoner/contexts/%s.yaml",
			config, name);
	} else {
		n = snprintf(out, PATH_MAX,
			"%s/.config/almoner/contexts/%s.yaml",
			home != NULL ? home : "", name);
	}
	if (n >= PATH_MAX) {
		return alm_problem_set(
			problem, ALM_CONTEXT, "the path is too long");
	}
	return ALM_OK;
}
