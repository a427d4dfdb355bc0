/* ctx.c - almoner ctx list, show, select and remove. */
#include "cli/ctx/ctx.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/confirm.h"
#include "lib/id.h"
#include "lib/nearest.h"

/* --- names ---------------------------------------------------------------- */

/** The name that a file of the folder has; false if it is none. */
static bool name_of(const char *file, char out[ALM_ID_BYTES_MAX + 1])
{
	size_t suffix_bytes = strlen(ALM_CTX_SUFFIX);
	size_t bytes = strlen(file);

	if (bytes <= suffix_bytes || bytes > ALM_ID_BYTES_MAX + suffix_bytes ||
		strcmp(file + bytes - suffix_bytes, ALM_CTX_SUFFIX) != 0) {
		return false;
	}
	(void)snprintf(out, ALM_ID_BYTES_MAX + 1, "%.*s",
		(int)(bytes - suffix_bytes), file);
	return alm_id_is_valid(out);
}

static int is_context(const struct dirent *entry)
{
	char name[ALM_ID_BYTES_MAX + 1];

	return name_of(entry->d_name, name) ? 1 : 0;
}

/* alphasort() follows the locale; the order must be bytewise. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void free_entries(struct dirent **entries, int count)
{
	for (int i = 0; i < count; i++) {
		free(entries[i]);
	}
	free(entries);
}

/** The files of the contexts, sorted; none when there is no folder. */
static enum alm_err list_files(struct dirent ***out_entries, int *out_count,
	struct alm_problem *problem)
{
	char folder[PATH_MAX];
	enum alm_err err = alm_context_folder("contexts", folder, problem);

	if (err != ALM_OK) {
		return err;
	}
	*out_count = scandir(folder, out_entries, is_context, by_name);
	if (*out_count < 0 && errno == ENOENT) {
		*out_entries = NULL;
		*out_count = 0;
	}
	return *out_count >= 0 ? ALM_OK
			       : alm_problem_set(problem, ALM_IO, "%s: %s",
					 folder, strerror(errno));
}

static enum alm_err complain_unknown(
	const char *name, struct alm_problem *problem)
{
	struct alm_nearest nearest;
	struct dirent **entries = NULL;
	char known[ALM_ID_BYTES_MAX + 1];
	int count = 0;

	alm_nearest_init(&nearest, name);
	if (list_files(&entries, &count, NULL) != ALM_OK) {
		count = 0;
	}
	for (int i = 0; i < count; i++) {
		entries[i]->d_name[strlen(entries[i]->d_name) -
				   strlen(ALM_CTX_SUFFIX)] = '\0';
		alm_nearest_offer(&nearest, entries[i]->d_name);
	}
	known[0] = '\0';
	if (nearest.best != NULL) {
		alm_text_copy(known, sizeof(known), nearest.best);
	}
	free_entries(entries, count);
	return known[0] == '\0'
		       ? alm_problem_set(problem, ALM_NOT_FOUND,
				 "there is no context %s", name)
		       : alm_problem_set(problem, ALM_NOT_FOUND,
				 "there is no context %s; did you mean %s?",
				 name, known);
}

enum alm_err alm_ctx_find(const struct alm_args *args, bool must_exist,
	char out_path[PATH_MAX], struct alm_problem *problem)
{
	const char *name = args->positionals[0];
	enum alm_err err;

	if (!alm_id_is_valid(name)) {
		return alm_problem_set(problem, ALM_USAGE,
			"the name of a context has letters, digits, dots, "
			"dashes and underscores");
	}
	err = alm_context_file(name, out_path, problem);
	if (err == ALM_OK && must_exist && access(out_path, F_OK) != 0) {
		err = complain_unknown(name, problem);
	}
	return err;
}

enum alm_err alm_ctx_make_folder(struct alm_problem *problem)
{
	char path[PATH_MAX];
	enum alm_err err = alm_context_folder("contexts", path, problem);

	for (char *slash = path; err == ALM_OK && slash != NULL;) {
		slash = strchr(slash + 1, '/');
		if (slash != NULL) {
			*slash = '\0';
		}
		if (mkdir(path, 0700) != 0 && errno != EEXIST) {
			err = alm_problem_set(problem, ALM_IO, "%s: %s", path,
				strerror(errno));
		}
		if (slash != NULL) {
			*slash = '/';
		}
	}
	return err;
}

enum alm_err alm_ctx_select(const char *name, struct alm_problem *problem)
{
	char line[ALM_ID_BYTES_MAX + 2];
	char path[PATH_MAX];
	int bytes = snprintf(line, sizeof(line), "%s\n", name);
	enum alm_err err = alm_context_folder("context", path, problem);

	if (err != ALM_OK || *name != '\0') {
		return err != ALM_OK ? err
				     : alm_file_write(path,
					       (struct alm_bytes){
						       (const uint8_t *)line,
						       (size_t)bytes},
					       0600, problem);
	}
	if (unlink(path) != 0 && errno != ENOENT) {
		return alm_problem_set(
			problem, ALM_IO, "%s: %s", path, strerror(errno));
	}
	return ALM_OK;
}

