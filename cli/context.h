/*
 * context.h - which context a command uses, and what it takes from it: where
 * the broker is and where the keys lie.  Contexts by name stand below
 * $XDG_CONFIG_HOME/almoner.
 */
#ifndef ALM_CLI_CONTEXT_H
#define ALM_CLI_CONTEXT_H

#include <limits.h>

#include "agents/include/almoner_context.h"
#include "cli/args.h"
#include "lib/file.h"
#include "lib/limits.h"

/** What names the context; the first that does counts. */
enum alm_context_origin {
	ALM_CONTEXT_GIVEN,       /* --context */
	ALM_CONTEXT_ENVIRONMENT, /* ALMONER_CONTEXT */
	ALM_CONTEXT_SELECTED,    /* almoner ctx select */
	ALM_CONTEXT_DEFAULT,     /* nothing: it is `default`, if there is one */
};

/** `tail` below $XDG_CONFIG_HOME/almoner.  Errors: CONTEXT: too long. */
ALM_MUST_USE enum alm_err alm_context_folder(
	const char *tail, char out[PATH_MAX], struct alm_problem *problem);

/** The file of a context that is a path, if it holds a slash, or a name.
 * Errors: CONTEXT: too long. */
ALM_MUST_USE enum alm_err alm_context_file(
	const char *name, char out[PATH_MAX], struct alm_problem *problem);

/** The name of the selected context; "" if none is.  Errors: CONTEXT. */
ALM_MUST_USE enum alm_err alm_context_selected(
	char out[ALM_ID_BYTES_MAX + 1], struct alm_problem *problem);

/** The name or path of the context that `args` use.  Errors: CONTEXT. */
ALM_MUST_USE enum alm_err alm_context_chosen(const struct alm_args *args,
	char out[PATH_MAX], enum alm_context_origin *out_origin,
	struct alm_problem *problem);

/** Its file, for the client library.  Errors: CONTEXT. */
ALM_MUST_USE enum alm_err alm_context_path(const struct alm_args *args,
	char out[PATH_MAX], struct alm_problem *problem);

/** What the context says under a key; "" if it says nothing, or if there is no
 * context.  Errors: CONTEXT: one was named, and cannot be read. */
ALM_MUST_USE enum alm_err alm_context_value(const struct alm_args *args,
	enum alm_context_key key, char out[PATH_MAX],
	struct alm_problem *problem);

/** Read the secret key whose file --key names, else the context, as the store's
 * or the officer's.  Out: whether either names one; else `out` is untouched.
 * Errors: CONTEXT, and those of alm_key_file_read(). */
ALM_MUST_USE enum alm_err alm_context_secret(const struct alm_args *args,
	enum alm_context_key key, bool *out_is_named,
	uint8_t out[ALM_KEY_BYTES], struct alm_problem *problem);

/** Whether an agent asks, in its own scope, and not the operator: the context
 * names no administration socket, and no other is given. */
bool alm_context_is_agents(const struct alm_args *args);

/** Tell of a broker that moves, "" if it stays: an agent at work changes over
 * by itself, a command does not. */
void alm_context_warn_of_move(
	const struct alm_args *args, const char *next_endpoint);

#endif /* ALM_CLI_CONTEXT_H */
