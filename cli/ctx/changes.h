/*
 * changes.h - what is to stand in a context: from another one, from a folder
 * of keys, and from the command line.
 */
#ifndef ALM_CLI_CTX_CHANGES_H
#define ALM_CLI_CTX_CHANGES_H

#include "agents/include/almoner_context.h"
#include "cli/args.h"

/** What is to stand under each key: NULL as it is, "" nothing. */
struct alm_ctx_changes {
	const char *values[ALM_CONTEXT_KEYS];
	char files[ALM_CONTEXT_KEYS][PATH_MAX];
	struct alm_context_card from;
};

/** The options that name keys of a context.  Out: how many there are.
 * Errors: USAGE: a value is not what its key takes. */
ALM_MUST_USE enum alm_err alm_ctx_take_options(const struct alm_args *args,
	struct alm_ctx_changes *changes, size_t *out_count,
	struct alm_problem *problem);

/** What another context says; its broker is followed.
 * Errors: CONTEXT: there is none, or it cannot be read. */
ALM_MUST_USE enum alm_err alm_ctx_take_from(const char *file,
	struct alm_ctx_changes *changes, struct alm_problem *problem);

/** The keys in a folder, as almoner agent keygen makes them. */
ALM_MUST_USE enum alm_err alm_ctx_take_keys(const char *folder,
	struct alm_ctx_changes *changes, struct alm_problem *problem);

#endif /* ALM_CLI_CTX_CHANGES_H */