/* --- list ----------------------------------------------------------------- */

static const struct alm_usage list_usage = {
	.name = "ctx list",
	.summary = "List the contexts: where a broker is, and with which keys "
		   "one speaks to it.",
	.positionals = "",
};

static const char *const columns[] = {"name", "selected", "organisation",
	"agent", "endpoint", "admin", "fault"};

static void add_row(struct alm_sheet *sheet, const char *file,
	const char *selected, struct alm_context_card *card)
{
	struct alm_problem problem = {.err = ALM_OK, .detail = ""};
	char name[ALM_ID_BYTES_MAX + 1] = "";
	char path[PATH_MAX];

	memset(card, 0, sizeof(*card));
	if (name_of(file, name) &&
		alm_context_file(name, path, &problem) == ALM_OK &&
		alm_context_card_read(path, card, &problem) != ALM_OK) {
		memset(card, 0, sizeof(*card));
	}
	alm_sheet_row(sheet,
		(const char *const[]){name,
			strcmp(name, selected) == 0 ? "yes" : "",
			card->values[ALM_CONTEXT_ORGANISATION],
			card->values[ALM_CONTEXT_AGENT],
			card->values[ALM_CONTEXT_ENDPOINT],
			card->values[ALM_CONTEXT_ADMIN], problem.detail});
}

