#include "cli/policy/bundle_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/policy/source.h"
#include "cli/show/output.h"
#include "lib/limits.h"

void alm_bundle_files_print(
	FILE *out, const struct alm_diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct alm_diagnostic *item = &diagnostics->items[i];

		alm_print_safe(out, item->place.file);
		if (item->place.line > 0) {
			(void)fprintf(out, ":%u:%u", item->place.line,
				item->place.column);
		}
		(void)fprintf(out, ": ALM-%d %s: ", (int)item->err,
			alm_err_info(item->err)->name);
		alm_print_safe(out, item->message);
		(void)fputc('\n', out);
	}
	if (diagnostics->dropped > 0) {
		(void)fprintf(out, "and %zu more\n", diagnostics->dropped);
	}
}

static enum alm_err load_attached(struct alm_bundle_files *files)
{
	struct alm_bundle_source sources[ALM_ATTACHMENTS_MAX];

	for (size_t i = 0; i < files->attached.count; i++) {
		sources[i] = (struct alm_bundle_source){
			files->attached.items[i].name,
			files->attached.items[i].content};
	}
	return alm_bundle_load(sources, files->attached.count, &files->arena,
		&files->diagnostics, &files->bundle, &files->tests);
}

static enum alm_err load(struct alm_bundle_files *files,
	const char *const *paths, size_t path_count,
	struct alm_problem *problem)
{
	enum alm_err err = ALM_OK;

	for (size_t i = 0; i < path_count && err == ALM_OK; i++) {
		err = alm_attach_path(
			&files->attached, paths[i], ".yaml", problem);
	}
	return err == ALM_OK ? load_attached(files) : err;
}

struct alm_bundle_files *alm_bundle_files_read(const char *const *paths,
	size_t path_count, const struct alm_output *output, int *out_exit)
{
	struct alm_bundle_files *files = calloc(1, sizeof(*files));
	struct alm_problem problem = {.err = ALM_OK};

	if (files == NULL) {
		problem.err = ALM_NOMEM;
		*out_exit = alm_print_problem(output, &problem);
		return NULL;
	}
	alm_arena_init(&files->arena, ALM_BUNDLE_ARENA_BYTES_MAX);
	alm_diagnostics_init(&files->diagnostics, &files->arena);
	if (load(files, paths, path_count, &problem) == ALM_OK ||
		files->diagnostics.count > 0) {
		return files;
	}
	*out_exit = alm_print_problem(output, &problem);
	alm_bundle_files_free(files);
	return NULL;
}

/* Those that are right, or NULL. */
static struct alm_bundle_files *if_valid(
	struct alm_bundle_files *files, int *out_exit)
{
	if (files == NULL || files->diagnostics.count == 0) {
		return files;
	}
	alm_bundle_files_print(stderr, &files->diagnostics);
	*out_exit = ALM_EXIT_INVALID;
	alm_bundle_files_free(files);
	return NULL;
}

static struct alm_bundle_files *load_whole(const char *const *paths,
	size_t path_count, const struct alm_output *output, int *out_exit)
{
	return if_valid(
		alm_bundle_files_read(paths, path_count, output, out_exit),
		out_exit);
}

/* What of the broker's the name stands for; false: nothing. */
static bool is_kept(const char *name, struct alm_ask *which)
{
	bool is_number =
		*name != '\0' && name[strspn(name, "0123456789")] == '\0';

	if (strcmp(name, "active") == 0) {
		return true;
	}
	if (strncmp(name, "proposal:", 9) == 0) {
		alm_ask_add(which, "proposal", name + 9);
		return true;
	}
	if (is_number && access(name, F_OK) != 0) {
		alm_ask_add(which, "epoch", name);
		return true;
	}
	return false;
}

struct alm_bundle_files *alm_bundle_files_named(
	const struct alm_args *args, const char *name, int *out_exit)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_ask which = {.verb = NULL};
	struct alm_bundle_files *files;

	if (!is_kept(name, &which)) {
		return load_whole(&name, 1, &args->output, out_exit);
	}
	files = calloc(1, sizeof(*files));
	if (files == NULL) {
		*out_exit = ALM_EXIT_UNAVAILABLE;
		return NULL;
	}
	alm_arena_init(&files->arena, ALM_BUNDLE_ARENA_BYTES_MAX);
	alm_diagnostics_init(&files->diagnostics, &files->arena);
	problem.err = alm_policy_source_read(
		args, &which, &files->attached, &problem);
	if (problem.err == ALM_OK && (load_attached(files) == ALM_OK ||
					     files->diagnostics.count > 0)) {
		return if_valid(files, out_exit);
	}
	if (problem.err == ALM_OK) {
		problem.err = ALM_NOMEM;
	}
	*out_exit = alm_print_problem(&args->output, &problem);
	alm_bundle_files_free(files);
	return NULL;
}

struct alm_bundle_files *alm_bundle_files_attached(
	struct alm_attached *attached)
{
	struct alm_bundle_files *files = calloc(1, sizeof(*files));

	if (files == NULL) {
		return NULL;
	}
	files->attached = *attached;
	memset(attached, 0, sizeof(*attached));
	alm_arena_init(&files->arena, ALM_BUNDLE_ARENA_BYTES_MAX);
	alm_diagnostics_init(&files->diagnostics, &files->arena);
	if (load_attached(files) != ALM_OK) {
		alm_bundle_files_free(files);
		return NULL;
	}
	return files;
}

struct alm_bundle_files *alm_bundle_files_listed(
	const struct alm_args *args, int *out_exit)
{
	return load_whole((const char *const *)args->positionals,
		args->positional_count, &args->output, out_exit);
}

struct alm_bundle_files *alm_bundle_files_any(
	const struct alm_args *args, int *out_exit)
{
	return args->positional_count == 1
		       ? alm_bundle_files_named(
				 args, args->positionals[0], out_exit)
		       : alm_bundle_files_listed(args, out_exit);
}

int alm_bundle_files_act(int argc, char **argv, const struct alm_usage *usage,
	struct alm_bundle_files *(*find)(
		const struct alm_args *args, int *out_exit),
	int (*act)(struct alm_bundle_files *files, const struct alm_args *args))
{
	struct alm_bundle_files *files;
	struct alm_args args;
	int rc = alm_args_parse(usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	files = find(&args, &rc);
	if (files == NULL) {
		return rc;
	}
	rc = act(files, &args);
	alm_bundle_files_free(files);
	return rc;
}

void alm_bundle_files_free(struct alm_bundle_files *files)
{
	if (files != NULL) {
		alm_attached_fini(&files->attached);
		alm_arena_fini(&files->arena);
	}
	free(files);
}

struct alm_bundle_files *alm_bundle_files_given(
	const struct alm_args *args, int *out_exit)
{
	struct alm_bundle_files *files;
	const char **paths = calloc(
		ALM_ARGS_GIVEN_MAX + ALM_ATTACHMENTS_MAX, sizeof(*paths));
	const char *path;
	size_t count = 0;

	if (paths == NULL) {
		*out_exit = ALM_EXIT_UNAVAILABLE;
		return NULL;
	}
	while ((path = alm_args_nth(args, "bundle", count)) != NULL) {
		paths[count++] = path;
	}
	for (size_t i = 0; i < args->positional_count; i++) {
		paths[count++] = args->positionals[i];
	}
	files = load_whole(paths, count, &args->output, out_exit);
	free(paths);
	return files;
}
