/* context.h - which context file a command uses. */
#ifndef ALM_CLI_CONTEXT_H
#define ALM_CLI_CONTEXT_H

#include <limits.h>

#include "cli/args.h"

/**
 * --context, ALMONER_CONTEXT or `default`: a path if it holds a slash, else
 * NAME.yaml below $XDG_CONFIG_HOME/almoner/contexts.
 * Errors: CONTEXT.
 */
ALM_MUST_USE enum alm_err alm_context_path(const struct alm_args *args,
	char out[PATH_MAX], struct alm_problem *problem);

#endif /* ALM_CLI_CONTEXT_H */