int alm_cmd_ctx_list(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	char selected[ALM_ID_BYTES_MAX + 1] = "";
	struct alm_context_card *card;
	struct dirent **entries = NULL;
	struct alm_sheet *sheet;
	struct alm_args args;
	int count = 0;
	int rc = alm_args_parse(&list_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	problem.err = alm_context_selected(selected, &problem);
	if (problem.err == ALM_OK) {
		problem.err = list_files(&entries, &count, &problem);
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	sheet = alm_sheet_new(
		"almoner.ctx.list/1", columns, ALM_COUNT(columns));
	card = calloc(1, sizeof(*card));
	for (int i = 0; card != NULL && i < count; i++) {
		add_row(sheet, entries[i]->d_name, selected, card);
	}
	rc = card == NULL ? ALM_EXIT_FAILURE
			  : alm_sheet_print(sheet, &args.output);
	free(card);
	alm_sheet_free(sheet);
	free_entries(entries, count);
	return rc;
}

/* --- show ----------------------------------------------------------------- */

static const struct alm_option show_options[] = {
	{"reveal", 0, ALM_OPTION_FLAG, NULL, "show public keys whole", false,
		false},
	{0},
};

static const struct alm_usage show_usage = {
	.name = "ctx show",
	.summary = "Show a context, or the one in use and why it is.  Public "
		   "keys are cut, and of secret keys the files are named.",
	.positionals = "[NAME]",
	.positional_max = 1,
	.takes = ALM_TAKES_CONTEXT,
	.options = show_options,
};

const char *alm_ctx_key_fault(const char *path)
{
	struct stat info;

	if (stat(path, &info) != 0) {
		return errno == ENOENT ? "missing" : "not to be read";
	}
	return (info.st_mode & 077) != 0 ? "open to others" : "";
}

static void add_value(struct alm_sheet *sheet, enum alm_context_key key,
	const char *value, bool reveals)
{
	const struct alm_context_key_info *info = &alm_context_keys[key];
	bool is_cut = info->form == ALM_CONTEXT_FORM_PUBLIC && !reveals;
	char text[PATH_MAX + 32];

	if (is_cut) {
		(void)snprintf(text, sizeof(text), "%.4s...%s", value,
			value + strlen(value) - 4);
	} else {
		(void)snprintf(text, sizeof(text), "%s", value);
	}
	alm_sheet_fact(sheet, info->name, text);
	if (info->form == ALM_CONTEXT_FORM_FILE &&
		key != ALM_CONTEXT_WITNESS_STATE &&
		key != ALM_CONTEXT_BROKER_FROM &&
		*alm_ctx_key_fault(value) != '\0') {
		(void)snprintf(text, sizeof(text), "%s-fault", info->name);
		alm_sheet_fact(sheet, text, alm_ctx_key_fault(value));
	}
}

static const char *origin_text(enum alm_context_origin origin)
{
	switch (origin) {
	case ALM_CONTEXT_GIVEN:
		return "the command line";
	case ALM_CONTEXT_ENVIRONMENT:
		return "ALMONER_CONTEXT";
	case ALM_CONTEXT_SELECTED:
		return "almoner ctx select";
	case ALM_CONTEXT_DEFAULT:
		break;
	}
	return "its name, as nothing else is chosen";
}

static int print_card(const struct alm_args *args, const char *name,
	const char *path, enum alm_context_origin origin,
	const struct alm_context_card *card)
{
	struct alm_sheet *sheet = alm_sheet_new("almoner.ctx.show/1", NULL, 0);
	int rc;

	alm_sheet_fact(sheet, "name", name);
	alm_sheet_fact(sheet, "file", path);
	alm_sheet_fact(sheet, "chosen-by", origin_text(origin));
	for (size_t i = 0; i < ALM_CONTEXT_KEYS; i++) {
		if (card->values[i][0] != '\0') {
			add_value(sheet, (enum alm_context_key)i,
				card->values[i], alm_args_has(args, "reveal"));
		}
	}
	rc = alm_sheet_print(sheet, &args->output);
	alm_sheet_free(sheet);
	return rc;
}

int alm_cmd_ctx_show(int argc, char **argv)
{
	enum alm_context_origin origin = ALM_CONTEXT_GIVEN;
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_context_card *card;
	char name[PATH_MAX] = "";
	char path[PATH_MAX] = "";
	struct alm_args args;
	int rc = alm_args_parse(&show_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	card = calloc(1, sizeof(*card));
	if (card == NULL) {
		return ALM_EXIT_FAILURE;
	}
	if (args.positional_count > 0) {
		alm_text_copy(name, sizeof(name), args.positionals[0]);
		problem.err = alm_ctx_find(&args, true, path, &problem);
	} else {
		problem.err =
			alm_context_chosen(&args, name, &origin, &problem);
		if (problem.err == ALM_OK) {
			problem.err = alm_context_file(name, path, &problem);
		}
	}
	if (problem.err == ALM_OK) {
		problem.err = alm_context_card_read(path, card, &problem);
	}
	rc = problem.err == ALM_OK ? print_card(&args, name, path, origin, card)
				   : alm_print_problem(&args.output, &problem);
	free(card);
	return rc;
}

/* --- select --------------------------------------------------------------- */

static const struct alm_option select_options[] = {
	{"none", 0, ALM_OPTION_FLAG, NULL, "have none selected", false, false},
	{0},
};

static const struct alm_usage select_usage = {
	.name = "ctx select",
	.summary = "Use a context wherever none is named by --context or "
		   "ALMONER_CONTEXT.",
	.positionals = "[NAME]",
	.positional_max = 1,
	.takes = ALM_TAKES_CHANGE,
	.options = select_options,
	.notes = "  almoner ctx select ward\n  almoner ctx select --none",
};

static int tell_change(const struct alm_args *args, const char *schema,
	const char *key, const char *value)
{
	struct alm_sheet *sheet = alm_sheet_new(schema, NULL, 0);
	int rc;

	alm_sheet_fact(sheet, key, value);
	rc = alm_sheet_print(sheet, &args->output);
	alm_sheet_free(sheet);
	if (rc == ALM_EXIT_OK && alm_args_has(args, "dry-run")) {
		alm_print_dry_run(&args->output);
	}
	return rc;
}

int alm_cmd_ctx_select(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	const char *name = "";
	char path[PATH_MAX];
	struct alm_args args;
	int rc = alm_args_parse(&select_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	if ((args.positional_count == 0) != alm_args_has(&args, "none")) {
		return alm_args_complain(&args, "give a NAME, or --none");
	}
	if (args.positional_count > 0) {
		name = args.positionals[0];
		problem.err = alm_ctx_find(&args, true, path, &problem);
	}
	if (problem.err == ALM_OK && !alm_args_has(&args, "dry-run")) {
		problem.err = alm_ctx_select(name, &problem);
	}
	return problem.err == ALM_OK
		       ? tell_change(&args, "almoner.ctx.select/1", "selected",
				 name)
		       : alm_print_problem(&args.output, &problem);
}

/* --- remove --------------------------------------------------------------- */

static const struct alm_usage remove_usage = {
	.name = "ctx remove",
	.summary = "Remove a context.  The keys that it names stay.",
	.positionals = "NAME",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_CHANGE | ALM_TAKES_YES,
};

static enum alm_err remove_file(
	const char *name, const char *path, struct alm_problem *problem)
{
	char selected[ALM_ID_BYTES_MAX + 1] = "";
	enum alm_err err = alm_context_selected(selected, problem);

	if (err == ALM_OK && unlink(path) != 0) {
		err = alm_problem_set(
			problem, ALM_IO, "%s: %s", path, strerror(errno));
	}
	if (err == ALM_OK && strcmp(selected, name) == 0) {
		err = alm_ctx_select("", problem);
	}
	return err;
}

int alm_cmd_ctx_remove(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	char what[PATH_MAX + 32];
	char path[PATH_MAX];
	struct alm_args args;
	int rc = alm_args_parse(&remove_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	problem.err = alm_ctx_find(&args, true, path, &problem);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	(void)snprintf(what, sizeof(what), "This removes %s.", path);
	rc = alm_confirm(&args, what);
	if (rc >= 0) {
		return rc;
	}
	if (!alm_args_has(&args, "dry-run")) {
		problem.err = remove_file(args.positionals[0], path, &problem);
	}
	return problem.err == ALM_OK
		       ? tell_change(&args, "almoner.ctx.remove/1", "removed",
				 args.positionals[0])
		       : alm_print_problem(&args.output, &problem);
}
