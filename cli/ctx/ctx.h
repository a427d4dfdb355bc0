/*
 * ctx.h - contexts by name: what the commands of almoner ctx share.  A context
 * is a file of mode 0600 below $XDG_CONFIG_HOME/almoner/contexts; it names key
 * files and never holds a secret.
 */
#ifndef ALM_CLI_CTX_CTX_H
#define ALM_CLI_CTX_CTX_H

#include "cli/context.h"

#define ALM_CTX_SUFFIX ".yaml"

/** The file of the context that the first argument names.
 * Errors: USAGE: it is no name; NOT_FOUND if it must be there, with the
 * nearest name; CONTEXT. */
ALM_MUST_USE enum alm_err alm_ctx_find(const struct alm_args *args,
	bool must_exist, char out_path[PATH_MAX], struct alm_problem *problem);

/** Make `name` the selected context; "" for none.  Errors: CONTEXT, IO. */
ALM_MUST_USE enum alm_err alm_ctx_select(
	const char *name, struct alm_problem *problem);

/** Make the folder of contexts, for nobody else.  Errors: CONTEXT, IO. */
ALM_MUST_USE enum alm_err alm_ctx_make_folder(struct alm_problem *problem);

/** What is wrong with a key file: "missing", "open to others"; "" nothing. */
const char *alm_ctx_key_fault(const char *path);

#endif /* ALM_CLI_CTX_CTX_H */
