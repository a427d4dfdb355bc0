/* bundle_files.h - a policy bundle from files named on the command line. */
#ifndef ALM_CLI_POLICY_BUNDLE_FILES_H
#define ALM_CLI_POLICY_BUNDLE_FILES_H

#include "broker/policy/load.h"
#include "cli/args.h"
#include "cli/attach.h"
#include "cli/show/output.h"
#include "lib/arena.h"

/** The files, and what they say. */
struct alm_bundle_files {
	struct alm_attached attached;
	struct alm_arena arena;
	struct alm_diagnostics diagnostics;
	struct alm_bundle bundle;
	struct alm_bundle_tests tests;
};

/**
 * Read the files; a folder stands for its *.yaml files.
 *
 * Gives:   NULL after showing on stderr why a file cannot be read; *out_exit
 *          is set then.  Else what is wrong is in `diagnostics`; unless that
 *          is empty, bundle and tests must not be used.
 */
struct alm_bundle_files *alm_bundle_files_read(const char *const *paths,
	size_t path_count, const struct alm_output *output, int *out_exit);

/**
 * Read what the positionals name, and check it.
 *
 * Gives:   NULL after showing on stderr what is wrong, each fault in a line
 *          FILE:LINE:COLUMN: ALM-CODE name: message; *out_exit is set then
 */
struct alm_bundle_files *alm_bundle_files_listed(
	const struct alm_args *args, int *out_exit);
void alm_bundle_files_free(struct alm_bundle_files *files);

/** The files of --bundle, and those named after the options; the rest as
 * alm_bundle_files_listed(). */
struct alm_bundle_files *alm_bundle_files_given(
	const struct alm_args *args, int *out_exit);

/**
 * One bundle by name: a file, a folder, or what the broker keeps: the number
 * of an epoch, `active`, or `proposal:N`.  The rest as
 * alm_bundle_files_listed().
 */
struct alm_bundle_files *alm_bundle_files_named(
	const struct alm_args *args, const char *name, int *out_exit);

/** Files that are in memory; taken from `attached`, which is empty then.
 * Gives NULL, without a word, when they are not valid. */
struct alm_bundle_files *alm_bundle_files_attached(
	struct alm_attached *attached);

/** What the positionals name: one such bundle, or its files. */
struct alm_bundle_files *alm_bundle_files_any(
	const struct alm_args *args, int *out_exit);

/**
 * A command about one bundle: parse, open the bundle, act on it, free it.
 * In:      find  where the bundle is: alm_bundle_files_listed or _any
 *          act   gives the exit code
 */
int alm_bundle_files_act(int argc, char **argv, const struct alm_usage *usage,
	struct alm_bundle_files *(*find)(
		const struct alm_args *args, int *out_exit),
	int (*act)(
		struct alm_bundle_files *files, const struct alm_args *args));

/** Every diagnostic on `out`, a line each. */
void alm_bundle_files_print(
	FILE *out, const struct alm_diagnostics *diagnostics);

#endif /* ALM_CLI_POLICY_BUNDLE_FILES_H */
